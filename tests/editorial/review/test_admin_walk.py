"""Everybody tries every address of the admin: who gets in, and that nothing public changes without a review.

`admin_addresses.py` says who may open each address. An address that it lacks fails the first test.
"""

import json
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from bs4 import BeautifulSoup, SoupStrainer
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.urls import get_resolver
from wagtail.admin.api.views import PagesAdminAPIViewSet
from wagtail.admin.views.bulk_action.registry import bulk_action_registry
from wagtail.documents.models import Document
from wagtail.images.models import Image
from wagtail.images.tests.utils import get_test_image_file
from wagtail.models import Page, PageViewRestriction, Site
from wagtail.test.utils.form_data import nested_form_data, streamfield

from catalog.models import FacetValue, ListingEntry, Publication, Publisher, Verification
from catalog.models.checks import Outcome
from catalog.models.publication import Published
from catalog.publishing.guards import public_state
from tests.editorial.review import admin_addresses
from tests.editorial.review.admin_addresses import CRASHES, GROUPS, WALKERS
from tests.editorial.review.newsroom import build_newsroom
from tests.editorial.review.support import values_in

POSTS = re.compile("post", re.I)
# Values that the test changes in forms.
TEXTS = ("title", "introduction", "name_en", "name_zh", "aliases", "definition_en", "definition_zh", "name")
# The decisions that a task offers; each has its own address.
DECISIONS = ("approve", "reject", "resubmit")


# The addresses ------------------------------------------------------------------------------------------------


def list_routes(resolver, prefix: str = "") -> Iterator[str]:
    """Yield the routes below a resolver, with regular expressions written like paths."""
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            yield from list_routes(pattern, route)
        else:
            yield re.sub(r"\^|\$$|\\(?=\.)", "", re.sub(r"\(\?P<(\w+)>[^)]*\)", r"<\1>", route))


def list_addresses() -> list[str]:
    """Return the addresses of the admin; where a part of an address names an action, one for each action."""
    addresses = []
    for route in list_routes(get_resolver()):
        if not route.startswith("admin/"):
            continue
        route = re.sub(r"<\w+:", "<", route.removeprefix("admin/"))
        if route.startswith("bulk/"):
            addresses += list_bulk_actions()
        elif route.startswith("api/") and "<action_name>" in route:
            addresses += [route.replace("<action_name>", name) for name in PagesAdminAPIViewSet.actions]
        else:
            names = DECISIONS if "<action_name>" in route else ("",)
            addresses += [route.replace("<action_name>", name) for name in names]
    return addresses


def list_bulk_actions() -> list[str]:
    # Any call makes the registry load the registered actions.
    bulk_action_registry.get_bulk_actions_for_model("wagtailcore", "page")
    return [
        f"bulk/{app}/{model}/{action}/"
        for app, models in bulk_action_registry.actions.items()
        for model, actions in models.items()
        for action in actions
    ]


def fill(address: str, room) -> str:
    """Return an address with the keys of objects in the newsroom."""
    keys = find_keys(address, room)
    path = re.sub(r"<(\w+)>", lambda part: str(keys[part[1]]), address).replace(".*", "no-such-screen")
    query = {"bulk": f"?id={keys.get('pk')}", "set_position": "?position=1"}
    return f"/admin/{path}" + next((it for name, it in query.items() if name in path.split("/")), "")


