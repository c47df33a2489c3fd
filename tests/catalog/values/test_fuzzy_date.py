import datetime

import pytest
from django.core.exceptions import ValidationError
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from catalog.values import FuzzyDate, FuzzyDateField, NotUnderstood
from catalog.values.forms import FuzzyDateFormField

days = st.dates(datetime.date(1900, 1, 1), datetime.date(2100, 12, 31))
dates = st.builds(lambda day, parts: FuzzyDate(*(day.year, day.month, day.day)[:parts]), days, st.integers(1, 3))


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2020", "2020"),
        ("2020-06", "2020-06"),
        ("2020-06-11", "2020-06-11"),
        ("2020/6/11", "2020-06-11"),
        ("June 2020", "2020-06"),
        ("jun 2020", "2020-06"),
        ("11 June 2020", "2020-06-11"),
        ("June 11, 2020", "2020-06-11"),
        ("2020 年", "2020"),
        ("2020 年 6 月", "2020-06"),
        ("2020年6月11日", "2020-06-11"),
        ("２０２０年６月", "2020-06"),
        (2020, "2020"),
        (datetime.date(2020, 6, 11), "2020-06-11"),
    ],
)
def test_parses_the_usual_forms(text, iso):
    assert FuzzyDate.parse(text).isoformat() == iso


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "20",
        "20200611",
        "06/11/2020",
        "2020-13",
        "2021-02-29",
        "2020-00",
        "2020-06-00",
        "1899",
        "2101",
        "-2020",
        "2020\x00",
        "🙂",
        "2020-06/11",
        "Juin 2020",
        "0 June 2020",
        "2020 年 13 月",
        "1" * 10000,
        None,
        True,
        2020.0,
        10**50,
    ],
)
def test_refuses_texts_that_are_no_dates(text):
    with pytest.raises(NotUnderstood, match=r"Enter a"):
        FuzzyDate.parse(text)


@pytest.mark.parametrize("parts", [(2020, None, 1), (2020, 2, 30), (2020, 0), (2020, 10**30), ("2020",), (None,)])
def test_only_dates_that_exist_can_be_made(parts):
    with pytest.raises(NotUnderstood):
        FuzzyDate(*parts)


@given(dates, st.sampled_from(["en", "zh-hans"]))
def test_parses_its_own_output(date, language):
    assert FuzzyDate.parse(date.format(language)) == date
    assert FuzzyDate.parse(date.isoformat()) == date
    with override(language):
        assert str(date) == date.format(language)


@given(st.lists(dates))
def test_dates_and_their_stored_texts_sort_the_same_way(some):
    assert [date.isoformat() for date in sorted(some)] == sorted(date.isoformat() for date in some)
    assert sorted(some) == sorted(
        some, key=lambda date: (date.first_day, ["year", "month", "day"].index(date.precision))
    )


def test_shows_each_precision_in_both_languages():
    shown = {
        "2020": ("2020", "2020 年"),
        "2020-06": ("June 2020", "2020 年 6 月"),
        "2020-06-11": ("11 June 2020", "2020 年 6 月 11 日"),
    }
    for iso, (english, chinese) in shown.items():
        assert FuzzyDate.parse(iso).format("en") == english
        assert FuzzyDate.parse(iso).format("zh-hans") == chinese


def test_first_and_last_day_follow_the_precision():
    assert FuzzyDate(2020).last_day == datetime.date(2020, 12, 31)
    assert FuzzyDate(2020, 2).first_day == datetime.date(2020, 2, 1)
    assert FuzzyDate(2020, 2).last_day == datetime.date(2020, 2, 29)
    assert FuzzyDate(2020, 2, 3).first_day == FuzzyDate(2020, 2, 3).last_day == datetime.date(2020, 2, 3)
    assert FuzzyDate(2020, 2).precision == "month"
    assert len({FuzzyDate(2020), FuzzyDate.parse("2020"), FuzzyDate(2020, 1)}) == 2


def test_migrations_recreate_the_field():
    _name, path, args, kwargs = FuzzyDateField("Released", null=True, blank=True).deconstruct()
    rebuilt = FuzzyDateField(*args, **kwargs)
    assert path == "catalog.values.fields.FuzzyDateField"
    assert rebuilt.max_length == 10
    assert rebuilt.get_internal_type() == "CharField"


def test_form_field_reads_renders_and_notices_changes():
    field = FuzzyDateFormField(required=False)
    assert field.clean(" June 2020 ") == FuzzyDate(2020, 6)
    assert field.clean("") is None
    assert field.clean("  ") is None
    assert field.prepare_value(FuzzyDate(2020, 6)) == "2020-06"
    assert field.prepare_value("rubbish") == "rubbish"
    assert not field.has_changed(FuzzyDate(2020, 6), "2020-06")
    assert not field.has_changed("2020-06", "June 2020")
    assert not field.has_changed(None, "")
    assert field.has_changed(FuzzyDate(2020, 6), "2020")
    assert field.has_changed(None, "rubbish")
    assert "June 2020" in str(field.help_text)
    with pytest.raises(ValidationError, match="Enter a date such as"):
        field.clean("rubbish")
    with pytest.raises(ValidationError, match="required"):
        FuzzyDateFormField().clean("")
