"""The filter panel of a listing: facets with their options, ranges with their histograms, in the order declared."""

import re
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from catalog.listing.facets import FACET_SETS, CheckedRange, Facet, Range, Unit
from catalog.listing.filters import BoundFilter
from catalog.listing.filterset import ListingFilterSet
from catalog.listing.parameters import FIND
from catalog.models.listing import UNKNOWN
from catalog.values import FuzzyDate, Money, Quantity, parse_number

# A facet with more options than this shows the first few, hides the others, and has a box to find one.
LONG = 10
SHOWN_AT_ONCE = 8
NOT_IN_IDS = re.compile("[^A-Za-z0-9-]")
# The ranges that are amounts of money.
MONEY_FACETS = frozenset(
    item.name for facet_set in FACET_SETS.values() for item in facet_set.stored_ranges if item.unit is Unit.MONEY
)


@dataclass
class Option:
    """One option of a facet; `count` is the number of results after a click on it."""

    value: str
    label: object
    count: int
    chosen: bool
    child: bool = False

    @property
    def key(self) -> str:
        """The value, escaped for an element's id."""
        return NOT_IN_IDS.sub(lambda found: f"_{ord(found.group()):x}", self.value)

    @property
    def disabled(self) -> bool:
        """Whether choosing it would give no results."""
        return self.count == 0 and not self.chosen


@dataclass
class FacetPanel:
    """A facet with the options shown, children after their parent; `size` is the number of all its options."""

    name: str
    label: str
    options: list[Option]
    size: int
    sought: str
    is_range = False

    @property
    def chosen(self) -> int:
        """The number of options chosen."""
        return sum(option.chosen for option in self.options)

    @property
    def is_in_use(self) -> bool:
        """Whether the reader is searching for an option."""
        return bool(self.sought)

    @property
    def is_long(self) -> bool:
        """Whether it has a box to find an option, and hides all but the first few."""
        return self.size > LONG

    @property
    def tree(self) -> list[tuple[Option, list[Option]]]:
        """The options, each with its children."""
        tree: list[tuple[Option, list[Option]]] = []
        for option in self.options:
            if option.child and tree:
                tree[-1][1].append(option)
            else:
                tree.append((option, []))
        return tree

    @property
    def halves(self) -> tuple[list[tuple[Option, list[Option]]], list[tuple[Option, list[Option]]]]:
        """The tree in two parts: what is shown at first, and what is hidden."""
        tree = self.tree
        at_once = SHOWN_AT_ONCE if self.is_long and not self.sought else len(tree)
        return tree[:at_once], tree[at_once:]


@dataclass
class Bar:
    """One bar of a histogram: its span as text, its number of results, its height in percent, whether it is chosen."""

    label: str
    count: int
    height: int
    chosen: bool


@dataclass
class RangePanel:
    """A range: its bounds as typed, its bars, and the facet that tells how the values are known."""

    name: str
    label: str
    minimum: str
    maximum: str
    is_date: bool
    errors: list[str] = field(default_factory=list)
    known: FacetPanel | None = None
    bars: list[Bar] = field(default_factory=list)
    # The number of results with a value; one that spans several bars is counted in each.
    number: int = 0
    is_range = True

    @property
    def chosen(self) -> int:
        """The number of bounds and options chosen."""
        bounds = 0 if self.errors else bool(self.minimum) + bool(self.maximum)
        return bounds + (self.known.chosen if self.known else 0)

    @property
    def is_in_use(self) -> bool:
        """Whether a bound was typed, valid or not."""
        return bool(self.minimum or self.maximum)

    @property
    def ends(self) -> tuple[str, str]:
        """The labels of the first and the last bar."""
        return self.bars[0].label, self.bars[-1].label

    @property
    def summary(self) -> str:
        """A sentence that describes the bars."""
        full = [bar for bar in self.bars if bar.count]
        if not full:
            return _("No value to show")
        most = max(full, key=lambda bar: bar.count)
        return _("%(number)d with a value; the most, %(most)d, in %(span)s") % {
            "number": self.number,
            "most": most.count,
            "span": most.label,
        }


