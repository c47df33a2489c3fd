"""The sounds of Chinese names, the correction of misspelt words, and passages of texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.listing.search.passages import Highlighter
from catalog.listing.search.tokens import LATER_SOUND_MARK, SOUND_MARK, fold, sound_tokens, words_of
from catalog.listing.spelling import correct
from catalog.templatetags.catalog import marked

WORDS = {"stable", "diffusion", "stability", "midjourney", "claude", "cloud", "opus", "gpt", "huggingface", "hugging"}
ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=()), max_size=60)


def test_a_passage_of_one_long_word_is_cut_inside_it():
    passage = Highlighter("abc").find_passage("abc " + "x" * 500, language="en")
    assert "<mark>abc</mark>" in marked(passage.pieces)
    passage = Highlighter("nothing").find_passage("x" * 500, language="en")
    assert marked(passage.pieces).startswith("xxx")
    assert marked(passage.pieces).endswith("x…")


@given(name=st.text(alphabet="䷀易文一㐀〇abc é"), query=st.text(alphabet="abcyiwen", min_size=1, max_size=6))
def test_a_query_is_marked_in_any_name(name, query):
    """Including characters between Chinese ones that are not Chinese."""
    html = marked(Highlighter(query).mark_name(name)[1])
    assert html.replace("<mark>", "").replace("</mark>", "") == name


class TestSounds:
    @pytest.mark.parametrize(
        ("name", "pinyin", "initials"),
        [
            ("文心一言", "wenxinyiyan", "wxyy"),
            ("重庆邮电大学", "chongqingyoudiandaxue", "cqyddx"),
            ("音乐生成", "yinyueshengcheng", "yysc"),
            ("字節跳動", "zijietiaodong", "zjtd"),
            ("文心大模型 4.5", "wenxindamoxing45", "wxdmx45"),
        ],
    )
    def test_a_name_has_its_pinyin_and_its_initials(self, name, pinyin, initials):
        tokens = sound_tokens(name)
        assert {SOUND_MARK + pinyin, SOUND_MARK + initials} <= set(tokens)

    def test_a_name_is_also_found_by_the_sound_of_its_end(self):
        assert LATER_SOUND_MARK + "qianwen" in sound_tokens("通义千问")

    @pytest.mark.parametrize("name", ["GPT-3", "源 2.0", "りんな", "네이버", "", "·"])
    def test_other_names_have_no_sound(self, name):
        assert sound_tokens(name) == []


class TestFolding:
    def test_traditional_is_folded_to_simplified(self):
        assert fold("擴散模型與語言") == "扩散模型与语言"

    @given(st.text(alphabet=st.characters(min_codepoint=0x3400, max_codepoint=0x9FFF), max_size=20))
    def test_a_piece_folds_as_in_the_whole_text(self, text):
        assert fold(text) == "".join(map(fold, text))


class TestSpelling:
    @pytest.mark.parametrize(
        ("typed", "meant"),
        [
            ("Stabel Diffusion", "Stable Diffusion"),
            ("midjorney", "midjourney"),
            ("claud 3 opus", "claude 3 opus"),
            ("gtp 4", "gpt 4"),
            ("HUGGINFACE", "HUGGINGFACE"),
            ("使用 stabel", "使用 stable"),
        ],
    )
    def test_a_misspelt_word_becomes_the_nearest_one(self, typed, meant):
        assert correct(typed, words=WORDS) == meant

    @pytest.mark.parametrize("typed", ["stable diffusion", "stab", "xyzzy", "zq", "扩散", "", "123", "!?"])
    def test_correct_and_unknown_words_stay_as_typed(self, typed):
        assert correct(typed, words=WORDS) is None

    def test_words_of_names_are_known_joined_and_separate(self):
        assert words_of("Weights & Biases") == {"weights", "biases"}
        assert {"dall", "e", "dalle"} <= words_of("DALL·E 2")
        assert words_of("文心一言") == set()

    @given(ANY_TEXT)
    def test_any_text_can_be_corrected(self, text):
        assert correct(text, words=WORDS) != text


class TestHighlighting:
    @pytest.mark.parametrize(
        ("query", "name", "html"),
        [
            ("gpt3", "GPT-3.5 Turbo", "<mark>GPT-3</mark>.5 Turbo"),
            ("stab", "Stable Diffusion", "<mark>Stab</mark>le Diffusion"),
            ("opus claude", "Claude 3 Opus", "<mark>Claude</mark> 3 <mark>Opus</mark>"),
            ("cafe", "Café Über", "<mark>Café</mark> Über"),
            ("ＧＰＴ－３", "GPT-3", "<mark>GPT-3</mark>"),
            ("擴散", "扩散模型", "<mark>扩散</mark>模型"),
            ("扩散", "擴散模型", "<mark>擴散</mark>模型"),
            ("wenxin", "文心一言", "<mark>文心</mark>一言"),
            ("wxyy", "文心一言", "<mark>文心一言</mark>"),
            ("yiyan", "文心一言", "文心<mark>一言</mark>"),
            ("3", "DALL·E 3", "DALL·E <mark>3</mark>"),
            ("dota 2", "Made in 2022", "Made in 2022"),
            ("b", "<b>", "&lt;<mark>b</mark>&gt;"),
            ("amp", "Weights & Biases", "Weights &amp; Biases"),
        ],
    )
    def test_matches_are_marked_and_everything_is_escaped(self, query, name, html):
        assert marked(Highlighter(query).mark_name(name)[1]) == html

    def test_the_passage_is_the_sentence_with_most_of_the_query(self):
        text = "It was shown in 2022. " * 20 + "Later it beat the champions of Dota 2. It was not released."
        passage = Highlighter("dota 2").find_passage(text, language="en")
        assert marked(passage.pieces).startswith("Later it beat the champions of <mark>Dota 2</mark>.")
        assert passage.found

    def test_a_text_without_the_query_is_shown_from_its_beginning(self):
        passage = Highlighter("opus").find_passage("Words " * 100, language="en")
        assert passage.found == 0
        assert marked(passage.pieces).startswith("Words Words")
        assert marked(passage.pieces).endswith("Words…")
        assert len(marked(passage.pieces)) < 170

    def test_a_sentence_that_is_too_long_is_shown_around_the_query(self):
        text = "甲乙丙丁" * 60 + "扩散模型" + "戊己" * 60 + "。"
        passage = Highlighter("扩散模型").find_passage(text, language="zh-hans")
        assert "<mark>扩散模型</mark>" in marked(passage.pieces)
        assert marked(passage.pieces).startswith("…")
        assert marked(passage.pieces).endswith("…")

    @given(ANY_TEXT, ANY_TEXT)
    def test_any_query_in_any_text_gives_well_formed_marks(self, query, text):
        highlighter = Highlighter(query)
        html = marked(highlighter.mark_name(text)[1])
        assert html.count("<mark>") == html.count("</mark>")
        assert "<" not in html.replace("<mark>", "").replace("</mark>", "")
        highlighter.find_passage(text, language="en")
