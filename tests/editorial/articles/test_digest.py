"""The weekly digest: its content, its week, that there is only one, and that it is a draft like any other."""

import uuid
from datetime import UTC, datetime
from io import StringIO

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import AIModel, Change, ListingEntry, Publication
from catalog.publishing.authorship import find_authors
from editorial.articles.digest import CHANGES_SHOWN, ENTRIES_SHOWN
from editorial.articles.outdated import list_outdated
from editorial.models import ArticlePage
from tests.editorial.review.support import decide, sign_in
from tests.factories import (
    make_article,
    make_home,
    make_model,
    make_organization,
    make_term,
    publish,
    publish_revision,
    withdraw,
)

pytestmark = pytest.mark.django_db
# A Tuesday: the week before is 2026-W47, from 16 to 22 November.
TUESDAY = datetime(2026, 11, 24, 9, tzinfo=UTC)


def on(day: int, hour: int = 12, minute: int = 0):
    """Return a time in November 2026."""
    return time_machine.travel(datetime(2026, 11, day, hour, minute, tzinfo=UTC), tick=False)


def run(*args: str) -> str:
    """Run the command on that Tuesday; return its output."""
    output = StringIO()
    with time_machine.travel(TUESDAY, tick=False):
        call_command("draft_digest", *args, stdout=output)
    return output.getvalue()


def get_digest(language: str = "en") -> ArticlePage:
    page = ArticlePage.objects.get(locale__language_code=language, slug="what-changed-2026-w47")
    return page.get_latest_revision_as_object()


def read(page: ArticlePage) -> dict[str, dict[str, list[str]]]:
    """Return the lines of an article's lists by bold heading, by the heading above."""
    found: dict[str, dict[str, list[str]]] = {}
    for block in page.body:
        if block.block_type == "heading":
            section = found[block.value] = {}
        else:
            soup = BeautifulSoup(block.value.source, "html.parser")
            section[soup.b.get_text()] = [line.get_text() for line in soup.find_all("li")]
    return found


@pytest.fixture
def homes():
    """Make both front pages with their lists of articles, and entries from before the week."""
    with on(2):
        make_home()
        make_home("zh-hans")


@pytest.fixture
def gpt(homes):
    with on(3):
        return make_model(name="GPT-3", name_zh="GPT-3", slug="gpt-3", parameters="175 billion", licence="MIT")


def test_it_reports_the_week_in_both_languages_with_links(gpt):
    with on(17):
        publish(gpt, parameters="176 billion", licence="", summary_en="A text of many words.")
        make_organization(name="Acme", slug="acme", name_zh="极致")
    with on(18):
        make_term(name="Token", name_zh="词元", slug="token")
        publish(gpt, parameters="177 billion")
    assert "What changed in week 47 of 2026" in run()
    english, chinese = get_digest(), get_digest("zh-hans")
    assert english.title == "What changed in week 47 of 2026"
    assert english.introduction == (
        "16 November 2026 to 22 November 2026 (UTC). New entries: 2. Entries with changed values: 1. "
        "Withdrawn, merged, restored and renamed: 0."
    )
    assert read(english) == {
        "New entries": {"Organizations": ["Acme"], "Terms": ["Token"]},
        "Changed values": {"Models": ["GPT-3: Summary; Parameters: 175 billion → 177 billion; Licence: MIT → –"]},
    }
    lists = BeautifulSoup(
        "".join(block.value.source for block in english.body if block.block_type == "text"), "html.parser"
    )
    assert [link["href"] for link in lists.find_all("a")] == [
        "/en/organizations/acme/",
        "/en/glossary/token/",
        "/en/models/gpt-3/history/#version-3",
    ]
    lines = [line for section in read(chinese).values() for kind in section.values() for line in kind]
    assert lines == ["极致", "词元", "GPT-3：简介；参数量：1750 亿 → 1770 亿；许可协议：MIT → –"]
    assert "/zh-hans/models/gpt-3/history/" in chinese.body[-1].value.source
    assert english.translation_key == chinese.translation_key


