"""Amounts of money in their original currency, with the exchange rate to US dollars on a stated day."""

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import ClassVar, Self

from django.utils.translation import gettext_lazy as _

from .currencies import CHINESE_NAMES, CODES
from .fuzzy_date import FuzzyDate
from .numbers import plain, to_decimal
from .quantity import Amount, QuantityKind, format_span, read_amount, split_qualifiers
from .text import NotUnderstood, is_chinese

_CONVERTED = Context(prec=3)
_PRODUCT = Context(prec=28)
_NAMES = {
    **{name: code for code, name in CHINESE_NAMES.items()},
    "人民币": "CNY",
    "人民币元": "CNY",
    "元": "CNY",
    "US$": "USD",
}
_NAMES_BY_LENGTH = sorted(_NAMES, key=len, reverse=True)
_CODE_FIRST = re.compile(r"([A-Za-z]{3}|US\$) ?(?![A-Za-z ])")
_CODE_LAST = re.compile(r"([A-Za-z]{3})$")

_NO_CURRENCY = _("Give the currency by its three-letter code, for example USD 65M, 5 亿元人民币 or 65M EUR.")
_NO_SUCH_CURRENCY = _("There is no such currency. Enter its three-letter ISO 4217 code, for example USD or CNY.")
_TWO_CURRENCIES = _("The amount names another currency than the one chosen. Correct one of them.")
_RATE_INCOMPLETE = _("An exchange rate needs its date, and a date its rate. Enter both or neither.")
_RATE_TOO_LOW = _("Enter an exchange rate above zero: US dollars for one unit of the currency.")
_RATE_OF_USD = _("US dollars need no exchange rate. Clear the rate and its date.")
_BAD_RATE_DATE = _("Enter the day of the exchange rate as year, month and day, for example 2024-01-03.")


