"""Small immutable value types with their model fields: dates, quantities, money and bilingual texts."""

from .bilingual import BilingualText
from .fields import BilingualField, FuzzyDateField, MoneyField, PlacesField, QuantityField
from .fuzzy_date import FuzzyDate
from .money import Money
from .numbers import format_number, parse_number
from .quantity import Quantity
from .text import NotUnderstood, language_key

__all__ = [
    "BilingualField",
    "BilingualText",
    "FuzzyDate",
    "FuzzyDateField",
    "Money",
    "MoneyField",
    "NotUnderstood",
    "PlacesField",
    "Quantity",
    "QuantityField",
    "format_number",
    "language_key",
    "parse_number",
]
