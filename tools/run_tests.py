"""Run the test suite on SQLite, then on PostgreSQL, and print the outcome of each.

`--long` runs the tests that `make test` leaves out, and every property-based test with its large profile. Other
arguments are passed to pytest. Only one run at a time is possible for a user: a second one waits, because two would
compete for the machine's cores.
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
# A worker gets a whole file at a time, so that module fixtures are set up once. Browser tests, the slowest, come first.
QUICK = ["-m", "not long", "--dist", "loadfile", "--no-loadscope-reorder", "--durations=10"]
# Workers get single tests, but those that need the whole landscape run together: loading it takes a minute or two.
LONG = ["-m", "long or hypothesis", "--hypothesis-profile=long", "--dist", "loadgroup", "--durations=10"]
# Tests of browsers, public pages and admin forms hardly depend on the database, and loading the landscape takes a
# minute: on PostgreSQL only the long run has them, on SQLite `make test` has them too. Property-based tests without a
# database run with the large profile only once.
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
    """Take the lock of the test runs; the system releases it however this process ends."""
    lock = open(Path(tempfile.gettempdir()) / f"aigc-tests-{os.getuid()}.lock", "w")  # noqa: SIM115
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print("Another test run is under way on this machine; this one starts when it has ended.", flush=True)
        fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def make_databases(urls):
    """Make the databases that tests copy, unless they exist; in parallel, one process for each."""
    command = [sys.executable, "-m", "tests.databases"]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    processes = [subprocess.Popen(command, cwd=ROOT, env={**environment, "TEST_DATABASE_URL": url}) for url in urls]
    codes = [process.wait() for process in processes]
    if any(codes):
        sys.exit("The test databases could not be made.")


def run(what, url, arguments):
    """Run pytest on one database; return a line with the outcome, and whether the tests passed."""
    print(f"\n=== Tests on {what} ===", flush=True)
    started = time.monotonic()
    command = [sys.executable, "-m", "pytest", "-n", "2", *arguments]
    # Its temporary files are deleted with this folder, even if pytest is killed.
    with tempfile.TemporaryDirectory(prefix="aigc-", ignore_cleanup_errors=True) as folder:
        environment = {**os.environ, "TEST_DATABASE_URL": url, "TMPDIR": folder}
        process = subprocess.Popen(command, cwd=ROOT, env=environment)
        try:
            code = process.wait()
        except KeyboardInterrupt:
            process.wait()  # Ctrl-C has reached pytest too, which cleans up.
            raise
        except SystemExit:
            process.send_signal(signal.SIGINT)
            process.wait()
            raise
    outcome = OUTCOMES.get(code, "FAILED to run")
    return f"{what}: {outcome} in {time.monotonic() - started:.0f} s", code == 0


def main():
    given = sys.argv[1:]
    arguments = LONG if "--long" in given else QUICK
    arguments = [*arguments, *(argument for argument in given if argument != "--long")]
    # SIGTERM must stop PostgreSQL, as Ctrl-C does.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Stopped."))
    lock = wait_for_other_runs()
    with running() as url:
        make_databases(["", url])
        results = [
            run("SQLite", "", arguments),
            run("PostgreSQL", url, [ON_POSTGRESQL.get(argument, argument) for argument in arguments]),
        ]
    lock.close()
    print("\n" + "\n".join(line for line, _ in results))
    return not all(passed for _, passed in results)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("Interrupted.")
