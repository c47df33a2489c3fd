"""Print how many checks a workday keep a landscape of 200 entries current."""

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.models.kinds import EntryKind
from editorial.review.workload import MIX, MOST_OVERDUE, find_checks_a_day, simulate


class Command(BaseCommand):
    # The stubs don't allow for lazy translations here.
    help = gettext_lazy(  # type: ignore[assignment]
        "Simulates a year of checking 200 entries, and says how many checks each workday keep every field group at "
        "most three days overdue."
    )

    def handle(self, *args, **options) -> None:
        number = find_checks_a_day()
        self.stdout.write(
            _("%(models)s models, %(organizations)s organizations and %(products)s products, simulated for a year:")
            % {
                "models": MIX[EntryKind.MODEL],
                "organizations": MIX[EntryKind.ORGANIZATION],
                "products": MIX[EntryKind.PRODUCT],
            }
        )
        for tried in (number - 1, number):
            self.stdout.write(
                _("%(checks)s checks a workday: at most %(days)s days overdue")
                % {"checks": tried, "days": simulate(checks_a_day=tried)}
            )
        self.stdout.write(
            _("%(checks)s checks a workday keep every field group at most %(days)s days overdue.")
            % {"checks": number, "days": MOST_OVERDUE}
        )