@dataclass(frozen=True)
class Money(Amount):
    """An amount, a range or a bound of money, or an undisclosed amount.

    `currency` is an ISO 4217 code, or None for an undisclosed amount. `usd_rate` is the price of one unit of the
    currency in US dollars on `rate_date`; both are None for USD itself and if unknown.
    """

    currency: str | None = None
    usd_rate: Decimal | None = None
    rate_date: datetime.date | None = None

    _keys: ClassVar[tuple[str, ...]] = (*Amount._keys, "currency", "usd_rate", "rate_date")

    def __post_init__(self):
        super().__post_init__()
        if self.is_undisclosed:
            currency = rate = date = None
        else:
            currency, rate, date = self._checked_currency(), self._checked_rate(), self._checked_date()
            if currency == "USD":
                if rate not in (None, 1):
                    raise NotUnderstood(_RATE_OF_USD)
                rate = date = None
            if (rate is None) != (date is None):
                raise NotUnderstood(_RATE_INCOMPLETE)
        for name, value in (("currency", currency), ("usd_rate", rate), ("rate_date", date)):
            object.__setattr__(self, name, value)

    def _checked_currency(self) -> str:
        if not self.currency:
            raise NotUnderstood(_NO_CURRENCY)
        if not isinstance(self.currency, str) or self.currency.upper() not in CODES:
            raise NotUnderstood(_NO_SUCH_CURRENCY)
        return self.currency.upper()

    def _checked_rate(self) -> Decimal | None:
        if self.usd_rate is None:
            return None
        rate = to_decimal(self.usd_rate)
        if rate <= 0:
            raise NotUnderstood(_RATE_TOO_LOW)
        return rate

    def _checked_date(self) -> datetime.date | None:
        if self.rate_date is None:
            return None
        try:
            date = FuzzyDate.parse(self.rate_date)
        except NotUnderstood as error:
            raise NotUnderstood(_BAD_RATE_DATE) from error
        if date.precision != "day":
            raise NotUnderstood(_BAD_RATE_DATE)
        return date.first_day

    @property
    def usd_low(self) -> Decimal | None:
        """The lower end in US dollars, or None without a lower end or a rate."""
        return self._in_usd(self.low)

    @property
    def usd_high(self) -> Decimal | None:
        """The upper end in US dollars, or None without an upper end or a rate."""
        return self._in_usd(self.high)

    def _in_usd(self, value: Decimal | None) -> Decimal | None:
        if value is None or self.currency == "USD":
            return value
        return None if self.usd_rate is None else Decimal(plain(_PRODUCT.multiply(value, self.usd_rate)))

    def format(self, language: str | None = None, *, in_usd: bool = True) -> str:
        """Return the amount for readers of `language` (default: the active one): `about USD 65M`, `约 6500 万美元`.

        With `in_usd`, an amount in another currency with a rate is followed by the amount in US dollars, to three
        significant figures.
        """
        text = super().format(language)
        if not in_usd or self.usd_rate is None:
            return text
        ends = (None if end is None else _CONVERTED.plus(end) for end in (self.usd_low, self.usd_high))
        dollars, date = (
            _with_currency(*ends, "USD", language),
            FuzzyDate.parse(self.rate_date).format(language),
        )
        if is_chinese(language):
            return f"{text}（按 {date}汇率约合 {dollars}）"
        return f"{text} (about {dollars} on {date})"

    __str__ = Amount.__str__

    def _span(self, language: str | None) -> str:
        return _with_currency(self.low, self.high, self.currency, language)

    def to_json(self) -> dict[str, str | None]:
        return super().to_json() | {
            "currency": self.currency,
            "usd_rate": None if self.usd_rate is None else plain(self.usd_rate),
            "rate_date": None if self.rate_date is None else self.rate_date.isoformat(),
        }

    @classmethod
    def parse(
        cls,
        value: "str | Mapping | Money",
        currency: str | None = None,
        kind: QuantityKind = "reported",
        usd_rate: Decimal | None = None,
        rate_date: datetime.date | None = None,
    ) -> Self:
        """Return the money in a mapping or a text such as `USD 65M`, `65M USD`, `6500 万美元`, `about USD 10M–100M`.

        `currency` applies to a text that names no currency; a text that names another one is refused. "about" makes the
        amount estimated; otherwise `kind` applies. Raises NotUnderstood (a ValueError).
        """
        if isinstance(value, cls):
            return value
        if isinstance(value, Mapping):
            return cls.from_mapping(value)
        if not isinstance(value, str):
            raise NotUnderstood(_NO_CURRENCY)
        said, rest = split_qualifiers(value)
        named, rest = _split_currency(rest)
        if named and currency and named != currency.upper():
            raise NotUnderstood(_TWO_CURRENCIES)
        qualifiers = {"least": "≥", "most": "≤", "about": "≈"}
        low, high, kind = read_amount("".join(qualifiers[word] for word in said) + rest, kind)
        return cls(low, high, kind, named or currency, usd_rate, rate_date)


def _with_currency(low: Decimal | None, high: Decimal | None, currency: str, language: str | None) -> str:
    span = format_span(low, high, language, short=True)
    if not is_chinese(language):
        return f"{currency} {span}"
    name = CHINESE_NAMES.get(currency, currency)
    # Chinese has a space next to figures and Latin letters, none between Chinese characters.
    return f"{span}{name}" if span[-1] in "万亿" and name != currency else f"{span} {name}"


def _split_currency(text: str) -> tuple[str | None, str]:
    match = _CODE_FIRST.match(text)
    if match and (match[1].upper() in CODES or match[1] in _NAMES):
        return _NAMES.get(match[1], match[1].upper()), text[match.end() :]
    for name in _NAMES_BY_LENGTH:
        if text.endswith(name):
            return _NAMES[name], text.removesuffix(name).rstrip()
    match = _CODE_LAST.search(text)
    if match and match[1].upper() in CODES:
        return match[1].upper(), text[: match.start()].rstrip()
    return None, text
