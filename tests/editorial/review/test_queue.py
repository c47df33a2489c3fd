"""My queue: what needs a person, in the order of urgency, for people who check values."""

import re
from datetime import UTC, datetime

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.formats import date_format

from catalog.models import Source, Term, Verification
from catalog.models.checks import Outcome
from catalog.models.verification import State
from catalog.publishing.checking import flag_source, record_checks
from editorial.articles.pages import ArticlePage, ArticleSource
from tests.editorial.review.support import sign_in
from tests.factories import (
    make_article,
    make_model,
    make_organization,
    make_product,
    make_source,
    make_term,
    publish_revision,
    withdraw,
)

pytestmark = [pytest.mark.django_db, pytest.mark.admin]
QUEUE = "/admin/review/queue/"


@pytest.fixture
def editor():
    return sign_in("Editor")


def read_rows(client, query: str = "") -> list[list[str]]:
    """Return the rows of the queue: name, field group, state."""
    response = client.get(f"{QUEUE}{query}")
    assert response.status_code == 200
    soup = BeautifulSoup(response.content, "html.parser")
    return [
        [row.find("a").get_text(), *(cell.get_text(strip=True) for cell in row.find_all("td")[:2])]
        for row in soup.select("tbody tr")
    ]


def read_reasons(client, query: str = "") -> dict[str, str]:
    """Return the reason why each field group is in the queue."""
    rows = BeautifulSoup(client.get(f"{QUEUE}{query}").content, "html.parser").select("tbody tr")
    return {row.find_all("td")[0].get_text(): row.find_all("td")[2].get_text() for row in rows}


def check(record, group, user, outcome=Outcome.STILL_TRUE, **values) -> None:
    record_checks(entry=record.uid, group=group, outcome=outcome, user=user, **values)


def dispute(model) -> None:
    """Publish that the source of an entry's only citation contradicts the value."""
    draft = model.get_latest_revision_as_object()
    citation = draft.citations.all()[0]
    citation.stance, citation.stated_en = "contradicts", "Open weights"
    draft.citations = [citation]
    publish_revision(draft.save_revision())


def test_unchecked_groups_are_in_the_queue_until_they_are_checked(editor):
    model = make_model(name="Alpha")
    assert sorted(read_rows(editor)) == [
        ["Alpha", "Access and status", "Unverified"],
        ["Alpha", "Profile", "Unverified"],
        ["Alpha", "Specifications", "Unverified"],
    ]
    check(model, "profile", editor.user)
    assert "Profile" not in {group for _name, group, _state in read_rows(editor)}
    withdraw(model)
    assert read_rows(editor) == []


def test_drafts_are_not_in_the_queue(editor):
    make_model(publish=False)
    assert read_rows(editor) == []


def test_the_most_urgent_comes_first(editor):
    """Urgency is days of waiting, times how fast such values change, times the number of dependents."""
    with time_machine.travel(datetime(2026, 1, 1, tzinfo=UTC)) as clock:
        plans = [{"key": "free", "per": "free", "name_en": "Free", "name_zh": "免费"}]
        old = make_product(name="Old", children={"price_plans": plans})
        clock.move_to(datetime(2026, 2, 1, tzinfo=UTC))
        shown = make_model(name="Shown")
        for number in range(3):
            make_product(name=f"Product {number}", built_on=[shown])
        clock.move_to(datetime(2026, 2, 10, tzinfo=UTC))
        editor.force_login(editor.user)
        rows = read_rows(editor)
        # 41 days / 30, 41 days / 60, and 10 days / 60 × 4.
        assert rows[:3] == [
            ["Old", "Pricing", "Unverified"],
            ["Old", "Access and status", "Unverified"],
            ["Shown", "Access and status", "Unverified"],
        ]
        assert Verification.objects.get(entry=old.uid, group="pricing").waiting_since.isoformat() == "2026-01-01"


def test_an_article_that_shows_an_entry_makes_it_more_urgent(editor):
    make_model(name="Unread")
    shown = make_model(name="Shown")
    make_article(mentions=[("model", shown)])
    assert [name for name, group, _state in read_rows(editor) if group == "Profile"] == ["Shown", "Unread"]


