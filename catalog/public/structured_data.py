"""JSON-LD for public pages, in the terms of schema.org; it has only what the page itself shows."""

from django.utils.translation import get_language

from catalog.models.kinds import kind_of
from catalog.reading.details import Detail


def describe_detail(*, detail: Detail, url: str) -> dict:
    """Return the JSON-LD of an entry's page; `url` is its full address."""
    kind, fields = kind_of(detail.kind), detail.document["fields"]
    data: dict[str, object] = {
        "@context": "https://schema.org",
        "@type": kind.schema_type,
        "name": detail.name.text,
        "description": detail.summary.text,
        "url": url,
        "inLanguage": get_language(),
    }
    if not kind.is_entry:
        return data
    if detail.aliases:
        data["alternateName"] = detail.aliases
    if kind.schema_date and fields[kind.date]:
        data[kind.schema_date] = fields[kind.date]
    if links := [link.url for link in detail.links]:
        data["sameAs"] = links
    return data
