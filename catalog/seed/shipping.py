"""Loading what ships into the database without overwriting changes that people made.

For each item, `Shipped` keeps the form from the files and a digest of the object right after the load. If nobody has
changed the object since, a new revision is published. Otherwise the changes in the files become a draft.
"""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _
from modelcluster.models import ClusterableModel, get_serializable_data_for_fields
from wagtail.models import DraftStateMixin, ReferenceIndex, Revision
from wagtail.signal_handlers import disable_reference_index_auto_update

from catalog.models import ApprovalKind, Shipped, Source
from catalog.models.document import child_lists
from catalog.publishing.approval import approve
from catalog.publishing.publication import publish
from catalog.seed.schema import attributes_of, build_plain
from catalog.seed.yaml_files import FaultyFiles, Node


@dataclass(frozen=True)
class ShippedItem:
    """One object as the files define it."""

    model: type[models.Model]
    form: dict[str, Any]
    node: Node

    @property
    def slug(self) -> str:
        return self.form["slug"]

    @property
    def key(self) -> str:
        return make_shipped_key(model=self.model, slug=self.slug)

    def describe(self) -> str:
        return f"{self.model._meta.verbose_name} {self.slug}"


@dataclass
class Report:
    """The results of a load."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not (self.created or self.updated or self.notes)


def make_shipped_key(*, model: type[models.Model], slug: str) -> str:
    """Return the key of a catalog object in `Shipped`."""
    return f"{model._meta.model_name}/{slug}"


class Shipment:
    """One load: what was shipped before, what is in the database, and the report."""

    def __init__(self):
        self.report = Report()
        self.shipped = {row.key: row for row in Shipped.objects.all()}
        self.new: dict[str, models.Model] = {}
        self.found: dict[str, models.Model | None] = {}

    def is_changed(self, item) -> bool:
        """Return whether an item in the files differs from the last load."""
        row = self.shipped.get(item.key)
        changed = row is None or row.form != item.form
        self.report.unchanged += not changed
        return changed

    def find(self, *, model: type[models.Model], slug: str) -> models.Model | None:
        """Return the object for this slug in the files, or None if a person deleted it."""
        return self.find_by_key(key=make_shipped_key(model=model, slug=slug), model=model)

    def find_by_key(self, *, key: str, model: type[models.Model]) -> models.Model | None:
        if key not in self.found:
            row = self.shipped.get(key)
            self.found[key] = row and model._default_manager.filter(pk=row.object_id).first()
        return self.found[key]

    def remember(self, *, key: str, instance: models.Model, is_new: bool) -> None:
        """Store which object belongs to a key of the files."""
        self.shipped[key] = Shipped.objects.create(key=key, object_id=instance.pk)
        self.found[key] = instance
        if is_new:
            self.new[key] = instance

    def prepare(self, item: ShippedItem) -> None:
        """Make sure that an item has a row in the database, so that others can refer to it."""
        if item.key in self.shipped:
            return
        instance = find_existing(item)
        is_new = instance is None
        if is_new:
            instance = build_plain(model=item.model, form=item.form)
            if isinstance(instance, DraftStateMixin):
                instance.live = False
                with disable_reference_index_auto_update():
                    instance.save()
            else:
                Filler(shipment=self).fill(instance=instance, new=item.form, old={})
                instance.save()
        self.remember(key=item.key, instance=instance, is_new=is_new)

    def ship(self, item: ShippedItem) -> None:
        """Fill and publish the object of a changed item, or leave a draft."""
        fill = Filler(shipment=self).fill
        if issubclass(item.model, DraftStateMixin):
            self.publish_or_draft(item=item, fill=fill)
        else:
            self.save_or_leave(item=item, fill=fill)

    def publish_or_draft(self, *, item, fill) -> None:
        """Publish an item's object if nobody has changed it; otherwise save the change as a draft."""
        row = self.shipped[item.key]
        # Reload it: publishing an old copy of a page would lose the children that it has got since.
        instance = item.model._default_manager.filter(pk=row.object_id).first()
        if instance is None:
            self.note(_("%(item)s was deleted here and stays so."), item)
        elif item.key not in self.new and (not instance.live or is_edited(instance=instance, row=row)):
            draft = instance.get_latest_revision_as_object()
            fill(instance=draft, new=item.form, old=row.form)
            draft.save_revision(user=None, clean=False)
            if instance.live:
                self.note(_("%(item)s was changed here: what the files changed is now a draft."), item)
            else:
                self.note(_("%(item)s is not published here: what the files changed is now a draft."), item)
        else:
            fill(instance=instance, new=item.form, old=row.form)
            try:
                # Otherwise the index would be updated for every row of every list.
                with disable_reference_index_auto_update():
                    revision = instance.save_revision(user=None, clean=False)
                    approve(record=instance, revision=revision, kind=ApprovalKind.SHIPPED)
                    publish(record=instance, revision=revision, draft=instance)
            except ValidationError as error:
                raise FaultyFiles(item.node.fault(f"{item.describe()}: {text}") for text in error.messages) from None
            self.count(item)
            ReferenceIndex.create_or_update_for_object(item.model._default_manager.get(pk=instance.pk))
            row.digest = digest_state(instance=instance, names=item.form)
        self.store_form(item=item, row=row)

    def save_or_leave(self, *, item: ShippedItem, fill) -> None:
        """Save an object without drafts if nobody has changed it; otherwise leave it unchanged."""
        row, instance = self.shipped[item.key], self.find_by_key(key=item.key, model=item.model)
        if instance is None:
            self.note(_("%(item)s was deleted here and stays so."), item)
        elif item.key not in self.new and is_edited(instance=instance, row=row):
            self.note(_("%(item)s was changed here and stays so; the files say something else."), item)
        else:
            if item.key not in self.new:
                fill(instance=instance, new=item.form, old=row.form)
                instance.save()
            self.count(item)
            row.digest = digest_state(instance=instance, names=item.form)
        self.store_form(item=item, row=row)

    def store_form(self, *, item, row: Shipped) -> None:
        """Store the form of an item as the last one loaded."""
        row.form = item.form
        row.save()

    def count(self, item) -> None:
        if item.key in self.new:
            self.report.created += 1
        else:
            self.report.updated += 1

    def note(self, text: str, item) -> None:
        self.report.notes.append(text % {"item": item.describe()})


