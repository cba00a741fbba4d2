"""From a jaxpr to scalars: its equations in order, each by the `rule` of its primitive.

The rules themselves, a new one too, stand beside it, in the file of their primitive's family.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import jax
import numpy as np
from jax.core import Tracer
from jax.extend import core

from ..ir import Graph, Unsupported, array_of, dtype_name
from .keys import is_key
from .rule import Array, Context, apply


def lower_jaxpr(graph: Graph, jaxpr: Any, constants: Sequence[Any], inputs: Sequence[Array]) -> list[Array]:
    """The outputs of a jaxpr as arrays of scalars.

    Parameters
    ----------
    graph : makes the scalars.
    jaxpr : of a function of small arrays.
    constants : values of its constants: arrays of numbers, or arrays of scalars.
    inputs : of its inputs: arrays of scalars.

    Raises
    ------
    Unsupported
        The jaxpr holds linear algebra, a large sort or the like; the reason in words.
    BrokenRule
        The rule of a primitive has a bug.
    """
    values: dict[Any, Array] = {}

    def read(atoms: Sequence[Any]) -> list[Array]:
        return [constants_of(graph, a.val) if isinstance(a, core.Literal) else values[a] for a in atoms]

    for variable, value in zip(jaxpr.constvars, constants, strict=True):
        values[variable] = value if _is_scalars(value) else constants_of(graph, value)
    values.update(zip(jaxpr.invars, inputs, strict=True))
    inner = partial(lower_inner, graph)
    for equation in jaxpr.eqns:
        dtype = dtype_of(equation.outvars[0].aval) if equation.outvars else "i1"
        results = apply(Context(graph, equation, dtype, inner), read(equation.invars))
        values.update(zip(equation.outvars, results, strict=True))
    return read(jaxpr.outvars)


def lower_function(function: Callable[..., Any], *arguments: Any) -> tuple[Array, list[Array], list[Any]]:
    """A function of arrays, whose result is one array, as scalars.

    Returns the result, an array of scalars; those that stand for each argument; and the constants that the
    function brings along, whose scalars are inputs numbered after those of the arguments. Raises what
    `lower_jaxpr` does.
    """
    trace = jax.make_jaxpr(function)(*arguments)
    graph, inputs, first = Graph(), [], 0
    for array in [*trace.in_avals, *trace.consts]:
        inputs.append(graph.inputs(array.shape, dtype_name(array.dtype), first))
        first += inputs[-1].size
    count = len(arguments)
    (result,) = lower_jaxpr(graph, trace.jaxpr, inputs[count:], inputs[:count])
    return result, inputs[:count], list(trace.consts)


def dtype_of(aval: Any) -> str:
    """The dtype of a traced value as scalars name it."""
    return "u32" if is_key(aval) else dtype_name(aval.dtype)


def lower_inner(graph: Graph, inner: Any, operands: Sequence[Array]) -> list[Array]:
    """The outputs of a jaxpr that may bring its constants along."""
    if hasattr(inner, "jaxpr"):
        return lower_jaxpr(graph, inner.jaxpr, inner.consts, operands)
    return lower_jaxpr(graph, inner, (), operands)


def _is_scalars(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype == object


def constants_of(graph: Graph, value: Any) -> Array:
    """An array of numbers that are known, as scalars. Raises Unsupported of what are none."""
    if isinstance(value, Tracer):
        raise Unsupported("a function that closes over a traced value")
    if hasattr(value, "dtype") and is_key(value):
        raise Unsupported("a key of random numbers that was made outside of the model")
    values = np.asarray(value)
    dtype = dtype_name(values.dtype)
    return array_of([graph.constant(v, dtype) for v in values.ravel().tolist()], values.shape)
