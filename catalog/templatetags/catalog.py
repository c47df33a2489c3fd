"""Tags of public pages: dates, beginnings of texts, what a citation speaks of, addresses, where to edit a page."""

import json
import re
from datetime import UTC, date, datetime

from django import template
from django.conf import settings
from django.urls import NoReverseMatch, reverse
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
    """The beginning of what is shown of a text, cut where a sentence or a word ends, by the length of its language."""
    if text.language == "en":
        return BilingualText(en=cut(text.en, EXCERPT["en"]))
    return BilingualText(zh=cut_chinese(text.zh, EXCERPT["zh-hans"]))


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
def marked(pieces: Pieces) -> SafeString:
    """A text of which those pieces are marked that match what was looked for."""
    return render_inline("components/marked.html", pieces=pieces)


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
    if not kind_of(kind).is_entry:
        return ""
    address = f"{reverse('catalog:compare')}?kind={kind_of(kind).slug}&slug={slug}"
    return as_of.add_to(address) if as_of else address


@register.simple_tag
def listing_url(name: str, as_of: AsOf) -> str:
    """The address of a listing, on a day."""
    return as_of.add_to(reverse(f"catalog:{name}"))


@register.filter
def entry_name(entry: ListingEntry) -> BilingualText:
    return BilingualText(en=entry.name_en, zh=entry.name_zh)


@register.filter
def citation_labels(citations: list) -> list[str]:
    """What the citations of one entry speak of, in the reader's words, each once: “Parameters”, “Milestones”."""
    model = type(citations[0].entry)
    return list(dict.fromkeys(label_of(model, citation.field) for citation in citations))


@register.simple_tag(takes_context=True)
def absolute_url(context, path: str) -> str:
    """The full address of a path of this site."""
    return context["request"].build_absolute_uri(path)


@register.simple_tag(takes_context=True)
def edit_url(context, record) -> str:
    """Where the reader may edit what the page shows; nothing for everyone else.

    Asking who the reader is opens the session and makes the response private, so that anonymous readers, who have
    no session cookie, are never asked.
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
    """JSON that may stand inside a script element: what could end it is escaped."""
    text = json.dumps(data, ensure_ascii=False)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return mark_safe(text)
