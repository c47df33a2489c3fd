"""What the site's own files have brought into the database: loading them again tells by it what a person changed."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Shipped(models.Model):
    """One thing that was loaded from the shipped files: an entry, a word of a vocabulary, a source, a page.

    `key` names it as the files do (`organization/openai`), whatever its slug is by now; `form` is what the files
    said; `digest` is that of the object's values right after they were loaded. The row `files` holds the digest
    of all files together.
    """

    key = models.CharField(_("key"), max_length=200, unique=True)
    object_id = models.BigIntegerField(_("object"), null=True, editable=False)
    form = models.JSONField(_("as shipped"), default=dict)
    digest = models.CharField(_("digest"), max_length=64, blank=True)

    class Meta:
        verbose_name = _("shipped record")
        verbose_name_plural = _("shipped records")
        ordering = ["key"]

    def __str__(self) -> str:
        return self.key
