"""The timeline of one year: foundings, releases, launches and milestones."""

from dataclasses import dataclass

from django.db.models import CharField, Count, Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import ExtractYear, Substr
from django.urls import reverse

from catalog.models import ListingEntry
from catalog.models.base import Milestone
from catalog.models.choices import MilestoneKind
from catalog.models.kinds import Kind, kind_of, list_entry_kinds
from catalog.values import BilingualText, FuzzyDate


@dataclass(frozen=True)
class TimelineEvent:
    """Something that happened to an entry."""

    date: FuzzyDate
    kind: object
    name: BilingualText
    text: BilingualText
    url: str


def list_milestone_models() -> list[tuple[Kind, type[Milestone]]]:
    """Return the kinds that have milestones, each with its milestone model."""
    models = [(kind, kind.row_model("milestones")) for kind in list_entry_kinds()]
    return [(kind, model) for kind, model in models if model]


def list_years() -> list[tuple[int, int]]:
    """Return the years with events, newest first, each with the number of its events; two queries."""
    parts = [
        model.objects.filter(entry__live=True)
        .order_by()
        .annotate(year=Substr("date", 1, 4, output_field=CharField()))
        .values_list("year")
        .annotate(number=Count("pk"))
        for _kind, model in list_milestone_models()
    ]
    years: dict[int, int] = {}
    for year, number in parts[0].union(*parts[1:], all=True):
        years[int(year)] = years.get(int(year), 0) + number
    released = (
        own_dates().order_by().annotate(year=ExtractYear("date_from")).values_list("year").annotate(number=Count("pk"))
    )
    for year, number in released:
        years[year] = years.get(year, 0) + number
    return sorted(years.items(), reverse=True)


def own_dates() -> QuerySet:
    """Return the live entries with a date of their own (such as a release) that none of their milestones repeats."""
    told = Q()
    for kind, model in list_milestone_models():
        if not kind.date:
            continue
        milestones = model.objects.filter(
            entry=OuterRef("object_id"), milestone_kind=kind.milestone, date=F(f"entry__{kind.date}")
        )
        told |= Q(Exists(milestones), kind=kind.key)
    return ListingEntry.objects.filter(~told, date_from__isnull=False)


def list_events(year: int) -> list[TimelineEvent]:
    """Return the events of a year, newest first; four queries."""
    events = []
    for _kind, model in list_milestone_models():
        rows = (
            model.objects.filter(entry__live=True)
            .annotate(year=Substr("date", 1, 4, output_field=CharField()))
            .filter(year=Value(str(year), CharField()))
            .select_related("entry")
        )
        for row in rows:
            label = MilestoneKind(row.milestone_kind).label
            events.append(TimelineEvent(row.date, label, row.entry.name, row.text, row.entry.get_absolute_url()))
    for row in own_dates().filter(date_from__year=year):
        name = BilingualText(en=row.name_en, zh=row.name_zh)
        # The row has the first and last day of the date: the same day, or those of a month or a year.
        days = (row.date_to - row.date_from).days
        date = FuzzyDate(
            row.date_from.year,
            *(() if days > 31 else (row.date_from.month,)),
            *(() if days else (row.date_from.day,)),
        )
        label = kind_of(row.kind).milestone.label
        events.append(
            TimelineEvent(date, label, name, BilingualText(), reverse(f"catalog:{row.kind}", args=[row.slug]))
        )
    return sorted(events, key=lambda event: (event.date, event.name.en), reverse=True)
