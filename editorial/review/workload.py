"""How much checking a landscape asks for: a simulated year of a desk that does so many checks each workday.

The desk has 200 entries, in the shares of the landscape that ships, with the registry's intervals and the spread of
due dates that real entries have. It starts with nothing checked, and for a year catches up and settles; the year after
that is measured. Each workday, Monday to Friday, it checks the most urgent of what is due, in the order of the queue:
the days that it has been overdue, or has left, as a share of its interval. There are no public holidays, nobody is
ill, no entry is closed or retired, nothing depends on one entry more than on another, and no edit, source or reader
asks for a check before its time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from uuid import NAMESPACE_URL, uuid5

from catalog.models.field_groups import FIELD_GROUPS, INTERVALS
from catalog.models.kinds import EntryKind
from catalog.models.verification import Verification

# 200 entries.
MIX = {EntryKind.MODEL: 100, EntryKind.ORGANIZATION: 66, EntryKind.PRODUCT: 34}
MOST_OVERDUE = 3
YEAR = 365
# Any moment: what counts are the days from a check until it is due.
CHECKED = datetime(2026, 1, 5, tzinfo=UTC)
WORKDAYS = 5


@dataclass
class Task:
    """One field group of one entry: how many days after a check it is due and overdue, and the days of the next."""

    interval: int
    due_after: int
    overdue_after: int
    due: int = 0
    overdue: int = 0

    def check(self, day: int) -> None:
        self.due, self.overdue = day + self.due_after, day + self.overdue_after

    def urgency(self, day: int) -> float:
        """As `editorial.review.queue` has it."""
        return (day - self.overdue + 1) / self.interval


def list_tasks() -> Iterator[Task]:
    """The field groups of the entries, none of them checked yet; the same each time."""
    for kind, number in MIX.items():
        for entry in range(number):
            uid = uuid5(NAMESPACE_URL, f"{kind}/{entry}")
            for group in FIELD_GROUPS[kind]:
                verification = Verification(entry=uid, group=group, interval=INTERVALS[group], checked_at=CHECKED)
                verification.set_dates()
                due, overdue = verification.due_on - CHECKED.date(), verification.overdue_on - CHECKED.date()
                yield Task(INTERVALS[group], due_after=due.days, overdue_after=overdue.days)


def simulate(*, checks_a_day: int) -> int:
    """How many days overdue the worst field group is at the end of any day of the measured year."""
    tasks = list(list_tasks())
    worst = 0
    for day in range(2 * YEAR):
        if day % 7 < WORKDAYS:
            due = [task for task in tasks if task.due <= day]
            due.sort(key=lambda task: task.urgency(day), reverse=True)
            for task in due[:checks_a_day]:
                task.check(day)
        if day >= YEAR:
            worst = max(worst, day - min(task.overdue for task in tasks))
    return worst


def find_checks_a_day() -> int:
    """The smallest number of checks each workday that leaves no field group more than `MOST_OVERDUE` days overdue."""
    return next(number for number in count(1) if simulate(checks_a_day=number) <= MOST_OVERDUE)
