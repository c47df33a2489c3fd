"""What the public saw, and when: publications and the changes between them. Append-only."""

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


# After these the public sees no version of the entry.
TAKEN_AWAY = (PublicationAction.WITHDRAWN, PublicationAction.MERGED)


class AppendOnly(models.Model):
    """A row that is written once; saving it again or deleting it is refused."""

    class Meta:
        abstract = True

    def save(self, *args, **kwargs) -> None:
        if not self._state.adding:
            raise TypeError(f"{type(self).__name__} is append-only: rows are never changed.")
        super().save(*args, **kwargs)

    def delete(self, *args, **kwargs):
        raise TypeError(f"{type(self).__name__} is append-only: rows are never deleted.")


class PublicationQuerySet(models.QuerySet):
    def of(self, uid) -> "PublicationQuerySet":
        """The publications of one entry, newest first."""
        return self.filter(entry=uid).order_by("-sequence")


class Publication(AppendOnly):
    """The public document of an entry at the moment in which it was published or withdrawn.

    `document` has the shape that `catalog.models.document` builds; `at` is the real time in UTC, never an
    earlier one; `sequence` counts from 1 within an entry. The document of a merged entry has the permanent id of the
    other one as `merged_into`.
    """

    entry = models.UUIDField(_("entry"))
    kind = models.CharField(_("kind"), max_length=20, choices=EntryKind)
    slug = models.SlugField(_("slug"), max_length=100)
    sequence = models.PositiveIntegerField(_("number"))
    action = models.CharField(_("action"), max_length=12, choices=PublicationAction)
    document = models.JSONField(_("document"))
    # Of a withdrawal, in both languages.
    reason = models.JSONField(_("reason"), null=True)
    at = models.DateTimeField(_("time"), auto_now_add=True, db_index=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("by"), null=True, on_delete=models.SET_NULL, related_name="+"
    )

    # The ids of those who wrote it: they are not the ones to verify it.
    authors = models.JSONField(_("authors"), default=list)
    # The paths of the values whose sources differ from those of the publication before, whether or not the values do.
    recited = models.JSONField(_("values with other sources"), default=list)

    objects = PublicationQuerySet.as_manager()

    class Meta:
        verbose_name = _("publication")
        verbose_name_plural = _("publications")
        constraints = [models.UniqueConstraint(fields=["entry", "sequence"], name="publication_once_in_sequence")]
        indexes = [
            models.Index(fields=["kind", "slug"], name="publication_by_slug"),
            models.Index(fields=["kind", "at"], name="publication_by_time"),
            # Few among many: what was merged into an entry is asked for on each page of one.
            models.Index(fields=["kind"], name="publication_merged", condition=models.Q(action="merged")),
        ]
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.kind} {self.slug} #{self.sequence}"


class HistoryChoice(models.Model):
    """Whether public histories call a person by name; whoever has chosen nothing is called by role.

    Histories follow the present choice: taking it back takes the name out of all of them.
    """

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="history_choice")
    shows_name = models.BooleanField(
        _("Show my name in public histories"),
        default=False,
        help_text=_(
            "Readers see your first and last name beside what you let go live, before and from now on. Otherwise, and "
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
    """One field, or one row of a list, that differs between two consecutive publications.

    `old` is null in an entry's first publication; `new` is null when a value was taken away.
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
