"""The day as of which a page is asked for: `as_of=YYYY-MM-DD`, in UTC."""

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
    """The day that a query string asks for; without one, or with one that can't be, it is today.

    A page as of a day shows what this site knew at the end of it; as of today, what it shows anyway.
    """

    def __init__(self, data: QueryDict) -> None:
        self.asked = data.get(PARAMETER, "").replace("\x00", "").strip()
        self.today = timezone.now().date()
        # The day asked for, if it is one and not yet to come.
        self.day = read_day(self.asked, latest=self.today)
        # The day that is shown.
        self.on = self.day or self.today

    @property
    def is_past(self) -> bool:
        """Whether something else than the present is shown."""
        return self.on < self.today

    @property
    def ignored(self) -> list[str]:
        """What was asked for and can't be."""
        return [f"{PARAMETER}={self.asked}"] if self.asked and self.day is None else []

    @property
    def query(self) -> str:
        """What addresses of other pages take along to stay on the day."""
        return f"{PARAMETER}={self.day.isoformat()}" if self.day else ""

    @property
    def until(self) -> datetime:
        """The end of the day."""
        return datetime.combine(self.on + timedelta(days=1), time(), tzinfo=UTC)

    @cached_property
    def begin(self) -> date | None:
        """The day on which this site's records begin."""
        at = Publication.objects.order_by("at").values_list("at", flat=True).first()
        return at and at.astimezone(UTC).date()

    @property
    def is_before_records(self) -> bool:
        """Whether this site knew nothing yet."""
        return self.is_past and (self.begin is None or self.on < self.begin)

    def entries(self) -> QuerySet[ListingEntry]:
        """The listing rows of what was live on the day."""
        return ListingEntry.ever.on(self.on) if self.is_past else ListingEntry.objects.all()

    def publications(self) -> PublicationQuerySet:
        """What was published, withdrawn and merged by the end of the day."""
        return Publication.objects.filter(at__lt=self.until) if self.is_past else Publication.objects.all()

    def add_to(self, address: str) -> str:
        """An address of this site, on the day."""
        if not self.day:
            return address
        return f"{address}{'&' if '?' in address else '?'}{self.query}"


def current_facets() -> QuerySet[FacetValue]:
    """The facet values that hold today (UTC), of what is live."""
    today = timezone.now().date()
    return FacetValue.objects.filter(since__lte=today, until__gt=today, listing__until=ALWAYS_UNTIL)


def read_day(text: str, *, latest: date) -> date | None:
    """The day that a text spells, if there is such a day up to the latest."""
    if not DAY.fullmatch(text):
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day <= latest else None
