from contextlib import suppress
from decimal import Decimal

import pytest
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from catalog.values import NotUnderstood, format_number, parse_number

numbers = st.builds(
    lambda digits, power: Decimal(digits).scaleb(power), st.integers(-(10**15), 10**15), st.integers(-20, 30)
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("175 billion", "175e9"),
        ("175B", "175e9"),
        ("1750 亿", "175e9"),
        ("1750亿", "175e9"),
        ("1.75e11", "175e9"),
        ("1,000", "1000"),
        ("65M", "65e6"),
        ("3.14e23", "3.14e23"),
        ("3.14 × 10²³", "3.14e23"),
        ("3.14×10^23", "3.14e23"),
        ("1 × 10⁻⁸", "1e-8"),
        ("1 万亿", "1e12"),
        ("6500 万", "65e6"),
        ("１７５", "175"),
        ("１，０００", "1000"),
        ("5 億", "5e8"),
        ("−5", "-5"),
    ],
)
def test_reads_numbers_as_people_write_them(text, value):
    assert parse_number(text) == Decimal(value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "many",
        "1e999999",
        "1e999",
        "1e60",
        "NaN",
        "Infinity",
        "-inf",
        "1,00",
        "1,5",
        "5.",
        "-",
        "٣",
        "🙂",
        "1\x00",
        "1 5",
        "1e5e5",
        "9" * 29,
        "9" * 10000,
        "1," * 5000,
        "0x10",
        "1_000",
    ],
)
def test_refuses_texts_that_are_no_numbers_in_plain_words(text):
    with pytest.raises(NotUnderstood, match=r"^Enter a number"):
        parse_number(text)


@pytest.mark.parametrize(
    ("value", "english", "chinese"),
    [
        ("175e9", "175 billion", "1750 亿"),
        ("117e6", "117 million", "1.17 亿"),
        ("1.5e12", "1.5 trillion", "1.5 万亿"),
        ("1e12", "1 trillion", "1 万亿"),
        ("45", "45", "45"),
        ("1000", "1,000", "1000"),
        ("12000", "12,000", "1.2 万"),
        ("45000", "45,000", "4.5 万"),
        ("65e6", "65 million", "6500 万"),
        ("3.14e23", "3.14 × 10²³", "3.14 × 10²³"),
        ("1234567", "1,234,567", "1,234,567"),
        ("0", "0", "0"),
        ("0.10", "0.1", "0.1"),
    ],
)
def test_formats_for_readers_of_each_language(value, english, chinese):
    assert format_number(Decimal(value), "en") == english
    assert format_number(Decimal(value), "zh-hans") == chinese
    with override("zh-hans"):
        assert format_number(Decimal(value)) == chinese


@given(numbers, st.sampled_from(["en", "zh-hans"]), st.booleans())
def test_no_figure_is_lost_between_formatting_and_reading(value, language, short):
    assert parse_number(format_number(value, language, short=short)) == value


@given(st.text(max_size=30) | st.text("0123456789.,eE+-^×10 万亿kmbt", max_size=30))
def test_any_text_is_a_number_or_refused(text):
    with suppress(NotUnderstood):
        assert parse_number(text).is_finite()
