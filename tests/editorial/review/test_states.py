"""Random days in the newsroom: whatever people do in any order, somebody else has approved what is live."""

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from catalog.models import Approval, ApprovalKind, ListingEntry, Organization, Publication, Refused
from catalog.models.approval import digest_of
from catalog.publishing.approval import approve
from catalog.publishing.second_look import confirm, revert
from editorial.review.emergency import publish_in_emergency
from editorial.review.roles import Role
from tests.editorial.accounts.test_users import ids_of, make_user, roles_of, send_form, sign_in

TEAM = {
    "ann": "Contributor",
    "ben": "Editor",
    "cid": "Reviewer",
    "dan": "Reviewer",
    "eva": "Lead",
    "fay": "Lead",
    "gil": "Administrator",
    "boss": None,
}
EVERYBODY = st.sampled_from(sorted(TEAM))
ROLES = st.sampled_from(Role.values)
DECIDERS = ("Reviewer", "Lead")
TEXTS = st.sampled_from(["", "One.", "Two."])


@dataclass(frozen=True)
class Said:
    """The content of a version, as far as this test changes it."""

    summary: str = ""
    withdrawal: str = ""
    go_live_at: datetime | None = None


@dataclass
class Decision:
    """The expected content of the last approval."""

    version: int
    kind: ApprovalKind
    authors: set[str]
    approver: str


