"""The landscape that ships: read `catalog/data`, check all of it, and load it.

`read_landscape` does not use the database. Run `load_landscape` in a transaction, together with whatever else must be
loaded with it or not at all.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from catalog.listing import index
from catalog.models import Layer, Modality, Segment, Source
from catalog.models.kinds import KINDS
from catalog.seed.schema import FormReader, attributes_of
from catalog.seed.shipping import Shipment, ShippedItem
from catalog.seed.yaml_files import Fault, Node, read_yaml

CATALOG_FILES = Path(__file__).resolve().parent.parent / "data"
VOCABULARIES = {"layers": Layer, "modalities": Modality, "segments": Segment}
# In the order of loading, so that an object is live, where possible, before others point to it.
FILE_MODELS: dict[str, type[models.Model]] = {
    "sources": Source,
    **{kind.file: kind.model for kind in KINDS if kind.ships},
}


@dataclass
class Landscape:
    """The content of the files: the items in the order of loading, and the faults."""

    items: list[ShippedItem] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    slugs: dict[type[models.Model], dict[str, ShippedItem | None]] = field(default_factory=dict)
    # Models with an unreadable file: we can't know which objects it defines.
    unread: set[type[models.Model]] = field(default_factory=set)

    def has(self, *, model: type[models.Model], slug: str) -> bool:
        """Return whether the files have an object with this slug, even a faulty one."""
        return model in self.unread or slug in self.slugs.get(model, {})


def list_catalog_files(folder: Path = CATALOG_FILES) -> list[Path]:
    """Return the files of the catalog: `organizations.yaml` and so on, and further files in `organizations/`."""
    files = [folder / "vocabularies.yaml"]
    for name in FILE_MODELS:
        more = sorted((folder / name).glob("*.yaml"))
        files += more if more and not (folder / f"{name}.yaml").exists() else [folder / f"{name}.yaml", *more]
    return files


def read_landscape(folder: Path = CATALOG_FILES) -> Landscape:
    """Read and check every file. Faults are collected in the result, not raised."""
    reader = FormReader()
    landscape = Landscape(faults=reader.faults)
    for path in list_catalog_files(folder):
        root = read_yaml(path=path, faults=reader.faults)
        model = FILE_MODELS.get(path.stem if path.parent == folder else path.parent.name)
        if root is None:
            landscape.unread.update([model] if model else VOCABULARIES.values())
        elif model is None:
            read_vocabularies(root=root, reader=reader, landscape=landscape)
        elif reader.check_list(root):
            for node in root.value:
                add_item(landscape=landscape, model=model, node=node, reader=reader)
    check_references(landscape=landscape, reader=reader)
    check_addresses(landscape=landscape)
    landscape.items = [
        item
        for model in [*VOCABULARIES.values(), *FILE_MODELS.values()]
        for item in order_by_references([it for it in landscape.slugs.get(model, {}).values() if it])
    ]
    return landscape


def read_vocabularies(*, root: Node, reader: FormReader, landscape: Landscape) -> None:
    """Read the words of the vocabularies, which have their names beside their slugs, not under `name`."""
    if not reader.check_mapping(root):
        return
    reader.refuse_unknown(node=root, known=VOCABULARIES)
    for key, node in root.value.items():
        if key in VOCABULARIES and reader.check_list(node):
            add_labels(model=VOCABULARIES[key], nodes=node.value, reader=reader, landscape=landscape)


def add_labels(
    *, model: type[models.Model], nodes: list[Node], reader: FormReader, landscape: Landscape, parent: str | None = None
) -> None:
    """Add words in the order of the file, each followed by its children."""
    for node in nodes:
        if not reader.check_mapping(node):
            continue
        values = dict(node.value)
        texts = {key: values.pop(key) for key in ("en", "zh") if key in values}
        has_children = model is Segment and parent is None
        children = values.pop("children", None) if has_children else None
        values["name"] = Node(value=texts, file=node.file, line=node.line)
        given: dict[str, Any] = {"position": len(landscape.slugs.get(model, {}))}
        if model is Segment:
            given["parent"] = parent
        add_item(
            landscape=landscape,
            model=model,
            node=Node(value=values, file=node.file, line=node.line),
            reader=reader,
            given=given,
        )
        slug = values.get("slug")
        if children and reader.check_list(children) and slug and isinstance(slug.value, str):
            add_labels(model=model, nodes=children.value, reader=reader, landscape=landscape, parent=slug.value)


def add_item(
    *,
    landscape: Landscape,
    model: type[models.Model],
    node: Node,
    reader: FormReader,
    given: dict[str, Any] | None = None,
) -> None:
    """Read one object and add it, unless its slug is taken."""
    form = reader.read_form(model=model, node=node, given=given)
    slug = node.value.get("slug") if isinstance(node.value, dict) else None
    if slug is None or not isinstance(slug.value, str):
        return
    known = landscape.slugs.setdefault(model, {})
    if slug.value in known:
        reader.refuse(
            slug, _("Another %(kind)s has the slug “%(slug)s”."), kind=model._meta.verbose_name, slug=slug.value
        )
        return
    # Remember the slug of a faulty object too, so that references to it are not reported as further faults.
    known[slug.value] = form and ShippedItem(model=model, form=form, node=node)


def check_references(*, landscape: Landscape, reader: FormReader) -> None:
    """Refuse references to unknown slugs, to the entry itself, and to objects that the relation doesn't accept."""
    for reference in reader.references:
        node, column = reference.node, reference.column
        model, slug = column.related_model, reference.node.value
        kind = model._meta.verbose_name
        if not landscape.has(model=model, slug=slug):
            reader.refuse(node, _("There is no %(kind)s “%(slug)s”."), kind=kind, slug=slug)
        elif (model, slug) == reference.owner:
            reader.refuse(node, _("“%(slug)s” points to itself here."), slug=slug)
        elif target := landscape.slugs.get(model, {}).get(slug):
            limits = column.remote_field.limit_choices_to or {}
            if any(target.form.get(name) != value for name, value in limits.items()):
                text = _("The %(kind)s “%(slug)s” can't be used here: %(why)s.")
                why = ", ".join(f"{name} = {str(target.form.get(name)).lower()}" for name in limits)
                reader.refuse(node, text, kind=kind, slug=slug, why=why)