def find_keys(address: str, room) -> dict:
    """Return the values for the parts of an address."""
    first, *rest = address.split("/")
    kind_of = ContentType.objects.get_for_model
    match first:
        case "bulk":
            things = {"user": room.reader, "document": room.document, "image": room.image, "page": room.article}
            return {"pk": {**things, **room.labels, **room.records, "source": room.source}[rest[1]].pk}
        case "snippets" if len(rest) > 2:
            name = rest[2] if rest[0] == "choose" else rest[1]
            if name in room.records:
                return keys_of(room.scheduled[name] if "unschedule" in rest else room.records[name])
            return keys_of({**room.labels, "source": room.source}[name])
        case "pages" | "choose-page":
            page = room.article_scheduled if "unschedule" in rest else room.article
            kind = {"app_label": "editorial", "model_name": "articlepage"}
            kind |= {"content_type_app_name": "editorial", "content_type_model_name": "articlepage"}
            parent = {"parent_page_id": page.get_parent().pk, "destination_id": room.elsewhere.pk}
            return {**keys_of(page), "page_id": page.pk, "page_to_move_id": page.pk, **parent, **kind}
        case "api":
            things = {"pages": room.article, "images": room.image, "documents": room.document}
            return {"pk": things[rest[1]].pk}
        case "review" if rest[0] == "sources":
            return {"pk": room.source.pk}
        case "review" if rest[0] == "checks":
            return {"entry": room.records["organization"].uid, "group": "profile"}
        case "review":
            record = room.owed if "second-look" in rest else room.records["organization"]
            return {"kind": kind_of(record).pk, "pk": record.pk}
        case "images":
            upload = room.uploads[Image].pk
            return {
                "image_id": room.image.pk,
                "pk": room.image.pk,
                "uploaded_file_id": upload,
                "filter_spec": "width-9",
            }
        case "documents":
            upload, key = room.uploads[Document].pk, room.document.pk
            return {"document_id": key, "doc_id": key, "pk": key, "uploaded_file_id": upload}
        case "workflows":
            used, spare = (room.task, room.spare_task) if "tasks" in rest else (room.workflow, room.spare_workflow)
            keys = {"pk": spare.pk if "enable" in rest else used.pk, "page_pk": Page.get_first_root_node().pk}
            kind = {"app_label": "editorial", "model_name": "review"}
            return {**keys, **kind, "workflow_pk": room.workflow.pk, "task_id": room.task.pk}
        case "editing-sessions":
            keys = {"object_id": room.records["organization"].pk, "session_id": room.session.pk}
            return {**keys, "app_label": "catalog", "model_name": "organization"}
        case "collections":
            return {"pk": room.collection.pk, "collection_id": room.collection.pk}
        case "sites" | "users" | "accounts" | "groups" | "locales":
            people = {"users": room.reader, "accounts": room.reader}
            things = {**people, "sites": room.site, "groups": room.group, "locales": room.locale}
            return {"pk": things[first].pk}
        case "settings":
            return {"app_name": "catalog", "model_name": "publisher", "pk": Publisher.load().pk}
        case "tag-autocomplete":
            return {"app_name": "taggit", "model_name": "tag"}
        case "password_reset":
            return {"uidb64": "MQ", "token": "no-token"}
    return {}


def keys_of(record) -> dict:
    """Return the keys of a record with versions, and of its review if it has one."""
    record = type(record).objects.get(pk=record.pk)
    state = getattr(record, "current_workflow_task_state", None)
    revision = getattr(record, "scheduled_revision", None) or getattr(record, "live_revision", None)
    return {
        "pk": record.pk,
        "revision_id": (revision or record.latest_revision).pk,
        "revision_id_a": "earliest",
        "revision_id_b": "latest",
        "task_state_id": state and state.pk,
        "task_id": state and state.task_id,
        "workflow_state_id": state and state.workflow_state_id,
    }


# The forms that are sent --------------------------------------------------------------------------------------


