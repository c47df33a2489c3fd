"""Rebuild the listing index from publications and checks."""

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.listing.past import rebuild


class Command(BaseCommand):
    # The stubs don't allow for lazy translations here.
    help = gettext_lazy(  # type: ignore[assignment]
        "Rebuilds the listing index of today, and fills in missing days. Publishing keeps the index up to date by "
        "itself."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument(
            "--past",
            action="store_true",
            help=_(
                "Rebuild earlier days as well, from publications and checks. Their vocabularies and intervals are not "
                "known, nor more than the last change of a source: earlier days get today's. For a damaged index only."
            ),
        )

    def handle(self, *args, **options) -> None:
        rows = rebuild(past=options["past"])
        self.stdout.write(_("The listing index has %(rows)s rows.") % {"rows": rows})
