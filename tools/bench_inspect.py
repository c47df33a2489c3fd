"""Read the counts of listings and their numbers of queries, and count the same in plain Python; for `bench_listing.py`.

As a program, it reads `{"listing": address, "questions": [parameters]}` from its argument and writes JSON; the
environment names the database.
"""

import json
import os
import sys
from pathlib import Path
from urllib.parse import urlencode

MONEY = {"10M": 10_000_000}


def count_plainly(rows: list[dict], asked: dict) -> dict:
    """Return the number of rows that match a query, without facets, counted in plain Python."""
    return {"total": sum(matches(row, asked) for row in rows), "counts": {}}


def matches(row: dict, asked: dict) -> bool:
    """Return whether a row matches a query; dates may only be years, and texts only whole words."""
    for name, value in asked.items():
        match name:
            case "sort" | "page":
                continue
            case "q":
                texts = " ".join((row["name_en"], row["name_zh"], row["aliases"], row["text"]))
                fits = value in texts.lower().replace(".", " ").split()
            case "founded_min":
                fits = (row["date_to"] or "") >= f"{value}-01-01"
            case "founded_max":
                fits = bool(row["date_from"]) and row["date_from"] <= f"{value}-12-31"
            case "funding_min":
                fits = (row["funding_usd"] or 0) >= MONEY[value]
            case _:
                fits = value in row["facets"][name]
        if not fits:
            return False
    return True


def main() -> None:
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    import django

    django.setup()
    from django.db import connection
    from django.http import QueryDict
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from catalog.listing.page import ListingPage

    given = json.loads(sys.argv[1])
    client = Client()
    answers = []
    for asked in given["questions"]:
        query = urlencode(asked)
        # Warm up: the queries that a process makes only once don't count.
        client.get(f"{given['listing']}?{query}")
        with CaptureQueriesContext(connection) as queries:
            response = client.get(f"{given['listing']}?{query}")
        if response.status_code != 200:
            sys.exit(f"{given['listing']}?{query} answered {response.status_code}")
        listing = ListingPage(given["listing"].strip("/").split("/")[-1], QueryDict(query))
        answers.append({"total": listing.total, "counts": listing.filterset.counts, "queries": len(queries)})
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    if "DJANGO_SETTINGS_MODULE" not in os.environ:
        sys.exit("This is started by bench_listing.py.")
    main()
