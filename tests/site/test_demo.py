"""The demo: its accounts, how it starts beside another one or on a full disk, and how it stops."""

import fcntl
import io
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from aigc_site.management.commands import demo

ROOT = Path(__file__).resolve().parent.parent.parent
CODE = ("aigc_site", "catalog", "editorial", "locale", "templates")


@pytest.mark.django_db
@pytest.mark.admin
def test_every_account_gets_a_name_also_an_existing_one_without(monkeypatch, tmp_path):
    monkeypatch.setattr(demo, "PASSWORD_FILE", tmp_path / "password")
    User.objects.create_user("editor")
    User.objects.create_user("lead", first_name="Li")
    demo.provide_accounts()
    names = {user.username: user.get_full_name() for user in User.objects.filter(username__in=demo.ACCOUNTS)}
    assert names.pop("lead") == "Li", "it keeps what was changed in it"
    assert names == {name: f"{name.capitalize()} Demo" for name in demo.ACCOUNTS if name != "lead"}


class TestWhoseDatabase:
    """The demo makes accounts with a known password only in a database that it made."""

    @pytest.fixture
    def password_file(self, monkeypatch, tmp_path) -> Path:
        monkeypatch.setattr(demo, "PASSWORD_FILE", tmp_path / "password")
        return demo.PASSWORD_FILE

    @pytest.mark.django_db
    def test_a_database_of_somebody_else_is_refused_before_anything_is_written(self, password_file):
        password_file.write_text("known to the demo")
        User.objects.create_user("editor", password="known to its owner")
        with pytest.raises(CommandError, match="was not made by the demo"):
            demo.prepare(io.StringIO())
        assert [user.username for user in User.objects.all()] == ["editor"]

    @pytest.mark.django_db
    def test_a_database_of_an_older_demo_is_marked(self, password_file):
        password_file.write_text("known to the demo")
        User.objects.create_user("editor", password="known to the demo")
        demo.mark_database()
        password_file.unlink()
        demo.mark_database()

    def test_an_empty_database_is_marked_so_that_an_interrupted_start_goes_on(self, clone):
        script = """
import django
django.setup()
from django.db import connection
from aigc_site.management.commands import demo
demo.mark_database()
with connection.cursor() as cursor:
    cursor.execute("CREATE TABLE auth_user (id integer)")
demo.mark_database()
print(connection.introspection.table_names())
"""
        variables = environment(DEMO="1", DJANGO_SETTINGS_MODULE="aigc_site.settings")
        command = [sys.executable, "-c", script]
        result = subprocess.run(command, cwd=clone, env=variables, capture_output=True, text=True, check=True)
        assert demo.MARK in result.stdout

    @pytest.mark.parametrize("weak", ["demo", "password123", "73519462805173"])
    def test_a_weak_password_is_refused_where_others_can_reach_the_site(self, weak, password_file, monkeypatch):
        monkeypatch.setenv("DEMO_PASSWORD", weak)
        for host in ("127.0.0.1", "localhost"):
            demo.check_demo_password(host)
        with pytest.raises(CommandError, match=r"too weak for 0\.0\.0\.0"):
            demo.check_demo_password("0.0.0.0")
        monkeypatch.setenv("DEMO_PASSWORD", "four quite unusual words")
        demo.check_demo_password("0.0.0.0")
        monkeypatch.delenv("DEMO_PASSWORD")
        demo.check_demo_password("0.0.0.0")
        password_file.write_text(weak)
        with pytest.raises(CommandError, match="too weak"):
            demo.check_demo_password("0.0.0.0")


@pytest.mark.admin
def test_the_account_page_offers_no_time_zone_that_browsers_do_not_know(settings):
    assert "Asia/Shanghai" in settings.WAGTAIL_USER_TIME_ZONES
    assert "localtime" not in settings.WAGTAIL_USER_TIME_ZONES


# --- starting ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def code(tmp_path_factory) -> Path:
    """A copy of the code, with its compiled modules."""
    folder = tmp_path_factory.mktemp("clone")
    for name in CODE:
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "manage.py", folder)
    return folder


@pytest.fixture
def clone(code) -> Path:
    """A fresh clone: only the code, without `var/` and `.env`."""
    shutil.rmtree(code / "var", ignore_errors=True)
    return code


def environment(**variables) -> dict[str, str]:
    """Return the environment variables of the shell, without those that the tests set."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "VIRTUAL_ENV")}
    return {**kept, **variables}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def manage(folder: Path, *arguments, largest_file=resource.RLIM_INFINITY, **variables) -> subprocess.CompletedProcess:
    """Run manage.py with a limit on the size of its files in bytes, which acts like a full disk."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=folder,
        env=environment(**variables),
        capture_output=True,
        text=True,
        preexec_fn=partial(resource.setrlimit, resource.RLIMIT_FSIZE, (largest_file, largest_file)),
    )


GOOD = {"SECRET_KEY": "k" * 60, "ALLOWED_HOSTS": "example.org"}


def test_the_database_of_a_fresh_clone_can_be_migrated(clone):
    # Only the plan: running all migrations takes a minute.
    result = manage(clone, "migrate", "--plan", "--skip-checks", **GOOD)
    assert result.returncode == 0, result.stderr
    assert "catalog.0001_initial" in result.stdout


def test_a_database_in_a_folder_that_cannot_be_made_is_named(clone):
    result = manage(clone, "migrate", "--plan", **GOOD, DATABASE_URL="sqlite:///not/there/x.sqlite3")
    assert result.returncode != 0
    assert "The folder of the database, not/there, cannot be made" in result.stderr.splitlines()[-1]


