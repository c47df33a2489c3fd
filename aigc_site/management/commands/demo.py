"""Serve a demo of the site on this machine: database, landscape, accounts and server in one step."""

import errno
import fcntl
import io
import ipaddress
import logging
import os
import secrets
import signal
import socket
import sqlite3
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connection, connections, transaction
from django.db.migrations.executor import MigrationExecutor
from django.urls import get_resolver
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from aigc_site.disk import describe_unusable

logger = logging.getLogger(__name__)

ACCOUNTS = {
    "contributor": "Contributor",
    "editor": "Editor",
    "reviewer": "Reviewer",
    "reviewer2": "Reviewer",
    "lead": "Lead",
    "admin": "Administrator",
}
# Seconds between two runs of the commands that operators schedule every minute.
CLOCK = 20
CLOCK_COMMANDS = ("publish_scheduled", "send_notices")
# Seconds that a worker gets to exit before it is killed; one that is still starting would not exit by itself.
KILL_TIMEOUT = 3
PASSWORD_FILE = settings.VAR_DIR / "demo-password"
# A table that says that the demo made the database. It is made before all others, and no application knows it.
MARK = "made_by_the_demo"

DISK_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS, errno.EACCES, errno.EPERM}
SQLITE_DISK_ERRORS = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY}


@contextmanager
def stop_with_sentence():
    """Turn Ctrl-C and errors of disk or database into a `CommandError` of one sentence."""
    try:
        yield
    except KeyboardInterrupt:
        reason = "Stopped before the site was ready. `make demo` goes on from here."
        raise CommandError(reason, returncode=130) from None
    except OSError as error:
        if error.errno not in DISK_ERRORS:
            raise
        raise CommandError(describe_unusable(error.filename or settings.VAR_DIR, error.strerror)) from None
    except OperationalError as error:
        if connection.vendor == "postgresql":
            reason = str(error).strip().splitlines()[0]
            raise CommandError(
                f"PostgreSQL refuses ({reason}): start it or correct DATABASE_URL, then start again."
            ) from None
        code = getattr(error.__cause__, "sqlite_errorcode", 0) & 0xFF
        database = Path(connection.settings_dict["NAME"])
        if code == sqlite3.SQLITE_BUSY:
            raise CommandError(f"Another program is writing to {database}: stop it, then start again.") from None
        if code in SQLITE_DISK_ERRORS:
            raise CommandError(describe_unusable(database.parent, error)) from None
        raise


@contextmanager
def lock_preparation():
    """Let only one demo at a time prepare `var/`; raise `CommandError` if another one is doing so."""
    with open(settings.VAR_DIR / "demo-lock", "w") as file:
        try:
            # The system releases the lock however this process ends.
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CommandError(
                f"Another demo is being started in {settings.VAR_DIR}: wait until it names its address, then use it, "
                "or start a second one with another PORT."
            ) from None
        yield


def make_folders():
    """Make the folders that the site writes to; raise `CommandError` for one without write permission."""
    for folder in (settings.VAR_DIR, settings.STATIC_ROOT, Path(settings.MEDIA_ROOT)):
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise CommandError(describe_unusable(folder, os.strerror(errno.EACCES)))


def check_port(host, port):
    """Raise `CommandError` if the host or port is invalid or the port is taken, before any other work is done."""
    if not (port.isdecimal() and 0 < int(port) < 65535):
        raise CommandError(f"PORT must be a number from 1 to 65534, not {port!r}.")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM)[0]
    except socket.gaierror:
        raise CommandError(f"HOST names no address of this machine: {host!r}.") from None
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            raise CommandError(
                f"Cannot serve on {host}:{port} ({error.strerror}). Choose another: make demo PORT={int(port) + 1}"
            ) from None


def mark_database():
    """Mark an empty database as the demo's; raise `CommandError` for a database that the demo has not made.

    The accounts of the demo have a known password, so they must not get into another database.
    """
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        if MARK in tables:
            return
        if tables and not was_made_by_older_demo(tables):
            raise CommandError(
                f"The database {connection.settings_dict['NAME']} was not made by the demo, which makes accounts with "
                "a known password: nothing was changed. Set DATABASE_URL to a database that is empty, or leave it out."
            )
        cursor.execute(f"CREATE TABLE {MARK} (id integer)")


def was_made_by_older_demo(tables):
    """Return whether an account in an unmarked database has the password that the demo keeps."""
    user = get_user_model()
    if user._meta.db_table not in tables or not PASSWORD_FILE.exists():
        return False
    kept = PASSWORD_FILE.read_text().strip()
    return any(account.check_password(kept) for account in user.objects.filter(username__in=ACCOUNTS))


def check_demo_password(host):
    """Raise `CommandError` if others can reach the host and the password of the accounts is easily guessed."""
    password = os.environ.get("DEMO_PASSWORD") or (PASSWORD_FILE.exists() and PASSWORD_FILE.read_text().strip())
    addresses = {it[4][0] for it in socket.getaddrinfo(host, None)}
    if not password or all(ipaddress.ip_address(address.partition("%")[0]).is_loopback for address in addresses):
        return
    try:
        validate_password(password)
    except ValidationError as error:
        raise CommandError(
            f"The password of the demo is too weak for {host}, which others can reach. {' '.join(error.messages)} "
            "Set DEMO_PASSWORD to another one."
        ) from None


