"""The intermediate form: a function of small arrays as a graph of scalars.

XLA keeps arrays whole, which costs much in a loop of many tiny ones. Here the trace of a step becomes a
graph of scalars (`lower`), each computed once: reshaping, slicing, stacking and broadcasting are gone,
constants are folded, and what is left is straight-line arithmetic that a back end runs on many points or
lanes side by side.
"""

from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from math import prod
from typing import Any

import numpy as np

from .ops import OPERATIONS, Operation
from .ops.term import Term

# Large products of matrices are not what this is made for.
_MOST_SCALARS = 50_000


class Unsupported(Exception):
    """The function holds something that has no scalar form here; the caller falls back to XLA."""


class Scalar:
    """One number: an operation of `ops` on other scalars, an input (``value``: its number) or a constant.

    A loop is a scalar too, of op "loop"; "result" is one of the numbers that it ends with (``value``:
    which), and "carried" stands for one inside it. A "call" is what a `Function` (its ``value``) makes of
    its arguments. Compared by identity: a `Graph` makes equal ones only once.
    """

    __slots__ = ("__weakref__", "args", "dtype", "op", "value")

    def __init__(self, op: str, args: tuple["Scalar", ...], dtype: str, value: Any) -> None:
        self.op, self.args, self.dtype, self.value = op, args, dtype, value

    @property
    def constant(self) -> bool:
        """Whether it is a number that is known here."""
        return self.op == "constant"


@dataclass(frozen=True, eq=False)
class While:
    """What a scalar of op "loop" does while `cond` is true: the `carried` scalars become those of `body`.

    The scalar's arguments are the first values of `carried`, then all that `cond` and `body` use and that no
    iteration changes.
    """

    carried: tuple[Scalar, ...]
    cond: Scalar
    body: tuple[Scalar, ...]


@dataclass(frozen=True, eq=False)
class Function:
    """What scalars of op "call" compute: `result`, in which `inputs` stand for their arguments.

    Its code stands once in a program, however often it is called.
    """

    name: str
    inputs: tuple[Scalar, ...]
    result: Scalar


DTYPES = {"f64": "float64", "f32": "float32", "i1": "bool"} | {
    f"{sign}{bits}": f"{word}{bits}"
    for sign, word in (("i", "int"), ("u", "uint"))
    for bits in (8, 16, 32, 64)
}

_BYTES = {name: np.dtype(dtype).itemsize for name, dtype in DTYPES.items()}


@cache  # there are few, and each array of a trace asks
def dtype_name(dtype: Any) -> str:
    """A dtype as scalars name it: "f64", "f32", "i1" for booleans, "i32", "u8" and so on."""
    try:
        dtype = np.dtype(dtype)
    except TypeError:  # keys of random numbers and the like
        raise Unsupported(f"dtype {dtype}") from None
    name = {"f": "f", "i": "i", "u": "u", "b": "i"}.get(dtype.kind)
    if name is None or (name == "f" and dtype.itemsize < 4):
        raise Unsupported(f"dtype {dtype}")
    return "i1" if dtype.kind == "b" else f"{name}{8 * dtype.itemsize}"


def bytes_of(dtype: str) -> int:
    """The size of a number in memory."""
    return _BYTES[dtype]


class Graph:
    """Makes scalars, of which equal ones are the same object: at most `most` of them, where that is given.

    `wanted` says where anybody wants what is made now; None: everywhere. Elsewhere loops need not run.
    """

    def __init__(self, most: int | None = _MOST_SCALARS) -> None:
        self._known: dict[tuple[Any, ...], Scalar] = {}
        self._most = most
        self.wanted: Scalar | None = None

    def constant(self, value: Any, dtype: str) -> Scalar:
        """A number that is known here, as its dtype holds it."""
        number: Any = float(value) if dtype[0] == "f" else wrapped(int(value), dtype)
        if dtype == "f32":
            number = float(np.float32(value))
        # Numbers that are equal are the same, but for zeros, whose signs differ; NaN equals nothing.
        key = number if number and number == number else repr(number)
        return self._make("constant", (), dtype, number, key=key)

    def input(self, dtype: str, number: int) -> Scalar:
        """The input of this number."""
        return self._make("input", (), dtype, number)

    def inputs(self, shape: tuple[int, ...], dtype: str, first: int) -> np.ndarray:
        """An array of inputs numbered from `first`."""
        return array_of([self.input(dtype, first + i) for i in range(prod(shape))], shape)

    def apply(self, op: str, *args: Scalar, dtype: str | None = None) -> Scalar:
        """The result of `op`; a constant where all arguments are, and simpler where one of them allows it."""
        operation = OPERATIONS[op]
        dtype = dtype or operation.result_dtype or args[0].dtype
        if len(args) != operation.arity:
            raise TypeError(f"{op} of {len(args)} arguments")
        simple = operation.simplify and operation.simplify(*args)
        if simple is not None:
            return simple
        for a in args:  # no generator, which takes twice the time: it is asked of every scalar
            if a.op != "constant":
                return self._make(op, args, dtype, None)
        folded = _folded(operation, args, dtype)
        if folded is not None:
            return self.constant(folded, dtype)
        return self._make(op, args, dtype, None)

    @contextmanager
    def only_where(self, condition: Scalar) -> Iterator[None]:
        """Within, what is made is wanted only where this is true, too."""
        before = self.wanted
        self.wanted = condition if before is None else self.apply("and", before, condition)
        try:
            yield
        finally:
            self.wanted = before

    def carried(self, dtypes: Sequence[str]) -> list[Scalar]:
        """New scalars that stand for what a loop carries."""
        return [self._make("carried", (), dtype, None, key=object()) for dtype in dtypes]

    def call(self, function: Function, *args: Scalar) -> Scalar:
        """The result of a function of these arguments."""
        return self._make("call", args, function.result.dtype, function, key=function)

    def loop(
        self, first: Sequence[Scalar], carried: Sequence[Scalar], cond: Scalar, body: Sequence[Scalar]
    ) -> list[Scalar]:
        """What `carried` are once `cond` is false: from `first`, they become `body` in every iteration."""
        iteration = While(tuple(carried), cond, tuple(body))
        loop = self._make("loop", (*first, *_unchanged(iteration)), "loop", iteration, key=iteration)
        return [
            start if c is later else self._make("result", (loop,), c.dtype, i)
            for i, (start, c, later) in enumerate(zip(first, carried, body, strict=True))
        ]

    def _make(self, op: str, args: tuple[Scalar, ...], dtype: str, value: Any, key: Any = None) -> Scalar:
        name = (op, args, dtype, value if key is None else key)
        known = self._known.get(name)
        if known is None:
            if self._most is not None and len(self._known) >= self._most:
                raise Unsupported(f"more than {self._most} scalar operations")
            known = self._known[name] = Scalar(op, args, dtype, value)
        return known


