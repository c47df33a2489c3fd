"""Guards that must be signals: they refuse what would change what the public sees, by whatever way somebody takes.

They receive every save, deletion and move, since Wagtail's actions call no method of the object itself, or take a page
for a plain `Page`. What sends no signal (`QuerySet.update`, `bulk_create`, `loaddata`, SQL) is for those who run the
database. `docs/publishing.md` has the table of them.
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

# Set while an approved version goes live, or is withdrawn: only then may what the public sees change.
_sanctioned: ContextVar[bool] = ContextVar("sanctioned", default=False)

# What may be saved by itself at any time.
FREE = BOOKKEEPING - {"live", "live_revision", "first_published_at", "last_published_at", "url_path"}

FILES = (get_image_model(), get_document_model())
# What entries and pages point to: with it gone, something live would say something else.
POINTED_TO = (Published, Source, Label, *FILES)


@contextmanager
def sanctioned() -> Iterator[None]:
    """Let what the public sees change inside this block; for `catalog.publishing.publication` alone."""
    token = _sanctioned.set(True)
    try:
        yield
    finally:
        _sanctioned.reset(token)


def is_sanctioned() -> bool:
    """Whether an approved version is going live right now."""
    return _sanctioned.get()


def is_published_kind(instance) -> bool:
    """Whether the rules of publication hold for an object; Wagtail often has a page as a plain `Page`."""
    if type(instance) is Page:
        return issubclass(instance.specific_class or Page, Published)
    return isinstance(instance, Published)


def refuse_direct_change(sender, instance, raw=False, update_fields=None, **kwargs) -> None:
    """Refuse to save what would change what the public sees, outside of `publish()` (receiver of `pre_save`)."""
    if raw or is_sanctioned() or not is_published_kind(instance):
        return
    if update_fields is not None and set(update_fields) <= FREE:
        return
    held = sender._default_manager.filter(pk=instance.pk).first() if instance.pk else None
    if not instance.live and not (held and held.live):
        return
    if held is None or public_side(held) != public_side(instance):
        raise Refused(_("What is live changes only by an approved version: save a draft and submit it for review."))


def public_side(instance) -> tuple:
    """What the public sees of an object, and since when."""
    return (
        digest_of(instance.serializable_data()),
        instance.live,
        instance.live_revision_id,
        instance.last_published_at,
        getattr(instance, "url_path", ""),
    )


def refuse_deletion(sender, instance, **kwargs) -> None:
    """Refuse to delete what was public once, or what something live points to (receiver of `pre_delete`)."""
    if isinstance(instance, Published) and instance.first_published_at:
        raise Refused(_("It was public once, so it can't be deleted; withdraw it instead."))
    if isinstance(instance, POINTED_TO) and is_shown(instance):
        raise Refused(_("Something live uses “%(name)s”, so it can't be deleted.") % {"name": instance})


def refuse_replacement(sender, instance, **kwargs) -> None:
    """Refuse to put another file in the place of one that something live shows (receiver of `pre_save`)."""
    held = sender._default_manager.filter(pk=instance.pk).first() if instance.pk else None
    if held and held.file.name != instance.file.name and is_shown(held):
        raise Refused(_("Something live uses this file: add the new one beside it, and choose it in a new version."))


def is_shown(instance) -> bool:
    """Whether something live points to an object: by a relation, or in the text of a page."""
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
    """Refuse to move what would get another public address (receiver of `pre_page_move`)."""
    if url_path_before != url_path_after and instance.get_descendants(inclusive=True).live().exists():
        raise Refused(_("It is public under its address, so it stays where it is."))


def refuse_restriction(sender, instance, **kwargs) -> None:
    """Refuse to take a page out of the public's sight by a password or a group (receiver of `pre_save`)."""
    raise Refused(_("All pages of this site are public: withdrawing one takes a version that another person approves."))


def refuse_unscheduling(sender, instance, update_fields=None, **kwargs) -> None:
    """Refuse to take away by itself the time at which an approved version goes live (receiver of `pre_save`)."""
    if update_fields is not None and "approved_go_live_at" in update_fields and not is_sanctioned():
        raise Refused(_("Two people have approved that it goes live then: have a new version reviewed instead."))


def tell_of_word(sender, instance, created, **kwargs) -> None:
    """Have the change of a vocabulary's word followed (receiver of `post_save`).

    No guard, but a signal for the same reason: words are saved by stock forms, which call nothing of ours.
    """
    if not created:
        effects.follow(effects.WordChanged(instance))


def connect_guards() -> None:
    """Connect the receivers; called once, when all models are there."""
    pre_save.connect(refuse_direct_change)
    pre_delete.connect(refuse_deletion)
    pre_page_move.connect(refuse_move)
    pre_save.connect(refuse_restriction, sender=PageViewRestriction)
    pre_save.connect(refuse_unscheduling, sender=Revision)
    for model in FILES:
        pre_save.connect(refuse_replacement, sender=model)
    for model in (Layer, Modality, Segment):
        post_save.connect(tell_of_word, sender=model)
