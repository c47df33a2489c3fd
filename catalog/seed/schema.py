"""What a file may say about an object, derived from its model, and how it is read into a form.

A form is plain JSON with the model's own names: `{"slug": "openai", "name_en": …, "parent": "…", "segments": ["…"],
"milestones": [{"key": …}], "citations": […]}`. What the file leaves out has its default there.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _
from django_countries.fields import CountryField
from modelcluster.fields import ParentalKey
from modelcluster.models import ClusterableModel
from wagtail.models import DraftStateMixin, LockableMixin, Orderable, RevisionMixin, WorkflowMixin

from catalog.models.document import child_lists, to_json
from catalog.models.field_groups import fields_of
from catalog.models.source import Citation
from catalog.seed.yaml_files import Fault, Node
from catalog.values import BilingualField, FuzzyDateField, MoneyField, QuantityField

# Wagtail's own fields, which a file can't set.
_STOCK = {
    field.name
    for mixin in (WorkflowMixin, DraftStateMixin, LockableMixin, RevisionMixin, Orderable)
    for field in mixin._meta.local_fields
}
# Texts that a file writes as lists, and the separator between their items.
_JOINED = {"aliases": "\n", "synonyms": ", "}
_LANGUAGES = {"en": "English", "zh": "Chinese"}


@dataclass(frozen=True)
class Attribute:
    """A value, relation or list of a model: its key in files, its name on the model, and its columns."""

    key: str
    name: str
    columns: tuple[models.Field, ...] = ()
    rows: type[models.Model] | None = None

    @property
    def is_pair(self) -> bool:
        return len(self.columns) == 2

    @property
    def is_required(self) -> bool:
        if self.rows:
            return False
        column = self.columns[0]
        # A row's default key is random, so a file must give it: a second load must recognise the row.
        return self.name == "key" or not (column.blank or column.has_default() or column.null)


@cache
def attributes_of(model: type[models.Model]) -> dict[str, Attribute]:
    """Return the attributes of a model by their key in files."""
    attributes = {}
    for column in [*model._meta.fields, *model._meta.many_to_many]:
        target = column.related_model
        if (
            not column.editable
            or column.primary_key
            or column.name in _STOCK
            or isinstance(column, ParentalKey)
            or (target and not any(other.name == "slug" for other in target._meta.fields))
        ):
            continue
        name, columns = column.name, (column,)
        pair = getattr(model, name[:-3], None) if name.endswith(("_en", "_zh")) else None
        if isinstance(pair, BilingualField):
            name, columns = pair.name, tuple(model._meta.get_field(part) for part in pair.columns)
        key = "kind" if name.endswith("_kind") else name.removeprefix("is_")
        attributes[key] = Attribute(key=key, name=name, columns=columns)
    if issubclass(model, ClusterableModel):
        for name, rows in child_lists(model).items():
            attributes[name] = Attribute(key=name, name=name, rows=rows)
    return attributes


@dataclass(frozen=True)
class Reference:
    """A place in a file that refers to an object by its slug."""

    node: Node
    column: models.Field
    owner: tuple[type[models.Model], str]


@dataclass
class FormReader:
    """Reads nodes into forms and notes every fault. References are checked once everything is read."""

    faults: list[Fault] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    # The citations of the current entry, each with its place in the file.
    cited: list[tuple[dict, Node]] = field(default_factory=list)

    def refuse(self, node: Node, reason: str, **values) -> None:
        self.faults.append(node.fault(reason % values if values else reason))

    def read_form(
        self, *, model: type[models.Model], node: Node, given: Mapping[str, Any] | None = None, owner=None
    ) -> dict[str, Any] | None:
        """Return the form of an object, or None after noting its faults.

        `given` holds values by name that are not in the file itself. `owner` is (model, slug) of the entry that a row
        belongs to.
        """
        given = given or {}
        found = len(self.faults)
        if not self.check_mapping(node):
            return None
        attributes = {key: it for key, it in attributes_of(model).items() if it.name not in given}
        slug = node.value.get("slug")
        owner = owner or (model, slug.value if slug and isinstance(slug.value, str) else "")
        self.refuse_unknown(node=node, known=attributes)
        form: dict[str, Any] = {}
        for key, attribute in attributes.items():
            value = node.value.get(key)
            if value is None and attribute.is_required:
                self.refuse(node, _("“%(key)s” is missing."), key=key)
            elif value is None:
                form.update(default_of(attribute))
            elif value.value is None:
                self.refuse(value, _("“%(key)s” is empty. Give it a value or leave it out."), key=key)
            elif attribute.rows and issubclass(attribute.rows, Citation):
                form[attribute.name] = self.read_citations(attribute=attribute, node=value, owner=owner)
            elif attribute.rows:
                form[attribute.name] = self.read_rows(attribute=attribute, node=value, owner=owner)
            else:
                form.update(self.read_attribute(attribute=attribute, node=value, owner=owner))
        form.update(given)
        if len(self.faults) == found:
            self.check_citations(form=form, model=model, node=node)
            self.check_object(form=form, model=model, node=node)
        return form if len(self.faults) == found else None

    def read_attribute(self, *, attribute: Attribute, node: Node, owner) -> dict[str, Any]:
        """Return the values of one attribute by column."""
        column = attribute.columns[0]
        if attribute.is_pair:
            return self.read_pair(attribute=attribute, node=node)
        if column.many_to_many:
            return {attribute.name: self.read_many(column=column, node=node, owner=owner)}
        if column.related_model:
            return {attribute.name: self.read_reference(column=column, node=node, owner=owner)}
        return {attribute.name: self.read_column(column=column, node=node)}

    def read_pair(self, *, attribute: Attribute, node: Node) -> dict[str, Any]:
        """Return both texts of a bilingual value by column; a single text is refused."""
        form = {}
        if not self.check_mapping(node):
            return form
        self.refuse_unknown(node=node, known=_LANGUAGES)
        for (language, name), column in zip(_LANGUAGES.items(), attribute.columns, strict=True):
            value = node.value.get(language)
            if value is None or value.value in (None, ""):
                text = _("“%(key)s” has no %(language)s text (%(code)s).")
                self.refuse(value or node, text, key=attribute.key, language=name, code=language)
            else:
                form[column.name] = self.read_column(column=column, node=value)
        return form

    def read_many(self, *, column: models.Field, node: Node, owner) -> list[str]:
        """Return the slugs of a relation to several objects."""
        if not self.check_list(node):
            return []
        slugs = [self.read_reference(column=column, node=item, owner=owner) for item in node.value]
        for item, slug in zip(node.value, slugs, strict=True):
            if slug and slugs.count(slug) > 1:
                self.refuse(item, _("“%(slug)s” is in this list twice."), slug=slug)
        return slugs

    def read_reference(self, *, column: models.Field, node: Node, owner) -> str | None:
        """Return a slug, and note the reference to be checked later."""
        if not isinstance(node.value, str) or not node.value:
            return self.refuse(
                node, _("Write the slug of one %(kind)s here."), kind=column.related_model._meta.verbose_name
            )
        self.references.append(Reference(node=node, column=column, owner=owner))
        return node.value

    def read_rows(self, *, attribute: Attribute, node: Node, owner) -> list[dict[str, Any]]:
        """Return the rows of a list."""
        if not self.check_list(node):
            return []
        rows, keys = [], set()
        for item in node.value:
            row = self.read_form(model=attribute.rows, node=item, owner=owner)
            if row is None:
                continue
            if row["key"] in keys:
                self.refuse(
                    item, _("Two rows of “%(list)s” have the key “%(key)s”."), list=attribute.key, key=row["key"]
                )
            keys.add(row["key"])
            rows.append(row)
        return rows

    def read_citations(self, *, attribute: Attribute, node: Node, owner) -> list[dict[str, Any]]:
        """Return a row for each value that a citation in the file names."""
        if not self.check_list(node):
            return []
        rows = []
        for item in node.value:
            if not self.check_mapping(item):
                continue
            paths = item.value.get("fields")
            if paths is None or not isinstance(paths.value, list) or not paths.value:
                self.refuse(paths or item, _("“fields” is a list of the values that the source speaks of."))
                continue
            rest = Node(
                value={key: value for key, value in item.value.items() if key != "fields"},
                file=item.file,
                line=item.line,
            )
            shared = self.read_form(model=attribute.rows, node=rest, owner=owner, given={"field": "", "item": ""})
            for path in paths.value:
                name, _slash, key = path.value.partition("/") if isinstance(path.value, str) else ("", "", "")
                if not name:
                    self.refuse(path, _("Write the name of a value, or list/key for a row of a list."))
                elif not self.is_citable(model=owner[0], name=name, key=key):
                    self.refuse(path, _("There is no value “%(path)s” in this kind of entry."), path=path.value)
                elif shared is not None:
                    row = {**shared, "field": name, "item": key}
                    if row in (known for known, place in rows):
                        self.refuse(path, _("The same citation of “%(path)s” is given twice here."), path=path.value)
                    rows.append((row, path))
        self.cited = rows
        return [row for row, path in rows]

    def is_citable(self, *, model: type[models.Model], name: str, key: str) -> bool:
        """Return whether a citation may name this value, or this row of a list."""
        return name in fields_of(model.kind) and bool(key) == (name in child_lists(model))

    def check_citations(self, *, form: dict, model: type[models.Model], node: Node) -> None:
        """Refuse citations of rows that the entry doesn't have."""
        if not form.get("citations"):
            return
        for row, path in self.cited:
            if row["item"] and row["item"] not in {it["key"] for it in form[row["field"]]}:
                text = _("There is no row “%(key)s” in “%(list)s” of this entry.")
                self.refuse(path, text, key=row["item"], list=row["field"])

    def read_column(self, *, column: models.Field, node: Node) -> Any:
        """Return one plain value as JSON, validated by its model field."""
        value = node.plain()
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        match column:
            case models.BooleanField():
                wanted, fits = _("true or false"), isinstance(value, bool)
            case FuzzyDateField():
                wanted, fits = _("a date"), isinstance(value, str) or (is_number and isinstance(value, int))
            case QuantityField():
                wanted, fits = _("an amount"), isinstance(value, str | dict) or is_number
            case MoneyField():
                wanted, fits = _("an amount with its currency, such as USD 65M"), isinstance(value, str | dict)
            case models.JSONField():
                fits = isinstance(value, dict) and all(isinstance(it, str) and it for it in value.values())
                wanted = _("a mapping of texts")
            case models.DecimalField() | models.IntegerField():
                wanted, fits = _("a number"), is_number
                value = node.text
            case _ if column.name in _JOINED:
                mark = _JOINED[column.name]
                fits = isinstance(value, list) and all(
                    isinstance(it, str) and it and mark.strip(" ") not in it for it in value
                )
                wanted = _("a list of texts")
                value = mark.join(value) if fits else ""
            case _:
                wanted, fits = _("a text; put it in quotes if it is one"), isinstance(value, str)
        if not fits:
            return self.refuse(node, _("This must be %(wanted)s."), wanted=wanted)
        if isinstance(column, models.TextField) and column.max_length and len(value) > column.max_length:
            return self.refuse(node, _("It has more than %(most)s characters."), most=column.max_length)
        if column.choices and value not in dict(column.flatchoices):
            return self.refuse(node, describe_choices(column=column, value=value))
        try:
            return as_json(column.clean(value, None))
        except ValidationError as error:
            for message in error.messages:
                self.faults.append(node.fault(message))
        except (ArithmeticError, ValueError, TypeError):
            self.refuse(node, _("This must be %(wanted)s."), wanted=wanted)

    def check_object(self, *, form: dict, model: type[models.Model], node: Node) -> None:
        """Apply the model's own rules, and copy what they change in the object to the form."""
        instance = build_plain(model=model, form=form)
        try:
            instance.clean()
            for constraint in model._meta.constraints:
                if isinstance(constraint, models.CheckConstraint):
                    constraint.validate(model, instance)
        except ValidationError as error:
            found = error.error_dict if hasattr(error, "error_dict") else {"": error.error_list}
            for name, messages in found.items():
                key = next((key for key, it in attributes_of(model).items() if name in plain_names(it)), None)
                place = node.value.get(key, node)
                self.faults += [place.fault(message) for it in messages for message in it.messages]
            return
        for attribute in attributes_of(model).values():
            for name in plain_names(attribute):
                form[name] = as_json(getattr(instance, name))

    def refuse_unknown(self, *, node: Node, known: Iterable[str]) -> None:
        """Refuse keys of a mapping that are not in `known`."""
        for key, value in node.value.items():
            if key not in known:
                text = _("Unknown key “%(key)s”. Known here: %(known)s.")
                self.refuse(value, text, key=key, known=", ".join(known))

    def check_mapping(self, node: Node) -> bool:
        if not isinstance(node.value, dict):
            self.refuse(node, _("This must be a mapping (key: value)."))
        return isinstance(node.value, dict)

    def check_list(self, node: Node) -> bool:
        if not isinstance(node.value, list):
            self.refuse(node, _("This must be a list."))
        return isinstance(node.value, list)


