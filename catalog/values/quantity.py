"""Quantities that may be exact, a range, bounded on one side, estimated, or undisclosed (known not to be public)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, Literal, Self

from django.utils.translation import gettext_lazy as _

from .numbers import format_number, plain, read_number, scaled, to_decimal, with_power, written_out
from .text import NotUnderstood, is_chinese, language_key, tidy

QuantityKind = Literal["reported", "estimated", "undisclosed"]
QUANTITY_KINDS = (("reported", _("Reported")), ("estimated", _("Estimated")), ("undisclosed", _("Undisclosed")))
MAX_LENGTH = 100

# The displayed words. They are here because values are also formatted where no translations are loaded.
_WORDS = {
    "en": {"least": "at least", "most": "up to", "about": "about", "undisclosed": "Undisclosed"},
    "zh": {"least": "至少", "most": "最多", "about": "约", "undisclosed": "未披露"},
}
_QUALIFIERS = {
    "least": ("at least", "more than", "over", ">=", "≥", "至少", "不少于"),
    "most": ("up to", "at most", "<=", "≤", "最多", "至多", "不超过"),
    "about": ("about", "approximately", "approx.", "around", "~", "≈", "大约", "约"),
}
_QUALIFIER = re.compile(
    "|".join(f"(?P<{meaning}>{'|'.join(map(re.escape, words))})" for meaning, words in _QUALIFIERS.items()),
    re.IGNORECASE,
)
_UNDISCLOSED = {words["undisclosed"].lower() for words in _WORDS.values()}
_BETWEEN = re.compile(r"(?<![eE^])(?:[-–—~至到]|\bto\b)", re.IGNORECASE)

_UNREADABLE = _("Enter an amount such as 175 billion, 1750 亿, 10M–100M, at least 5 million, up to 20 or about 3 万.")
_BELOW_ZERO = _("Enter an amount of zero or more.")
_WRONG_ORDER = _("The lower end of the range is above its upper end. Enter the lower one first.")
_NO_SUCH_KIND = _("Choose one of the kinds reported, estimated and undisclosed.")
_AMOUNT_OF_UNDISCLOSED = _("An undisclosed value has no amount. Clear the amount, or choose another kind.")
_NO_AMOUNT = _("Enter an amount, or choose the kind undisclosed.")
_NO_SUCH_FORM = _("Give low, high and kind, or value and kind.")


@dataclass(frozen=True)
class Amount:
    """The base of Quantity and Money: the two ends of a value, and how it is known.

    `low` and `high` are inclusive, and equal for an exact value. Only low means "at least", only high means "up to". An
    undisclosed value has neither. Raises NotUnderstood (a ValueError) for anything else, for example amounts below
    zero.
    """

    low: Decimal | None
    high: Decimal | None
    kind: QuantityKind

    _keys: ClassVar[tuple[str, ...]] = ("low", "high", "kind")

    def __post_init__(self):
        for end in ("low", "high"):
            value = getattr(self, end)
            if value is not None:
                value = to_decimal(value)
                if value < 0:
                    raise NotUnderstood(_BELOW_ZERO)
                object.__setattr__(self, end, value)
        if self.kind not in ("reported", "estimated", "undisclosed"):
            raise NotUnderstood(_NO_SUCH_KIND)
        if self.kind == "undisclosed":
            if self.low is not None or self.high is not None:
                raise NotUnderstood(_AMOUNT_OF_UNDISCLOSED)
        elif self.low is None and self.high is None:
            raise NotUnderstood(_NO_AMOUNT)
        elif self.low is not None and self.high is not None and self.low > self.high:
            raise NotUnderstood(_WRONG_ORDER)

    @classmethod
    def exact(cls, value: Decimal | int | str, *args, kind: QuantityKind = "reported", **kwargs) -> Self:
        """Return an amount of exactly `value`. Money takes currency, rate and date as further arguments."""
        return cls(value, value, kind, *args, **kwargs)

    @classmethod
    def undisclosed(cls) -> Self:
        """Return an amount that is known not to be public."""
        return cls(None, None, "undisclosed")

    @property
    def is_undisclosed(self) -> bool:
        return self.kind == "undisclosed"

    @property
    def is_exact(self) -> bool:
        """Whether both ends are the same number, reported or estimated."""
        return self.low is not None and self.low == self.high

    def format(self, language: str | None = None) -> str:
        """Return the value for readers of `language` (default: the active one)."""
        words = _WORDS[language_key(language)]
        if self.is_undisclosed:
            return words["undisclosed"]
        said = []
        if self.high is None:
            said.append(words["least"])
        elif self.low is None:
            said.append(words["most"])
        if self.kind == "estimated":
            said.append(words["about"])
        said = ("" if is_chinese(language) else " ").join(said)
        return f"{said} {self._span(language)}".strip()

    def typed(self, language: str | None = None) -> str:
        """Return the amount as an editor would type it, without its kind: `at least 10 million`."""
        if self.is_undisclosed:
            return ""
        return Quantity(self.low, self.high, "reported").format(language)

    def __str__(self) -> str:
        return self.format()

    def _span(self, language: str | None) -> str:
        return format_span(self.low, self.high, language)

    def to_json(self) -> dict[str, str | None]:
        """Return the value for JSON. Numbers become texts with all their digits."""
        return {
            "low": None if self.low is None else plain(self.low),
            "high": None if self.high is None else plain(self.high),
            "kind": self.kind,
        }

    @classmethod
    def from_json(cls, data: Mapping) -> Self:
        """Return the value that `to_json` wrote. Raises NotUnderstood."""
        return cls.from_mapping(data)

    @classmethod
    def from_mapping(cls, data: Mapping) -> Self:
        """Return the value of {low, high, kind} or {value, kind} and further keys of the type. Default kind: reported.

        Raises NotUnderstood for unknown keys and bad values.
        """
        if not isinstance(data, Mapping) or not set(data) <= {"value", *cls._keys}:
            raise NotUnderstood(_NO_SUCH_FORM)
        values = dict(data)
        if "value" in values:
            if "low" in values or "high" in values:
                raise NotUnderstood(_NO_SUCH_FORM)
            values["low"] = values["high"] = values.pop("value")
        kind = values.pop("kind", "reported")
        return cls(values.pop("low", None), values.pop("high", None), kind, **values)


class Quantity(Amount):
    """A number, a range or a bound without its unit, or undisclosed: 175 billion, at least 10."""

    @classmethod
    def parse(cls, value: "str | int | float | Decimal | Mapping | Quantity", kind: QuantityKind = "reported") -> Self:
        """Return the quantity in a number, a mapping, or a text such as `175 billion`, `10–100 million`, `约 5 万`.

        A unit after a range applies to both ends. "about" makes the quantity estimated; otherwise `kind` applies.
        Raises NotUnderstood (a ValueError).
        """
        if isinstance(value, cls):
            return value
        if isinstance(value, Mapping):
            return cls.from_mapping(value)
        if isinstance(value, str):
            return cls(*read_amount(value, kind))
        return cls(*[to_decimal(value)] * 2, kind)


def read_amount(text: str, kind: QuantityKind = "reported") -> tuple[Decimal | None, Decimal | None, QuantityKind]:
    """Return the low end, the high end and the kind that `text` describes. Raises NotUnderstood."""
    said, text = split_qualifiers(text)
    if not said and text.lower() in _UNDISCLOSED:
        return None, None, "undisclosed"
    if "about" in said:
        if kind == "undisclosed":
            raise NotUnderstood(_AMOUNT_OF_UNDISCLOSED)
        kind = "estimated"
    if said <= {"about"}:
        return *_read_ends(text), kind
    if said >= {"least", "most"}:
        raise NotUnderstood(_UNREADABLE)
    value = _read_one(text)
    return (value, None, kind) if "least" in said else (None, value, kind)


def split_qualifiers(text: str) -> tuple[set[str], str]:
    """Return the meanings (least, most, about) of the qualifiers at the start of `text`, and the rest, tidied."""
    text = tidy(text, MAX_LENGTH)
    if not text:
        raise NotUnderstood(_UNREADABLE)
    said = set()
    while (match := _QUALIFIER.match(text)) and match.lastgroup not in said:
        said.add(match.lastgroup)
        text = text[match.end() :].lstrip()
    return said, text


def _read_ends(text: str) -> tuple[Decimal, Decimal]:
    try:
        value = _read_one(text)
    except NotUnderstood:
        ends = [end.strip() for end in _BETWEEN.split(text)]
        if len(ends) != 2:
            raise
        try:
            (low, low_power), (high, high_power) = map(read_number, ends)
        except NotUnderstood:
            raise NotUnderstood(_UNREADABLE) from None
        high = with_power(high, high_power or 0)
        if low_power is None and high_power is not None:
            shared = with_power(low, high_power)
            low = shared if shared <= high else low
        else:
            low = with_power(low, low_power or 0)
        if low > high:
            raise NotUnderstood(_WRONG_ORDER) from None
        return low, high
    return value, value


def _read_one(text: str) -> Decimal:
    try:
        value, power = read_number(text)
        return with_power(value, power or 0)
    except NotUnderstood as error:
        raise NotUnderstood(_UNREADABLE) from error


def format_span(low: Decimal | None, high: Decimal | None, language: str | None = None, *, short: bool = False) -> str:
    """Return a number or a range in a form that parses to the same value: `10–100 million`, `1000 万–1 亿`."""
    if low is None or high is None or low == high:
        return format_number(high if low is None else low, language, short=short)
    low_text, low_unit, _low_power = scaled(low, language, short=short)
    high_text, high_unit, high_power = scaled(high, language, short=short)
    if low_unit and low_unit == high_unit and not (short and not is_chinese(language)):
        return f"{low_text}–{high_text} {high_unit}"
    if high_unit and not low_unit and low * Decimal(10) ** high_power <= high:
        # "10–100 million" would mean ten million.
        return f"{low_text}–{written_out(high)}"
    return f"{format_number(low, language, short=short)}–{format_number(high, language, short=short)}"
