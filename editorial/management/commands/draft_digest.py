"""Draft the weekly digest."""

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from editorial.articles.digest import Week, draft_digest, read_week


class Command(BaseCommand):
    # The stubs don't allow for lazy translations here.
    help = gettext_lazy(  # type: ignore[assignment]
        "Drafts an article in each language with what was published in a week, once, for editors to look at and "
        "submit. To be run every Monday."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument("--week", help=gettext_lazy("Another week than the last one, such as 2026-W47."))

    def handle(self, *args, week: str | None, **options) -> None:
        try:
            chosen = Week.parse(week) if week else Week.last()
        except ValidationError as error:
            raise CommandError(error.message) from None
        events = read_week(chosen)
        if not events:
            self.stdout.write(_("Nothing changed in week %(week)s: there is no digest.") % {"week": chosen})
            return
        drafts = draft_digest(week=chosen, events=events)
        for draft in drafts:
            self.stdout.write(_("Drafted: “%(title)s”") % {"title": draft.title})
        if not drafts:
            self.stdout.write(_("The digest of week %(week)s is there already, and stays as it is.") % {"week": chosen})
