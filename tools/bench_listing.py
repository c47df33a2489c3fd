"""Compare the speed of listings with Datasette's: the same rows, facets and queries, in turn in one run.

The site runs as in production, once on SQLite and once on PostgreSQL; Datasette runs on SQLite, which is all it
supports. Each has one worker, and no page is cached. Catalogs are generated (`tools/generate_catalog.py`) so that the
listing of organizations has the requested number of rows, and are kept in `var/bench/` for the next run.
`make bench-listing` installs Datasette in a virtual environment of its own and runs this.
"""

import argparse
import contextlib
import hashlib
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import urllib3

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tools import bench_datasette, bench_inspect, postgres  # noqa: E402

FOLDER = ROOT / "var" / "bench"
LISTING = "/en/organizations/"
PER_PAGE = 50
# The share of organizations among generated entries.
SHARE = 0.6
# The code that a generated database depends on.
SOURCES = (
    *("tools/generator.py", "tools/invented.py", "tools/invented_words.py", "catalog/models/listing.py"),
    *("catalog/listing/derive.py", "catalog/listing/index.py", "catalog/listing/search", "catalog/migrations"),
)
# The first day of the month, so that databases generated on different days are equal.
TODAY = datetime.now(UTC).date().replace(day=1)
RUNS = 30
MOST_QUERIES = 12

# The queries: the site's parameters, and Datasette's. Each fills a page at any size, except the last page.
QUESTIONS: dict[str, tuple[dict, dict]] = {
    "no filter": ({}, {}),
    "one facet": ({"country": "US"}, {"country": "US"}),
    "two facets": (
        {"type": "startup", "segment": "code"},
        {"type": "startup", "segment__arraycontains": "code"},
    ),
    "three facets": (
        {"type": "startup", "country": "US", "status": "active"},
        {"type": "startup", "country": "US", "status": "active"},
    ),
    "four facets": (
        {"type": "startup", "country": "US", "status": "active", "segment": "code"},
        {"type": "startup", "country": "US", "status": "active", "segment__arraycontains": "code"},
    ),
    "range": (
        {"founded_min": "2019", "founded_max": "2021"},
        {"date_to__gte": "2019-01-01", "date_from__lte": "2021-12-31"},
    ),
    "facet, range, order": (
        {"type": "startup", "funding_min": "10M", "sort": "-funding"},
        {"type": "startup", "funding_usd__gte": "10000000", "_sort_desc": "funding_usd"},
    ),
    "order": ({"sort": "-funding"}, {"_sort_desc": "funding_usd"}),
    "last page": ({"page": "last"}, {"_next": "last"}),
    "text": ({"q": "robotics"}, {"_search": "robotics"}),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[2000, 50_000], help="rows of the listing")
    parser.add_argument("--runs", type=int, default=RUNS, help="how often each question is asked")
    parser.add_argument("--only-sqlite", action="store_true", help="leave PostgreSQL out")
    arguments = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    # SIGTERM must stop the servers, as Ctrl-C does.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Stopped."))
    failed = False
    with static_files(), contextlib.ExitStack() as stack:
        server = None if arguments.only_sqlite else stack.enter_context(postgres.running())
        for size in arguments.sizes:
            failed |= measure(size=size, runs=arguments.runs, server=server)
    sys.exit(failed)