def plain_names(attribute: Attribute) -> list[str]:
    """Return the names of an attribute's columns that hold plain values, not relations."""
    return [column.name for column in attribute.columns if not column.related_model]


def build_plain(*, model: type[models.Model], form: dict) -> models.Model:
    """Return an unsaved object with the plain values of its form."""
    names = [name for attribute in attributes_of(model).values() for name in plain_names(attribute)]
    return model(**{name: model._meta.get_field(name).to_python(form[name]) for name in names})


def default_of(attribute: Attribute) -> dict[str, Any]:
    """Return the default values of an attribute by column."""
    if attribute.rows or attribute.columns[0].many_to_many:
        return {attribute.name: []}
    return {
        column.name: None if column.related_model else as_json(column.get_default()) for column in attribute.columns
    }


def as_json(value: Any) -> Any:
    """Return a plain value as JSON."""
    return value if isinstance(value, dict) else to_json(value, {})


def describe_choices(*, column: models.Field, value: str) -> str:
    """Return an error message that says which values a column accepts."""
    if isinstance(column, CountryField):
        return _("“%(value)s” is not a country code (ISO 3166, two capital letters).") % {"value": value}
    known = ", ".join(str(key) for key, label in column.flatchoices if key)
    return _("“%(value)s” is not one of: %(known)s.") % {"value": value, "known": known}