def list_forms(address: str, path: str, room) -> list[dict]:
    """Return the forms to send to an address: its own as a superuser sees it, filled in, once for each button."""
    values = read_form(room, path)
    parts = address.split("/")
    blocks = nested_form_data({"body": streamfield([("heading", "Why")]), "mentions": streamfield([])})
    if parts[0] == "pages":
        # Wagtail's script adds these fields.
        values |= blocks
    values |= {"comment": "Why.", "reason": "Why.", "role": room.group.pk, "tags": "new"}
    values["collection"] = room.collection.pk
    match f"/{address}".split("/")[-2]:
        case "copy" if parts[0] == "pages":
            copy = {"new_title": "Copy", "new_slug": "copy", "new_parent_page": room.elsewhere.pk}
            return [{**values, **copy, choice: "on"} for choice in ("publish_copies", "alias")]
        case "move":
            target, last = room.elsewhere.pk, {"position": "last-child"}
            return [{**values, "new_parent_page": target, "chooser": target, "destination_page_id": target, **last}]
        case "copy" | "create_alias" if parts[0] == "api":
            return [{"slug": "copy", "update_slug": "copy", "keep_live": "true", "recursive": "true"}]
        case "copy_for_translation":
            return [{"locale": "fr", "copy_parents": "true", "alias": "true"}]
        case "revert_to_page_revision":
            return [{"revision_id": keys_of(room.article)["revision_id"]}]
        case "privacy":
            return [{**values, "restriction_type": "login"}]
        case "unpublish" | "delete" | "publish":
            return [{**values, "include_descendants": "on"}]
        case "second-look":
            owed = room.owed.owed_look
            return [{"owed": owed and owed.pk, **decision} for decision in ({"revert": "1"}, {})]
        case "assign":
            row, owner = Verification.objects.first(), room.users["editor"]
            return [{"verification": row.pk, "owner": owner.pk}, {"verification": row.pk}]
        case "<pk>" if parts[:2] == ["review", "sources"]:
            return [{"decision": f"{it} {room.records['aimodel'].uid} 1 status"} for it in Outcome]
        case "<group>":
            return [{"decision": f"{it} {room.records['organization'].uid} 1 name"} for it in Outcome]
        case "intervals":
            shown = "pricing:30:45 access:60:60 funding:90:90 profile:180:180 specifications:180:180"
            return [{**values, "pricing": "45", **button} for button in ({}, {"save": "1", "shown": shown})]
        case "changes":
            state = keys_of(room.records["organization"])["task_state_id"]
            return [{"state": state, "action": action} for action in ("approve", "resubmit")]
    if parts[0] == "images":
        values["file"] = get_test_image_file(filename="other.png")
        values["files[]"] = get_test_image_file(filename="more.png")
    elif parts[0] == "documents":
        values["files[]"] = SimpleUploadedFile("more.csv", b"c,d\n")
        values["file"] = SimpleUploadedFile("other.csv", b"c,d\n")
    elif parts[0] == "users":
        values |= {"first_name": "Somebody", "last_name": "Else"}
    elif parts[:2] == ["sites", "edit"]:
        values["root_page"] = room.text.pk
    changes = {name: "Slipped in" for name in TEXTS if name in values}
    if parts[-2:] == ["add", ""] or parts[:2] == ["pages", "add"]:
        changes |= {"slug": "new", "type": "company", "kind": "paper", "position": "1"}
    if "is-versioned" not in values:
        return [{**values, **changes}]
    decision = {"action-workflow-action": "1", "workflow-action-name": "approve"}
    return [{**values, **changes, **button} for button in ({"action-publish": "1"}, {"action-submit": "1"}, decision)]


def read_form(room, path: str) -> dict:
    """Return the values of the form that a screen sends to itself, {} if it has none."""
    with transaction.atomic():
        response = sign_in_again(room, "superuser").get(path)
        transaction.set_rollback(True)
    if response.status_code != 200 or response.streaming:
        return {}
    html = response.content.decode(errors="replace")
    if response.headers["Content-Type"].startswith("application/json"):
        # Dialogs are JSON.
        answer = json.loads(html)
        html = answer.get("html") or "" if isinstance(answer, dict) else ""
    found = {}
    for form in BeautifulSoup(html, "html.parser", parse_only=SoupStrainer("form")).find_all("form", method=POSTS):
        if urlsplit(form.get("action") or path).path == urlsplit(path).path:
            found |= values_in(form)
            # Only forms of objects with drafts have this button.
            found |= {"is-versioned": "1"} if form.find("button", attrs={"name": "action-publish"}) else {}
    return found


# What the public sees -----------------------------------------------------------------------------------------


def take_fingerprint() -> dict[str, list]:
    """Return everything that the public sees."""
    kinds = [model for model in apps.get_models() if issubclass(model, Published)]
    listing = ListingEntry.objects.order_by("pk")
    return {
        "live": [(it._meta.label, it.pk, *public_state(it)) for kind in kinds for it in kind.objects.filter(live=True)],
        "listing": list(listing.values_list("kind", "slug", "name_en", "name_zh", "summary_en", "summary_zh")),
        "facets": sorted(FacetValue.objects.values_list("listing_id", "facet", "value")),
        "publications": list(Publication.objects.order_by("pk").values_list("pk", "action")),
        "restrictions": list(PageViewRestriction.objects.values_list("page_id", "restriction_type")),
        "publisher": list(Publisher.objects.values_list("name_en", "name_zh", "contact", "licence", "licence_url")),
        "sites": list(Site.objects.values_list("hostname", "port", "root_page_id")),
    }


class Writes:
    """Notes the tables that are written to."""

    def __init__(self):
        self.tables = set()

    def __call__(self, execute, sql, params, many, context):
        if found := re.match(r'\s*(?:INSERT INTO|UPDATE|DELETE FROM) "(\w+)"', sql):
            self.tables.add(found[1])
        return execute(sql, params, many, context)


