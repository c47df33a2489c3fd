"""The parts of an entry's page: facts with their sources and dates, rows of lists, and field groups."""

from dataclasses import dataclass, field
from datetime import date

from django.utils import timezone

from catalog.models.choices import FIRST_HAND_SOURCES, SourceKind
from catalog.models.verification import Verification
from catalog.values import BilingualText, FuzzyDate


@dataclass(frozen=True)
class Value:
    """One shown value: a text in the reader's language, and the address that it links to, if any."""

    text: object
    url: str = ""


@dataclass(frozen=True)
class SourceView:
    """A source with its number on this page."""

    number: int
    id: int
    title: str
    publisher: str
    url: str
    kind: str
    language: str
    archived_url: str = ""

    @property
    def kind_label(self) -> str:
        return str(SourceKind(self.kind).label)

    @property
    def is_first_hand(self) -> bool:
        return self.kind in FIRST_HAND_SOURCES


@dataclass(frozen=True)
class CitationView:
    """One source's statement about one value."""

    source: SourceView
    as_of: FuzzyDate
    contradicts: bool
    stated: BilingualText
    quote: str
    locator: str


@dataclass
class Fact:
    """One value of an entry with its sources."""

    name: str
    label: object
    values: list[Value]
    citations: list[CitationView] = field(default_factory=list)
    group: str = ""
    verification: Verification | None = None
    # The day as of which the page is shown.
    on: date = field(default_factory=lambda: timezone.now().date())

    @property
    def supports(self) -> list[CitationView]:
        return [citation for citation in self.citations if not citation.contradicts]

    @property
    def contradictions(self) -> list[CitationView]:
        return [citation for citation in self.citations if citation.contradicts]

    @property
    def as_of(self) -> FuzzyDate | None:
        """The latest `as_of` date of the supporting sources; None without any."""
        return max((citation.as_of for citation in self.supports), default=None)

    @property
    def is_old(self) -> bool:
        """Whether the value is older than twice its check interval: then its date is always shown beside it."""
        if self.as_of is None or self.verification is None:
            return False
        return (self.on - self.as_of.last_day).days > 2 * self.verification.interval


@dataclass
class RowView:
    """One row of a list: its cells by field name, and its sources."""

    key: str
    cells: dict[str, Fact]
    citations: list[CitationView]
    fact: Fact


@dataclass
class Group:
    """A field group: its facts and their verification."""

    name: str
    label: object
    facts: list[Fact]
    verification: Verification
    on: date
    # The rows of its lists, as facts without values.
    rows: list[Fact] = field(default_factory=list)

    @property
    def state(self) -> str:
        return self.verification.state(self.on).value

    @property
    def as_of(self) -> FuzzyDate | None:
        """The oldest `as_of` date of its facts and rows; None if none has a date."""
        return min((fact.as_of for fact in [*self.facts, *self.rows] if fact.as_of), default=None)
