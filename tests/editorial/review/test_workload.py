"""The editors' handbook names the number of checks a workday that the simulation finds."""

import itertools
import re
from datetime import timedelta
from io import StringIO
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from catalog.models import Verification
from catalog.models.field_groups import INTERVALS
from catalog.models.kinds import kind_of
from catalog.seed.landscape import CATALOG_FILES
from editorial.review.queue import find_queued
from editorial.review.workload import MIX, MOST_OVERDUE, Task, find_checks_a_day, list_tasks, simulate


@pytest.fixture(scope="module")
def number() -> int:
    return find_checks_a_day()


def test_one_check_less_a_workday_is_not_enough(number):
    assert simulate(checks_a_day=number) <= MOST_OVERDUE
    assert simulate(checks_a_day=number - 1) > MOST_OVERDUE


def test_the_handbook_names_the_number(number):
    handbook = (Path(settings.BASE_DIR) / "docs" / "editors.md").read_text()
    named = re.findall(r"\*\*(\d+) checks a workday\*\*", handbook)
    assert named == [str(number)]


def test_the_command_prints_the_number(number):
    out = StringIO()
    call_command("simulate_desk", stdout=out)
    assert f"{number} checks a workday keep every field group at most 3 days overdue." in out.getvalue()


def test_the_entries_are_mixed_like_those_that_ship():
    shipped = {}
    for kind in MIX:
        name = kind_of(kind).file
        files = [CATALOG_FILES / f"{name}.yaml", *(CATALOG_FILES / name).glob("*.yaml")]
        shipped[kind] = sum(len(re.findall(r"^- slug:", file.read_text(), re.M)) for file in files)
    assert sum(MIX.values()) == 200
    for kind, entries in MIX.items():
        share = 200 * shipped[kind] / sum(shipped.values())
        assert abs(entries - share) <= 5, (kind, share)


@pytest.mark.django_db
def test_it_works_in_the_order_of_the_queue():
    today = timezone.now().date()
    tasks = {}
    for number, (group, days) in enumerate(itertools.product(("pricing", "access", "profile"), (-20, -3, 0, 1, 5, 20))):
        interval, uid = INTERVALS[group], uuid4()
        tasks[uid] = Task(interval, 0, 0, overdue=100 - days)
        Verification.objects.create(
            **{"entry": uid, "object_id": number, "kind": "product", "group": group, "interval": interval},
            checked_at=timezone.now(),
            due_on=today - timedelta(days=30),
            overdue_on=today - timedelta(days=days),
            waiting_since=today - timedelta(days=days),
        )
    queue = [tasks[uid].urgency(100) for uid in find_queued(on=today).values_list("entry", flat=True)]
    assert queue == sorted(queue, reverse=True)
    assert len(queue) == 18


def test_the_simulation_is_deterministic():
    assert list(list_tasks()) == list(list_tasks())
    assert len(list(list_tasks())) == 100 * 3 + 66 * 2 + 34 * 3
