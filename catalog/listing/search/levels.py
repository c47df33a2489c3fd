"""The levels by which results are ordered, before any score."""

from enum import IntEnum


class Level(IntEnum):
    """Where a query was found; a lower level is better."""

    NAME = 0
    BEGINNING_OF_NAME = 1
    SOUND = 2
    WORDS_OF_NAMES = 3
    BEGINNING_OF_SOUND = 4
    LINE = 5
    PART_OF_SOUND = 6
    TEXT = 7


#: Levels of matches in texts only, not in names.
TEXT_LEVELS = frozenset({Level.LINE, Level.TEXT})
