"""My queue: one list of all field groups that need a person, most urgent first."""

from datetime import date

import django_filters
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    F,
    FloatField,
    Func,
    OuterRef,
    Q,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_POST
from wagtail.admin import messages
from wagtail.admin.admin_url_finder import AdminURLFinder
from wagtail.admin.utils import get_valid_next_url_from_request
from wagtail.models import Page, ReferenceIndex

from catalog.listing.as_of import current_facets
from catalog.listing.facets import list_facets_of_entries
from catalog.models import ListingEntry, Term, Verification
from catalog.models.choices import FieldGroup
from catalog.models.field_groups import FIELD_GROUPS
from catalog.models.kinds import EntryKind, list_entry_kinds
from catalog.models.source import Citation
from catalog.models.verification import State
from catalog.values import BilingualText
from editorial.articles.outdated import list_outdated
from editorial.articles.pages import ArticleSource
from editorial.review.roles import find_editors, is_editor

ROWS_A_PAGE = 50
# Number of outdated articles, and of entries with changed sources, that are shown; the longest waiting ones.
SHOWN = 10
# States that need a person, in the order of the filter.
QUEUED = (State.FLAGGED, State.DISPUTED, State.OVERDUE, State.UNVERIFIED, State.DUE)


class DaysBetween(Func):
    """The number of days between two dates. The databases share no function for this."""

    arity = 2
    output_field = FloatField()

    def as_sqlite(self, compiler, connection, **context):
        return self.as_sql(compiler, connection, template="(julianday(%(expressions)s))", arg_joiner=") - julianday(")

    def as_postgresql(self, compiler, connection, **context):
        return self.as_sql(compiler, connection, template="((%(expressions)s)::date)", arg_joiner=")::date - (")


def find_queued(*, on: date):
    """Return the verifications that need a person on a day, most urgent first.

    Urgency is the number of days that one has been waiting or overdue, times how fast such values change (1 /
    interval), times one plus the number of dependents: articles that show the entry, and entries built on it. Those
    that are due but not overdue come last.
    """
    pace = (DaysBetween(Value(on), F("waiting_since")) + 1.0) / F("interval")
    return (
        Verification.objects.needing_someone(on=on)
        .with_state(on=on)
        .annotate(
            slug=Subquery(ListingEntry.objects.filter(entry=OuterRef("entry")).values("slug")[:1]),
            dependents=count_articles() + count_dependents(),
            urgency=Case(When(waiting_since__gt=on, then=pace), default=pace * (F("dependents") + 1.0)),
        )
        .order_by("-urgency", "waiting_since", "pk")
    )


def count_articles() -> Case:
    """Return how many pages show the entry of a row of the queue, as an expression."""
    kinds = ContentType.objects.get_for_models(Page, *(kind.model for kind in list_entry_kinds()))
    counts = []
    for kind in list_entry_kinds():
        showing = ReferenceIndex.objects.filter(
            base_content_type=kinds[Page],
            to_content_type=kinds[kind.model],
            to_object_id=Cast(OuterRef("object_id"), CharField()),
        )
        counts.append(When(kind=kind.key, then=count_of(showing, "object_id")))
    return Case(*counts)


def count_dependents() -> Case:
    """Return how many entries are built on, made by or paid by the entry of a row of the queue, as an expression."""
    counts = []
    for kind in list_entry_kinds():
        facets = list_facets_of_entries(kind.key)
        having = current_facets().filter(facet__in=facets, value=OuterRef("slug"))
        counts.append(When(kind=kind.key, then=count_of(having, "listing")))
    return Case(*counts)


def count_of(found, name: str) -> Coalesce:
    """Return the number of distinct values of a column, as a subquery."""
    number = found.order_by().annotate(one=Value(1)).values("one").annotate(number=Count(name, distinct=True))
    return Coalesce(Subquery(number.values("number")), 0)


class QueueFilterSet(django_filters.FilterSet):
    """The filters of the queue."""

    kind = django_filters.ChoiceFilter(
        label=gettext_lazy("Type"),
        empty_label=gettext_lazy("All"),
        choices=[(kind.key.value, kind.key.label) for kind in list_entry_kinds()],
    )
    group = django_filters.ChoiceFilter(
        label=gettext_lazy("Field group"), empty_label=gettext_lazy("All"), choices=FieldGroup.choices
    )
    state = django_filters.ChoiceFilter(
        label=pgettext_lazy("check", "State"),
        empty_label=gettext_lazy("All"),
        method="filter_state",
        choices=[(it.value, it.label) for it in QUEUED],
    )
    owner = django_filters.ChoiceFilter(
        label=gettext_lazy("Owner"), empty_label=gettext_lazy("All"), method="filter_owner"
    )
    source = django_filters.CharFilter(label=gettext_lazy("Title of a source"), method="filter_source")

    class Meta:
        model = Verification
        fields: list[str] = []

    def __init__(self, data, *, queryset, user, on: date) -> None:
        super().__init__(data, queryset=queryset)
        self.user, self.on = user, on
        people = [(str(person.pk), str(person)) for person in find_editors() if person.pk != user.pk]
        self.filters["owner"].extra["choices"] = [
            ("me", pgettext_lazy("owner", "Me")),
            ("nobody", pgettext_lazy("owner", "Nobody")),
            *people,
        ]

    def filter_state(self, queryset, name, value):
        """Return the rows for which a state is true. A row with several states shows only its worst one."""
        match value:
            case State.FLAGGED:
                return queryset.filter(flagged=True)
            case State.DISPUTED:
                return queryset.filter(disputed=True)
            case State.OVERDUE:
                return queryset.filter(flagged=False, historical=False, overdue_on__lte=self.on)
            case State.UNVERIFIED:
                return queryset.filter(checked_at=None)
        return queryset.filter(state_now=value)

    def filter_owner(self, queryset, name, value):
        match value:
            case "me":
                return queryset.filter(owner=self.user)
            case "nobody":
                return queryset.filter(owner=None)
        return queryset.filter(owner=int(value))

    def filter_source(self, queryset, name, value):
        """Return the groups with a value that cites a source with these words in its title."""
        cites = Q()
        for model in Citation.__subclasses__():
            kind = model._meta.get_field("entry").related_model.kind
            for group, names in FIELD_GROUPS[kind].items():
                citing = model.objects.filter(
                    entry__uid=OuterRef("entry"), field__in=names, source__title__icontains=value
                )
                cites |= Q(Exists(citing), kind=kind, group=group)
        return queryset.filter(cites)


