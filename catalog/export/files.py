"""Export entries to CSV, XLSX and JSON: exactly the entries that a page shows, in the same order.

Memory use is bounded: entries are read in chunks, with a fixed number of queries each, and streamed. An XLSX file is a
zip archive, which is complete only at its end: it is written to a temporary file and sent from there. Every file has a
header with the filters, the time, the number of entries and the terms: CSV in the first `PREFACE` lines, which begin
with `# `, XLSX on a sheet of its own, JSON in `meta`.
"""

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import BinaryIO

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override, pgettext

from catalog.export.entries import SOURCE_COLUMNS, EntryExport, list_columns
from catalog.export.spreadsheets import BYTE_ORDER_MARK, Sheets, write_line
from catalog.listing.as_of import AsOf
from catalog.models import ListingEntry
from catalog.models.kinds import EntryKind
from catalog.models.publisher import Publisher, read_publisher
from catalog.reading.batches import read_details

# Number of entries read at once.
ROWS_PER_CHUNK = 200
# Number of lines in a CSV file before the column names.
PREFACE = 8


@dataclass
class ExportHeader:
    """The header of an export file, in the language of the page that it was downloaded from."""

    title: str
    # The address of the page, and its filters in words: (label, value).
    address: str
    asked: list[tuple[str, str]]
    order: str
    # Query parameters that were ignored.
    ignored: list[str]
    number: int
    # The address of the page about the terms.
    terms: str
    exported_at: datetime = field(default_factory=timezone.now)
    publisher: Publisher = field(default_factory=read_publisher)

    def list_facts(self) -> list[tuple[str, str | int]]:
        """Return the lines of the header as (label, value)."""
        between = pgettext("between values", ", ")
        # On the first line, not on one of its own: the number of lines stays the same for programs that skip them.
        publisher = [f"{label}: {value}" for label, value in describe_publisher(self.publisher)]
        return [
            (_("AIGC Landscape"), " · ".join([self.title, *publisher])),
            (_("Address"), self.address),
            (pgettext("of a list", "Asked for"), describe_asked(self.asked)),
            (_("Sort by"), self.order),
            (pgettext("of a list", "Ignored"), between.join(self.ignored) or "–"),
            (_("Entries"), self.number),
            (pgettext("of a list", "Taken"), f"{self.exported_at:%Y-%m-%d %H:%M} (UTC)"),
            (_("Licence"), f"{describe_licence(self.publisher)} {self.terms}"),
        ]

    def as_json(self) -> dict:
        return {
            "title": self.title,
            "address": self.address,
            "asked": [{"filter": label, "value": value} for label, value in self.asked],
            "order": self.order,
            "ignored": self.ignored,
            "entries": self.number,
            "taken": self.exported_at.isoformat(timespec="seconds"),
            **({"publisher": publisher} if (publisher := self.publisher.as_json()) else {}),
            "licence": describe_licence(self.publisher),
            "terms": self.terms,
        }


def describe_asked(asked: list[tuple[str, str]]) -> str:
    """Return the filters in one line."""
    return pgettext("between values", ", ").join(f"{label}: {value}" for label, value in asked) or _("All")


def describe_publisher(publisher: Publisher) -> list[tuple[str, str]]:
    """Return who publishes the site and how to reach them, as (label, value); what is empty is left out."""
    facts = [(pgettext("of the site", "Publisher"), publisher.name.text), (_("Contact"), publisher.contact)]
    return [(label, value) for label, value in facts if value]


def describe_licence(publisher: Publisher) -> str:
    """Return what readers may do with the data, in the words of the About page."""
    if licence := publisher.full_licence:
        return _(
            "Texts and the compilation: %(licence)s. Facts whose source is Epoch AI, “Data on AI Models”, epoch.ai, "
            "are used under CC BY 4.0: name it when you pass them on. Quotations belong to their authors."
        ) % {"licence": licence}
    return _(
        "Facts whose source is Epoch AI, “Data on AI Models”, epoch.ai, are used under CC BY 4.0: name it when you "
        "pass them on. Quotations belong to their authors. For the rest no licence is stated; see About."
    )


def locate_terms_page(request: HttpRequest) -> str:
    """Return the full address of the page about the terms. Settings name it, because it belongs to a layer above."""
    return request.build_absolute_uri(reverse(settings.TERMS_PAGE))


@dataclass
class ExportFile:
    """An export of entries of one kind; `rows` are read once. `origin` is the scheme and host of this site.

    `language` is the language of the texts, set here because it is no longer active while a response is streamed.
    """

    kind: EntryKind
    rows: Iterable[ListingEntry]
    as_of: AsOf
    header: ExportHeader
    origin: str
    language: str

    def list_chunks(self, make: Callable[[list[EntryExport]], str]) -> Iterator[str]:
        """Yield the result of `make` for each chunk of entries, called in the language of the file."""
        rows = iter(self.rows)
        while chunk := list(islice(rows, ROWS_PER_CHUNK)):
            with override(self.language):
                made = make(self.read(chunk))
            yield made

    def read(self, chunk: list[ListingEntry]) -> list[EntryExport]:
        """Return the entries of a chunk with their details, without those withdrawn during the export."""
        details = read_details((entry.entry for entry in chunk), as_of=self.as_of)
        return [
            EntryExport(entry=entry, detail=details.get(entry.entry), as_of=self.as_of, origin=self.origin)
            for entry in chunk
            if entry.entry in details or self.as_of.is_past
        ]

    def write_csv(self) -> Iterator[str]:
        """Yield the file in pieces: the header, the column names, and a line for each entry."""
        columns = list_columns(self.kind)
        with override(self.language):
            preface = [f"# {label}: {' '.join(str(value).split())}" for label, value in self.header.list_facts()]
        yield BYTE_ORDER_MARK + "".join(write_line([line]) for line in preface) + write_line(columns)
        yield from self.list_chunks(
            lambda exports: "".join(write_line(map(entry.cells().get, columns)) for entry in exports)
        )

    def write_json(self) -> Iterator[str]:
        """Yield the file in pieces: `meta`, then `entries`, one on each line."""
        with override(self.language):
            meta = json.dumps(self.header.as_json(), ensure_ascii=False)
        yield f'{{"meta": {meta},\n"entries": [\n'
        comma = ""
        for piece in self.list_chunks(
            lambda exports: ",\n".join(json.dumps(entry.as_json(), ensure_ascii=False) for entry in exports)
        ):
            if piece:
                yield comma + piece
                comma = ",\n"
        yield "\n]}\n"

    def write_xlsx(self) -> BinaryIO:
        """Return a temporary file with the sheets entries, sources and about; it is deleted when closed."""
        columns, sheets = list_columns(self.kind), Sheets()
        with override(self.language):
            entries = sheets.add(_("Entries"), widths=(14, 30, 28, 28), freeze="E2")
            sources = sheets.add(_("Sources"), widths=(14, 28, 18, 18), freeze="C2")
            about = sheets.add(_("About"), widths=(18, 120))
            for label, value in self.header.list_facts():
                sheets.append(about, [label, value])
        sheets.append(entries, columns, bold=True)
        sheets.append(sources, SOURCE_COLUMNS, bold=True)

        def write(exports: list[EntryExport]) -> str:
            for entry in exports:
                sheets.append(entries, map(entry.cells().get, columns))
                for citation in entry.list_sources():
                    sheets.append(sources, map(citation.get, SOURCE_COLUMNS))
            return ""

        for _piece in self.list_chunks(write):
            pass
        # The response closes it.
        file = tempfile.TemporaryFile()  # noqa: SIM115
        sheets.save(file)
        file.seek(0)
        return file