def provide_accounts():
    """Create missing accounts, and return the password of all.

    An existing account keeps its changes, and gets a name if it has none; its password changes only if the environment
    asks for another one.
    """
    kept = PASSWORD_FILE.read_text().strip() if PASSWORD_FILE.exists() else ""
    password = os.environ.get("DEMO_PASSWORD") or kept or secrets.token_urlsafe(9)
    users = get_user_model().objects
    names = (
        set(ACCOUNTS)
        if password != kept
        else set(ACCOUNTS) - set(users.filter(username__in=ACCOUNTS).values_list("username", flat=True))
    )
    if names:
        # One hash for all, because hashing is slow on purpose.
        encoded = make_password(password)
        with transaction.atomic():
            # The lead last: leads are told of each new role.
            for name in sorted(names, key=lambda name: (name == "lead", name)):
                is_admin = name == "admin"
                user, created = users.get_or_create(
                    username=name,
                    defaults={"email": f"{name}@example.org", "is_staff": is_admin, "is_superuser": is_admin},
                )
                user.password = encoded
                user.save()
                if created:
                    user.groups.add(Group.objects.get(name=ACCOUNTS[name]))
        PASSWORD_FILE.touch(mode=0o600)
        PASSWORD_FILE.write_text(password)
    for name in ACCOUNTS:
        # Without a name, Wagtail's account form saves nothing, not even a change of language.
        users.filter(username=name, first_name="", last_name="").update(first_name=name.capitalize(), last_name="Demo")
    return password


def run_clock():
    """Run the scheduled commands in a process of their own, and return its process id."""
    parent = os.getpid()
    if pid := os.fork():
        return pid
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    # If the server is killed, nothing else ends this process.
    while os.getppid() == parent:
        time.sleep(CLOCK)
        for command in CLOCK_COMMANDS:
            try:
                call_command(command, stdout=io.StringIO())
            except Exception:
                logger.exception("%s did not succeed; trying again", command)
        connections.close_all()
    os._exit(0)


def prepare(stdout):
    """Update database, landscape and accounts, and return the password of the accounts."""
    mark_database()
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        stdout.write("Preparing the database")
        stdout.flush()
        is_older = bool(executor.loader.applied_migrations)
        call_command("migrate", verbosity=0)
        if is_older:
            # An older version may have derived other data.
            for command in ("rebuild_listing", "update_index"):
                call_command(command, stdout=io.StringIO(), verbosity=0)
    call_command("load_landscape")
    password = provide_accounts()
    connections.close_all()
    return password


def serve(host, port):
    """Serve the site until SIGINT, SIGTERM or SIGHUP, then end this process."""
    # Load URLs now: workers are forked from this process and inherit them, so that they start seconds sooner.
    get_resolver().url_patterns  # noqa: B018
    server = Granian(
        "django.core.wsgi:get_wsgi_application",
        factory=True,
        interface=Interfaces.WSGI,
        address=host,
        port=int(port),
        workers=2,
        blocking_threads=16,
        websockets=False,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        workers_kill_timeout=KILL_TIMEOUT,
    )
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        # Granian reloads on SIGHUP, so that it would keep running after its terminal is closed.
        server.on_startup(lambda: signal.signal(signal.SIGHUP, server.signal_handler_interrupt))
    clock = run_clock()
    try:
        server.serve()
    finally:
        os.kill(clock, signal.SIGTERM)
        os.waitpid(clock, 0)
    sys.stdout.flush()
    # A normal exit would first free all objects, which takes seconds on a busy machine.
    os._exit(0)


class Command(BaseCommand):
    help = "Serve a demonstration of the site with its own database in var/. Called by `make demo`."
    # The database may not be migrated yet.
    requires_migrations_checks = False
    # `make lint` runs the system checks; here they would only delay the start.

    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("--prepare", action="store_true", help="make the database and the accounts, and end")

    def handle(self, *args, **options):
        if not settings.DEMO:
            raise CommandError("This makes accounts with a known password. Run `make demo`, or set DEMO=1.")
        host, port = os.environ.get("HOST", "127.0.0.1"), os.environ.get("PORT", "8000")
        with stop_with_sentence():
            make_folders()
            with lock_preparation():
                check_port(host, port)
                check_demo_password(host)
                password = prepare(self.stdout)
            # A first start takes a while, in which another program may have taken the port.
            check_port(host, port)

        site = f"http://{host}:{port}"
        self.stdout.write(
            f"\nSite:      {site}/\nAdmin:     {site}/admin/\nAccounts:  {', '.join(ACCOUNTS)}\n"
            f"Password:  {password}\nCtrl-C stops the server.\n"
        )
        self.stdout.flush()
        if options["prepare"]:
            return
        serve(host, port)