# Tables that the public never sees.
PRIVATE = re.compile(
    r"django_session|auth_|taggit_|wagtailadmin_|wagtailusers_|wagtailsearch_|editorial_review"
    r"|wagtailcore_(\w*logentry|reference|revision|task|workflow|uploaded|comment|collection)"
)


# Answers to people without permission, and to refused actions.
CLOSED = {"home", "login", "403", "404", "405"}
REFUSED = CLOSED | {"400"}


# The walk -----------------------------------------------------------------------------------------------------


@pytest.fixture
def room(db):
    """Make a newsroom with one of everything, and the forms to send to each address."""
    room = build_newsroom()
    room.sessions = {
        name: client.cookies["sessionid"].value for name, client in room.clients.items() if name != "anonymous"
    }
    room.paths = {address: fill(address, room) for address in list_addresses()}
    room.forms = {address: list_forms(address, path, room) for address, path in room.paths.items()}
    room.public = take_fingerprint()
    return room


def sign_in_again(room, walker: str):
    """Return the client of a walker with a fresh session."""
    client = room.clients[walker]
    client.cookies.clear()
    if walker in room.sessions:
        client.cookies["sessionid"] = room.sessions[walker]
    return client


def ask(room, walker: str, address: str, form: dict | None = None):
    """Send one request and undo all its effects. Returns the response, and the names of what changed in public."""
    client, writes, changed = sign_in_again(room, walker), Writes(), []
    with transaction.atomic():
        with connection.execute_wrapper(writes):
            path = room.paths[address]
            for value in (form or {}).values():
                if hasattr(value, "seek"):
                    value.seek(0)
            response = client.get(path) if form is None else client.post(path, form)
        # After an exception that became a message, continue, to see what it left in the database.
        connection.needs_rollback = False
        if any(not PRIVATE.match(table) for table in writes.tables):
            public = take_fingerprint()
            changed = [name for name in public if public[name] != room.public[name]]
        transaction.set_rollback(True)
    return response, changed


def read_status(response) -> str:
    if response.status_code in (301, 302):
        target = urlsplit(response.headers["Location"]).path
        if target.endswith("/accounts/login/"):
            return "login"
        if target.startswith("/en/"):
            # Django redirects unknown addresses to the reader's language.
            return "404"
        return "home" if target == "/admin/" else "login" if "/login/" in target else "elsewhere"
    return str(response.status_code)


def test_every_address_is_in_one_group():
    grouped = [address for group in GROUPS for address in group.list_addresses()]
    new = sorted(set(list_addresses()) - set(grouped))
    assert not new, f"New in the admin; put each into a group of {admin_addresses.__file__}: {new}"
    gone = sorted(set(grouped) - set(list_addresses()))
    assert not gone, f"No longer in the admin; take it out of {admin_addresses.__file__}: {gone}"
    assert len(grouped) == len(set(grouped)), "An address stands in two groups."


@pytest.mark.long
@pytest.mark.admin
def test_nobody_can_bypass_the_review(room):
    faults = [
        f"/admin/{address} ({group.what}), {walker}: {fault}"
        for group in GROUPS
        for address in group.list_addresses()
        for walker in WALKERS
        for fault in try_address(room, group=group, address=address, walker=walker)
    ]
    assert not faults, "\n".join(["", *faults])


def try_address(room, *, group, address: str, walker: str) -> Iterator[str]:
    """Open an address and send its forms. Yields what differs from the group's description."""
    answers = [ask(room, walker, address), *(ask(room, walker, address, form) for form in room.forms[address])]
    statuses = [read_status(response) for response, _changed in answers]
    if "500" in statuses and address not in CRASHES:
        yield f"fails: {statuses}"
    is_open = not CLOSED.issuperset(statuses)
    if is_open != (walker in group.who):
        yield f"{'gets in' if is_open else 'is kept out'}: {statuses}"
    changed = {name for _response, names in answers for name in names}
    if not changed <= (group.changes if walker in group.who else set()):
        yield f"changes what the public sees: {changed}"
    if walker in group.who and group.changes and not changed:
        yield f"changes nothing: {statuses}"
    if group.is_refused and walker == "superuser" and not REFUSED.issuperset(statuses[1:]):
        yield f"is not refused: {statuses}"
