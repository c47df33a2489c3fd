"""What changed in the landscape: the publications of all entries, as a list and as feeds."""

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta

from django import forms
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from catalog.listing.parameters import without_nulls
from catalog.models import Change, Publication
from catalog.models.field_groups import FIELD_GROUPS
from catalog.models.history import PublicationAction
from catalog.models.kinds import EntryKind, kind_of
from catalog.public.feeds import FeedItem, answer_feed
from catalog.reading.details import label_of, read_bilingual
from catalog.values.forms import FuzzyDateFormField

CHANGES_A_PAGE = 50


def list_fields() -> list[tuple[str, object]]:
    """Return the names of the values and lists of all kinds, each once, with their labels."""
    names = {
        name: label_of(kind_of(kind).model, name)
        for kind, groups in FIELD_GROUPS.items()
        for group in groups.values()
        for name in group
    }
    return list(names.items())


class ChangesForm(forms.Form):
    """The filters of the list of changes. Values that it can't read are ignored; `Changes.ignored` names them."""

    kind = forms.MultipleChoiceField(
        label=gettext_lazy("Type"), choices=EntryKind.choices, required=False, widget=forms.CheckboxSelectMultiple
    )
    field = forms.ChoiceField(label=pgettext_lazy("field", "Value"), required=False)
    date_min = FuzzyDateFormField(label=gettext_lazy("Earliest"), required=False)
    date_max = FuzzyDateFormField(label=gettext_lazy("Latest"), required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["field"].choices = [("", _("All")), *list_fields()]


class Changes:
    """The publications that match a query string, newest first, for the page and the feeds."""

    def __init__(self, data: QueryDict) -> None:
        self.data = without_nulls(data)
        self.form = ChangesForm(self.data)
        self.form.is_valid()

    @cached_property
    def ignored(self) -> list[str]:
        """The parameters that are not filters of this page, or have values that can't be read."""
        known = [*self.form.fields, "page"]
        names = [name for name in self.data if name not in known or name in self.form.errors]
        return [f"{name}={value}" for name in names for value in self.data.getlist(name)]

    @cached_property
    def query(self) -> str:
        """The query string of the active filters, without the page number."""
        query = QueryDict(mutable=True)
        for name in self.form.fields:
            if self.form.cleaned_data.get(name):
                query.setlist(name, self.data.getlist(name))
        return query.urlencode()

    @cached_property
    def publications(self) -> QuerySet:
        asked = self.form.cleaned_data
        found = Publication.objects.all()
        if asked.get("kind"):
            found = found.filter(kind__in=asked["kind"])
        if name := asked.get("field"):
            of_it = Change.objects.filter(publication=OuterRef("pk"))
            found = found.filter(Exists(of_it.filter(Q(path=name) | Q(path__startswith=f"{name}/"))))
        if first := asked.get("date_min"):
            found = found.filter(at__gte=start_of(first.first_day))
        if last := asked.get("date_max"):
            found = found.filter(at__lt=start_of(last.last_day) + timedelta(days=1))
        return found

    @property
    def pks(self) -> QuerySet:
        """The primary keys of the publications: with whole rows, a database may read all documents before it sorts."""
        return self.publications.values_list("pk", flat=True)

    def list_rows(self, pks: Iterable[int]) -> list[dict]:
        """Return the rows to show for some of the publications; two queries."""
        pks = list(pks)
        # Only the name is needed from the document.
        publications = Publication.objects.filter(pk__in=pks).values(
            "pk", "kind", "slug", "sequence", "action", "at", "document__fields__name"
        )
        changed: dict[int, dict[str, None]] = {}
        paths = Change.objects.filter(publication__in=pks).order_by("pk")
        for pk, path in paths.values_list("publication_id", "path"):
            changed.setdefault(pk, {})[path.partition("/")[0]] = None
        return [
            {
                "name": read_bilingual(it["document__fields__name"]),
                "kind": EntryKind(it["kind"]).label,
                "action": PublicationAction(it["action"]).label,
                "at": it["at"],
                "is_first": it["sequence"] == 1,
                "fields": [label_of(kind_of(it["kind"]).model, name) for name in changed.get(it["pk"], ())],
                "url": reverse(f"catalog:{it['kind']}_history", args=[it["slug"]]) + f"#version-{it['sequence']}",
            }
            for it in publications
        ]


def start_of(day) -> datetime:
    """Return the first moment of a day (UTC)."""
    return datetime.combine(day, time(), tzinfo=UTC)


def show_changes(request: HttpRequest) -> HttpResponse:
    """Show what was published, withdrawn, merged and renamed, newest first."""
    changes = Changes(request.GET)
    page = Paginator(changes.pks, CHANGES_A_PAGE).get_page(request.GET.get("page"))
    context = {"changes": changes, "form": changes.form, "page": page, "rows": changes.list_rows(page)}
    return render(request, "catalog/changes.html", {**context, "ignored": changes.ignored})


def feed_changes(request: HttpRequest, form: str) -> HttpResponse:
    """Return the list of changes as a feed: `form` is atom or json."""
    changes = Changes(request.GET)
    address = request.build_absolute_uri(reverse("catalog:changes"))
    home = f"{address}?{changes.query}" if changes.query else address
    title = f"{_('AIGC Landscape')} · {_('What changed')}"
    items = []
    for row in changes.list_rows(changes.pks[:CHANGES_A_PAGE]):
        url = request.build_absolute_uri(row["url"])
        names = [] if row["is_first"] else [str(name) for name in row["fields"]]
        what = pgettext("between values", ", ").join(names) or row["action"]
        text = f"{row['name'].text}: {what}"
        items.append(FeedItem(id=url, link=url, title=text, text=text, at=row["at"]))
    return answer_feed(request, form=form, title=title, home=home, items=items)
