"""The pages and articles that ship: read `editorial/data`, and load each into one page per language.

`load_site` is the entry point: it loads the catalog and the pages, all or nothing.
"""

import json
import re
import uuid
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from wagtail.models import Locale, Page, Site

from catalog.models import Shipped, Source
from catalog.models.kinds import list_kinds
from catalog.seed import landscape as catalog_files
from catalog.seed.schema import FormReader
from catalog.seed.shipping import Report, Shipment
from catalog.seed.yaml_files import FaultyFiles, Node, digest_files, read_yaml
from catalog.values.inline import render_inline
from editorial.articles import pages as page_models
from editorial.articles.blocks import CalloutBlock
from editorial.articles.pages import ArticleIndexPage, ArticlePage, HomePage, SitePage, TextPage

ARTICLE_FILES = Path(__file__).resolve().parent.parent / "data"
SITE_NAME = "AIGC Landscape"
# Language codes in files, and in Wagtail.
LOCALE_CODES = {"en": "en", "zh": "zh-hans"}
INDEX_TITLES = {"en": "Articles", "zh": "文章"}
# The kinds by their name in files.
ENTRIES = {kind.file: kind for kind in list_kinds()}
_CALLOUTS = [value for value, label in CalloutBlock().child_blocks["kind"].field.choices if value]
_WELCOME = "Welcome to your new Wagtail site!"


@dataclass(frozen=True)
class PageItem:
    """One page in one language, as the files define it."""

    model: type[SitePage]
    name: str
    language: str
    slug: str
    parent: str | None
    form: dict[str, Any]
    node: Node

    @property
    def key(self) -> str:
        return page_key(name=self.name, language=self.language)

    def describe(self) -> str:
        return f"{self.model._meta.verbose_name} {self.name} ({LOCALE_CODES[self.language]})"


@dataclass
class Pages:
    """The pages in the order of loading, and the reader with its faults."""

    reader: FormReader
    landscape: catalog_files.Landscape
    items: list[PageItem] = field(default_factory=list)


def page_key(*, name: str, language: str) -> str:
    """Return the key of a page in `Shipped`."""
    return f"page/{LOCALE_CODES[language]}/{name}"


def list_article_files(folder: Path = ARTICLE_FILES) -> list[Path]:
    """Return the files of pages and articles; home.yaml is always among them, as it must exist."""
    pages = sorted({folder / "pages" / "home.yaml", *(folder / "pages").glob("*.yaml")})
    return [*pages, *sorted((folder / "articles").glob("*.yaml"))]


def read_pages(*, folder: Path = ARTICLE_FILES, landscape: catalog_files.Landscape) -> Pages:
    """Read and check every page. Faults are collected in the result, not raised."""
    pages = Pages(reader=FormReader(), landscape=landscape)
    homes: list[PageItem] = []
    for path in list_article_files(folder):
        root = read_yaml(path=path, faults=pages.reader.faults)
        if root is None or not pages.reader.check_mapping(root):
            continue
        if path.parent.name == "articles":
            read_page(pages=pages, root=root, model=ArticlePage, into=pages.items)
        elif path.stem == "home":
            read_page(pages=pages, root=root, model=HomePage, into=homes)
        else:
            read_page(pages=pages, root=root, model=TextPage, into=pages.items)
    index = {"model": ArticleIndexPage, "name": "articles", "slug": "articles", "parent": "home"}
    indexes = [
        replace(home, form={"title": INDEX_TITLES[home.language], "introduction": ""}, **index) for home in homes
    ]
    pages.items = [*homes, *indexes, *pages.items]
    return pages