def explain_row(row: Verification, *, on: date) -> str:
    """Return the reason why a row is in the queue, in words. Differing sources alone are no reason."""
    if row.flagged:
        return _("A source has changed or is gone, or somebody found a value changed or in conflict.")
    if row.checked_at is None and row.disputed:
        return _("Sources differ, and nobody has checked it since it was published.")
    if row.checked_at is None:
        return _("Nobody has checked it since it was published.")
    if row.overdue_on <= on:
        return _("The check is overdue.")
    return _("Check by %(date)s") % {"date": date_format(row.overdue_on)}


def list_doubtful(*, user, most: int) -> list[dict]:
    """Return live terms and articles that cite a source that changed or went away since they were published.

    Their sources belong to no single value, so nobody checks them one by one: republishing the term or article settles
    it. One row for each source, earliest change first; two queries.
    """
    find_edit_url = AdminURLFinder(user).get_edit_url
    terms = Term.sources.through.objects.filter(
        term__live=True, source__changed_at__gt=F("term__last_published_at")
    ).select_related("term", "source")
    articles = ArticleSource.objects.filter(
        page__live=True, source__changed_at__gt=F("page__last_published_at")
    ).select_related("page__locale", "source")
    found = [
        {
            "name": row.term.name,
            "kind": EntryKind.TERM.label,
            "url": find_edit_url(row.term),
            "source": row.source,
        }
        for row in terms.order_by("source__changed_at", "pk")[:most]
    ]
    found += [
        {
            "name": row.page.title,
            "kind": _("Article"),
            "language": row.page.locale.language_code,
            "url": reverse("wagtailadmin_pages:edit", args=[row.page.pk]),
            "source": row.source,
        }
        for row in articles.defer("page__body", "page__mentions").order_by("source__changed_at", "pk")[:most]
    ]
    return sorted(found, key=lambda row: row["source"].changed_at)[:most]


def show_queue(request: HttpRequest) -> HttpResponse:
    """Show the queue with its filters, and articles and terms that need another look. For all who check values."""
    if not is_editor(request.user):
        raise PermissionDenied
    today = timezone.now().date()
    filters = QueueFilterSet(request.GET, queryset=find_queued(on=today), user=request.user, on=today)
    # An invalid filter is ignored; the form shows its error.
    page = Paginator(filters.qs.select_related("owner"), ROWS_A_PAGE).get_page(request.GET.get("p"))
    names = {
        row.entry: BilingualText(en=row.name_en, zh=row.name_zh)
        for row in ListingEntry.objects.filter(entry__in={row.entry for row in page})
    }
    rows = [
        {
            "name": names.get(row.entry, ""),
            "kind": EntryKind(row.kind).label,
            "group": FieldGroup(row.group).label,
            "state": State(row.state_now).label,
            "reason": explain_row(row, on=today),
            "verification": row,
            "url": reverse("review:check_group", args=[row.entry, row.group]),
        }
        for row in page
    ]
    query = request.GET.copy()
    query.pop("p", None)
    # One extra row tells whether there are more.
    outdated = list_outdated(most=SHOWN + 1)
    doubtful = list_doubtful(user=request.user, most=SHOWN + 1)
    return render(
        request,
        "wagtailadmin/review/queue.html",
        {
            "filters": filters,
            "page": page,
            "rows": rows,
            "query": query.urlencode(),
            "today": today,
            "editors": find_editors(),
            "outdated": outdated[:SHOWN],
            "more_outdated": len(outdated) > SHOWN,
            "doubtful": doubtful[:SHOWN],
            "more_doubtful": len(doubtful) > SHOWN,
        },
    )


@require_POST
def assign_group(request: HttpRequest) -> HttpResponse:
    """Set who looks after a field group: the user, a colleague, or nobody."""
    if not is_editor(request.user):
        raise PermissionDenied
    number, owner = request.POST.get("verification", ""), request.POST.get("owner", "")
    row = Verification.objects.filter(pk=number).first() if number.isascii() and number.isdigit() else None
    person = find_editors().filter(pk=owner).first() if owner.isascii() and owner.isdigit() else None
    if row is None or (owner and person is None):
        messages.error(request, _("There is no such row or person any more."))
    else:
        Verification.objects.filter(pk=row.pk).update(owner=person)
    return redirect(get_valid_next_url_from_request(request) or "review:queue")
