"""Guards that must be signals: they refuse changes to what the public sees, however the change is made.

They receive every save, deletion and move, because Wagtail's actions don't call methods of the object itself, or treat
a page as a plain `Page`. `QuerySet.update`, `bulk_create`, `loaddata` and SQL send no signals: only people who run the
database use them. `docs/publishing.md` has a table of the guards.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db.models.signals import post_save, pre_delete, pre_save
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from wagtail.documents import get_document_model
from wagtail.images import get_image_model
from wagtail.models import Page, PageViewRestriction, ReferenceIndex, Revision
from wagtail.signals import pre_page_move

from catalog.models.approval import BOOKKEEPING, Refused, digest_of
from catalog.models.publication import Published
from catalog.models.source import Source
from catalog.models.vocabulary import Label, Layer, Modality, Segment
from catalog.publishing import effects

# True while an approved version goes live or is withdrawn. At all other times public content must not change.
_sanctioned: ContextVar[bool] = ContextVar("sanctioned", default=False)

# Columns that may be saved on their own at any time.
FREE = BOOKKEEPING - {"live", "live_revision", "first_published_at", "last_published_at", "url_path"}

GUARDED_FILE_MODELS = (get_image_model(), get_document_model())
# Entries and pages point to these: deleting one would change live content.
POINTED_TO = (Published, Source, Label, *GUARDED_FILE_MODELS)


@contextmanager
def sanctioned() -> Iterator[None]:
    """Allow changes to what the public sees inside this block. Only `catalog.publishing.publication` may use it."""
    token = _sanctioned.set(True)
    try:
        yield
    finally:
        _sanctioned.reset(token)


def is_sanctioned() -> bool:
    """Return whether an approved version is going live or being withdrawn right now."""
    return _sanctioned.get()


def is_published_kind(instance) -> bool:
    """Return whether publication rules apply to an object. Wagtail often passes a page as a plain `Page`."""
    if type(instance) is Page:
        return issubclass(instance.specific_class or Page, Published)
    return isinstance(instance, Published)


def refuse_direct_change(sender, instance, raw=False, update_fields=None, **kwargs) -> None:
    """Refuse a save outside `publish()` that would change what the public sees (receiver of `pre_save`)."""
    if raw or is_sanctioned() or not is_published_kind(instance):
        return
    if update_fields is not None and set(update_fields) <= FREE:
        return
    stored = sender._default_manager.filter(pk=instance.pk).first() if instance.pk else None
    if not instance.live and not (stored and stored.live):
        return
    if stored is None or public_state(stored) != public_state(instance):
        raise Refused(_("What is live changes only by an approved version: save a draft and submit it for review."))


def public_state(instance) -> tuple:
    """Return what the public sees of an object, and when it was published."""
    return (
        digest_of(instance.serializable_data()),
        instance.live,
        instance.live_revision_id,
        instance.last_published_at,
        getattr(instance, "url_path", ""),
    )


def refuse_deletion(sender, instance, **kwargs) -> None:
    """Refuse to delete what was once public, or what live content points to (receiver of `pre_delete`)."""
    if isinstance(instance, Published) and instance.first_published_at:
        raise Refused(_("It was public once, so it can't be deleted; withdraw it instead."))
    if isinstance(instance, POINTED_TO) and is_shown(instance):
        raise Refused(_("Something live uses “%(name)s”, so it can't be deleted.") % {"name": instance})


def refuse_replacement(sender, instance, **kwargs) -> None:
    """Refuse to replace a file that live content shows (receiver of `pre_save`)."""
    stored = sender._default_manager.filter(pk=instance.pk).first() if instance.pk else None
    if stored and stored.file.name != instance.file.name and is_shown(stored):
        raise Refused(_("Something live uses this file: add the new one beside it, and choose it in a new version."))


def is_shown(instance) -> bool:
    """Return whether live content points to an object: through a relation, or in the text of a page."""
    for relation in type(instance)._meta.related_objects:
        field = relation.field
        owner = next((it.name for it in field.model._meta.fields if isinstance(it, ParentalKey)), None)
        if field.name == owner:
            continue
        if issubclass(field.model, Published):
            live = {"live": True}
        elif owner and issubclass(field.model._meta.get_field(owner).related_model, Published):
            live = {f"{owner}__live": True}
        else:
            continue
        if field.model._default_manager.filter(**{field.name: instance}, **live).exists():
            return True
    groups = ReferenceIndex.get_references_to(instance).group_by_source_object()
    return any(is_published_kind(source) and source.live for source, _references in groups)


def refuse_move(sender, instance, url_path_before, url_path_after, **kwargs) -> None:
    """Refuse to move a page if a public address would change (receiver of `pre_page_move`)."""
    if url_path_before != url_path_after and instance.get_descendants(inclusive=True).live().exists():
        raise Refused(_("It is public under its address, so it stays where it is."))


def refuse_restriction(sender, instance, **kwargs) -> None:
    """Refuse to hide a page behind a password or a group (receiver of `pre_save`)."""
    raise Refused(_("All pages of this site are public: withdrawing one takes a version that another person approves."))


def refuse_unscheduling(sender, instance, update_fields=None, **kwargs) -> None:
    """Refuse to clear the go-live time of an approved version on its own (receiver of `pre_save`)."""
    if update_fields is not None and "approved_go_live_at" in update_fields and not is_sanctioned():
        raise Refused(_("Two people have approved that it goes live then: have a new version reviewed instead."))


def tell_of_word(sender, instance, created, **kwargs) -> None:
    """Announce the change of a word of a vocabulary (receiver of `post_save`).

    This is not a guard, but it must be a signal for the same reason: Wagtail's stock forms save words and call none of
    our functions.
    """
    if not created:
        effects.run_effects(effects.WordChanged(instance))


def connect_catalog_guards() -> None:
    """Connect the receivers. Call this once, when all models are loaded."""
    pre_save.connect(refuse_direct_change)
    pre_delete.connect(refuse_deletion)
    pre_page_move.connect(refuse_move)
    pre_save.connect(refuse_restriction, sender=PageViewRestriction)
    pre_save.connect(refuse_unscheduling, sender=Revision)
    for model in GUARDED_FILE_MODELS:
        pre_save.connect(refuse_replacement, sender=model)
    for model in (Layer, Modality, Segment):
        post_save.connect(tell_of_word, sender=model)
