"""Where the record of a thread's lane lies: in device memory, a warp's records side by side, word by word.

The 32 threads of a warp read and write the same word of their records at once, as 256 bytes in a row. Arrays
that are no part of it (`route.outside`) lie lane by lane.
"""

from collections.abc import Callable

import numpy as np

from ..ir import DTYPES, bytes_of
from ..llvm.code import Code
from ..llvm.types import memory_type
from ..route.route import Fill, Put, Route, Take, Value
from .kernel import MEMORY

WARP, WORD = 32, 8
# From a word of a record to the next.
_APART = WARP * WORD
# A number's address begins at a byte of the record, and moves by so many bytes for each of an index.
Term = tuple[str, int]
# Where the number with an index lies, as a pointer.
Address = Callable[[int | str], str]
# Longer arrays are copied in a loop.
_WRITTEN_OUT = 8


def words_of(route: Route) -> int:
    """Of a record."""
    return -(-route.bytes // WORD)


def find(code: Code, thread: str, words: int) -> str:
    """A pointer to the first word of a thread's record."""
    warp, slot = code.emit(f"lshr i32 {thread}, 5"), code.emit(f"and i32 {thread}, {WARP - 1}")
    begin = code.emit(f"mul i64 {code.emit(f'zext i32 {warp} to i64')}, {words * _APART}")
    own = code.emit(f"mul i64 {code.emit(f'zext i32 {slot} to i64')}, {WORD}")
    return code.emit(f"getelementptr i8, {MEMORY} %records, i64 {code.emit(f'add i64 {begin}, {own}')}")


class Record:
    """Lines of `code` that reach into the record at `pointer`."""

    def __init__(self, code: Code, pointer: str) -> None:
        self.code, self.pointer = code, pointer

    def address(self, first: int, *terms: Term) -> str:
        """A pointer to byte `first`, and further by the `terms`: numbers of 64 bits times bytes."""
        code = self.code
        if all(step % WORD == 0 for _, step in terms):
            at = self.pointer
            for index, step in terms:
                at = self._further(at, code.emit(f"mul i64 {index}, {step // WORD * _APART}"))
            return self._further(at, first // WORD * _APART + first % WORD)
        byte = str(first)
        for index, step in terms:
            byte = code.emit(f"add i64 {byte}, {code.emit(f'mul i64 {index}, {step}')}")
        words = code.emit(f"mul i64 {code.emit(f'lshr i64 {byte}, 3')}, {_APART}")
        inside = code.emit(f"and i64 {byte}, {WORD - 1}")
        return self._further(self.pointer, code.emit(f"add i64 {words}, {inside}"))

    def _further(self, at: str, distance: int | str) -> str:
        return self.code.emit(f"getelementptr i8, {MEMORY} {at}, i64 {distance}")

    def _element(self, dtype: str, array: str, index: str) -> str:
        return self.code.emit(f"getelementptr {memory_type(dtype)}, {MEMORY} {array}, i64 {index}")

    def number(self, value: Value, index: int | str, *terms: Term) -> str:
        """A pointer to a number of an array of the record, by its index."""
        size = bytes_of(value.buffer.dtype)
        if isinstance(index, int):
            return self.address(value.offset + index * size, *terms)
        return self.address(value.offset, (index, size), *terms)

    # --- moves ---------------------------------------------------------------------------------------------

    def copy(self, source: Value, target: Value) -> None:
        """Numbers, or constants, to another place."""
        if source.buffer.constant is not None:
            self.write(source.buffer.constant[source.first : source.first + source.size], target)
        else:
            self._each(target, lambda j: self.number(source, j), lambda j: self.number(target, j))

    def write(self, numbers: np.ndarray, target: Value) -> None:
        """Numbers that are known."""
        dtype = target.buffer.dtype
        for j, known in enumerate(np.asarray(numbers, DTYPES[dtype]).tolist()):
            store(self.code, self._known(known, dtype), self.number(target, j), dtype)

    def _known(self, number: float, dtype: str) -> str:
        """As a vector of one, which begins with its type; a boolean is a byte in memory."""
        text = self.code.vectors.literal(number, "u8" if dtype == "i1" else dtype)
        return text[1:-1].split(" ")[1]

    def row(self, step: Take | Put, outside: str | None) -> None:
        """A row of an array, read or, where there is such a row, written; `outside` points to it there."""
        many, one = (step.source, step.target) if isinstance(step, Take) else (step.target, step.source)
        index, size = load(self.code, self.number(step.index, 0), "i32"), bytes_of(one.buffer.dtype)
        row = self.code.emit(f"zext i32 {index} to i64")

        def there(j: int | str) -> str:
            if outside is not None:
                at = self.code.emit(f"add i64 {self.code.emit(f'mul i64 {row}, {one.size}')}, {j}")
                return self._element(one.buffer.dtype, outside, at)
            begin: Term = row, one.size * size
            if isinstance(j, int):
                return self.address(many.offset + j * size, begin)
            return self.address(many.offset, begin, (j, size))

        ends = [there, lambda j: self.number(one, j)]
        exists = self.code.emit(f"icmp ult i32 {index}, {step.rows}") if isinstance(step, Put) else "true"
        with self.code.where(exists):
            self._each(one, *(ends if isinstance(step, Take) else ends[::-1]))

    def fill(self, step: Fill, outside: str | None) -> None:
        """One number in all of an array, where a condition holds; `outside` points to it there."""
        code, target, dtype = self.code, step.target, step.target.buffer.dtype

        def there(j: str) -> str:
            if outside is None:
                return self.number(target, j)
            return self._element(dtype, outside, j)

        on = load(code, self.number(step.on, 0), "i1")
        with code.where(code.emit(f"icmp ne i8 {on}, 0")), code.loop(str(target.size), 1) as j:
            store(code, self._known(step.number.item(), dtype), there(j), dtype)

    def lane(self, value: Value, array: str, lane: str, *, fetch: bool) -> None:
        """A lane's row of one of XLA's arrays into an array of the record, or out of it."""
        code = self.code
        begin = code.emit(f"mul i64 {code.emit(f'zext i32 {lane} to i64')}, {value.size}")

        def there(j: int | str) -> str:
            at = code.emit(f"add i64 {begin}, {j}")
            return self._element(value.buffer.dtype, array, at)

        ends = [there, lambda j: self.number(value, j)]
        self._each(value, *(ends if fetch else ends[::-1]))

    def _each(self, like: Value, source: Address, target: Address) -> None:
        """Lines that move as many numbers as an array has, of its dtype, from one place to another."""
        dtype = like.buffer.dtype
        if like.size <= _WRITTEN_OUT:
            for j in range(like.size):
                store(self.code, load(self.code, source(j), dtype), target(j), dtype)
        else:
            with self.code.loop(str(like.size), 1) as j:
                store(self.code, load(self.code, source(j), dtype), target(j), dtype)


def load(code: Code, pointer: str, dtype: str) -> str:
    """The number there, as it lies in memory."""
    return code.emit(f"load {memory_type(dtype)}, {MEMORY} {pointer}, align {bytes_of(dtype)}")


def store(code: Code, number: str, pointer: str, dtype: str) -> None:
    """Write a number, as it lies in memory."""
    code.add(f"store {memory_type(dtype)} {number}, {MEMORY} {pointer}, align {bytes_of(dtype)}")
