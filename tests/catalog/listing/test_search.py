"""Search finds any part of a Chinese text and names however they are typed, and accepts any query string."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.db import transaction
from django.db.models import Exists, OuterRef
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from modelsearch.backends import get_search_backend
from modelsearch.conf import get_app_config
from modelsearch.query import MATCH_ALL, MATCH_NONE, Phrase, PlainText
from wagtail.models import Page

from catalog.listing.search import Level, base, find, index_for_search, match, rank, search
from catalog.listing.search.document import split_texts
from catalog.listing.search.postgres import MAX_VECTOR_BYTES, vector_literal
from catalog.listing.search.tokens import (
    MAX_QUERY_CLAUSES,
    MAX_TOKEN_CHARS,
    NAME_MARK,
    QueryTerm,
    fold,
    index_tokens,
    name_token,
    parse,
)
from catalog.models import ListingEntry, Segment
from tests.factories import make_label, make_product, make_term

SENTENCES = [
    "人工智能生成内容正在改变内容产业的生产方式",
    "扩散模型从噪声中一步步还原出图像",
    "大语言模型的参数量已达一千七百五十亿",
    "𠮷野家与龦龧鿕都能找到",
    "ひらがなとカタカナも検索できる",
]
TITLES = [
    "GPT-3",
    "GPT-2",
    "GPT-3.5 Turbo",
    "DALL·E 2",
    "Copy.ai",
    "Stable Diffusion",
    "Claude 3 Opus",
    "How to write with GPT-3",
    "使用GPT-3生成文本",
    "From text to image",
    "Café Über",
]
TYPED = {
    "gpt-3": "GPT-3",
    "gpt3": "GPT-3",
    "GPT 3": "GPT-3",
    "ＧＰＴ－３": "GPT-3",
    "gpt-3.5": "GPT-3.5 Turbo",
    "dalle 2": "DALL·E 2",
    "dall-e 2": "DALL·E 2",
    "copy.ai": "Copy.ai",
    "copy ai": "Copy.ai",
    "stablediff": "Stable Diffusion",
    "diffusion": "Stable Diffusion",
    "claude-3-opus": "Claude 3 Opus",
    "text-to-image": "From text to image",
    "cafe uber": "Café Über",
    "使用GPT-3生成": "使用GPT-3生成文本",
    "生成 gpt": "使用GPT-3生成文本",
}
ODD = [
    "",
    " ",
    '"',
    '""',
    "'",
    "*",
    ":*",
    "(",
    "()",
    "AND",
    "NOT",
    "NEAR(",
    "NEAR(a b, 2)",
    "a AND",
    "-a",
    "^a",
    "{title} : a",
    "title:a",
    "a\x00b",
    "\x00",
    "\ud800",
    "a\udfff中",
    "\\",
    "\\'",
    "a\\'b",
    "!&|<->",
    "%s %(a)s %",
    "x" * 10_000,
    "中" * 10_000,
    "ab " * 4_000,
    "a-" * 5_000,
    "\ufdfa" * 600,
    "🙂",
    NAME_MARK,
]


def substrings(text: str, longest: int = 4) -> set[str]:
    return {text[i : i + length] for length in range(1, longest + 1) for i in range(len(text) - length + 1)}


def found_in(text: str, query_string: str) -> bool:
    """Do in Python what a database does with the tokens."""
    tokens = set(index_tokens(text))

    def has(term: QueryTerm) -> bool:
        return any(t.startswith(term.token) for t in tokens) if term.prefix else term.token in tokens

    query = parse(query_string)
    found = [any(all(map(has, terms)) for terms in alternatives) for alternatives in query.clauses]
    return bool(found) and all(found)


def add_page(title: str) -> Page:
    root = Page.objects.filter(depth=1).first() or Page.add_root(title="Root", slug="root")
    return root.add_child(title=title, slug=f"page-{root.numchild}")


@pytest.fixture
def pages(db) -> None:
    with transaction.atomic():
        for title in [*TITLES, *SENTENCES]:
            add_page(title)


def titles(query_string: str) -> list[str]:
    return list(search(Page.objects.all(), query_string).values_list("title", flat=True))


class TestTokens:
    def test_chinese_becomes_pairs_and_single_characters(self):
        assert index_tokens("大模型") == ["大模", "模型", "大", "模", "型"]

    def test_words_beside_chinese_are_split_off(self):
        assert {"使用", "gpt", "3", "gpt3", "生成"} <= set(index_tokens("使用GPT-3生成"))

    def test_full_width_upper_case_accents_and_invisible_characters_are_folded(self):
        assert fold("ＧＰＴ４ Café \u200bÜber") == "gpt4 cafe uber"
        assert index_tokens("生\u200b成") == index_tokens("生成")

    def test_kana_keep_their_marks(self):
        assert fold("ガ") != fold("カ")

    def test_a_number_is_joined_to_the_word_before_it(self):
        assert {"claude3", "dalle2"} <= set(index_tokens("Claude 3 Opus, DALL·E 2"))

    def test_letters_and_number_are_also_found_separately(self):
        assert {"gpt4o", "gpt", "4o"} <= set(index_tokens("GPT4o"))

    def test_long_words_match_their_query(self):
        word = "a" * 500
        assert index_tokens(word) == ["a" * MAX_TOKEN_CHARS]
        assert found_in(word, word)

    def test_a_name_is_one_token_without_punctuation(self):
        assert name_token("DALL·E 2") == name_token("dalle2") == NAME_MARK + "dalle2"
        assert name_token("!?") == ""

    @given(st.text(alphabet=st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=1), st.data())
    def test_any_piece_of_chinese_is_found(self, text, data):
        start = data.draw(st.integers(0, len(text) - 1))
        end = data.draw(st.integers(start + 1, len(text)))
        assert found_in(text, text[start:end])

    @given(st.text())
    def test_tokens_need_no_quoting(self, text):
        for token in index_tokens(text):
            assert token
            assert not set(token) & set(" '\"\\:*()\x00" + NAME_MARK)

    @given(st.lists(st.text(alphabet="abc123中文型", min_size=1), min_size=1, max_size=5))
    def test_a_text_is_found_by_itself(self, words):
        text = " ".join(words)
        assert found_in(text, text)


class TestParse:
    def test_all_words_must_match_and_the_last_latin_one_begins_a_word(self):
        assert parse("open ai 生成").clauses == (
            ((QueryTerm("open"),),),
            ((QueryTerm("ai", prefix=True),),),
            ((QueryTerm("生成"),),),
        )

    def test_a_number_is_not_looked_up_without_its_word(self):
        assert parse("GPT-3").clauses == (((QueryTerm("gpt3", prefix=True),),),)

    def test_words_with_hyphens_may_be_written_apart(self):
        spellings = parse("text-to-image").clauses[0]
        assert spellings == (
            (QueryTerm("texttoimage", prefix=True),),
            (QueryTerm("text"), QueryTerm("to"), QueryTerm("image", prefix=True)),
        )

    @pytest.mark.parametrize("query_string", ["", " ", '"', "*", "\x00", "\ud800", "🙂", "。，"])
    def test_a_query_without_letters_or_digits_is_empty(self, query_string):
        assert not parse(query_string)

    @given(st.text(alphabet=st.characters(exclude_categories=())))
    def test_any_string_can_be_parsed(self, query_string):
        query = parse(query_string * 50)
        assert len(query.clauses) <= MAX_QUERY_CLAUSES
        assert bool(query.clauses) == bool(query.key)


class TestDocument:
    def test_values_of_all_types_become_texts(self):
        assert split_texts({"a": ["x", ("y\nz",)], "b": None, "c": 3}) == ["x", "y", "z", "3"]

    def test_a_text_of_any_length_fits_a_postgres_vector(self):
        literal = vector_literal(["名"], [f"w{number}" for number in range(200_000)] + ["w1"] * 100)
        assert literal.startswith("'名':1A ")
        assert len(literal) < 3 * MAX_VECTOR_BYTES


@pytest.mark.django_db
class TestSearch:
    def test_every_piece_of_chinese_up_to_four_characters_is_found(self, pages):
        missed = [
            (piece, sentence)
            for sentence in SENTENCES
            for piece in substrings(sentence)
            if not match(Page.objects.filter(title=sentence), piece).exists()
        ]
        assert missed == []

    def test_names_are_found_however_they_are_typed(self, pages):
        assert [typed for typed, title in TYPED.items() if title not in titles(typed)] == []

    def test_the_exact_name_comes_first_then_beginnings_of_names_then_texts(self, pages):
        # The exact name, then the beginning of a name, then names that contain it.
        found = titles("gpt-3")
        assert found[:2] == ["GPT-3", "GPT-3.5 Turbo"]
        assert set(found[2:]) == {"How to write with GPT-3", "使用GPT-3生成文本"}

    def test_all_words_must_match(self, pages):
        assert titles("write gpt") == ["How to write with GPT-3"]
        assert titles("write diffusion") == []

    def test_match_can_be_combined_with_other_conditions(self, pages, django_assert_num_queries):
        with django_assert_num_queries(1):
            found = match(Page.objects.filter(depth=2).order_by("title"), "gpt")
            found = found.filter(title__startswith="GPT").exclude(title="GPT-2")
            assert [page.title for page in found[:1]] == ["GPT-3"]
        assert found.count() == 2
        inner = match(Page.objects.all(), "gpt").filter(pk=OuterRef("pk"))
        assert Page.objects.filter(Exists(inner)).count() == match(Page.objects.all(), "gpt").count() == 5
        assert search(Page.objects.all(), "gpt").filter(title="GPT-2").count() == 1

    def test_an_empty_query_matches_nothing(self, pages):
        assert match(Page.objects.all(), " ").count() == search(Page.objects.all(), "").count() == 0

    def test_odd_queries_are_answered(self, pages):
        for query_string in ODD:
            self.ask_everywhere(query_string)

    @settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.text(alphabet=st.characters(exclude_categories=()), max_size=40))
    def test_any_query_is_answered(self, pages, query_string):
        self.ask_everywhere(query_string)

    def ask_everywhere(self, query_string: str) -> None:
        backend = get_search_backend()
        everything = Page.objects.all()
        assert len(search(everything, query_string)) == match(everything, query_string).count()
        list(backend.search(query_string, everything))
        list(backend.autocomplete(query_string, everything))

    @settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.text(alphabet=st.characters(exclude_characters="\x00", exclude_categories=("Cs",)), min_size=1))
    def test_any_text_can_be_indexed_and_is_found_by_itself(self, pages, text):
        page = Page.objects.get(title="GPT-2")
        with transaction.atomic():
            Page.objects.filter(pk=page.pk).update(title=text[:100])
            index_for_search(page)
            found = match(Page.objects.filter(pk=page.pk), text[:100]).exists()
            transaction.set_rollback(True)
        assert found == bool(parse(text[:100]))


@pytest.mark.django_db
class TestRank:
    """What listings and the site's search use: keys, by level."""

    def make(self) -> dict[str, int]:
        """Make rows of the listing index that contain `diffusion` in different ways, by name."""
        segment = make_label(Segment, "image-generation", name_en="Image generation", synonyms="diffusion, 文生图")
        terms = [
            make_term(name="Diffusion", name_zh="扩散"),
            make_term(name="Diffusion model", name_zh="扩散模型"),
            make_term(name="Latent diffusion", name_zh="潜在扩散"),
            make_term(
                name="Noise", name_zh="噪声", definition_en="What diffusion starts from.", definition_zh="起点。"
            ),
        ]
        product = make_product(name="Painter", segments=[segment])
        names = {str(record.name_en): record.uid for record in [*terms, product]}
        keys = dict(ListingEntry.objects.values_list("entry", "pk"))
        return {name: keys[uid] for name, uid in names.items()}

    def test_past_rows_do_not_change_the_order_of_current_rows(self, monkeypatch):
        monkeypatch.setattr(base, "MAX_SCORED", 3)
        names = ["Stable Diffusion", "Stable Diffusion XL", "Stable Diffusion of the third kind"]
        for name in names:
            make_product(name=name)
        present = dict(ListingEntry.objects.values_list("pk", "name_en"))
        for row in ListingEntry.objects.filter(pk__in=present):
            row.pk, row.until = None, row.since
            row.save()
            index_for_search(row)
        keys = find("stable", among=present)
        assert [present[key] for key in keys] == names

    def test_the_start_of_a_spelt_out_character_finds_nothing_else(self):
        make_product(name="Plain")
        make_product(name="Ue")
        for query in ("u", "ue", "ue0", "ue001", "u3"):
            found = {row.name_en for row in ListingEntry.objects.filter(pk__in=find(query, among=range(10**9)))}
            assert found <= {"Ue"}, query

    def test_levels_come_in_order(self):
        keys = self.make()
        found = {level: its for level, its in rank(ListingEntry, "diffusion").items() if its}
        assert found == {
            Level.NAME: [keys["Diffusion"]],
            Level.BEGINNING_OF_NAME: [keys["Diffusion model"]],
            Level.WORDS_OF_NAMES: [keys["Latent diffusion"]],
            Level.LINE: [keys["Painter"]],
            Level.TEXT: [keys["Noise"]],
        }
        assert find("diffusion") == [key for its in found.values() for key in its]
        rows = ListingEntry.objects.all()
        assert [row.pk for row in search(rows, "diffusion")] == find("diffusion")

    def test_chinese_is_found_by_sound_in_either_script_and_by_synonyms(self):
        keys = self.make()
        assert find("kuosan")[:2] == [keys["Diffusion"], keys["Diffusion model"]]
        assert find("ksmx") == [keys["Diffusion model"]]
        assert find("擴散模型") == [keys["Diffusion model"]]
        assert find("文生图") == [keys["Painter"]]

    def test_a_search_takes_two_queries_at_any_size(self, django_assert_num_queries):
        self.make()
        with django_assert_num_queries(2):
            few = find("diffusion")
        for number in range(40):
            make_term(name=f"Diffusion {number}")
        with django_assert_num_queries(2):
            many = find("diffusion")
        assert len(many) == len(few) + 40

    def test_the_index_can_be_rebuilt(self):
        keys = self.make()
        index = get_app_config().get_model("IndexEntry").objects
        [entry] = index.filter(pk=-keys["Noise"]).values()
        index.all().delete()
        index.create(**{**entry, "id": 10**6})
        index.create(**{**entry, "id": 10**6 + 1, "object_id": "999999"})
        call_command("update_index", stdout=StringIO())
        assert len(find("diffusion")) == 5
        assert find("noise") == [keys["Noise"]]
        assert not index.filter(object_id="999999").exists()

    def test_pages_are_ranked_too(self, pages):
        found = [key for its in rank(Page, "gpt-3").values() for key in its]
        titles = Page.objects.in_bulk(found)
        assert [titles[key].title for key in found][:2] == ["GPT-3", "GPT-3.5 Turbo"]

    def test_entries_from_before_they_used_keys_are_replaced(self):
        keys = self.make()
        index = get_app_config().get_model("IndexEntry").objects
        [entry] = index.filter(pk=-keys["Noise"]).values()
        index.filter(pk=entry["id"]).delete()
        index.create(**{**entry, "id": 10**6})
        assert find("noise") == []
        index_for_search(ListingEntry.objects.get(pk=keys["Noise"]))
        assert find("noise") == [keys["Noise"]]
        assert index.filter(object_id=str(keys["Noise"]), content_type=entry["content_type_id"]).count() == 1

    @settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.text(alphabet=st.characters(exclude_categories=()), max_size=40))
    def test_any_query_is_answered(self, pages, query_string):
        found = [key for its in rank(Page, query_string).values() for key in its]
        assert sorted(found) == sorted(match(Page.objects.all(), query_string).values_list("pk", flat=True))
        find(query_string)


