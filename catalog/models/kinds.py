"""The kinds of entries: one `Kind` for each, with everything that other parts need to know about it.

`docs/how-to/add-a-kind.md` explains how to add one; a system check (`catalog/kind_checks.py`) reports what is missing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import models
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from catalog.models.choices import FieldGroup, MilestoneKind
from catalog.models.document import child_lists


class EntryKind(models.TextChoices):
    """The keys of kinds in the order shown; documents, the listing index and history store the value."""

    MODEL = "model", _("Model")
    ORGANIZATION = "organization", _("Organization")
    PRODUCT = "product", _("Product")
    TERM = "term", _("Term")


@dataclass(frozen=True, eq=False)
class Kind:
    """One kind of entry, or the terms of the glossary.

    Entries have field groups, citations and a listing; terms have none of these.
    """

    key: EntryKind
    # The name of the model class in `catalog.models`.
    model_name: str
    # The name of its files in `catalog/data`; articles use it too to refer to entries.
    file: str
    # The plural of its name.
    plural: object
    # The first part of its URLs, and the heading of the pages there; by default `file` and `plural`.
    slug: str = ""
    heading: object = ""
    # The names of values and lists by field group, in the order shown.
    field_groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    # The date by which listings and the timeline order it, and the kind of milestone that this date is.
    date: str = ""
    milestone: MilestoneKind = MilestoneKind.RELEASE
    # The names of its type and its date in schema.org.
    schema_type: str = "Thing"
    schema_date: str = ""
    # Whether entries of this kind ship with the site, in `catalog/data`.
    ships: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "slug", self.slug or self.file)
        object.__setattr__(self, "heading", self.heading or self.plural)

    @property
    def is_entry(self) -> bool:
        """Whether it has field groups, and so citations and a listing."""
        return bool(self.field_groups)

    @property
    def fields(self) -> list[str]:
        """The names of its values and lists, in the order shown."""
        return [name for names in self.field_groups.values() for name in names]

    @property
    def template(self) -> str:
        """The template of an entry's page."""
        return f"catalog/{self.key.value}_detail.html"

    @property
    def model_label(self) -> str:
        """The model's label in Django: `catalog.AIModel`."""
        return f"catalog.{self.model_name}"

    @cached_property
    def model(self) -> type[Any]:
        """The model class. Raises LookupError if it does not exist."""
        return apps.get_model(self.model_label, require_ready=False)

    def row_model(self, name: str) -> type[Any] | None:
        """Return the class of a list's rows, such as `citations` or `milestones`; None if the kind has no such list."""
        return child_lists(self.model).get(name)


# The order in which kinds are loaded: a kind comes after those that it refers to.
KINDS = (
    Kind(
        key=EntryKind.TERM,
        model_name="Term",
        file="terms",
        plural=_("Terms"),
        slug="glossary",
        heading=_("Glossary"),
        schema_type="DefinedTerm",
    ),
    Kind(
        key=EntryKind.ORGANIZATION,
        model_name="Organization",
        file="organizations",
        plural=_("Organizations"),
        field_groups={
            FieldGroup.PROFILE: (
                "name",
                "aliases",
                "summary",
                "type",
                "status",
                "country",
                "city",
                "founded",
                "parent",
                "segments",
                "people",
                "measurements",
                "milestones",
                "links",
                "identifiers",
            ),
            FieldGroup.FUNDING: ("funding_rounds",),
        },
        date="founded",
        milestone=MilestoneKind.FOUNDING,
        schema_type="Organization",
        schema_date="foundingDate",
    ),
    Kind(
        key=EntryKind.MODEL,
        model_name="AIModel",
        file="models",
        plural=_("Models"),
        field_groups={
            FieldGroup.PROFILE: (
                "name",
                "aliases",
                "summary",
                "makers",
                "released",
                "milestones",
                "links",
                "identifiers",
            ),
            FieldGroup.SPECIFICATIONS: (
                "inputs",
                "outputs",
                "techniques",
                "parameters",
                "training_compute",
                "training_cost",
                "lineage",
                "measurements",
            ),
            FieldGroup.ACCESS: ("status", "access", "licence"),
        },
        date="released",
        schema_type="SoftwareApplication",
        schema_date="datePublished",
    ),
    Kind(
        key=EntryKind.PRODUCT,
        model_name="Product",
        file="products",
        plural=_("Products"),
        field_groups={
            FieldGroup.PROFILE: (
                "name",
                "aliases",
                "summary",
                "maker",
                "built_on",
                "segments",
                "layer",
                "launched",
                "customers",
                "measurements",
                "milestones",
                "links",
                "identifiers",
            ),
            FieldGroup.ACCESS: ("status",),
            FieldGroup.PRICING: ("price_plans",),
        },
        date="launched",
        schema_type="Product",
    ),
)


def kind_of(key: str) -> Kind:
    """Return the kind with a key, such as the `kind` of a document. Raises KeyError for an unknown key."""
    for kind in KINDS:
        if kind.key == key:
            return kind
    raise KeyError(key)


def find_kind(model: type[models.Model] | None) -> Kind | None:
    """Return the kind of a model class; None if the class is not the model of a kind."""
    return next((kind for kind in KINDS if kind.model is model), None)


def list_kinds() -> list[Kind]:
    """Return all kinds, in the order shown."""
    return [kind_of(key) for key in EntryKind]


def list_entry_kinds() -> list[Kind]:
    """Return the kinds of entries, without terms, in the order shown."""
    return [kind for kind in list_kinds() if kind.is_entry]
