"""Write an invented catalog to a database, as publishing would; for `generate_catalog.py`."""

import random
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import islice
from uuid import UUID

from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import FieldDoesNotExist
from django.db import models, transaction
from django.utils import timezone

from catalog.listing import search
from catalog.listing.derive import derive_facets, derive_row
from catalog.listing.facets import FACET_SETS, Subject
from catalog.models import (
    Change,
    Check,
    FacetValue,
    ListingEntry,
    ListingVersion,
    Publication,
    Segment,
    Source,
    Verification,
)
from catalog.models.checks import Outcome
from catalog.models.choices import LinkState
from catalog.models.document import child_lists, differences
from catalog.models.field_groups import FIELD_GROUPS
from catalog.models.history import PublicationAction
from catalog.models.kinds import KINDS, EntryKind, kind_of
from catalog.models.listing import UNKNOWN
from catalog.models.verification import read_intervals
from catalog.publishing.verification import group_findings, make_verifications
from catalog.seed.landscape import CATALOG_FILES, VOCABULARIES, Landscape, load_landscape, read_vocabularies
from catalog.seed.schema import FormReader
from catalog.seed.shipping import Shipment
from catalog.seed.yaml_files import read_yaml
from catalog.values import BilingualField
from tools import invented

PUBLISHED_BEFORE = timedelta(days=45)
# Number of entries in memory at a time.
CHUNK = 1000
# The shares of field groups that were checked, and of sources that were found changed.
CHECKED, CHANGED = 0.7, 0.01
OUTCOMES = {Outcome.STILL_TRUE: 93, Outcome.CANT_TELL: 3, Outcome.CHANGED: 3, Outcome.CONFLICT: 1}

# Rows with the slugs of their targets, by many-to-many column.
Pairs = dict[models.Field, list[tuple[models.Model, list[str]]]]


@transaction.atomic
def generate(*, entries: int, seed: int = 1, today: date | None = None) -> None:
    """Fill the database; raise ValueError if it has entries already."""
    if Publication.objects.exists():
        raise ValueError("The database has entries already; name an empty one.")
    Generator(entries=entries, seed=seed, today=today or timezone.now().date()).run()


