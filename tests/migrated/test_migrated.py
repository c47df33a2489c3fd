"""What was kept by an earlier version is shown by this one as it was, and work that had begun goes on."""

import difflib
import os

from tests.migrated.databases import restored, see
from tests.migrated.record import EXPECTED


def test_a_migrated_database_shows_what_it_showed_before(tmp_path):
    server = os.environ.get("TEST_DATABASE_URL", "")
    expected = EXPECTED / ("postgresql" if server else "sqlite")
    with restored(server) as url:
        see(url, tmp_path)
    names = sorted(path.name for path in expected.iterdir())
    assert names
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    differences = []
    for name in names:
        before, after = ((folder / name).read_text().splitlines() for folder in (expected, tmp_path))
        differences += difflib.unified_diff(before, after, f"{expected.name}/{name}", name, lineterm="")
    assert not differences, "\n".join(differences[:200])
