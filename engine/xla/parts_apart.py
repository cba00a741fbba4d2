"""Parts of a function that depend on fewer of its arguments than its results do, in calls of their own.

Under vmap a call is repeated along every axis on which one of its arguments lies. So what a kernel finds by
a long loop for each value of one axis would be found for every orbit, where something beside it varies with
other axes.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from math import inf
from typing import Any

import jax
from jax.extend import core

from ..codegen.live_code import live
from .equations import bound, computed
from .live_bytes import inner_jaxprs

Array = Any
Call = Callable[[Callable[[Any], Any], Any], Any]
# The arguments on which something depends.
Needs = frozenset[Any]

# Operations on numbers that are few beside those of an orbit, of which a hundred steps take some 20,000.
_FEW = 10_000
# Numbers that one part may hand to others.
_MOST_HELD = 256


def parts_apart(call: Call, function: Callable[[Any], Any], given: Any) -> Any:
    """What `function` makes of `given`, a tree of arrays, by `call(function, given)` of it or of parts."""
    leaves, tree = jax.tree.flatten(given)
    shapes = [jax.ShapeDtypeStruct(a.shape, a.dtype) for a in leaves]

    def flat(*leaves: Array) -> Any:
        return function(tree.unflatten(leaves))

    trace, result = jax.make_jaxpr(flat, return_shape=True)(*shapes)
    trace = live(trace)
    names: list[Any] = []
    known: list[Array] = []
    for part in _parts(trace.jaxpr):
        known = [*known, *call(partial(_values, trace, tuple(names), part), (leaves, known))]
        names += part
    if not names:
        return call(function, given)
    results = call(partial(_values, trace, tuple(names), trace.jaxpr.outvars), (leaves, known))
    return jax.tree.unflatten(jax.tree.structure(result), results)


def _values(
    trace: core.ClosedJaxpr, names: Sequence[Any], wanted: Sequence[Any], given: tuple[Any, Sequence[Array]]
) -> list[Array]:
    """The values of some variables of a trace, of its arguments and those of variables that are known."""
    leaves, known = given
    there = dict(zip(names, known, strict=True))
    every = dict(zip(trace.jaxpr.invars, leaves, strict=True))

    def compute(equation: Any, operands: list[Array]) -> list[Array]:
        values = bound(equation, operands, equation.params)  # what is not needed is left out of the call
        results = [there.get(v, value) for v, value in zip(equation.outvars, values, strict=True)]
        every.update(zip(equation.outvars, results, strict=True))
        return results

    outputs = computed(trace.jaxpr, trace.consts, compute, *leaves)
    return outputs if wanted is trace.jaxpr.outvars else [every[v] for v in wanted]


def _parts(jaxpr: core.Jaxpr) -> list[list[Any]]:
    """The variables that come of much work on fewer arguments than the results need, the fewest first."""
    needs: dict[Any, Needs] = {v: frozenset((v,)) for v in jaxpr.invars}
    work: dict[Needs, float] = {}
    for equation in jaxpr.eqns:
        own = _of_all(needs, equation.invars)
        needs.update((v, own) for v in equation.outvars)
        work[own] = work.get(own, 0) + _work(equation)
    whole = _of_all(needs, jaxpr.outvars)
    much = [own for own in sorted(work, key=len) if own and own < whole and work[own] > _FEW]
    parts = [_used_beyond(jaxpr, needs, own) for own in much]
    return [part for part in parts if sum(v.aval.size for v in part) <= _MOST_HELD]


def _used_beyond(jaxpr: core.Jaxpr, needs: Mapping[Any, Needs], own: Needs) -> list[Any]:
    """The variables of just these needs of which something of others is made, or that are results."""
    made = {v for e in jaxpr.eqns for v in e.outvars if needs[v] == own}
    used = [v for e in jaxpr.eqns if not made.intersection(e.outvars) for v in e.invars]
    variables = [v for v in [*used, *jaxpr.outvars] if not isinstance(v, core.Literal)]
    return [v for v in dict.fromkeys(variables) if v in made]


def _of_all(needs: Mapping[Any, Needs], atoms: Sequence[Any]) -> Needs:
    there = [needs[v] for v in atoms if not isinstance(v, core.Literal) and v in needs]
    return frozenset().union(*there)


def _work(equation: Any) -> float:
    """About how many operations on numbers an equation is; of a loop that ends by itself nobody knows."""
    name, params = equation.primitive.name, equation.params
    if name == "while":
        return inf
    inner = sum(_work(e) for jaxpr in inner_jaxprs(params) for e in jaxpr.eqns)
    sizes = [v.aval.size for v in [*equation.invars, *equation.outvars]]
    return inner * params.get("length", 1) if inner else max(sizes)
