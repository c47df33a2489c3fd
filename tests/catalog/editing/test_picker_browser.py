"""The picker in a browser: choose several entries, remove one, and save the others."""

import pytest
from django.urls import reverse

from catalog.models import AIModel, Organization
from catalog.models.base import Entry
from tests.browser.answers import answered
from tests.editorial.review.support import sign_in
from tests.factories import make_model, make_organization

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def signed_in(page, live_server, settings):
    """A page with an editor's session, without autosave, which would race with the button."""
    settings.WAGTAIL_AUTOSAVE_INTERVAL = 0
    session = sign_in("Editor").cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
    return page


def choose(page, names: list[str]) -> None:
    """Tick the names in the chooser and confirm."""
    for name in names:
        page.locator(".modal").get_by_role("checkbox", name=name).check()
    page.locator(".modal").get_by_role("button", name="Confirm selection").click()
    page.locator(".modal").wait_for(state="detached")


def edit_url(entry: Entry) -> str:
    return reverse(type(entry).snippet_viewset.get_url_name("edit"), args=(entry.pk,))


@pytest.mark.long
def test_choose_several_and_remove_one(signed_in, live_server):
    model = make_model(publish=False)
    makers = [make_organization(name=name) for name in ("Alpha", "Beta", "Gamma")]
    signed_in.goto(live_server.url + edit_url(model))
    signed_in.locator("#id_makers").click()
    choose(signed_in, ["Alpha", "Beta", "Gamma"])
    signed_in.get_by_role("listitem").filter(has_text="Beta").get_by_role("button", name="Remove").click()
    with answered(signed_in):
        signed_in.get_by_role("button", name="Save draft").first.click()
    saved = AIModel.objects.get(pk=model.pk).get_latest_revision_as_object()
    assert {maker.pk for maker in saved.makers.all()} == {makers[0].pk, makers[2].pk}
    assert signed_in.problems == []


def test_choose_in_a_new_row_of_a_list(signed_in, live_server):
    organization = make_organization(publish=False)
    investor = make_organization(name="Investor")
    signed_in.goto(live_server.url + edit_url(organization))
    signed_in.get_by_role("tab", name="Funding").click()
    signed_in.get_by_role("button", name="Add funding round").click()
    signed_in.locator("#id_funding_rounds-0-round_kind").select_option("seed")
    signed_in.locator("#id_funding_rounds-0-investors").click()
    choose(signed_in, ["Investor"])
    with answered(signed_in):
        signed_in.get_by_role("button", name="Save draft").first.click()
    saved = Organization.objects.get(pk=organization.pk).get_latest_revision_as_object()
    assert [row.pk for row in saved.funding_rounds.get().investors.all()] == [investor.pk]
    assert signed_in.problems == []
