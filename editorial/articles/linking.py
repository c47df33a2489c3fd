"""Links in the text of an article: to the entries and terms it mentions, and to its numbered sources."""

import re
from dataclasses import dataclass, field

from bs4 import BeautifulSoup, NavigableString
from django.db.models import Q
from django.utils.safestring import SafeString, mark_safe

from catalog.models import ListingEntry

CITATION = r"\[(\d{1,3})\]"
WORD_JOINER = "\u2060"


def list_cards(body) -> list:
    """Return the raw data of the entry cards in a body."""
    return [child["value"] for child in body.raw_data if child["type"] == "card"]


def find_chosen_entries(*streams) -> dict[tuple[str, int], ListingEntry]:
    """Return the live entries that streams of entry choosers refer to, by (kind, id); one query.

    Reads the raw data of the streams: resolving each chooser would cost a query for each kind, and include drafts.
    """
    wanted: dict[str, set[int]] = {}
    for stream in streams:
        for child in stream:
            wanted.setdefault(child["type"], set()).add(child["value"])
    if not wanted:
        return {}
    conditions = Q()
    for kind, ids in wanted.items():
        conditions |= Q(kind=kind, object_id__in=ids)
    return {(row.kind, row.object_id): row for row in ListingEntry.objects.filter(conditions)}


@dataclass
class Linker:
    """Links each name where it first appears in an article, and `[1]` to source 1.

    A source number is joined to the word before it, so that no line starts with the number.

    `targets` maps names to addresses; `sources` is the number of sources. Names that were linked in one block are not
    linked again in the next.
    """

    targets: dict[str, str]
    sources: int
    linked: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        # Longer names first, so that “GPT-3” does not match as “GPT”. Latin names match only as whole words.
        names = sorted(self.targets, key=len, reverse=True)
        patterns = [
            rf"(?<![A-Za-z0-9\-]){re.escape(name)}(?![A-Za-z0-9]|-\d)" if name.isascii() else re.escape(name)
            for name in names
        ]
        self.pattern = re.compile("|".join([CITATION, *(f"({pattern})" for pattern in patterns)]))

    def link(self, html: str) -> SafeString:
        """Return HTML with links added and otherwise unchanged."""
        soup = BeautifulSoup(html, "html.parser")
        for node in list(soup.find_all(string=self.pattern)):
            if node.find_parent("a") is None:
                node.replace_with(*self._split(soup, str(node)))
        # Safe: the soup escapes its output, and the rich text field has cleaned the input.
        return mark_safe(str(soup))

    def _split(self, soup: BeautifulSoup, text: str) -> list:
        parts, end = [], 0
        for found in self.pattern.finditer(text):
            tag = self._make_link(soup, found)
            if tag is None:
                continue
            before = text[end : found.start()]
            if found.group(1):
                before = before.rstrip() + WORD_JOINER
            parts += [NavigableString(before), tag]
            end = found.end()
        return [*parts, NavigableString(text[end:])]

    def _make_link(self, soup: BeautifulSoup, found: re.Match):
        if number := found.group(1):
            if not 1 <= int(number) <= self.sources:
                return None
            tag = soup.new_tag("a", href=f"#source-{number}", attrs={"class": "citation"})
        else:
            address = self.targets[found.group()]
            if address in self.linked:
                return None
            self.linked.add(address)
            tag = soup.new_tag("a", href=address)
        tag.string = found.group()
        return tag
