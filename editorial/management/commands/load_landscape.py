"""Load what ships with the site: the catalog, the articles and the pages."""

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.seed.yaml_files import FaultyFiles
from editorial.articles.loading import load_site


class Command(BaseCommand):
    # The stubs don't allow for lazy translations here.
    help = gettext_lazy(  # type: ignore[assignment]
        "Loads the catalog, the articles and the pages that ship with the site, all or nothing. What a person changed "
        "is never overwritten: a change of the files becomes a draft there."
    )

    def handle(self, *args, **options) -> None:
        try:
            report = load_site()
        except FaultyFiles as error:
            raise CommandError(_("The files were refused; nothing was changed.") + f"\n{error}") from None
        if report.is_empty:
            self.stdout.write(_("Nothing has changed in the files since the last load."))
            return
        for note in report.notes:
            self.stdout.write(note)
        self.stdout.write(
            _("Loaded: %(created)s new, %(updated)s updated, %(unchanged)s as before, %(notes)s left to people.")
            % {
                "created": report.created,
                "updated": report.updated,
                "unchanged": report.unchanged,
                "notes": len(report.notes),
            }
        )
