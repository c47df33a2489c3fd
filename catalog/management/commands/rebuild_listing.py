"""Make the listing index anew from what was published."""

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.listing.past import rebuild


class Command(BaseCommand):
    help = gettext_lazy(
        "Makes the listing index anew, every day of it, from what was published. Publishing keeps it in step by itself."
    )

    def handle(self, *args, **options) -> None:
        rows = rebuild()
        self.stdout.write(_("The listing index has %(rows)s rows.") % {"rows": rows})
