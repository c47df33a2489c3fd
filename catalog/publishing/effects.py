"""What follows a decision, within its transaction.

Rooms above fill named slots, so that nothing here imports them. Each slot is filled with one function when the apps are
ready. `run_effects()` calls these functions with every event, in the order of `SLOTS`, and each picks the events
that it needs. To add a slot, add a line to `SLOTS`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from uuid import UUID

from django.core import checks

from catalog.models.approval import Approval
from catalog.models.history import Publication
from catalog.models.publication import PublishedDocument
from catalog.models.vocabulary import Label


@dataclass(frozen=True)
class Approved:
    """An approval was written: somebody let a version go live, or confirmed one that was published in an emergency."""

    approval: Approval


@dataclass(frozen=True)
class PublicationRecorded:
    """An entry or term went live, changed or was withdrawn; `record` is the object as it is now."""

    publication: Publication
    record: PublishedDocument


@dataclass(frozen=True)
class VerificationsOutdated:
    """Checks were recorded or sources changed, so the verifications of these entries (permanent ids) need an update."""

    entries: Iterable[UUID]


@dataclass(frozen=True)
class WordChanged:
    """A word of a vocabulary was changed. A new word is no event, because no entry uses it yet."""

    word: Label


Event = Approved | PublicationRecorded | VerificationsOutdated | WordChanged

# The slots in the order in which they run, and who fills each.
SLOTS = {
    "index": "the listing index, in the AppConfig.ready() of the catalog",
    "notices": "the newsroom's notices, in the AppConfig.ready() of the newsroom",
}
filled: dict[str, Callable[[Event], None]] = {}


def fill(slot: str, function: Callable[[Event], None]) -> None:
    """Call this function with every event from now on. Raises ValueError if the slot is unknown or already filled."""
    if slot not in SLOTS:
        raise ValueError(f"“{slot}” is no slot; there are: {', '.join(SLOTS)}.")
    if filled.get(slot, function) is not function:
        raise ValueError(f"The slot “{slot}” is filled already, by {filled[slot].__module__}.")
    filled[slot] = function


def run_effects(event: Event) -> None:
    """Call the function of each slot with an event, in order. An error in any of them undoes the whole decision."""
    for slot in SLOTS:
        filled[slot](event)


def check_slots(app_configs=None, **kwargs) -> list[checks.CheckMessage]:
    """Return an error for each slot that is not filled (a system check)."""
    return [
        checks.Error(
            f"Nothing fills the slot “{slot}”, so nothing that is published or checked would reach it.",
            hint=f"To be filled by {room}: catalog.publishing.effects.fill(“{slot}”, …).",
            id="catalog.E020",
        )
        for slot, room in SLOTS.items()
        if slot not in filled
    ]
