"""Dates known to the day, the month or only the year."""

import calendar
import datetime
import functools
import re
from dataclasses import dataclass
from typing import Literal

from django.utils.translation import gettext_lazy as _

from .text import NotUnderstood, is_chinese, tidy

FIRST_YEAR, LAST_YEAR = 1900, 2100
MAX_LENGTH = 40
# Not `calendar.month_name`, which follows the server's locale.
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)

_MONTH_NUMBERS = {name.lower(): number for number, name in enumerate(MONTHS, 1)}
_MONTH_NUMBERS |= {name[:3].lower(): number for number, name in enumerate(MONTHS, 1)} | {"sept": 9}

_YEAR, _MONTH, _DAY = r"(?P<year>[0-9]{4})", r"(?P<month>[0-9]{1,2})", r"(?P<day>[0-9]{1,2})"
_FORMS = tuple(
    re.compile(form)
    for form in (
        rf"{_YEAR}(?:(?P<mark>[-/.]){_MONTH}(?:(?P=mark){_DAY})?)?",
        rf"{_YEAR} ?年(?: ?{_MONTH} ?月(?: ?{_DAY} ?[日号])?)?",
        rf"(?:{_DAY} )?(?P<name>[a-z]{{3,9}})\.?,? {_YEAR}",
        rf"(?P<name>[a-z]{{3,9}})\.? {_DAY},? {_YEAR}",
    )
)

_UNREADABLE = _("Enter a date such as 2020, 2020-06, 2020-06-11, June 2020, 11 June 2020 or 2020 年 6 月.")
_NO_SUCH_DATE = _("There is no such date. Enter a day that the calendar has, for example 2020-06-11.")
_OUT_OF_RANGE = _("Enter a year from 1900 to 2100.")


@functools.total_ordering
@dataclass(frozen=True)
class FuzzyDate:
    """A year, a month of a year, or a day. Years from 1900 to 2100.

    Raises NotUnderstood (a ValueError) for anything else. Sorts by the first day. If two dates have the same first day,
    the less precise one comes first (2020 < 2020-01).
    """

    year: int
    month: int | None = None
    day: int | None = None

    def __post_init__(self) -> None:
        for part in (self.year, self.month, self.day):
            if isinstance(part, bool) or not isinstance(part, int | None):
                raise NotUnderstood(_UNREADABLE)
        if self.year is None or not FIRST_YEAR <= self.year <= LAST_YEAR:
            raise NotUnderstood(_OUT_OF_RANGE)
        if self.day is not None and self.month is None:
            raise NotUnderstood(_UNREADABLE)
        try:
            datetime.date(
                self.year,
                1 if self.month is None else self.month,
                1 if self.day is None else self.day,
            )
        except (ValueError, OverflowError):
            raise NotUnderstood(_NO_SUCH_DATE) from None

    @property
    def precision(self) -> Literal["year", "month", "day"]:
        return "year" if self.month is None else "month" if self.day is None else "day"

    @property
    def first_day(self) -> datetime.date:
        return datetime.date(self.year, self.month or 1, self.day or 1)

    @property
    def last_day(self) -> datetime.date:
        month = self.month or 12
        return datetime.date(self.year, month, self.day or calendar.monthrange(self.year, month)[1])

    @classmethod
    def parse(cls, value: "str | int | datetime.date | FuzzyDate") -> "FuzzyDate":
        """Return the date in `value`: a text in one of the accepted forms, a year as an int, or a date.

        Raises NotUnderstood (a ValueError) for anything else.
        """
        if isinstance(value, cls):
            return value
        if isinstance(value, datetime.date):
            return cls(value.year, value.month, value.day)
        if isinstance(value, int):
            return cls(value)
        text = tidy(value, MAX_LENGTH) if isinstance(value, str) else None
        match = next(filter(None, (form.fullmatch(text.lower()) for form in _FORMS)), None) if text else None
        if not match:
            raise NotUnderstood(_UNREADABLE)
        parts = match.groupdict()
        month = parts.get("month")
        if name := parts.get("name"):
            month = _MONTH_NUMBERS.get(name)
            if not month:
                raise NotUnderstood(_UNREADABLE)
        day = parts.get("day")
        return cls(int(parts["year"]), int(month) if month else None, int(day) if day else None)

    def isoformat(self) -> str:
        """Return the known part in ISO 8601: `2020`, `2020-06`, `2020-06-11`. Sorts in the order of the dates."""
        return self.first_day.isoformat()[: {"year": 4, "month": 7, "day": 10}[self.precision]]

    def format(self, language: str | None = None) -> str:
        """Return the date for readers of `language` (default: the active one): `11 June 2020`, `2020 年 6 月 11 日`."""
        if is_chinese(language):
            parts = ((self.year, "年"), (self.month, "月"), (self.day, "日"))
            return " ".join(f"{number} {unit}" for number, unit in parts if number is not None)
        month = MONTHS[self.month - 1] if self.month else None
        return " ".join(str(part) for part in (self.day, month, self.year) if part is not None)

    def __str__(self) -> str:
        return self.format()

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, FuzzyDate):
            return NotImplemented
        return self.isoformat() < other.isoformat()
