"""The search over entries, terms and articles: what it finds, in which order, and how results are shown."""

from collections import ChainMap
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlencode

from django.conf import settings
from django.core.paginator import Page, Paginator
from django.db.models import Q
from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from catalog.listing import search
from catalog.listing.as_of import AsOf
from catalog.listing.parameters import LONGEST_QUERY, without_nulls
from catalog.listing.search.passages import Highlighter, Passage, Pieces
from catalog.listing.spelling import find_meant
from catalog.listing.table_cache import TablesOnDay
from catalog.models import ListingEntry
from catalog.models.kinds import list_kinds
from catalog.values import BilingualText, language_key
from editorial.articles.pages import ArticlePage

RESULTS_A_PAGE = 20
SUGGESTIONS = 8
ARTICLE = "article"
# The kinds in the order of the filter, in the words of the navigation.
SEARCHED_KINDS = {
    **{kind.key.value: kind.plural for kind in list_kinds()},
    ARTICLE: _("Articles"),
}
LANGUAGE_NAMES = dict(settings.LANGUAGES)

# The kind and primary key of a result.
FoundPage = tuple[str, int]


@dataclass(frozen=True)
class Hit:
    """One result as it is shown, with matches marked. `also` is another name, or a word of the entry, that matched."""

    kind: object
    url: str
    name: Pieces
    name_language: str
    also: Pieces
    passage: Passage | None


@dataclass(frozen=True)
class Choice:
    """One value of a filter: its label, its query string, and the number of its results if that is counted."""

    label: object
    query: str
    is_chosen: bool
    count: int | None = None