class TestWagtail:
    """The interfaces that the admin uses."""

    def test_search_and_autocomplete(self, pages):
        backend = get_search_backend()
        assert [page.title for page in backend.search("语言模型", Page)] == [SENTENCES[2]]
        assert [page.title for page in backend.autocomplete("stab", Page)] == ["Stable Diffusion"]
        assert backend.search("diffusion copy", Page, operator="or").count() == 2
        assert backend.search("diffusion", Page, fields=["title"]).count() == 1
        assert backend.search("gpt", Page).annotate_score("score")[0].score > 0

    def test_structured_queries(self, pages):
        backend = get_search_backend()
        everything = backend.search(MATCH_ALL, Page).count()
        assert everything == Page.objects.count()
        assert backend.search(MATCH_NONE, Page).count() == 0
        assert backend.search(~PlainText("gpt"), Page).count() == everything - 5
        assert backend.search(PlainText("gpt") & ~PlainText("turbo"), Page).count() == 4
        assert backend.search(PlainText("turbo") | Phrase("text to image"), Page).count() == 2
        assert backend.search(PlainText(" ") | PlainText("turbo"), Page).count() == 1


class TestReindex:
    def test_bulk_writes_are_found_after_reindexing(self, pages):
        Page.objects.filter(title="GPT-2").update(title="百川")
        page = Page.objects.get(title="百川")
        assert not match(Page.objects.all(), "百川").exists()
        index_for_search(page)
        assert match(Page.objects.all(), "百川").get() == page
        assert not match(Page.objects.all(), "gpt-2").exists()

    def test_index_changes_are_rolled_back_with_their_transaction(self, pages):
        with transaction.atomic():
            page = add_page("智谱")
            index_for_search(page)
            assert match(Page.objects.all(), "智谱").exists()
            transaction.set_rollback(True)
        assert not match(Page.objects.all(), "智谱").exists()

    def test_a_deleted_page_is_not_found(self, pages):
        Page.objects.get(title="GPT-2").delete()
        assert not match(Page.objects.all(), "gpt-2").exists()
