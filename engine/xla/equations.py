"""A program computed equation by equation, so that some of them are computed otherwise."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import jax
from jax.extend import core

from .live_bytes import inner_jaxprs, is_jaxpr

Array = Any
# From an equation and its operands to its results.
Compute = Callable[[Any, list[Array]], Sequence[Array]]


def computed(jaxpr: core.Jaxpr, consts: Sequence[Array], compute: Compute, *arguments: Array) -> list[Array]:
    """The results of a program whose every equation `compute` computes."""
    known = dict(zip([*jaxpr.constvars, *jaxpr.invars], [*consts, *arguments], strict=True))

    def read(atom: Any) -> Array:
        return atom.val if isinstance(atom, core.Literal) else known[atom]

    for equation in jaxpr.eqns:
        results = compute(equation, [read(atom) for atom in equation.invars])
        known.update(zip(equation.outvars, results, strict=True))
    return [read(atom) for atom in jaxpr.outvars]


def bound(equation: Any, operands: Sequence[Array], params: dict[str, Any]) -> list[Array]:
    """The results of an equation by its own primitive, of these params in place of its own."""
    with equation.ctx.manager:  # the settings under which it was traced
        result = equation.primitive.bind(*operands, **equation.primitive.get_bind_params(params))
    return list(result) if equation.primitive.multiple_results else [result]


def retraced(run: Callable[..., list[Array]], closed: core.ClosedJaxpr) -> core.ClosedJaxpr:
    """A program anew, as `run(jaxpr, consts, *arguments)` computes it."""
    shapes = [jax.ShapeDtypeStruct(a.shape, a.dtype) for a in closed.in_avals]
    return jax.make_jaxpr(partial(run, closed.jaxpr, closed.consts))(*shapes)


def with_inner(
    params: dict[str, Any],
    concerned: Callable[[core.Jaxpr], bool],
    rewritten: Callable[[core.ClosedJaxpr], core.ClosedJaxpr],
) -> dict[str, Any]:
    """The params of an equation, those functions in them `rewritten` in which some are `concerned`."""

    def rewrite(value: Any) -> Any:
        if not is_jaxpr(value) or not any(map(concerned, inner_jaxprs(value))):
            return value
        if isinstance(value, core.ClosedJaxpr):
            return rewritten(value)
        return rewritten(core.ClosedJaxpr(value, ())).jaxpr

    return {name: jax.tree.map(rewrite, value, is_leaf=is_jaxpr) for name, value in params.items()}
