"""The order in which results come, before any score."""

from enum import IntEnum


class Level(IntEnum):
    """Where a query was found; the lower, the better."""

    NAME = 0
    BEGINNING_OF_NAME = 1
    SOUND = 2
    WORDS_OF_NAMES = 3
    LINE = 4
    PART_OF_SOUND = 5
    TEXT = 6
