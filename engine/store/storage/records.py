"""Records of tiles as they are held in memory: half of each is zeros in nearly every cube, and left out."""

from typing import Any

import numpy as np

COUNTS = "statuses"  # how many points have each status, of which a cube knows a few


class Records:
    """Records of a type, as many as its capacity; what `COUNTS` of them are not zero is found out."""

    def __init__(self, dtype: np.dtype, capacity: int) -> None:
        self.dtype, self._filled = dtype, 0
        self._names = [name for name in dtype.names or () if name != COUNTS]
        fields: Any = dtype.fields
        kept = {"names": self._names, "formats": [fields[name][0] for name in self._names]}
        self._kept = np.empty(capacity, np.dtype(kept))  # pyright: ignore[reportCallIssue, reportArgumentType]
        self._codes: list[int] = []
        self._counts = np.empty((capacity, 0), np.uint32)

    def __len__(self) -> int:
        return self._filled

    def append(self, block: np.ndarray) -> None:
        """Keep some more."""
        here = slice(self._filled, self._filled + len(block))
        for name in self._names:
            self._kept[name][here] = block[name]
        new = [code for code in np.flatnonzero(block[COUNTS].any(axis=0)) if code not in self._codes]
        if new:
            wider = np.zeros((len(self._kept), len(self._codes) + len(new)), np.uint32)
            wider[: self._filled, : len(self._codes)] = self._counts[: self._filled]
            self._codes, self._counts = [*self._codes, *map(int, new)], wider
        self._counts[here] = block[COUNTS][:, self._codes]
        self._filled += len(block)

    def __getitem__(self, name: str) -> np.ndarray:
        """A field of every record, but for `COUNTS`."""
        return self._kept[name][: self._filled]

    def at(self, rows: np.ndarray) -> np.ndarray:
        """These records, whole."""
        whole, kept = np.zeros(len(rows), self.dtype), self._kept[rows]
        for name in self._names:
            whole[name] = kept[name]
        whole[COUNTS][:, self._codes] = self._counts[rows]
        return whole
