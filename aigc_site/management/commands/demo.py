"""Serve a demonstration of the site on this machine: database, landscape, accounts and server in one step."""

import io
import logging
import os
import secrets
import signal
import socket
import time

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, connections, transaction
from django.db.migrations.executor import MigrationExecutor
from django.urls import get_resolver
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

logger = logging.getLogger(__name__)

ACCOUNTS = {
    "contributor": "Contributor",
    "editor": "Editor",
    "reviewer": "Reviewer",
    "reviewer2": "Reviewer",
    "lead": "Lead",
    "admin": "Administrator",
}
# Seconds between two rounds of what an operator's clock does every minute.
CLOCK = 20
CLOCK_COMMANDS = ("publish_scheduled", "send_notices")
PASSWORD_FILE = settings.VAR_DIR / "demo-password"


def check_port(host, port):
    """Say that the port is taken, or no port, before anything is done, not after."""
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


def provide_accounts():
    """Make the accounts that are missing, and return the password of all.

    An account that exists keeps what was changed in it, and gets a name if it has none; its password changes only when
    another is asked for.
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
        # One hash for all: making it is slow on purpose.
        encoded = make_password(password)
        with transaction.atomic():
            for name in sorted(names):
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
        # Wagtail's account form takes no change, of the language for one, without a name.
        users.filter(username=name, first_name="", last_name="").update(first_name=name.capitalize(), last_name="Demo")
    return password


def run_clock():
    """Do in a process of its own what an operator's clock job does."""
    parent = os.getpid()
    if os.fork():
        return
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    # The server's end is this process's end.
    while os.getppid() == parent:
        time.sleep(CLOCK)
        for command in CLOCK_COMMANDS:
            try:
                call_command(command, stdout=io.StringIO())
            except Exception:
                logger.exception("%s did not succeed; trying again", command)
        connections.close_all()
    os._exit(0)


class Command(BaseCommand):
    help = "Serve a demonstration of the site with its own database in var/. Called by `make demo`."
    # The database may not be migrated yet.
    requires_migrations_checks = False
    # `make lint` checks the system; here it would only delay the start.
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("--prepare", action="store_true", help="make the database and the accounts, and end")

    def handle(self, *args, **options):
        if not settings.DEMO:
            raise CommandError("This makes accounts with a known password. Run `make demo`, or set DEMO=1.")
        host, port = os.environ.get("HOST", "127.0.0.1"), os.environ.get("PORT", "8000")
        check_port(host, port)
        settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)

        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            self.stdout.write("Preparing the database")
            is_older = bool(executor.loader.applied_migrations)
            call_command("migrate", verbosity=0)
            if is_older:
                # What is derived may have had another shape.
                for command in ("rebuild_listing", "update_index"):
                    call_command(command, stdout=io.StringIO(), verbosity=0)
        call_command("load_landscape")
        password = provide_accounts()
        connections.close_all()

        site = f"http://{host}:{port}"
        self.stdout.write(
            f"\nSite:      {site}/\nAdmin:     {site}/admin/\nAccounts:  {', '.join(ACCOUNTS)}\n"
            f"Password:  {password}\nCtrl-C stops the server.\n"
        )
        self.stdout.flush()
        if options["prepare"]:
            return
        run_clock()
        # In this process, whose workers inherit what is loaded by now: seconds sooner than starting another.
        get_resolver().url_patterns  # noqa: B018
        Granian(
            "django.core.wsgi:get_wsgi_application",
            factory=True,
            interface=Interfaces.WSGI,
            address=host,
            port=int(port),
            workers=2,
            blocking_threads=2,
            websockets=False,
            log_level=LogLevels.warning,
        ).serve()
