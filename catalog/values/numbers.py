"""Numbers as people write them in English and Chinese: 175 billion, 65M, 1750 亿, 3.14 × 10²³."""

import re
from decimal import Context, Decimal

from django.utils.translation import gettext_lazy as _

from .text import NotUnderstood, is_chinese, tidy

MAX_LENGTH = 100
MAX_DIGITS = 28
MAX_POWER, MIN_POWER = 49, -30
EXACT = Context(prec=100)

_ENGLISH_UNITS = {
    **dict.fromkeys(("k", "thousand"), 3),
    **dict.fromkeys(("m", "mn", "mln", "million"), 6),
    **dict.fromkeys(("b", "bn", "billion"), 9),
    **dict.fromkeys(("t", "tn", "trillion"), 12),
}
_CHINESE_UNITS = {
    "百": 2,
    "千": 3,
    "万": 4,
    "十万": 5,
    "百万": 6,
    "千万": 7,
    "亿": 8,
    "十亿": 9,
    "百亿": 10,
    "千亿": 11,
    "万亿": 12,
}
UNITS = _ENGLISH_UNITS | _CHINESE_UNITS

# Unit, power of ten, and the maximum number of significant digits shown with it; larger units first.
_SHOWN = {
    "en": (("trillion", 12, 6), ("billion", 9, 6), ("million", 6, 6)),
    "short": (("T", 12, 6), ("B", 9, 6), ("M", 6, 6)),
    "zh": (("万亿", 12, 6), ("亿", 8, 6), ("万", 4, 4)),
}
_TO_SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")

_NUMBER = re.compile(
    r"(?P<digits>[+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,60})?(?:\.[0-9]{1,60})?)"
    r"(?:e(?P<exponent>[+-]?[0-9]{1,3})| ?[×x*] ?10 ?\^ ?(?P<power>[+-]?[0-9]{1,3}))?"
    rf"(?: ?(?P<unit>{'|'.join(sorted(UNITS, key=len, reverse=True))}))?"
)

_UNREADABLE = _("Enter a number such as 175 billion, 65M, 1,000, 1750 亿 or 3.14e23.")
_OUT_OF_RANGE = _("Enter a number with at most 28 digits, between 1e-30 and 1e50 in size.")


def bounded(value: Decimal) -> Decimal:
    """Return `value` without exponent and trailing zeros. Raises NotUnderstood if it is out of range."""
    if not value.is_finite():
        raise NotUnderstood(_UNREADABLE)
    if not value:
        return Decimal(0)
    if not MIN_POWER <= value.adjusted() <= MAX_POWER or _significant_digits(value) > MAX_DIGITS:
        raise NotUnderstood(_OUT_OF_RANGE)
    return Decimal(plain(value))


def to_decimal(value: Decimal | int | float | str) -> Decimal:
    """Return `value` as a Decimal; a float is taken with the digits that it prints. Raises NotUnderstood."""
    if isinstance(value, str):
        return parse_number(value)
    if isinstance(value, bool) or not isinstance(value, Decimal | int | float):
        raise NotUnderstood(_UNREADABLE)
    if isinstance(value, int) and value.bit_length() > 200:
        raise NotUnderstood(_OUT_OF_RANGE)
    return bounded(Decimal(repr(value)) if isinstance(value, float) else Decimal(value))


def parse_number(text: str) -> Decimal:
    """Return the number in `text`, with English or Chinese units, a power of ten, or full-width digits.

    Raises NotUnderstood (a ValueError) if the text is anything else or longer than 100 characters, or if the number has
    more than 28 significant digits or lies outside 1e-30 to 1e50.
    """
    coefficient, power = read_number(text)
    return with_power(coefficient, power or 0)


def read_number(text: str) -> tuple[Decimal, int | None]:
    """Return the number before the unit, and the power of ten of the unit or None. Raises NotUnderstood."""
    tidied = tidy(text, MAX_LENGTH)
    match = _NUMBER.fullmatch(tidied.casefold()) if tidied else None
    if not match or not match["digits"].lstrip("+-"):
        raise NotUnderstood(_UNREADABLE)
    power = int(match["exponent"] or match["power"] or 0)
    value = with_power(Decimal(match["digits"].replace(",", "")), power)
    return value, UNITS[match["unit"]] if match["unit"] else None


def with_power(value: Decimal, power: int) -> Decimal:
    """Return `value` times ten to the `power`, exactly. Raises NotUnderstood if it is out of range."""
    return bounded(value.scaleb(power, EXACT))


def plain(value: Decimal) -> str:
    """Return all digits of `value` without exponent, separators or trailing zeros, as they are stored."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def format_number(value: Decimal | int, language: str | None = None, *, short: bool = False) -> str:
    """Return `value` for readers of `language` (default: the active one). It is never rounded.

    `175 billion`, `12,000`, `3.14 × 10²³`; in Chinese `1750 亿`, `4.5 万`. `short` writes `175B` in English. A number
    with too many digits for a unit is written out: `1,234,567`.
    """
    coefficient, unit, _power = scaled(value, language, short=short)
    return f"{coefficient}{'' if short and not is_chinese(language) else ' '}{unit}" if unit else coefficient


def scaled(value: Decimal | int, language: str | None = None, *, short: bool = False) -> tuple[str, str, int]:
    """Return the number and unit of `format_number`, and the unit's power of ten; "" and 0 without a unit."""
    value = Decimal(value)
    size = abs(value)
    chinese = is_chinese(language)
    if size and (size >= Decimal("1e15") or size < Decimal("1e-6")):
        return _scientific(value), "", 0
    for unit, power, most_digits in _SHOWN["zh" if chinese else "short" if short else "en"]:
        if size >= Decimal(10) ** power:
            if _significant_digits(value) <= most_digits:
                return plain(value.scaleb(-power, EXACT)), unit, power
            break
    if chinese and size < 10_000:
        return plain(value), "", 0
    return written_out(value), "", 0


def written_out(value: Decimal) -> str:
    """Return all digits of `value` with a comma before every third digit: `1,234,567.5`."""
    whole, _point, fraction = plain(value).partition(".")
    return f"{int(whole):,}" + (f".{fraction}" if fraction else "") if whole != "-0" else plain(value)


def _scientific(value: Decimal) -> str:
    power = value.adjusted()
    exponent = str(power).translate(_TO_SUPERSCRIPTS)
    return f"{plain(value.scaleb(-power, EXACT))} × 10{exponent}"


def _significant_digits(value: Decimal) -> int:
    return len("".join(map(str, value.as_tuple().digits)).strip("0"))
