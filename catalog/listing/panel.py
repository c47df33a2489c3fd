"""The panel of filters beside a listing: facets with their options, ranges with their bars, in the order declared."""

from dataclasses import dataclass, field
from functools import lru_cache
from heapq import nlargest

from django.utils.translation import gettext as _

from catalog.listing.filters import ListingFilterSet
from catalog.listing.search.tokens import fold
from catalog.models.listing import UNKNOWN
from catalog.values import BilingualText, FuzzyDate, Money, Quantity
from catalog.values.filters import FuzzyDateBoundFilter

# A facet with more options than this shows the first few, folds the others away, and has a box to find one.
LONG = 10
SHOWN_AT_ONCE = 8
# So many options of a facet are shown at most, those with the most results; the others are found by name. Each count
# leaves the facet's own choice out, so that a click on an option moves none of its neighbours.
SHOWN_AT_MOST = 40
# `find_maker=open` narrows the options of a facet; it filters nothing.
FIND = "find_"
# The facet that says how a range is known, where it isn't `<range>_known`.
KNOWN = {"parameters": "size"}
MONEY = frozenset({"funding", "valuation"})


@dataclass
class Option:
    """One option of a facet; `count` is the number of results after a click on it."""

    value: str
    label: object
    count: int
    chosen: bool
    child: bool = False

    @property
    def disabled(self) -> bool:
        """Whether choosing it would lead to nothing."""
        return self.count == 0 and not self.chosen


@dataclass
class Facet:
    """A facet with the options that are shown, children behind their parent; `size` is how many options it has."""

    name: str
    label: object
    options: list[Option]
    size: int
    sought: str
    is_range = False

    @property
    def chosen(self) -> int:
        """How many options are chosen."""
        return sum(option.chosen for option in self.options)

    @property
    def is_long(self) -> bool:
        """Whether it has a box to find an option, and folds away all but the first few."""
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


@dataclass
class Bar:
    """One bar of a histogram: from where to where, how many results, its height in per cent, whether it is chosen."""

    low: object
    high: object
    label: str
    count: int
    height: int
    chosen: bool


@dataclass
class Range:
    """A pair of bounds, as typed; with bars, and the facet that says how known the values are."""

    name: str
    label: object
    minimum: str
    maximum: str
    is_date: bool
    errors: list[str] = field(default_factory=list)
    known: Facet | None = None
    bars: list[Bar] = field(default_factory=list)
    is_range = True

    @property
    def chosen(self) -> int:
        """How many bounds and options are chosen."""
        bounds = 0 if self.errors else bool(self.minimum) + bool(self.maximum)
        return bounds + (self.known.chosen if self.known else 0)

    @property
    def ends(self) -> tuple[str, str]:
        """Where the bars begin and end."""
        first, last = self.bars[0].low, self.bars[-1].high
        return span_of(self.name, first, first), span_of(self.name, last, last)

    @property
    def summary(self) -> str:
        """What the bars show, in a sentence."""
        full = [bar for bar in self.bars if bar.count]
        if not full:
            return _("No value to show")
        most = max(full, key=lambda bar: bar.count)
        return _("%(number)d with a value; the most, %(most)d, in %(span)s") % {
            "number": sum(bar.count for bar in full),
            "most": most.count,
            "span": most.label,
        }


