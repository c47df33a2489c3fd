"""Signing in by role, and filling in the admin's forms as a browser does."""

import pytest
from bs4 import BeautifulSoup, Tag
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse
from wagtail.models import Page

from catalog.models import Organization, Term
from catalog.models.kinds import list_kinds
from editorial.articles.pages import ArticleIndexPage, ArticlePage
from editorial.models import Notice
from editorial.review.menu import review_address
from tests.factories import make_home, make_source, publish_revision

KINDS = [kind.model for kind in list_kinds()]
# Kinds share almost all of their code, so each test uses an entry and a term, and the long run all kinds.
EACH_KIND = [model if model in (Organization, Term) else pytest.param(model, marks=pytest.mark.long) for model in KINDS]
# Required values of a kind besides name and slug.
NEEDED = {
    Organization: {"type": "startup"},
    Term: {"definition_en": "What it means.", "definition_zh": "它的意思。"},
}


# The empty forms that `create` has opened.
EMPTY_FORMS: dict[type, tuple[str, dict]] = {}


def sign_in(role: str, name: str | None = None) -> Client:
    """Return a client of a new user with a role."""
    user = User.objects.create_user(name or role.lower(), f"{name or role.lower()}@example.org")
    user.groups.add(Group.objects.get(name=role))
    # Leads are told of new roles, which is no concern of tests about other notices.
    Notice.objects.filter(kind="roles").delete()
    client = Client()
    client.force_login(user)
    client.user = user
    return client


def url(target, name: str, *args) -> str:
    """Return the address of a view of a kind, or of one object."""
    model = target if isinstance(target, type) else type(target)
    args = args if isinstance(target, type) else (target.pk, *args)
    return reverse(model.snippet_viewset.get_url_name(name), args=args)


def editor_form(html: str) -> Tag:
    """Return the form of an entry or a page."""
    return BeautifulSoup(html, "html.parser").find("form", attrs={"data-edit-form": True})


def form_values(html: str) -> dict[str, list[str]]:
    """Return what a browser would send for the editor's form."""
    return values_in(editor_form(html))


def values_in(form: Tag) -> dict[str, list[str]]:
    """Return what a browser would send for a form, without the templates of new rows, which are removed from it."""
    for template in form.find_all(["template", "script"]):
        template.decompose()
    values: dict[str, list[str]] = {}
    for field in form.find_all(["input", "textarea", "select"]):
        name = field.get("name")
        if not name or name == "csrfmiddlewaretoken" or name.startswith("action-"):
            continue
        if field.name == "textarea":
            found = [field.get_text().removeprefix("\n")]
        elif field.name == "select":
            options = field.find_all("option")
            chosen = [option for option in options if option.has_attr("selected")]
            if not chosen and not field.has_attr("multiple"):
                chosen = options[:1]
            found = [option.get("value", option.get_text()) for option in chosen]
        elif field.get("type") in ("checkbox", "radio") and not field.has_attr("checked"):
            found = []
        else:
            found = [field.get("value", "")]
        values.setdefault(name, []).extend(found)
    return values


def open_form(client, address: str) -> dict:
    """Return the values of the form when it is opened."""
    return values_in(editor_form(client.get(address).content.decode()))


def add_row(values: dict, name: str, **row) -> None:
    """Add a row to a list, as the button below it does."""
    number = int(values[f"{name}-TOTAL_FORMS"][0])
    values[f"{name}-TOTAL_FORMS"] = [str(number + 1)]
    row = {"id": "", "ORDER": str(number + 1), "DELETE": "", **row}
    values.update({f"{name}-{number}-{field}": value for field, value in row.items()})


def send(client: Client, address: str, action: str | None = None, rows: tuple = (), **changes):
    """Open a form, change it, add rows given as (list, values), and press one of its buttons."""
    return fill_in(client, *read_form(client, address), action, rows, **changes)


def read_form(client: Client, address: str) -> tuple[str, dict]:
    """Return the address that the form at an address is sent to, and its values."""
    response = client.get(address)
    assert response.status_code == 200, (response.status_code, response.headers.get("Location"))
    form = editor_form(response.content.decode())
    return form["action"], values_in(form)


def fill_in(client: Client, target: str, values: dict, action: str | None, rows: tuple, **changes):
    """Send a form's values with changes, as one of its buttons does."""
    values.update({name.replace("__", "-"): value for name, value in changes.items()})
    for name, row in rows:
        add_row(values, name, **row)
    if action:
        values[f"action-{action}"] = action
    return client.post(target, values)


def create(client: Client, model: type, slug: str = "acme", action: str | None = None, rows: tuple = (), **changes):
    """Create an entry or a term through its form, and return the response.

    The empty form is the same for everybody and takes a second to render and parse, so it is opened only once.
    """
    names = {"name_en": slug.title(), "name_zh": f"{slug} 中文", "slug": slug}
    rows = [*rows, *([("citations", cite("type"))] if action and model is Organization else [])]
    if model not in EMPTY_FORMS:
        EMPTY_FORMS[model] = read_form(client, url(model, "add"))
    target, values = EMPTY_FORMS[model]
    return fill_in(client, target, {**values}, action, rows, **{**names, **NEEDED.get(model, {}), **changes})


def cite(field: str, item: str = "") -> dict:
    """Return a row of the list of sources."""
    source = str(make_source().pk)
    return {"field": field, "item": item, "source": source, "stance": "supports", "as_of": "2022"}


def decide(client: Client, record, action: str = "approve"):
    """Press one of the buttons of the current review task."""
    state = record.current_workflow_task_state
    if isinstance(record, Page):
        return client.post(reverse("wagtailadmin_pages:workflow_action", args=(record.pk, action, state.pk)))
    return client.post(url(record, "workflow_action", action, state.pk), {"comment": "Looks right."})


def take_look(client: Client, record, **decision):
    """Decide about the emergency publication on the second-look screen."""
    return client.post(review_address("second_look", record), {"owed": record.owed_look.pk, **decision})


def make_article_index() -> ArticleIndexPage:
    """Make a home page and an article index in English."""
    return make_home().get_children().get(slug="articles").specific


def make_article(index: ArticleIndexPage, *, live: bool = False) -> ArticlePage:
    """Make a short article."""
    page = index.add_child(
        instance=ArticlePage(title="On scale", slug="on-scale", live=False, body=[("heading", "Why")])
    )
    revision = page.save_revision()
    if live:
        publish_revision(revision)
        page.refresh_from_db()
    return page
