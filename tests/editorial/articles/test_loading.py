"""Loading pages and articles that ship: refused files, loaded pages, and how people's changes are kept."""

from io import StringIO

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from wagtail.models import Page, Revision, Site

from catalog.models import AIModel, Publication, Shipped, Source
from catalog.seed.yaml_files import FaultyFiles
from editorial.articles import loading
from editorial.articles.loading import load_site
from editorial.articles.outdated import list_outdated
from editorial.models import ArticleIndexPage, ArticlePage, HomePage, TextPage
from tests.factories import publish_revision, withdraw

CATALOG = {
    "vocabularies": "layers: []\nmodalities: []\nsegments: []\n",
    "sources": "- {slug: paper-1, kind: paper, title: A paper}\n- {slug: paper-2, kind: paper, title: Another}\n",
    "terms": "[]\n",
    "organizations": "[]\n",
    "models": "- slug: gpt-a\n  name: {en: GPT-A, zh: GPT-A}\n",
    "products": "[]\n",
}
HOME = """\
slug: home
en: {title: Landscape, introduction: What it is.}
zh: {title: 全景, introduction: 这是什么。}
"""
ABOUT = """\
slug: about
en:
  title: About
  introduction: How.
  body:
    - text: Some words.
zh:
  title: 关于
  introduction: 如何。
  body:
    - text: 一些字。
"""
ARTICLE = """\
slug: story
sources: [paper-2, paper-1]
mentions: [models/gpt-a]
en:
  title: A story
  introduction: In short.
  body:
    - heading: It begins
    - text: |-
        One <b>bold</b>
        line [1].

        Another & more.
    - table: {caption: Years, columns: [Year, What], rows: [[2018, GPT-A], [2019-02, none]]}
    - quote: {text: Said., attribution: Someone}
    - callout: {kind: disputed, text: They differ.}
    - card: models/gpt-a
zh:
  title: 故事
  introduction: 简介。
  body:
    - text: 正文。
"""


@pytest.fixture
def folders(tmp_path):
    """Return a folder with a catalog and one with pages, both valid."""
    catalog, pages = tmp_path / "catalog", tmp_path / "editorial"
    catalog.mkdir()
    for name, text in CATALOG.items():
        (catalog / f"{name}.yaml").write_text(text)
    for name, text in {"pages/home": HOME, "pages/about": ABOUT, "articles/story": ARTICLE}.items():
        path = pages / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return {"catalog_folder": catalog, "folder": pages}


def replace(folders, name, old, new):
    path = folders["folder"] / f"{name}.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def count_rows():
    models = (Shipped, Source, AIModel, Publication, Revision, Page, Site)
    return {model.__name__: model.objects.count() for model in models}


def get_story(language="en"):
    return ArticlePage.objects.get(locale__language_code=language)


