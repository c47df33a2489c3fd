"""The tables that a process holds: the present rows of each kind, kept in step, and a few past days.

Every request reads the number of the last change of the index, one query; what has changed since is read anew, entry by
entry. So a publication shows in the next request of every process. After a rebuild, or where very much has changed at
once, another thread reads everything anew, and requests go on with what there is until that is done.
"""

from collections import OrderedDict
from contextlib import suppress
from datetime import date
from threading import Lock, Thread

from django.db import DatabaseError, connection
from django.http import QueryDict

from catalog.listing.as_of import AsOf
from catalog.listing.table import Table, read_table
from catalog.models import ListingChange, ListingEntry, ListingVersion
from catalog.models.kinds import EntryKind
from catalog.models.listing import has_changed_index

# So many entries are read anew within a request.
MANY = 500
# So many past days are held, those asked for last.
PAST_DAYS = 4


class Tables:
    """The tables of one process, or of one request of its own."""

    def __init__(self) -> None:
        self.present: dict[EntryKind, Table] = {}
        self.past: OrderedDict[date, dict[EntryKind, Table]] = OrderedDict()
        # The number of the last change that is in them.
        self.number = -1
        self.lock = Lock()
        # Who reads a past day; others who want one wait, and nobody else does.
        self.past_lock = Lock()
        self.reader: Thread | None = None

    def follow(self, *, on: date) -> dict[EntryKind, Table]:
        """Bring the tables in step with the index, and return the present ones, as of a day."""
        # First: who waits for a connection must not have others wait for the lock.
        connection.ensure_connection()
        with self.lock:
            version = read_version()
            if not self.present:
                self.take(*read_all(on=on))
            elif version.number != self.number:
                changes = ListingChange.objects.filter(number__gt=self.number)
                changed = list(changes.values_list("entry", "kind")[: MANY + 1])
                # A smaller number than ours is that of another database in this one's place.
                if len(changed) > MANY or version.rebuilt > self.number or version.number < self.number:
                    self.read_aside(on=on)
                else:
                    self.take(read_changes(self.present, changed, on=on), version.number)
            if any(table.on != on for table in self.present.values()):
                self.take(read_changes(self.present, [], on=on), self.number)
            return self.present

    def take(self, present: dict[EntryKind, Table], number: int) -> None:
        """Hold other tables, with all changes up to a number; past days' rows may have changed their places."""
        self.present, self.number = present, number
        self.past.clear()

    def read_aside(self, *, on: date) -> None:
        """Have another thread read everything anew, unless one does already."""

        def read() -> None:
            try:
                tables = read_all(on=on)
            finally:
                connection.close()
            with self.lock:
                self.take(*tables)

        if self.reader is None or not self.reader.is_alive():
            self.reader = Thread(target=read, daemon=True)
            self.reader.start()

    def find_past(self, kind: EntryKind, as_of: AsOf) -> Table:
        """The table of a kind on a past day; nobody waits for it who does not ask for a past day."""
        if as_of.is_before_records:
            return Table(kind=kind, on=as_of.on)
        with self.past_lock:
            with self.lock:
                number, day = self.number, self.past.get(as_of.on, {})
            if kind not in day:
                # Another dictionary: this one may be in use.
                day = {**day, kind: read_table(kind=kind, on=as_of.on, rows=as_of.entries())}
            with self.lock:
                if number == self.number:
                    self.past[as_of.on] = day
                    self.past.move_to_end(as_of.on)
                    if len(self.past) > PAST_DAYS:
                        self.past.popitem(last=False)
            return day[kind]


class TablesOnDay(dict):
    """The tables of the day of `as_of`, by kind; those of a past day are read when they are asked for."""

    def __init__(self, as_of: AsOf) -> None:
        self.tables, self.as_of = find_tables(), as_of
        present = self.tables.follow(on=as_of.today)
        super().__init__({} if as_of.is_past else present)

    def __missing__(self, kind: EntryKind) -> Table:
        return self.tables.find_past(kind, self.as_of)


# What this process holds.
of_process = Tables()


def prepare() -> None:
    """Read everything before the first request comes, unless there is no database yet to read."""
    with suppress(DatabaseError):
        of_process.follow(on=AsOf(QueryDict()).today)
    # The server may make other processes of this one, which must not share its connections.
    connection.close()
    if hasattr(connection, "close_pool"):
        connection.close_pool()


def find_tables() -> Tables:
    """The tables of this process, or others where this transaction has changed the index itself.

    Whether that will be committed is not known yet: it must not be left in what other requests read.
    """
    return Tables() if has_changed_index() else of_process


def read_version() -> ListingVersion:
    """How often the index has changed."""
    return ListingVersion.objects.first() or ListingVersion()


def read_all(*, on: date) -> tuple[dict[EntryKind, Table], int]:
    """Read all present tables; return them with the number of the last change that is certainly in them."""
    # First the number: what changes meanwhile is then read again, rather than missed.
    number = read_version().number
    return {kind: read_table(kind=kind, on=on, rows=ListingEntry.objects.all()) for kind in EntryKind}, number


def read_changes(present: dict[EntryKind, Table], changed: list[tuple], *, on: date) -> dict[EntryKind, Table]:
    """Read entries (permanent ids and kinds) anew; two queries for each kind of which one has changed."""
    tables = dict(present)
    for kind, table in present.items():
        entries = [uid for uid, its in changed if its == kind]
        if entries or table.on != on:
            rows = ListingEntry.objects.filter(kind=kind, entry__in=entries)
            tables[kind] = table.with_changes(entries=entries, rows=rows, on=on)
    return tables
