"""The listing index: one row for each live entry and term, derived from public documents, never edited.

`catalog.listing.index` writes it inside the publishing transaction; `manage.py rebuild_listing` brings it in step. What
a row was on earlier days is kept, so that a listing can be shown as of any of them.
"""

from datetime import date

from django.contrib.contenttypes.models import ContentType
from django.db import models
from wagtail.search import index

from catalog.models.choices import EntryKind

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