class TestRefusedFiles:
    @pytest.mark.parametrize(
        ("name", "old", "new", "line", "reason"),
        [
            ("articles/story", "slug: story", "slug: other", 1, "the file's name"),
            ("articles/story", "slug: story", "slag: story", 1, "Unknown key “slag”"),
            ("articles/story", "paper-1]", "paper-9]", 2, "no source “paper-9”"),
            ("articles/story", "paper-1]", "paper-2]", 2, "twice"),
            ("articles/story", "[models/gpt-a]", "[models/gpt-z]", 3, "no model “gpt-z”"),
            ("articles/story", "[models/gpt-a]", "[gpt-a]", 3, "Name an entry such as models/gpt-3"),
            ("articles/story", "introduction: In short.", "introduction: " + "x" * 601, 6, "more than 600 characters"),
            ("articles/story", "title: A story", "title: [A]", 5, "must be a text"),
            ("articles/story", "heading: It begins", "heading:", 8, "“heading” is missing"),
            ("articles/story", "heading: It begins", "banner: It begins", 8, "one of: heading, text"),
            ("articles/story", "[2018, GPT-A]", "[2018]", 14, "1 cells, the table 2 columns"),
            ("articles/story", "caption: Years, ", "", 14, "“caption” is missing"),
            ("articles/story", "kind: disputed", "kind: loud", 16, "“loud” is not one of: note, disputed"),
            ("articles/story", "card: models/gpt-a", "card: models/gpt-z", 17, "no model “gpt-z”"),
            ("articles/story", "card: models/gpt-a", "card: {a: b}", 17, "Name an entry"),
            ("pages/home", "zh: {title", "fr: {title", 3, "Unknown key “fr”"),
            ("pages/home", "zh: {title", "fr: {title", 1, "no text in “zh”"),
            ("pages/about", "  body:\n    - text: Some words.\n", "", 2, "“body” is missing"),
            ("pages/about", "slug: about", "slug: about\nslug: about", 2, "is given twice here"),
        ],
    )  # fmt: skip
    def test_fault_names_file_line_and_reason(self, db, folders, name, old, new, line, reason):
        before = count_rows()
        replace(folders, name, old, new)
        with pytest.raises(FaultyFiles) as refusal:
            load_site(**folders)
        place = (folders["folder"] / f"{name}.yaml", line)
        reasons = [fault.reason for fault in refusal.value.faults if (fault.file, fault.line) == place]
        assert any(reason in text for text in reasons), str(refusal.value)
        assert count_rows() == before

    def test_slug_of_the_catalog(self, db, folders):
        page = ABOUT.replace("slug: about", "slug: models")
        (folders["folder"] / "pages" / "models.yaml").write_text(page)
        with pytest.raises(FaultyFiles, match=r"models\.yaml, line 1: The slug “models” belongs to the catalog\."):
            load_site(**folders)

    def test_fault_in_a_page_stops_the_catalog_too(self, db, folders, monkeypatch):
        from django.core.exceptions import ValidationError

        def refuse(self, *args, **kwargs):
            raise ValidationError("Not this one.")

        before = count_rows()
        monkeypatch.setattr(ArticlePage, "clean", refuse)
        with pytest.raises(FaultyFiles, match=r"story\.yaml, line 4: article articles/story \(en\): Not this one\."):
            load_site(**folders)
        assert count_rows() == before


class TestLoading:
    def test_tree(self, db, folders, settings):
        load_site(**folders)
        paths = {page.url_path: (page.live, type(page)) for page in Page.objects.filter(depth__gt=1).specific()}
        assert paths == {
            "/home/": (True, HomePage),
            "/home/articles/": (True, ArticleIndexPage),
            "/home/articles/story/": (True, ArticlePage),
            "/home/about/": (True, TextPage),
            "/home-zh-hans/": (True, HomePage),
            "/home-zh-hans/articles/": (True, ArticleIndexPage),
            "/home-zh-hans/articles/story/": (True, ArticlePage),
            "/home-zh-hans/about/": (True, TextPage),
        }
        assert Page.objects.filter(depth__gt=1).values("translation_key").distinct().count() == 4
        assert not any(Page.find_problems())
        site = Site.objects.get()
        assert (site.hostname, site.site_name, site.is_default_site) == ("testserver", "AIGC Landscape", True)
        assert site.root_page.specific == HomePage.objects.get(locale__language_code="en")
        assert ArticleIndexPage.objects.get(locale__language_code="zh-hans").title == "文章"

    def test_article(self, db, folders):
        load_site(**folders)
        story = get_story()
        assert (story.title, story.introduction) == ("A story", "In short.")
        kinds = [block.block_type for block in story.body]
        assert kinds == ["heading", "text", "table", "quote", "callout", "card"]
        assert story.body[1].value.source == ("<p>One &lt;b&gt;bold&lt;/b&gt; line [1].</p><p>Another &amp; more.</p>")
        table = story.body[2].value["table"]
        assert [column["heading"] for column in table.columns] == ["Year", "What"]
        assert [row["values"] for row in table.row_data] == [["2018", "GPT-A"], ["2019-02", "none"]]
        model = AIModel.objects.get()
        assert story.body[5].value[0].value == model
        assert [block.value for block in story.mentions] == [model]
        assert [row.source.slug for row in story.sources.all()] == ["paper-2", "paper-1"]

    def test_second_load_neither_reads_nor_writes(self, db, folders, monkeypatch, django_assert_num_queries):
        load_site(**folders)
        before = count_rows()
        monkeypatch.setattr(loading, "read_pages", None)
        with django_assert_num_queries(1):
            report = load_site(**folders)
        assert report.is_empty
        assert count_rows() == before

    def test_only_what_changed_is_written(self, db, folders):
        load_site(**folders)
        before = count_rows()
        replace(folders, "articles/story", "title: A story", "title: The story")
        report = load_site(**folders)
        assert (report.updated, report.created, report.notes) == (1, 0, [])
        assert get_story().title == "The story"
        assert count_rows() == {**before, "Revision": before["Revision"] + 1}

    def test_site_follows_its_address(self, db, folders, settings):
        load_site(**folders)
        settings.SITE_URL = "https://example.org"
        load_site(**folders)
        assert (Site.objects.get().hostname, Site.objects.get().port) == ("example.org", 443)
        Site.objects.update(hostname="other.org")
        settings.SITE_URL = "https://example.net"
        load_site(**folders)
        assert Site.objects.get().hostname == "other.org"


