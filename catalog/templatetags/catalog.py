"""Tags of the catalog's pages: dates, columns of listings, what a citation speaks of."""

import re
from datetime import UTC, date, datetime

from django import template
from django.urls import reverse

from catalog.listing.as_of import AsOf
from catalog.listing.page import ListingPage, ListingRow, format_parameters
from catalog.models import ListingEntry
from catalog.models.choices import EntryKind
from catalog.public.details import LISTING_OF, CitationView, SourceView, label_of
from catalog.values import BilingualText, FuzzyDate, Money

register = template.Library()

# What a listing shows beside name and summary: heading, and what finds it, by kind.
COLUMNS = {
    EntryKind.MODEL: ("maker", "released", "parameters", "access"),
    EntryKind.ORGANIZATION: ("country", "founded", "segment", "latest_round", "funding"),
    EntryKind.PRODUCT: ("maker", "launched", "segment", "built_on"),
}
DATE_COLUMNS = frozenset({"released", "founded", "launched"})
NUMBER_COLUMNS = frozenset({"parameters", "funding"})
DOLLARS = "US dollars"
EXCERPT = {"en": 150, "zh-hans": 72}
# What stays in one piece where Chinese is cut: a Latin word or a number with the unit behind it, else one character.
CHINESE_PIECE = re.compile(r"[!-~]+(?: [百千万亿]*[\u4e00-\u9fff]{1,2})?|.", re.DOTALL)
CHINESE_CLAUSE_ENDS = "，；、：。"


@register.filter
def day(value: date | datetime | None) -> str:
    """A day of the public calendar (UTC) in the words of the reader's language."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = value.astimezone(UTC).date()
    return str(FuzzyDate.parse(value))


@register.filter
def excerpt(text: BilingualText) -> BilingualText:
    """The beginning of a text, cut where a sentence or a word ends; each language has its own length."""
    return BilingualText(en=cut(text.en, EXCERPT["en"]), zh=cut_chinese(text.zh, EXCERPT["zh-hans"]))


def cut(text: str, longest: int) -> str:
    """Return the beginning of an English text: whole sentences where one fits, else words and an ellipsis."""
    if len(text) <= longest:
        return text
    sentences = [found.end() for found in re.finditer(r"[.!?](?=\s)", text[: longest + 1])]
    if sentences and sentences[-1] > longest // 2:
        return text[: sentences[-1]]
    head = text[:longest]
    return f"{head.rsplit(' ', 1)[0] if ' ' in head[longest // 2 :] else head}…"


def cut_chinese(text: str, longest: int) -> str:
    """Return the beginning of a Chinese text: whole sentences where one fits, else clauses, else words it can tell."""
    if len(text) <= longest:
        return text
    sentence = max(text.rfind(mark, longest // 2, longest) for mark in "。！？")
    if sentence > 0:
        return text[: sentence + 1]
    head = ""
    for piece in CHINESE_PIECE.findall(text):
        if len(head) + len(piece) > longest:
            break
        head += piece
    clause = max(head.rfind(mark, longest // 2) for mark in CHINESE_CLAUSE_ENDS)
    return f"{head[:clause] if clause > 0 else head.rstrip()}…"


@register.filter(is_safe=True)
def close_up(text: str) -> str:
    """A text put together from parts, without the spaces that would stand between two Chinese characters."""
    return re.sub(r"(?<=[\u3000-\u303f\u4e00-\u9fff]) (?=[\u3000-\u303f\u4e00-\u9fff])", "", text)


@register.filter
def distinct_sources(citations: list[CitationView]) -> list[SourceView]:
    """The sources of citations, each once, by number."""
    return sorted({citation.source for citation in citations}, key=lambda source: source.number)


@register.simple_tag
def amount(quantity, unit) -> str:
    """A quantity with its unit, both facts of a row: a space between them, but none within Chinese.

    US dollars are written as money is everywhere: “USD 4.5M”, “USD 256/hour”.
    """
    number = quantity.values[0].text
    if not unit:
        return str(number)
    word = unit.values[0].text.text
    if word.startswith(DOLLARS):
        return f"{Money(number.low, number.high, number.kind, 'USD')}{word.removeprefix(DOLLARS)}"
    number = str(number)
    joined = word[0] == "%" or (number[-1] in "万亿" and not word[0].isascii())
    return f"{number}{word}" if joined else f"{number} {word}"


@register.simple_tag
def source_notes(detail, source: SourceView) -> list[tuple[str, str]]:
    """Where in a source the page's values stand, and in which words: (locator, quote), each once."""
    if detail is None:
        return []
    citations = [item for items in detail.citations.values() for item in items if item.source == source]
    return list(dict.fromkeys((item.locator, item.quote) for item in citations if item.locator or item.quote))


