"""Publish what was approved for a time that has come; takes the place of Wagtail's command of this name.

Wagtail's stops at the first version that is refused, and everything behind it waits for ever. Here each version stands
for itself. Nothing expires: withdrawing takes a person.
"""

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from wagtail.models import Revision


class Command(BaseCommand):
    help = "Publish what was approved for a time that has come. To be run every minute."

    def handle(self, *args, **options):
        refused = []
        due = Revision.objects.filter(approved_go_live_at__lt=timezone.now()).order_by("approved_go_live_at", "pk")
        for revision in due:
            try:
                revision.publish(log_action="wagtail.publish.scheduled")
            except ValidationError as error:
                refused.append(f"{revision.content_type.name} “{revision.object_str}”: {' '.join(error.messages)}")
        if refused:
            raise CommandError("Could not be published, and waits until it is corrected: " + "; ".join(refused))
