"""Notices: who is told what about a version. Their rows are also the queue of mail to send.

Notices are written in the transaction of the event that they report, so that one never exists without the other.
"""

import re
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _
from wagtail.admin.admin_url_finder import AdminURLFinder
from wagtail.admin.utils import get_user_display_name
from wagtail.models import CommentReply, PageSubscription

from catalog.editing.differences import compare
from catalog.models import Approval, ApprovalKind
from catalog.publishing.authorship import find_authors
from catalog.publishing.effects import Approved, Event
from editorial.review.emergency import find_owed_looks, second_look_due
from editorial.review.roles import find_reviewers

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise


class NoticeKind(models.TextChoices):
    """The events that people are told about."""

    SUBMITTED = "submitted", _("Submitted for review")
    CHANGES_REQUESTED = "changes-requested", _("Changes requested")
    APPROVED = "approved", _("Approved")
    SECOND_LOOK = "second-look", _("Second look owed")
    MENTIONED = "mentioned", _("Mentioned")
    ROLES = "roles", _("Roles changed")
    PASSWORD_LINK = "password-link", _("Link to set a password")
    SIGN_IN = "sign-in", _("How you sign in")


# Nobody chooses whether to get these.
ALWAYS_SENT = {NoticeKind.ROLES, NoticeKind.PASSWORD_LINK, NoticeKind.SIGN_IN}


def list_notice_kinds() -> list[str]:
    return list(NoticeKind.values)


