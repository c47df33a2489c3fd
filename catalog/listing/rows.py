"""The rows of the listing index: a row's old content is kept with the days on which it was valid."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from catalog.listing import search
from catalog.models import FacetValue, ListingChange, ListingEntry

# A facet value: facet, value, the first day on which it is valid, the day after the last.
DatedValue = tuple[str, str, date, date]


def write_row(*, uid: UUID, row: dict[str, Any], facets: Iterable[DatedValue], on: date) -> None:
    """Upsert the current row of an entry, effective `on`; do nothing if it is the same already."""
    facets = list(facets)
    present = ListingEntry.objects.filter(entry=uid)
    if (existing := present.first()) and is_same(existing, row=row, facets=facets, on=on):
        if existing.published_at != row["published_at"]:
            present.update(published_at=row["published_at"])
        return
    close_rows(present, on=on)
    listing, _ = ListingEntry.objects.update_or_create(entry=uid, defaults={**row, "since": on})
    listing.facets.all().delete()
    add_values({listing: facets})
    ListingChange.record([(listing.entry, listing.kind)])
    # Here, not by the signals of saving, so that the next request finds it.
    search.index_for_search(listing)


def is_same(existing: ListingEntry, *, row: dict[str, Any], facets: list[DatedValue], on: date) -> bool:
    """Return whether a row has these values from a day on, whenever they were published."""
    if any(getattr(existing, name) != value for name, value in row.items() if name != "published_at"):
        return False
    return clip(existing.facets.values_list("facet", "value", "since", "until"), on=on) == clip(facets, on=on)


def clip(facets: Iterable[DatedValue], *, on: date) -> set[DatedValue]:
    """Return the facet values that are valid on a day or later."""
    return {(facet, value, max(since, on), until) for facet, value, since, until in facets if until > on}


def write_values(values: dict[ListingEntry, list[DatedValue]], *, facets: Iterable[str], on: date) -> None:
    """Replace values of some facets in current rows, effective `on`, in a fixed number of queries."""
    existing = FacetValue.objects.filter(listing__in=values, facet__in=facets)
    existing.filter(listing__since__lt=on, since__lt=on, until__gt=on).update(until=on)
    # Values that began today were never valid at the end of a day.
    existing.filter(Q(listing__since__gte=on) | Q(since__gte=on)).delete()
    add_values({row: clip(its, on=on) if row.since < on else its for row, its in values.items()})
    ListingChange.record((row.entry, row.kind) for row in values)


def add_values(values: Mapping[ListingEntry, Iterable[DatedValue]]) -> None:
    """Insert facet values of rows."""
    FacetValue.objects.bulk_create(
        FacetValue(listing=row, facet=facet, value=value, since=since, until=until)
        for row, its in values.items()
        for facet, value, since, until in its
    )


def copy_to_past(rows: list[ListingEntry], *, on: date) -> None:
    """Insert copies of current rows as past rows, valid until a day, before the originals are changed in place.

    The number of queries does not depend on the number of rows.
    """
    names = [column.attname for column in ListingEntry._meta.concrete_fields if not column.primary_key]
    older = [row for row in rows if row.since < on]
    copies = [ListingEntry(**{**{name: getattr(row, name) for name in names}, "until": on}) for row in older]
    ListingEntry.objects.bulk_create(copies)
    by_row = {row.pk: copy for row, copy in zip(older, copies, strict=True)}
    values: dict[ListingEntry, list[DatedValue]] = {}
    existing = FacetValue.objects.filter(listing__in=older).order_by("pk")
    for pk, facet, value, since, until in existing.values_list("listing", "facet", "value", "since", "until"):
        values.setdefault(by_row[pk], []).append((facet, value, since, until))
    add_values(values)
    search.index_for_search(*copies)


def close_rows(rows: QuerySet[ListingEntry], *, on: date) -> None:
    """Turn current rows into past rows that were valid until a day, except those that began on it."""
    rows.filter(since__lt=on).update(until=on)


def end_rows(rows: QuerySet[ListingEntry], *, on: date) -> None:
    """End current rows from a day on; delete those that began on it, which were never valid at the end of a day."""
    ListingChange.record(list(rows.values_list("entry", "kind")))
    close_rows(rows, on=on)
    rows.delete()
