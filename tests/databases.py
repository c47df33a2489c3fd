"""Test databases: each is made once, kept, and copied by each process.

Migrating a database takes half a minute, loading the landscape more than a minute; copying either takes less than a
second. SQLite databases are kept in `var/test/`, PostgreSQL databases on the server, under names that change with the
files that they depend on, so that an outdated one is never used. Run as a program, this makes the migrated database.
"""

import fcntl
import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import django
from django.conf import settings
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection

ROOT = settings.BASE_DIR
FOLDER = ROOT / "var" / "test"
FOLDER.mkdir(parents=True, exist_ok=True)


class SQLiteFiles:
    """Databases as files in `FOLDER`."""

    def locate(self, name: str) -> str:
        return str(FOLDER / f"{name}.sqlite3")

    def find(self, start: str) -> list[str]:
        return [str(path) for path in FOLDER.glob(f"{start}*.sqlite3")]

    def create(self, database: str) -> None:
        self.drop(database)

    def copy(self, source: str, target: str) -> None:
        self.drop(target)
        shutil.copyfile(source, target)

    def rename(self, source: str, target: str) -> None:
        Path(source).rename(target)

    def drop(self, database: str) -> None:
        for suffix in ("", "-wal", "-shm"):
            Path(database + suffix).unlink(missing_ok=True)


class PostgreSQLServer:
    """Databases on the server that the tests use."""

    def __init__(self):
        self.start = f"test_{settings.DATABASES['default']['NAME']}_"

    def locate(self, name: str) -> str:
        return self.start + name

    def find(self, start: str) -> list[str]:
        with connection._nodb_cursor() as cursor:
            cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [self.start + start])
            return [name for (name,) in cursor.fetchall()]

    def create(self, database: str) -> None:
        self.copy("template1", database)

    def copy(self, source: str, target: str) -> None:
        self.drop(target)
        self.execute('CREATE DATABASE "{}" TEMPLATE "{}"', target, source)

    def rename(self, source: str, target: str) -> None:
        self.execute('ALTER DATABASE "{}" RENAME TO "{}"', source, target)

    def drop(self, database: str) -> None:
        self.execute('DROP DATABASE IF EXISTS "{}" WITH (FORCE)', database)

    def execute(self, statement: str, *names: str) -> None:
        with connection._nodb_cursor() as cursor:
            cursor.execute(statement.format(*names))


STORE = SQLiteFiles() if connection.vendor == "sqlite" else PostgreSQLServer()


def connect_to(database: str) -> None:
    """Make this process, with all its threads, use a database."""
    connection.close()
    if connection.vendor == "postgresql":
        connection.close_pool()
    connection.settings_dict["NAME"] = database
    cache.clear()


@contextmanager
def connected_to(database: str) -> Iterator[None]:
    before = connection.settings_dict["NAME"]
    connect_to(database)
    try:
        yield
    finally:
        connect_to(before)


@dataclass(frozen=True)
class Template:
    """A database that is made once, then copied."""

    name: str
    # Patterns of the files that it depends on.
    files: tuple[str, ...]
    # Fills the database that Django is connected to.
    fill: Callable[[], None]
    # The template that it is copied from before it is filled.
    base: "Template | None" = None
    # Whether its contents depend on the day on which it was made.
    daily: bool = False

    def copy_to(self, target: str) -> None:
        """Copy the database, and make it first if necessary; other processes wait for it."""
        with open(FOLDER / f"{self.name}-{connection.vendor}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            STORE.copy(self.provide(), target)

    def provide(self) -> str:
        """Make the database unless it exists, and return its name; drop outdated ones."""
        wanted, kept = STORE.locate(f"{self.name}_{self.digest()}"), STORE.find(f"{self.name}_")
        if wanted in kept:
            return wanted
        for outdated in kept:
            STORE.drop(outdated)
        unfinished = STORE.locate(f"{self.name}_unfinished")
        if self.base:
            self.base.copy_to(unfinished)
        else:
            STORE.create(unfinished)
        with connected_to(unfinished):
            self.fill()
        STORE.rename(unfinished, wanted)
        return wanted

    def digest(self) -> str:
        digest = hashlib.sha256(date.today().isoformat().encode() if self.daily else b"")
        for path in sorted({path for pattern in self.files for path in ROOT.glob(pattern)}):
            if path.is_file() and path.suffix != ".pyc":
                digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
        return digest.hexdigest()[:16]

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Connect to a copy of the database, and drop it afterwards."""
        copy = f"{connection.settings_dict['NAME']}_{self.name}"
        self.copy_to(copy)
        with connected_to(copy):
            yield
        STORE.drop(copy)


def migrate() -> None:
    call_command("migrate", verbosity=0, interactive=False)


def load_landscape() -> None:
    from editorial.articles.loading import load_site

    report = load_site()
    assert report.notes == []


MIGRATED = Template(
    name="migrated",
    files=("*/migrations/*.py", "requirements.txt", "aigc_site/settings.py", "tests/settings.py"),
    fill=migrate,
)
LANDSCAPE = Template(
    name="landscape",
    files=(*MIGRATED.files, "catalog/**/*", "editorial/**/*"),
    fill=load_landscape,
    base=MIGRATED,
    daily=True,
)

if __name__ == "__main__":
    django.setup()
    MIGRATED.provide()
