"""The rules of publication, for entries, terms and article pages alike."""

import uuid
from contextlib import contextmanager
from contextvars import ContextVar

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Max
from django.dispatch import Signal
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from modelcluster.models import get_all_child_relations
from wagtail.locks import ScheduledForPublishLock
from wagtail.log_actions import log
from wagtail.log_actions import registry as log_registry

from catalog.models.approval import BOOKKEEPING, Approval, ApprovalKind, Refused, digest_of, without_keys
from catalog.models.document import differences, recited_paths
from catalog.models.history import Change, Publication, PublicationAction
from catalog.models.listing import ListingVersion
from catalog.values import BilingualField

# Sent inside the publishing transaction, after the publication is recorded: the listing index follows it, so that
# what is published shows in the next request. Arguments: `publication`, and `entry`, the object as it is now.
publication_recorded = Signal()

# What the log says when a version goes live.
WENT_LIVE = (
    *("wagtail.publish", "wagtail.publish.scheduled"),
    *("review.withdrawn", "review.merged", "review.restored", "review.renamed"),
)

# What readers are told where one person alone let a version through.
ONE_PERSON = {
    ApprovalKind.EMERGENCY: _("Published by one editor; second look pending"),
    ApprovalKind.SINGLE_CHECKED: _("Published and checked by one person"),
}

# Set while a version that was approved goes live, or is taken away: then alone what the public sees may change.
_sanctioned: ContextVar[bool] = ContextVar("sanctioned", default=False)


@contextmanager
def sanctioned():
    """Let the public content change inside this block; for the methods of `Published` alone."""
    token = _sanctioned.set(True)
    try:
        yield
    finally:
        _sanctioned.reset(token)


def is_sanctioned() -> bool:
    """Whether an approved version is going live right now."""
    return _sanctioned.get()


