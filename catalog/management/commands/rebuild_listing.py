"""Rebuild the listing index from publications and checks."""

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.listing.past import rebuild


class Command(BaseCommand):
    # The stubs don't allow for lazy translations here.
    help = gettext_lazy(  # type: ignore[assignment]
        "Makes the listing index of today anew, and fills in days of which nothing was kept. Publishing keeps it in "
        "step by itself."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument(
            "--past",
            action="store_true",
            help=_(
                "Make what was kept of earlier days anew as well, from publications and checks. Vocabularies and "
                "intervals of then are not known, nor more than the last change of a source: earlier days get "
                "today's. For a damaged index only."
            ),
        )

    def handle(self, *args, **options) -> None:
        rows = rebuild(past=options["past"])
        self.stdout.write(_("The listing index has %(rows)s rows.") % {"rows": rows})