class Generator:
    """One run, with the objects written so far that later ones refer to."""

    def __init__(self, *, entries: int, seed: int, today: date) -> None:
        self.entries, self.seed, self.today = entries, seed, today
        self.chance = random.Random(f"{seed}/checks")
        self.at = datetime.combine(today - PUBLISHED_BEFORE, time(9), tzinfo=UTC)
        self.now = datetime.combine(today, time(), tzinfo=UTC)
        self.checker, _ = get_user_model().objects.get_or_create(username="invented-editor")
        # The primary keys of possible targets, by model and slug.
        self.pks: dict[type[models.Model], dict[str, int]] = {}
        self.changed: dict[str, datetime] = {}
        self.intervals = read_intervals()
        self.parents: dict[str, str] = {}
        self.synonyms: dict[str, str] = {}
        # The facet values that organizations get from their models and products, and those that these get from them.
        self.inherited: dict[str, dict[str, set[str]]] = {}
        self.of_organizations: dict[str, dict[str, str]] = {}

    def run(self) -> None:
        number = ListingVersion.advance()
        # Processes with cached tables must read all of them again.
        ListingVersion.objects.update(rebuilt=number)
        vocabularies = self.load_vocabularies()
        landscape = invented.Landscape(
            entries=self.entries,
            seed=self.seed,
            day=self.at.date(),
            vocabularies=vocabularies,
            sources=self.write_sources(),
        )
        kinds = [kind.key for kind in KINDS if kind.key in landscape.known]
        for kind in kinds:
            for documents in in_chunks(landscape.write_all(kind)):
                self.write_entries(kind, documents)
            # Only after all entries of the kind exist, since they refer to each other.
            for documents in read_documents(kind):
                self.write_rows(kind, documents)
        # Organizations come last: they get facet values from their models and products.
        for kind in sorted(kinds, key=lambda kind: kind == EntryKind.ORGANIZATION):
            for documents in read_documents(kind):
                self.write_index(kind, documents)

    def load_vocabularies(self) -> dict[str, dict]:
        """Load the shipped vocabularies; return their words by group and slug."""
        reader = FormReader()
        words = Landscape(faults=reader.faults)
        read_vocabularies(
            root=read_yaml(path=CATALOG_FILES / "vocabularies.yaml", faults=reader.faults),
            reader=reader,
            landscape=words,
        )
        words.items = [item for model in VOCABULARIES.values() for item in words.slugs[model].values()]
        load_landscape(landscape=words, shipment=Shipment())
        for slug, parent, synonyms in Segment.objects.values_list("slug", "parent__slug", "synonyms"):
            self.synonyms[slug] = synonyms
            if parent:
                self.parents[slug] = parent
        vocabularies = {}
        for model in VOCABULARIES.values():
            rows = list(model.objects.values_list("pk", "slug", "name_en", "name_zh"))
            self.pks[model] = {slug: pk for pk, slug, en, zh in rows}
            vocabularies[model._meta.model_name] = {slug: {"en": en, "zh": zh} for pk, slug, en, zh in rows}
        return vocabularies

    def write_sources(self) -> dict[str, dict]:
        """Write the sources; return their labels in documents, by slug."""
        sources = [
            Source(**columns, link_state=LinkState.REACHED)
            for columns in invented.invent_sources(entries=self.entries, seed=self.seed)
        ]
        for source in sources:
            if self.chance.random() < CHANGED:
                source.changed_at = self.moment()
                self.changed[source.slug] = source.changed_at
        write(sources)
        self.pks[Source] = {source.slug: source.pk for source in sources}
        names = ("title", "publisher", "url", "kind", "language")
        return {it.slug: {"id": it.pk, **{name: getattr(it, name) for name in names}} for it in sources}

    def moment(self) -> datetime:
        """Return a random time between the publication and today."""
        seconds = (self.now - self.at).total_seconds()
        return self.at + timedelta(seconds=int(self.chance.random() * seconds))

    # --- entries -------------------------------------------------------------------------------------------

    def write_entries(self, kind: EntryKind, documents: list[dict]) -> None:
        """Write entries with their publications and changes."""
        model = kind_of(kind).model
        known = self.pks.setdefault(model, {})
        pairs: Pairs = {}
        for has_parent in (False, True):
            entries = [
                self.fill(
                    model(
                        uid=UUID(document["uid"]),
                        slug=document["slug"],
                        live=True,
                        first_published_at=self.at,
                        last_published_at=self.at,
                    ),
                    document["fields"],
                    pairs,
                )
                for document in documents
                if bool(document["fields"].get("parent")) == has_parent
            ]
            write(entries)
            known.update((entry.slug, entry.pk) for entry in entries)
        self.write_relations(pairs)
        self.write_publications(documents)

    def write_rows(self, kind: EntryKind, documents: list[dict]) -> None:
        """Write the rows of the lists of entries, and their citations."""
        model = kind_of(kind).model
        pks = self.pks[model]
        pairs: Pairs = {}
        for name, row_model in child_lists(model).items():
            if name == "citations":
                rows = [(document, {}, values) for document in documents for values in document["citations"]]
            else:
                rows = [
                    (document, {"key": key, "sort_order": number}, values)
                    for document in documents
                    for number, (key, values) in enumerate(document["children"][name].items())
                ]
            write(
                self.fill(row_model(entry_id=pks[document["slug"]], **columns), values, pairs)
                for document, columns, values in rows
            )
        self.write_relations(pairs)

    def fill(self, row: models.Model, values: dict, pairs: Pairs) -> models.Model:
        """Set the columns of a row from the values of a document; add many-to-many targets to `pairs`."""
        model = type(row)
        for name, value in values.items():
            match column_of(model, name):
                case None:
                    setattr(row, f"{name}_en", value["en"])
                    setattr(row, f"{name}_zh", value["zh"])
                case models.ManyToManyField() as column:
                    pairs.setdefault(column, []).append((row, value))
                case models.ForeignKey() as column:
                    setattr(row, column.attname, self.pks[column.related_model][value] if value else None)
                case _:
                    setattr(row, name, value)
        return row

    def write_relations(self, pairs: Pairs) -> None:
        for column, links in pairs.items():
            through, its = column.remote_field.through, self.pks.get(column.related_model, {})
            one, other = column.m2m_field_name(), column.m2m_reverse_field_name()
            write(through(**{f"{one}_id": row.pk, f"{other}_id": its[slug]}) for row, slugs in links for slug in slugs)

    def write_publications(self, documents: list[dict]) -> None:
        publications = [
            Publication(
                entry=UUID(document["uid"]),
                kind=document["kind"],
                slug=document["slug"],
                sequence=1,
                action=PublicationAction.PUBLISHED,
                document=document,
            )
            for document in documents
        ]
        write(publications)
        # Saving sets the column to the present time.
        Publication.objects.filter(pk__gte=publications[0].pk).update(at=self.at)
        write(
            Change(publication=publication, path=path, old=old, new=new)
            for publication in publications
            for path, old, new in differences(old=None, new=publication.document)
        )

    # --- derived data --------------------------------------------------------------------------------------

    def write_index(self, kind: EntryKind, documents: list[dict]) -> None:
        """Write checks and verifications, listing rows, facet values and the search index."""
        model, checks, verified, rows, facets = kind_of(kind).model, [], [], [], []
        content_type = ContentType.objects.get_for_model(model)
        for document in documents:
            object_id = self.pks[model][document["slug"]]
            its_checks = self.invent_checks(document)
            verifications = self.verify(document, its_checks)
            checks += its_checks
            for verification in verifications.values():
                verification.object_id = object_id
                verified.append(verification)
            subject = Subject(document=document, verifications=verifications, on=self.today)
            row = derive_row(subject)
            if kind in (EntryKind.ORGANIZATION, EntryKind.PRODUCT):
                segments = document["labels"].get("segment", {})
                row["text"] += "\n" + "\n".join(its for slug, its in self.synonyms.items() if slug in segments)
            found = derive_facets(
                subject=subject,
                declared=FACET_SETS[kind].valued,
                inherited=self.find_inherited(document),
                parents=self.parents,
            )
            self.pass_on(document, found)
            listing = ListingEntry(
                **row,
                entry=UUID(document["uid"]),
                content_type=content_type,
                object_id=object_id,
                published_at=self.at,
                since=self.at.date(),
            )
            rows.append(listing)
            facets += [(listing, held) for held in found.dated_values()]
        write(checks)
        write(verified)
        write(rows)
        write(
            FacetValue(listing=listing, facet=facet, value=value, since=since, until=until)
            for listing, (facet, value, since, until) in facets
        )
        search.index_for_search(*rows)

    def invent_checks(self, document: dict) -> list[Check]:
        """Return checks of most field groups, some of them checked twice."""
        chance = self.chance
        return [
            Check(
                entry=UUID(document["uid"]),
                group=group,
                at=self.moment(),
                by=self.checker,
                outcome=chance.choices(list(OUTCOMES), weights=list(OUTCOMES.values()))[0],
            )
            for group in FIELD_GROUPS.get(document["kind"], ())
            if chance.random() < CHECKED
            for _ in range(chance.choice((1, 1, 2)))
        ]

    def verify(self, document: dict, checks: list[Check]) -> dict[str, Verification]:
        """Return the verifications that follow from an entry's checks, as `read_verifications` would."""
        if document["kind"] not in FIELD_GROUPS:
            return {}
        found: dict[str, dict[str, list]] = {}
        for check in checks:
            if check.outcome != Outcome.CANT_TELL:
                found.setdefault(check.group, {}).setdefault("", []).append((check.at, check.outcome))
        edited = {path: self.at for path, _old, _new in differences(old=None, new=document)}
        findings = group_findings(document, edited=edited, altered=set(), checks=found, changed=self.changed)
        return make_verifications(document, findings=findings, intervals=self.intervals)

    def find_inherited(self, document: dict) -> dict[str, set[str]]:
        """Return the facet values that an entry gets from other entries."""
        facet_set = FACET_SETS[document["kind"]]
        if facet_set.from_made:
            return self.inherited.get(document["slug"], {})
        makers = makers_of(document)
        return {
            facet: {self.read_organizations(source)[slug] for slug in makers} - {""}
            for facet, source in facet_set.from_makers.items()
        }

    def read_organizations(self, facet: str) -> dict[str, str]:
        """Return the values of the column behind a facet of organizations, by slug."""
        if facet not in self.of_organizations:
            field = FACET_SETS[EntryKind.ORGANIZATION].facets[facet].field
            organization = kind_of(EntryKind.ORGANIZATION).model
            self.of_organizations[facet] = dict(organization.objects.values_list("slug", field))
        return self.of_organizations[facet]

    def pass_on(self, document: dict, facets) -> None:
        """Remember the facet values that the makers of a model or product get from it."""
        made = [
            (document["kind"], facet, value)
            for facet, values in facets.values.items()
            for value in values
            if value != UNKNOWN
        ]
        for slug in makers_of(document):
            its = self.inherited.setdefault(slug, {})
            for facet, value in FACET_SETS[EntryKind.ORGANIZATION].inherit(made):
                its.setdefault(facet, set()).add(value)