def test_it_reports_withdrawn_entries_without_their_values(gpt):
    gone, merged, back, moved = (
        make_model(name=name, slug=name.lower(), parameters="1 billion") for name in ("Gone", "Merged", "Back", "Moved")
    )
    with on(16):
        publish(gone, parameters="2 billion")
        withdraw(back)
        publish(back, withdrawal_en="", withdrawal_zh="")
    with on(17):
        withdraw(gone)
        publish(merged, merged_into=gpt)
        publish(moved, slug="moved-on")
    run()
    assert read(get_digest()) == {
        "Withdrawn, merged, restored and renamed": {
            "Models": [
                "Moved: Renamed · 17 November 2026",
                "Merged: Merged into GPT-3 on 17 November 2026",
                "Gone: Withdrawn on 17 November 2026: It was wrong.",
                "Back: Restored · 16 November 2026",
                "Back: Withdrawn on 16 November 2026: It was wrong.",
            ]
        }
    }


def test_new_entries_and_reverted_values_are_not_reported_as_changed(gpt):
    with on(17):
        model = make_model(name="Newcomer", slug="newcomer")
        publish(gpt, licence="Apache-2.0", released="2020", aliases="GPT3")
    with on(18):
        publish(model, licence="MIT")
        publish(gpt, licence="MIT", released=None, aliases="")
        make_model(publish=False)
    run()
    assert read(get_digest()) == {"New entries": {"Models": ["Newcomer"]}}


def test_a_week_begins_on_monday_and_ends_on_sunday_in_utc(homes):
    for name, day, hour, minute in (
        ("Before", 15, 23, 59),
        ("First", 16, 0, 0),
        ("Last", 22, 23, 59),
        ("After", 23, 0, 0),
    ):
        with on(day, hour, minute):
            make_model(name=name, slug=name.lower())
    run()
    assert read(get_digest()) == {"New entries": {"Models": ["Last", "First"]}}
    run("--week", "2026-W46")
    page = ArticlePage.objects.get(locale__language_code="en", slug="what-changed-2026-w46")
    assert read(page) == {"New entries": {"Models": ["Before"]}}


@pytest.mark.parametrize("week", ["2026-W48", "2026-W60", "2025-W53", "2026-47", "9999-W52", "0000-W01", "W47", "x"])
def test_invalid_and_unfinished_weeks_are_refused(homes, week):
    with pytest.raises(CommandError, match=week):
        run("--week", week)
    assert not ArticlePage.objects.exists()


def test_a_week_without_events_has_no_digest(gpt):
    assert "Nothing changed in week 2026-W47" in run()
    with on(17):
        publish(gpt)
    assert "Nothing changed in week 2026-W47" in run()
    assert not ArticlePage.objects.exists()


def test_a_week_has_one_digest_and_peoples_changes_to_it_stay(gpt):
    with on(17):
        publish(gpt, parameters="176 billion")
    run()
    editor = sign_in("Editor")
    draft = get_digest()
    draft.title, draft.slug, draft.body = "Our week", "our-week", [("heading", "In our words")]
    draft.save_revision(user=editor.user)
    publish_revision(get_digest("zh-hans").save_revision())
    publish(ArticlePage.objects.get(locale__language_code="en"))
    assert "is there already" in run()
    assert ArticlePage.objects.count() == 2
    assert ArticlePage.objects.get(slug="our-week").title == "Our week"


def test_another_page_at_its_address_stays(gpt):
    with on(17):
        publish(gpt, parameters="176 billion")
    make_article(slug="what-changed-2026-w47", title="Of our own", body=[("heading", "Ours")])
    assert run().count("Drafted") == 1
    assert ArticlePage.objects.get(locale__language_code="en").title == "Of our own"
    assert ArticlePage.objects.get(locale__language_code="zh-hans").title == "2026 年第 47 周更新动态"


