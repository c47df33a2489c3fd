"""Where excerpts of long texts end, in both languages."""

import pytest

from catalog.templatetags.catalog import excerpt
from catalog.values import BilingualText


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("字" * 50 + "。" + "字" * 40, "字" * 50 + "。"),
        ("字" * 50 + "，" + "字" * 40, "字" * 50 + "…"),
        ("字" * 65 + "激活 120 亿参数，支持中文", "字" * 65 + "激活…"),
        ("字" * 65 + "估值 102 亿美元，支持中文", "字" * 65 + "估值…"),
        ("字" * 68 + "采用 Transformer 架构，支持中文", "字" * 68 + "采用…"),
        ("短文。", "短文。"),
    ],
)
def test_chinese_is_cut_at_a_clause_else_beside_numbers_and_latin_words(text, expected):
    assert excerpt(BilingualText(zh=text)).zh == expected


def test_english_is_cut_at_a_sentence_else_at_a_word():
    assert excerpt(BilingualText(en="It draws. " * 20)).en.endswith("It draws.")
    assert excerpt(BilingualText(en="word " * 40)).en.endswith(" word…")