def makers_of(document: dict) -> list[str]:
    """Return the slugs of the makers of a model or product."""
    fields = document["fields"]
    return fields.get("makers") or [slug for slug in (fields.get("maker"),) if slug]


@cache
def column_of(model: type[models.Model], name: str) -> models.Field | None:
    """Return the column of a document's value; None for a bilingual text, which has two columns."""
    if isinstance(getattr(model, name, None), BilingualField):
        return None
    try:
        return model._meta.get_field(name)
    except FieldDoesNotExist:
        raise ValueError(f"{model.__name__} has no {name}.") from None


def read_documents(kind: EntryKind) -> Iterator[list[dict]]:
    """Yield the written documents in chunks: all of them would not fit in memory."""
    documents = Publication.objects.filter(kind=kind).order_by("pk").values_list("document", flat=True)
    return in_chunks(documents.iterator(chunk_size=CHUNK))


def in_chunks(documents: Iterable[dict]) -> Iterator[list[dict]]:
    """Yield documents in lists of at most CHUNK."""
    documents = iter(documents)
    while some := list(islice(documents, CHUNK)):
        yield some


def write(rows: Iterable[models.Model]) -> None:
    """Insert rows of one model in bulk, without the side effects of saving."""
    rows = list(rows)
    if rows:
        type(rows[0])._base_manager.bulk_create(rows, batch_size=1000)
