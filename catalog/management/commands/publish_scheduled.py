"""Publish approved versions whose scheduled time has come; replaces Wagtail's command of the same name.

Wagtail's command stops at the first version that is refused, and all later ones wait for ever. Here each version is
published independently of the others. Nothing expires: only people withdraw entries.
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
