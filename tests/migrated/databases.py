"""Restores a dump in a database of its own, beside whatever else the server has."""

import gzip
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from tests.migrated.states import POSTGRESQL, SQLITE

ROOT = Path(__file__).resolve().parent.parent.parent


@contextmanager
def restored(server: str) -> Iterator[str]:
    """Yield the URL of a restored database: on the PostgreSQL server of a URL, or of SQLite where that is empty."""
    if not server:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "states.sqlite3"
            path.write_bytes(gzip.decompress(SQLITE.read_bytes()))
            yield f"sqlite:///{path}"
        return
    name = f"states_{os.getpid()}"
    url, maintenance = (urlsplit(server)._replace(path=f"/{it}").geturl() for it in (name, "postgres"))
    with psycopg.connect(maintenance, autocommit=True) as connection:
        # From the template that nothing has been added to.
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
        try:
            with psycopg.connect(url) as restoring:
                restoring.execute(gzip.decompress(POSTGRESQL.read_bytes()))
            yield url
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def see(url: str, out: Path) -> None:
    """Have a process of its own migrate the database and write what is seen into a folder."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "TEST_DATABASE_URL": url}
    answer = subprocess.run(
        [sys.executable, "-m", "tests.migrated.seen", out], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    if answer.returncode:
        raise RuntimeError(f"{answer.stdout}\n{answer.stderr}")