def test_overdue_groups_come_before_due_ones_whatever_their_dependents(editor):
    with time_machine.travel(datetime(2026, 1, 1, tzinfo=UTC)) as clock:
        late, due = make_model(name="Late"), make_model(name="Due")
        make_article(mentions=[("model", due)])
        for model in (late, due):
            for group in ("profile", "specifications", "access"):
                check(model, group, editor.user)
        Verification.objects.update(due_on="2026-02-01", overdue_on="2026-02-20", waiting_since="2026-02-20")
        Verification.objects.filter(entry=late.uid).update(overdue_on="2026-02-10", waiting_since="2026-02-10")
        clock.move_to(datetime(2026, 2, 10, tzinfo=UTC))
        editor.force_login(editor.user)
        assert [name for name, _group, _state in read_rows(editor)] == ["Late"] * 3 + ["Due"] * 3


def test_a_group_comes_back_when_its_check_falls_due(editor):
    with time_machine.travel(datetime(2026, 1, 1, tzinfo=UTC)) as clock:
        model = make_model(name="Alpha")
        for group in ("profile", "specifications", "access"):
            check(model, group, editor.user)
        editor.force_login(editor.user)
        assert read_rows(editor) == []
        row = Verification.objects.get(group="access")
        for day, state in ((row.due_on, "Due"), (row.overdue_on, "Overdue")):
            clock.move_to(datetime(day.year, day.month, day.day, 12, tzinfo=UTC))
            editor.force_login(editor.user)
            assert read_rows(editor) == [["Alpha", "Access and status", state]]


def test_groups_that_cite_a_changed_source_are_flagged(editor):
    source = make_source()
    model = make_model(name="Alpha", access="api", cite={"access": "2024"}, source=source)
    for group in ("profile", "specifications", "access"):
        check(model, group, editor.user)
    assert read_rows(editor) == []
    Source.objects.filter(pk=source.pk).update(changed_at=datetime.now(UTC))
    flag_source(source)
    assert read_rows(editor) == [["Alpha", "Access and status", "Flagged"]]
    assert read_rows(editor, "?state=flagged") == [["Alpha", "Access and status", "Flagged"]]


def test_differing_sources_need_no_work_after_a_check(editor):
    model = make_model(name="Alpha", access="api", cite={"access": "2024"})
    dispute(model)
    assert ["Alpha", "Access and status", "Disputed"] in read_rows(editor)
    check(model, "access", editor.user)
    assert ["Alpha", "Access and status", "Disputed"] not in read_rows(editor)
    assert Verification.objects.get(group="access").state(datetime.now(UTC).date()) == State.DISPUTED


def test_filters_narrow_the_queue(editor):
    colleague = sign_in("Editor", "colleague").user
    source = make_source(title="Price list of Alpha")
    model = make_model(name="Alpha", access="api", cite={"access": "2024"}, source=source)
    make_organization(name="Beta")
    check(model, "profile", colleague)
    check(model, "access", colleague, Outcome.CONFLICT)
    Verification.objects.filter(group="specifications").update(owner=colleague)
    assert {name for name, *_ in read_rows(editor, "?kind=organization")} == {"Beta"}
    assert read_rows(editor, "?group=funding") == [["Beta", "Funding", "Unverified"]]
    assert read_rows(editor, "?state=disputed") == [["Alpha", "Access and status", "Disputed"]]
    assert read_rows(editor, f"?owner={colleague.pk}") == [["Alpha", "Specifications", "Unverified"]]
    assert len(read_rows(editor, "?owner=nobody")) == 3
    assert read_rows(editor, "?owner=me") == []
    assert read_rows(editor, "?source=price+list") == [["Alpha", "Access and status", "Disputed"]]
    # Invalid filters are ignored without an error.
    assert len(read_rows(editor, "?owner=somebody&kind=planet&p=zzz")) == 4


def test_articles_that_use_a_changed_value_are_in_the_queue_with_the_reason(editor):
    def read_outdated() -> list[str]:
        section = BeautifulSoup(editor.get(QUEUE).content, "html.parser").find(id="outdated")
        return (
            [" ".join(row.get_text(" ").split()) for row in section.parent.select("section > ul > li")]
            if section
            else []
        )

    model = make_model(name="Alpha", slug="alpha", parameters="1 billion")
    article = make_article(title="On scale", body=[("heading", "Scale")], mentions=[("model", model)])
    assert read_outdated() == []
    draft = model.get_latest_revision_as_object()
    draft.parameters = "2 billion"
    publish_revision(draft.save_revision())
    assert len(read_outdated()) == 1
    assert re.fullmatch(r"On scale published on .+ Alpha : Parameters \(changed on .+\)", read_outdated()[0])
    html = editor.get(QUEUE).content.decode()
    assert f'href="/admin/pages/{article.pk}/edit/"' in html
    assert 'href="/en/models/alpha/history/#version-2"' in html
    publish_revision(article.save_revision())
    assert read_outdated() == []


