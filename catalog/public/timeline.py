"""The timeline: what was founded, released and launched, and the milestones, a year at a time."""

from dataclasses import dataclass

from django.db.models import CharField, Count, Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import ExtractYear, Substr
from django.urls import reverse

from catalog.listing.derive import DATE_FIELDS
from catalog.models import AIModelMilestone, ListingEntry, OrganizationMilestone, ProductMilestone
from catalog.models.choices import EntryKind, MilestoneKind
from catalog.values import BilingualText, FuzzyDate

MILESTONES = {
    EntryKind.MODEL: AIModelMilestone,
    EntryKind.ORGANIZATION: OrganizationMilestone,
    EntryKind.PRODUCT: ProductMilestone,
}
# Which kind of milestone an entry's own date is.
OWN_KINDS = {
    EntryKind.MODEL: MilestoneKind.RELEASE,
    EntryKind.ORGANIZATION: MilestoneKind.FOUNDING,
    EntryKind.PRODUCT: MilestoneKind.RELEASE,
}


@dataclass(frozen=True)
class Event:
    """Something that happened to an entry."""

    date: FuzzyDate
    kind: object
    name: BilingualText
    text: BilingualText
    url: str


def list_years() -> list[tuple[int, int]]:
    """Return the years in which something happened, newest first, with the number of events; two queries."""
    parts = [
        model.objects.filter(entry__live=True)
        .order_by()
        .annotate(year=Substr("date", 1, 4, output_field=CharField()))
        .values_list("year")
        .annotate(number=Count("pk"))
        for model in MILESTONES.values()
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
    """The live entries with a date of their own that no milestone of theirs tells already."""
    told = Q()
    for kind, model in MILESTONES.items():
        milestones = model.objects.filter(
            entry=OuterRef("object_id"), milestone_kind=OWN_KINDS[kind], date=F(f"entry__{DATE_FIELDS[kind]}")
        )
        told |= Q(Exists(milestones), kind=kind)
    return ListingEntry.objects.filter(~told, date_from__isnull=False)


def list_events(year: int) -> list[Event]:
    """Return the events of a year, newest first; four queries."""
    events = []
    for model in MILESTONES.values():
        rows = (
            model.objects.filter(entry__live=True)
            .annotate(year=Substr("date", 1, 4, output_field=CharField()))
            .filter(year=Value(str(year), CharField()))
            .select_related("entry")
        )
        for row in rows:
            label = MilestoneKind(row.milestone_kind).label
            events.append(Event(row.date, label, row.entry.name, row.text, row.entry.get_absolute_url()))
    for row in own_dates().filter(date_from__year=year):
        name = BilingualText(en=row.name_en, zh=row.name_zh)
        # The row holds the first and last day of the date; equal ends are a day, else a month or a year.
        days = (row.date_to - row.date_from).days
        date = FuzzyDate(
            row.date_from.year,
            *(() if days > 31 else (row.date_from.month,)),
            *(() if days else (row.date_from.day,)),
        )
        label = OWN_KINDS[row.kind].label
        events.append(Event(date, label, name, BilingualText(), reverse(f"catalog:{row.kind}", args=[row.slug])))
    return sorted(events, key=lambda event: (event.date, event.name.en), reverse=True)
