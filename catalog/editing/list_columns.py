"""Columns of the admin's lists, and the publication state of an object in words."""

from collections.abc import Callable

from django.db import models
from django.db.models import CharField, OuterRef, Subquery
from django.db.models.functions import Cast
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from wagtail.admin.ui.tables import Column, StatusTagColumn
from wagtail.models import DraftStateMixin, Revision, WorkflowState

from catalog.models import Approval, ApprovalKind
from catalog.reading.details import field_of
from catalog.values import BilingualText


def with_state(queryset: models.QuerySet) -> models.QuerySet:
    """Annotate a queryset with the values that `describe_states` reads, so that a list needs no query for each row."""
    content_type = queryset.model().get_base_content_type()
    same = {"base_content_type": content_type, "object_id": Cast(OuterRef("pk"), CharField())}
    reviews = WorkflowState.objects.filter(
        **same, status__in=(WorkflowState.STATUS_IN_PROGRESS, WorkflowState.STATUS_NEEDS_CHANGES)
    )
    approvals = Approval.objects.filter(
        content_type=content_type, object_id=Cast(OuterRef("pk"), CharField())
    ).order_by("-pk")
    scheduled = Revision.objects.filter(**same, approved_go_live_at__isnull=False)
    return queryset.annotate(
        review_status=Subquery(reviews.values("status")[:1]),
        approval_kind=Subquery(approvals.values("kind")[:1]),
        scheduled_for=Subquery(scheduled.values("approved_go_live_at")[:1]),
        scheduled_pk=Subquery(scheduled.values("pk")[:1]),
    )


def describe_states(record: DraftStateMixin) -> str:
    """Return the publication state of an object from `with_state`, and the states of its newer versions."""
    states = [name_public_state(record), name_schedule(record)]
    if record.review_status == WorkflowState.STATUS_IN_PROGRESS:
        states.append(_("In review"))
    elif record.review_status == WorkflowState.STATUS_NEEDS_CHANGES:
        states.append(_("Changes requested"))
    elif not any(states) or (record.has_unpublished_changes and record.latest_revision_id != record.scheduled_pk):
        states.append(_("Draft"))
    return " · ".join(state for state in states if state)


def name_schedule(record: DraftStateMixin) -> str:
    """Return when an approved version of an object from `with_state` goes live; empty if none is scheduled."""
    if not record.scheduled_for:
        return ""
    return _("Goes live %(date)s") % {"date": date_format(localtime(record.scheduled_for), "SHORT_DATETIME_FORMAT")}


def name_public_state(record: DraftStateMixin) -> str:
    """Return the public state of an object from `with_state`; empty if it was never published."""
    if record.live:
        kinds = {ApprovalKind.EMERGENCY: _("Live, second look owed"), ApprovalKind.SINGLE_CHECKED: _("Single-checked")}
        return kinds.get(record.approval_kind, _("Live"))
    if record.first_published_at is None:
        return ""
    # Pages are never merged.
    return _("Merged") if getattr(record, "merged_into_id", None) else _("Withdrawn")


def newest_name(record: models.Model) -> str:
    """Return the name of an object's newest version, in the reader's language."""
    if isinstance(record, DraftStateMixin) and record.latest_revision:
        return name_in(record.latest_revision)
    return str(record)


def name_in(revision: Revision) -> str:
    """Return the name of a version in the reader's language, else in the other one.

    `object_str` is the last resort: Wagtail saved it in the language of the person who saved the version.
    """
    content = revision.content
    return BilingualText(content.get("name_en", ""), content.get("name_zh", "")).text or revision.object_str


class StateColumn(StatusTagColumn):
    """The column of the publication state."""

    def __init__(self) -> None:
        super().__init__(
            "state",
            label=gettext_lazy("State"),
            accessor=describe_states,
            sort_key="live",
            primary=lambda record: record.live,
        )


class ValueColumn(Column):
    """The column of a model field, by name; related objects are separated by commas."""

    def __init__(self, name: str, model: type[models.Model], accessor: Callable | str | None = None) -> None:
        field = field_of(model, name)
        super().__init__(
            name,
            label=capfirst(field.verbose_name),
            accessor=accessor or name,
            sort_key=None if field.many_to_many else name,
        )

    def get_value(self, instance):
        value = super().get_value(instance)
        if hasattr(value, "all"):
            return pgettext("between values", ", ").join(str(related) for related in value.all())
        return "" if value is None else str(value)
