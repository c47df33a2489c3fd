"""Template tags of public pages: dates, excerpts, labels of citations, addresses, and the link to edit a page."""

import json
import re
from datetime import UTC, date, datetime

from django import template
from django.conf import settings
from django.urls import NoReverseMatch, reverse
from django.utils.http import escape_leading_slashes
from django.utils.safestring import SafeString, mark_safe
from wagtail.models import Page

from catalog.listing.as_of import AsOf
from catalog.listing.search.passages import Pieces
from catalog.models import ListingEntry
from catalog.models.kinds import kind_of
from catalog.reading.details import label_of
from catalog.reading.facts import CitationView, SourceView
from catalog.values import BilingualText, FuzzyDate, Money
from catalog.values.inline import render_inline

register = template.Library()

DOLLARS = "US dollars"
EXCERPT = {"en": 150, "zh-hans": 72}
# The pieces that cutting Chinese keeps whole: a Latin word or a number with its unit, else one character.
CHINESE_PIECE = re.compile(r"[!-~]+(?: [百千万亿]*[\u4e00-\u9fff]{1,2})?|.", re.DOTALL)
CHINESE_CLAUSE_ENDS = "，；、：。"


@register.filter
def day(value: date | datetime | None) -> str:
    """Return a day (UTC) in the reader's language; empty without one."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = value.astimezone(UTC).date()
    return str(FuzzyDate.parse(value))


@register.filter
def excerpt(text: BilingualText) -> BilingualText:
    """Return the beginning of the shown text, cut after a sentence or word; its length depends on the language."""
    if text.language == "en":
        return BilingualText(en=cut(text.en, EXCERPT["en"]))
    return BilingualText(zh=cut_chinese(text.zh, EXCERPT["zh-hans"]))


def cut(text: str, longest: int) -> str:
    """Return the beginning of an English text: whole sentences if one fits, else words and an ellipsis."""
    if len(text) <= longest:
        return text
    sentences = [found.end() for found in re.finditer(r"[.!?](?=\s)", text[: longest + 1])]
    if sentences and sentences[-1] > longest // 2:
        return text[: sentences[-1]]
    head = text[:longest]
    return f"{head.rsplit(' ', 1)[0] if ' ' in head[longest // 2 :] else head}…"


def cut_chinese(text: str, longest: int) -> str:
    """Return the beginning of a Chinese text: whole sentences if one fits, else clauses or pieces and an ellipsis."""
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
    """Remove the spaces between Chinese characters from a text joined from parts."""
    return re.sub(r"(?<=[\u3000-\u303f\u4e00-\u9fff]) (?=[\u3000-\u303f\u4e00-\u9fff])", "", text)


@register.filter
def marked(pieces: Pieces) -> SafeString:
    """Return a text as HTML, with the pieces that match the search marked."""
    return render_inline("components/marked.html", pieces=pieces)


@register.filter
def distinct_sources(citations: list[CitationView]) -> list[SourceView]:
    """Return the sources of citations, each once, by number."""
    return sorted({citation.source for citation in citations}, key=lambda source: source.number)


@register.simple_tag
def amount(quantity, unit) -> str:
    """Return a quantity with its unit (both are facts of a row), separated by a space except within Chinese.

    US dollars are written as money: “USD 4.5M”, “USD 256/hour”.
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
    """Return the places and quotations that a page cites from a source, as (locator, quote), each once."""
    if detail is None:
        return []
    citations = [item for items in detail.citations.values() for item in items if item.source == source]
    return list(dict.fromkeys((item.locator, item.quote) for item in citations if item.locator or item.quote))


@register.filter
def years_and_months(events: list) -> list[tuple[FuzzyDate, list]]:
    """Return the events of a year grouped by month, newest first; those without a month come last."""
    groups: dict[FuzzyDate, list] = {}
    for event in events:
        groups.setdefault(FuzzyDate(event.date.year, event.date.month), []).append(event)
    # A date without a month may be any of them.
    return sorted(groups.items(), key=lambda pair: pair[0].month or 0, reverse=True)


@register.simple_tag
def history_url(record, version: int | None = None) -> str:
    """Return the address of the history of an entry or a term, at a version if given."""
    address = reverse(f"catalog:{record.kind.value}_history", args=[record.slug])
    return f"{address}#version-{version}" if version else address


@register.simple_tag
def version_url(record, version: int) -> str:
    """Return the permanent address of a past version."""
    return reverse(f"catalog:{record.kind.value}_version", args=[record.slug, version])


@register.simple_tag
def as_of_url(as_of: AsOf, address: str) -> str:
    """Return an address with the day of the current page, if it shows a past day."""
    return as_of.add_to(address)


@register.simple_tag
def compare_url(kind: str, slug: str, as_of: AsOf | None = None) -> str:
    """Return the address of a comparison that starts with an entry, on the same day; empty for terms."""
    if not kind_of(kind).is_entry:
        return ""
    address = f"{reverse('catalog:compare')}?kind={kind_of(kind).slug}&slug={slug}"
    return as_of.add_to(address) if as_of else address


@register.simple_tag
def listing_url(name: str, as_of: AsOf) -> str:
    """Return the address of a listing on a day."""
    return as_of.add_to(reverse(f"catalog:{name}"))


@register.filter
def entry_name(entry: ListingEntry) -> BilingualText:
    """Return the name of a listing row in both languages."""
    return BilingualText(en=entry.name_en, zh=entry.name_zh)


@register.filter
def citation_labels(citations: list) -> list[str]:
    """Return the labels of the values that citations of one entry are about, each once: “Parameters”, “Milestones”."""
    model = type(citations[0].entry)
    return list(dict.fromkeys(label_of(model, citation.field) for citation in citations))


@register.simple_tag(takes_context=True)
def absolute_url(context, path: str) -> str:
    """Return the full address of a path of this site."""
    # A path that begins with two slashes would be the address of another site.
    return context["request"].build_absolute_uri(escape_leading_slashes(path))


@register.simple_tag(takes_context=True)
def edit_url(context, record) -> str:
    """Return the address to edit the page's record; empty for readers who may not edit it.

    Readers without a session cookie are not looked up: that would open a session and make the response private.
    """
    request = context["request"]
    if not record or settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return ""
    user = request.user
    if isinstance(record, Page):
        allowed = user.is_active and record.permissions_for_user(user).can_edit()
        return reverse("wagtailadmin_pages:edit", args=[record.pk]) if allowed else ""
    meta = record._meta
    if not user.has_perm(f"{meta.app_label}.change_{meta.model_name}"):
        return ""
    try:
        return reverse(f"wagtailsnippets_{meta.app_label}_{meta.model_name}:edit", args=[record.pk])
    except NoReverseMatch:
        return ""


@register.filter
def json_ld(data: dict) -> SafeString:
    """Return JSON that is safe inside a script element: characters that could end the element are escaped."""
    text = json.dumps(data, ensure_ascii=False)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return mark_safe(text)
