"""Public history: publications, and the changes between them. Append-only."""

from typing import Any, NoReturn
from uuid import UUID

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from catalog.models.kinds import EntryKind


class PublicationAction(models.TextChoices):
    PUBLISHED = "published", _("Published")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    RESTORED = "restored", _("Restored")
    MERGED = "merged", _("Merged")
    RENAMED = "renamed", _("Renamed")


# After these actions, no version of the entry is public.
UNPUBLISHED_ACTIONS = (PublicationAction.WITHDRAWN, PublicationAction.MERGED)


class AppendOnly(models.Model):
    """A row that is written once. Saving it again or deleting it raises TypeError."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError(f"{type(self).__name__} is append-only: rows are never changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError(f"{type(self).__name__} is append-only: rows are never deleted.")


class PublicationQuerySet(models.QuerySet["Publication"]):
    def of(self, uid: UUID) -> "PublicationQuerySet":
        """Return the publications of one entry, newest first."""
        return self.filter(entry=uid).order_by("-sequence")


class Publication(AppendOnly):
    """The public document of an entry at the moment when it was published or withdrawn.

    `document` is in the format of `catalog.models.document`; `at` is the actual time (UTC), never backdated; `sequence`
    counts from 1 within an entry. The document of a merged entry has the permanent id of the other entry as
    `merged_into`.
    """

    entry = models.UUIDField(_("entry"))
    kind = models.CharField(_("kind"), max_length=20, choices=EntryKind)
    slug = models.SlugField(_("slug"), max_length=100)
    sequence = models.PositiveIntegerField(_("number"))
    action = models.CharField(_("action"), max_length=12, choices=PublicationAction)
    document = models.JSONField(_("document"))
    # The reason for a withdrawal, in both languages.
    reason = models.JSONField(_("reason"), null=True)
    at = models.DateTimeField(_("time"), auto_now_add=True, db_index=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("by"), null=True, on_delete=models.SET_NULL, related_name="+"
    )

    # The ids of its authors, who should not be the ones to check it.
    authors = models.JSONField(_("authors"), default=list)
    # The paths of the values whose citations differ from the previous publication, even if the values do not.
    recited = models.JSONField(_("values with other sources"), default=list)

    objects = PublicationQuerySet.as_manager()

    class Meta:
        verbose_name = _("publication")
        verbose_name_plural = _("publications")
        constraints = [models.UniqueConstraint(fields=["entry", "sequence"], name="publication_once_in_sequence")]
        indexes = [
            models.Index(fields=["kind", "slug"], name="publication_by_slug"),
            models.Index(fields=["kind", "at"], name="publication_by_time"),
            # Partial, since few publications are merges: each entry's page looks for the entries merged into it.
            models.Index(fields=["kind"], name="publication_merged", condition=models.Q(action="merged")),
        ]
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.kind} {self.slug} #{self.sequence}"


class HistoryChoice(models.Model):
    """Whether public histories show a person's name; without a choice they show the role.

    Histories follow the current choice: revoking it removes the name from all of them.
    """

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="history_choice")
    shows_name = models.BooleanField(
        _("Show my name in public histories"),
        default=False,
        help_text=_(
            "Readers see your first and last name beside what you approve, earlier approvals included. Otherwise, and "
            "while both are empty, they see your role. You can take it back at any time: your name then leaves all of "
            "them."
        ),
    )

    class Meta:
        verbose_name = _("choice of name")
        verbose_name_plural = _("choices of names")

    def __str__(self) -> str:
        return str(self.user)


class Change(AppendOnly):
    """One value, or one row of a list, that differs between two consecutive publications.

    `old` is null in an entry's first publication; `new` is null when the value was removed.
    """

    publication = models.ForeignKey(Publication, on_delete=models.CASCADE, related_name="changes")
    path = models.CharField(_("value"), max_length=160, db_index=True)
    old = models.JSONField(_("old"), null=True)
    new = models.JSONField(_("new"), null=True)

    class Meta:
        verbose_name = _("change")
        verbose_name_plural = _("changes")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.publication}: {self.path}"
