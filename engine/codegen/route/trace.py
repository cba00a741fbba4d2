"""From the trace of a lane's whole way, with its calls and loops as parts, to a route of blocks."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jax.extend import core

from ...called import called
from ...scan_counts import scan_counts
from ..ir import Scalar, Unsupported, dtype_name
from .alike import joined
from .buffers import allocated, reads
from .equations import holds_parts, seen_otherwise, unchanged
from .glue import Glue, steps_of
from .outside import shortened
from .part import PART, Part
from .route import Apply, Block, Buffer, Choose, Copy, Fill, Go, Put, Repeat, Route, Take, Value
from .threads import threaded


def route_of(trace: Any, primitives: Callable[[Sequence[Scalar]], list[Scalar]]) -> Route:
    """The route of a closed jaxpr. Raises Unsupported where it holds what has no machine code."""
    return _Writer(primitives).route(trace)


class _Writer:
    """Writes blocks, the last of which is under way; glue waits until something needs it."""

    def __init__(self, primitives: Callable[[Sequence[Scalar]], list[Scalar]]) -> None:
        self.primitives = primitives
        self.blocks = [Block()]
        self.glue = Glue([])
        self.constants: dict[Any, Value] = {}
        self.alike: dict[Buffer, np.generic] = {}  # arrays of one number, again and again

    def route(self, trace: Any) -> Route:
        inputs = tuple(self.buffer(v.aval) for v in trace.jaxpr.invars)
        results = self.evaluate(trace.jaxpr, trace.consts, inputs)
        self.flush()
        blocks = shortened(threaded(self.lowered(results)), results)
        blocks, buffers = allocated(blocks, inputs, results)
        return Route(joined(blocks), inputs, tuple(results), buffers)

    def lowered(self, results: Sequence[Value]) -> list[Block]:
        """The blocks, their glue lowered as far as anybody needs what it makes."""
        every = [step for block in self.blocks for step in (*block.steps, block.end)]
        used = {buffer for step in every for buffer in reads(step)} | {v.buffer for v in results}
        blocks = []
        for block in reversed(self.blocks):
            steps = []
            for step in reversed(block.steps):
                if isinstance(step, Glue):
                    steps += reversed(steps_of(step, [r for r in step.made if r in used], self.primitives))
                else:
                    steps.append(step)
            blocks.append(Block(steps[::-1], block.end))
        return blocks[::-1]

    # --- values --------------------------------------------------------------------------------------------

    def buffer(self, aval: Any) -> Value:
        """A new place for such an array."""
        shape = tuple(aval.shape)
        return Value(Buffer(int(np.prod(shape)), dtype_name(aval.dtype)), shape)

    def constant(self, value: Any) -> Value:
        """The place of numbers that are known. Raises Unsupported of what is only traced."""
        if isinstance(value, Tracer):
            raise Unsupported("a function that closes over a traced value")
        array = np.asarray(value)
        key = array.dtype.str, array.shape, array.tobytes()
        if key not in self.constants:
            buffer = Buffer(array.size, dtype_name(array.dtype), array.ravel())
            self.constants[key] = Value(buffer, array.shape)
        return self.constants[key]

    # --- blocks --------------------------------------------------------------------------------------------

    @property
    def steps(self) -> list[Any]:
        """Those of the block under way."""
        return self.blocks[-1].steps

    def flush(self) -> None:
        """What waits is a step."""
        if self.glue.equations:
            self.steps.append(self.glue)
            self.glue = Glue([])

    def add(self, step: Any) -> None:
        """A step after what waits."""
        self.flush()
        self.steps.append(step)

    def begin(self) -> int:
        """A new block, the next."""
        self.flush()
        self.blocks.append(Block())
        return len(self.blocks) - 1

    def copy(self, values: Sequence[Value], targets: Sequence[Value]) -> None:
        """All at once: a target that is read for another one goes by way of a third place."""
        pairs = [(v, t) for v, t in zip(values, targets, strict=True) if v.key != t.key]
        written = {t.buffer for _, t in pairs}
        away = {
            v.key: Value(Buffer(v.size, v.buffer.dtype), v.shape) for v, _ in pairs if v.buffer in written
        }
        if away:
            sources = {v.key: v for v, _ in pairs}
            self.add(Copy(tuple((sources[key], target) for key, target in away.items())))
        if pairs:
            self.add(Copy(tuple((away.get(v.key, v), t) for v, t in pairs)))

    # --- equations -----------------------------------------------------------------------------------------

    def evaluate(self, jaxpr: Any, consts: Sequence[Any], arguments: Sequence[Value]) -> list[Value]:
        """The results of a jaxpr, computed from here on."""
        known: dict[Any, Value] = {}

        def read(atom: Any) -> Value:
            return self.constant(atom.val) if isinstance(atom, core.Literal) else known[atom]

        for variable, value in zip(jaxpr.constvars, consts, strict=True):
            known[variable] = value if isinstance(value, Value) else self.constant(value)
        known.update(zip(jaxpr.invars, arguments, strict=True))
        for equation in jaxpr.eqns:
            operands = [read(atom) for atom in equation.invars]
            known.update(zip(equation.outvars, self.equation(equation, operands), strict=True))
        return [read(atom) for atom in jaxpr.outvars]

    def closed(self, inner: Any, arguments: Sequence[Value]) -> list[Value]:
        """The same of one that may bring its constants along."""
        if hasattr(inner, "jaxpr"):
            return self.evaluate(inner.jaxpr, inner.consts, arguments)
        return self.evaluate(inner, (), arguments)

    def equation(self, equation: Any, operands: list[Value]) -> list[Value]:
        name, params = equation.primitive.name, equation.params
        if name == PART:
            return self.part(params["part"], operands)
        if holds_parts(equation):
            function = called(equation)
            if function is not None:
                return self.closed(function, operands)
            if name == "while":
                return self.repeated(operands, **params)
            if name == "scan":
                return self.scanned(operands, **params)
            raise Unsupported(f"primitive {name} around calls of a lane")
        same = seen_otherwise(equation, operands)
        if same is not None:
            return same
        if name == "select_n" and (number := self.chosen(operands)) is not None:
            target = self.like(operands[1])
            self.copy([operands[1]], [target])
            self.add(Fill(operands[0], number, target))
            return [target]
        results = [self.buffer(v.aval) for v in equation.outvars]
        known = operands[0].buffer.constant if operands else None
        if name == "broadcast_in_dim" and known is not None and operands[0].size == 1:
            self.alike[results[0].buffer] = known[operands[0].first]
        self.glue.equations.append((equation, operands, results))
        return results

    def chosen(self, operands: Sequence[Value]) -> np.generic | None:
        """The number that one condition puts in place of an array; None of another choice."""
        on, *arrays = operands
        is_fill = on.size == 1 and on.buffer.constant is None and on.buffer.dtype == "i1" and arrays[0].shape
        return self.alike.get(arrays[1].buffer) if is_fill else None

    def part(self, part: Part, operands: list[Value]) -> list[Value]:
        outer = part.outer(operands)
        inner = int(np.prod(outer))
        given = dict(zip(part.given, operands, strict=True))
        shapes = [part.shapes[k] for k in part.loop.changing]
        results = [
            Value(Buffer(inner * int(np.prod(s.shape)), dtype_name(s.dtype)), (*outer, *s.shape))
            for s in shapes
        ]
        if part.loop.once:
            inputs = tuple(given[k] for k in sorted(part.read))
            self.add(Apply(part, inputs, tuple(results), inner))
            return results
        if inner != 1:
            raise Unsupported("loops of a lane side by side")
        unread = [Value(Buffer(v.size, v.buffer.dtype, np.zeros(v.size)), v.shape) for v in results]
        begins = [given.get(k, zero) for k, zero in zip(part.loop.changing, unread, strict=True)]
        self.copy(begins, results)
        here = self.begin()
        self.blocks[-2].end = Go(here)
        fixed = tuple(given[k] for k in part.given if k not in part.loop.changing)
        after = self.begin()
        self.blocks[here].end = Repeat(part, tuple(results), fixed, after)
        return results

    def repeated(
        self,
        operands: list[Value],
        *,
        cond_jaxpr: Any,
        cond_nconsts: int,
        body_jaxpr: Any,
        body_nconsts: int,
        **_: Any,
    ) -> list[Value]:
        """A `while` around parts."""
        in_cond, rest = operands[:cond_nconsts], operands[cond_nconsts:]
        in_body, first = rest[:body_nconsts], rest[body_nconsts:]
        same = unchanged(body_jaxpr, body_nconsts)
        carried = [v if k in same else self.like(v) for k, v in enumerate(first)]
        moving = [k for k in range(len(first)) if k not in same]

        def body() -> None:
            later = self.closed(body_jaxpr, [*in_body, *carried])
            self.copy([later[k] for k in moving], [carried[k] for k in moving])

        self.copy([first[k] for k in moving], [carried[k] for k in moving])
        self.loop(lambda: self.closed(cond_jaxpr, [*in_cond, *carried])[0], body)
        return carried

    def loop(self, cond: Callable[[], Value], body: Callable[[], None]) -> None:
        """Blocks that are passed again and again."""
        head = self.begin()
        self.blocks[head - 1].end = Go(head)
        on = cond()
        within = self.begin()
        decides = within - 1
        body()
        self.flush()
        last = len(self.blocks) - 1
        self.blocks[last].end = Go(head)
        after = self.begin()
        self.blocks[decides].end = Choose(on, within, after)

    def scanned(
        self, operands: list[Value], *, jaxpr: Any, length: int, reverse: bool, **params: Any
    ) -> list[Value]:
        if reverse:
            raise Unsupported("a scan backwards around calls of a lane")
        constants, carries = scan_counts(params, len(operands))
        fixed, first = operands[:constants], operands[constants : constants + carries]
        along = operands[constants + carries :]
        count = self.like(self.constant(np.int32(0)))
        carried = [self.like(v) for v in first]
        inner, outs = jaxpr.jaxpr, jaxpr.jaxpr.outvars[carries:]
        rows = [self.buffer(v.aval) for v in inner.invars[constants + carries :]]
        stacks = [self.buffer(jax.ShapeDtypeStruct((length, *v.aval.shape), v.aval.dtype)) for v in outs]

        def counted(function: Callable[[Any], Any]) -> Value:
            return self.closed(jax.make_jaxpr(function)(jnp.int32(0)), [count])[0]

        def body() -> None:
            for source, row in zip(along, rows, strict=True):
                self.add(Take(source, count, row))
            later = self.closed(jaxpr, [*fixed, *carried, *rows])
            for value, stack in zip(later[carries:], stacks, strict=True):
                self.add(Put(value, count, stack))
            self.copy([*later[:carries], counted(lambda i: i + 1)], [*carried, count])

        self.copy([*first, self.constant(np.int32(0))], [*carried, count])
        self.loop(partial(counted, lambda i: i < length), body)
        return [*carried, *stacks]

    def like(self, value: Value) -> Value:
        """A new place for such an array."""
        return Value(Buffer(value.size, value.buffer.dtype), value.shape)
