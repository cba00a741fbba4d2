"""Which primitives of JAX switch, and the functions that change sign where they do.

What one primitive does may be seen only by a later one. The domain of ``arccos`` ends at 1: the NaN beyond
ends the orbit, unless ``isfinite`` or a comparison takes it in and gives a number again. ``max(x - c, 0)``
has a corner, of which ``max(x - c, 0) == 0`` makes a jump. And of the pole of ``1 / x`` ``arctan`` makes one.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax.extend import core

from ...xla.live_bytes import inner_jaxprs
from .changes import COMPARISONS, LINEAR, STEPWISE
from .flat_trace import SEARCH, FlatTrace, to_integer
from .switches import Switch

# Numbers of which more are not compared in pairs.
_MOST_PAIRS = 32
# Where what is real ends: as `how` of a switch of the argument.
_EDGES = {
    "sqrt": ("edge",), "rsqrt": ("edge",), "log": ("edge",), "log2": ("edge",), "pow": ("edge",),
    "log1p": ("edge_below",), "acosh": ("edge_above",),
    **dict.fromkeys(("acos", "asin", "atanh", "erf_inv"), ("edge_below", "edge_above")),
}  # fmt: skip
# What is finite of finite numbers that are not huge, besides what is linear.
_FINITE = (
    LINEAR
    | STEPWISE
    | {
        "mul",
        "dot_general",
        "square",
        "one_minus_square",
        "polynomial",
        "sin",
        "cos",
        "atan",
        "tanh",
        "logistic",
        "erf",
        "erfc",
    }
)
# Complex functions with a branch cut on the real line.
_CUT = frozenset({"log", "log2", "log1p", "sqrt", "rsqrt", "pow"})
# What is bounded where its argument is not.
_BOUNDED = frozenset({"atan", "tanh", "logistic", "erf", "erfc"})


class Reach(NamedTuple):
    """What the result of a trace takes in: sets of variables.

    counts : those on which it depends.
    kinks : those of which a kink is one of the result, too.
    decides : those that something discrete depends on, so that a NaN is no end and a kink may be a jump.
    bounded : those whose poles are jumps of what depends on them.
    fails : those that may be infinite or NaN where the state is neither.
    """

    counts: set[Any]
    kinks: set[Any]
    decides: set[Any]
    bounded: set[Any]
    fails: set[Any]


def reach_of(trace: FlatTrace) -> Reach:
    """The variables that the result of a trace takes in, and how."""
    counts = {v for v in trace.outputs if not isinstance(v, core.Literal)}
    reach = Reach(counts, set(counts), set(), set(), _failing(trace))
    for equation in reversed(trace.equations):
        name, results = equation.primitive.name, equation.outvars
        if name == "stop_gradient" or not reach.counts.intersection(results):
            continue
        inputs = {v for v in equation.invars if not isinstance(v, core.Literal)}
        discrete = name in STEPWISE or to_integer(equation) or orders(equation)
        reach.counts.update(inputs)
        if reach.kinks.intersection(results) and name not in STEPWISE:
            reach.kinks.update(inputs)
        if discrete or reach.decides.intersection(results):
            reach.decides.update(inputs)
        if name in _BOUNDED or reach.bounded.intersection(results):
            reach.bounded.update(inputs)
    return reach


def _failing(trace: FlatTrace) -> set[Any]:
    """The variables that may be infinite or NaN where the state is neither."""
    fails: set[Any] = set()
    for equation in trace.equations:
        inputs = {v for v in equation.invars if not isinstance(v, core.Literal)}
        if equation.primitive.name not in _FINITE or fails.intersection(inputs):
            fails.update(equation.outvars)
    return fails


def orders(equation: Any) -> bool:
    """Whether it puts other numbers into the order of some."""
    name = equation.primitive.name
    return name == "top_k" or (name == "sort" and len(equation.invars) > 1)


def switches_in(equation: Any, made: Mapping[Any, Any], reach: Reach) -> list[Switch]:
    """The switches of one equation, on which the result depends.

    Parameters
    ----------
    equation : of a flat trace.
    made : the equation that makes each variable.
    reach : what the result of the trace takes in.
    """
    of, results = equation.invars, equation.outvars
    if not of or not reach.counts.intersection(results):
        return []
    if equation.params.get("name") == SEARCH and len(of) == 2:
        return [Switch(of[1], of[0], "each")]
    if jnp.issubdtype(of[0].aval.dtype, jnp.complexfloating):
        return [Switch(of[0], None, "imaginary")] if equation.primitive.name in _CUT else []
    if not jnp.issubdtype(of[0].aval.dtype, jnp.floating):
        return []
    decides = not reach.decides.isdisjoint(results)
    if decides or not reach.kinks.isdisjoint(results):
        kinks = _kinks_of(equation, jumps=decides)
        if kinks:
            return kinks
    if decides and equation.primitive.name in _EDGES:
        return [Switch(of[0], None, how) for how in _EDGES[equation.primitive.name]]
    if not reach.bounded.isdisjoint(results):
        poles = _poles_of(equation)
        if poles:
            return poles
    return [switch for switch in _jumps_of(equation, made) if not _is_guard(switch, reach)]


def decides(jaxpr: Any) -> bool:
    """Whether a floating-point number becomes something discrete in a jaxpr, or inside one of its calls."""
    for equation in jaxpr.eqns:
        real = bool(equation.invars) and jnp.issubdtype(equation.invars[0].aval.dtype, jnp.inexact)
        if real and (equation.primitive.name in STEPWISE or to_integer(equation) or orders(equation)):
            return True
        if any(map(decides, inner_jaxprs(equation.params))):
            return True
    return False


def _is_guard(switch: Switch, reach: Reach) -> bool:
    """Whether it asks if something is finite that is, where the state is."""
    if switch.how not in ("finite", "number"):
        return False
    return isinstance(switch.left, core.Literal) or switch.left not in reach.fails


def _jumps_of(equation: Any, made: Mapping[Any, Any]) -> list[Switch]:
    """Of what jumps itself."""
    name, of = equation.primitive.name, equation.invars
    if name in COMPARISONS:
        return _of_comparison(of[0], of[1], made)
    if name == "sign":
        return _of_comparison(of[0], None, made)
    if name == "atan2":
        return [Switch(of[0])]
    if name in ("floor", "ceil") or to_integer(equation):
        if name == "bitcast_convert_type":
            return [Switch(of[0]), Switch(of[0], None, "octave")]
        return [Switch(of[0], None, "whole")]
    if name == "round":
        return [Switch(of[0], None, "half")]
    if name == "rem":
        return [Switch(of[0], of[1], "ratio")]
    if name == "is_finite":
        return [Switch(of[0], None, "finite")]
    if name in ("eq", "ne") and of[0] is of[1]:
        return [Switch(of[0], None, "number")]
    if name in ("argmax", "argmin"):
        return _of_largest(equation, "largest" if name == "argmax" else "least", jumps=True)
    return _of_order(equation, jumps=True) if orders(equation) else []


def _kinks_of(equation: Any, jumps: bool) -> list[Switch]:
    """Of continuous functions with a corner, which `jumps` where something discrete depends on them."""
    name, of = equation.primitive.name, equation.invars
    # What jumps at 0 of |x| is no jump of x; of |x| < c a comparison of x is made.
    if name == "abs" and not jumps:
        return [Switch(of[0], jumps=False)]
    if name in ("max", "min"):
        return [Switch(of[0], of[1], jumps=jumps)]
    if name == "clamp":
        return [Switch(of[1], of[0], jumps=jumps), Switch(of[1], of[2], jumps=jumps)]
    if name in ("reduce_max", "reduce_min"):
        return _of_largest(equation, "largest" if name == "reduce_max" else "least", jumps)
    if name in ("sort", "cummax", "cummin"):
        return _of_order(equation, jumps or orders(equation))
    return []


def _of_largest(equation: Any, how: str, jumps: bool) -> list[Switch]:
    """Of the largest number in each group, or its index."""
    of, axes = equation.invars[0], tuple(equation.params["axes"])
    several = any(of.aval.shape[axis] > 1 for axis in axes)
    return [Switch(of, None, how, jumps=jumps, axes=axes)] if several else []


def _of_order(equation: Any, jumps: bool) -> list[Switch]:
    """Of numbers that are put into their order."""
    of, params = equation.invars[0], equation.params
    axis = params.get("dimension", params.get("axis", of.aval.ndim - 1))
    if of.aval.shape[axis] < 2:
        return []
    how = "pairs" if of.aval.shape[axis] <= _MOST_PAIRS else "ranks"
    return [Switch(of, None, how, jumps=jumps, axes=(axis,))]


def _poles_of(equation: Any) -> list[Switch]:
    """Of what is infinite in between."""
    name, of = equation.primitive.name, equation.invars
    if name == "div":
        return [Switch(of[1], None, "edge")]
    if name == "integer_pow" and equation.params["y"] < 0:
        return [Switch(of[0], None, "edge")]
    return [Switch(of[0], None, "cosine")] if name == "tan" else []


def _of_comparison(left: Any, right: Any, made: Mapping[Any, Any]) -> list[Switch]:
    """Of |x| < c both x - c and x + c, which change sign more plainly than |x| - c does.

    The sign of a remainder is that of what was divided, which does not jump.
    """
    for inner, other in ((left, right), (right, left)):
        equation = None if isinstance(inner, core.Literal) else made.get(inner)
        if equation is not None and equation.primitive.name == "abs":
            x = equation.invars[0]
            return [Switch(x, other), Switch(x, other, "sum")]
        if equation is not None and equation.primitive.name == "rem" and is_zero(other, made):
            return [Switch(equation.invars[0])]
    return [Switch(left, right)]


def is_zero(atom: Any, made: Mapping[Any, Any]) -> bool:
    """Whether this is 0, as far as the trace says; None is."""
    if atom is None:
        return True
    if isinstance(atom, core.Literal):
        return not np.any(atom.val)
    equation = made.get(atom)
    return (
        equation is not None
        and equation.primitive.name == "broadcast_in_dim"
        and is_zero(equation.invars[0], made)
    )
