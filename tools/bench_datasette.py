"""Datasette with the rows of a listing, for `bench_listing.py`: exports the rows, runs the server, reads its counts."""

import contextlib
import json
import re
import socket
import sqlite3
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import urllib3

FACETS = ("country", "type", "status", "latest_round")
# Facets with several values: JSON arrays, as Datasette expects them.
ARRAYS = ("segment", "layer")
COLUMNS = ("name_en", "name_zh", "aliases", "summary_en", "summary_zh", "text", "sort_en")
VALUES = ("date_from", "date_to", "funding_usd")
TABLE = "organizations"
# With its default limits, Datasette leaves out slow facets and answers.
SETTINGS = {
    "default_page_size": 50,
    "default_cache_ttl": 0,
    "suggest_facets": "off",
    "facet_time_limit_ms": 60_000,
    "sql_time_limit_ms": 60_000,
}


def read_rows(path: Path) -> list[dict]:
    """Return the current rows of the listing of organizations with today's facet values, sorted by name."""
    today = datetime.now(UTC).date().isoformat()
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.row_factory = sqlite3.Row
        query = "SELECT * FROM catalog_listingentry WHERE kind = 'organization' AND until = '9999-12-31'"
        rows = {row["id"]: dict(row) for row in database.execute(f"{query} ORDER BY sort_en, id")}
        values = database.execute(
            "SELECT listing_id, facet, value FROM catalog_facetvalue WHERE since <= ? AND until > ?", (today, today)
        )
        for pk, facet, value in values:
            if pk in rows:
                rows[pk].setdefault("facets", {}).setdefault(facet, []).append(value)
    return list(rows.values())


def export(rows: list[dict], *, path: Path) -> None:
    """Write rows to a table with a column for each facet, and the indexes and full-text search that suit Datasette."""
    path.unlink(missing_ok=True)
    names = (*COLUMNS, *VALUES, *FACETS, *ARRAYS)
    with contextlib.closing(sqlite3.connect(path)) as database:
        types = {"funding_usd": "FLOAT"}
        columns = ", ".join(f"{name} {types.get(name, 'TEXT')}" for name in names)
        database.execute(f"CREATE TABLE {TABLE} (id INTEGER PRIMARY KEY, {columns})")
        database.executemany(
            f"INSERT INTO {TABLE} VALUES ({', '.join('?' * (len(names) + 1))})",
            (
                [row["id"]]
                + [row[name] for name in (*COLUMNS, *VALUES)]
                + [row["facets"][name][0] for name in FACETS]
                + [json.dumps(row["facets"][name]) for name in ARRAYS]
                for row in rows
            ),
        )
        for name in ("sort_en", *VALUES, *FACETS, *ARRAYS):
            database.execute(f"CREATE INDEX by_{name} ON {TABLE} ({name})")
        searched = "name_en, name_zh, aliases, text"
        # Datasette recognizes the search table by exactly these quotes.
        database.execute(f'CREATE VIRTUAL TABLE {TABLE}_fts USING fts5({searched}, content="{TABLE}")')
        database.execute(f"INSERT INTO {TABLE}_fts (rowid, {searched}) SELECT id, {searched} FROM {TABLE}")
        database.execute("ANALYZE")
        database.commit()
        database.execute("VACUUM")


def parameters(asked: dict, *, rows: list[dict], per_page: int) -> dict:
    """Return the parameters of a query for Datasette: sorted by name by default, and with its kind of page position."""
    asked = dict(asked)
    if not asked.keys() & {"_sort", "_sort_desc", "_search"}:
        asked["_sort"] = "sort_en"
    if asked.get("_next") == "last":
        row = rows[(len(rows) - 1) // per_page * per_page - 1]
        asked["_next"] = f"{tilde(row['sort_en'])},{row['id']}"
    return asked


def tilde(text: str) -> str:
    """Return a text in Datasette's tilde encoding, which it uses in `_next`."""
    encoded = "".join(chr(it) if re.match(r"[A-Za-z0-9_-]", chr(it)) else f"~{it:02X}" for it in text.encode())
    return encoded.replace("~20", "+")


def with_facets(asked: dict) -> list[tuple[str, str]]:
    """Return the parameters of a query, with those that ask for the counts of facets."""
    wanted = [("_facet", name) for name in FACETS] + [("_facet_array", name) for name in ARRAYS]
    return [*asked.items(), *wanted]


def count(address: str, asked: dict) -> dict:
    """Return the number of results, and the counts of each facet that is not filtered.

    Counts of filtered facets are no use: Datasette counts them with their own filter applied.
    """
    response = urllib3.request("GET", f"{address}.json?{urlencode(with_facets(asked))}", timeout=120)
    answer = json.loads(response.data)
    chosen = {name.partition("__")[0] for name in asked}
    return {
        "total": answer["filtered_table_rows_count"],
        "counts": {
            facet: {option["value"]: option["count"] for option in found["results"]}
            for facet, found in answer["facet_results"].items()
            if facet not in chosen
        },
    }


@contextlib.contextmanager
def serving(environment: Path, path: Path):
    """Serve a database, and yield the address of its table."""
    program = environment / "bin" / "datasette"
    if not program.exists():
        sys.exit("Datasette is not installed: run `make bench-listing`.")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [program, "serve", path, "--port", str(port)]
    for name, value in SETTINGS.items():
        command += ["--setting", name, str(value)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        address = f"http://127.0.0.1:{port}"
        for _ in range(200):
            with contextlib.suppress(urllib3.exceptions.HTTPError):
                if urllib3.request("GET", f"{address}/-/versions.json", retries=False).status == 200:
                    break
            time.sleep(0.1)
        else:
            sys.exit("Datasette does not answer.")
        yield f"{address}/{path.stem}/{TABLE}"
    finally:
        process.terminate()
        process.wait(20)
