"""Record what is seen of the migrated databases: `python -m tests.migrated.record`. Read the difference afterwards."""

import shutil
import sys
from pathlib import Path

from tests.migrated.databases import ROOT, restored, see

EXPECTED = Path(__file__).resolve().parent / "expected"


def record(*, server: str, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with restored(server) as url:
        see(url, folder)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT / "tools"))
    from postgres import running

    record(server="", folder=EXPECTED / "sqlite")
    with running() as server:
        record(server=server, folder=EXPECTED / "postgresql")
