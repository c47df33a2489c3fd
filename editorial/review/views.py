"""Review screens that Wagtail doesn't have: emergency publication, second look, and the changes of a version."""

from django import forms
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin import messages
from wagtail.admin.admin_url_finder import AdminURLFinder

from catalog.editing.differences import describe_changes
from catalog.models import Approval, Refused
from catalog.models.publication import Published
from catalog.publishing.authorship import find_authors
from catalog.publishing.second_look import confirm, find_owed_authors, find_seen_approval, revert
from editorial.review.emergency import find_owed_looks, publish_in_emergency, second_look_due
from editorial.review.menu import review_address
from editorial.review.roles import is_lead, is_reviewer
from editorial.review.tasks import may_edit


class EmergencyForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Why it can't wait"),
        max_length=500,
        widget=forms.Textarea({"rows": 3}),
        help_text=gettext_lazy("Everyone who reviews sees it until another person has taken the second look."),
    )


# The message after each decision.
DECISION_MESSAGES = {
    "approve": gettext_lazy("Approved. It is live, or goes live at the time that was set."),
    "reject": gettext_lazy("Sent back to its authors with your comment."),
    "resubmit": gettext_lazy("Submitted again: the newest version is in review now."),
}


class DecisionForm(forms.Form):
    """A decision about a version in review."""

    action = forms.ChoiceField(choices=list(DECISION_MESSAGES.items()))
    comment = forms.CharField(
        label=gettext_lazy("Comment"), max_length=2000, required=False, widget=forms.Textarea({"rows": 3})
    )

    def clean(self) -> dict:
        data = super().clean()
        if data.get("action") == "reject" and not data.get("comment", "").strip():
            self.add_error("comment", gettext_lazy("Say what should change."))
        return data


def get_record(*, kind: int, pk: int):
    """Return the entry, term or page of an address. Raises Http404."""
    model = get_object_or_404(ContentType, pk=kind).model_class()
    if model is None or not issubclass(model, Published):
        raise Http404
    return get_object_or_404(model, pk=pk)


def show_emergency(request: HttpRequest, kind: int, pk: int) -> HttpResponse:
    """Publish the newest version alone, with a reason."""
    record = get_record(kind=kind, pk=pk)
    if not is_lead(request.user):
        raise PermissionDenied
    form = EmergencyForm(request.POST or None)
    if form.is_valid():
        publish_in_emergency(record=record, user=request.user, reason=form.cleaned_data["reason"])
        messages.success(request, _("It is live. Another person owes it a second look within two working days."))
        return redirect(edit_address(request, record))
    return render(
        request,
        "wagtailadmin/review/emergency.html",
        {"record": record, "form": form, "back": edit_address(request, record)},
    )


class SecondLookForm(forms.Form):
    """The decision about the emergency publication that was on the screen."""

    owed = forms.ModelChoiceField(Approval.objects.none(), widget=forms.HiddenInput)
    reason = forms.CharField(
        label=gettext_lazy("Comment"), max_length=500, required=False, widget=forms.Textarea({"rows": 3})
    )

    def __init__(self, *args, record, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["owed"].queryset = Approval.objects.of(record)


def show_second_look(request: HttpRequest, kind: int, pk: int) -> HttpResponse:
    """Confirm an emergency publication, or bring back the version that was live before."""
    record = get_record(kind=kind, pk=pk)
    if not is_reviewer(request.user):
        raise PermissionDenied
    owed = record.owed_look
    form = SecondLookForm(request.POST or None, record=record, initial={"owed": owed})
    if form.is_valid():
        decision = {**form.cleaned_data, "user": request.user}
        if "revert" in request.POST:
            revert(record=record, **decision)
            messages.success(request, _("What was live before is live again."))
        else:
            confirm(record=record, **decision)
            messages.success(request, _("Confirmed: two people have seen it."))
        return redirect(edit_address(request, record))
    if request.method == "POST" and "owed" in form.errors:
        raise Refused(_("It was decided or submitted again meanwhile. This is the current version."))
    before = find_seen_approval(record)
    return render(
        request,
        "wagtailadmin/review/second_look.html",
        {
            "record": record,
            "owed": owed,
            "changes": owed
            and describe_changes(record=record, revision=owed.revision, since=before and before.revision),
            "is_party": owed is not None and request.user.pk in find_owed_authors(record),
            "form": form,
            "back": edit_address(request, record),
        },
    )


def report_owed_looks(request: HttpRequest) -> HttpResponse:
    """Show all emergency publications that wait for a second look, oldest first, to everybody who edits."""
    owed = [
        {
            "record": record,
            "look": look,
            "due": second_look_due(look),
            "is_late": second_look_due(look) < timezone.now(),
            "url": review_address("second_look" if is_reviewer(request.user) else "changes", record),
        }
        for record, look in find_owed_looks()
    ]
    return render(request, "wagtailadmin/review/owed_looks.html", {"owed": owed})


def show_what_changed(request: HttpRequest, kind: int, pk: int) -> HttpResponse:
    """Show what the newest version changes compared with the live one, and let those who may decide about it."""
    record = get_record(kind=kind, pk=pk)
    if not may_edit(request.user, record):
        raise PermissionDenied
    state = record.current_workflow_task_state
    actions = {}
    if state:
        actions = {name: label for name, label, _asks in state.task.specific.get_actions(record, request.user)}
    obstacle = state.specific.find_obstacle(request.user) if state and is_reviewer(request.user) else ""
    form = DecisionForm(request.POST or None)
    if request.method == "POST":
        if state is None or request.POST.get("state") != str(state.pk):
            raise Refused(_("It was decided or submitted again meanwhile. This is the current version."))
        if form.is_valid():
            action = form.cleaned_data["action"]
            if action not in actions:
                raise Refused(obstacle) if obstacle else PermissionDenied
            state.task.specific.on_action(state, request.user, action, comment=form.cleaned_data["comment"])
            messages.success(request, DECISION_MESSAGES[action])
            return redirect("wagtailadmin_home")
    latest = record.get_latest_revision()
    authors = find_authors(record=record, revision=latest) if latest else []
    return render(
        request,
        "wagtailadmin/review/changes.html",
        {
            "record": record,
            "name": latest.object_str if latest else record,
            "changes": describe_changes(record=record, revision=latest, since=record.live_revision) if latest else [],
            "authors": get_user_model().objects.filter(pk__in=authors),
            "latest": latest,
            "state": state,
            "obstacle": obstacle,
            "form": form,
            "actions": actions.items(),
            "back": edit_address(request, record),
        },
    )


def edit_address(request: HttpRequest, record) -> str:
    return AdminURLFinder(request.user).get_edit_url(record) or "/admin/"