def test_ten_outdated_articles_are_shown_with_a_note_of_more(editor):
    model = make_model(name="Alpha", parameters="1 billion")
    for number in range(11):
        make_article(title=f"On scale {number}", body=[("heading", "Scale")], mentions=[("model", model)])
    draft = model.get_latest_revision_as_object()
    draft.parameters = "2 billion"
    publish_revision(draft.save_revision())
    section = BeautifulSoup(editor.get(QUEUE).content, "html.parser").find("section")
    shown = [row.a.get_text() for row in section.select("section > ul > li")]
    assert shown == [f"On scale {number}" for number in range(10)]
    assert section.find_all("p")[-1].get_text() == "There are more."
    publish_revision(ArticlePage.objects.get(title="On scale 0").save_revision())
    assert "There are more." not in editor.get(QUEUE).content.decode()


def test_terms_and_articles_with_a_changed_source_are_in_the_queue_until_republished(editor):
    def read_doubtful() -> list[tuple[str, str]]:
        """Return the name and the source of each row, in order."""
        section = BeautifulSoup(editor.get(QUEUE).content, "html.parser").find(id="doubtful")
        rows = section.parent.select("section > ul > li") if section else []
        return [tuple(link.get_text() for link in row.find_all("a")) for row in rows]

    paper, page = make_source(title="Paper"), make_source(title="Page")
    term = make_term(name="Token", sources=[paper, page])
    make_term(name="Draft", sources=[paper], publish=False)
    make_term(name="Other", sources=[page])
    article = make_article(title="On tokens", body=[("heading", "Tokens")], sources=[ArticleSource(source=paper)])
    gone = make_article(title="Gone", body=[("heading", "Tokens")], sources=[ArticleSource(source=paper)])
    withdraw(gone)
    assert read_doubtful() == []
    Source.objects.filter(pk=paper.pk).update(changed_at=datetime.now(UTC))
    assert read_doubtful() == [("Token", "Paper"), ("On tokens", "Paper")]
    html = editor.get(QUEUE).content.decode()
    for address in (
        reverse(Term.snippet_viewset.get_url_name("edit"), args=[term.pk]),
        reverse("wagtailadmin_pages:edit", args=[article.pk]),
        reverse("review:check_source", args=[paper.pk]),
    ):
        assert f'href="{address}"' in html
        assert editor.get(address).status_code == 200
    assert "was found changed or gone on" in html
    publish_revision(term.save_revision())
    assert read_doubtful() == [("On tokens", "Paper")]
    publish_revision(article.save_revision())
    assert read_doubtful() == []
    Source.objects.filter(pk=page.pk).update(changed_at=datetime.now(UTC))
    assert read_doubtful() == [("Token", "Page"), ("Other", "Page")]


def test_ten_terms_and_articles_with_a_changed_source_take_no_more_queries(editor):
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert editor.get(QUEUE).status_code == 200
        return len(queries)

    sources = [make_source() for _number in range(6)]
    Source.objects.update(changed_at=datetime(2100, 1, 1, tzinfo=UTC))

    def cite(source) -> None:
        make_term(sources=[source])
        make_article(body=[("heading", "Tokens")], sources=[ArticleSource(source=source)])

    cite(sources[0])
    count()
    few = count()
    for source in sources[1:]:
        cite(source)
    assert count() == few
    section = BeautifulSoup(editor.get(QUEUE).content, "html.parser").find(id="doubtful").parent
    assert len(section.select("section > ul > li")) == 10
    assert section.find_all("p")[-1].get_text() == "There are more."


FOUND_CHANGED = "A source has changed or is gone, or somebody found a value changed or in conflict."


