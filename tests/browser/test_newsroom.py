"""The whole life of an entry and of an article, done as people would do it, in a real browser."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import expect

from catalog.models import (
    AIModel,
    Check,
    Modality,
    Organization,
    OrganizationCitation,
    Product,
    Publication,
    Source,
    SourceText,
    Term,
)
from catalog.models.checks import Outcome
from catalog.publishing.checking import flag_source, record_checks
from editorial.models import ArticlePage
from tests.browser.answers import answered
from tests.factories import make_home, make_label, make_model, make_source

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PASSWORD = "correct horse battery"


@pytest.fixture
def sign_in(live_server, browser, settings):
    """Sign in users by role, each in a browser of their own, without autosave, which would race with the buttons."""
    settings.WAGTAIL_AUTOSAVE_INTERVAL = 0
    contexts = []

    def sign_in(role: str):
        user = get_user_model().objects.create_user(role.lower(), f"{role.lower()}@example.org", PASSWORD)
        user.groups.add(Group.objects.get(name=role))
        context = browser.new_context(base_url=live_server.url, viewport={"width": 1400, "height": 1000})
        contexts.append(context)
        page = context.new_page()
        page.goto("/admin/login/")
        page.locator("[name=login]").fill(user.username)
        page.locator("[name=password]").fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url("**/admin/")
        return page

    yield sign_in
    for context in contexts:
        context.close()


def choose_action(page, name: str) -> None:
    """Choose an action at the bottom of a form, opening its menu if necessary, and wait for the page that follows."""
    button = page.locator("footer").get_by_role("button", name=name, exact=True)
    if not button.is_visible():
        page.locator("footer").get_by_role("button", name="More actions").click()
    with answered(page):
        button.click()


def approve(page, address: str) -> None:
    """Approve the version in review at an address of the admin."""
    page.goto(address)
    choose_action(page, "Approve and publish")


def preview(page) -> str:
    """Return the text of the preview beside the form."""
    page.get_by_role("button", name="Toggle preview").click()
    frame = page.frame_locator("#w-preview-iframe, iframe[title='Preview']").first
    frame.locator("h1").wait_for()
    return frame.locator("body").inner_text()


def see(page, address: str) -> str:
    """Return what an anonymous reader gets at an address: the text of the page, or the status."""
    response = page.request.get(address)
    return response.text() if response.ok else str(response.status)


def schedule(page, at) -> None:
    """Set the time at which the next version goes live, in its panel."""
    page.get_by_role("button", name="Toggle status").click()
    page.get_by_role("button", name="Set schedule").or_(page.get_by_role("button", name="Edit schedule")).first.click()
    page.locator("[name=go_live_at]").fill(at.strftime("%Y-%m-%d %H:%M"))
    dialog = page.get_by_role("dialog", name="Set publishing schedule").or_(page.get_by_role("dialog")).first
    # By keyboard, because the field's calendar covers the button.
    with answered(page):
        dialog.get_by_role("button", name="Save schedule").press("Enter")


@pytest.fixture
def let_time_come(time_machine):
    """Return a function that moves the clock two days ahead and runs the job that publishes scheduled versions."""

    def let_time_come():
        time_machine.move_to(timezone.now() + timedelta(days=2))
        call_command("publish_scheduled")

    return let_time_come


@pytest.mark.long
def test_a_form_that_saved_itself_is_submitted_at_once(live_server, sign_in, settings):
    make_home()
    model = make_model(slug="whisper", name="Whisper")
    editor = sign_in("Editor")
    settings.WAGTAIL_AUTOSAVE_INTERVAL = 100
    address = f"/admin/snippets/catalog/aimodel/edit/{model.pk}/"
    editor.goto(address)
    # Wagtail ignores changes in the first two seconds.
    editor.wait_for_timeout(2500)
    # The first autosave makes a version, the second one overwrites it.
    for text in ("Writes down sounds.", "Writes down what it hears."):
        with editor.expect_response(lambda it: it.request.method == "POST" and it.url.endswith(address)) as saved:
            editor.locator("[name=summary_en]").fill(text)
        assert saved.value.json()["success"]
    choose_action(editor, "Submit for review")
    model.refresh_from_db()
    assert model.workflow_in_progress
    assert model.get_latest_revision().content["summary_en"] == "Writes down what it hears."


@pytest.mark.long
def test_a_form_is_sent_after_its_own_autosave_was_answered(live_server, sign_in, settings):
    make_home()
    model = make_model(slug="whisper", name="Whisper")
    editor = sign_in("Editor")
    settings.WAGTAIL_AUTOSAVE_INTERVAL = 100
    address = f"/admin/snippets/catalog/aimodel/edit/{model.pk}/"
    answers = []

    def hold_answer(route):
        if route.request.method == "POST" and not answers:
            answers.append((route, route.fetch()))
        else:
            route.continue_()

    editor.route(f"**{address}", hold_answer)
    editor.goto(address)
    # Wagtail ignores changes in the first two seconds.
    editor.wait_for_timeout(2500)
    with editor.expect_request(lambda it: it.method == "POST"):
        editor.locator("[name=summary_en]").fill("Writes down sounds.")
    editor.locator("footer").get_by_role("button", name="More actions").click()
    editor.locator("footer").get_by_role("button", name="Submit for review", exact=True).click()
    editor.locator("[name=summary_en]").fill("Writes down what it hears.")
    while not answers:
        editor.wait_for_timeout(100)
    editor.wait_for_timeout(500)
    ((route, answer),) = answers
    with answered(editor):
        route.fulfill(response=answer)
    model.refresh_from_db()
    assert model.workflow_in_progress
    assert model.get_latest_revision().content["summary_en"] == "Writes down what it hears."


def test_the_menu_signs_out(live_server, sign_in):
    make_home()
    reader = sign_in("Contributor")
    reader.goto("/admin/logout/")
    assert reader.url.endswith("/admin/"), "a link doesn't sign out"
    reader.get_by_role("button", name="contributor").click()
    reader.get_by_role("button", name="Log out").click()
    reader.wait_for_url("**/accounts/login/")


@pytest.mark.parametrize(
    ("model", "listing", "text"),
    [
        (AIModel, "/en/models/", "summary"),
        pytest.param(Organization, "/en/organizations/", "summary", marks=pytest.mark.long),
        pytest.param(Product, "/en/products/", "summary", marks=pytest.mark.long),
        pytest.param(Term, "/en/glossary/", "definition", marks=pytest.mark.long),
    ],
)
def test_an_entry_from_first_draft_to_withdrawal(live_server, sign_in, browser, let_time_come, model, listing, text):
    make_home()
    reader = browser.new_context(base_url=live_server.url).new_page()
    editor, reviewer, lead = sign_in("Editor"), sign_in("Reviewer"), sign_in("Lead")
    admin = f"/admin/snippets/catalog/{model._meta.model_name}"
    address = f"{listing}whisper/"

    # The editor makes a draft, which the public doesn't see.
    editor.goto(f"{admin}/add/")
    editor.locator("[name=name_en]").fill("Whisper")
    editor.locator("[name=name_zh]").fill("Whisper 语音")
    # Wait for the slug that follows from the name: it would overwrite what is typed meanwhile.
    expect(editor.locator("[name=slug]")).to_have_value("whisper")
    editor.locator(f"[name={text}_en]").fill("Writes down sounds.")
    editor.locator(f"[name={text}_zh]").fill("记下声音。")
    if model is Organization:
        editor.locator("[name=type]").select_option("startup")
    choose_action(editor, "Save draft")
    record = model.objects.get(slug="whisper")
    if model is Organization:
        # Its type needs a source before it can be submitted.
        draft = record.get_latest_revision_as_object()
        draft.citations.add(OrganizationCitation(field="type", source=make_source(), as_of="2022"))
        draft.save_revision()
    edit = f"{admin}/edit/{record.pk}/"
    assert see(reader, address) == "404"

    # The preview shows the draft as the page will be.
    editor.goto(edit)
    editor.locator(f"[name={text}_en]").fill("Writes down what it hears.")
    choose_action(editor, "Save draft")
    assert "Writes down what it hears." in preview(editor)
    assert "Whisper" not in see(reader, listing)

    # It is submitted for review, a reviewer approves it, and the public sees it.
    editor.goto(edit)
    choose_action(editor, "Submit for review")
    assert see(reader, address) == "404"
    approve(reviewer, edit)
    assert "Writes down what it hears." in see(reader, address)
    assert "Whisper" in see(reader, listing)

    # A second version is approved for later.
    editor.goto(edit)
    editor.locator(f"[name={text}_en]").fill("Writes down speech in many languages.")
    schedule(editor, timezone.now() + timedelta(days=1))
    editor.goto(edit)
    choose_action(editor, "Submit for review")
    approve(reviewer, edit)
    assert "Writes down what it hears." in see(reader, address)
    let_time_come()
    assert "speech in many languages" in see(reader, address)

    # Another version withdraws it; its author can't approve it, whatever their role.
    lead.goto(edit)
    assert not lead.locator("footer").get_by_role("button", name="Approve and publish").is_visible()
    lead.locator("section[id$=withdraw_or_merge-section] [data-panel-toggle]").click()
    lead.locator("[name=withdrawal_en]").fill("It never existed.")
    lead.locator("[name=withdrawal_zh]").fill("并不存在。")
    choose_action(lead, "Submit for review")
    lead.goto(edit)
    assert "someone else must approve it" in lead.locator(".messages").inner_text()
    assert not lead.locator("footer").get_by_role("button", name="Approve and publish").is_visible()
    assert "speech in many languages" in see(reader, address)
    approve(reviewer, edit)
    assert see(reader, address) == "410"
    assert "Whisper" not in see(reader, listing)
    assert list(Publication.objects.of(record.uid).values_list("action", flat=True)) == [
        "withdrawn",
        "published",
        "published",
    ]


@pytest.mark.long
def test_an_article_from_first_draft_to_withdrawal(live_server, sign_in, browser, let_time_come):
    index = make_home().get_children().get(slug="articles")
    reader = browser.new_context(base_url=live_server.url).new_page()
    editor, reviewer, lead = sign_in("Editor"), sign_in("Reviewer"), sign_in("Lead")

    editor.goto(f"/admin/pages/add/editorial/articlepage/{index.pk}/")
    editor.locator("[name=title]").fill("Why now")
    editor.locator("[name=introduction]").fill("What changed in 2022.")
    editor.locator("#panel-child-content-body-content, [data-streamfield-stream-container]").first.get_by_role(
        "button", name="Insert a block"
    ).first.click()
    editor.get_by_role("option", name="Heading").click()
    editor.locator("[name=body-0-value]").fill("Scale")
    choose_action(editor, "Save draft")
    article = ArticlePage.objects.get(title="Why now")
    edit = f"/admin/pages/{article.pk}/edit/"
    assert see(reader, f"/en/articles/{article.slug}/") == "404"

    editor.goto(edit)
    assert "What changed in 2022." in preview(editor)

    editor.goto(edit)
    choose_action(editor, "Submit for review")
    assert see(reader, f"/en/articles/{article.slug}/") == "404"
    approve(reviewer, edit)
    assert "What changed in 2022." in see(reader, f"/en/articles/{article.slug}/")

    editor.goto(edit)
    editor.locator("[name=introduction]").fill("What changed since.")
    schedule(editor, timezone.now() + timedelta(days=1))
    editor.goto(edit)
    choose_action(editor, "Submit for review")
    approve(reviewer, edit)
    assert "What changed in 2022." in see(reader, f"/en/articles/{article.slug}/")
    let_time_come()
    assert "What changed since." in see(reader, f"/en/articles/{article.slug}/")

    lead.goto(edit)
    lead.get_by_role("tab", name="Settings").click()
    lead.locator("[name=withdrawal_en]").fill("It was wrong.")
    choose_action(lead, "Submit for review")
    assert "What changed since." in see(reader, f"/en/articles/{article.slug}/")
    approve(reviewer, edit)
    assert see(reader, f"/en/articles/{article.slug}/") == "410"


def test_the_morning_of_an_editor(live_server, sign_in, browser):
    """The queue lists a value whose source changed; it is checked, corrected, approved, and checked again."""
    make_home()
    source = make_source(title="Model card", url="https://example.org/card")
    speech = make_label(Modality, "speech")
    values = {"access": "api", "inputs": [speech]}
    model = make_model(slug="whisper", name="Whisper", **values, cite={"access": "2026-01"}, source=source)
    # Outside a transaction, as in a request.
    speech.save()
    colleague = get_user_model().objects.create_user("colleague")
    SourceText.objects.create(source=source, sha256="1", text="How to get it\nThrough the API.")
    for group in ("profile", "specifications", "access"):
        record_checks(entry=model.uid, group=group, outcome=Outcome.STILL_TRUE, user=colleague, sources=[source])
    reader = browser.new_context(base_url=live_server.url).new_page()

    def badge() -> str:
        reader.goto("/en/models/whisper/")
        return reader.locator(".group-head:has(#group-access) .state").inner_text().strip()

    assert badge().startswith("Checked ")
    SourceText.objects.create(source=source, sha256="2", text="How to get it\nDownload the weights.")
    Source.objects.filter(pk=source.pk).update(changed_at=timezone.now())
    flag_source(source)
    assert badge() == "Source gone or changed; being checked"

    # The queue has one row; the keyboard opens it, and its source.
    editor, reviewer = sign_in("Editor"), sign_in("Reviewer")
    editor.get_by_role("link", name="My queue").click()
    expect(editor.locator("tr[data-row]")).to_have_count(1)
    assert "A source has changed or is gone" in editor.locator("tr[data-row]").inner_text()
    editor.keyboard.press("Enter")
    editor.wait_for_url("**/review/checks/**")
    editor.get_by_role("link", name="Source check").click()
    expect(editor.locator(".check-text del")).to_have_text("Through the API.")
    expect(editor.locator(".check-text ins")).to_have_text("Download the weights.")

    # One key records that the value has changed, and opens the form at the value.
    with answered(editor):
        editor.keyboard.press("2")
    assert Check.objects.first().outcome == "changed"
    access = editor.locator("[name=access]")
    expect(access).to_be_visible()
    access.select_option("open-weights")
    choose_action(editor, "Submit for review")
    assert badge() == "Source gone or changed; being checked"

    edit = f"/admin/snippets/catalog/aimodel/edit/{model.pk}/"
    approve(reviewer, edit)
    assert badge() == "As of January 2026; not checked yet"
    assert "Open weights" in reader.locator("dl.facts").all_inner_texts()[-1]

    # The person who corrected it can't verify it; somebody else can.
    check = f"/admin/review/sources/{source.pk}/"
    editor.goto(check)
    expect(editor.get_by_role("button", name="Still true")).to_be_disabled()
    reviewer.goto(check)
    with answered(reviewer):
        reviewer.keyboard.press("1")
    assert badge().startswith("Checked ")
    editor.goto("/admin/review/queue/")
    expect(editor.get_by_text("Nothing needs anybody here.")).to_be_visible()
