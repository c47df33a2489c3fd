"""The day that a page is shown as of: `as_of=YYYY-MM-DD`, in UTC."""

import re
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.functional import cached_property

from catalog.models import FacetValue, ListingEntry, Publication
from catalog.models.history import PublicationQuerySet
from catalog.models.listing import ALWAYS_UNTIL

PARAMETER = "as_of"
DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class AsOf:
    """The day that a query string asks for; today if there is none, or an invalid one.

    A page as of a past day shows what this site knew at the end of that day.
    """

    def __init__(self, data: QueryDict) -> None:
        self.asked = data.get(PARAMETER, "").replace("\x00", "").strip()
        self.today = timezone.now().date()
        # The day asked for, if it is valid and not in the future.
        self.day = read_day(self.asked, latest=self.today)
        # The day that is shown.
        self.on = self.day or self.today

    @property
    def is_past(self) -> bool:
        """Whether a day before today is shown."""
        return self.on < self.today

    @property
    def ignored(self) -> list[str]:
        """The parameter that was ignored because it is invalid."""
        return [f"{PARAMETER}={self.asked}"] if self.asked and self.day is None else []

    @property
    def query(self) -> str:
        """The parameter to add to links, so that they stay on the day."""
        return f"{PARAMETER}={self.day.isoformat()}" if self.day else ""

    @property
    def until(self) -> datetime:
        """The end of the day (UTC); the first moment that is not shown."""
        return datetime.combine(self.on + timedelta(days=1), time(), tzinfo=UTC)

    @cached_property
    def begin(self) -> date | None:
        """The day of this site's first publication; None if there is none."""
        at = Publication.objects.order_by("at").values_list("at", flat=True).first()
        return at and at.astimezone(UTC).date()

    @property
    def is_before_records(self) -> bool:
        """Whether the day is before this site's first publication."""
        return self.is_past and (self.begin is None or self.on < self.begin)

    def entries(self) -> QuerySet[ListingEntry]:
        """Return the listing rows that were current on the day."""
        return ListingEntry.ever.on(self.on) if self.is_past else ListingEntry.objects.all()

    def publications(self) -> PublicationQuerySet:
        """Return the publications up to the end of the day."""
        return Publication.objects.filter(at__lt=self.until) if self.is_past else Publication.objects.all()

    def add_to(self, address: str) -> str:
        """Return a URL of this site with the parameter for the day."""
        if not self.day:
            return address
        return f"{address}{'&' if '?' in address else '?'}{self.query}"


def current_facets() -> QuerySet[FacetValue]:
    """Return the facet values of live entries that are valid today (UTC)."""
    today = timezone.now().date()
    return FacetValue.objects.filter(since__lte=today, until__gt=today, listing__until=ALWAYS_UNTIL)


def read_day(text: str, *, latest: date) -> date | None:
    """Return the day written in a text; None if it is invalid or after `latest`."""
    if not DAY.fullmatch(text):
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day <= latest else None
