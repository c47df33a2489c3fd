"""Run the test suite on SQLite, then on PostgreSQL, and say plainly how each went.

`--long` runs what `make test` leaves out, and every property-based test with its large profile. Other
arguments go to pytest. One run at a time per user: a second one waits, so that two never share
the machine's cores.
"""

import fcntl
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from postgres import running

ROOT = Path(__file__).resolve().parent.parent
# A file at a time: what it sets up for all its tests is set up once. Browser tests, the slowest, come first.
QUICK = ["-m", "not long", "--dist", "loadfile", "--no-loadscope-reorder"]
# Test by test, but what needs all that ships goes together: to load it takes a minute or two.
LONG = ["-m", "long or hypothesis", "--hypothesis-profile=long", "--dist", "loadgroup", "--durations=5"]
# What a browser, a public page or a form of the admin shows hardly depends on the database, and loading all that ships
# takes a minute: these are left to the long run on PostgreSQL; on SQLite `make test` does them. What asks no database
# is run with the large profile once.
ON_POSTGRESQL = {
    "not long": "not long and not browser and not landscape and not admin and not page",
    "long or hypothesis": (
        "(hypothesis and django_db) or "
        "((long or browser or landscape or admin or page) and not (long and (browser or admin)))"
    ),
}
# By pytest's exit codes.
OUTCOMES = {0: "passed", 1: "FAILED", 2: "INTERRUPTED", 5: "FAILED: no test was selected"}


def wait_for_other_runs():
    """Take the lock that one run at a time may hold; it is released however this process ends."""
    lock = open(Path(tempfile.gettempdir()) / f"aigc-tests-{os.getuid()}.lock", "w")  # noqa: SIM115
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print("Another test run is under way on this machine; this one starts when it has ended.", flush=True)
        fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def run(database, url, arguments):
    """Run pytest on one database; the line that says how it went, and whether it went well."""
    print(f"\n=== Tests on {database} ===", flush=True)
    started = time.monotonic()
    command = [sys.executable, "-m", "pytest", "-n", "2", *arguments]
    # Its temporary files go away with this folder, even when it is killed.
    with tempfile.TemporaryDirectory(prefix="aigc-", ignore_cleanup_errors=True) as folder:
        environment = {**os.environ, "TEST_DATABASE_URL": url, "TMPDIR": folder}
        process = subprocess.Popen(command, cwd=ROOT, env=environment)
        try:
            code = process.wait()
        except KeyboardInterrupt:
            process.wait()  # Ctrl-C has reached it too; it tidies up
            raise
        except SystemExit:
            process.send_signal(signal.SIGINT)
            process.wait()
            raise
    outcome = OUTCOMES.get(code, "FAILED to run")
    return f"{database}: {outcome} in {time.monotonic() - started:.0f} s", code == 0


def main():
    given = sys.argv[1:]
    arguments = LONG if "--long" in given else QUICK
    arguments = [*arguments, *(argument for argument in given if argument != "--long")]
    # A polite kill must stop PostgreSQL as Ctrl-C does.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Stopped."))
    lock = wait_for_other_runs()
    results = [run("SQLite", "", arguments)]
    with running() as url:
        results.append(run("PostgreSQL", url, [ON_POSTGRESQL.get(argument, argument) for argument in arguments]))
    lock.close()
    print("\n" + "\n".join(line for line, _ in results))
    return not all(passed for _, passed in results)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("Interrupted.")
