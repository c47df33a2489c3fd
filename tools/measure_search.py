"""Measure how well search finds what readers mean: recall@5 and mean reciprocal rank for each kind of labelled query.

Loads the shipped landscape into a temporary database, unless DATABASE_URL names one that has it. `--misses` also prints
the queries of the tuned half without a full score; `--held-out` those of the held-out half.
"""

import io
import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Load the landscape, run every labelled query, and print one line for each kind of query."""
    sys.path.insert(0, str(ROOT))
    with tempfile.TemporaryDirectory() as folder:
        is_there = "DATABASE_URL" in os.environ
        os.environ.setdefault("DATABASE_URL", f"sqlite:///{folder}/search.sqlite3")
        os.environ.update(DJANGO_SETTINGS_MODULE="aigc_site.settings", DEMO="1")
        import django
        from django.core.management import call_command

        django.setup()
        if not is_there:
            call_command("migrate", verbosity=0)
            call_command("load_landscape", stdout=io.StringIO())
        from tests.catalog.listing.search_quality import HALVES, average, measure_site

        scores = measure_site()
        print(f"{'kind':<28}{'tuned half':>20}{'held-out half':>20}")
        for kind in [*dict.fromkeys(score.kind for score in scores), ""]:
            of_kind = [score for score in scores if kind in (score.kind, "")]
            halves = [average([score for score in of_kind if score.half == half]) for half in HALVES]
            print(f"{kind or 'all':<28}" + "".join(f"{recall:>12.2f}{rank:>8.2f}" for recall, rank in halves))
        shown = {"tuned"} if "--misses" in sys.argv else set()
        shown |= {"held_out"} if "--held-out" in sys.argv else set()
        for score in scores:
            if score.half in shown and min(score.recall, score.reciprocal_rank) < 1:
                print(f"{score.kind}: {score.query}  {score.recall:.2f} {score.reciprocal_rank:.2f}  {score.shown}")


if __name__ == "__main__":
    main()