class NoticeChoice(models.Model):
    """Which kinds of notices a person wants, and where. People who have chosen nothing get all of them."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notice_choice")
    in_admin = models.JSONField(_("in the admin"), default=list_notice_kinds)
    by_mail = models.JSONField(_("by e-mail"), default=list_notice_kinds)

    class Meta:
        verbose_name = _("choice of notices")
        verbose_name_plural = _("choices of notices")

    def __str__(self) -> str:
        return str(self.user)

    @classmethod
    def of(cls, user) -> "NoticeChoice":
        """Return what a person has chosen, or the default."""
        return cls.objects.filter(user=user).first() or cls(user=user)


class NoticeQuerySet(models.QuerySet):
    def shown_to(self, user) -> "NoticeQuerySet":
        """Return the notices that a person sees in the admin, newest first."""
        return self.filter(recipient=user, in_admin=True).order_by("-pk").select_related("actor")

    def unsent(self) -> "NoticeQuerySet":
        """Return the notices that must be mailed, oldest first."""
        return self.filter(by_mail=True, mailed_at=None).order_by("pk")


class Notice(models.Model):
    """One event that one person is told about."""

    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(_("kind"), max_length=20, choices=NoticeKind)
    content_type = models.ForeignKey(ContentType, on_delete=models.PROTECT, related_name="+")
    object_id = models.CharField(max_length=255)
    record = GenericForeignKey()
    # Empty for a comment on a page that has no saved version yet.
    revision = models.ForeignKey("wagtailcore.Revision", null=True, on_delete=models.CASCADE, related_name="+")
    # The version that was live then, with which `changes` compares.
    live_revision = models.ForeignKey("wagtailcore.Revision", null=True, on_delete=models.SET_NULL, related_name="+")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    text = models.TextField(_("comment"), blank=True)
    is_reminder = models.BooleanField(_("reminder"), default=False)
    at = models.DateTimeField(_("time"), auto_now_add=True)
    in_admin = models.BooleanField(_("in the admin"))
    seen_at = models.DateTimeField(_("read"), null=True)
    by_mail = models.BooleanField(_("by e-mail"))
    # Other processes must not send it before this time; see `editorial.review.mail`.
    not_before = models.DateTimeField(_("not sent before"), default=timezone.now)
    mailed_at = models.DateTimeField(_("sent"), null=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        indexes = [
            models.Index(fields=["recipient", "seen_at"], name="notice_unseen"),
            models.Index(fields=["not_before"], condition=models.Q(by_mail=True, mailed_at=None), name="notice_unsent"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.record}"

    @property
    def title(self) -> "StrPromise | str":
        """What happened, in one sentence."""
        words = {
            "who": get_user_display_name(self.actor) if self.actor else _("Someone"),
            "what": self.record,
        }
        match self.kind:
            case NoticeKind.SUBMITTED:
                return _("%(who)s submits “%(what)s” for review") % words
            case NoticeKind.CHANGES_REQUESTED if not self.text:
                return _("%(who)s took “%(what)s” out of review; your version is in its history") % words
            case NoticeKind.CHANGES_REQUESTED:
                return _("%(who)s sends “%(what)s” back") % words
            case NoticeKind.APPROVED:
                return _("%(who)s approves “%(what)s”") % words
            case NoticeKind.SECOND_LOOK if self.is_reminder:
                return _("“%(what)s” has been waiting for a second look for two working days") % words
            case NoticeKind.SECOND_LOOK:
                return _("%(who)s published “%(what)s” alone: a second look is owed") % words
            case NoticeKind.ROLES:
                return _("%(who)s changed the roles of “%(what)s”") % words
            case NoticeKind.PASSWORD_LINK:
                return _("Set your password")
            case NoticeKind.SIGN_IN:
                return _("How you sign in has changed; if it was not you, tell an administrator")
        return _("%(who)s writes to you about “%(what)s”") % words

    @property
    def address(self) -> str:
        """The address of the screen on which the recipient acts."""
        screens: dict[str, str] = {NoticeKind.SECOND_LOOK: "second_look", NoticeKind.SUBMITTED: "changes"}
        if screen := screens.get(self.kind):
            return reverse(f"review:{screen}", args=(self.content_type_id, self.object_id))
        if self.kind == NoticeKind.ROLES:
            # Leads don't open accounts; the list of notices says what changed.
            return reverse("review:notices")
        if self.kind == NoticeKind.SIGN_IN:
            return reverse("mfa_index")
        return AdminURLFinder().get_edit_url(self.record)

    @property
    def changes(self) -> list[str]:
        """The changes compared with the version that was live before, one line for each value; empty if none was."""
        if self.revision is None or self.live_revision is None:
            return []
        changes = compare(old=self.live_revision.as_object(), new=self.revision.as_object()).values()
        return [f"{change.label}: {cut_value(change.old)} → {cut_value(change.new)}" for change in changes]


def cut_value(text: str) -> str:
    """Return a value for a mail, cut if it is long."""
    return Truncator(text).chars(200) or "–"


def tell(
    *, kind: NoticeKind, to, record, revision, live_revision, actor, text: str = "", is_reminder: bool = False
) -> None:
    """Write a notice for each of these people, as they have chosen, and for people whom the text mentions."""
    told: set[models.Model] = set()
    for who, about in ((set(to), kind), (find_mentioned(text, record), NoticeKind.MENTIONED)):
        notices = []
        choices = {choice.user_id: choice for choice in NoticeChoice.objects.filter(user__in=who)}
        for person in sorted(who - told - {actor}, key=lambda person: person.pk):
            choice = choices.get(person.pk) or NoticeChoice()
            in_admin, by_mail = about in choice.in_admin, about in choice.by_mail and bool(person.email)
            if person.is_active and (in_admin or by_mail):
                notices.append(
                    Notice(
                        recipient=person,
                        kind=about,
                        content_type=ContentType.objects.get_for_model(record),
                        object_id=str(record.pk),
                        revision=revision,
                        live_revision=live_revision,
                        actor=actor,
                        text=text,
                        is_reminder=is_reminder,
                        in_admin=in_admin,
                        by_mail=by_mail,
                    )
                )
        told.update(notice.recipient for notice in Notice.objects.bulk_create(notices))


def tell_of_account(*, kind: NoticeKind, to, account, actor, text: str = "") -> None:
    """Write a notice about an account for each of these people, whatever they have chosen."""
    Notice.objects.bulk_create(
        Notice(
            recipient=person,
            kind=kind,
            content_type=ContentType.objects.get_for_model(account),
            object_id=str(account.pk),
            actor=actor,
            text=text,
            in_admin=kind != NoticeKind.PASSWORD_LINK,
            by_mail=bool(person.email),
        )
        for person in to
    )


def find_people(ids) -> models.QuerySet:
    return get_user_model().objects.filter(pk__in=ids)


def find_mentioned(text: str, record) -> set:
    """Return the people whom a text mentions as @username, if they may open the entry or page in the admin."""
    if "@" not in text:
        return set()
    people = {
        person.get_username().casefold(): person
        for person in get_user_model().objects.with_perm("wagtailadmin.access_admin")
    }
    # Chinese has no space after a name, so only the list of existing names tells where a name ends.
    names = "|".join(re.escape(name) for name in sorted(people, key=len, reverse=True))
    if not people:
        return set()
    found = re.findall(rf"(?<![a-z0-9_.+-])@({names})(?![a-z0-9_]|[.@+-][a-z0-9_])", text.casefold())
    return {people[name] for name in found if AdminURLFinder(people[name]).get_edit_url(record)}


# Who is told about which event ------------------------------------------------------------------------------------


def tell_submitted(*, record, revision, user) -> None:
    """Tell those who may decide about a version that it is waiting for them."""
    authors = {*find_authors(record=record, revision=revision), user and user.pk} - {None}
    tell(
        kind=NoticeKind.SUBMITTED,
        to=find_reviewers(besides=authors),
        record=record,
        revision=revision,
        live_revision=record.live_revision,
        actor=user,
    )


def mark_submission_read(record) -> None:
    """Mark notices of a submission as read, because nobody has to decide about it any more."""
    told = Notice.objects.filter(content_type=ContentType.objects.get_for_model(record), object_id=str(record.pk))
    told.filter(kind=NoticeKind.SUBMITTED, seen_at=None).update(seen_at=timezone.now())


def tell_sent_back(*, record, revision, user, comment: str) -> None:
    """Tell the authors of a version that it needs changes."""
    mark_submission_read(record)
    tell(
        kind=NoticeKind.CHANGES_REQUESTED,
        to=find_people(find_authors(record=record, revision=revision)),
        record=record,
        revision=revision,
        live_revision=record.live_revision,
        actor=user,
        text=comment,
    )


def tell_taken_out(*, instance, user=None, **kwargs) -> None:
    """Tell the authors of a version that somebody else ended its review (receiver of `workflow_cancelled`)."""
    state = instance.current_task_state
    record = getattr(instance.content_object, "specific", instance.content_object)
    mark_submission_read(record)
    tell(
        kind=NoticeKind.CHANGES_REQUESTED,
        to=find_people([*state.specific.authors.values_list("pk", flat=True), instance.requested_by_id]),
        record=record,
        revision=state.revision,
        live_revision=record.live_revision,
        actor=user,
    )


def create_notices(event: Event) -> None:
    """Tell people about an event. This fills the slot `notices` of `catalog.publishing.effects`."""
    if isinstance(event, Approved):
        tell_approved(event.approval)


def tell_approved(approval: Approval) -> None:
    """Tell the people concerned about an approval."""
    if approval.kind not in (ApprovalKind.REVIEWED, ApprovalKind.EMERGENCY):
        return
    record = approval.revision.content_object
    what = {
        "record": record,
        "revision": approval.revision,
        "live_revision": record.live_revision,
        "actor": approval.approver,
        "text": approval.reason,
    }
    if approval.kind == ApprovalKind.EMERGENCY:
        tell(
            kind=NoticeKind.SECOND_LOOK,
            to=find_reviewers(besides={*approval.authors, approval.approver_id}),
            **what,
        )
        return
    mark_submission_read(record)
    earlier = Approval.objects.of(record).filter(pk__lt=approval.pk)
    owed, before = earlier.first(), earlier.exclude(kind=ApprovalKind.EMERGENCY).first()
    if owed and before and owed.kind == ApprovalKind.EMERGENCY and before.digest == approval.digest:
        # The second look brought back the version from before the emergency, and sets aside drafts based on the
        # emergency.
        authors = find_authors(record=record, revision=approval.revision)
        people = find_people({*owed.authors, owed.approver_id, *authors})
        tell(kind=NoticeKind.CHANGES_REQUESTED, to=people, **what)
    else:
        tell(kind=NoticeKind.APPROVED, to=find_people(approval.authors), **what)


def follow_comment(*, instance, created: bool, **kwargs) -> None:
    """Tell people about a page comment that mentions them or is in a thread they follow (receiver of `post_save`)."""
    if not created:
        return
    comment = instance.comment if isinstance(instance, CommentReply) else instance
    page = comment.page.specific
    following = PageSubscription.objects.filter(page=page, comment_notifications=True).values("user_id")
    people = set(get_user_model().objects.filter(pk__in=following))
    if comment is not instance:
        people |= {comment.user, *(reply.user for reply in comment.replies.select_related("user").all())}
    tell(
        kind=NoticeKind.MENTIONED,
        to=people,
        record=page,
        revision=page.latest_revision,
        live_revision=page.live_revision,
        actor=instance.user,
        text=instance.text,
    )


def remind_of_second_looks() -> None:
    """Remind people, once, of second looks that have been owed for two working days."""
    for record, owed in find_owed_looks():
        if timezone.now() < second_look_due(owed):
            continue
        with transaction.atomic():
            # Meanwhile another process may have sent the reminder, or somebody may have taken the look.
            record.lock_row()
            current = record.owed_look
            reminded = Notice.objects.filter(revision=owed.revision, is_reminder=True).exists()
            if reminded or current is None or current.pk != owed.pk:
                continue
            before = Approval.objects.of(record).filter(pk__lt=owed.pk).first()
            tell(
                kind=NoticeKind.SECOND_LOOK,
                to=find_reviewers(besides={*owed.authors, owed.approver_id}),
                record=record,
                revision=owed.revision,
                live_revision=before and before.revision,
                actor=owed.approver,
                text=owed.reason,
                is_reminder=True,
            )


def silence_wagtail(*, instance, **kwargs) -> None:
    """Switch Wagtail's own mail off (receiver of `pre_save`).

    People would get everything twice, and Wagtail sends within the request.
    """
    for name in ("submitted", "approved", "rejected", "updated_comments"):
        setattr(instance, f"{name}_notifications", False)
