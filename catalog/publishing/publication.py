"""Publishes an approved version, whoever asks for it and by whatever way; then the publication is recorded.

`publish()` reads in the order of events: is it approved, is it valid, let Wagtail make it live, withdraw the object if
the version says so, write down what the public sees from now on. All of it is one transaction.
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
    """Publish the newest version, which was approved last. Raises Refused if it was not."""
    record.refresh_from_db(fields=["latest_revision"])
    approval = Approval.objects.of(record).first()
    if approval is None or approval.revision_id != record.latest_revision_id:
        raise Refused(_("This version has not been approved: submit it for review."), code="unapproved")
    # The approval is the right to publish: nobody has Wagtail's publish permission.
    publish(record=record, revision=approval.revision, user=user, skip_permission_checks=True)


def publish(*, record: Published, revision: Revision, user=None, draft: Published | None = None, **options) -> None:
    """Publish an approved revision, all or nothing, or schedule it. Wagtail's `record.publish()` ends here too.

    `draft` is the object that the revision was saved from, where the caller has it: to build it takes a query for each
    row of a list. `options` are those of Wagtail's `publish()`, which never validates: two drafts may claim one slug,
    and a row of a list may be incomplete. Raises Refused without an approval of this very content, ValidationError for
    content that can't go live, and then nothing has changed.
    """
    draft = draft or revision.as_object()
    # Never without an entry: the log says whether a version has been published already.
    options["log_action"] = options.get("log_action") or True
    with transaction.atomic():
        record.lock_row()
        refuse_unapproved(record=record, revision=revision)
        validate(draft)
        # Not `record`, which may be the very draft.
        before = type(record)._default_manager.get(pk=record.pk)
        action = name_action(version=draft, before=before)
        if action != PublicationAction.PUBLISHED and not draft.waits:
            # The log says what it is instead, once it has happened.
            options["log_action"] = False
        make_live(record=record, revision=revision, draft=draft, user=user, **options)
        live = type(record)._default_manager.get(pk=record.pk)
        if not live.live or live.live_revision_id != revision.pk:
            # It is scheduled.
            return
        if live.is_withdrawal:
            withdraw(live)
        if action != PublicationAction.PUBLISHED:
            log_action(record=live, revision=revision, action=action, former_slug=before.slug, user=user)
        if isinstance(live, PublishedDocument):
            record_publication(record=live, action=action, user=user)


def refuse_unapproved(*, record: Published, revision: Revision) -> None:
    """Raise Refused unless the last approval of this object is for this revision as it is now."""
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
                # The row's link to its owner is not there yet while the owner is a draft; other links are the
                # database's to check, which takes no query for each.
                links = [field.name for field in row._meta.fields if field.many_to_one and getattr(row, field.attname)]
                row.full_clean(exclude=[parental_key, *links], validate_unique=False, validate_constraints=False)
            except ValidationError as error:
                raise ValidationError([f"{heading} {number}: {message}" for message in error.messages]) from None
            if getattr(row, "key", None):
                if row.key in keys:
                    raise ValidationError(
                        _("%(list)s: the key “%(key)s” stands in two rows; give one of them another key."),
                        params={"list": heading, "key": row.key},
                    )
                keys.add(row.key)
    for citation in instance.citations.all() if "citations" in rows_of else ():
        if citation.item and citation.item not in rows_of.get(citation.field, ()):
            raise ValidationError(
                _("A citation names the row “%(row)s”, which is not there; choose another row or take it away."),
                params={"row": citation.path},
            )


def name_action(*, version: Published, before: Published) -> PublicationAction:
    """What the publication of a version is called; `before` is the object as it is until then."""
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
    """Let Wagtail publish or schedule a revision as this very object, which was validated."""
    # Wagtail's action has the revision build the object in its constructor, and takes none that is there already.
    revision.as_object = lambda: draft
    try:
        with sanctioned():
            record.go_live(revision, **options)
    finally:
        del revision.as_object


def withdraw(record: Published) -> None:
    """Take down an object whose version says so; the approval of the version is the right to do it."""
    with sanctioned():
        record.take_down()
        record.has_unpublished_changes = False
        record.save(update_fields=["has_unpublished_changes"])


def log_action(*, record: Published, revision: Revision, action: PublicationAction, former_slug: str, user) -> None:
    """Log a withdrawal, merger, restoration or change of address.

    Under the address and name that the public knew: a draft may change both in the row of what is withdrawn.
    """
    data: dict = {"former_slug": former_slug, "slug": record.slug}
    if record.withdrawal_en or record.withdrawal_zh:
        data["reason"] = {"en": record.withdrawal_en, "zh": record.withdrawal_zh}
    if isinstance(record, PublishedDocument) and record.merged_into:
        data["into"] = {"en": record.merged_into.name_en, "zh": record.merged_into.name_zh}
    log(instance=record, action=f"review.{action}", user=user, revision=revision, title=str(record), data=data)


def record_publication(*, record: PublishedDocument, action: PublicationAction, user) -> None:
    """Write a `Publication` with a `Change` for each value that differs from the one before.

    Entries and terms have these; of pages Wagtail's own log says the same.
    """
    last = Publication.objects.of(record.uid).first()
    document = record.public_document()
    if record.merged_into:
        # Kept here: a draft may empty it in the row.
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
        # The clock publishes without a user: then it was whoever approved it for that time.
        actor=user if user and user.pk else approval.approver,
        authors=approval.authors,
        recited=recited_paths(old=last.document, new=document) if last else [],
    )
    if record.live:
        Change.objects.bulk_create(
            Change(publication=publication, path=path, old=old, new=new)
            for path, old, new in differences(old=last and last.document, new=document)
        )
    effects.follow(effects.PublicationRecorded(publication=publication, record=record))
