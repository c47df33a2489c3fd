"""Approvals: who allowed which version to go live. Nothing is published without one."""

import hashlib
import json
from typing import Any

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _

from catalog.models.history import AppendOnly


class Refused(ValidationError):
    """An action that the rules of publication forbid, with a message for the person who tried it."""

    @property
    def message_dict(self) -> dict[str, list[str]]:
        # Wagtail's API reads this of every ValidationError.
        return {NON_FIELD_ERRORS: self.messages}


class ApprovalKind(models.TextChoices):
    """How a version was approved; nothing goes live in any other way."""

    REVIEWED = "reviewed", _("Approved by another person")
    EMERGENCY = "emergency", _("Published by one editor in an emergency")
    BATCH = "batch", _("Approved as part of an import")
    SHIPPED = "shipped", _("Shipped with the site")
    SINGLE_CHECKED = "single-checked", _("Single-checked")


# Values that Wagtail keeps about an object, which are not part of its content.
BOOKKEEPING = frozenset(
    {
        *("pk", "uid", "live", "has_unpublished_changes", "first_published_at", "last_published_at", "expired"),
        *("expire_at", "live_revision", "latest_revision", "latest_revision_created_at", "locked", "locked_at"),
        *("locked_by", "path", "depth", "numchild", "url_path", "draft_title", "owner", "content_type", "alias_of"),
        *("translation_key", "locale", "wagtail_admin_comments"),
    }
)


def digest_of(content: dict[str, Any]) -> str:
    """Return the SHA-256 of a version's content as hexadecimal digits, equal for versions with equal content.

    `content` is the content of a revision. Keys of rows are ignored: they differ between a draft and the version
    published from it. Empty values are ignored too: a version may be older than a field.
    """
    said = {name: without_keys(value) for name, value in content.items() if name not in BOOKKEEPING and value}
    text = json.dumps(said, sort_keys=True, cls=DjangoJSONEncoder)
    return hashlib.sha256(text.encode()).hexdigest()


def without_keys(value: Any) -> Any:
    """Return a value of a version without primary keys of rows and with relations sorted, to compare it with others."""
    if not isinstance(value, list):
        return value
    if any(isinstance(row, dict) for row in value):
        return [{key: it for key, it in row.items() if key != "pk"} for row in value]
    # Relations to several objects have no fixed order.
    return sorted(value, key=str)


class ApprovalQuerySet(models.QuerySet["Approval"]):
    def of(self, record: Any) -> "ApprovalQuerySet":
        """Return the approvals of an entry, a term or a page, newest first."""
        return self.filter(content_type=record.get_base_content_type(), object_id=str(record.pk)).order_by("-pk")


class Approval(AppendOnly):
    """A decision that a version may go live, valid only for the content with this digest."""

    content_type = models.ForeignKey(ContentType, on_delete=models.PROTECT, related_name="+")
    object_id = models.CharField(max_length=255)
    # Objects that were public are never deleted, and neither are their versions.
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