def test_two_first_starts_get_one_key_that_others_may_not_read(clone):
    (clone / "var").mkdir()
    # One start has created the file but not yet written to it when the other one reads it.
    (clone / "var" / "secret-key").touch(mode=0o600)
    command = [sys.executable, "-c", "from aigc_site.settings import SECRET_KEY; print(SECRET_KEY)"]
    first, second = (
        subprocess.run(command, cwd=clone, env=environment(DEMO="1"), capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    )
    assert len(first.strip()) >= 50
    assert second == first
    (clone / "var" / "secret-key").unlink()
    subprocess.run(command, cwd=clone, env=environment(DEMO="1"), capture_output=True, check=True)
    assert (clone / "var" / "secret-key").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("largest_file", [0, 50_000])
def test_a_full_disk_is_named_with_what_to_do(clone, largest_file):
    result = manage(clone, "demo", DEMO="1", PORT=str(free_port()), largest_file=largest_file)
    assert result.returncode == 1
    # One sentence, and no traceback.
    (sentence,) = result.stderr.strip().splitlines()
    assert f"Cannot read or write {clone / 'var'}" in sentence
    assert "make room on that disk" in sentence


@pytest.fixture
def folders(settings, tmp_path, monkeypatch):
    """Settings of a demo with its files in a temporary folder, on a free port."""
    settings.DEMO = True
    settings.VAR_DIR = tmp_path / "var"
    settings.STATIC_ROOT = tmp_path / "var" / "static"
    settings.MEDIA_ROOT = tmp_path / "var" / "media"
    monkeypatch.setenv("HOST", "127.0.0.1")
    monkeypatch.setenv("PORT", str(free_port()))
    return settings


def test_a_second_demo_says_that_another_is_being_started(folders):
    folders.VAR_DIR.mkdir()
    with open(folders.VAR_DIR / "demo-lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(CommandError, match=rf"Another demo is being started in {folders.VAR_DIR}: wait"):
            call_command("demo")


@pytest.mark.skipif(not Path("/sys/kernel").is_dir(), reason="nothing here that root may not write to")
def test_a_folder_for_uploads_that_may_not_be_written_to_is_named(folders):
    folders.MEDIA_ROOT = "/sys/kernel/media"
    with pytest.raises(CommandError, match=r"Cannot read or write /sys/kernel/media \(.+\): make room"):
        call_command("demo")


def test_a_port_in_use_is_named(folders, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        monkeypatch.setenv("PORT", str(port))
        with pytest.raises(CommandError, match=rf"127\.0\.0\.1:{port} .+ Choose another"):
            call_command("demo")


def test_ctrl_c_before_the_site_is_ready_is_no_traceback(folders, monkeypatch):
    def interrupt(stdout):
        # What Python makes of Ctrl-C. The signal itself is ignored where the tests run in the background of a shell.
        raise KeyboardInterrupt

    monkeypatch.setattr(demo, "prepare", interrupt)
    with pytest.raises(CommandError, match="Stopped before the site was ready") as stopped:
        call_command("demo")
    assert stopped.value.returncode == 130


# --- serving and stopping ----------------------------------------------------------------------------------


def children_of(pid: int) -> list[int]:
    """Return the processes that `pid` started, oldest first: the clock, then the workers."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # The process has ended meanwhile.
        if int(fields[1]) == pid:
            found.append((int(fields[19]), int(stat.parent.name)))
    return [child for _, child in sorted(found)]


def answers(port: int, seconds: float = 60) -> bool:
    """Return whether the site answers within so many seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            return urlopen(f"http://127.0.0.1:{port}/livez", timeout=5).status == 200
        except (URLError, OSError):
            time.sleep(0.1)
    return False


@pytest.fixture
def server(clone):
    """The demo's server and its port; without a database, which would take a minute to make."""
    if not Path("/proc/self/stat").exists():
        pytest.skip("the processes of the server are found in /proc")
    port = free_port()
    script = f"""
import signal
# A shell may have had it ignored, as nohup does; the demo would then ignore it too, as it should.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
import django
django.setup()
from aigc_site.management.commands import demo
demo.serve("127.0.0.1", {port})
"""
    variables = environment(DEMO="1", DJANGO_SETTINGS_MODULE="aigc_site.settings")
    process = subprocess.Popen([sys.executable, "-c", script], cwd=clone, env=variables, start_new_session=True)
    assert answers(port)
    yield process, port
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.mark.parametrize(
    "signum",
    [
        signal.SIGINT,
        pytest.param(signal.SIGTERM, marks=pytest.mark.long),
        pytest.param(signal.SIGHUP, marks=pytest.mark.long),
    ],
)
def test_it_stops_all_its_processes_although_a_worker_does_not_react(server, signum):
    process, _port = server
    clock, first, second = children_of(process.pid)
    # Like on a machine that is too busy to let it react.
    os.kill(first, signal.SIGSTOP)
    process.send_signal(signum)
    assert process.wait(timeout=60) == 0
    for pid in (clock, first, second):
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_a_worker_that_died_is_replaced(server):
    process, port = server
    _clock, *workers = children_of(process.pid)
    # Kill both workers, so that only a new one can answer.
    for worker in workers:
        os.kill(worker, signal.SIGKILL)
    time.sleep(1)
    assert answers(port)
    assert not set(workers) & set(children_of(process.pid))
