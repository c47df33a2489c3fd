"""JSON-LD of public pages, in the terms of schema.org; only what the page itself shows."""

from django.utils.translation import get_language

from catalog.models.choices import EntryKind
from catalog.reading.details import Detail

TYPES = {
    EntryKind.ORGANIZATION: "Organization",
    EntryKind.MODEL: "SoftwareApplication",
    EntryKind.PRODUCT: "Product",
    EntryKind.TERM: "DefinedTerm",
}


def describe_detail(*, detail: Detail, url: str) -> dict:
    """Return the JSON-LD of an entry's page at an absolute address."""
    fields = detail.document["fields"]
    data = {
        "@context": "https://schema.org",
        "@type": TYPES[detail.kind],
        "name": detail.name.text,
        "description": detail.summary.text,
        "url": url,
        "inLanguage": get_language(),
    }
    if detail.aliases and detail.kind != EntryKind.TERM:
        data["alternateName"] = detail.aliases
    if detail.kind == EntryKind.ORGANIZATION and fields["founded"]:
        data["foundingDate"] = fields["founded"]
    if detail.kind == EntryKind.MODEL and fields["released"]:
        data["datePublished"] = fields["released"]
    if detail.kind != EntryKind.TERM and (links := [link.url for link in detail.links]):
        data["sameAs"] = links
    return data
