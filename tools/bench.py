"""Measure the main pages of the shipped landscape: queries, time and bytes, without a page cache.

Runs with a temporary database, in one process, through Django's test client: without network or server.
"""

import gzip
import io
import os
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path

RUNS = 60
PAGES = {
    "home": "/en/",
    "listing": "/en/models/",
    "filtered listing": "/en/models/?output=text&released_min=2019&access=unknown&sort=-parameters",
    "detail": "/en/models/gpt-3/",
    "article": "/en/articles/why-2022/",
    "search": "/zh-hans/search/?q=文生图",
}


def measure(client, address: str) -> tuple[int, float, float, int, int]:
    """Return the queries of a page, its median and 95th-percentile milliseconds, its bytes and gzipped bytes."""
    for _ in range(3):
        response = client.get(address)
    if response.status_code != 200:
        sys.exit(f"{address} answered {response.status_code}")
    queries = int(re.search(r'desc="(\d+) quer', response.headers["Server-Timing"])[1])
    times = []
    for _ in range(RUNS):
        begun = time.perf_counter()
        client.get(address)
        times.append((time.perf_counter() - begun) * 1000)
    percentile = statistics.quantiles(times, n=20)[18]
    return (
        queries,
        statistics.median(times),
        percentile,
        len(response.content),
        len(gzip.compress(response.content)),
    )


def main() -> None:
    """Create the database, load the landscape, and print one line for each page."""
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(
            DJANGO_SETTINGS_MODULE="aigc_site.settings", DEMO="1", DATABASE_URL=f"sqlite:///{folder}/bench.sqlite3"
        )
        import django
        from django.conf import settings
        from django.core.management import call_command
        from django.test import Client

        django.setup()
        call_command("migrate", verbosity=0)
        call_command("load_landscape", stdout=io.StringIO())
        settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
        client = Client(SERVER_NAME="localhost")
        print(f"{'page':<18}{'queries':>8}{'median ms':>11}{'p95 ms':>9}{'bytes':>9}{'gzipped':>9}")
        for name, address in PAGES.items():
            queries, median, percentile, size, small = measure(client, address)
            print(f"{name:<18}{queries:>8}{median:>11.1f}{percentile:>9.1f}{size:>9}{small:>9}")


if __name__ == "__main__":
    main()