def measure(*, size: int, runs: int, server: str | None) -> bool:
    """Measure one size and print the results; return whether counts disagree or a page takes too many queries."""
    path = provide_sqlite(size)
    rows = bench_datasette.read_rows(path)
    exported = FOLDER / f"datasette-{size}.sqlite3"
    bench_datasette.export(rows, path=exported)
    with contextlib.ExitStack() as stack:
        databases = {"SQLite": f"sqlite:///{path}"}
        if server:
            databases["PostgreSQL"] = stack.enter_context(provide_postgres(size, server))
        questions = {
            name: (
                {**ours, **({"page": str(-(-len(rows) // PER_PAGE))} if "page" in ours else {})},
                bench_datasette.parameters(theirs, rows=rows, per_page=PER_PAGE),
            )
            for name, (ours, theirs) in QUESTIONS.items()
        }
        found = {name: inspect(url, [ours for ours, _ in questions.values()]) for name, url in databases.items()}
        addresses = {"Datasette": stack.enter_context(bench_datasette.serving(FOLDER / "venv", exported))}
        for name, url in databases.items():
            addresses[name] = stack.enter_context(serving(url))
        times = ask(questions, addresses=addresses, runs=runs)
        failed = False
        for number, (name, (ours, theirs)) in enumerate(questions.items()):
            # On a later page, Datasette counts only the rows from there on.
            whole = {key: value for key, value in theirs.items() if key != "_next"}
            expected = bench_datasette.count(addresses["Datasette"], whole)
            for database, answers in found.items():
                failed |= disagree(name, database, answers[number], expected)
            failed |= disagree(name, "plain Python", bench_inspect.count_plainly(rows, ours), expected)
        failed |= report(size=size, times=times, found=found)
    exported.unlink()
    return failed


def disagree(question: str, who: str, answer: dict, expected: dict) -> bool:
    """Print which counts of an answer differ from Datasette's, and return whether any does."""
    wrong = [] if answer["total"] == expected["total"] else ["total"]
    wrong += [
        facet
        for facet, counts in answer["counts"].items()
        if facet in expected["counts"]
        and any(counts.get(value, 0) != number for value, number in expected["counts"][facet].items())
    ]
    if wrong:
        print(f"  {question}: {who} and Datasette count {', '.join(wrong)} differently")
    return bool(wrong)


def ask(questions: dict, *, addresses: dict[str, str], runs: int) -> dict[str, dict[str, list[float]]]:
    """Send every query to every server in turn, `runs` times; return milliseconds by query and server."""
    pool = urllib3.PoolManager(num_pools=len(addresses), retries=False, timeout=120)
    times: dict[str, dict[str, list[float]]] = {name: {who: [] for who in addresses} for name in questions}
    for run in range(-2, runs):
        for name, (ours, theirs) in questions.items():
            for who, address in addresses.items():
                query = urlencode(bench_datasette.with_facets(theirs) if who == "Datasette" else ours, doseq=True)
                begun = time.perf_counter()
                response = pool.request("GET", f"{address}?{query}", headers={"Accept-Encoding": "identity"})
                took = (time.perf_counter() - begun) * 1000
                if response.status != 200:
                    sys.exit(f"{who} answered {response.status} to {address}?{query}")
                # The first two rounds only warm up the servers.
                if run >= 0:
                    times[name][who].append(took)
    return times


def report(*, size: int, times: dict, found: dict[str, list[dict]]) -> bool:
    """Print a table; return whether a page took too many queries."""
    ours = list(found)
    head = "".join(f"{name:>15}{'p95':>8}{'ratio':>8}" for name in ours)
    print(f"\n{size:,} rows; milliseconds\n{'':<22}{'Datasette':>10}{'p95':>8}{head}{'queries':>9}")
    everything: dict[str, list[float]] = {}
    for number, (question, by_name) in enumerate(times.items()):
        line, baseline = f"{question:<22}", statistics.median(by_name["Datasette"])
        for name in ("Datasette", *ours):
            median, late = statistics.median(by_name[name]), percentile(by_name[name])
            everything.setdefault(name, []).extend(by_name[name])
            line += f"{median:>10.1f}{late:>8.1f}" if name == "Datasette" else f"{median:>15.1f}{late:>8.1f}"
            line += "" if name == "Datasette" else f"{median / baseline:>8.2f}"
        print(line + f"{max(answers[number]['queries'] for answers in found.values()):>9}")
    baseline = statistics.median(everything["Datasette"])
    line = f"{'all':<22}{baseline:>10.1f}{percentile(everything['Datasette']):>8.1f}"
    for name in ours:
        median = statistics.median(everything[name])
        line += f"{median:>15.1f}{percentile(everything[name]):>8.1f}{median / baseline:>8.2f}"
    most = max(answer["queries"] for answers in found.values() for answer in answers)
    print(f"{line}{most:>9}", flush=True)
    return most > MOST_QUERIES


def percentile(times: list[float]) -> float:
    """Return the 95th percentile."""
    return statistics.quantiles(times, n=20)[18]


# --- databases and servers -----------------------------------------------------------------------------------


def environment(url: str) -> dict[str, str]:
    """Return the environment variables of production, with the database at `url`."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "aigc_site.settings",
        "DATABASE_URL": url,
        "DEMO": "false",
        "DEBUG": "false",
        "SECRET_KEY": "only-for-measurements-" * 3,
        "ALLOWED_HOSTS": "127.0.0.1,testserver",
        "SITE_URL": "http://127.0.0.1",
    }


def key_of(size: int) -> str:
    """Return the name of kept databases of a size; it changes with the code that generates them, and each month."""
    digest = hashlib.sha256()
    for source in SOURCES:
        path = ROOT / source
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            digest.update(file.read_bytes())
    return f"{size}-{TODAY:%Y-%m}-{digest.hexdigest()[:10]}"


def generate(size: int, url: str) -> None:
    """Fill a database with a generated catalog."""
    print(f"Generating a catalog with {size:,} organizations ({url.partition(':')[0]})", flush=True)
    command = [
        sys.executable,
        "tools/generate_catalog.py",
        "--entries",
        str(round(size / SHARE)),
        "--today",
        str(TODAY),
    ]
    subprocess.run(command, cwd=ROOT, env=environment(url), check=True)


def provide_sqlite(size: int) -> Path:
    """Return the path of a database of this size, kept or generated; delete older ones of this size."""
    path = FOLDER / f"{key_of(size)}.sqlite3"
    if not path.exists():
        for old in FOLDER.glob(f"{size}-*"):
            old.unlink()
        unfinished = path.with_suffix(".unfinished")
        generate(size, f"sqlite:///{unfinished}")
        unfinished.rename(path)
    return path


@contextlib.contextmanager
def provide_postgres(size: int, server: str):
    """Yield the URL of a database of this size on a server, restored from a kept dump or generated; then drop it."""
    name, dump = f"bench_listing_{size}", FOLDER / f"{key_of(size)}.dump"
    url = f"{server.rpartition('/')[0]}/{name}"
    with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp") as folder:
        programs = postgres.system_programs() or postgres.packaged_programs(Path(folder))
        try:
            subprocess.run([programs / "createdb", "--maintenance-db", administer(server), name], check=True)
            if dump.exists():
                subprocess.run([programs / "pg_restore", "--no-owner", "--dbname", url, dump], check=True)
            else:
                generate(size, url)
                unfinished = dump.with_suffix(".unfinished")
                subprocess.run([programs / "pg_dump", "-Fc", "-Z1", "--file", unfinished, url], check=True)
                unfinished.rename(dump)
            # In production, autovacuum would have done this.
            subprocess.run([programs / "vacuumdb", "--quiet", "--analyze", "--dbname", url], check=True)
            yield url
        finally:
            drop = [programs / "dropdb", "--if-exists", "--force", "--maintenance-db", administer(server), name]
            subprocess.run(drop, check=True)


def administer(server: str) -> str:
    """Return the URL of the maintenance database."""
    return f"{server.rpartition('/')[0]}/postgres"


def inspect(url: str, questions: list[dict]) -> list[dict]:
    """Return the counts and the number of queries of the listing for each query, read in a process of its own."""
    command = [sys.executable, "tools/bench_inspect.py", json.dumps({"listing": LISTING, "questions": questions})]
    return json.loads(subprocess.run(command, cwd=ROOT, env=environment(url), check=True, capture_output=True).stdout)


@contextlib.contextmanager
def serving(url: str):
    """Serve the site as in production with one worker, and yield the address of the listing."""
    port = free_port()
    command = [Path(sys.executable).with_name("granian"), "--interface", "wsgi", "--workers", "1"]
    command += ["--blocking-threads", "4", "--port", str(port), "--log-level", "error", "aigc_site.wsgi:application"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment(url))
    try:
        address = f"http://127.0.0.1:{port}"
        wait_for(f"{address}/livez", process)
        yield f"{address}{LISTING}"
    finally:
        process.terminate()
        process.wait(20)


def free_port() -> int:
    """Return a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(address: str, process: subprocess.Popen) -> None:
    """Wait until a server answers; exit if it does not."""
    pool = urllib3.PoolManager(retries=False, timeout=5)
    for _ in range(300):
        with contextlib.suppress(urllib3.exceptions.HTTPError):
            if pool.request("GET", address).status == 200:
                return
        if process.poll() is not None:
            break
        time.sleep(0.1)
    sys.exit(f"Nothing answers at {address}.")


@contextlib.contextmanager
def static_files():
    """Collect the static files that production needs; delete them afterwards unless they were there before."""
    folder = ROOT / "var" / "static"
    was_there = folder.exists()
    try:
        command = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"]
        subprocess.run(command, cwd=ROOT, env=environment("sqlite://:memory:"), check=True)
        yield
    finally:
        if not was_there:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
