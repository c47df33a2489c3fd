"""Small immutable value types with their model fields: dates, quantities, money and bilingual texts."""

from .bilingual import BilingualField, BilingualText
from .fuzzy_date import FuzzyDate, FuzzyDateField
from .money import Money, MoneyField
from .numbers import format_number, parse_number
from .quantity import Quantity, QuantityField
from .text import NotUnderstood

__all__ = [
    "BilingualField",
    "BilingualText",
    "FuzzyDate",
    "FuzzyDateField",
    "Money",
    "MoneyField",
    "NotUnderstood",
    "Quantity",
    "QuantityField",
    "format_number",
    "parse_number",
]
