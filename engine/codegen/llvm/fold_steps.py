"""What a vector of points adds to accumulators, in LLVM code: the same steps, with the same bits, everywhere.

Where accumulators and counters lie, whoever writes the code around says.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from ..folds import Fold
from ..ir import Scalar
from .builder import VectorCode


class FoldSteps(ABC):
    """Writes the steps of some folds. `there` names the slots that hold points; None where all do."""

    code: VectorCode
    there: str | None
    masks: dict[Scalar, str]

    def begin(self, code: VectorCode) -> None:
        """Write to this code."""
        self.code = code
        self.real, self.whole, self.mask = map(code.vectors.registers, ("f64", "i64", "i1"))

    def fold(self, folds: Sequence[Fold], there: str | None) -> None:
        """Fold all points of a vector, or those of a mask."""
        self.there, self.masks = there, {}
        lanes = counters = edges = 0
        for k, one in enumerate(folds):
            if not self.counted_elsewhere(k, counters) and not (
                one.counted.constant and not one.counted.value
            ):
                getattr(self, f"{one.kind}_")(one, lanes, counters, edges)
            lanes, counters, edges = lanes + one.lanes, counters + one.counters, edges + len(one.edges)

    def counted_elsewhere(self, k: int, counters: int) -> bool:
        """Whether a fold, by its number, is done with; its counters begin at this one."""
        del k, counters
        return False

    @abstractmethod
    def accumulator(self, k: int, type_: str) -> tuple[str, str]:
        """Where a row of accumulators is for these points, and what is in it."""

    @abstractmethod
    def put(self, there: str, type_: str, value: str) -> None:
        """Write what an accumulator has become."""

    @abstractmethod
    def indices(self) -> str:
        """The indices of these points in their cell."""

    @abstractmethod
    def count(self, counter: int, mask: str) -> None:
        """Count the points of a mask."""

    @abstractmethod
    def count_in_bins(self, first: int, which: str, mask: str) -> None:
        """Count the points of a mask, each in a counter from number `first` on."""

    @abstractmethod
    def edge(self, first: int, which: str) -> str:
        """Edges of bins, by their numbers from the `first` on."""

    def counted(self, fold: Fold) -> str:
        """Which points of the vector count."""
        if fold.counted not in self.masks:
            mask = self.code.value(fold.counted)
            there = self.there and self.code.emit(f"and {self.mask} {mask}, {self.there}")
            self.masks[fold.counted] = there or mask
        return self.masks[fold.counted]

    def select(self, mask: str, type_: str, yes: str, no: str) -> str:
        """One of two, slot by slot."""
        return self.code.emit(f"select {self.mask} {mask}, {type_} {yes}, {type_} {no}")

    def count_(self, fold: Fold, _: int, counters: int, __: int) -> None:
        """Count what counts."""
        self.count(counters, self.counted(fold))

    def sum_(self, fold: Fold, lanes: int, *_: int) -> None:
        """Add what counts, and 0 for what does not."""
        assert fold.value is not None
        there, before = self.accumulator(lanes, self.real)
        more = self.select(self.counted(fold), self.real, self.code.value(fold.value), "zeroinitializer")
        self.put(there, self.real, self.code.emit(f"fadd {self.real} {before}, {more}"))

    def squares_(self, fold: Fold, lanes: int, *_: int) -> None:
        """Add distances from the first value, and their squares."""
        assert fold.value is not None
        code, mask, value = self.code, self.counted(fold), self.code.value(fold.value)
        at_first, first = self.accumulator(lanes, self.real)
        at_count, count = self.accumulator(lanes + 1, self.whole)
        at_sum, total = self.accumulator(lanes + 2, self.real)
        at_squares, squares = self.accumulator(lanes + 3, self.real)
        none = code.emit(f"icmp eq {self.whole} {count}, zeroinitializer")
        begins = code.emit(f"and {self.mask} {none}, {mask}")
        first = self.select(begins, self.real, value, first)
        apart = code.emit(f"fsub {self.real} {value}, {first}")
        apart = self.select(mask, self.real, apart, "zeroinitializer")
        square = code.emit(f"fmul {self.real} {apart}, {apart}")
        one = code.emit(f"zext {self.mask} {mask} to {self.whole}")
        self.put(at_first, self.real, first)
        self.put(at_count, self.whole, code.emit(f"add {self.whole} {count}, {one}"))
        self.put(at_sum, self.real, code.emit(f"fadd {self.real} {total}, {apart}"))
        self.put(at_squares, self.real, code.emit(f"fadd {self.real} {squares}, {square}"))

    def least_(self, fold: Fold, lanes: int, *_: int) -> None:
        """Take what is less, or as little and at a lower index."""
        assert fold.value is not None
        code, value = self.code, self.code.value(fold.value)
        at_best, best = self.accumulator(lanes, self.real)
        at_where, where = self.accumulator(lanes + 1, self.whole)
        index = self.indices()
        less = code.emit(f"fcmp olt {self.real} {value}, {best}")
        same = code.emit(f"fcmp oeq {self.real} {value}, {best}")
        earlier = code.emit(f"icmp slt {self.whole} {index}, {where}")
        earlier = code.emit(f"and {self.mask} {same}, {earlier}")
        take = code.emit(f"or {self.mask} {less}, {earlier}")
        take = code.emit(f"and {self.mask} {take}, {self.counted(fold)}")
        self.put(at_best, self.real, self.select(take, self.real, value, best))
        self.put(at_where, self.whole, self.select(take, self.whole, index, where))

    def bins_(self, fold: Fold, _: int, counters: int, edges: int) -> None:
        """Count each point in its bin, which is computed, and mended where the edge says otherwise."""
        assert fold.value is not None
        code, mask, bins = self.code, self.counted(fold), len(fold.edges) - 1
        low, high = fold.edges[0], fold.edges[-1]
        lowest = code.vectors.literal(low, "f64")
        value = self.select(mask, self.real, code.value(fold.value), lowest)
        apart = code.emit(f"fsub {self.real} {value}, {lowest}")
        scaled = code.emit(f"fmul {self.real} {apart}, {code.vectors.literal(bins / (high - low), 'f64')}")
        which = code.emit(f"fptosi {self.real} {scaled} to {self.whole}")
        last = code.vectors.literal(bins - 1, "i64")
        over = code.emit(f"icmp sgt {self.whole} {which}, {last}")
        which = self.select(over, self.whole, last, which)
        below = code.emit(f"fcmp olt {self.real} {value}, {self.edge(edges, which)}")
        which = code.emit(
            f"add {self.whole} {which}, {code.emit(f'sext {self.mask} {below} to {self.whole}')}"
        )
        upper = code.emit(f"add {self.whole} {which}, {code.vectors.literal(1, 'i64')}")
        above = code.emit(f"fcmp oge {self.real} {value}, {self.edge(edges, upper)}")
        not_last = code.emit(f"icmp slt {self.whole} {which}, {last}")
        more = code.emit(
            f"zext {self.mask} {code.emit(f'and {self.mask} {above}, {not_last}')} to {self.whole}"
        )
        which = code.emit(f"add {self.whole} {which}, {more}")
        self.count_in_bins(counters, which, mask)