class NewsroomMachine(RuleBasedStateMachine):
    """One organization, eight people, and a simple model of what their actions should lead to.

    Versions are known by their number: `said` has the content of each, and `writers` the person who saved it.
    """

    def __init__(self):
        super().__init__()
        self.stack = ExitStack()
        self.stack.enter_context(transaction.atomic())
        self.stack.callback(lambda: transaction.set_rollback(True))
        self.clock = self.stack.enter_context(time_machine.travel(timezone.now()))
        self.people, self.roles = {}, dict(TEAM)
        for name, role in TEAM.items():
            self.people[name] = make_user(name, *([role] if role else []), is_superuser=role is None)
        self.said: dict[int, Said] = {}
        self.writers: dict[int, str] = {}
        self.submissions: list[tuple[int, str]] = []
        # Versions that a review or an approval refers to.
        self.kept: set[int] = set()
        self.published: list[int] = []
        self.shown: int | None = None
        self.scheduled: int | None = None
        self.in_review: Said | None = None
        # The people who wrote or submitted the version in review.
        self.party: set[str] = set()
        self.sent_back = False
        self.decisions: list[Decision] = []

    def teardown(self):
        self.stack.close()

    # The model ------------------------------------------------------------------------------------------------

    @property
    def latest(self) -> int:
        return max(self.said)

    @property
    def owed(self) -> list[Decision]:
        """The emergency publications without a second look, newest first."""
        owed = []
        for decision in reversed(self.decisions):
            if decision.kind != ApprovalKind.EMERGENCY:
                break
            owed.append(decision)
        return owed

    @property
    def parties(self) -> set[str]:
        """The people who can't take the second look."""
        return {name for decision in self.owed for name in (*decision.authors, decision.approver)}

    def authors(self) -> set[str]:
        """Return who wrote or submitted anything since the last publication, or wrote earlier what returns."""
        since = self.published[-1] if self.published else 0
        authors, before = {name for version, name in self.submissions if version > since}, self.said.get(since)
        for version in sorted(version for version in self.said if version > since):
            if self.said[version] != before:
                authors.add(self.writers[version])
            before = self.said[version]
        return (authors | self.restored_authors(since)) - {"nobody"}

    def restored_authors(self, since: int) -> set[str]:
        """Return who wrote, before the version `since` went live, what the newest version says and that one did not."""
        authors = set()
        for words in ("summary", "withdrawal") if since else ():
            said = {version: getattr(self.said[version], words) for version in sorted(self.said)}
            if said[self.latest] in ("", said[since]):
                continue
            earlier = [version for version in said if version < since]
            for before, version in zip([None, *earlier], earlier, strict=False):
                if said[version] == said[self.latest] and (before is None or said[before] != said[version]):
                    authors.add(self.writers[version])
        return authors

    def decide(self, *, version: int, kind: ApprovalKind, authors: set[str], approver: str) -> None:
        """Note an approval and its immediate effect."""
        self.decisions.append(Decision(version, kind, authors, approver))
        self.kept.add(version)
        if self.waits(version):
            self.scheduled = version
        else:
            self.go_live(version)

    def waits(self, version: int) -> bool:
        date = self.said[version].go_live_at
        return date is not None and date > timezone.now()

    def go_live(self, version: int) -> None:
        self.published.append(version)
        self.scheduled = None
        self.shown = None if self.said[version].withdrawal else version
        self.in_review, self.sent_back = None, False

    # The actions of people ------------------------------------------------------------------------------------

    @property
    def record(self) -> Organization:
        return Organization.objects.get()

    def save(self, name: str, *, overwrite: bool = False, **values) -> None:
        """Save a version; autosave replaces the newest one where it may."""
        draft = self.record.get_latest_revision_as_object()
        said = self.said[self.latest]
        said = Said(**{**vars(said), **values})
        draft.summary_en, draft.go_live_at = said.summary, said.go_live_at
        draft.withdrawal_en = draft.withdrawal_zh = said.withdrawal
        options = {"overwrite_revision": self.record.get_latest_revision()} if overwrite else {}
        saved = draft.save_revision(user=self.people[name], **options)
        if overwrite:
            assert (saved.pk == self.latest) == (self.latest not in self.kept)
        self.said[saved.pk], self.writers[saved.pk] = said, name

    @initialize()
    def create(self):
        organization = Organization(slug="acme", name_en="Acme", name_zh="艾克米", type="company", live=False)
        organization.save()
        revision = organization.save_revision()
        self.said[revision.pk], self.writers[revision.pk] = Said(), "nobody"
        approve(record=organization, revision=revision, kind=ApprovalKind.SHIPPED)
        revision.publish()
        self.decide(version=revision.pk, kind=ApprovalKind.SHIPPED, authors=set(), approver="")

    @rule(name=EVERYBODY, text=TEXTS)
    def edit(self, name, text):
        self.save(name, summary=text)

    @rule(text=TEXTS)
    def autosave(self, text):
        """Wagtail lets only the person who saved the newest version continue in it."""
        name = self.writers[self.latest]
        if name in self.people:
            self.save(name, overwrite=True, summary=text)

    @rule(name=EVERYBODY, days=st.sampled_from([None, 1, 3]))
    def set_date(self, name, days):
        self.save(name, go_live_at=days and timezone.now() + timedelta(days=days))

    @rule(name=EVERYBODY)
    def ask_for_withdrawal(self, name):
        self.save(name, withdrawal="It was wrong.")

    @precondition(lambda self: self.said[self.latest].withdrawal)
    @rule(name=EVERYBODY)
    def ask_for_restoration(self, name):
        self.save(name, withdrawal="")

    @precondition(lambda self: self.in_review is None)
    @rule(name=EVERYBODY)
    def submit(self, name):
        record, user = self.record, self.people[name]
        resume = self.sent_back and record.current_workflow_state.resume
        if self.attempt(
            self.latest not in self.published and self.roles[name] not in ("Contributor", "Administrator"),
            lambda: resume(user=user) if resume else record.get_workflow().start(record, user),
        ):
            self.note_submission(name)

    @precondition(lambda self: self.in_review is not None)
    @rule(name=EVERYBODY)
    def resubmit(self, name):
        state = self.record.current_workflow_task_state.specific
        if self.attempt(
            self.roles[name] not in ("Contributor", "Administrator"),
            lambda: state.task.specific.on_action(state, self.people[name], "resubmit"),
        ):
            self.note_submission(name)

    def note_submission(self, name):
        self.submissions.append((self.latest, name))
        self.party = {*self.authors(), self.record.current_workflow_state.requested_by.username}
        self.kept.add(self.latest)
        self.in_review, self.sent_back = self.said[self.latest], False

    @precondition(lambda self: self.in_review is not None)
    @rule(name=EVERYBODY)
    def approve(self, name):
        state = self.record.current_workflow_task_state.specific
        is_sanctioned = not self.said[self.latest].withdrawal or any(
            self.roles[it] == "Lead" for it in (*self.authors(), name)
        )
        allowed = (
            self.roles[name] in DECIDERS
            and name not in self.authors()
            and self.in_review == self.said[self.latest]
            and not self.owed
            and is_sanctioned
        )
        offered = [action for action, *_rest in state.task.specific.get_actions(self.record, self.people[name])]
        assert ("approve" in offered) == allowed
        if self.attempt(allowed, lambda: state.approve(user=self.people[name])):
            authors = self.authors()
            self.in_review = None
            self.decide(version=self.latest, kind=ApprovalKind.REVIEWED, authors=authors, approver=name)

    @precondition(lambda self: self.in_review is not None)
    @rule(name=EVERYBODY)
    def ask_for_changes(self, name):
        state = self.record.current_workflow_task_state.specific
        if self.attempt(self.roles[name] in DECIDERS, lambda: state.reject(user=self.people[name])):
            self.in_review, self.sent_back = None, True

    @precondition(lambda self: self.in_review is not None or self.sent_back)
    @rule(name=EVERYBODY)
    def take_back(self, name):
        allowed = self.sent_back or name in self.party
        if self.attempt(allowed, lambda: self.record.current_workflow_state.cancel(user=self.people[name])):
            self.in_review, self.sent_back = None, False

    @rule(name=EVERYBODY)
    def publish_in_emergency(self, name):
        allowed = self.roles[name] == "Lead" and self.latest not in self.published and not self.waits(self.latest)
        authors = self.authors()
        if self.attempt(
            allowed, lambda: publish_in_emergency(record=self.record, user=self.people[name], reason="It burns.")
        ):
            self.decide(version=self.latest, kind=ApprovalKind.EMERGENCY, authors=authors, approver=name)

    @precondition(lambda self: self.owed)
    @rule(name=EVERYBODY)
    def confirm(self, name):
        if self.roles[name] not in DECIDERS:
            # The screen lets nobody else in: `test_admin_walk.py`.
            return
        parties, version = self.parties, self.owed[0].version
        if self.attempt(name not in parties, lambda: self.decide_owed(confirm, name)):
            self.decisions.append(Decision(version, ApprovalKind.REVIEWED, parties, name))

    def decide_owed(self, decide, name: str):
        record = self.record
        return decide(record=record, owed=record.owed_look, user=self.people[name])

    @precondition(lambda self: self.owed)
    @rule(name=EVERYBODY)
    def bring_back(self, name):
        if self.roles[name] not in DECIDERS:
            return
        seen = [it for it in self.decisions if it.kind != ApprovalKind.EMERGENCY and it.version in self.published]
        before = seen[-1]
        allowed = name not in self.parties | before.authors
        if self.attempt(allowed, lambda: self.decide_owed(revert, name)):
            version = self.record.latest_revision_id
            self.said[version], self.writers[version] = self.said[before.version], name
            self.decide(version=version, kind=ApprovalKind.REVIEWED, authors=before.authors, approver=name)

    @rule()
    def wait(self):
        self.clock.shift(timedelta(days=2))
        call_command("publish_scheduled")
        if self.scheduled and self.said[self.scheduled].go_live_at < timezone.now():
            self.go_live(self.scheduled)

    @rule(name=EVERYBODY)
    def bypass_review(self, name):
        """Nothing goes live or offline without an approval, not even a version that was live before."""
        record = self.record
        for revision in record.revisions.exclude(pk=self.scheduled):
            self.attempt(False, lambda revision=revision: revision.publish(skip_permission_checks=True))
        self.attempt(False, lambda: record.unpublish(user=self.people[name]))

    @rule(
        name=st.sampled_from(["gil", "boss"]), whom=EVERYBODY, role=st.sampled_from(sorted(filter(None, TEAM.values())))
    )
    def change_account(self, name, whom, role):
        """Administrators and superusers send the form of an account, with all that could help themselves."""
        user, client = self.people[whom], sign_in(self.people[name])
        send_form(client, user, groups=ids_of(role), password1="chosen by another", password2="chosen by another")
        if name == "gil":
            send_form(client, user, groups=ids_of(role), is_superuser="on")
        if (name == "boss" or self.roles[name] == "Administrator") and whom not in (name, "boss"):
            self.roles[whom] = role
        user.refresh_from_db()
        assert roles_of(user) == {self.roles[whom]} - {None}
        assert user.is_superuser == (whom == "boss")
        assert not user.check_password("chosen by another")

    def attempt(self, allowed: bool, action) -> bool:
        """Do something. It must be refused exactly if the model of the test forbids it."""
        try:
            # All or nothing, as in a request.
            with transaction.atomic():
                action()
        except (Refused, PermissionDenied):
            if allowed:
                raise
            return False
        assert allowed, "It was to be refused."
        return True

    # Invariants -----------------------------------------------------------------------------------------------

    @invariant()
    def live_is_what_was_approved(self):
        record = self.record
        assert record.live == (self.shown is not None)
        assert record.live_revision_id == self.shown
        assert ListingEntry.objects.filter(entry=record.uid).exists() == record.live
        if record.live:
            digest = digest_of(record.serializable_data())
            assert Approval.objects.of(record).filter(revision=self.shown, digest=digest).exists()
            assert record.summary_en == self.said[self.shown].summary

    @invariant()
    def approvals_are_by_others(self):
        names = {user.pk: name for name, user in self.people.items()}
        found = [
            Decision(it.revision_id, it.kind, {names[pk] for pk in it.authors}, names.get(it.approver_id, ""))
            for it in Approval.objects.of(self.record).order_by("pk")
        ]
        assert found == self.decisions
        assert all(it.approver not in it.authors for it in found if it.kind == ApprovalKind.REVIEWED)

    @invariant()
    def each_approval_is_published_once(self):
        assert Publication.objects.of(self.record.uid).count() == len(self.published)
        scheduled = self.record.scheduled_revision
        assert (scheduled and scheduled.pk) == self.scheduled

    @invariant()
    def a_look_is_owed_until_another_decides(self):
        owed = self.record.owed_look
        assert (owed and owed.revision_id) == (self.owed[0].version if self.owed else None)


# Each example is a day of about thirty steps.
DAYS = settings(
    max_examples=max(10, settings.default.max_examples // 10),
    stateful_step_count=30,
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.hypothesis
@pytest.mark.django_db
def test_whatever_people_do_only_reviewed_content_is_live():
    run_state_machine_as_test(NewsroomMachine, settings=DAYS)
