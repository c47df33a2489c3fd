"""The tables that a process keeps in memory: the current rows of each kind, always up to date, and a few past days.

Every request reads the number of the index's last change (one query), and then only the entries that changed since. So
a publication is visible in the next request of every process. After a rebuild, or after very many changes, another
thread reads everything, and requests use the old tables until it is done.
"""

from collections import OrderedDict
from contextlib import suppress
from datetime import date
from threading import Lock, Thread
from uuid import UUID

from django.db import DatabaseError, connection
from django.http import QueryDict

from catalog.listing.as_of import AsOf
from catalog.listing.table import Table, read_table
from catalog.models import ListingChange, ListingEntry, ListingVersion
from catalog.models.kinds import EntryKind
from catalog.models.listing import has_changed_index

# The maximum number of changed entries that are read within a request.
MAX_CHANGES = 500
# The maximum number of past days in memory; the least recently used is dropped.
MAX_PAST_DAYS = 4


class TableCache:
    """The tables of one process, or of one request."""

    def __init__(self) -> None:
        self.present: dict[EntryKind, Table] = {}
        self.past: OrderedDict[date, dict[EntryKind, Table]] = OrderedDict()
        # The number of the last change that they contain.
        self.number = -1
        self.lock = Lock()
        # Held while a past day is read; only requests for past days wait for it.
        self.past_lock = Lock()
        self.reader: Thread | None = None

    def update(self, *, on: date) -> dict[EntryKind, Table]:
        """Update the tables from the index, and return the current ones, as of a day."""
        # Connect before locking: others must not wait for the lock while this thread waits for a connection.
        connection.ensure_connection()
        with self.lock:
            version = read_version()
            if not self.present:
                self.replace(*read_all(on=on))
            elif version.number != self.number:
                changes = ListingChange.objects.filter(number__gt=self.number)
                changed = list(changes.values_list("entry", "kind")[: MAX_CHANGES + 1])
                # A smaller number than ours means that the database was replaced by another.
                if len(changed) > MAX_CHANGES or version.rebuilt > self.number or version.number < self.number:
                    self.read_in_background(on=on)
                else:
                    self.replace(read_changes(self.present, changed, on=on), version.number)
            if any(table.on != on for table in self.present.values()):
                self.replace(read_changes(self.present, [], on=on), self.number)
            return self.present

    def replace(self, present: dict[EntryKind, Table], number: int) -> None:
        """Replace the current tables; drop past days, whose rows may have changed."""
        self.present, self.number = present, number
        self.past.clear()

    def read_in_background(self, *, on: date) -> None:
        """Start a thread that reads everything, unless one is running."""

        def read() -> None:
            try:
                tables = read_all(on=on)
            finally:
                connection.close()
            with self.lock:
                self.replace(*tables)

        if self.reader is None or not self.reader.is_alive():
            self.reader = Thread(target=read, daemon=True)
            self.reader.start()

    def find_past(self, kind: EntryKind, as_of: AsOf) -> Table:
        """Return the table of a kind on a past day."""
        if as_of.is_before_records:
            return Table(kind=kind, on=as_of.on)
        with self.past_lock:
            with self.lock:
                number, day = self.number, self.past.get(as_of.on, {})
            if kind not in day:
                # A new dictionary, since another thread may be using the old one.
                day = {**day, kind: read_table(kind=kind, on=as_of.on, rows=as_of.entries())}
            with self.lock:
                if number == self.number:
                    self.past[as_of.on] = day
                    self.past.move_to_end(as_of.on)
                    if len(self.past) > MAX_PAST_DAYS:
                        self.past.popitem(last=False)
            return day[kind]


class TablesOnDay(dict[EntryKind, Table]):
    """The tables on the day of `as_of`, by kind; those of a past day are read when they are needed."""

    def __init__(self, as_of: AsOf) -> None:
        self.cache, self.as_of = find_cache(), as_of
        present = self.cache.update(on=as_of.today)
        super().__init__({} if as_of.is_past else present)

    def __missing__(self, kind: EntryKind) -> Table:
        return self.cache.find_past(kind, self.as_of)


# The cache of this process.
process_cache = TableCache()


def prepare_tables() -> None:
    """Read everything before the first request, unless there is no database yet."""
    with suppress(DatabaseError):
        process_cache.update(on=AsOf(QueryDict()).today)
    # The server may fork this process, and connections must not be shared.
    connection.close()
    if hasattr(connection, "close_pool"):
        connection.close_pool()


def find_cache() -> TableCache:
    """Return the cache of this process, or a new one if this transaction has changed the index.

    That change may be rolled back, so other requests must not see it.
    """
    return TableCache() if has_changed_index() else process_cache


def read_version() -> ListingVersion:
    """Return the number of changes of the index, and of the last rebuild."""
    return ListingVersion.objects.first() or ListingVersion()


def read_all(*, on: date) -> tuple[dict[EntryKind, Table], int]:
    """Return all current tables, and the number of the last change that they certainly contain."""
    # The number first: a change meanwhile is then read twice, rather than missed.
    number = read_version().number
    return {kind: read_table(kind=kind, on=on, rows=ListingEntry.objects.all()) for kind in EntryKind}, number


def read_changes(
    present: dict[EntryKind, Table], changed: list[tuple[UUID, str]], *, on: date
) -> dict[EntryKind, Table]:
    """Return the tables with changed entries (permanent ids and kinds) read again; two queries for each kind."""
    tables = dict(present)
    for kind, table in present.items():
        entries = [uid for uid, its in changed if its == kind]
        if entries or table.on != on:
            rows = ListingEntry.objects.filter(kind=kind, entry__in=entries)
            tables[kind] = table.with_changes(entries=entries, rows=rows, on=on)
    return tables