def test_disputed_groups_have_the_right_reason(editor):
    """In this order: a contradicting citation, a changed source, time passing, and a conflict that a person found."""
    with time_machine.travel(datetime(2026, 1, 1, tzinfo=UTC)) as clock:
        source = make_source()
        model = make_model(name="Alpha", access="api", cite={"access": "2024"}, source=source)
        dispute(model)
        editor.force_login(editor.user)
        assert read_reasons(editor)["Access and status"] == (
            "Sources differ, and nobody has checked it since it was published."
        )
        for group in ("profile", "specifications", "access"):
            check(model, group, editor.user)
        clock.move_to(datetime(2026, 1, 2, tzinfo=UTC))
        editor.force_login(editor.user)
        assert read_reasons(editor) == {}
        Source.objects.filter(pk=source.pk).update(changed_at=datetime(2026, 1, 2, tzinfo=UTC))
        flag_source(source)
        assert read_reasons(editor) == {"Access and status": FOUND_CHANGED}
        assert set(read_reasons(editor, "?state=flagged")) == set(read_reasons(editor, "?state=disputed"))
        assert set(read_reasons(editor, "?state=flagged")) == {"Access and status"}
        check(model, "access", editor.user)
        row = Verification.objects.get(group="access")
        clock.move_to(datetime(row.due_on.year, row.due_on.month, row.due_on.day, 12, tzinfo=UTC))
        editor.force_login(editor.user)
        assert read_reasons(editor) == {"Access and status": f"Check by {date_format(row.overdue_on)}"}
        assert read_reasons(editor, "?state=overdue") == {}
        clock.move_to(datetime(row.overdue_on.year, row.overdue_on.month, row.overdue_on.day, 12, tzinfo=UTC))
        editor.force_login(editor.user)
        assert read_reasons(editor) == {"Access and status": "The check is overdue."}
        assert read_reasons(editor, "?state=overdue") == read_reasons(editor, "?state=disputed") == read_reasons(editor)
        assert read_reasons(editor, "?state=flagged") == {}
        check(model, "access", editor.user, Outcome.CONFLICT)
        assert read_reasons(editor) == read_reasons(editor, "?state=flagged") == {"Access and status": FOUND_CHANGED}
        assert read_reasons(editor, "?state=overdue") == {}


def test_the_unverified_filter_shows_all_unchecked_groups(editor):
    model = make_model(name="Alpha", access="api", cite={"access": "2024"})
    dispute(model)
    assert sorted(read_reasons(editor, "?state=unverified")) == ["Access and status", "Profile", "Specifications"]
    check(model, "profile", editor.user, Outcome.CHANGED)
    assert sorted(read_reasons(editor, "?state=unverified")) == ["Access and status", "Profile", "Specifications"]
    assert read_reasons(editor, "?state=flagged") == {"Profile": FOUND_CHANGED}
    check(model, "profile", editor.user)
    assert sorted(read_reasons(editor, "?state=unverified")) == ["Access and status", "Specifications"]


def test_a_row_can_be_taken_and_given_to_others(editor):
    make_model(name="Alpha")
    row = Verification.objects.get(group="access")
    lead = sign_in("Lead").user
    for person in (editor.user, lead, None):
        answer = editor.post(f"{QUEUE}assign/", {"verification": row.pk, "owner": person.pk if person else ""})
        assert answer.status_code == 302
        row.refresh_from_db()
        assert row.owner == person
    outsider = sign_in("Contributor").user
    answer = editor.post(f"{QUEUE}assign/", {"verification": row.pk, "owner": outsider.pk}, follow=True)
    assert "no such row or person" in answer.content.decode()
    row.refresh_from_db()
    assert row.owner is None


def test_the_owner_stays_after_a_check(editor):
    model = make_model()
    Verification.objects.filter(group="access").update(owner=editor.user)
    check(model, "access", editor.user)
    assert Verification.objects.get(group="access").owner == editor.user


def test_contributors_have_no_queue():
    client = sign_in("Contributor")
    assert client.get(QUEUE, follow=True).redirect_chain
    assert "My queue" not in client.get("/admin/").content.decode()
    assert client.post(f"{QUEUE}assign/", {"verification": "1"}).status_code in (302, 403)


def test_a_longer_queue_takes_no_more_queries(editor):
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert editor.get(QUEUE).status_code == 200
        return len(queries)

    make_model()
    count()
    few = count()
    for _number in range(25):
        make_model()
    assert Verification.objects.count() > 60
    assert count() <= few


def test_every_row_leads_to_its_values(editor):
    model = make_model(name="Alpha")
    soup = BeautifulSoup(editor.get(QUEUE).content, "html.parser")
    links = {link["href"] for link in soup.select("a[data-open]")}
    assert reverse("review:check_group", args=[model.uid, "access"]) in links
    for link in links:
        assert editor.get(link).status_code == 200