class Published(models.Model):
    """What may go live, and what is kept of it. Base of entries, terms and article pages.

    Whoever publishes, by whatever way: the version that goes live is the last one approved, and says what it said then.
    A version with a reason for withdrawal takes the object out of the public's sight instead.
    """

    withdrawal = BilingualField(
        models.CharField,
        verbose_name=_("Reason for withdrawal"),
        max_length=300,
        blank=True,
        help_text=_("Readers see it with the date. Whoever approves this version withdraws it; empty it to restore."),
    )

    class Meta:
        abstract = True

    @property
    def is_withdrawal(self) -> bool:
        """Whether this version takes the object out of the public's sight."""
        return bool(self.withdrawal_en or self.withdrawal_zh)

    @property
    def waits(self) -> bool:
        """Whether this version is to go live later only."""
        return bool(self.go_live_at and self.go_live_at > timezone.now())

    def publish(self, revision, user=None, **options):
        """Publish an approved revision, all or nothing, or schedule it.

        Stock publishing never validates; two drafts may claim one slug and a row of a list may be incomplete.
        Raises Refused without an approval of this very content, ValidationError for content that can't go live, and
        then nothing has changed.
        """
        draft = revision.as_object()
        # Never without an entry: the log says whether a version has been published already.
        options["log_action"] = options.get("log_action") or True
        with transaction.atomic():
            self.lock_row()
            self.refuse_unapproved(revision)
            clean_with_children(draft)
            # Not `self`, which may be the very draft.
            before = type(self)._default_manager.get(pk=self.pk)
            action = draft.name_action(before=before)
            if action != PublicationAction.PUBLISHED and not draft.waits:
                # The log says what it is instead, once it has happened.
                options["log_action"] = False
            # The object that was found right is the one that goes live; to build another takes a query for each row.
            revision.as_object = lambda: draft
            try:
                with sanctioned():
                    super().publish(revision, user=user, **options)
            finally:
                del revision.as_object
            live = type(self)._default_manager.get(pk=self.pk)
            if live.live and live.live_revision_id == revision.pk:
                live.follow_publication(action=action, former_slug=before.slug, user=user)

    def follow_publication(self, *, action: PublicationAction, former_slug: str, user) -> None:
        """Withdraw what has just been published where it says so; record what the public sees from now on."""
        revision = self.live_revision
        if self.is_withdrawal:
            with sanctioned():
                # Without the user, whose permission would be asked for; the approval is the right to withdraw.
                super().unpublish(log_action=False)
                self.has_unpublished_changes = False
                self.save(update_fields=["has_unpublished_changes"])
        if action != PublicationAction.PUBLISHED:
            # Under which address and name the public knew it: a draft may change both in the row of what is withdrawn.
            log(
                instance=self,
                action=f"review.{action}",
                user=user,
                revision=revision,
                title=str(self),
                data={"former_slug": former_slug, "slug": self.slug, **self.describe_withdrawal()},
            )
        self.record_publication(action=action, user=user)

    def name_action(self, *, before: "Published") -> PublicationAction:
        """What the publication of this version is called; `before` is the object as it is until then."""
        if self.is_withdrawal:
            return PublicationAction.WITHDRAWN
        if before.first_published_at and not before.live:
            return PublicationAction.RESTORED
        if before.live and before.slug != self.slug:
            return PublicationAction.RENAMED
        return PublicationAction.PUBLISHED

    def describe_withdrawal(self) -> dict:
        """Why this version takes the object out of the public's sight, for the log; nothing if it doesn't."""
        reason = {"en": self.withdrawal_en, "zh": self.withdrawal_zh}
        return {"reason": reason} if any(reason.values()) else {}

    def approve(
        self, *, revision, kind: ApprovalKind, approver=None, reason: str = "", digest: str | None = None
    ) -> Approval:
        """Write down that a revision may go live, for exactly what it says now.

        `digest` is what the approver saw, where that is known. Raises Refused if the revision says something else by
        now, or if the approver wrote a part of it and the kind needs another pair of eyes.
        """
        found = digest_of(revision.content)
        authors = self.find_authors(revision)
        if digest is not None and digest != found:
            raise Refused(_("It was changed since: look at the newer version before you approve it."), code="newer")
        match kind:
            case ApprovalKind.REVIEWED | ApprovalKind.BATCH if self.owed_look:
                # It would be part of what is approved, and be seen by nobody.
                raise Refused(_("A second look is owed to what was published alone: take it first."), code="owed")
            case ApprovalKind.REVIEWED | ApprovalKind.BATCH if approver is None or approver.pk in authors:
                raise Refused(_("You changed this version; someone else must approve it."), code="author")
            case ApprovalKind.EMERGENCY if approver is None or not reason.strip():
                raise Refused(_("Say why it can't wait for another person."), code="reason")
            case ApprovalKind.EMERGENCY if revision.as_object().waits:
                raise Refused(_("It has a time to go live, so it can wait: empty that first."), code="waits")
            case ApprovalKind.SINGLE_CHECKED if approver is None:
                raise Refused(_("Someone must have checked it."), code="approver")
            case ApprovalKind.SHIPPED if approver is not None or authors:
                raise Refused(_("A person has changed this; it needs a review."), code="author")
        return self.write_approval(revision=revision, kind=kind, authors=authors, approver=approver, reason=reason)

    def write_approval(
        self,
        *,
        revision,
        kind: ApprovalKind,
        authors: list[int],
        approver,
        reason: str,
        action: str = "review.approve",
    ) -> Approval:
        """Write an approval down, in the log too, under this action; the conditions are for the caller to check."""
        reason = reason.strip()
        log(instance=self, action=action, user=approver, revision=revision, data={"kind": kind, "reason": reason})
        return Approval.objects.create(
            content_type=self.get_base_content_type(),
            object_id=str(self.pk),
            revision=revision,
            digest=digest_of(revision.content),
            kind=kind,
            authors=authors,
            approver=approver,
            reason=reason,
        )

    @property
    def oversight(self) -> str:
        """What readers are told of how the live version was let through; empty where two people have seen it."""
        approval = Approval.objects.of(self).first()
        return ONE_PERSON.get(approval.kind, "") if approval else ""

    @property
    def owed_look(self) -> Approval | None:
        """The emergency publication, or withdrawal, that nobody else has looked at yet."""
        approval = Approval.objects.of(self).first()
        return approval if approval and approval.kind == ApprovalKind.EMERGENCY else None

    @property
    def owed_authors(self) -> set[int]:
        """The ids of those who can't take the second look: who wrote or published what nobody else has seen yet."""
        authors = set()
        for approval in Approval.objects.of(self):
            if approval.kind != ApprovalKind.EMERGENCY:
                break
            authors |= {*approval.authors, approval.approver_id}
        return authors

    @transaction.atomic
    def confirm(self, *, owed: Approval, user, reason: str = "") -> Approval:
        """Take the second look at an emergency publication and find it right.

        `owed` is the one that was looked at. Raises Refused if there is a newer one, and for the authors.
        """
        self.lock_row()
        self.refuse_second_look(owed=owed, user=user)
        return self.write_approval(
            revision=owed.revision,
            kind=ApprovalKind.REVIEWED,
            authors=sorted(self.owed_authors),
            approver=user,
            reason=reason,
            action="review.confirm",
        )

    @transaction.atomic
    def revert(self, *, owed: Approval, user, reason: str = "") -> None:
        """Take the second look at an emergency publication and bring back what was live before.

        `owed` is the one that was looked at; newer drafts stay in the history. Raises Refused if there is a newer one,
        for the authors of either version, and where there was nothing before.
        """
        self.lock_row()
        self.refuse_second_look(owed=owed, user=user)
        before = self.seen_approval
        if before is None:
            raise Refused(_("There is no earlier version; withdraw it instead."), code="first")
        if user.pk in before.authors:
            raise Refused(_("You wrote the earlier version; someone else must bring it back."), code="author")
        revision = before.revision.as_object().save_revision(user=user, previous_revision=before.revision)
        self.write_approval(
            revision=revision,
            kind=ApprovalKind.REVIEWED,
            authors=before.authors,
            approver=user,
            reason=reason,
            action="review.revert",
        )
        revision.publish(user=user, skip_permission_checks=True)

    @property
    def seen_approval(self) -> Approval | None:
        """The approval of what was live last and not published by one person alone; None if nothing was."""
        seen = Approval.objects.of(self).exclude(kind=ApprovalKind.EMERGENCY)
        return seen.filter(revision__in=self.find_published_revisions()).first()

    def refuse_second_look(self, *, owed: Approval, user) -> None:
        """Raise Refused unless this emergency publication is the newest, and this person may decide about it."""
        newest = self.owed_look
        if newest is None:
            raise Refused(_("No second look is owed here any more."), code="decided")
        if newest != owed:
            raise Refused(_("It was published again meanwhile. This is how it stands now."), code="newer")
        if user.pk in self.owed_authors:
            raise Refused(_("You wrote or published this version; the second look is another person's."), code="author")

    def publish_approved(self, *, user) -> None:
        """Publish the newest version, which was approved last. Raises Refused if it was not."""
        self.refresh_from_db(fields=["latest_revision"])
        approval = Approval.objects.of(self).first()
        if approval is None or approval.revision_id != self.latest_revision_id:
            raise Refused(_("This version has not been approved: submit it for review."), code="unapproved")
        # The approval is the right to publish: nobody has Wagtail's publish permission.
        self.publish(approval.revision, user=user, skip_permission_checks=True)

    def refuse_unapproved(self, revision) -> None:
        """Raise Refused unless the last approval of this object is for this revision as it is now."""
        approval = Approval.objects.of(self).first()
        if approval is None or approval.revision_id != revision.pk:
            raise Refused(_("This version has not been approved: submit it for review."), code="unapproved")
        if approval.digest != digest_of(revision.content):
            raise Refused(_("This version was changed after it was approved: submit it again."), code="unapproved")
        if self.was_published(revision):
            raise Refused(_("This version has been published already."), code="published")

    def was_published(self, revision) -> bool:
        """Whether a revision went live once."""
        return self.find_published_revisions().filter(revision_id=revision.pk).exists()

    @property
    def last_published(self):
        """The revision that went live last, or withdrew the object; None before the first."""
        return self.revisions.filter(pk__in=self.find_published_revisions()).order_by("pk").last()

    def find_published_revisions(self):
        """The keys of the revisions that went live, by the log."""
        return log_registry.get_logs_for_instance(self).filter(action__in=WENT_LIVE).values("revision_id")

    def find_authors(self, revision) -> list[int]:
        """The ids of those who wrote or submitted any part of a revision since the last publication or withdrawal.

        Whoever saved a version that says the same as the one before has written nothing.
        """
        last = self.last_published
        since, said = (last.pk, digest_of(last.content)) if last else (0, None)
        authors = set()
        for saved in self.revisions.filter(pk__gt=since, pk__lte=revision.pk).order_by("pk"):
            digest = digest_of(saved.content)
            if digest != said:
                authors.add(saved.user_id)
            said = digest
        submissions = log_registry.get_logs_for_instance(self).filter(
            action__in=["wagtail.workflow.start", "wagtail.workflow.resume"], revision_id__gt=since
        )
        authors.update(submissions.values_list("user_id", flat=True))
        return sorted(authors - {None})

    def name_differences(self, old, new) -> list[str]:
        """The names of the values and lists that differ between two revisions, as forms call them."""
        before, after = old.content, new.content
        names = []
        for name in sorted(before.keys() | after.keys() - BOOKKEEPING, key=list(after).index):
            if name not in BOOKKEEPING and without_keys(before.get(name)) != without_keys(after.get(name)):
                names.append(str(self.words_for(name)))
        return names

    def words_for(self, name: str):
        """What forms call a value or a list."""
        attribute = getattr(type(self), name, None)
        if isinstance(attribute, BilingualField):
            return attribute.verbose_name
        field = self._meta.get_field(name)
        return field.related_model._meta.verbose_name_plural if field.one_to_many else field.verbose_name

    def unpublish(self, set_expired=False, commit=True, user=None, log_action=True):
        """Refuse: what is live is withdrawn by a version that says so, and that another person approves."""
        raise Refused(_("Withdrawing takes two people: give the reason in the form and submit it for review."))

    def save_revision(self, *args, overwrite_revision=None, **kwargs):
        """Save a version. One that a review, an approval or a schedule points at is kept, and a new one is made."""
        if overwrite_revision and (
            overwrite_revision.task_states.exists()
            or overwrite_revision.approvals.exists()
            or overwrite_revision.approved_go_live_at
        ):
            overwrite_revision = None
        return super().save_revision(*args, overwrite_revision=overwrite_revision, **kwargs)

    def get_lock(self):
        """Nobody is locked out by a schedule: a new version goes through a review, and takes its place then."""
        lock = super().get_lock()
        return None if isinstance(lock, ScheduledForPublishLock) else lock

    def lock_row(self) -> None:
        """Hold the object's row until the transaction ends: whoever decides about it at the same time waits.

        The listing index first, which a publication changes: in one order for all, nobody waits in a circle.
        """
        ListingVersion.hold()
        type(self)._base_manager.select_for_update(of=("self",)).filter(pk=self.pk).values("pk").first()

    def record_publication(self, *, action: PublicationAction, user) -> None:
        """Keep what the public sees from now on. Entries and terms override it; pages have Wagtail's own log."""


