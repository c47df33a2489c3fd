"""Find what points to an entry: newer models, products built on it, what an organization made."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from catalog.models import AIModel, Lineage, Organization, Product, Publication, Term
from catalog.models.choices import LINEAGE_REVERSE
from catalog.models.history import PublicationAction
from catalog.models.kinds import EntryKind, kind_of
from catalog.reading.facts import Value

RELATED_SHOWN = 12


@dataclass
class RelatedList:
    """At most RELATED_SHOWN entries that point to an entry, and the address of a listing of all if there are more."""

    label: object
    values: list[Value]
    url: str = ""


def list_related(record) -> list[RelatedList]:
    """Return the lists of entries that point to a record, without empty lists."""
    make_lists = LISTS.get(record.kind)
    return [related for related in make_lists(record) if related.values] if make_lists else []


def make_list(label, records: QuerySet, listing: str = "", query: str = "") -> RelatedList:
    """Return the first live records by name, and the address of their listing if there are more."""
    found = list(records.filter(live=True).order_by("name_en")[: RELATED_SHOWN + 1])
    return RelatedList(
        label=label,
        values=[Value(record.name, record.get_absolute_url()) for record in found[:RELATED_SHOWN]],
        url=f"{reverse(f'catalog:{listing}')}?{query}" if listing and len(found) > RELATED_SHOWN else "",
    )


def list_of_organization(organization: Organization) -> list[RelatedList]:
    """Return the models, products, subsidiaries and investments of an organization."""
    invested = Organization.objects.filter(funding_rounds__investors=organization).distinct()
    query = f"maker={organization.slug}"
    return [
        make_list(_("Models"), AIModel.objects.filter(makers=organization), "models", query),
        make_list(_("Products"), Product.objects.filter(maker=organization), "products", query),
        make_list(_("Subsidiaries"), Organization.objects.filter(parent=organization)),
        make_list(_("Invested in"), invested, "organizations", f"investor={organization.slug}"),
    ]


def list_of_model(model: AIModel) -> list[RelatedList]:
    """Return the models that come from a model, and the products built on it."""
    products = Product.objects.filter(built_on=model)
    return [
        *list_newer_models(model),
        make_list(_("Products built on it"), products, "products", f"built_on={model.slug}"),
    ]


def list_of_term(term: Term) -> list[RelatedList]:
    """Return the models that use a technique."""
    return [make_list(_("Models"), AIModel.objects.filter(techniques=term), "models", f"technique={term.slug}")]


def list_newer_models(model: AIModel) -> list[RelatedList]:
    """Return the live models that come from a model, by kind of lineage."""
    rows = Lineage.objects.filter(model=model, entry__live=True).select_related("entry").order_by("entry__released")
    values: dict[str, list[Value]] = {}
    for row in rows:
        values.setdefault(row.lineage_kind, []).append(Value(row.entry.name, row.entry.get_absolute_url()))
    return [RelatedList(label=label, values=values.get(kind, [])) for kind, label in LINEAGE_REVERSE.items()]


# Makes the related lists of each kind; entries of other kinds have none.
LISTS: dict[str, Callable] = {
    EntryKind.ORGANIZATION: list_of_organization,
    EntryKind.MODEL: list_of_model,
    EntryKind.TERM: list_of_term,
}


def list_mergers(record) -> list[Publication]:
    """Return the mergers of other entries into a record that are still in effect, newest first."""
    newer = Publication.objects.filter(entry=OuterRef("entry"), sequence__gt=OuterRef("sequence"))
    mergers = Publication.objects.filter(
        ~Exists(newer), kind=record.kind, action=PublicationAction.MERGED, document__merged_into=str(record.uid)
    )
    return list(mergers[:RELATED_SHOWN])


def find_record(*, kind: str, slug: str):
    """Return the live record with a slug, or None."""
    return kind_of(kind).model.objects.filter(slug=slug, live=True).first()