def _unchanged(loop: While) -> list[Scalar]:
    """What `cond` and `body` use that does not depend on what is carried."""
    changing = set(loop.carried)
    result: dict[Scalar, None] = {}
    ends = (loop.cond, *loop.body)
    order = order_of(ends)
    for scalar in order:
        if any(a in changing for a in scalar.args):
            changing.add(scalar)
    for scalar in order:
        if scalar in changing:
            result.update({a: None for a in scalar.args if a not in changing})
    result.update({a: None for a in ends if a not in changing})
    return [a for a in result if not a.constant]


def wrapped(value: int, dtype: str) -> int:
    """An integer as one of this dtype: modulo 2^bits, as the processor has it."""
    bits = int(dtype[1:])
    value &= (1 << bits) - 1
    return value - (1 << bits) if dtype[0] == "i" and bits > 1 and value >> (bits - 1) else value


def range_of(dtype: str) -> tuple[int, int]:
    """The least and the largest integer of this dtype."""
    bits = int(dtype[1:])
    return (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if dtype[0] == "i" else (0, (1 << bits) - 1)


def _folded(operation: Operation, args: Sequence[Scalar], dtype: str) -> Any:
    """The result for constants; None where it is left to the device."""
    if operation.fold:
        with np.errstate(all="ignore"):
            if operation.typed:
                return operation.fold(*[_typed(a) for a in args], dtype, args[0].dtype)
            return operation.fold(*[_typed(a) for a in args])
    if operation.folds_by_formula and operation.formula and args[0].dtype[0] == "f":
        graph = Graph()
        wide = [Term(graph, graph.constant(a.value, "f64")) for a in args]
        result = operation.formula(*wide).scalar
        return result.value if result.constant else None
    return None


def _typed(a: Scalar) -> Any:
    if a.dtype == "f32":
        return np.float32(a.value)
    if a.dtype == "f64":
        return np.float64(a.value)
    # Python's integers do not overflow: the result is wrapped when it becomes a constant.
    return bool(a.value) if a.dtype == "i1" else int(a.value)


def array_of(items: Sequence[Any], shape: tuple[int, ...]) -> np.ndarray:
    """Scalars as an array of objects."""
    if not shape:  # as most are
        one = np.empty((), object)
        (one[()],) = items
        return one
    out = np.empty(len(items), object)
    out[:] = items
    return out.reshape(shape)


def order_of(scalars: Iterable[Scalar], known: Container[Scalar] = ()) -> list[Scalar]:
    """All that these scalars rest on, and they themselves, each after what it needs; not what is known."""
    order: dict[Scalar, None] = {}
    waiting = [s for s in scalars if s not in known]
    while waiting:
        last, before = waiting[-1], len(waiting)
        if last not in order:
            for a in last.args:  # no comprehension, which takes longer: most have one or two
                if a not in order and a not in known:
                    waiting.append(a)
            if len(waiting) > before:  # it stays below what it needs, and is met again after that
                continue
            order[last] = None
        waiting.pop()
    return list(order)


def with_loops(scalars: Iterable[Scalar]) -> list[Scalar]:
    """All that these scalars rest on, they themselves, and what loops and functions hold; each once."""
    result: dict[Scalar, None] = {}
    waiting = [list(scalars)]
    while waiting:
        for scalar in order_of(waiting.pop(), result):
            result[scalar] = None
            if scalar.op == "loop":
                waiting.append([scalar.value.cond, *scalar.value.body])
            elif scalar.op == "call":
                waiting.append([scalar.value.result])
    return list(result)


def operations(scalars: Iterable[Scalar]) -> int:
    """How many operations the code of these has: those of a loop, and of a function, stand in it once."""
    return len(with_loops(scalars))
