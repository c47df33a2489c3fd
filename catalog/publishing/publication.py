"""Publishing an approved version, no matter who asks for it and how, and recording the publication.

`publish()` reads in the order of events: check the approval, validate the content, let Wagtail make it live, withdraw
the object if the version says so, record what the public sees from now on. All of this is one transaction.
"""

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _
from modelcluster.models import get_all_child_relations
from wagtail.log_actions import log
from wagtail.models import Revision

from catalog.models.approval import Approval, Refused, digest_of
from catalog.models.document import differences, recited_paths
from catalog.models.history import Change, Publication, PublicationAction
from catalog.models.publication import Published, PublishedDocument
from catalog.publishing import effects
from catalog.publishing.guards import sanctioned


def publish_approved(*, record: Published, user) -> None:
    """Publish the newest version if the last approval is for it. Raises Refused otherwise."""
    record.refresh_from_db(fields=["latest_revision"])
    approval = Approval.objects.of(record).first()
    if approval is None or approval.revision_id != record.latest_revision_id:
        raise Refused(_("This version has not been approved: submit it for review."), code="unapproved")
    # An approval replaces Wagtail's publish permission, which nobody has.
    publish(record=record, revision=approval.revision, user=user, skip_permission_checks=True)


def publish(*, record: Published, revision: Revision, user=None, draft: Published | None = None, **options) -> None:
    """Publish or schedule an approved revision, all or nothing. Wagtail's `record.publish()` also ends here.

    `draft` is the object that the revision was saved from, if the caller has it: building it again takes a query for
    each row of a list. `options` are those of Wagtail's `publish()`. That never validates, although two drafts may
    claim one slug, or a row of a list may be incomplete; so this function validates. Raises Refused without an approval
    of exactly this content, and ValidationError for content that can't go live; then nothing has changed.
    """
    draft = draft or revision.as_object()
    # Always log: the log is how we know that a version has been published.
    options["log_action"] = options.get("log_action") or True
    with transaction.atomic():
        record.lock_row()
        refuse_unapproved(record=record, revision=revision)
        validate(draft)
        # Read it from the database: `record` may be the draft itself.
        before = type(record)._default_manager.get(pk=record.pk)
        action = name_action(version=draft, before=before)
        if action != PublicationAction.PUBLISHED and not draft.is_scheduled:
            # A more exact action is logged below, once it has happened.
            options["log_action"] = False
        make_live(record=record, revision=revision, draft=draft, user=user, **options)
        live = type(record)._default_manager.get(pk=record.pk)
        if not live.live or live.live_revision_id != revision.pk:
            # It is only scheduled.
            return
        if live.is_withdrawal:
            withdraw(live)
        if action != PublicationAction.PUBLISHED:
            log_action(record=live, revision=revision, action=action, former_slug=before.slug, user=user)
        if isinstance(live, PublishedDocument):
            record_publication(record=live, action=action, user=user)


def refuse_unapproved(*, record: Published, revision: Revision) -> None:
    """Raise Refused unless the last approval of this object is for this revision with its present content."""
    approval = Approval.objects.of(record).first()
    if approval is None or approval.revision_id != revision.pk:
        raise Refused(_("This version has not been approved: submit it for review."), code="unapproved")
    if approval.digest != digest_of(revision.content):
        raise Refused(_("This version was changed after it was approved: submit it again."), code="unapproved")
    if record.was_published(revision):
        raise Refused(_("This version has been published already."), code="published")


