"""The timeline: what was founded, released and launched, and the milestones, a year at a time."""

from dataclasses import dataclass

from django.db.models import CharField, Count, Value
from django.db.models.functions import ExtractYear, Substr
from django.urls import reverse
from django.utils.translation import pgettext_lazy

from catalog.models import AIModelMilestone, ListingEntry, OrganizationMilestone, ProductMilestone
from catalog.models.choices import EntryKind, MilestoneKind
from catalog.values import BilingualText, FuzzyDate

MILESTONES = {
    EntryKind.MODEL: AIModelMilestone,
    EntryKind.ORGANIZATION: OrganizationMilestone,
    EntryKind.PRODUCT: ProductMilestone,
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
    """Return the years that have milestones, newest first, with the number of them; two queries."""
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
        ListingEntry.objects.filter(date_from__isnull=False)
        .order_by()
        .annotate(year=ExtractYear("date_from"))
        .values_list("year")
        .annotate(number=Count("pk"))
    )
    for year, number in released:
        years[year] = years.get(year, 0) + number
    return sorted(years.items(), reverse=True)


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
    words = {
        EntryKind.MODEL: pgettext_lazy("event", "Released"),
        EntryKind.ORGANIZATION: pgettext_lazy("event", "Founded"),
        EntryKind.PRODUCT: pgettext_lazy("event", "Launched"),
    }
    for row in ListingEntry.objects.filter(date_from__year=year):
        name = BilingualText(en=row.name_en, zh=row.name_zh)
        # The row holds the first and last day of the date; equal ends are a day, else a month or a year.
        days = (row.date_to - row.date_from).days
        date = FuzzyDate(
            row.date_from.year,
            *(() if days > 31 else (row.date_from.month,)),
            *(() if days else (row.date_from.day,)),
        )
        events.append(
            Event(date, words[row.kind], name, BilingualText(), reverse(f"catalog:{row.kind}", args=[row.slug]))
        )
    return sorted(events, key=lambda event: (event.date, event.name.en), reverse=True)
