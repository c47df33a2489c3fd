"""The screen on which leads change how long checks are valid. It shows the effect before saving."""

from datetime import date, timedelta

from django import forms
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from wagtail.admin import messages
from wagtail.models import ModelLogEntry

from catalog.listing.intervals import change_intervals
from catalog.models.choices import FieldGroup
from catalog.models.field_groups import INTERVALS
from catalog.models.verification import FEWEST_DAYS, MOST_DAYS, Verification, read_intervals
from editorial.review.roles import is_lead

# Days from today for which the effect is shown.
AHEAD = (0, 7, 30, 90)
# Number of recent changes shown below the form.
SHOWN = 20
# Verifications read from the database at a time.
ROWS_PER_UPDATE = 2000


class IntervalsForm(forms.Form):
    """A number of days for each field group. `shown` says for which numbers the screen showed the effect."""

    shown = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, intervals: dict[str, int], **kwargs):
        super().__init__(*args, **kwargs)
        for group, days in INTERVALS.items():
            self.fields[group] = forms.IntegerField(
                label=FieldGroup(group).label,
                min_value=FEWEST_DAYS,
                max_value=MOST_DAYS,
                initial=intervals[group],
                help_text=gettext_lazy("Days. The site's own choice is %(days)s.") % {"days": days},
            )

    @property
    def days(self) -> dict[str, int]:
        """The chosen days by field group; only for a valid form."""
        return {group: self.cleaned_data[group] for group in INTERVALS}


def show_intervals(request: HttpRequest) -> HttpResponse:
    """Show the intervals and the effect of others. Leads can save those whose effect was shown."""
    intervals = read_intervals()
    may_change = is_lead(request.user) or request.user.is_superuser
    form = IntervalsForm(request.POST or None, intervals=intervals)
    chosen = form.days if form.is_valid() else intervals
    shown = describe_choice(before=intervals, after=chosen)
    if "save" in request.POST and form.is_valid():
        if not may_change:
            raise PermissionDenied
        if form.cleaned_data["shown"] == shown:
            change_intervals(days=chosen, user=request.user)
            messages.success(request, _("Saved. All due dates have been updated."))
            return redirect("review:intervals")
        messages.warning(request, _("These are not the numbers whose effect you saw. Look at it, then save again."))
    changes = ModelLogEntry.objects.filter(action="review.interval").select_related("user")
    return render(
        request,
        "wagtailadmin/review/intervals.html",
        {
            "form": form,
            "fields": [form[group] for group in INTERVALS],
            "shown": shown,
            "is_tried": chosen != intervals,
            "may_change": may_change,
            "effects": list_effects(before=intervals, after=chosen, on=timezone.now().date()),
            "columns": [name_column(days) for days in AHEAD],
            "changes": changes[:SHOWN],
        },
    )


def name_column(days: int) -> str:
    return ngettext("in %(days)s day", "in %(days)s days", days) % {"days": days} if days else _("today")


def describe_choice(*, before: dict[str, int], after: dict[str, int]) -> str:
    """Return the numbers whose effect is shown, as a text that the form sends back."""
    return " ".join(f"{group}:{before[group]}:{after[group]}" for group in INTERVALS)


def list_effects(*, before: dict[str, int], after: dict[str, int], on: date) -> list[dict]:
    """Return for each field group what is due and overdue now and later, with the present and the chosen interval.

    Assumes that nobody checks anything until then. Values that were never checked or are flagged need a person with any
    interval, so they are left out.
    """
    present = count_due(on=on)
    effects = []
    for group in INTERVALS:
        effect = {"group": FieldGroup(group).label, "days": before[group], "counts": present.get(group)}
        effect["counts"] = effect["counts"] or [(0, 0)] * len(AHEAD)
        if after[group] != before[group]:
            effect["days_after"] = after[group]
            effect["counts_after"] = count_due_with(group=group, interval=after[group], on=on)
        effects.append(effect)
    return effects


def find_checked() -> QuerySet[Verification]:
    """Return the verifications that become due as time passes."""
    return Verification.objects.filter(checked_at__isnull=False, flagged=False, historical=False)


def count_due(*, on: date) -> dict[str, list[tuple[int, int]]]:
    """Return the number of due and of overdue checks on each of the days in `AHEAD`, by group; one query."""
    counts = {}
    for days in AHEAD:
        day = on + timedelta(days=days)
        counts[f"due_{days}"] = Count("pk", filter=Q(due_on__lte=day))
        counts[f"overdue_{days}"] = Count("pk", filter=Q(overdue_on__lte=day))
    rows = find_checked().values("group").annotate(**counts)
    return {row["group"]: [(row[f"due_{days}"], row[f"overdue_{days}"]) for days in AHEAD] for row in rows}


def count_due_with(*, group: str, interval: int, on: date) -> list[tuple[int, int]]:
    """Return the same numbers for one group with another interval in days. Reads in chunks to save memory."""
    days_ahead = [on + timedelta(days=days) for days in AHEAD]
    due, overdue = [0] * len(AHEAD), [0] * len(AHEAD)
    verifications = find_checked().filter(group=group).only("entry", "group", "checked_at", "flagged", "interval")
    for verification in verifications.iterator(chunk_size=ROWS_PER_UPDATE):
        verification.interval = interval
        verification.set_dates()
        for number, day in enumerate(days_ahead):
            due[number] += verification.due_on <= day
            overdue[number] += verification.overdue_on <= day
    return list(zip(due, overdue, strict=True))