class Panel:
    """What the panel of a listing shows for its filter set."""

    def __init__(self, filterset: ListingFilterSet) -> None:
        self.filterset = filterset
        ranges = [name.removesuffix("_min") for name in filterset.filters if name.endswith("_min")]
        facets = [self._facet(name) for name in filterset.facet_names]
        # Every facet that has options, found or not; those of ranges too.
        self.facets = [facet for facet in facets if facet.size]
        by_name = {facet.name: facet for facet in self.facets}
        known = {name: by_name.pop(KNOWN.get(name, f"{name}_known"), None) for name in ranges}
        self.ranges = [self._range(name, known[name]) for name in ranges]
        sections = {**by_name, **{f"{item.name}_min": item for item in self.ranges}}
        self.sections: list[Facet | Range] = [sections[name] for name in filterset.filters if name in sections]

    def _facet(self, name: str) -> Facet:
        filterset, options = self.filterset, self.filterset.options
        chosen, counts = set(filterset.chosen(name)), filterset.counts[name]
        pairs = options.shown(name, chosen=chosen)
        parents = options.parents if name == "segment" else {}
        sought = filterset.data.get(f"{FIND}{name}", "")
        return Facet(
            name=name,
            label=filterset.filters[name].label,
            options=[
                Option(
                    value=value,
                    label=label,
                    count=counts.get(value, 0),
                    chosen=value in chosen,
                    child=value in parents,
                )
                for value, label in pick(pairs, counts=counts, chosen=chosen, parents=parents, sought=sought)
            ],
            size=sum(value not in parents for value, label in pairs) if parents else len(pairs),
            sought=sought,
        )

    def _range(self, name: str, known: Facet | None) -> Range:
        data, errors = self.filterset.data, self.filterset.form.errors
        low, high = f"{name}_min", f"{name}_max"
        item = self.filterset.filters[low]
        return Range(
            name=name,
            label=item.label,
            minimum=data.get(low, ""),
            maximum=data.get(high, ""),
            is_date=isinstance(item, FuzzyDateBoundFilter),
            errors=[*errors.get(low, ()), *errors.get(high, ())],
            known=known,
            bars=self._bars(name),
        )

    def _bars(self, name: str) -> list[Bar]:
        histogram = getattr(self.filterset, "histograms", {}).get(name)
        bins = histogram.bins if histogram else []
        tallest = max((item.count for item in bins), default=0)
        if not tallest:
            return []
        cleaned = self.filterset.cleaned
        low, high = position(cleaned.get(f"{name}_min")), position(cleaned.get(f"{name}_max"), upper=True)
        return [
            Bar(
                low=item.low,
                high=item.high,
                label=span_of(name, item.low, item.high),
                count=item.count,
                height=max(round(item.count / tallest * 100), 3) if item.count else 0,
                chosen=(low is not None or high is not None)
                and (low is None or position(item.high, upper=True) > low)
                and (high is None or position(item.low) < high),
            )
            for item in bins
        ]


def position(bound, *, upper: bool = False) -> float | None:
    """Where on its axis a bound of a range lies; dates count in days, from the first of one to the end of another."""
    if isinstance(bound, FuzzyDate):
        return bound.last_day.toordinal() + 1 if upper else bound.first_day.toordinal()
    return None if bound is None else float(bound)


def span_of(name: str, low, high) -> str:
    """From where to where a bar reaches, in the reader's language."""
    if isinstance(low, FuzzyDate):
        return str(low) if low == high else f"{low}–{high}"
    return str(Money(low, high, "reported", "USD") if name in MONEY else Quantity(low, high, "reported"))


def pick(pairs: list[tuple], *, counts: dict, chosen: set[str], parents: dict[str, str], sought: str) -> list[tuple]:
    """The (value, label) pairs of a facet that are shown, in their order; those chosen are always among them."""
    if sought:
        found = {value for value, label in pairs if fold(sought) in folded(value, label)}
        found |= {value for value, label in pairs if parents.get(value) in found}
        found |= chosen
        found |= {parents[value] for value in found if value in parents}
        pairs = [pair for pair in pairs if pair[0] in found]
    if len(pairs) <= SHOWN_AT_MOST or parents:
        return pairs
    order = {value: (value in chosen, counts.get(value, 0)) for value, label in pairs}
    best = set(nlargest(max(SHOWN_AT_MOST, len(chosen)), order, key=order.get))
    return [pair for pair in pairs if pair[0] in best]


def folded(value: str, label: object) -> str:
    """What an option is found by: its address, and its name in both languages."""
    if isinstance(label, BilingualText):
        return _folded(f"{value}\n{label.en}\n{label.zh}")
    return _folded(f"{'' if value == UNKNOWN else value}\n{label}")


@lru_cache(maxsize=20_000)
def _folded(text: str) -> str:
    return fold(text)
