"""The figures of a selection: how it is spread over a range, and what it adds up to."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise

import numpy as np

from catalog.listing.table import Table
from catalog.values.numbers import MAX_POWER, MIN_POWER

# A histogram has no more bins: what is before the first edge is in a bin that is open below.
MOST_BINS = 24
MONTHS_OF_YEARS = 2
UNITS = ((12, "T"), (9, "B"), (6, "M"), (3, "K"), (0, ""))


@dataclass(frozen=True)
class Bin:
    """A part of a range, both ends included: the bounds as typed (none where it is open), and how many rows."""

    low: str
    high: str
    count: int


@dataclass(frozen=True)
class Histogram:
    """How rows are spread over a range; one that reaches over several bins is counted in each."""

    bins: list[Bin]
    # The number of rows that have a value; there are more in the bins.
    total: int

    @property
    def highest(self) -> int:
        """The largest count."""
        return max((item.count for item in self.bins), default=0)


@dataclass(frozen=True)
class Bins:
    """The bins of a range of a table, and for each row how many edges lie at or below it.

    `before_high` counts the lower ends that the row's upper end has reached, `past_low` the upper ends that its lower
    end has passed, so that the rows of a bin are those that have reached its lower end but for those past its upper
    one. `has_value` are the rows that have a value, a mask.
    """

    ends: list[tuple[str, str]]
    before_high: np.ndarray
    past_low: np.ndarray
    has_value: np.ndarray


def draw_bins(*, table: Table, low: str, high: str, is_date: bool) -> Bins:
    """The bins of a range over two columns, the lower and upper end of each row's value; the same for any filter."""
    key = ("bins", low, high)
    if key not in table.cache:
        lows, highs = table.columns[low], table.columns[high]
        has_value = ~np.isnan(lows) & ~np.isnan(highs) & table.rows
        edges = (list_periods if is_date else list_steps)(lows[has_value], highs[has_value])
        starts = np.array([start for _low, _high, start, _end in edges])
        ends = np.array([end for _low, _high, _start, end in edges])
        table.cache[key] = Bins(
            ends=[(first, last) for first, last, _start, _end in edges],
            before_high=np.searchsorted(starts, highs, side="right"),
            past_low=np.searchsorted(ends, lows, side="left"),
            has_value=has_value,
        )
    return table.cache[key]


def count_bins(bins: Bins, rows) -> Histogram:
    """Of some rows (a mask), how many are in each bin."""
    rows, number = rows & bins.has_value, len(bins.ends)
    # Of each bin: the rows whose upper end does not reach it, and those whose lower end is past it.
    short = np.cumsum(np.bincount(bins.before_high[rows], minlength=number + 1))[:number]
    total = np.count_nonzero(rows)
    past = total - np.cumsum(np.bincount(bins.past_low[rows], minlength=number + 1))[:number]
    counts = (total - short - past).tolist()
    return Histogram([Bin(low, high, count) for (low, high), count in zip(bins.ends, counts, strict=True)], int(total))


def list_periods(lows, highs) -> list[tuple[str, str, float, float]]:
    """Years, or months where there are few: the bounds as typed, the first day and the last, as ordinals."""
    if not len(lows):
        return []
    first, last = date.fromordinal(int(lows.min())), date.fromordinal(int(highs.max()))
    if last.year - first.year < MONTHS_OF_YEARS:
        months = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
        periods = [
            (f"{month // 12:04}-{month % 12 + 1:02}", month_start(month), month_start(month + 1)) for month in months
        ]
    else:
        years = range(first.year, last.year + 1)
        periods = [(f"{year:04}", month_start(year * 12), month_start((year + 1) * 12)) for year in years]
    kept = periods[-MOST_BINS:]
    bins = [(text, text, start, end - 1) for text, start, end in kept]
    if len(periods) > MOST_BINS:
        bins[0] = ("", bins[0][1], -np.inf, bins[0][3])
    return bins


def month_start(month: int) -> int:
    """The ordinal of the first day of a month, counted from the year 0."""
    year, month = divmod(month, 12)
    return date(year, month + 1, 1).toordinal() if year <= date.max.year else date.max.toordinal() + 1


def list_steps(lows, highs) -> list[tuple[str, str, float, float]]:
    """Steps of 1 and 3 times a power of ten: the bounds as typed, and as numbers."""
    positive = lows[lows > 0]
    if not len(positive):
        return []
    first, last = int(np.floor(np.log10(positive.min()))), int(np.ceil(np.log10(highs.max())))
    powers = range(max(first, MIN_POWER), min(last, MAX_POWER) + 1)
    edges = [digit * 10.0**power for power in powers for digit in (1, 3)]
    # Only as far as there is something.
    edges = edges[max(0, np.searchsorted(edges, positive.min(), side="right") - 1) :]
    edges = edges[: np.searchsorted(edges, highs.max(), side="left") + 1]
    if len(edges) < 2:
        edges = [edges[0], edges[0] * 3]
    pairs = list(pairwise(edges))
    kept = pairs[-MOST_BINS:]
    bins = [(spell(start), spell(end), start, end) for start, end in kept]
    if len(pairs) > MOST_BINS or lows.min() < kept[0][0]:
        bins[0] = ("", bins[0][1], -np.inf, bins[0][3])
    return bins


def spell(number: float) -> str:
    """A round number as short as it may be typed: 300M."""
    for power, unit in UNITS:
        if 10**power <= number < 10 ** (power + 3):
            return f"{number / 10**power:g}{unit}"
    return f"{Decimal(f'{number:g}'):f}"


@dataclass(frozen=True)
class Sum:
    """What the values of a range add up to in the results.

    `total` is None where values must not be added. `number` results have a value, `estimated` of these have an
    estimate, `lacking` have none, or none that can be told in the unit: USD, or plain numbers.
    """

    name: str
    label: object
    total: float | None
    median: float | None
    number: int
    estimated: int
    lacking: int


def sum_up(*, name: str, label, values, estimated, results: int, is_added: bool) -> Sum:
    """Sum up the values of some rows (NaN where there is none); `estimated` says of each whether it is an estimate."""
    has_value = ~np.isnan(values)
    known = values[has_value]
    return Sum(
        name=name,
        label=label,
        total=float(known.sum()) if is_added and len(known) else None,
        median=float(np.median(known)) if len(known) else None,
        number=len(known),
        estimated=int(np.count_nonzero(estimated & has_value)),
        lacking=results - len(known),
    )
