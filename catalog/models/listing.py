"""The listing index: one row for each live entry and term, derived from public documents, never edited.

`catalog.listing.index` writes it inside the publishing transaction; `manage.py rebuild_listing` brings it in step. What
a row was on earlier days is kept, so that a listing can be shown as of any of them.

Processes hold the present rows in memory (`catalog.listing.tables`). Whoever changes the index says so here, in the
same transaction: `ListingVersion` counts the changes, `ListingChange` has of each entry the number of the last one.
"""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from django.contrib.contenttypes.models import ContentType
from django.db import connection, models, transaction
from django.db.models import F
from wagtail.search import index

from catalog.models.kinds import EntryKind

# The value of a facet in which an entry has none.
UNKNOWN = "unknown"
ALWAYS_FROM, ALWAYS_UNTIL = date(1, 1, 1), date(9999, 12, 31)


class PresentManager(models.Manager):
    """The rows of what is live now."""

    def get_queryset(self) -> models.QuerySet:
        return super().get_queryset().filter(until=ALWAYS_UNTIL)


class ListingQuerySet(models.QuerySet):
    def on(self, day: date) -> "ListingQuerySet":
        """The rows as they were at the end of a day (UTC)."""
        return self.filter(since__lte=day, until__gt=day)


class ListingEntry(index.Indexed, models.Model):
    """What listings, facets and search know of one live entry, from one day on and until another.

    An entry has one row for each stretch of days on which it was the same, and at most one that holds now: `objects`
    are those, `ever` are all. Dates are the first and last day of the fuzzy date in question (founded, released or
    launched); money is in USD; quantities are plain numbers, null where nothing can be compared.
    """

    # Indexed by `catalog.listing.index` itself, in the publishing transaction.
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
        # What tidies up the search index goes by it, and must not take past rows for leftovers.
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
    def get_indexed_objects(cls) -> models.QuerySet:
        """Past rows too: a search on a past day goes through the same index."""
        return cls.ever.all()


class FacetValue(models.Model):
    """One value of one facet of a row, from one day on and until another (a check falls overdue by itself).

    It holds on those of these days on which its row does. An entry without a value in a facet has the value `unknown`
    there, so that counting is one GROUP BY.
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
    """How often the listing index has changed: one row.

    Whoever is about to change the index holds it until they commit, before they lock anything else that others may
    wait for. So changes are committed in the order of their numbers, and who has read up to one has missed none.
    """

    number = models.PositiveBigIntegerField(default=0)
    # The last change after which nothing is left of what was read before.
    rebuilt = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.number)

    @classmethod
    def hold(cls) -> None:
        """Wait for whoever changes the index, and have others wait until this transaction ends."""
        cls.objects.select_for_update().get_or_create(pk=1)

    @classmethod
    def advance(cls) -> int:
        """Count a change; return its number, one for all that a transaction changes: it is seen at once."""
        if not has_changed_index():
            cls.hold()
            cls.objects.update(number=F("number") + 1)
            transaction.on_commit(mark_change)
        return cls.objects.get().number


def mark_change() -> None:
    """Stands among what is to be done on commit for as long as a change of the index is not committed."""


def has_changed_index() -> bool:
    """Whether this transaction has changed the index, and is not committed yet."""
    return any(todo[1] is mark_change for todo in connection.run_on_commit)


class ListingChange(models.Model):
    """The last change of one entry's present row."""

    entry = models.UUIDField(primary_key=True)
    kind = models.CharField(max_length=20, choices=EntryKind)
    number = models.PositiveBigIntegerField(db_index=True)

    def __str__(self) -> str:
        return f"{self.entry} {self.number}"

    @classmethod
    def record(cls, entries: Iterable[tuple[UUID, str]]) -> None:
        """Say that the present rows of entries are others now: permanent ids and kinds."""
        if entries := dict(entries):
            number = ListingVersion.advance()
            cls.objects.bulk_create(
                [cls(entry=uid, kind=kind, number=number) for uid, kind in entries.items()],
                batch_size=500,
                update_conflicts=True,
                unique_fields=["entry"],
                update_fields=["kind", "number"],
            )
