import datetime
from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.values import Money, NotUnderstood
from catalog.values.currencies import CODES

NEW_YEAR = datetime.date(2024, 1, 3)
numbers = st.builds(lambda digits, power: Decimal(digits).scaleb(power), st.integers(0, 10**7), st.integers(-4, 12))
spans = st.one_of(
    st.tuples(numbers, numbers).map(sorted),
    numbers.map(lambda value: (value, value)),
    numbers.map(lambda value: (value, None)),
    numbers.map(lambda value: (None, value)),
)
monies = st.builds(
    lambda span, kind, currency: Money(*span, kind, currency),
    spans,
    st.sampled_from(["reported", "estimated"]),
    st.sampled_from(sorted(CODES)),
)


@pytest.mark.parametrize(
    ("money", "english", "chinese"),
    [
        (Money.exact("65e6", "USD"), "USD 65M", "6500 万美元"),
        (Money.exact("1e9", "USD"), "USD 1B", "10 亿美元"),
        (Money.exact(10, "USD"), "USD 10", "10 美元"),
        (Money.exact("1.5e6", "USD"), "USD 1.5M", "150 万美元"),
        (Money("10e6", "100e6", "reported", "USD"), "USD 10M–100M", "1000 万–1 亿美元"),
        (Money.exact("4.5e6", "USD", kind="estimated"), "about USD 4.5M", "约 450 万美元"),
        (Money(10, None, "reported", "EUR"), "at least EUR 10", "至少 10 欧元"),
        (Money(None, "5e8", "reported", "BRL"), "up to BRL 500M", "最多 5 亿 BRL"),
        (Money.exact("5e8", "CNY"), "CNY 500M", "5 亿元人民币"),
        (
            Money.exact("5e8", "CNY", usd_rate="0.138", rate_date=NEW_YEAR),
            "CNY 500M (about USD 69M on 3 January 2024)",
            "5 亿元人民币（按 2024 年 1 月 3 日汇率约合 6900 万美元）",
        ),
        (Money.undisclosed(), "Undisclosed", "未披露"),
    ],
)
def test_shows_amounts_in_both_languages(money, english, chinese):
    assert money.format("en") == str(money) == english
    assert money.format("zh-hans") == chinese


@pytest.mark.parametrize(
    "text",
    [
        "USD 65M",
        "65M USD",
        "65MUSD",
        "usd 65m",
        "US$65M",
        "65 million USD",
        "6500 万美元",
        "6500万美元",
        {"value": "65M", "currency": "USD"},
        {"low": 65000000, "high": "65e6", "kind": "reported", "currency": "usd"},
    ],
)
def test_parses_one_amount_in_many_forms(text):
    assert Money.parse(text) == Money.exact(65_000_000, "USD")


def test_parses_currencies_in_chinese():
    assert Money.parse("10 亿元人民币") == Money.parse("10 亿元") == Money.parse("CNY 1B")
    assert Money.parse("约 3 万日元") == Money.exact(30_000, "JPY", kind="estimated")


@pytest.mark.parametrize(
    "value",
    [
        "",
        "65M",
        "USD",
        "65M XXQ",
        "USD 65M EUR",
        "USD -5",
        "$65M",
        "💶 5",
        "USD 5\x00",
        "USD 1e999999",
        "U" * 10000,
        None,
        5,
        True,
        [],
        {},
        {"value": 5},
        {"value": 5, "currency": "XXQ"},
        {"value": 5, "currency": 7},
        {"value": 5, "currency": "EUR", "usd_rate": "1.1"},
        {"value": 5, "currency": "EUR", "rate_date": "2024-01-03"},
        {"value": 5, "currency": "EUR", "usd_rate": "0", "rate_date": "2024-01-03"},
        {"value": 5, "currency": "EUR", "usd_rate": "1.1", "rate_date": "2024-01"},
        {"value": 5, "currency": "EUR", "usd_rate": "1.1", "rate_date": []},
        {"value": 5, "currency": "USD", "usd_rate": "1.1", "rate_date": "2024-01-03"},
    ],
)
def test_refuses_other_input_with_a_clear_sentence(value):
    with pytest.raises(NotUnderstood) as refused:
        Money.parse(value)
    assert str(refused.value).endswith(".")


def test_the_given_currency_applies_to_a_text_without_one():
    assert Money.parse("65M", "EUR").currency == "EUR"
    with pytest.raises(NotUnderstood, match="another currency"):
        Money.parse("65M USD", "EUR")


def test_amounts_in_dollars_need_a_rate():
    assert Money.exact(10, "USD").usd_low == 10
    assert Money.exact(10, "EUR").usd_low is None
    money = Money(10, 20, "reported", "EUR", "1.1", NEW_YEAR)
    assert (money.usd_low, money.usd_high) == (11, 22)
    assert Money(None, 20, "reported", "USD").usd_low is None
    assert Money.undisclosed().usd_high is None
    assert Money.exact(10, "USD", usd_rate=1, rate_date=NEW_YEAR) == Money.exact(10, "USD")


@given(monies, st.sampled_from(["en", "zh-hans"]))
def test_parses_its_own_displayed_typed_and_stored_forms(money, language):
    assert Money.parse(money.format(language)) == money
    assert Money.parse(money.typed(language), money.currency, money.kind) == money
    assert Money.from_json(money.to_json()) == money


def test_stores_the_rate_and_its_day():
    money = Money.exact("5e8", "CNY", usd_rate="0.138", rate_date=NEW_YEAR)
    assert money.to_json() == {
        "low": "500000000",
        "high": "500000000",
        "kind": "reported",
        "currency": "CNY",
        "usd_rate": "0.138",
        "rate_date": "2024-01-03",
    }
    assert Money.from_json(money.to_json()) == money


@given(st.text(max_size=40) | st.text("0123456789.USDEURM万亿元 –", max_size=20))
def test_any_text_is_money_or_refused(text):
    with suppress(NotUnderstood):
        Money.parse(text)
