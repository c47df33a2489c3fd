"""The figures of a selection: its histograms, totals and medians."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from catalog.listing.table import Mask, Numbers, Table
from catalog.values.numbers import MAX_POWER, MIN_POWER

# The maximum number of bins; everything before the first edge goes into a first bin that is open below.
MOST_BINS = 24
MONTHS_OF_YEARS = 2
SHORT_UNITS = ((12, "T"), (9, "B"), (6, "M"), (3, "K"), (0, ""))


@dataclass(frozen=True)
class Bin:
    """A part of a range, including both ends: its bounds as typed (empty if open), and the number of rows in it."""

    low: str
    high: str
    count: int


@dataclass(frozen=True)
class Histogram:
    """The number of rows in each bin; a row that spans several bins is counted in each."""

    bins: list[Bin]
    # The number of rows that have a value; the bins may add up to more.
    total: int

    @property
    def highest(self) -> int:
        """The largest count of a bin."""
        return max((item.count for item in self.bins), default=0)


@dataclass(frozen=True)
class Bins:
    """The bins of a range of a table, and for each row the number of bin edges at or below its ends.

    `before_high` is the number of bins that start at or before the row's upper end, `past_low` the number of bins that
    end before its lower end. The rows in a bin are those that reach its start, minus those that begin after its end.
    `has_value` is a mask of the rows that have a value.
    """

    ends: list[tuple[str, str]]
    before_high: NDArray[np.int64]
    past_low: NDArray[np.int64]
    has_value: Mask


def draw_bins(*, table: Table, low: str, high: str, is_date: bool) -> Bins:
    """Return the bins of a range over two columns, each row's lower and upper end; the same for every filter."""
    key = ("bins", low, high)
    bins: Bins | None = table.cache.get(key)
    if bins is None:
        lows, highs = table.columns[low], table.columns[high]
        has_value = ~np.isnan(lows) & ~np.isnan(highs) & table.rows
        edges = (list_periods if is_date else list_steps)(lows[has_value], highs[has_value])
        starts = np.array([start for _low, _high, start, _end in edges])
        ends = np.array([end for _low, _high, _start, end in edges])
        bins = Bins(
            ends=[(first, last) for first, last, _start, _end in edges],
            before_high=np.searchsorted(starts, highs, side="right"),
            past_low=np.searchsorted(ends, lows, side="left"),
            has_value=has_value,
        )
        table.cache[key] = bins
    return bins


def count_bins(bins: Bins, rows: Mask) -> Histogram:
    """Return how many of some rows (a mask) are in each bin."""
    rows, number = rows & bins.has_value, len(bins.ends)
    # For each bin: the rows that end before it, and the rows that begin after it.
    short = np.cumsum(np.bincount(bins.before_high[rows], minlength=number + 1))[:number]
    total = np.count_nonzero(rows)
    past = total - np.cumsum(np.bincount(bins.past_low[rows], minlength=number + 1))[:number]
    counts = (total - short - past).tolist()
    return Histogram([Bin(low, high, count) for (low, high), count in zip(bins.ends, counts, strict=True)], int(total))


def list_periods(lows: Numbers, highs: Numbers) -> list[tuple[str, str, float, float]]:
    """Return years, or months for a short period: the bounds as typed, the first and the last day as ordinals."""
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
    bins: list[tuple[str, str, float, float]] = [(text, text, start, end - 1) for text, start, end in kept]
    if len(periods) > MOST_BINS:
        bins[0] = ("", bins[0][1], -np.inf, bins[0][3])
    return bins


def month_start(month: int) -> int:
    """Return the ordinal of the first day of a month, counted in months since the year 0."""
    year, month = divmod(month, 12)
    return date(year, month + 1, 1).toordinal() if year <= date.max.year else date.max.toordinal() + 1


def list_steps(lows: Numbers, highs: Numbers) -> list[tuple[str, str, float, float]]:
    """Return steps of 1 and 3 times a power of ten: the bounds as typed, and as numbers."""
    positive = lows[lows > 0]
    if not len(positive):
        return []
    first, last = int(np.floor(np.log10(positive.min()))), int(np.ceil(np.log10(highs.max())))
    powers = range(max(first, MIN_POWER), min(last, MAX_POWER) + 1)
    edges = [digit * 10.0**power for power in powers for digit in (1, 3)]
    # Leave out empty steps at both ends.
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
    """Return a round number in the shortest form that can be typed: 300M."""
    for power, unit in SHORT_UNITS:
        if 10**power <= number < 10 ** (power + 3):
            return f"{number / 10**power:g}{unit}"
    return f"{Decimal(f'{number:g}'):f}"


@dataclass(frozen=True)
class Sum:
    """The total and median of a range's values in the results.

    `total` is None if values must not be added. `number` results have a value, `estimated` of these an estimate;
    `lacking` results have none, or none that can be converted to the unit: USD, or plain numbers.
    """

    name: str
    label: object
    total: float | None
    median: float | None
    number: int
    estimated: int
    lacking: int


def sum_up(*, name: str, label: object, values: Numbers, estimated: Mask, results: int, is_added: bool) -> Sum:
    """Return the figures of some rows' values (NaN where there is none); `estimated` is a mask of the estimates."""
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