def read_page(*, pages: Pages, root: Node, model: type[SitePage], into: list[PageItem]) -> None:
    """Read one file and add its page in each language."""
    reader, is_article = pages.reader, model is ArticlePage
    reader.refuse_unknown(node=root, known=["slug", *LOCALE_CODES, *(("sources", "mentions") if is_article else ())])
    slug = read_page_text(reader=reader, node=root, key="slug", column="slug")
    if slug is None:
        return
    if slug != root.file.stem:
        reader.refuse(root.value["slug"], _("The slug must be the file's name, “%(name)s”."), name=root.file.stem)
    elif not is_article and slug in page_models.RESERVED_PAGE_SLUGS - model.own_slugs:
        reader.refuse(root.value["slug"], _("The slug “%(slug)s” belongs to the catalog."), slug=slug)
    shared = {}
    if is_article:
        shared["sources"] = read_article_sources(pages=pages, node=root.value.get("sources"))
        mentions = read_list(reader=reader, node=root.value.get("mentions"))
        shared["mentions"] = list(dict.fromkeys(read_entry(pages=pages, node=node) for node in mentions))
    for language in LOCALE_CODES:
        node = root.value.get(language)
        if node is None:
            reader.refuse(root, _("The page has no text in “%(language)s”."), language=language)
            continue
        if not reader.check_mapping(node):
            continue
        has_body = model is not HomePage
        reader.refuse_unknown(node=node, known=["title", "introduction", *(["body"] if has_body else [])])
        form = {
            "title": read_page_text(reader=reader, node=node, key="title", column="title"),
            "introduction": read_page_text(reader=reader, node=node, key="introduction", column="introduction"),
            **shared,
        }
        if has_body:
            form["body"] = read_blocks(pages=pages, node=node)
        into.append(
            PageItem(
                model=model,
                name=f"articles/{slug}" if is_article else slug,
                language=language,
                slug=slug if has_body or language == "en" else f"{slug}-{LOCALE_CODES[language]}",
                parent=None if model is HomePage else "articles" if is_article else "home",
                form=form,
                node=node,
            )
        )


def read_page_text(*, reader: FormReader, node: Node, key: str, column: str = "") -> str | None:
    """Return a required text; `column` names the page's column for it, if it has one."""
    value = node.value.get(key)
    if value is None or value.value in (None, ""):
        return reader.refuse(value or node, _("“%(key)s” is missing."), key=key)
    if column:
        return reader.read_column(column=ArticlePage._meta.get_field(column), node=value)
    if not isinstance(value.value, str):
        return reader.refuse(value, _("This must be %(wanted)s."), wanted=_("a text; put it in quotes if it is one"))
    return value.value


def read_list(*, reader: FormReader, node: Node | None) -> list[Node]:
    return node.value if node and reader.check_list(node) else []


def read_article_sources(*, pages: Pages, node: Node | None) -> list[str]:
    """Return the slugs of an article's sources, in the order of their numbers in the text."""
    slugs: list[str] = []
    for item in read_list(reader=pages.reader, node=node):
        if not isinstance(item.value, str) or not pages.landscape.has(model=Source, slug=item.value):
            pages.reader.refuse(item, _("There is no %(kind)s “%(slug)s”."), kind=_("source"), slug=item.text)
        elif item.value in slugs:
            pages.reader.refuse(item, _("“%(slug)s” is in this list twice."), slug=item.value)
        slugs.append(str(item.value))
    return slugs


def read_entry(*, pages: Pages, node: Node) -> str:
    """Return the name of a catalog entry, such as models/gpt-3."""
    kind, _slash, slug = str(node.value).partition("/")
    if kind not in ENTRIES or not slug:
        pages.reader.refuse(
            node, _("Name an entry such as models/gpt-3; kinds are: %(known)s."), known=", ".join(ENTRIES)
        )
    elif not pages.landscape.has(model=ENTRIES[kind].model, slug=slug):
        kind = ENTRIES[kind].model._meta.verbose_name
        pages.reader.refuse(node, _("There is no %(kind)s “%(slug)s”."), kind=kind, slug=slug)
    return str(node.value)


def read_blocks(*, pages: Pages, node: Node) -> list[dict[str, Any]]:
    """Return the blocks of a body, each a mapping from its kind to its content."""
    reader, body = pages.reader, node.value.get("body")
    if body is None or body.value in (None, []):
        return reader.refuse(body or node, _("“%(key)s” is missing."), key="body") or []
    blocks = []
    for item in read_list(reader=reader, node=body):
        if not reader.check_mapping(item):
            continue
        kinds = ("heading", "text", "quote", "table", "callout", "card")
        if len(item.value) != 1 or next(iter(item.value)) not in kinds:
            reader.refuse(item, _("A block has one key, which is one of: %(known)s."), known=", ".join(kinds))
            continue
        kind, value = next(iter(item.value.items()))
        if kind in ("heading", "text"):
            content: Any = read_page_text(reader=reader, node=item, key=kind)
        elif kind == "card":
            content = read_entry(pages=pages, node=value)
        elif not reader.check_mapping(value):
            continue
        elif kind == "table":
            content = read_table_block(reader=reader, node=value)
        else:
            content = read_words(reader=reader, node=value, kind=kind)
        blocks.append({kind: content})
    return blocks


