"""The solution's Taylor coefficients in time, taken from the field by recursion.

The field is lowered to scalars (`ir`), and each operation has a rule that gives its k-th coefficient from
those before (`ops`): products are sums of products, 1/(1 + e^-x) costs one e^x however many coefficients are
wanted.
"""

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from ...codegen.ir import Scalar, Unsupported, order_of
from ...codegen.lower.rule import BrokenRule
from ...codegen.lower.walk_jaxpr import lower_function
from ...codegen.ops.series import Series, scaled
from ...errors import SweepError
from .recursion import Recursion
from .stepper import Field

Array = Any

# Operations whose coefficients cost as much as they do, and those of which it holds with a constant factor.
_LINEAR = frozenset({"add", "sub", "neg", "convert", "select", "max", "min", "abs"})
_PRODUCTS = frozenset({"mul", "mul_rounded", "fma"})
# With what a step does besides they are still machine code (`lane_loop`); XLA would compile them for minutes.
_MOST_OPERATIONS = 30_000
# Below this order dopri8 takes longer steps for fewer operations.
_LEAST_ORDER = 8


def solution_series(field: Field, t: Array, state: Array, order: int) -> list[Array]:
    """Taylor coefficients in time of the solution through (t, state), arrays of shape (d,).

    The k-th is the k-th derivative divided by k!, for k up to `order`, or to a lower one where a step of that
    would compile for minutes. Raises SweepError where the field holds an operation that has no rule here, or
    only low orders compile in time.
    """
    try:
        return _solution_series(field, t, state, order)
    except (Unsupported, BrokenRule) as reason:
        raise _unsuitable(reason) from reason


def order_within(field: Field, t: Array, state: Array, order: int) -> int:
    """The order of the series that `solution_series` gives. Raises SweepError as that does."""
    try:
        rates, (time, components), _ = _lowered(field, t, state)
        return _order_within(order_of(rates), {time.item(), *components.tolist()}, order)
    except (Unsupported, BrokenRule) as reason:
        raise _unsuitable(reason) from reason


def _unsuitable(reason: Exception) -> SweepError:
    return SweepError(f"integrator.solver = 'taylor' does not suit this flow ({reason}); use dopri8")


def _solution_series(field: Field, t: Array, state: Array, order: int) -> list[Array]:
    rates, inputs, values = _lowered(field, t, state)
    time, components = inputs[0].item(), inputs[1].tolist()
    nodes = order_of(rates)
    order = _order_within(nodes, {time, *components}, order)
    given = {time: Series([t, jnp.ones_like(t), *[None] * (order - 1)])}
    given |= {component: Series([state[k]]) for k, component in enumerate(components)}
    recursion = Recursion(nodes, rates, given, values, order)
    for component, rate in zip(components, rates, strict=True):
        given[component].rates = recursion.known[rate]
    for k in range(order):
        if k:
            recursion.append(k)
        for component, rate in zip(components, rates, strict=True):
            given[component].append(scaled(recursion.known[rate][k], 1 / (k + 1)))
    zero = jnp.zeros((), state.dtype)
    filled = [[zero if c is None else c for c in given[component]] for component in components]
    return [jnp.stack(row) for row in zip(*filled, strict=True)]


def _order_within(nodes: Sequence[Scalar], moving: set[Scalar], order: int) -> int:
    """The highest order up to this one of which a step compiles in time: tracing it takes time, too.

    Raises Unsupported where that is a low one.
    """
    linear = products = 0
    for node in nodes:
        varying = sum(a in moving for a in node.args)
        if varying:
            moving.add(node)
            if node.op in _LINEAR or (node.op in _PRODUCTS and varying == 1):
                linear += 1
            else:
                products += 1
    least = min(order, _LEAST_ORDER)
    # A product's k-th coefficient is a sum of k products.
    counts = {lower: lower * linear + lower**2 * products for lower in range(order, least - 1, -1)}
    for lower, count in counts.items():
        if count <= _MOST_OPERATIONS:
            return lower
    count = counts[least]
    raise Unsupported(f"about {count:,} operations for a step of order {least} would compile for minutes")


def _lowered(
    field: Field, t: Array, state: Array
) -> tuple[list[Scalar], tuple[np.ndarray, np.ndarray], list[Array]]:
    """The field as scalars: its rates, its inputs (time and state), and the values of all inputs in order."""
    rates, (time, components), constants = lower_function(field, t, state)
    values = [t, *state]
    for constant in constants:
        values.extend(jnp.ravel(constant))
    return rates.tolist(), (time, components), values
