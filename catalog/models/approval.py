"""Who let which version go live: the one thing without which nothing is published."""

import hashlib
import json

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _

from catalog.models.history import AppendOnly


class Refused(ValidationError):
    """What the rules of publication do not allow, in words for the person who tried."""

    @property
    def message_dict(self) -> dict[str, list[str]]:
        # Wagtail's API asks every ValidationError for it.
        return {NON_FIELD_ERRORS: self.messages}


class ApprovalKind(models.TextChoices):
    """By whose eyes a version went live; there is no other way."""

    REVIEWED = "reviewed", _("Approved by another person")
    EMERGENCY = "emergency", _("Published by one editor in an emergency")
    BATCH = "batch", _("Approved as part of an import")
    SHIPPED = "shipped", _("Shipped with the site")
    SINGLE_CHECKED = "single-checked", _("Single-checked")


# What Wagtail keeps about an object beside what it says.
BOOKKEEPING = frozenset(
    {
        *("pk", "uid", "live", "has_unpublished_changes", "first_published_at", "last_published_at", "expired"),
        *("expire_at", "live_revision", "latest_revision", "latest_revision_created_at", "locked", "locked_at"),
        *("locked_by", "path", "depth", "numchild", "url_path", "draft_title", "owner", "content_type", "alias_of"),
        *("translation_key", "locale", "wagtail_admin_comments"),
    }
)


def digest_of(content: dict) -> str:
    """The SHA-256 of what a version says, the same for two versions that say the same.

    `content` is what a revision holds. Keys of rows count for nothing: they differ between a draft and what came of it.
    What is empty counts for nothing either: a version may be older than a field.
    """
    said = {name: without_keys(value) for name, value in content.items() if name not in BOOKKEEPING and value}
    text = json.dumps(said, sort_keys=True, cls=DjangoJSONEncoder)
    return hashlib.sha256(text.encode()).hexdigest()


def without_keys(value):
    """A value of a version, so that equal ones look equal."""
    if not isinstance(value, list):
        return value
    if any(isinstance(row, dict) for row in value):
        return [{key: it for key, it in row.items() if key != "pk"} for row in value]
    # Relations to several objects come in no fixed order.
    return sorted(value, key=str)


class ApprovalQuerySet(models.QuerySet):
    def of(self, record) -> "ApprovalQuerySet":
        """The approvals of an entry, a term or a page, newest first."""
        return self.filter(content_type=record.get_base_content_type(), object_id=str(record.pk)).order_by("-pk")


class Approval(AppendOnly):
    """One decision that a version may go live, for exactly what it said then."""

    content_type = models.ForeignKey(ContentType, on_delete=models.PROTECT, related_name="+")
    object_id = models.CharField(max_length=255)
    # What was public once is never deleted, and its versions neither.
    revision = models.ForeignKey("wagtailcore.Revision", on_delete=models.CASCADE, related_name="approvals")
    digest = models.CharField(_("digest"), max_length=64)
    kind = models.CharField(_("kind"), max_length=16, choices=ApprovalKind)
    authors = models.JSONField(_("authors"), default=list, help_text=_("The ids of those who wrote or submitted it."))
    approver = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("approver"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    reason = models.TextField(_("reason"), blank=True)
    at = models.DateTimeField(_("time"), auto_now_add=True)

    objects = ApprovalQuerySet.as_manager()

    class Meta:
        verbose_name = _("approval")
        verbose_name_plural = _("approvals")
        indexes = [models.Index(fields=["content_type", "object_id"], name="approval_of_object")]

    def __str__(self) -> str:
        return f"{self.content_type} {self.object_id}: {self.get_kind_display()}"
