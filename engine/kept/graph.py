"""Scalars as plain lists, and back: the graph of a function of points, as it is written to a file.

Each scalar is a row [op, dtype, numbers of its arguments, value], after those that it needs. Real constants
are written by their bits; of a loop, and of a function that is called, the rows of what they hold.
"""

import struct
from collections.abc import Sequence
from typing import Any

from ..codegen.ir import DTYPES, Function, Scalar, While, order_of
from ..codegen.ops import OPERATIONS

_WITHOUT_ARGUMENTS = ("constant", "input", "carried")


def rows_of(scalars: Sequence[Scalar]) -> tuple[list[list[Any]], list[int]]:
    """Rows of all that these scalars rest on, and the number of the row of each of these."""
    number: dict[Scalar, int] = {}
    rows: list[list[Any]] = []

    def write(wanted: Sequence[Scalar]) -> list[int]:
        for scalar in order_of(wanted, number):
            if scalar in number:  # a loop before it holds it, too
                continue
            value = scalar.value
            if isinstance(value, While):
                value = [write(value.carried), write([value.cond]), write(value.body)]
            elif isinstance(value, Function):
                value = [value.name, write(value.inputs), write([value.result])]
            elif scalar.constant and scalar.dtype[0] == "f":
                value = struct.pack("<d", value).hex()
            rows.append([scalar.op, scalar.dtype, [number[a] for a in scalar.args], value])
            number[scalar] = len(rows) - 1
        return [number[s] for s in wanted]

    return rows, write(scalars)


def scalars_of(rows: Sequence[Sequence[Any]], wanted: Sequence[int]) -> list[Scalar]:
    """The scalars of such rows with these numbers. Raises ValueError where a row is none."""
    made: list[Scalar] = []
    functions: dict[tuple[Any, ...], Function] = {}  # one for all calls: its code stands once in a program
    for op, dtype, arguments, value in rows:
        args = tuple(_before(made, arguments))
        _require_sound(op, dtype, args)
        if op == "loop":
            carried, cond, body = (_before(made, numbers) for numbers in value)
            value = While(tuple(carried), cond[0], tuple(body))
        elif op == "call":
            name, inputs, result = value
            key = name, *inputs, *result
            if key not in functions:
                functions[key] = _function(name, _before(made, inputs), _before(made, result))
            if [a.dtype for a in args] != [a.dtype for a in functions[key].inputs]:
                raise ValueError(f"a call of {name} with other arguments than it has")
            value = functions[key]
        elif op == "constant" and dtype[0] == "f":
            value = struct.unpack("<d", bytes.fromhex(value))[0]
        made.append(Scalar(op, args, dtype, value))
    return _before(made, wanted)


def _before(made: Sequence[Scalar], numbers: Sequence[int]) -> list[Scalar]:
    if not all(0 <= n < len(made) for n in numbers):
        raise ValueError("a scalar that rests on a later one")
    return [made[n] for n in numbers]


def _function(name: str, inputs: Sequence[Scalar], result: Sequence[Scalar]) -> Function:
    if name not in OPERATIONS or len(inputs) != OPERATIONS[name].arity or len(result) != 1:
        raise ValueError(f"no function {name} of {len(inputs)} arguments")
    return Function(name, tuple(inputs), result[0])


def _require_sound(op: str, dtype: str, args: tuple[Scalar, ...]) -> None:
    if op in OPERATIONS:
        sound = dtype in DTYPES and len(args) == OPERATIONS[op].arity
    else:
        sound = (op in _WITHOUT_ARGUMENTS and not args and dtype in DTYPES) or op in (
            "loop",
            "result",
            "call",
        )
    if not sound:
        raise ValueError(f"no operation {op} of {len(args)} arguments")