class Panel:
    """The filter panel of a listing, made from its filter set."""

    def __init__(self, filterset: ListingFilterSet) -> None:
        self.filterset = filterset
        # Every facet that has options, even if none matches a search, and facets of ranges too.
        found = [self._facet(name) for name in filterset.facet_names]
        self.facets = [facet for facet in found if facet.size]
        by_name = {facet.name: facet for facet in self.facets}
        self.sections: list[FacetPanel | RangePanel] = []
        for declared in filterset.facet_set.declared:
            if not isinstance(declared, Facet):
                known = by_name.get(declared.known.name) if declared.known else None
                self.sections.append(self._range(declared, known))
            elif declared.name in by_name:
                self.sections.append(by_name[declared.name])

    def _facet(self, name: str) -> FacetPanel:
        filterset, options = self.filterset, self.filterset.options
        chosen, counts = filterset.chosen(name), filterset.counts[name]
        sought = filterset.data.get(f"{FIND}{name}", "")
        parents: dict[str, str] = {}
        if filterset.facet_set.facets[name].tree:
            pairs, parents = self._tree(name, chosen), options.parents
            size = sum(value not in parents for value, label in pairs)
            if sought:
                pairs = find_in_tree(pairs, parents=parents, chosen=chosen, sought=sought)
        else:
            pairs, size = options.shown(name, chosen=chosen, find=sought), options.number(name)
        return FacetPanel(
            name=name,
            # Translated once: templates show it in several places.
            label=str(filterset.facet_set.facets[name].label),
            options=[
                Option(
                    value=value,
                    label=label,
                    count=counts.get(value, 0),
                    chosen=value in chosen,
                    child=value in parents,
                )
                for value, label in pairs
            ],
            size=size,
            sought=sought,
        )

    def _tree(self, name: str, chosen: list[str]) -> list[tuple[str, object]]:
        """Return the (value, label) pairs of a tree, children after parents: of values that entries have, or chosen."""
        options = self.filterset.options
        wanted = {*options.numbers(name), *chosen}
        pairs: list[tuple[str, object]] = [
            (value, label) for value, label in options.words(name).items() if value in wanted
        ]
        return [*pairs, (UNKNOWN, options.label(name, UNKNOWN))] if UNKNOWN in wanted else pairs

    def _range(self, declared: Range | CheckedRange, known: FacetPanel | None) -> RangePanel:
        name, data, errors = declared.name, self.filterset.data, self.filterset.form.errors
        low, high = f"{name}_min", f"{name}_max"
        return RangePanel(
            name=name,
            label=str(declared.label),
            minimum=data.get(low, ""),
            maximum=data.get(high, ""),
            is_date=declared.unit is Unit.DATE,
            errors=[*errors.get(low, ()), *errors.get(high, ())],
            known=known,
            bars=self._bars(declared),
            number=self.filterset.histograms[name].total,
        )

    def _bars(self, declared: Range | CheckedRange) -> list[Bar]:
        name = declared.name
        histogram = self.filterset.histograms[name]
        if not histogram.highest:
            return []
        low, high = self.filterset.filters[f"{name}_min"], self.filterset.filters[f"{name}_max"]
        assert isinstance(low, BoundFilter)
        assert isinstance(high, BoundFilter)
        cleaned = self.filterset.cleaned
        least, most = cleaned.get(f"{name}_min"), cleaned.get(f"{name}_max")
        is_date, language, bars = declared.unit is Unit.DATE, get_language(), []
        for item in histogram.bins:
            first, last = read_bound(item.low, is_date=is_date), read_bound(item.high, is_date=is_date)
            bars.append(
                Bar(
                    label=spell_span(first, last, is_money=declared.unit is Unit.MONEY, language=language),
                    count=item.count,
                    height=max(round(item.count / histogram.highest * 100), 3) if item.count else 0,
                    chosen=(least is not None or most is not None)
                    and (least is None or last is None or high.read(last) > low.read(least))
                    and (most is None or first is None or low.read(first) < high.read(most)),
                )
            )
        return bars


# Cached: the ends of bars are few, and the same for every filter.
@lru_cache(maxsize=10_000)
def read_bound(text: str, *, is_date: bool) -> FuzzyDate | Decimal | None:
    """Return the end of a bar as a value; None if it is open."""
    return (FuzzyDate.parse(text) if is_date else parse_number(text)) if text else None


@lru_cache(maxsize=10_000)
def spell_span(
    low: FuzzyDate | Decimal | None, high: FuzzyDate | Decimal | None, *, is_money: bool, language: str
) -> str:
    """Return the span of a bar as text in the reader's language; it may be open below."""
    if isinstance(low, FuzzyDate) or isinstance(high, FuzzyDate):
        return str(high) if low == high else _("up to %(end)s") % {"end": high}
    return str(Money(low, high, "reported", "USD") if is_money else Quantity(low, high, "reported"))


def find_in_tree(
    pairs: list[tuple[str, object]], *, parents: dict[str, str], chosen: list[str], sought: str
) -> list[tuple[str, object]]:
    """Return the pairs of a tree whose labels contain a text, with their parents and children, and those chosen."""
    found = {value for value, label in pairs if sought.casefold() in str(label).casefold()}
    found |= {value for value, label in pairs if parents.get(value) in found} | set(chosen)
    found |= {parents[value] for value in found if value in parents}
    return [pair for pair in pairs if pair[0] in found]
