"""Values along an axis: an array that is held, or a column that is computed where it is needed."""

import hashlib
import re
from abc import ABC, abstractmethod
from typing import Any

import numpy as np

_SHOWN = 12  # Values up to which all of them are written out.
_ENDS = 4096  # Values at each end of a column that are looked at to tell it from another one.
_TEXT = re.compile(r"\(sha256 [0-9a-f]{12}\)\Z")  # as equisweep 0.1.0 described values: by what is printed
_OF_ALL, _OF_ENDS = re.compile(r"\(bytes [0-9a-f]{16}\)\Z"), re.compile(r"\(ends [0-9a-f]{16}\)\Z")


class Column(ABC):
    """Values that nobody holds all at once: each is a function of its number.

    Attributes
    ----------
    size
        How many values there are.
    dtype
        Of the values.
    """

    size: int
    dtype: np.dtype

    @abstractmethod
    def between(self, start: int, stop: int) -> np.ndarray:
        """The values from number `start` on, up to `stop`."""

    def write(self, start: int, out: np.ndarray) -> None:
        """Write the values from number `start` on into an array: new memory costs more than drawing does."""
        out[...] = self.between(start, start + len(out))

    @abstractmethod
    def at(self, numbers: np.ndarray) -> np.ndarray:
        """The values with these numbers, which are not negative; of the same shape."""

    @abstractmethod
    def head(self, size: int) -> "Column":
        """The first `size` of the values."""

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, index: Any) -> Any:
        """As of an array: a number, a slice or an array of numbers. IndexError where there is none such."""
        if isinstance(index, slice):
            start, stop, step = index.indices(self.size)
            if step == 1:
                return self.between(start, max(start, stop))
            return self.at(np.arange(start, stop, step))
        numbers = np.asarray(index)
        numbers = np.where(numbers < 0, numbers + self.size, numbers)
        if numbers.size and not 0 <= numbers.min() <= numbers.max() < self.size:
            raise IndexError(f"a number lies outside of {self.size:,} values")
        return self.at(numbers)[()]


class Matrices(Column):
    """Of samples that take one of two values, at each of their points the one that all samples take there."""

    @property
    @abstractmethod
    def others(self) -> np.ndarray:
        """Which of the points of a sample have the other value, booleans."""

    @abstractmethod
    def two(self, samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The one and the other value of samples with these numbers, of the same shape.

        Of two dimensions, each row is within 1024 samples from a multiple of that on.
        """


Values = np.ndarray | Column


def describe_values(values: Values, like: str = "") -> str:
    """Values in full where few; else their ends, their number and a digest, so that a difference shows.

    The digest is one of all bytes, of a column one of its first and last values: how they are drawn is said
    elsewhere. `like`: a description that this one is compared with; where it is of the form in which
    equisweep 0.1.0 wrote them, or of an array, so is this one.
    """
    count = len(values)
    if count <= _SHOWN:
        return ", ".join(map(str, values[:].tolist()))
    first, last = values[0], values[count - 1]
    start = f"{count} values from {_plain(first)} to {_plain(last)}"
    if _TEXT.search(like):
        text = "\n".join(map(str, values[:].tolist()))
        return f"{start} (sha256 {hashlib.sha256(text.encode()).hexdigest()[:12]})"
    if _OF_ENDS.search(like) or (isinstance(values, Column) and not _OF_ALL.search(like)):
        ends = [values[: min(_ENDS, count)], values[max(count - _ENDS, 0) :]]
        return f"{start} (ends {_digest(*ends)})"
    return f"{start} (bytes {_digest(values[:])})"


def head(values: Values, size: int) -> Values:
    """The first `size` values."""
    return values.head(size) if isinstance(values, Column) else values[:size]


def _plain(value: Any) -> str:
    return str(value.item() if isinstance(value, np.generic) else value)


def _digest(*arrays: np.ndarray) -> str:
    """A digest of the values of arrays, the same on every machine."""
    result = hashlib.sha256()
    for array in arrays:
        if array.dtype.kind in "biuf":
            plain = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
            result.update(plain.view(np.uint8).data)
        else:
            result.update("\n".join(map(str, array.tolist())).encode())
    return result.hexdigest()[:16]
