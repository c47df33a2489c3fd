"""Wagtail saves incomplete drafts, but still requires values of columns that take no None."""

import pytest

from catalog.values import FuzzyDateField, MoneyField, QuantityField


@pytest.mark.parametrize("field_class", [FuzzyDateField, MoneyField, QuantityField])
def test_drafts_need_values_of_required_columns(field_class):
    assert field_class().required_on_save
    assert not field_class(null=True, blank=True).required_on_save