class TestOutdated:
    def test_values_loaded_together_with_an_article_do_not_make_it_outdated(self, db, folders):
        load_site(**folders)
        assert list_outdated(most=10) == []
        models = folders["catalog_folder"] / "models.yaml"
        models.write_text(models.read_text().replace("en: GPT-A,", "en: GPT-A (2018),"))
        load_site(**folders)
        assert [found.article for found in list_outdated(most=10)] == [get_story()]
        models.write_text(models.read_text().replace("(2018)", "(2019)"))
        replace(folders, "articles/story", "introduction: In short.", "introduction: Shorter.")
        load_site(**folders)
        assert list_outdated(most=10) == []


class TestChangesByPeople:
    def test_a_persons_change_is_kept_and_the_files_change_becomes_a_draft(self, db, folders):
        load_site(**folders)
        story, user = get_story(), get_user_model().objects.create_superuser("person", password="x")
        story.title = "Our story"
        publish_revision(story.save_revision(user=user), user=user)
        replace(folders, "articles/story", "introduction: In short.", "introduction: Shorter.")
        report = load_site(**folders)
        story = get_story()
        assert (story.title, story.introduction, story.has_unpublished_changes) == ("Our story", "In short.", True)
        draft = story.get_latest_revision_as_object()
        assert (draft.title, draft.introduction) == ("Our story", "Shorter.")
        assert report.notes == ["article articles/story (en) was changed here: what the files changed is now a draft."]

    def test_withdrawn_stays_withdrawn(self, db, folders):
        load_site(**folders)
        withdraw(get_story(), user=get_user_model().objects.create_superuser("person", password="x"))
        replace(folders, "articles/story", "introduction: In short.", "introduction: Shorter.")
        load_site(**folders)
        assert not get_story().live
        assert get_story("zh-hans").live

    def test_a_page_in_the_way(self, db, folders):
        Page.objects.filter(slug="home").update(title="Ours")
        before = count_rows()
        with pytest.raises(FaultyFiles, match="Another kind of page has the address “home”"):
            load_site(**folders)
        assert count_rows() == before


class TestCommand:
    @pytest.fixture
    def run(self, folders, monkeypatch):
        """Run the command on the folders; return its output."""

        def run():
            out = StringIO()
            call_command("load_landscape", stdout=out)
            return out.getvalue()

        command = "editorial.management.commands.load_landscape.load_site"
        monkeypatch.setattr(command, lambda: load_site(**folders))
        return run

    def test_reports_what_was_loaded(self, db, run):
        assert run() == "Loaded: 11 new, 0 updated, 0 as before, 0 left to people.\n"
        assert run() == "Nothing has changed in the files since the last load.\n"

    def test_refusal_is_one_clean_error(self, db, run, folders):
        replace(folders, "pages/home", "slug: home", "slug: house")
        with pytest.raises(CommandError, match=r"nothing was changed\.\n.*home\.yaml, line 1: "):
            run()
