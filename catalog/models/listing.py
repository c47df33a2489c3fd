"""The listing index: one row for each live entry and term, derived from public documents and never edited.

`catalog.listing.index` writes it inside the publishing transaction; `manage.py rebuild_listing` repairs it. Old rows
are kept, so that a listing can be shown as of any earlier day.

Processes keep the current rows in memory (`catalog.listing.table_cache`). Code that changes the index records it here,
in the same transaction: `ListingVersion` counts changes, `ListingChange` has the number of each entry's last change.
"""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from django.contrib.contenttypes.models import ContentType
from django.db import connection, models, transaction
from django.db.models import F
from wagtail.search import index

from catalog.models.kinds import EntryKind

# The value of a facet for entries that have none.
UNKNOWN = "unknown"
ALWAYS_FROM, ALWAYS_UNTIL = date(1, 1, 1), date(9999, 12, 31)


class PresentManager(models.Manager["ListingEntry"]):
    """The current rows: those of live entries."""

    def get_queryset(self) -> models.QuerySet["ListingEntry"]:
        return super().get_queryset().filter(until=ALWAYS_UNTIL)


class ListingQuerySet(models.QuerySet["ListingEntry"]):
    def on(self, day: date) -> "ListingQuerySet":
        """Return the rows that were current at the end of a day (UTC)."""
        return self.filter(since__lte=day, until__gt=day)


class ListingEntry(index.Indexed, models.Model):
    """What listings, facets and search know about one live entry, in the period from `since` until before `until`.

    An entry has one row for each period in which it did not change, and at most one current row: `objects` has the
    current rows, `ever` has all. Dates are the first and last day of a fuzzy date (founded, released or launched);
    money is in USD; quantities are plain numbers, null where nothing can be compared.
    """

    # `catalog.listing.index` updates the search index itself, in the publishing transaction.
    search_auto_update = False
    # See `catalog.listing.search.base.is_indexed_by_key`.
    search_index_by_key = True

    entry = models.UUIDField(db_index=True)
    since = models.DateField()
    until = models.DateField(default=ALWAYS_UNTIL)
    kind = models.CharField(max_length=20, choices=EntryKind)
    slug = models.SlugField(max_length=100)
    content_type = models.ForeignKey(ContentType, on_delete=models.CASCADE, related_name="+")
    object_id = models.BigIntegerField()
    published_at = models.DateTimeField(db_index=True)
    name_en = models.CharField(max_length=160)
    name_zh = models.CharField(max_length=160)
    sort_en = models.CharField(max_length=200)
    sort_zh = models.CharField(max_length=300)
    aliases = models.TextField()
    summary_en = models.TextField()
    summary_zh = models.TextField()
    text = models.TextField()
    date_from = models.DateField(null=True)
    date_to = models.DateField(null=True)
    parameters_low = models.FloatField(null=True)
    parameters_high = models.FloatField(null=True)
    funding_usd = models.FloatField(null=True)
    valuation_usd = models.FloatField(null=True)
    valuation_until = models.DateField(default=ALWAYS_UNTIL)

    search_fields = [
        index.SearchField("name_en", boost=5),
        index.SearchField("name_zh", boost=5),
        index.AutocompleteField("name_en"),
        index.AutocompleteField("name_zh"),
        index.SearchField("aliases", boost=3),
        index.SearchField("text"),
        index.AutocompleteField("text"),
        index.FilterField("kind"),
    ]

    objects = PresentManager()
    ever = ListingQuerySet.as_manager()

    class Meta:
        # Cleaning up the search index uses the default manager, and must not delete past rows as leftovers.
        default_manager_name = "ever"
        constraints = [
            models.UniqueConstraint(
                fields=["entry"], condition=models.Q(until=ALWAYS_UNTIL), name="listing_entry_present"
            ),
            models.UniqueConstraint(
                fields=["kind", "slug"], condition=models.Q(until=ALWAYS_UNTIL), name="listing_entry_address"
            ),
        ]
        indexes = [
            models.Index(fields=["kind", "until", "date_to"], name="listing_by_date"),
            models.Index(fields=["kind", "until", "sort_en"], name="listing_by_name_en"),
            models.Index(fields=["kind", "until", "sort_zh"], name="listing_by_name_zh"),
        ]

    def __str__(self) -> str:
        return self.name_en

    @classmethod
    def get_indexed_objects(cls) -> models.QuerySet["ListingEntry"]:
        """Return current and past rows: a search on a past day uses the same index."""
        return cls.ever.all()


class FacetValue(models.Model):
    """One value of one facet of a row, from the day `since` until before `until`, since checks expire by themselves.

    It is valid on the days of this period on which its row is. An entry without a value has the value `unknown`, so
    that counting is one GROUP BY.
    """

    listing = models.ForeignKey(ListingEntry, on_delete=models.CASCADE, related_name="facets")
    facet = models.CharField(max_length=20)
    value = models.CharField(max_length=100)
    since = models.DateField(default=ALWAYS_FROM)
    until = models.DateField(default=ALWAYS_UNTIL)

    class Meta:
        indexes = [models.Index(fields=["facet", "value", "listing"], name="facet_value_lookup")]

    def __str__(self) -> str:
        return f"{self.facet}={self.value}"


class ListingVersion(models.Model):
    """The number of changes of the listing index: one row.

    A transaction that will change the index locks this row before any other lock that others may wait for. So changes
    are committed in the order of their numbers, and a process that has read up to a number has missed none.
    """

    number = models.PositiveBigIntegerField(default=0)
    # The number of the last rebuild; what was read before it is out of date.
    rebuilt = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.number)

    @classmethod
    def lock(cls) -> None:
        """Lock the index until this transaction ends; wait while another transaction has it locked."""
        cls.objects.select_for_update().get_or_create(pk=1)

    @classmethod
    def advance(cls) -> int:
        """Count a change and return its number: one for a whole transaction, whose changes become visible together."""
        if not has_changed_index():
            cls.lock()
            cls.objects.update(number=F("number") + 1)
            transaction.on_commit(mark_change)
        return cls.objects.get().number


def mark_change() -> None:
    """Do nothing: as a callback waiting for the commit, it marks a transaction that has changed the index."""


def has_changed_index() -> bool:
    """Return whether this transaction has changed the index and is not committed yet."""
    return any(todo[1] is mark_change for todo in connection.run_on_commit)


class ListingChange(models.Model):
    """The last change of one entry's current row."""

    entry = models.UUIDField(primary_key=True)
    kind = models.CharField(max_length=20, choices=EntryKind)
    number = models.PositiveBigIntegerField(db_index=True)

    def __str__(self) -> str:
        return f"{self.entry} {self.number}"

    @classmethod
    def record(cls, entries: Iterable[tuple[UUID, str]]) -> None:
        """Record that the current rows of entries have changed; `entries` are pairs of permanent id and kind."""
        if kinds := dict(entries):
            number = ListingVersion.advance()
            ListingChange.objects.bulk_create(
                [ListingChange(entry=uid, kind=kind, number=number) for uid, kind in kinds.items()],
                batch_size=500,
                update_conflicts=True,
                unique_fields=["entry"],
                update_fields=["kind", "number"],
            )