@register.filter
def element_id(option, facet: str) -> str:
    """The id of an option's element; values may hold what an id may not."""
    value = re.sub(r"[^A-Za-z0-9-]", lambda found: f"_{ord(found.group()):x}", option.value)
    return f"{facet}-{value}"


@register.filter
def years_and_months(events: list) -> list[tuple[FuzzyDate, list]]:
    """Events grouped by the month (or only the year) in which they happened, in the order in which they come."""
    groups: dict[FuzzyDate, list] = {}
    for event in events:
        groups.setdefault(FuzzyDate(event.date.year, event.date.month), []).append(event)
    # A year alone comes after its months, since it may be any of them.
    return sorted(groups.items(), key=lambda pair: pair[0].month or 0, reverse=True)


@register.simple_tag
def history_url(record, version: int | None = None) -> str:
    """The history of an entry or a term, at one version if that is named."""
    address = reverse(f"catalog:{record.kind.value}_history", args=[record.slug])
    return f"{address}#version-{version}" if version else address


@register.simple_tag
def version_url(record, version: int) -> str:
    """The permanent address of one past version."""
    return reverse(f"catalog:{record.kind.value}_version", args=[record.slug, version])


@register.simple_tag
def as_of_url(as_of: AsOf, address: str) -> str:
    """An address, on the day as of which the page is shown."""
    return as_of.add_to(address)


@register.simple_tag
def compare_url(kind: str, slug: str, as_of: AsOf | None = None) -> str:
    """A comparison that begins with an entry, on the same day; nothing for what is not compared."""
    if kind not in LISTING_OF:
        return ""
    address = f"{reverse('catalog:compare')}?kind={LISTING_OF[kind]}&slug={slug}"
    return as_of.add_to(address) if as_of else address


@register.simple_tag
def listing_url(name: str, as_of: AsOf) -> str:
    """The address of a listing, on a day."""
    return as_of.add_to(reverse(f"catalog:{name}"))


@register.filter
def entry_name(entry: ListingEntry) -> BilingualText:
    return BilingualText(en=entry.name_en, zh=entry.name_zh)


@register.simple_tag
def listing_columns(listing: ListingPage) -> list[dict]:
    """The headings of a listing's columns."""
    labels = {name.removesuffix("_min"): item.label for name, item in listing.filterset.filters.items()}
    return [{"label": labels[name], "numeric": name in NUMBER_COLUMNS} for name in COLUMNS[listing.filterset.kind]]


@register.simple_tag
def row_cells(listing: ListingPage, row: ListingRow) -> list[dict]:
    """The cells of a listing's row: label, and the values that it has."""
    labels = {name.removesuffix("_min"): item.label for name, item in listing.filterset.filters.items()}
    return [
        {
            "label": labels[name],
            "values": cell_values(name, row),
            "class": "number" if name in NUMBER_COLUMNS else "date" if name in DATE_COLUMNS else "",
        }
        for name in COLUMNS[listing.filterset.kind]
    ]


def cell_values(name: str, row: ListingRow) -> list:
    """The values of one cell, none where nothing is recorded."""
    entry = row.entry
    if name in DATE_COLUMNS:
        return [fuzzy_date(entry)] if entry.date_from else []
    if name == "parameters":
        undisclosed = [label for value, label in row.facets.get("size", ()) if value == "undisclosed"]
        return [format_parameters(entry)] if entry.parameters_low is not None else undisclosed
    if name == "funding":
        # Money is kept as a float here; cents are nobody's funding.
        return [] if entry.funding_usd is None else [Money.exact(round(entry.funding_usd), "USD")]
    return [label for value, label in row.facets.get(name, ())]


def fuzzy_date(entry: ListingEntry) -> FuzzyDate:
    """The date by which an entry is listed, as precise as its first and last day say."""
    days = (entry.date_to - entry.date_from).days
    parts = [entry.date_from.year, entry.date_from.month, entry.date_from.day]
    return FuzzyDate(*parts[: 1 if days > 31 else 2 if days else 3])


@register.filter
def citation_labels(citations: list) -> list[str]:
    """What the citations of one entry speak of, in the reader's words, each once: “Parameters”, “Milestones”."""
    model = type(citations[0].entry)
    return list(dict.fromkeys(label_of(model, citation.field) for citation in citations))