@pytest.mark.admin
def test_it_goes_through_review_like_any_article(client, gpt):
    with on(17):
        publish(gpt, parameters="176 billion")
    run()
    editor, reviewer = sign_in("Editor"), sign_in("Reviewer")
    page = ArticlePage.objects.get(locale__language_code="en")
    assert client.get("/en/articles/what-changed-2026-w47/").status_code == 404
    assert find_authors(record=page, revision=page.latest_revision) == []
    for person in (editor, reviewer):
        front = BeautifulSoup(person.get("/admin/").content, "html.parser")
        section = front.find(id="site-drafts").parent
        titles = {link.get_text() for link in section.find_all("a")}
        assert titles == {"2026 年第 47 周更新动态", "What changed in week 47 of 2026"}
    assert 'id="site-drafts"' not in sign_in("Contributor").get("/admin/").content.decode()
    page.get_workflow().start(page, user=editor.user)
    assert "What changed in week 47" not in str(
        BeautifulSoup(editor.get("/admin/").content, "html.parser").find(id="site-drafts").parent
    )
    page.refresh_from_db()
    decide(reviewer, page)
    html = client.get("/en/articles/what-changed-2026-w47/").content.decode()
    assert '<a href="/en/models/gpt-3/history/#version-2">GPT-3</a>: Parameters: 175 billion → 176 billion' in html
    publish(gpt, parameters="177 billion")
    assert list_outdated(most=10) == [], "it speaks of its week"


def test_names_and_values_are_escaped(gpt):
    with on(17):
        publish(gpt, name_en="<b>GPT</b>", aliases="<script>", licence="A & B")
    run()
    html = get_digest().body[-1].value.source
    assert "&lt;b&gt;GPT&lt;/b&gt;" in html
    assert "A &amp; B" in html
    assert "<script>" not in html


def fill_week(number: int, *, changes: int) -> None:
    """Change many values of many models during the week, as if they were published one by one."""
    with on(3):
        model = make_model(parameters="1 billion", slug=f"pattern-{number}")
    pattern, listing = Publication.objects.of(model.uid).get(), ListingEntry.objects.get(entry=model.uid)
    quantity = pattern.document["fields"]["parameters"]
    words = {"en": "Words " * 20, "zh": "字" * 100}
    publications, listings = [], []
    for item in range(number):
        uid, slug = uuid.uuid4(), f"many-{number}-{item}"
        document = {**pattern.document, "uid": str(uid), "slug": slug}
        values = {"entry": uid, "kind": "model", "slug": slug, "action": "published", "document": document}
        publications += [Publication(**values, sequence=1), Publication(**values, sequence=2)]
        listings.append(
            ListingEntry(
                **{
                    **{field.attname: getattr(listing, field.attname) for field in listing._meta.concrete_fields},
                    **{"id": None, "entry": uid, "slug": slug},
                }
            )
        )
    with on(4):
        Publication.objects.bulk_create(it for it in publications if it.sequence == 1)
    with on(18):
        changed = Publication.objects.bulk_create(it for it in publications if it.sequence == 2)
    ListingEntry.objects.bulk_create(listings)
    row = {"metric": words, "quantity": quantity, "unit": {"en": "", "zh": ""}, "as_of": "2020", "note": words}
    Change.objects.bulk_create(
        Change(publication=publication, path=f"measurements/m{n}", old={**row, "as_of": "2019"}, new=row)
        for publication in changed
        for n in range(changes)
    )


# With a hundred entries, the long run has ten thousand changes.
@pytest.mark.parametrize("changes", [10, pytest.param(100, marks=pytest.mark.long)])
def test_a_week_with_many_changes_has_a_digest_of_readable_length(homes, client, changes):
    def queries() -> int:
        ArticlePage.objects.all().delete()
        with CaptureQueriesContext(connection) as context:
            run()
        return len(context)

    fill_week(ENTRIES_SHOWN + 1, changes=CHANGES_SHOWN + 1)
    queries()
    few = queries()
    fill_week(100, changes=changes)
    assert queries() == few
    page = get_digest()
    lines = read(page)["Changed values"]["Models"]
    assert len(lines) == ENTRIES_SHOWN + 1
    assert lines[-1] == "and 101 more"
    assert lines[0].count("→") == CHANGES_SHOWN
    assert lines[0].endswith(f"; and {changes - CHANGES_SHOWN} more")
    link = BeautifulSoup(page.body[-1].value.source, "html.parser").find_all("a")[-1]["href"]
    assert link == "/en/changes/?kind=model&date_min=2026-11-16&date_max=2026-11-22"
    assert "111 results" in client.get(link).content.decode()
    assert sum(len(line) for line in lines) < 10_000
    assert AIModel.objects.count() == 2
