"""How many points have each status, each class, or a value in each bin, tile by tile."""

from collections.abc import Callable, Sequence

import numpy as np

from ...kernels.status import Status
from ..space import Variable
from .accumulators import Accumulator, Given, Kind
from .measure import Block, Counted, Measure, State
from .named import COUNT, left_out, meaning, statistic
from .seen import counted

STATUS_DIM = "of_status"


class Statuses(Measure):
    """How many points of a cell have each status, and the status of the cell.

    That is ok where any point has one of `codes`, those that count for any output; else what most of its
    points have, of equally many the first.
    """

    def __init__(self, status: Variable, codes: frozenset[int]) -> None:
        self.codes = codes
        self.labels = {STATUS_DIM: tuple(one.name for one in Status if one != Status.not_computed)}
        about = {"long_name": "points of each status", "units": "1"}
        self.variables = (Variable("status_counts", COUNT, -1, (STATUS_DIM,), about), status)
        self.numbers = len(self.labels[STATUS_DIM])
        self.accumulators = tuple(Accumulator("count", "", number=1 + k) for k in range(self.numbers))

    def part(self, block: Block) -> State:
        """As of `Measure`."""
        counts = np.zeros((block.cells, self.numbers), np.int64)
        left = block.status.size
        for code in range(1, self.numbers + 1):
            same = block.status == code
            many = np.count_nonzero(same)
            if many == same.size or block.cells == 1:
                counts[:, code - 1] = many // block.cells
            elif many:
                counts[:, code - 1] = counted(same)
            left -= many
            if not left:
                break
        return {"counts": counts}

    def gathered(self, given: Sequence[Given], indices_in_cell: Callable[[np.ndarray], np.ndarray]) -> State:
        """As of `Measure`."""
        return {"counts": _side_by_side(given)}

    def join(self, one: State, two: State) -> State:
        """As of `Measure`."""
        return _added(one, two)

    def finish(self, state: State) -> dict[str, np.ndarray]:
        """As of `Measure`."""
        counts = state["counts"]
        usual = counts.argmax(axis=1) + 1
        counted = counts[:, [code - 1 for code in sorted(self.codes) if code]].any(axis=1)
        return {"status_counts": counts, "status": np.where(counted, int(Status.ok), usual).astype(np.uint8)}


class Classes(Measure):
    """How many points that count have each class of an output."""

    def __init__(self, of: Counted) -> None:
        self.of = of
        about = of.output.attributes
        self.numbers_of = [int(number) for number in about["flag_values"]]
        self.labels = {of.name: tuple(str(about["flag_meanings"]).split())}
        counts = statistic(of.output, "counts", "points of each class", (of.name,), count=True)
        self.variables = (counts, left_out(of.output))
        self.numbers = (len(self.numbers_of) + 1) * of.numbers
        classes = (Accumulator("count", of.name, of.codes, number) for number in self.numbers_of)
        self.accumulators = (Accumulator("count", of.name, of.codes), *classes)

    def part(self, block: Block) -> State:
        """As of `Measure`."""
        seen = self.of.seen(block)
        of_each = []
        for number in self.numbers_of:
            same = seen.values == number
            if seen.kept is not None:
                same &= seen.kept
            of_each.append(counted(same))
        return {"count": seen.count, "counts": np.stack(of_each, axis=1)}

    def gathered(self, given: Sequence[Given], indices_in_cell: Callable[[np.ndarray], np.ndarray]) -> State:
        """As of `Measure`."""
        return {"count": given[0]["count"], "counts": _side_by_side(given[1:])}

    def join(self, one: State, two: State) -> State:
        """As of `Measure`."""
        return _added(one, two)

    def finish(self, state: State) -> dict[str, np.ndarray]:
        """As of `Measure`."""
        counts, count = state["counts"], state["count"]
        return {
            f"{self.of.name}_counts": counts.reshape(-1, *self.of.inner, counts.shape[1]),
            f"{self.of.name}_left_out": (self.of.points - count).reshape(-1, *self.of.inner),
        }


class Histogram(Measure):
    """How many values lie in each of `bins` equal bins from `low` to `high`, which is in the last one.

    What lies below, and above, is counted beside them.
    """

    def __init__(self, of: Counted, low: float, high: float, bins: int) -> None:
        self.of, output = of, of.output
        self.edges = np.linspace(low, high, bins + 1)
        dim = f"{output.name}_bin"
        self.labels = {dim: tuple(((self.edges[1:] + self.edges[:-1]) / 2).tolist())}
        counts = statistic(output, "histogram", "points in each bin", (dim,), count=True)
        about = {**counts.attributes, "bins_from": low, "bins_to": high, "bins": bins, "of": meaning(output)}
        self.variables = (
            Variable(counts.name, counts.dtype, counts.fill, counts.inner_dims, about),
            statistic(output, "below", f"points below {low:g}", count=True),
            statistic(output, "above", f"points above {high:g}", count=True),
        )
        self.numbers = (bins + 2) * of.numbers
        edges = tuple(self.edges.tolist())
        kinds: tuple[Kind, ...] = ("bins", "below", "above")
        self.accumulators = tuple(Accumulator(kind, of.name, of.codes, edges=edges) for kind in kinds)

    def part(self, block: Block) -> State:
        """As of `Measure`."""
        seen = self.of.seen(block)
        low, high, bins = self.edges[0], self.edges[-1], len(self.edges) - 1
        values = seen.filled(np.nan).astype(np.float64, copy=False)
        with np.errstate(invalid="ignore"):
            below, above = values < low, values > high
            inside = (values >= low) & (values <= high)
        rows = np.broadcast_to(np.arange(len(values))[:, None], values.shape)[inside]
        which = _bins(values[inside], self.edges)
        counts = np.bincount(rows * bins + which, minlength=len(values) * bins)
        return {
            "counts": counts.reshape(len(values), bins).astype(np.int64),
            "below": counted(below),
            "above": counted(above),
        }

    def gathered(self, given: Sequence[Given], indices_in_cell: Callable[[np.ndarray], np.ndarray]) -> State:
        """As of `Measure`."""
        names = ("counts", "below", "above")
        return {name: one["count"] for name, one in zip(names, given, strict=True)}

    def join(self, one: State, two: State) -> State:
        """As of `Measure`."""
        return _added(one, two)

    def finish(self, state: State) -> dict[str, np.ndarray]:
        """As of `Measure`."""
        shapes = {"counts": (-1, *self.of.inner, len(self.edges) - 1)}
        names = {"counts": "histogram"}
        return {
            f"{self.of.name}_{names.get(name, name)}": values.reshape(shapes.get(name, (-1, *self.of.inner)))
            for name, values in state.items()
        }


def _bins(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """The bin of each value, all of which lie between the first edge and the last, as np.histogram has it.

    It is computed, and mended where the edge, which is rounded, says otherwise.
    """
    bins = len(edges) - 1
    which = ((values - edges[0]) * (bins / (edges[-1] - edges[0]))).astype(np.intp)
    np.minimum(which, bins - 1, out=which)
    which[values < edges[which]] -= 1
    which[(values >= edges[which + 1]) & (which < bins - 1)] += 1
    return which


def _side_by_side(given: Sequence[Given]) -> np.ndarray:
    """Counts, shape (rows, counts)."""
    return np.concatenate([one["count"] for one in given]).reshape(len(given), -1).T.copy()


def _added(one: State, two: State) -> State:
    return {name: one[name] + two[name] for name in one}
