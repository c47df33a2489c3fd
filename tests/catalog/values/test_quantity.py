from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.values import NotUnderstood, Quantity

numbers = st.builds(lambda digits, power: Decimal(digits).scaleb(power), st.integers(0, 10**7), st.integers(-8, 20))
ends = st.tuples(numbers, numbers).map(sorted)
spans = st.one_of(
    ends,
    numbers.map(lambda value: (value, value)),
    numbers.map(lambda value: (value, None)),
    numbers.map(lambda value: (None, value)),
)
quantities = st.one_of(
    st.just(Quantity.undisclosed()),
    st.builds(lambda span, kind: Quantity(*span, kind), spans, st.sampled_from(["reported", "estimated"])),
)


@pytest.mark.parametrize(
    ("text", "low", "high", "kind"),
    [
        ("175 billion", "175e9", "175e9", "reported"),
        ("about 1750 亿", "175e9", "175e9", "estimated"),
        ("约 1750 亿", "175e9", "175e9", "estimated"),
        ("~5", "5", "5", "estimated"),
        ("10–100 million", "10e6", "100e6", "reported"),
        ("10-100M", "10e6", "100e6", "reported"),
        ("10M–100M", "10e6", "100e6", "reported"),
        ("10 to 20 billion", "10e9", "20e9", "reported"),
        ("1000 万–1 亿", "10e6", "100e6", "reported"),
        ("1000 万至 1 亿", "10e6", "100e6", "reported"),
        ("500–1 million", "500", "1e6", "reported"),
        ("1e-5", "1e-5", "1e-5", "reported"),
        ("at least 10", "10", None, "reported"),
        ("至少 10 万", "1e5", None, "reported"),
        ("at least about 10", "10", None, "estimated"),
        ("up to 20", None, "20", "reported"),
        ("最多 20", None, "20", "reported"),
        ("Undisclosed", None, None, "undisclosed"),
        ("未披露", None, None, "undisclosed"),
        (45, "45", "45", "reported"),
        (3.14e23, "3.14e23", "3.14e23", "reported"),
        ({"value": "5 万", "kind": "estimated"}, "5e4", "5e4", "estimated"),
        ({"low": 10}, "10", None, "reported"),
        ({"kind": "undisclosed"}, None, None, "undisclosed"),
    ],
)
def test_reads_amounts_as_people_write_them(text, low, high, kind):
    expected = Quantity(low and Decimal(low), high and Decimal(high), kind)
    assert Quantity.parse(text) == expected


@pytest.mark.parametrize(
    "value",
    [
        "",
        "lots",
        "-5",
        "100–10",
        "5–",
        "1–2–3",
        "at least",
        "at least up to 5",
        "at least 5–10",
        "5\x00",
        "🙂",
        "1e999999",
        "NaN",
        "9" * 10000,
        "–" * 99,
        "about undisclosed",
        None,
        True,
        [],
        {},
        {"value": 1, "low": 1},
        {"value": 1, "sort": 2},
        {"value": float("nan")},
        float("inf"),
        {"value": 1, "kind": "guessed"},
        {"value": 1, "kind": "undisclosed"},
        {"value": 1, "kind": []},
        10**400,
        {"value": []},
        {1: 2},
    ],
)
def test_refuses_other_input_with_a_clear_sentence(value):
    with pytest.raises(NotUnderstood) as refused:
        Quantity.parse(value)
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize(
    ("quantity", "english", "chinese"),
    [
        (Quantity.exact("175e9"), "175 billion", "1750 亿"),
        (Quantity.exact("175e9", kind="estimated"), "about 175 billion", "约 1750 亿"),
        (Quantity("10e6", "100e6", "reported"), "10–100 million", "1000 万–1 亿"),
        (Quantity("10e6", "100e6", "estimated"), "about 10–100 million", "约 1000 万–1 亿"),
        (Quantity(10, 100_000_000, "reported"), "10–100,000,000", "10–1 亿"),
        (Quantity(10, None, "reported"), "at least 10", "至少 10"),
        (Quantity(None, 10, "estimated"), "up to about 10", "最多约 10"),
        (Quantity.undisclosed(), "Undisclosed", "未披露"),
    ],
)
def test_shows_each_kind_in_both_languages(quantity, english, chinese):
    assert quantity.format("en") == str(quantity) == english
    assert quantity.format("zh-hans") == chinese


@given(quantities, st.sampled_from(["en", "zh-hans"]))
def test_parses_its_own_displayed_typed_and_stored_forms(quantity, language):
    assert Quantity.parse(quantity.format(language)) == quantity
    assert Quantity.from_json(quantity.to_json()) == quantity
    assert hash(Quantity.from_json(quantity.to_json())) == hash(quantity)
    if not quantity.is_undisclosed:
        assert Quantity.parse(quantity.typed(language), kind=quantity.kind) == quantity


@given(st.text(max_size=40) | st.text("0123456789.e–-~ toat least约至少万亿M", max_size=20))
def test_any_text_is_a_quantity_or_refused(text):
    with suppress(NotUnderstood):
        Quantity.parse(text)
