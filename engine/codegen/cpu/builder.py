"""Scalars as LLVM code on vectors: the same operation on the numbers of several lanes at once."""

from collections.abc import Sequence

from ..ir import Scalar, Unsupported, While, order_of
from . import transcendental as vector_math
from .integers import converted, whole
from .types import WIDTH, bytes_of, literal, memory_type, scalar_type, vector_type


class VectorCode:
    """Lines of LLVM code, in order. Values are named ``%<prefix><number>``.

    `sources` says where the inputs lie: input number to the name of a pointer to a vector. `active` names the
    lanes that loops wait for, all of them if None: a place without a lane may hold anything.
    """

    def __init__(self, prefix: str, sources: list[str] | None = None, active: str | None = None) -> None:
        self.lines: list[str] = []
        self.called: set[str] = set()
        self._prefix, self._sources, self._active = prefix, sources or [], active
        self._known: dict[Scalar, str] = {}
        self._ended: dict[Scalar, list[str]] = {}
        self._count = 0

    def emit(self, text: str) -> str:
        """Add a line that yields a value; returns the value's name."""
        self._count += 1
        name = f"%{self._prefix}{self._count}"
        self.lines.append(f"  {name} = {text}")
        return name

    def give(self, scalar: Scalar, name: str) -> None:
        """Say under which name a scalar's value is there already."""
        self._known[scalar] = name

    def forget(self) -> None:
        """What was computed before is not at hand in the lines that follow."""
        self._known, self._ended = {}, {}

    def label(self, word: str) -> str:
        """A name of a block that no other has."""
        self._count += 1
        return f"{self._prefix}{self._count}.{word}"

    def compute(self, scalars: Sequence[Scalar]) -> None:
        """Add the lines that compute these."""
        for scalar in order_of(scalars, self._known):
            if scalar.op == "loop":
                self._loop(scalar)
            else:
                self._known[scalar] = self._compute(scalar)

    def value(self, scalar: Scalar) -> str:
        """The name of a scalar's value."""
        if scalar not in self._known:
            self.compute([scalar])
        return self._known[scalar]

    def load(self, pointer: str, kind: str) -> str:
        return self._from_memory(self.emit(f"load {memory_type(kind)}, ptr {pointer}, align 64"), kind)

    def store(self, scalar: Scalar, pointer: str) -> None:
        value = self._in_memory(scalar)
        self.lines.append(f"  store {memory_type(scalar.kind)} {value}, ptr {pointer}, align 64")

    def load_row(self, pointer: str, place: str, kind: str) -> str:
        """`WIDTH` numbers that lie side by side, from number `place` on."""
        at = self.emit(f"getelementptr {scalar_type(kind)}, ptr {pointer}, i64 {place}")
        loaded = self.emit(f"load {memory_type(kind)}, ptr {at}, align {bytes_of(kind)}")
        return self._from_memory(loaded, kind)

    def spread(self, number: str, kind: str) -> str:
        """One number, as it lies in memory, in all lanes."""
        m = memory_type(kind)
        one = self.emit(f"insertelement {m} poison, {scalar_type(kind)} {number}, i64 0")
        spread = self.emit(f"shufflevector {m} {one}, {m} poison, <{WIDTH} x i32> zeroinitializer")
        return self._from_memory(spread, kind)

    def store_row(self, scalar: Scalar, pointer: str, place: str, some: str | None = None) -> None:
        """A scalar's numbers side by side, from number `place` on: all, or those of `some` lanes."""
        value, m = self._in_memory(scalar), memory_type(scalar.kind)
        at = self.emit(f"getelementptr {scalar_type(scalar.kind)}, ptr {pointer}, i64 {place}")
        if some is None:
            self.lines.append(f"  store {m} {value}, ptr {at}, align {bytes_of(scalar.kind)}")
            return
        name = f"llvm.masked.store.v{WIDTH}{_short(scalar.kind)}.p0"
        self._store(name, m, value, "ptr", at, scalar.kind, some)

    def scatter(
        self, scalar: Scalar, pointer: str, place: tuple[str, str, int, int], some: str | None
    ) -> None:
        """A scalar's numbers apart: `place` is (first point, points from lane to lane, size, which)."""
        first, far, size, which = place
        v = vector_type("i64")
        firsts, steps = self.spread(first, "i64"), self.spread(far, "i64")
        points = self.emit(f"add {v} {firsts}, {self.emit(f'mul {v} {steps}, {_LANES}')}")
        numbers = self.emit(f"mul {v} {points}, {literal(size, 'i64')}")
        numbers = self.emit(f"add {v} {numbers}, {literal(which, 'i64')}")
        at = self.emit(f"getelementptr {scalar_type(scalar.kind)}, ptr {pointer}, {v} {numbers}")
        name = f"llvm.masked.scatter.v{WIDTH}{_short(scalar.kind)}.v{WIDTH}p0"
        value, some = self._in_memory(scalar), some or literal(1, "i1")
        self._store(name, memory_type(scalar.kind), value, f"<{WIDTH} x ptr>", at, scalar.kind, some)

    def first_lanes(self, count: str) -> str:
        """A mask of the first so many lanes."""
        return self.emit(f"icmp slt {vector_type('i64')} {_LANES}, {self.spread(count, 'i64')}")

    def _store(self, name: str, m: str, value: str, pointers: str, at: str, kind: str, some: str) -> None:
        mask = vector_type("i1")
        self.called.add(f"declare void @{name}({m}, {pointers}, i32 immarg, {mask})")
        given = f"{m} {value}, {pointers} {at}, i32 {bytes_of(kind)}, {mask} {some}"
        self.lines.append(f"  call void @{name}({given})")

    def _in_memory(self, scalar: Scalar) -> str:
        name = self.value(scalar)
        if scalar.kind != "i1":
            return name
        return self.emit(f"zext {vector_type('i1')} {name} to {memory_type('i1')}")

    def _from_memory(self, loaded: str, kind: str) -> str:
        if kind != "i1":
            return loaded
        return self.emit(f"icmp ne {memory_type(kind)} {loaded}, zeroinitializer")

    def _compute(self, s: Scalar) -> str:
        if s.op == "constant":
            return literal(s.value, s.kind)
        if s.op == "input":
            return self.load(self._sources[s.value], s.kind)
        if s.op == "result":
            return self._ended[s.args[0]][s.value]
        args = [self._known[a] for a in s.args]
        kind = s.args[0].kind
        if kind[0] == "f" or s.op in ("convert", "select"):
            return self._float(s, args, kind)
        return whole(self, s, args, kind)

    def _loop(self, s: Scalar) -> None:
        """Iterations until no lane goes on; a lane that does not keeps what it has."""
        loop: While = s.value
        self._count += 1
        label, mask = f"{self._prefix}{self._count}.loop", vector_type("i1")
        first = [self._known[a] for a in s.args[: len(loop.carried)]]
        self.lines += [f"  br label %{label}.in", f"{label}.in:", f"  br label %{label}", f"{label}:"]
        at = len(self.lines)
        self._ended[s] = [f"%{label}.{k}" for k in range(len(first))]
        for carried, name in zip(loop.carried, self._ended[s], strict=True):
            self._known[carried] = name
        on = self.value(loop.cond)
        if self._active is not None:
            on = self.emit(f"and {mask} {on}, {self._active}")
        bits = self.emit(f"bitcast {mask} {on} to i{WIDTH}")
        some = self.emit(f"icmp ne i{WIDTH} {bits}, 0")
        self.lines += [f"  br i1 {some}, label %{label}.round, label %{label}.out", f"{label}.round:"]
        outer, self._active = self._active, on
        self.compute(loop.body)
        self._active = outer
        heads = []
        for carried, name, start, body in zip(loop.carried, self._ended[s], first, loop.body, strict=True):
            v = vector_type(carried.kind)
            later = self.emit(f"select {mask} {on}, {v} {self.value(body)}, {v} {name}")
            heads.append(f"  {name} = phi {v} [ {start}, %{label}.in ], [ {later}, %{label}.next ]")
        self.lines[at:at] = heads
        self._known[s] = label
        self.lines += [f"  br label %{label}.next", f"{label}.next:", f"  br label %{label}", f"{label}.out:"]

    def _float(self, s: Scalar, args: list[str], kind: str) -> str:
        v = vector_type(kind)
        if s.op in _FLOAT:
            return self.emit(f"{_FLOAT[s.op]} contract {v} {', '.join(args)}")
        if s.op in _FLOAT_COMPARE:
            return self.emit(f"fcmp {_FLOAT_COMPARE[s.op]} {v} {', '.join(args)}")
        if s.op == "select":
            return self._select(s, args)
        if s.op == "convert":
            return converted(self, s, args[0])
        if s.op == "neg":
            return self.emit(f"fneg {v} {args[0]}")
        if s.op in _INTRINSICS:
            return self.apply(f"llvm.{_INTRINSICS[s.op]}.v{WIDTH}{kind}", v, args, [v] * len(args))
        if s.op in _FUNCTIONS or s.op in _IN_WORDS:
            return self._function(s, args, kind)
        raise Unsupported(f"{s.op} of {kind}")

    def _function(self, s: Scalar, args: list[str], kind: str) -> str:
        """exp, log and what follows from them in vectors; the rest lane by lane from the C library."""
        if kind == "f32":
            wide = [self.emit(f"fpext {vector_type('f32')} {a} to {vector_type('f64')}") for a in args]
            found = self._function(s, wide, "f64")
            return self.emit(f"fptrunc {vector_type('f64')} {found} to {vector_type('f32')}")
        if s.op in _IN_WORDS:
            return _IN_WORDS[s.op](self, *args)
        found = "undef"
        for lane in range(WIDTH):
            numbers = [self.emit(f"extractelement {vector_type(kind)} {a}, i32 {lane}") for a in args]
            one = self.apply(s.op, "double", numbers, ["double"] * len(args))
            found = self.emit(f"insertelement {vector_type(kind)} {found}, double {one}, i32 {lane}")
        return found

    def _select(self, s: Scalar, args: list[str]) -> str:
        v = vector_type(s.kind)
        return self.emit(f"select {vector_type('i1')} {args[0]}, {v} {args[1]}, {v} {args[2]}")

    def apply(self, name: str, result: str, args: Sequence[str], types: Sequence[str]) -> str:
        """Call a function by its name and LLVM types."""
        self.called.add(f"declare {result} @{name}({', '.join(types)})")
        given = ", ".join(f"{t} {a}" for t, a in zip(types, args, strict=True))
        return self.emit(f"call {result} @{name}({given})")

    def call(self, name: str, *args: str) -> str:
        """A vector intrinsic of doubles."""
        v = vector_type("f64")
        return self.apply(f"llvm.{name}.v{WIDTH}f64", v, args, [v] * len(args))


def _short(kind: str) -> str:
    """How LLVM's names of functions call a kind of number in memory."""
    return kind if kind[0] == "f" else scalar_type(kind)


_LANES = "<" + ", ".join(f"i64 {k}" for k in range(WIDTH)) + ">"
_FLOAT = {"add": "fadd", "sub": "fsub", "mul": "fmul", "div": "fdiv", "rem": "frem"}
_FLOAT_COMPARE = {"eq": "oeq", "ne": "une", "lt": "olt", "le": "ole", "gt": "ogt", "ge": "oge"}
_INTRINSICS = {
    "abs": "fabs", "sqrt": "sqrt", "max": "maximum", "min": "minimum", "floor": "floor", "ceil": "ceil",
    "round": "round", "roundeven": "roundeven",
}  # fmt: skip
# Written out in vectors (`vector_math`).
_IN_WORDS = {"exp": vector_math.exp, "log": vector_math.log, "logistic": vector_math.logistic}
# Taken from the C library, lane by lane.
_FUNCTIONS = {
    "pow", "exp2", "expm1", "log1p", "sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh",
    "tanh", "asinh", "acosh", "atanh", "erf", "erfc", "lgamma", "cbrt",
}  # fmt: skip
