"""Fill an empty database with an invented catalog of a given size, for measurements and trials.

    DATABASE_URL=sqlite:///var/invented.sqlite3 python tools/generate_catalog.py --entries 50000

The database is that of the site's settings; it is migrated first, and must not have any entry yet. Everything is
published at one moment, 45 days before today, and checked in part since then. What readers see is there: entries with
their rows and sources, publications, changes, checks, and the listing index with its search, as publishing and
`rebuild_listing` would write them. What editors alone see is not: no revisions, approvals or entries of the log.
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
            # Nothing is lost that could not be generated again; indexes grow in memory.
            cursor.execute("PRAGMA synchronous = OFF")
            cursor.execute("PRAGMA cache_size = -500000")
    try:
        generate(entries=arguments.entries, seed=arguments.seed, today=arguments.today)
    except ValueError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
