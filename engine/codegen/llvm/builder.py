"""Scalars as LLVM code on vectors: the same operation on the numbers of several points or lanes at once."""

from collections.abc import Iterable, Sequence

from ..ir import Function, Scalar, While, bytes_of, order_of
from .code import Code
from .types import memory_type, short_name
from .which_instruction import instruction


class VectorCode(Code):
    """Code that computes scalars.

    `sources` says where the inputs lie: input number to the name of a pointer to a vector. `active` names the
    slots that loops wait for, all of them if None: a slot without a lane may hold anything.
    """

    def __init__(self, width: int, sources: list[str] | None = None) -> None:
        super().__init__(width)
        self.active: str | None = None
        self._sources = sources or []
        self._known: dict[Scalar, str] = {}
        self._ended: dict[Scalar, list[str]] = {}

    def give(self, scalar: Scalar, name: str) -> None:
        """Say under which name a scalar's value is there already."""
        self._known[scalar] = name

    def forget(self) -> None:
        """What was computed before is not at hand in the lines that follow."""
        self._known, self._ended = {}, {}

    def compute(self, scalars: Sequence[Scalar]) -> None:
        """Add the lines that compute these."""
        for scalar in self.in_order(scalars):
            self.compute_one(scalar)

    def compute_one(self, scalar: Scalar) -> None:
        """Add the lines that compute one whose arguments are there."""
        if scalar.op == "loop":
            self._loop(scalar)
        else:
            self._known[scalar] = self._compute(scalar)

    def in_order(self, scalars: Sequence[Scalar]) -> Iterable[Scalar]:
        """What is to be computed of these and of all that they rest on, each after what it needs."""
        return order_of(scalars, self._known)

    def value(self, scalar: Scalar) -> str:
        """The name of a scalar's value."""
        if scalar not in self._known:
            self.compute([scalar])
        return self._known[scalar]

    def _compute(self, s: Scalar) -> str:
        if s.op == "constant":
            return self.vectors.literal(s.value, s.dtype)
        if s.op == "input":
            return self.load(self._sources[s.value], s.dtype)
        if s.op == "result":
            return self._ended[s.args[0]][s.value]
        if s.op == "call":
            return self._call_of(s.value, [self._known[a] for a in s.args])
        how = instruction(s.op, s.args[0].dtype)
        assert how is not None, f"{s.op} of {s.args[0].dtype}"  # see `backend.primitives`
        return how(self, s, [self._known[a] for a in s.args])

    # --- functions -----------------------------------------------------------------------------------------

    def _call_of(self, function: Function, args: Sequence[str]) -> str:
        """The result of a function, which is defined where it is called first."""
        name = f"{function.name}.{self.width}"
        if name not in self.defined:
            self._define(name, function)
        given = ", ".join(
            f"{self.vectors.registers(i.dtype)} {a}" for i, a in zip(function.inputs, args, strict=True)
        )
        return self.emit(f"call {self.vectors.registers(function.result.dtype)} @{name}({given})")

    def _define(self, name: str, function: Function) -> None:
        """Its loops wait for all slots: they end whatever a slot without a lane holds."""
        code, given = VectorCode(self.width), []
        for k, scalar in enumerate(function.inputs):
            code.give(scalar, f"%a{k}")
            given.append(f"{self.vectors.registers(scalar.dtype)} %a{k}")
        code.block("entry")
        result = f"{self.vectors.registers(function.result.dtype)}"
        code.add(f"ret {result} {code.value(function.result)}")
        self.declared |= code.declared
        self.defined[name] = code.body(f"define internal {result} @{name}({', '.join(given)}) noinline")

    # --- loops ---------------------------------------------------------------------------------------------

    def _loop(self, s: Scalar) -> None:
        """Iterations until no slot goes on; a slot that does not keeps what it has."""
        loop: While = s.value
        label = self.label("while")
        first = [self._known[a] for a in s.args[: len(loop.carried)]]
        self.jump(f"{label}.in")
        self.block(f"{label}.in")
        self.jump(label)
        self.block(label)
        head = len(self.lines)
        self._ended[s] = [f"%{label}.{k}" for k in range(len(first))]
        self._known.update(zip(loop.carried, self._ended[s], strict=True))
        on = self._goes_on(loop.cond)
        self.branch(self._any(on), f"{label}.body", f"{label}.out")
        self.block(f"{label}.body")
        outer, self.active = self.active, on
        self.compute(loop.body)
        self.active = outer
        self.lines[head:head] = [
            self._carried(scalar, name, (start, f"%{label}.in"), (later, f"%{label}.next"))
            for scalar, name, start, later in zip(
                loop.carried, self._ended[s], first, self._kept_where_done(loop, s, on), strict=True
            )
        ]
        self._known[s] = label
        self.jump(f"{label}.next")
        self.block(f"{label}.next")
        self.jump(label)
        self.block(f"{label}.out")

    def _goes_on(self, cond: Scalar) -> str:
        on = self.value(cond)
        return on if self.active is None else self.emit(f"and {self._mask} {on}, {self.active}")

    def _any(self, mask: str) -> str:
        bits = self.emit(f"bitcast {self._mask} {mask} to i{self.width}")
        return self.emit(f"icmp ne i{self.width} {bits}, 0")

    def _kept_where_done(self, loop: While, s: Scalar, on: str) -> list[str]:
        """What is carried after an iteration, in the slots that it was for."""
        results = []
        for scalar, name in zip(loop.body, self._ended[s], strict=True):
            v = self.vectors.registers(scalar.dtype)
            results.append(self.emit(f"select {self._mask} {on}, {v} {self.value(scalar)}, {v} {name}"))
        return results

    def _carried(self, scalar: Scalar, name: str, first: tuple[str, str], later: tuple[str, str]) -> str:
        ways = ", ".join(f"[ {value}, {block} ]" for value, block in (first, later))
        return f"  {name} = phi {self.vectors.registers(scalar.dtype)} {ways}"

    @property
    def _mask(self) -> str:
        return self.vectors.registers("i1")

    # --- lanes ---------------------------------------------------------------------------------------------

    def reserve(self, dtypes: Sequence[str]) -> None:
        """Make room for inputs of these dtypes, each under the name of its source; all are 0."""
        for source, dtype in zip(self._sources, dtypes, strict=True):
            m = self.vectors.memory(dtype)
            self.emit_as(source, f"alloca {m}, align 64")
            self.add(f"store {m} zeroinitializer, ptr {source}, align 64")

    def advance(self, body: Sequence[Scalar]) -> None:
        """The inputs that change become these scalars."""
        self.forget()
        # All numbers are computed before the first is stored: a later one may need what was there before.
        self.compute(body)
        for k, scalar in enumerate(body):
            if not (scalar.op == "input" and scalar.value == k):
                self.store(scalar, self._sources[k])

    # --- memory --------------------------------------------------------------------------------------------

    def load(self, pointer: str, dtype: str) -> str:
        """A vector that begins at a multiple of 64 bytes."""
        return self._from_memory(
            self.emit(f"load {self.vectors.memory(dtype)}, ptr {pointer}, align 64"), dtype
        )

    def store(self, scalar: Scalar, pointer: str) -> None:
        """Write a scalar's numbers to where a multiple of 64 bytes begins."""
        self.add(
            f"store {self.vectors.memory(scalar.dtype)} {self._in_memory(scalar)}, ptr {pointer}, align 64"
        )

    def load_row(self, pointer: str, index: str, dtype: str) -> str:
        """Numbers that lie side by side, from number `index` on."""
        at = self.element(memory_type(dtype), pointer, index)
        loaded = self.emit(f"load {self.vectors.memory(dtype)}, ptr {at}, align {bytes_of(dtype)}")
        return self._from_memory(loaded, dtype)

    def broadcast(self, number: str, dtype: str) -> str:
        """One number, as it lies in memory, in all slots."""
        m = self.vectors.memory(dtype)
        one = self.emit(f"insertelement {m} poison, {memory_type(dtype)} {number}, i64 0")
        all_ = self.emit(f"shufflevector {m} {one}, {m} poison, <{self.width} x i32> zeroinitializer")
        return self._from_memory(all_, dtype)

    def number(self, scalar: Scalar) -> str:
        """A scalar's number in the first slot, as it lies in memory."""
        return self.emit(
            f"extractelement {self.vectors.memory(scalar.dtype)} {self._in_memory(scalar)}, i64 0"
        )

    def store_row(self, scalar: Scalar, pointer: str, index: str, mask: str | None = None) -> None:
        """A scalar's numbers side by side, from number `index` on: all, or those of a mask."""
        value, m = self._in_memory(scalar), self.vectors.memory(scalar.dtype)
        at = self.element(memory_type(scalar.dtype), pointer, index)
        if mask is None:
            self.add(f"store {m} {value}, ptr {at}, align {bytes_of(scalar.dtype)}")
            return
        name = f"llvm.masked.store.v{self.width}{short_name(scalar.dtype)}.p0"
        self._masked(name, scalar.dtype, value, ("ptr", at), mask)

    def scatter(self, scalar: Scalar, pointer: str, points: str, offset: int, mask: str | None) -> None:
        """A scalar's numbers apart: in each of these `points`, a vector of numbers, `offset` numbers on."""
        v = self.vectors.registers("i64")
        numbers = self.emit(f"add {v} {points}, {self.vectors.literal(offset, 'i64')}")
        at = self.emit(f"getelementptr {memory_type(scalar.dtype)}, ptr {pointer}, {v} {numbers}")
        name = f"llvm.masked.scatter.v{self.width}{short_name(scalar.dtype)}.v{self.width}p0"
        mask = mask or self.vectors.literal(1, "i1")
        self._masked(name, scalar.dtype, self._in_memory(scalar), (f"<{self.width} x ptr>", at), mask)

    def first_slots(self, count: str) -> str:
        """A mask of the first so many slots."""
        v = self.vectors.registers("i64")
        return self.emit(f"icmp slt {v} {self.vectors.slots}, {self.broadcast(count, 'i64')}")

    def _masked(self, name: str, dtype: str, value: str, to: tuple[str, str], mask: str) -> None:
        types = [self.vectors.memory(dtype), to[0], "i32 immarg", self._mask]
        self.call_void(name, [value, to[1], str(bytes_of(dtype)), mask], types)

    def _in_memory(self, scalar: Scalar) -> str:
        name = self.value(scalar)
        if scalar.dtype != "i1":
            return name
        return self.emit(f"zext {self._mask} {name} to {self.vectors.memory('i1')}")

    def _from_memory(self, loaded: str, dtype: str) -> str:
        if dtype != "i1":
            return loaded
        return self.emit(f"icmp ne {self.vectors.memory(dtype)} {loaded}, zeroinitializer")
