"""Records of what was loaded from the site's own files, so that the next load can tell what a person has changed."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Shipped(models.Model):
    """One object that was loaded from the shipped files: an entry, a vocabulary word, a source or a page.

    `key` is its name in the files (`organization/openai`), even if its slug has changed since; `form` is its content in
    the files; `digest` is the digest of the object's values right after loading. The row with the key `files` has the
    digest of all files together.
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
