"""Two editors at once: nobody's text is overwritten unseen, and no typed text is lost."""

from datetime import timedelta

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from wagtail.models import Revision
from wagtail.test.utils.form_data import nested_form_data, streamfield

from catalog.models import Organization, Segment
from tests.editorial.review.support import (
    EACH_KIND,
    create,
    editor_form,
    make_article,
    make_article_index,
    open_form,
    send,
    sign_in,
    url,
    values_in,
)
from tests.factories import make_label, make_source

pytestmark = [pytest.mark.django_db, pytest.mark.admin]


def comparison(html: str) -> dict[str, list[str]]:
    """Return both versions of each value that differs: theirs, mine."""
    rows = BeautifulSoup(html, "html.parser").select(".messages table.listing tbody tr")
    return {row.th.get_text(): [cell.get_text().strip() for cell in row.find_all("td")] for row in rows}


@pytest.mark.parametrize("model", EACH_KIND)
def test_a_stale_form_is_refused_with_both_versions_and_keeps_what_was_typed(model):
    ann, ben = sign_in("Editor", "ann"), sign_in("Editor", "ben")
    create(ann, model)
    record = model.objects.get()
    address = url(record, "edit")
    opened = open_form(ben, address)
    send(ann, address, aliases="By Ann")
    saved = Revision.objects.for_instance(record).count()

    html = ben.post(address, {**opened, "aliases": "By Ben"}).content.decode()
    assert comparison(html) == {"Also known as": ["By Ann", "By Ben"]}
    assert "ann saved another version" in html
    assert "By Ben" in "".join(values_in(editor_form(html))["aliases"]), "what was typed is still there"
    assert Revision.objects.for_instance(record).count() == saved
    # Ben has seen both versions, so saving again is his decision.
    again = values_in(editor_form(html))
    assert ben.post(address, again).status_code == 302
    assert model.objects.get().get_latest_revision().content["aliases"] == "By Ben"


def test_a_stale_form_neither_submits_nor_takes_back():
    ann, ben = sign_in("Editor", "ann"), sign_in("Editor", "ben")
    create(ann, Organization)
    record = Organization.objects.get()
    opened = open_form(ben, url(record, "edit"))
    send(ann, url(record, "edit"), summary_en="By Ann")
    for action in ("submit", "cancel-workflow"):
        ben.post(url(record, "edit"), {**opened, "summary_en": "By Ben", f"action-{action}": action})
        record = Organization.objects.get()
        assert not record.workflow_in_progress
        assert record.get_latest_revision().content["summary_en"] == "By Ann"


def test_a_form_without_its_opening_version_is_stale():
    ann = sign_in("Editor")
    create(ann, Organization)
    record = Organization.objects.get()
    opened = open_form(ann, url(record, "edit"))
    sent = {name: value for name, value in opened.items() if not name.startswith("loaded_revision")}
    html = sign_in("Editor", "ben").post(url(record, "edit"), {**sent, "summary_en": "Unseen"}).content.decode()
    assert "Not saved" in html
    assert Organization.objects.get().get_latest_revision().content["summary_en"] == ""


def test_a_stale_form_with_an_error_still_says_that_it_is_stale():
    ann, ben = sign_in("Editor", "ann"), sign_in("Editor", "ben")
    create(ann, Organization)
    record = Organization.objects.get()
    opened = open_form(ben, url(record, "edit"))
    send(ann, url(record, "edit"), summary_en="By Ann")
    html = ben.post(url(record, "edit"), {**opened, "founded": "yesterday", "summary_en": "By Ben"}).content.decode()
    assert "ann saved another version" in html
    assert values_in(editor_form(html))["founded"] == ["yesterday"]


def test_articles_and_vocabularies_follow_the_same_rule():
    ann, ben = sign_in("Editor", "ann"), sign_in("Editor", "ben")
    article = make_article(make_article_index())
    address = reverse("wagtailadmin_pages:edit", args=[article.pk])
    # The script of the form adds the blocks.
    blocks = nested_form_data({"body": streamfield([("heading", "Why")]), "mentions": streamfield([])})
    opened = {**open_form(ben, address), **blocks}
    assert ann.post(address, {**opened, "introduction": "By Ann"}).status_code == 302
    html = ben.post(address, {**opened, "introduction": "By Ben"}).content.decode()
    assert comparison(html) == {"Introduction": ["By Ann", "By Ben"]}
    assert values_in(editor_form(html))["introduction"] == ["By Ben"]
    assert ben.post(address, {**values_in(editor_form(html)), **blocks}).status_code == 302
    article.refresh_from_db()
    assert article.get_latest_revision().content["introduction"] == "By Ben"

    source = make_source(title="A paper")
    source.save_revision()
    opened = open_form(ben, url(source, "edit"))
    send(ann, url(source, "edit"), publisher="By Ann")
    html = ben.post(url(source, "edit"), {**opened, "publisher": "By Ben"}).content.decode()
    assert comparison(html) == {"Publisher": ["By Ann", "By Ben"]}
    source.refresh_from_db()
    assert source.publisher == "By Ann"