def validate(instance: models.Model) -> None:
    """Validate an object and the rows of its lists. Raises ValidationError that names the list and the row."""
    instance.full_clean()
    rows_of: dict[str, set[str]] = {}
    for relation in get_all_child_relations(type(instance)):
        name, parental_key = relation.get_accessor_name(), relation.field.name
        keys = rows_of[name] = set()
        for number, row in enumerate(getattr(instance, name).all(), start=1):
            heading = row._meta.verbose_name
            try:
                # A row of a draft has no link to its owner yet. The database checks the other links, without a query
                # for each.
                links = [field.name for field in row._meta.fields if field.many_to_one and getattr(row, field.attname)]
                row.full_clean(exclude=[parental_key, *links], validate_unique=False, validate_constraints=False)
            except ValidationError as error:
                raise ValidationError([f"{heading} {number}: {message}" for message in error.messages]) from None
            if getattr(row, "key", None):
                if row.key in keys:
                    raise ValidationError(
                        _("%(list)s: two rows have the key “%(key)s”; give one of them another key."),
                        params={"list": heading, "key": row.key},
                    )
                keys.add(row.key)
    for citation in instance.citations.all() if "citations" in rows_of else ():
        if citation.item and citation.item not in rows_of.get(citation.field, ()):
            raise ValidationError(
                _(
                    "A citation names the row “%(row)s”, which does not exist; choose another row or delete the citation."
                ),
                params={"row": citation.path},
            )


def name_action(*, version: Published, before: Published) -> PublicationAction:
    """Return which action the publication of a version is. `before` is the object as it was before the publication."""
    if isinstance(version, PublishedDocument) and version.merged_into_id:
        return PublicationAction.MERGED
    if version.is_withdrawal:
        return PublicationAction.WITHDRAWN
    if before.first_published_at and not before.live:
        return PublicationAction.RESTORED
    if before.live and before.slug != version.slug:
        return PublicationAction.RENAMED
    return PublicationAction.PUBLISHED


def make_live(*, record: Published, revision: Revision, draft: Published, **options) -> None:
    """Let Wagtail publish or schedule a revision, using exactly the object that was validated."""
    # Wagtail's action accepts no object; it always has the revision build one.
    revision.as_object = lambda: draft
    try:
        with sanctioned():
            record.go_live(revision, **options)
    finally:
        del revision.as_object


def withdraw(record: Published) -> None:
    """Take an object offline when its version says so. The approval of that version covers this."""
    with sanctioned():
        record.take_down()
        record.has_unpublished_changes = False
        record.save(update_fields=["has_unpublished_changes"])


def log_action(*, record: Published, revision: Revision, action: PublicationAction, former_slug: str, user) -> None:
    """Log a withdrawal, merger, restoration or change of address.

    The log keeps the address and name that the public knew, because a draft may change both in the row of a withdrawn
    object.
    """
    data: dict = {"former_slug": former_slug, "slug": record.slug}
    if record.withdrawal_en or record.withdrawal_zh:
        data["reason"] = {"en": record.withdrawal_en, "zh": record.withdrawal_zh}
    if isinstance(record, PublishedDocument) and record.merged_into:
        data["into"] = {"en": record.merged_into.name_en, "zh": record.merged_into.name_zh}
    log(instance=record, action=f"review.{action}", user=user, revision=revision, title=str(record), data=data)


def record_publication(*, record: PublishedDocument, action: PublicationAction, user) -> None:
    """Write a `Publication`, with a `Change` for each value that differs from the publication before.

    Only entries and terms have these. For pages, Wagtail's own log serves the same purpose.
    """
    last = Publication.objects.of(record.uid).first()
    document = record.public_document()
    if record.merged_into:
        # Keep it in the document: a draft may clear it in the row.
        document["merged_into"] = str(record.merged_into.uid)
    approval = Approval.objects.of(record).select_related("approver").first()
    publication = Publication.objects.create(
        entry=record.uid,
        kind=record.kind,
        slug=record.slug,
        sequence=(Publication.objects.of(record.uid).aggregate(last=Max("sequence"))["last"] or 0) + 1,
        action=action,
        document=document,
        reason={"en": record.withdrawal_en, "zh": record.withdrawal_zh} if not record.live else None,
        # A scheduled publication has no user: the approver acted.
        actor=user if user and user.pk else approval.approver,
        authors=approval.authors,
        recited=recited_paths(old=last.document, new=document) if last else [],
    )
    if record.live:
        Change.objects.bulk_create(
            Change(publication=publication, path=path, old=old, new=new)
            for path, old, new in differences(old=last and last.document, new=document)
        )
    effects.run_effects(effects.PublicationRecorded(publication=publication, record=record))