class SearchPage:
    """The results for `q`, optionally of one `kind` and with a text in one `language`. Any input gets an answer.

    If nothing is found, the likely intended query is searched instead, unless `exact` says that the query was typed on
    purpose.
    """

    def __init__(self, *, data: QueryDict, language: str) -> None:
        data = without_nulls(data)
        self.reader = language
        self.typed = data.get("q", "")[:LONGEST_QUERY]
        self.kind = data.get("kind") if data.get("kind") in SEARCHED_KINDS else ""
        self.language = data.get("language") if data.get("language") in LANGUAGE_NAMES else ""
        self.is_exact = "exact" in data
        self.number = data.get("page")
        self._found: dict[str, dict[search.Level, list[FoundPage]]] = {}

    @cached_property
    def tables(self) -> TablesOnDay:
        return TablesOnDay(AsOf(QueryDict()))

    @cached_property
    def meant(self) -> str:
        """The query that was answered: as typed, or the likely intended one if only that finds anything."""
        if self.is_exact:
            return self.typed
        return find_meant(self.typed, finds=self._find, tables=self.tables.values()) or self.typed

    @property
    def is_corrected(self) -> bool:
        """Whether another query was answered than the typed one."""
        return self.meant != self.typed

    @cached_property
    def found(self) -> list[FoundPage]:
        """All public matches, best first."""
        return [it for its in self._find(self.meant).values() for it in its]

    @cached_property
    def names(self) -> list[FoundPage]:
        """The matches by name, best first."""
        return [it for level, its in self._find(self.meant).items() if level not in search.TEXT_LEVELS for it in its]

    def _find(self, query: str) -> dict[search.Level, list[FoundPage]]:
        """Return matching entries, terms and articles by level, cached for each query; at most six database queries.

        Levels without matches are left out.
        """
        if query not in self._found:
            self._found[query] = {level: its for level, its in self._find_by_level(query) if its}
        return self._found[query]

    def _find_by_level(self, query: str) -> Iterator[tuple[search.Level, list[FoundPage]]]:
        slots = {kind.value: table.slot_by_pk for kind, table in self.tables.items()}
        entries = search.rank(ListingEntry, query, among=ChainMap(*slots.values()))
        articles = search.rank(ArticlePage, query)
        public: set[int] = set()
        if keys := [key for its in articles.values() for key in its]:
            pages = ArticlePage.objects.live().public().filter(pk__in=keys)
            public.update(pages.filter(locale__language_code=self.language or self.reader).values_list("pk", flat=True))
        lacking = self._find_lacking() if self.language and any(entries.values()) else frozenset()
        for level in search.Level:
            found = [
                (kind, key)
                for key in entries.get(level, ())
                if key not in lacking
                for kind, its in slots.items()
                if key in its
            ]
            yield level, [*found, *((ARTICLE, key) for key in articles.get(level, ()) if key in public)]

    def _find_lacking(self) -> frozenset[int]:
        """Return the rows that have no text in the requested language."""
        column = f"summary_{language_key(self.language)}"
        return frozenset(ListingEntry.objects.filter(Q(**{column: ""})).order_by().values_list("pk", flat=True))

    @cached_property
    def results(self) -> Page:
        """One page of the matches of the requested kind."""
        return Paginator([it for it in self.found if self.kind in ("", it[0])], RESULTS_A_PAGE).get_page(self.number)

    @cached_property
    def hits(self) -> list[Hit]:
        """The results on this page, as they are shown; two queries."""
        return self.show(list(self.results))

    def show(self, found: list[FoundPage]) -> list[Hit]:
        """Return matches as they are shown; two queries."""
        rows = ListingEntry.objects.in_bulk([key for kind, key in found if kind != ARTICLE])
        pages = ArticlePage.objects.live().in_bulk([key for kind, key in found if kind == ARTICLE])
        highlighter = Highlighter(self.meant)
        return [
            self._show_article(pages[key], highlighter) if kind == ARTICLE else self._show_entry(rows[key], highlighter)
            for kind, key in found
            # Skip what was withdrawn a moment ago.
            if key in (pages if kind == ARTICLE else rows)
        ]

    def _show_entry(self, row: ListingEntry, highlighter: Highlighter) -> Hit:
        name = BilingualText(en=row.name_en, zh=row.name_zh)
        found, marked = highlighter.mark_name(name.text)
        other = row.name_en if name.text == row.name_zh else row.name_zh
        also = max([(0, []), *map(highlighter.mark_name, [other, *row.aliases.splitlines()])], key=lambda it: it[0])
        lines = row.text.splitlines()
        summaries = BilingualText(en=row.summary_en, zh=row.summary_zh)
        passage = self._find_passage(summaries, lines, highlighter)
        if found == also[0] == 0 and not passage.found:
            # Show another matching word of the entry, such as a segment or a synonym of it.
            also = max(map(highlighter.mark_name, lines), key=lambda it: it[0], default=also)
        return Hit(
            kind=row.get_kind_display(),
            url=reverse(f"catalog:{row.kind}", args=[row.slug]),
            name=marked,
            name_language=name.language,
            also=also[1] if also[0] > found else [],
            passage=passage,
        )

    def _find_passage(self, summaries: BilingualText, lines: list[str], highlighter: Highlighter) -> Passage:
        """Return the passage of an entry's texts with most of the query; the reader's summary comes first."""
        own = {"en": summaries.en, "zh-hans": summaries.zh}
        languages = sorted((code for code in own if own[code]), key=lambda code: code != self.reader)
        passages = [highlighter.find_passage(own[code], language=code) for code in languages]
        # Add passages of other texts such as milestones. Short lines are names.
        for line in lines:
            if len(line) > search.MAX_LINE_CHARS and line not in own.values() and highlighter.find(line)[0]:
                passages.append(highlighter.find_passage(line, language=_language_of(line)))
        return max(passages, key=lambda passage: passage.found, default=Passage([], self.reader, 0))

    def _show_article(self, page: ArticlePage, highlighter: Highlighter) -> Hit:
        language = self.language or self.reader
        texts = [page.introduction, *page.body.stream_block.get_searchable_content(page.body)]
        passages = [highlighter.find_passage(text, language=language) for text in texts if text]
        return Hit(
            kind=_("Article"),
            url=f"/{language}{reverse('article', args=[page.slug]).removeprefix(f'/{self.reader}')}",
            name=highlighter.mark_name(page.title)[1],
            name_language=language,
            also=[],
            passage=max(passages, key=lambda passage: passage.found, default=None),
        )

    @cached_property
    def kinds(self) -> list[Choice]:
        """The filter by kind, with the number of results of each."""
        numbers = dict.fromkeys(SEARCHED_KINDS, 0)
        for kind, _key in self.found:
            numbers[kind] += 1
        return [
            Choice(_("Everything"), self.make_query(kind=""), not self.kind, len(self.found)),
            *(
                Choice(label, self.make_query(kind=kind), kind == self.kind, numbers[kind])
                for kind, label in SEARCHED_KINDS.items()
            ),
        ]

    @cached_property
    def languages(self) -> list[Choice]:
        """The filter by language."""
        return [
            Choice(_("Any language"), self.make_query(language=""), not self.language),
            *(
                Choice(name, self.make_query(language=code), code == self.language)
                for code, name in LANGUAGE_NAMES.items()
            ),
        ]

    @property
    def query(self) -> str:
        """The query string of this search, without the page."""
        return self.make_query()

    @property
    def exactly(self) -> str:
        """The query string of a search for exactly what was typed."""
        return self.make_query(exact="1")

    @property
    def everywhere(self) -> str:
        """The query string of this search without filters."""
        return self.make_query(kind="", language="")

    def make_query(self, **changes: str) -> str:
        """Return the query string of this search with changed filters, from the first page on."""
        values = {
            "q": self.typed,
            "kind": self.kind,
            "language": self.language,
            "exact": "1" if self.is_exact else "",
            **changes,
        }
        return urlencode({name: value for name, value in values.items() if value})


def _language_of(text: str) -> str:
    """Return the language of a text of an entry: "en" or "zh-hans"."""
    return "zh-hans" if any("\u4e00" <= char <= "\u9fff" for char in text) else "en"
