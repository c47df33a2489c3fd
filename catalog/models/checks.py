"""Checks: the results of comparing values with their sources."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from catalog.models.choices import FieldGroup
from catalog.models.history import AppendOnly


class Outcome(models.TextChoices):
    STILL_TRUE = "still-true", pgettext_lazy("check", "Still true")
    CHANGED = "changed", pgettext_lazy("check", "Changed")
    CANT_TELL = "cant-tell", pgettext_lazy("check", "Can't tell")
    CONFLICT = "conflict", pgettext_lazy("check", "Conflict")


class Check(AppendOnly):
    """One comparison of a value of an entry, or of a whole field group, with its sources."""

    entry = models.UUIDField(_("entry"), db_index=True)
    group = models.CharField(_("field group"), max_length=16, choices=FieldGroup)
    path = models.CharField(_("value"), max_length=160, blank=True, help_text=_("Empty for the whole group."))
    at = models.DateTimeField(_("time"), default=timezone.now, db_index=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("by"), on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome)
    sources = models.ManyToManyField("catalog.Source", verbose_name=_("sources opened"), blank=True, related_name="+")
    # The same for all checks that one click recorded.
    batch = models.UUIDField(_("batch"), null=True)

    class Meta:
        verbose_name = _("check")
        verbose_name_plural = _("checks")
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.entry} {self.path or self.group}: {self.outcome}"
