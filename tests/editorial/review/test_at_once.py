"""Several people or processes at the same instant: real threads, each with its own connection."""

import io
import threading

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import call_command
from django.db import connections
from wagtail.models import ModelLogEntry

from catalog.models import Approval, ListingEntry, Organization, Publication, Refused
from editorial.models import Notice, ReviewState
from tests.editorial.review.support import create, open_form, sign_in, url

# These tests commit, so they are in one file that runs last: they empty the tables for the tests after them.
pytestmark = pytest.mark.django_db(transaction=True)


def test_twenty_approvals_at_once_publish_once():
    assert create(sign_in("Editor"), Organization, action="submit").status_code == 302
    record = Organization.objects.get()
    state = record.current_workflow_task_state
    reviewers = [sign_in("Reviewer", f"reviewer{number}").user for number in range(20)]
    start, outcomes = threading.Barrier(20), []

    def approve(user):
        # Wait before taking a connection, because there are fewer connections than reviewers.
        start.wait(timeout=60)
        try:
            ReviewState.objects.get(pk=state.pk).approve(user=user)
            outcomes.append("approved")
        except (Refused, PermissionDenied, ValidationError) as refusal:
            outcomes.append(str(refusal))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=approve, args=(user,)) for user in reviewers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert outcomes.count("approved") == 1
    assert sum("has decided" in outcome for outcome in outcomes) == 19
    assert Approval.objects.of(record).count() == 1
    assert len(Publication.objects.of(record.uid)) == 1
    assert ListingEntry.objects.filter(entry=record.uid).count() == 1
    published = ModelLogEntry.objects.filter(object_id=str(record.pk), action="wagtail.publish")
    assert published.count() == 1


def test_two_senders_at_once_send_once(mail_server):
    for number in range(12):
        sign_in("Reviewer", f"reviewer{number}")
    assert create(sign_in("Editor"), Organization, action="submit").status_code == 302
    start = threading.Barrier(2)

    def run():
        try:
            start.wait(timeout=30)
            call_command("send_notices", stdout=io.StringIO())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(mail_server.taken) == 12
    assert len({tuple(to) for to, _message in mail_server.taken}) == 12
    assert not Notice.objects.filter(mailed_at=None).exists()


def test_one_of_two_simultaneous_saves_is_refused():
    people = [sign_in("Editor", name) for name in ("ann", "ben")]
    create(people[0], Organization)
    record = Organization.objects.get()
    address = url(record, "edit")
    opened = [open_form(client, address) for client in people]
    barrier, answers = threading.Barrier(2), []

    def save(client, values):
        barrier.wait()
        answers.append(client.post(address, {**values, "summary_en": f"By {client.user.username}"}).status_code)
        connections.close_all()

    threads = [threading.Thread(target=save, args=pair) for pair in zip(people, opened, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, 302]
