"""The system check of facets and ranges: it reports faults in their declarations."""

from collections.abc import Iterator

from django.apps import apps
from django.core import checks
from django.core.exceptions import FieldDoesNotExist
from django.db import models

from catalog.listing.facets import (
    FACET_SETS,
    CheckedRange,
    Entries,
    Facet,
    FacetSet,
    FromMade,
    Range,
    Unit,
    Vocabulary,
)
from catalog.listing.parameters import FIND, RESERVED_PARAMETERS
from catalog.models import FacetValue, ListingEntry, Segment
from catalog.models.document import child_lists
from catalog.models.field_groups import fields_of
from catalog.models.kinds import EntryKind
from catalog.values import BilingualField, MoneyField, QuantityField

COLUMN_TYPES = {Unit.DATE: models.DateField, Unit.NUMBER: models.FloatField, Unit.MONEY: models.FloatField}
LONGEST_NAME = FacetValue._meta.get_field("facet").max_length or 0


def check_facets(app_configs: object = None, **kwargs: object) -> list[checks.CheckMessage]:
    """Report everything that a facet or a range lacks, or has twice."""
    return [
        checks.Error(
            f"The {facet_set.kind.label} facet or range “{name}” {fault}.",
            hint=f"Correct its declaration in catalog/listing/facets/ (kind “{facet_set.kind}”).",
            id="catalog.E002",
        )
        for facet_set in FACET_SETS.values()
        for name, fault in find_faults(facet_set)
    ]


def find_faults(facet_set: FacetSet) -> Iterator[tuple[str, str]]:
    """Yield the faults in the declarations of a kind: the facet's or range's name, and the fault."""
    seen: set[str] = set()
    columns: set[str] = set()
    for item in facet_set.all:
        yield from ((item.name, fault) for fault in find_faults_of_name(item.name, seen=seen))
        seen.add(item.name)
        if not str(item.label or ""):
            yield item.name, "has no label"
        match item:
            case Facet():
                faults = find_faults_of_facet(item, kind=facet_set.kind)
                exported = [item.exported] if item.exported else []
            case Range():
                faults, exported = find_faults_of_range(item, kind=facet_set.kind), list(item.exported)
            case CheckedRange():
                continue
        yield from ((item.name, fault) for fault in faults)
        for column in exported:
            if column in columns:
                yield item.name, f"exports a column “{column}” that another one exports already"
            columns.add(column)
    for name in facet_set.orders:
        if name.removeprefix("-") not in facet_set.sortable:
            yield name, "is offered as an order, but is neither a range nor a column"


def find_faults_of_name(name: str, *, seen: set[str]) -> Iterator[str]:
    if name in seen:
        yield "is declared twice"
    if not name.isidentifier() or len(name) > LONGEST_NAME:
        yield f"is not called by letters, digits and underscores, {LONGEST_NAME} at most"
    if name in RESERVED_PARAMETERS or name.startswith(FIND) or name.endswith(("_min", "_max")):
        yield "has a name that is reserved for other parameters"


def find_faults_of_facet(facet: Facet, *, kind: EntryKind) -> Iterator[str]:
    if not facet.options:
        yield "has no options: say what its values are called"
    if not (facet.field or facet.derive or facet.inherited):
        yield "has no derivation: name a field, a function that derives its values, or what it inherits"
    if facet.field and facet.field not in fields_of(kind):
        yield f"names a field “{facet.field}” that FIELD_GROUPS does not have"
    elif facet.field and not facet.derive and not is_plain(facet.field, kind=kind):
        yield f"takes over the field “{facet.field}”, whose values are more than words: derive them"
    if facet.tree and not (isinstance(facet.options, Vocabulary) and facet.options.model is Segment):
        yield "is a tree, but its options are not the segments"
    if facet.exported and (not facet.field or facet.inherited or facet.tree):
        yield "is exported, but comes not from a field of the entry itself alone"
    if (facet.follows_checks or facet.interval) and (facet.inherited or facet.tree):
        yield "follows checks or their interval, but has values from elsewhere, which these know nothing of"
    for source in facet.inherited:
        theirs = FACET_SETS[source.kind if isinstance(source, FromMade) else EntryKind.ORGANIZATION].facets
        if source.facet and source.facet not in theirs:
            yield f"inherits from a facet “{source.facet}” that is not declared"
        elif not isinstance(source, FromMade) and not theirs[source.facet].field:
            yield f"inherits from “{source.facet}”, which names no field whose changes could be followed"
    if isinstance(facet.options, Entries):
        others = [it.facets[facet.name].options for it in FACET_SETS.values() if facet.name in it.facets]
        if any(not isinstance(it, Entries) or it.kind != facet.options.kind for it in others):
            yield "has the addresses of entries of a kind, but has not in every kind that declares it"


def is_plain(field: str, *, kind: EntryKind) -> bool:
    """Return whether documents store a field as one or several words: not as rows, a number or a bilingual text."""
    (model,) = (it for it in apps.get_app_config("catalog").get_models() if getattr(it, "kind", None) == kind)
    if field in child_lists(model) or isinstance(getattr(model, field), BilingualField):
        return False
    return not isinstance(model._meta.get_field(field), MoneyField | QuantityField)


def find_faults_of_range(item: Range, *, kind: EntryKind) -> Iterator[str]:
    if item.field not in fields_of(kind):
        yield f"names a field “{item.field}” that FIELD_GROUPS does not have"
    if item.until and item.column is not None:
        yield "is a column, but would show there what is no longer current"
    for name, unit in item.stored.items():
        try:
            column = ListingEntry._meta.get_field(name)
        except FieldDoesNotExist:
            yield f"has no column “{name}” in ListingEntry: add it there, then run makemigrations"
            continue
        if not isinstance(column, COLUMN_TYPES[unit]):
            yield f"is measured in another unit than its column “{name}” of ListingEntry"
    for exported, name in item.exported.items():
        if name not in item.stored:
            yield f"exports “{exported}” from “{name}”, which is no column of its own"
