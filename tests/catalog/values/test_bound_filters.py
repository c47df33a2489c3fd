import django_filters
import pytest
from django.db import models
from django.test.utils import isolate_apps

from catalog.values.filters import FuzzyDateBoundFilter, NumberBoundFilter

NASTY = [
    "NaN",
    "Infinity",
    "-inf",
    "1e999999",
    "9" * 10_000,
    "🙂",
    "5\x00",
    "-2020-01",
    "2020-13",
    "soon",
    "' OR 1=1",
]


@pytest.fixture(scope="module")
def listing():
    with isolate_apps("django.contrib.contenttypes"):

        class Row(models.Model):
            day = models.DateField()
            size = models.FloatField()

            class Meta:
                app_label = "contenttypes"

            def __str__(self):
                return str(self.day)

        class Rows(django_filters.FilterSet):
            released_min = FuzzyDateBoundFilter(field_name="day", bound="min")
            released_max = FuzzyDateBoundFilter(field_name="day", bound="max")
            size_min = NumberBoundFilter(field_name="size", bound="min")
            size_max = NumberBoundFilter(field_name="size", bound="max")

        yield lambda **data: Rows(data, Row.objects.all())


def where(listing):
    assert listing.form.is_valid(), listing.form.errors
    return str(listing.qs.query).partition("WHERE ")[2].replace('"contenttypes_row".', "").replace('"', "")


def test_dates_reach_from_the_first_day_to_the_last(listing):
    assert where(listing(released_min="2020")) == "day >= 2020-01-01"
    assert where(listing(released_max="2020")) == "day <= 2020-12-31"
    assert where(listing(released_max="2020 年 2 月")) == "day <= 2020-02-29"
    assert where(listing(released_min="2020-06", released_max="11 June 2020")) == (
        "(day >= 2020-06-01 AND day <= 2020-06-11)"
    )


def test_numbers_are_inclusive_bounds(listing):
    assert where(listing(size_min="10 billion")) == "size >= 10000000000.0"
    assert where(listing(size_max="1.5 亿")) == "size <= 150000000.0"
    assert where(listing(size_min="0")) == "size >= 0.0"


def test_empty_bounds_leave_all_rows(listing):
    assert where(listing(released_min="", released_max=" ", size_min="", size_max=" ")) == ""
    assert where(listing()) == ""


@pytest.mark.parametrize("value", NASTY)
@pytest.mark.parametrize("name", ["released_min", "released_max", "size_min", "size_max"])
def test_nasty_input_is_an_error_of_the_form(listing, name, value):
    form = listing(**{name: value}).form
    assert not form.is_valid()
    assert list(form.errors) == [name]
    assert form.errors[name][0].startswith("Enter a ") or "There is no such date" in form.errors[name][0]
    assert str(form)