def test_saving_a_vocabulary_word_locks_the_index_before_its_own_row():
    """Publishing takes the locks in this order too; in different orders, they could deadlock."""
    ann = sign_in("Editor", "ann")
    segment = make_label(Segment, "video")
    segment.save_revision()
    with CaptureQueriesContext(connection) as queries:
        send(ann, url(segment, "edit"), name_en="Moving pictures")
    asked = [query["sql"] for query in queries]
    held = next(place for place, sql in enumerate(asked) if "catalog_listingversion" in sql)
    locks = [
        place
        for place, sql in enumerate(asked)
        if "catalog_segment" in sql and (sql.startswith("UPDATE") or "FOR UPDATE" in sql)
    ]
    assert locks
    assert held < min(locks)


def open_new_form(client, kind: str) -> tuple:
    """Make an entry or an article; return it, its form's address, the name of a text in it, and its values."""
    if kind == "entry":
        create(client, Organization)
        record = Organization.objects.get()
        address = url(record, "edit")
        return record, address, "summary_en", open_form(client, address)
    record = make_article(make_article_index())
    address = reverse("wagtailadmin_pages:edit", args=[record.pk])
    # In a browser, a script adds the blocks.
    blocks = nested_form_data({"body": streamfield([("heading", "Why")]), "mentions": streamfield([])})
    return record, address, "introduction", {**open_form(client, address), **blocks}


@pytest.mark.parametrize("kind", ["entry", "article"])
def test_autosave_does_not_make_the_same_form_stale(kind):
    ann = sign_in("Editor", "ann")
    record, address, text, opened = open_new_form(ann, kind)
    opened[text] = "Saved by itself"
    saved = ann.post(address, opened, headers={"accept": "application/json"}).json()
    assert saved["success"]
    with time_machine.travel(timezone.now() + timedelta(minutes=10)):
        response = ann.post(address, {**opened, **saved["field_updates"], text: "Saved by hand"})
        assert response.status_code == 302
        record = type(record).objects.get()
        assert record.get_latest_revision().content[text] == "Saved by hand"
    # Another tab of the same person does not know about the save.
    with time_machine.travel(timezone.now() + timedelta(minutes=20)):
        html = ann.post(address, {**opened, text: "Another tab"}).content.decode()
    assert "ann saved another version" in html


@pytest.mark.parametrize("kind", ["entry", "article"])
@pytest.mark.parametrize("first", ["application/json", "text/html"])
def test_the_second_of_two_tabs_of_one_person_is_refused_at_once(kind, first):
    ann = sign_in("Editor", "ann")
    record, address, text, opened = open_new_form(ann, kind)
    ann.post(address, {**opened, text: "One tab"}, headers={"accept": first})
    late = ann.post(address, {**opened, text: "Another tab"}, headers={"accept": "application/json"})
    assert late.json()["error_code"] == "invalid_revision"
    html = ann.post(address, {**opened, text: "Another tab"}).content.decode()
    assert "ann saved another version" in html
    assert list(comparison(html).values()) == [["One tab", "Another tab"]]
    assert values_in(editor_form(html))[text] == ["Another tab"], "what was typed is still there"
    assert type(record).objects.get().get_latest_revision().content[text] == "One tab"


def test_a_stale_form_is_not_autosaved():
    ann, ben = sign_in("Editor", "ann"), sign_in("Editor", "ben")
    create(ann, Organization)
    address = url(Organization.objects.get(), "edit")
    opened = open_form(ben, address)
    assert "w-autosave" in ben.get(address).content.decode()
    send(ann, address, summary_en="By Ann")
    html = ben.post(address, {**opened, "summary_en": "By Ben"}).content.decode()
    assert "w-autosave" not in str(editor_form(html).attrs)
    late = ben.post(address, {**opened, "summary_en": "By Ben"}, headers={"accept": "application/json"})
    assert late.json()["error_code"] == "invalid_revision"