class Filler:
    """Copies to an object the values of its form that differ from the previous form."""

    def __init__(self, *, shipment: Shipment):
        self.shipment = shipment

    def fill(self, *, instance: models.Model, new: dict[str, Any], old: dict[str, Any]) -> None:
        """Set the values that differ between `old` and `new`. Other changes by people are kept."""
        for attribute in attributes_of(type(instance)).values():
            names = [attribute.name] if attribute.rows else [column.name for column in attribute.columns]
            for name in names:
                if name not in new or (name in old and old[name] == new[name]):
                    continue
                if attribute.rows:
                    rows = self.merge_rows(
                        manager=getattr(instance, name), model=attribute.rows, new=new[name], old=old.get(name, [])
                    )
                    setattr(instance, name, rows)
                else:
                    self.set_column(instance=instance, column=instance._meta.get_field(name), value=new[name])

    def set_column(self, *, instance: models.Model, column: models.Field, value: Any) -> None:
        """Set a plain value or a relation. Relations skip objects that a person deleted."""
        if column.many_to_many:
            found = [self.shipment.find(model=column.related_model, slug=slug) for slug in value]
            setattr(instance, column.name, [target for target in found if target])
        elif column.related_model:
            target = self.shipment.find(model=column.related_model, slug=value) if value else None
            setattr(instance, column.name, target)
        else:
            setattr(instance, column.name, column.to_python(value))

    def merge_rows(self, *, manager, model: type[models.Model], new: list[dict], old: list[dict]) -> list[models.Model]:
        """Return the rows of a list: those of the files in their order, then those that people added."""
        if "key" in {column.name for column in model._meta.fields}:
            identify, before = (lambda row: row.key), {form["key"]: form for form in old}
            forms = [(form["key"], form) for form in new]
        else:
            # A citation has no key, so its content identifies it.
            identify = self.identify
            before = {identify(self.build_row(model=model, form=form)): form for form in old}
            forms = [(identify(self.build_row(model=model, form=form)), form) for form in new]
        present = {identify(row): row for row in manager.all()}
        kept = {key for key, form in forms}
        rows = []
        for key, form in forms:
            if key in present:
                self.fill(instance=present[key], new=form, old=before.get(key, {}))
                rows.append(present[key])
            elif before.get(key) != form:
                # Otherwise a person deleted the row, and the files haven't changed it since.
                row = self.build_row(model=model, form=form)
                if all(getattr(row, c.attname) for c in model._meta.fields if c.related_model and needs_target(c)):
                    rows.append(row)
        rows += [row for key, row in present.items() if key not in kept and key not in before]
        for position, row in enumerate(rows):
            row.sort_order = position
        return rows

    def build_row(self, *, model: type[models.Model], form: dict) -> models.Model:
        row = model()
        self.fill(instance=row, new=form, old={})
        return row

    def identify(self, row: models.Model) -> tuple:
        """Return what identifies a row without a key: all its values."""
        names = [column for attribute in attributes_of(type(row)).values() for column in attribute.columns]
        return tuple(str(column.value_from_object(row)) for column in names)


def needs_target(column: models.Field) -> bool:
    """Return whether a relation of a row, other than the one to its entry, is required."""
    return column.name in {it.name for it in attributes_of(column.model).values()} and not column.null


def find_existing(item: ShippedItem) -> models.Model | None:
    """Return an object that a person made with the same slug, or a source with the same address."""
    objects = item.model._default_manager
    existing = objects.filter(slug=item.slug).first()
    if existing is None and item.model is Source and item.form["url"]:
        existing = objects.filter(url=item.form["url"]).first()
    return existing


def is_edited(*, instance: models.Model, row: Shipped) -> bool:
    """Return whether a person saved a revision of the object, or it differs from what was last shipped."""
    if Revision.objects.for_instance(instance).filter(user__isnull=False).exists():
        return True
    return row.digest != digest_state(instance=instance, names=row.form)


def digest_state(*, instance: models.Model, names) -> str:
    """Return a digest of the named values of an object as they are in the database."""
    # Reload the object: a StreamField that has been read is serialized differently.
    instance = type(instance)._default_manager.get(pk=instance.pk)
    if isinstance(instance, ClusterableModel):
        data = instance.serializable_data()
    else:
        data = get_serializable_data_for_fields(instance)
    lists = child_lists(type(instance)) if isinstance(instance, ClusterableModel) else {}
    state = {name: data[name] for name in sorted(names)}
    for name in lists.keys() & state.keys():
        # Leave out the rows' ids: rows may be recreated with the same content.
        rows = ({key: value for key, value in row.items() if key not in ("pk", "sort_order")} for row in state[name])
        state[name] = sorted(json.dumps(row, sort_keys=True, default=str) for row in rows)
    return hashlib.sha256(json.dumps(state, sort_keys=True, default=str).encode()).hexdigest()
