"""Two editors at once: a form opened before somebody else saved never overwrites their changes."""

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

# A form autosaves half a second after a key press, perhaps just while its editor presses a button.
SELF_SAVING = timedelta(seconds=5)


class StaleFormMixin:
    """Refuses a stale form, shows both versions side by side, and keeps what was typed. For views of entries and pages.

    Wagtail checks this only before an autosave, and without locking the row.
    """

    def get_record(self):
        """Return the object that the form edits."""
        return self.object

    def make_form(self):
        """Return the form with the data that was sent."""
        return self.get_form()

    def post(self, request, *args, **kwargs):
        record = self.get_record()
        with transaction.atomic():
            may_publish = any(name.startswith("action-workflow") or name == "action-submit" for name in request.POST)
            if may_publish or isinstance(record, Label):
                # A request that may change the listing index locks it before any row, to avoid deadlocks.
                ListingVersion.lock()
            newest = lock_newest_version(record)
            # Wagtail reads this attribute when it answers its own scripts.
            self.is_out_of_date = newest is not None and not (
                was_opened_with(newest, request.POST) or is_saving_itself(newest, request.user)
            )
            if self.is_out_of_date and not self.expects_json_response:
                return self.refuse_stale_form(newest)
            response = super().post(request, *args, **kwargs)
        return tell_saved_version(response) if self.expects_json_response else response

    def refuse_stale_form(self, newest):
        """Show the form again with what was typed, and its differences from the version that somebody else saved."""
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
            # The form now follows the newest version: the editor has seen both, and may save.
            context["loaded_revision_created_at"] = newest.created_at.isoformat()
            # Otherwise an autosave would replace the other version before anybody decides.
            context["autosave_enabled"] = False
            context.pop("autosave_indicator", None)
        return context


def lock_newest_version(record):
    """Lock an object's row until the transaction ends; return its newest revision, or None."""
    held = type(record)._base_manager.select_for_update(of=("self",)).get(pk=record.pk)
    return held.latest_revision


def is_saving_itself(newest, user) -> bool:
    """Return whether the newest version is probably an autosave of this form, made while it was being sent."""
    return newest.user_id == user.pk and timezone.now() - newest.created_at < SELF_SAVING


def tell_saved_version(response):
    """Tell an autosaved form which version it has now; Wagtail's script updates its hidden fields."""
    data = json.loads(response.content)
    if data.get("revision_id"):
        data.setdefault("field_updates", {}).update(
            loaded_revision_id=data["revision_id"], loaded_revision_created_at=data["revision_created_at"]
        )
    return JsonResponse(data, status=response.status_code)


def was_opened_with(revision, sent) -> bool:
    """Return whether a form was opened with this revision, or made it with its own last save."""
    if own := sent.get("overwrite_revision_id"):
        return own == str(revision.pk)
    return (
        sent.get("loaded_revision_id") == str(revision.pk)
        and sent.get("loaded_revision_created_at") == revision.created_at.isoformat()
    )
