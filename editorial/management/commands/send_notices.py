"""Send waiting notices by mail, and remind people of second looks that are owed."""

from django.core.management.base import BaseCommand
from django.utils.translation import gettext_lazy

from editorial.review.mail import send_notices
from editorial.review.notices import remind_of_second_looks


class Command(BaseCommand):
    # The stubs don't allow for lazy translations here.
    help = gettext_lazy(  # type: ignore[assignment]
        "Reminds of second looks that have been owed for two working days, and sends the notices that wait for mail. "
        "To be run every minute."
    )

    def handle(self, *args, **options) -> None:
        remind_of_second_looks()
        sent = send_notices()
        if sent:
            self.stdout.write(f"Sent: {sent}")
