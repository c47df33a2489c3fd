"""Read the sources that are due, and flag values that cite a changed or vanished one."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext, gettext_lazy

from editorial.review.fetching import Fetcher
from editorial.review.watching import watch_sources


class Command(BaseCommand):
    # The stubs don't allow for lazy translations here.
    help = gettext_lazy(  # type: ignore[assignment]
        "Reads the addresses of sources whose turn it is, and flags what cites a source that has changed or is gone. "
        "To be run every hour."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument("--limit", type=int, default=100, help=gettext("at most so many sources"))
        parser.add_argument(
            "--host-pause", type=float, default=5, help=gettext("seconds between two requests to one host")
        )

    def handle(self, *args, limit: int, host_pause: float, **options) -> None:
        if settings.DEMO:
            raise CommandError(gettext("The demo reads nothing of the web: sources are watched on a site of your own."))
        found = watch_sources(fetcher=Fetcher(contact=settings.SITE_URL), limit=limit, host_pause=host_pause)
        if found:
            self.stdout.write(", ".join(f"{outcome}: {count}" for outcome, count in sorted(found.items())))