def read_words(*, reader: FormReader, node: Node, kind: str) -> dict[str, Any]:
    """Return the content of a quote or a callout."""
    known = {"quote": ["text", "attribution"], "callout": ["kind", "text"]}[kind]
    reader.refuse_unknown(node=node, known=known)
    content = {
        key: read_page_text(reader=reader, node=node, key=key) for key in known if key == "text" or key in node.value
    }
    if kind == "callout" and content.setdefault("kind", "note") not in _CALLOUTS:
        text = _("“%(value)s” is not one of: %(known)s.")
        reader.refuse(node.value["kind"], text, value=node.value["kind"].text, known=", ".join(_CALLOUTS))
    return content


def read_table_block(*, reader: FormReader, node: Node) -> dict[str, Any]:
    """Return a table. Each row has one cell for each column; numbers become texts as they are written."""
    reader.refuse_unknown(node=node, known=["caption", "columns", "rows"])
    caption = read_page_text(reader=reader, node=node, key="caption")
    columns, rows = node.value.get("columns"), node.value.get("rows")
    if columns is None or rows is None:
        reader.refuse(node, _("“%(key)s” is missing."), key="columns" if columns is None else "rows")
        return {}
    lines: list[list[str]] = []
    for line in [columns, *read_list(reader=reader, node=rows)]:
        cells = read_list(reader=reader, node=line)
        for cell in cells:
            if isinstance(cell.value, dict | list):
                reader.refuse(cell, _("This must be %(wanted)s."), wanted=_("a text; put it in quotes if it is one"))
        lines.append([cell.value if isinstance(cell.value, str) else cell.text for cell in cells])
        if len(cells) != len(lines[0]):
            text = _("The row has %(cells)s cells, the table %(columns)s columns.")
            reader.refuse(line, text, cells=len(cells), columns=len(lines[0]))
    return {"caption": caption, "columns": lines[0], "rows": lines[1:]}


