"""How much checking a landscape needs: a simulated desk that does a fixed number of checks each workday.

The desk has 200 entries, mixed like the landscape that ships, with the registry's intervals and the due dates spread as
for real entries. At the start nothing is checked. The first year is for catching up and settling; the second year is
measured. Each workday, Monday to Friday, the desk checks the most urgent of the due groups, in the order of the queue:
days overdue, or days left, divided by the interval. There are no public holidays and no sick days, no entry is closed
or retired, no entry has more dependents than another, and no edit, source or reader causes an early check.
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
# Any moment will do: only the days from a check until it is due matter.
LOAD_CHECKED_AT = datetime(2026, 1, 5, tzinfo=UTC)
WORKDAYS = 5


@dataclass
class Task:
    """One field group of one entry.

    `due_after` and `overdue_after` are days since a check; `due` and `overdue` are days of the simulation.
    """

    interval: int
    due_after: int
    overdue_after: int
    due: int = 0
    overdue: int = 0

    def check(self, day: int) -> None:
        self.due, self.overdue = day + self.due_after, day + self.overdue_after

    def urgency(self, day: int) -> float:
        """Return the urgency, as in `editorial.review.queue`."""
        return (day - self.overdue + 1) / self.interval


def list_tasks() -> Iterator[Task]:
    """Yield the field groups of the entries, all unchecked. The entries are the same in every run."""
    for kind, number in MIX.items():
        for entry in range(number):
            uid = uuid5(NAMESPACE_URL, f"{kind}/{entry}")
            for group in FIELD_GROUPS[kind]:
                verification = Verification(
                    entry=uid, group=group, interval=INTERVALS[group], checked_at=LOAD_CHECKED_AT
                )
                verification.set_dates()
                due, overdue = (
                    verification.due_on - LOAD_CHECKED_AT.date(),
                    verification.overdue_on - LOAD_CHECKED_AT.date(),
                )
                yield Task(INTERVALS[group], due_after=due.days, overdue_after=overdue.days)


def simulate(*, checks_a_day: int) -> int:
    """Return the most days that any field group was overdue at the end of any day of the measured year."""
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
    """Return the smallest number of checks a workday with which no group is more than `MOST_OVERDUE` days overdue."""
    return next(number for number in count(1) if simulate(checks_a_day=number) <= MOST_OVERDUE)
