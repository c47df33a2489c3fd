"""Two editors at once: a form that was opened before somebody else saved never overwrites what they wrote."""

import json
from datetime import timedelta

from django.db import transaction
from django.http import JsonResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from wagtail.admin import messages
from wagtail.admin.utils import get_user_display_name

from catalog.editing.differences import compare
from catalog.models import ListingVersion
from catalog.models.vocabulary import Label

# A form saves itself half a second after a key was pressed, so perhaps while somebody presses a button of it.
SELF_SAVING = timedelta(seconds=5)


class StaleFormMixin:
    """Refuses a stale form, shows both versions side by side, and keeps what was typed (views of entries and pages).

    Wagtail asks this only before it saves by itself, and without holding the row meanwhile.
    """

    def get_record(self):
        """The object that the form edits."""
        return self.object

    def make_form(self):
        """The form with what was sent."""
        return self.get_form()

    def post(self, request, *args, **kwargs):
        record = self.get_record()
        with transaction.atomic():
            may_publish = any(name.startswith("action-workflow") or name == "action-submit" for name in request.POST)
            if may_publish or isinstance(record, Label):
                # Whoever may change the listing index by this holds it first, before any row.
                ListingVersion.hold()
            newest = lock_newest_version(record)
            # Wagtail answers its own scripts by it.
            self.is_out_of_date = newest is not None and not (
                was_opened_with(newest, request.POST) or is_saving_itself(newest, request.user)
            )
            if self.is_out_of_date and not self.expects_json_response:
                return self.refuse_stale_form(newest)
            response = super().post(request, *args, **kwargs)
        return tell_saved_version(response) if self.expects_json_response else response

    def refuse_stale_form(self, newest):
        """Show the form again, with what was typed, beside the version that somebody else has saved."""
        self.form = form = self.make_form()
        form.defer_required_fields()
        typed = form.save(commit=False) if form.is_valid() else None
        form.restore_required_fields()
        context = {
            "newest": newest,
            "who": get_user_display_name(newest.user) if newest.user else _("Someone"),
            "changes": compare(old=newest.as_object(), new=typed).values() if typed else [],
            "address": self.request.path,
        }
        messages.error(self.request, render_to_string("wagtailadmin/catalog/stale.html", context, self.request))
        self.has_unsaved_changes = True
        self.newest = newest
        return self.render_to_response(self.get_context_data())

    def get_context_data(self, **kwargs):
        context = super().get_context_data(**kwargs)
        if newest := getattr(self, "newest", None):
            # Whoever saves again has seen both: the form now follows the newest version.
            context["loaded_revision_created_at"] = newest.created_at.isoformat()
            # Or it would take the place of the other version at once, without anybody's decision.
            context["autosave_enabled"] = False
            context.pop("autosave_indicator", None)
        return context


def lock_newest_version(record):
    """The newest revision of an object, whose row is held until the transaction ends; None if it has none."""
    held = type(record)._base_manager.select_for_update(of=("self",)).get(pk=record.pk)
    return held.latest_revision


def is_saving_itself(newest, user) -> bool:
    """Whether the newest version is what this very form has just saved by itself, while it was being sent."""
    return newest.user_id == user.pk and timezone.now() - newest.created_at < SELF_SAVING


def tell_saved_version(response):
    """Let a form that has saved itself know which version it holds now; Wagtail's script fills the fields in."""
    data = json.loads(response.content)
    if data.get("revision_id"):
        data.setdefault("field_updates", {}).update(
            loaded_revision_id=data["revision_id"], loaded_revision_created_at=data["revision_created_at"]
        )
    return JsonResponse(data, status=response.status_code)


def was_opened_with(revision, sent) -> bool:
    """Whether a form was opened with this revision, or saved it last itself."""
    if own := sent.get("overwrite_revision_id"):
        return own == str(revision.pk)
    return (
        sent.get("loaded_revision_id") == str(revision.pk)
        and sent.get("loaded_revision_created_at") == revision.created_at.isoformat()
    )