class PublishedDocument(Published):
    """An object of the catalog whose public document is kept at every publication."""

    uid = models.UUIDField(_("permanent id"), default=uuid.uuid4, unique=True, editable=False)
    merged_into = models.ForeignKey(
        "self",
        verbose_name=_("merged into"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="merged",
        help_text=_("Its address leads there for ever once this version is approved."),
    )

    class Meta:
        abstract = True

    def clean(self) -> None:
        super().clean()
        target = self.merged_into
        if target and (target.pk == self.pk or target.merged_into_id):
            raise ValidationError({"merged_into": _("Choose another entry, and one that has not been merged itself.")})
        if target and not target.live:
            raise ValidationError({"merged_into": _("Choose an entry that is live: readers are led there.")})

    @property
    def is_withdrawal(self) -> bool:
        return super().is_withdrawal or self.merged_into_id is not None

    def name_action(self, *, before: Published) -> PublicationAction:
        return PublicationAction.MERGED if self.merged_into_id else super().name_action(before=before)

    def describe_withdrawal(self) -> dict:
        target = self.merged_into
        into = {"into": {"en": target.name_en, "zh": target.name_zh}} if target else {}
        return {**super().describe_withdrawal(), **into}

    def public_document(self) -> dict:
        """Everything the public sees of this object (shape: `catalog.models.document`)."""
        raise TypeError(f"{type(self).__name__} must say what its public document is.")

    def record_publication(self, *, action: PublicationAction, user) -> None:
        """Write a `Publication` with a `Change` for each value that differs from the one before."""
        last = Publication.objects.of(self.uid).first()
        document = self.public_document()
        if self.merged_into:
            # Kept here: a draft may empty it in the row.
            document["merged_into"] = str(self.merged_into.uid)
        approval = Approval.objects.of(self).select_related("approver").first()
        publication = Publication.objects.create(
            entry=self.uid,
            kind=self.kind,
            slug=self.slug,
            sequence=(Publication.objects.of(self.uid).aggregate(last=Max("sequence"))["last"] or 0) + 1,
            action=action,
            document=document,
            reason={"en": self.withdrawal_en, "zh": self.withdrawal_zh} if not self.live else None,
            # The clock publishes without a user: then it was whoever approved it for that time.
            actor=user if user and user.pk else approval.approver,
            authors=approval.authors,
            recited=recited_paths(old=last.document, new=document) if last else [],
        )
        if self.live:
            Change.objects.bulk_create(
                Change(publication=publication, path=path, old=old, new=new)
                for path, old, new in differences(old=last and last.document, new=document)
            )
        publication_recorded.send(sender=type(self), publication=publication, entry=self)


def clean_with_children(instance: models.Model) -> None:
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
