"""Programs too long to be compiled whole: their operations one by one, each compiled once for all like it.

XLA takes about a millisecond an equation, so that a program of 10^5 of them, which a loop in Python writes
out easily, would be compiled for minutes. Few of them differ, and most need no compiler (`as_numpy`).
Intermediate arrays lie in memory and not in registers, which makes such a program several times as slow as a
compiled one.

Functions that are called, loops and choices are compiled whole, each by itself, unless there are so many
different ones that this takes long as well: then they are opened, too (`step_by_step`).
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax.extend import core

from ..called import called
from ..feedback.stop_flag import stop_if_requested
from .as_numpy import numpy_rule
from .live_bytes import equation_count, inner_jaxprs, is_jaxpr, last_uses
from .step_by_step import functions_in, steps_of

Array = Any

# What XLA takes for a program of one operation (CPU, one core), and for each equation within one.
_PER_PROGRAM, _PER_EQUATION = 10e-3, 0.8e-3
# Functions that are called as they are: longer ones are opened, others compiled whole.
_LONG = 100


def seconds_to_compile(jaxpr: core.Jaxpr, opened: bool = False) -> float:
    """About how long the operations of a program are compiled, each kind of them once."""
    kinds: dict[Any, int] = {}
    _count(jaxpr, opened, kinds)
    return sum(_PER_PROGRAM + _PER_EQUATION * inside for inside in kinds.values())


def _count(jaxpr: core.Jaxpr, opened: bool, kinds: dict[Any, int]) -> None:
    for equation in jaxpr.eqns:
        function = _opened(equation, opened)
        if function is not None:
            _count(function.jaxpr, opened, kinds)
        elif opened and steps_of(equation) is not None:
            for inner in functions_in(equation):
                _count(inner.jaxpr, opened, kinds)
        elif numpy_rule(equation) is None:
            kinds.setdefault(_kind(equation), sum(map(equation_count, inner_jaxprs(equation.params))))


def _opened(equation: Any, all_: bool) -> core.ClosedJaxpr | None:
    """The function that an equation calls, if it is a long one or all are opened; else None."""
    function = called(equation)
    if function is None:
        return None
    return function if all_ or equation_count(function.jaxpr) > _LONG else None


def _kind(equation: Any) -> tuple[Any, ...]:
    """What makes two equations one compiled program."""
    params = tuple(
        (name, id(value) if is_jaxpr(value) else repr(value))
        for name, value in sorted(equation.params.items())
    )
    return equation.primitive.name, params, tuple(str(atom.aval) for atom in equation.invars)


def evaluated(closed: core.ClosedJaxpr, arguments: Sequence[Array], opened: bool = False) -> list[Array]:
    """The results of a program for flat arguments; `opened`: loops and short functions, too.

    Raises KeyboardInterrupt where work was asked to stop.
    """
    with np.errstate(all="ignore"):
        return [jnp.asarray(result) for result in _evaluated(closed, arguments, opened)]


def _evaluated(closed: core.ClosedJaxpr, arguments: Sequence[Array], opened: bool) -> list[Array]:
    jaxpr = closed.jaxpr
    known = dict(zip([*jaxpr.constvars, *jaxpr.invars], [*closed.consts, *arguments], strict=True))
    last, gone = last_uses(jaxpr), _by_last_use(jaxpr)

    def read(atom: Any) -> Array:
        return atom.val if isinstance(atom, core.Literal) else known[atom]

    for i, equation in enumerate(jaxpr.eqns):
        stop_if_requested()
        results = _results(equation, [read(atom) for atom in equation.invars], opened)
        known.update((v, r) for v, r in zip(equation.outvars, results, strict=True) if v in last)
        for variable in gone.get(i, ()):
            known.pop(variable, None)
    return [read(atom) for atom in jaxpr.outvars]


def _results(equation: Any, operands: Sequence[Array], opened: bool) -> Sequence[Array]:
    function = _opened(equation, opened)
    if function is not None:
        return _evaluated(function, operands, opened)
    steps = steps_of(equation) if opened else None
    if steps is not None:
        return steps(equation.params, operands, partial(_evaluated, opened=opened))
    rule = numpy_rule(equation)
    if rule is not None:
        return [rule(operands)]
    params = equation.primitive.get_bind_params(equation.params)
    with equation.ctx.manager:  # the settings under which it was traced
        result = equation.primitive.bind(*operands, **params)
    return result if equation.primitive.multiple_results else [result]


def _by_last_use(jaxpr: core.Jaxpr) -> dict[int, list[Any]]:
    result: dict[int, list[Any]] = {}
    for variable, i in last_uses(jaxpr).items():
        result.setdefault(i, []).append(variable)
    return result