class PageFiller:
    """Copies to a page the values of its form that differ from the previous form."""

    def __init__(self, *, shipment: Shipment, key: str):
        self.shipment, self.key = shipment, key

    def fill(self, *, instance: SitePage, new: dict[str, Any], old: dict[str, Any]) -> None:
        for name, value in new.items():
            if name in old and old[name] == value:
                continue
            match name:
                case "body":
                    blocks = [self.build_block(number=n, block=block) for n, block in enumerate(value)]
                    instance.body = json.dumps([block for block in blocks if block])
                case "mentions":
                    blocks = [self.build_entry(name=entry, path=f"mentions/{entry}") for entry in value]
                    instance.mentions = json.dumps([block for block in blocks if block])
                case "sources":
                    found = [self.shipment.find(model=Source, slug=slug) for slug in value]
                    instance.sources = [
                        page_models.ArticleSource(source=source, sort_order=n)
                        for n, source in enumerate(found)
                        if source
                    ]
                case _:
                    setattr(instance, name, value)

    def make_id(self, path: str) -> str:
        """Return a block's id, which is the same at every load, so that revisions differ only in real changes."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self.key}/{path}"))

    def build_block(self, *, number: int, block: dict[str, Any]) -> dict | None:
        """Return a block as a StreamField stores it, or None for the card of an entry that a person deleted."""
        ((kind, value),) = block.items()
        if kind == "text":
            paragraphs = [" ".join(part.split()) for part in re.split(r"\n\s*\n", value)]
            value = render_inline("editorial/paragraphs.html", paragraphs=paragraphs)
        elif kind == "quote":
            value = {"attribution": "", **value}
        elif kind == "card":
            entry = self.build_entry(name=value, path=f"body/{number}/card")
            if entry is None:
                return None
            value = [entry]
        elif kind == "table":
            columns = [{"type": "text", "heading": heading} for heading in value["columns"]]
            table = {"columns": columns, "rows": [{"values": row} for row in value["rows"]], "caption": ""}
            value = {"caption": value["caption"], "table": table}
        return {"type": kind, "value": value, "id": self.make_id(f"body/{number}")}

    def build_entry(self, *, name: str, path: str) -> dict | None:
        """Return a block that refers to an entry, or None if a person deleted the entry."""
        file, _slash, slug = name.partition("/")
        kind = ENTRIES[file]
        entry = self.shipment.find(model=kind.model, slug=slug)
        return entry and {"type": kind.key.value, "value": entry.pk, "id": self.make_id(path)}


def prepare_page(*, item: PageItem, shipment: Shipment) -> None:
    """Make sure that an item has a page in the database."""
    if item.key in shipment.shipped:
        return
    if item.parent is None:
        parent = Page.get_first_root_node()
    else:
        # Reload the parent, because the page tree counts its children.
        key = page_key(name=item.parent, language=item.language)
        found = shipment.find_by_key(key=key, model=HomePage if item.parent == "home" else ArticleIndexPage)
        parent = found and Page.objects.filter(pk=found.pk).first()
    if parent is None:
        # A person deleted the parent page.
        shipment.shipped[item.key] = Shipped.objects.create(key=item.key)
        return
    existing = parent.get_children().filter(slug=item.slug).first()
    page = existing and existing.specific
    if page is not None and not isinstance(page, item.model):
        text = _("Another kind of page has the address “%(slug)s”; rename it.") % {"slug": item.slug}
        raise FaultyFiles([item.node.fault(text)])
    if page is None:
        page = item.model(title=item.form["title"], slug=item.slug, live=False)
        page.locale = Locale.objects.get_or_create(language_code=LOCALE_CODES[item.language])[0]
        english = shipment.find_by_key(key=page_key(name=item.name, language="en"), model=item.model)
        if english is not None:
            page.translation_key = english.translation_key
        try:
            parent.add_child(instance=page)
        except ValidationError as error:
            raise FaultyFiles(item.node.fault(f"{item.describe()}: {text}") for text in error.messages) from None
    shipment.remember(key=item.key, instance=page, is_new=not existing)


def remove_welcome() -> None:
    """Delete the page that Wagtail creates for a new site, with its site record, if nobody has changed it."""
    welcome = Page.objects.filter(depth=2, slug="home", title=_WELCOME, latest_revision=None, numchild=0).first()
    if welcome and type(welcome.specific) is Page:
        welcome.delete()


def prepare_site(shipment: Shipment) -> None:
    """Point the site record to the English home page, unless a person set it differently."""
    address = urlsplit(settings.SITE_URL)
    port = address.port or (443 if address.scheme == "https" else 80)
    wanted = {"hostname": address.hostname, "port": port, "site_name": SITE_NAME}
    site, row = Site.objects.filter(is_default_site=True).first(), shipment.shipped.get("site")
    if row is None:
        home = shipment.find_by_key(key=page_key(name="home", language="en"), model=HomePage)
        if site is None and home is not None:
            site = Site.objects.create(root_page=home, is_default_site=True, **wanted)
        if site is not None:
            Shipped.objects.create(key="site", object_id=site.pk, form=wanted)
    elif row.form != wanted and site and row.form == {name: getattr(site, name) for name in wanted}:
        Site.objects.filter(pk=site.pk).update(**wanted)
        row.form = wanted
        row.save()


def load_pages(*, pages: Pages, shipment: Shipment) -> None:
    """Load the pages into the database. Run this in a transaction, after the catalog."""
    if not any(item.key in shipment.shipped for item in pages.items):
        remove_welcome()
    changed = [item for item in pages.items if shipment.is_changed(item)]
    for item in changed:
        prepare_page(item=item, shipment=shipment)
    prepare_site(shipment)
    for item in changed:
        shipment.publish_or_draft(item=item, fill=PageFiller(shipment=shipment, key=item.key).fill)


def load_site(*, catalog_folder: Path = catalog_files.CATALOG_FILES, folder: Path = ARTICLE_FILES) -> Report:
    """Load the catalog and the pages from their files, all or nothing, and return what was done.

    Files that have not changed since the last load are not even parsed. Raises FaultyFiles, and then nothing has
    changed.
    """
    files = [*catalog_files.list_catalog_files(catalog_folder), *list_article_files(folder)]
    digest = digest_files(files, extra=settings.SITE_URL)
    if Shipped.objects.filter(key="files", digest=digest).exists():
        return Report()
    landscape = catalog_files.read_landscape(catalog_folder)
    pages = read_pages(folder=folder, landscape=landscape)
    if faults := [*landscape.faults, *pages.reader.faults]:
        raise FaultyFiles(faults)
    with transaction.atomic():
        shipment = Shipment()
        catalog_files.load_landscape(landscape=landscape, shipment=shipment)
        load_pages(pages=pages, shipment=shipment)
        Shipped.objects.update_or_create(key="files", defaults={"digest": digest})
    return shipment.report
