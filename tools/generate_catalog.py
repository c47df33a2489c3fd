"""Fill an empty database with an invented catalog of a given size, for benchmarks and experiments.

    DATABASE_URL=sqlite:///var/invented.sqlite3 python tools/generate_catalog.py --entries 50000

The database of the site's settings is migrated first, and must not have any entries. Everything is published at one
moment, 45 days before today, and some of it is checked later. The catalog has all that readers see: entries with their
rows and sources, publications, changes, checks, and the listing index with its search, as publishing and
`rebuild_listing` would write them. It has nothing that only editors see: no revisions, approvals or log entries.
"""

import argparse
import os
import sys
from datetime import date
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--entries", type=int, default=2000, help="how many organizations, models and products")
    parser.add_argument("--seed", type=int, default=1, help="another number gives another catalog")
    parser.add_argument("--today", type=date.fromisoformat, help="another day for today, such as 2026-11-01")
    arguments = parser.parse_args()
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aigc_site.settings")
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from tools.generator import generate

    call_command("migrate", verbosity=0)
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            # For speed: a damaged database can be generated again, and a large cache keeps indexes in memory.
            cursor.execute("PRAGMA synchronous = OFF")
            cursor.execute("PRAGMA cache_size = -500000")
    try:
        generate(entries=arguments.entries, seed=arguments.seed, today=arguments.today)
    except ValueError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
