"""The results of a filter set in order, read from the database when they are needed."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from catalog.listing.table import Mask, Numbers, Table, order_slots
from catalog.models import ListingEntry


class Results:
    """Some rows of a table (a mask), ordered by a key, then by a rank."""

    def __init__(self, *, table: Table, rows: Mask, key: Numbers, rank: NDArray[np.int64]) -> None:
        self.table, self.rows, self.key, self.rank = table, rows, key, rank
        self.total = int(np.count_nonzero(rows))

    def count(self) -> int:
        return self.total

    def __len__(self) -> int:
        return self.total

    def slots(self, start: int, stop: int) -> list[int]:
        """Return the slots from `start` to `stop`."""
        return order_slots(rows=self.rows, key=self.key, rank=self.rank, start=start, stop=stop)

    def __getitem__(self, part: slice) -> list[ListingEntry]:
        start, stop, _step = part.indices(len(self))
        return self.read(self.slots(start, stop))

    def read(self, slots: list[int]) -> list[ListingEntry]:
        """Return the rows in some slots, in their order; one query."""
        pks = self.table.pks[slots].tolist()
        rows = ListingEntry.ever.defer("text", "aliases", "sort_en", "sort_zh").in_bulk(pks)
        # Rows that were deleted since the table was read are left out.
        return [rows[pk] for pk in pks if pk in rows]

    def iterator(self, chunk_size: int = 500) -> Iterator[ListingEntry]:
        """Yield all rows, reading `chunk_size` at a time."""
        slots = self.slots(0, len(self))
        for start in range(0, len(slots), chunk_size):
            yield from self.read(slots[start : start + chunk_size])