def check_addresses(*, landscape: Landscape) -> None:
    """Refuse two sources with the same address."""
    known: dict[str, str] = {}
    for slug, item in landscape.slugs.get(Source, {}).items():
        url = item and item.form["url"]
        if url and url in known:
            text = _("The source “%(slug)s” has this address already.") % {"slug": known[url]}
            landscape.faults.append(item.node.value["url"].fault(text))
        elif url:
            known[url] = slug


def order_by_references(items: list[ShippedItem]) -> list[ShippedItem]:
    """Return objects of one kind in an order where referenced objects come first, except in circles."""
    if not items:
        return []
    model = items[0].model
    slugs = {item.slug for item in items}
    waiting = {item.slug: (item, find_slugs(form=item.form, model=model, target=model) & slugs) for item in items}
    ordered: list[ShippedItem] = []
    while waiting:
        ready = [slug for slug, (item, needs) in waiting.items() if not needs & waiting.keys()]
        for slug in ready or [next(iter(waiting))]:
            ordered.append(waiting.pop(slug)[0])
    return ordered


def find_slugs(*, form: dict[str, Any], model: type[models.Model], target: type[models.Model]) -> set[str]:
    """Return the slugs of `target` objects that a form refers to, including those in its rows."""
    found: set[str] = set()
    for attribute in attributes_of(model).values():
        value = form.get(attribute.name)
        if attribute.rows:
            for row in value or ():
                found |= find_slugs(form=row, model=attribute.rows, target=target)
        elif attribute.columns[0].related_model is target and value:
            found.update([value] if isinstance(value, str) else value)
    return found


def load_landscape(*, landscape: Landscape, shipment: Shipment) -> None:
    """Load the items into the database. Run this in a transaction.

    First every item gets a row, because entries refer to each other; then each item is filled and published once.
    """
    changed = [item for item in landscape.items if shipment.is_changed(item)]
    for item in changed:
        shipment.prepare(item)
    with index.postpone():
        for item in changed:
            shipment.ship(item)
