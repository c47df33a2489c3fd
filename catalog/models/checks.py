"""What people found when they compared values with their sources, and who entered these values."""

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from catalog.models.choices import FieldGroup
from catalog.models.field_groups import FIELD_GROUPS, group_of
from catalog.models.history import AppendOnly, Change, Publication

# Whoever entered a value within so many days is not the one to verify it.
OWN_DAYS = 30


class Outcome(models.TextChoices):
    STILL_TRUE = "still-true", pgettext_lazy("check", "Still true")
    CHANGED = "changed", pgettext_lazy("check", "Changed")
    CANT_TELL = "cant-tell", pgettext_lazy("check", "Can't tell")
    CONFLICT = "conflict", pgettext_lazy("check", "Conflict")


class Check(AppendOnly):
    """Someone compared a value of an entry, or a whole field group, with its sources."""

    entry = models.UUIDField(_("entry"), db_index=True)
    group = models.CharField(_("field group"), max_length=16, choices=FieldGroup)
    path = models.CharField(_("value"), max_length=160, blank=True, help_text=_("Empty for the whole group."))
    at = models.DateTimeField(_("time"), default=timezone.now, db_index=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("by"), on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome)
    sources = models.ManyToManyField("catalog.Source", verbose_name=_("sources opened"), blank=True, related_name="+")
    # The same for all that one press of a button checked.
    batch = models.UUIDField(_("batch"), null=True)

    class Meta:
        verbose_name = _("check")
        verbose_name_plural = _("checks")
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.entry} {self.path or self.group}: {self.outcome}"


def read_entered(entries: Iterable[UUID]) -> dict[UUID, dict[tuple[str, str], set[int]]]:
    """Return who wrote what was published of entries lately, of values or of their sources; two queries.

    By entry, and by field group and path the ids of the authors.
    """
    since = timezone.now() - timedelta(days=OWN_DAYS)
    entered: dict[UUID, dict[tuple[str, str], set[int]]] = {}
    changes = Change.objects.filter(publication__entry__in=entries, publication__at__gte=since)
    rows = [
        (entry, kind, [path], authors)
        for entry, kind, path, authors in changes.values_list(
            "publication__entry", "publication__kind", "path", "publication__authors"
        )
    ]
    recited = Publication.objects.filter(entry__in=entries, at__gte=since).exclude(recited=[])
    rows += recited.values_list("entry", "kind", "recited", "authors")
    for entry, kind, paths, authors in rows:
        for path in paths if kind in FIELD_GROUPS else ():
            key = (group_of(kind=kind, field=path.partition("/")[0]), path)
            entered.setdefault(entry, {}).setdefault(key, set()).update(authors)
    return entered


def find_who_entered(entered: dict[tuple[str, str], set[int]], *, group: str, path: str) -> set[int]:
    """The ids of those who wrote a value, a row of a list or, without a path, any value of the group."""
    return {
        author
        for (its_group, its_path), authors in entered.items()
        if its_group == group and covers(path, its_path)
        for author in authors
    }


def covers(path: str, other: str) -> bool:
    """Whether what is said of a path is said of another: of itself, of the rows of a list; an empty one is of all."""
    return not path or other == path or other.startswith(f"{path}/")
