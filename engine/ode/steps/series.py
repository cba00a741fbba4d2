"""The solution's Taylor coefficients in time, taken from the field by recursion.

The field is lowered to scalars (`ir`), and each operation has a rule that gives its k-th coefficient from
those before (`ops`): products are sums of products, 1/(1 + e^-x) costs one e^x however many coefficients are
wanted.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import jax.numpy as jnp

from ...codegen.ir import Scalar, Unsupported, order_of
from ...codegen.lower.rule import BrokenRule
from ...codegen.lower.walk_jaxpr import lower_function
from ...codegen.ops import OPERATIONS
from ...codegen.ops.series import Series, scaled
from ...errors import SweepError
from .recursion import Recursion, value_of
from .stepper import Field

Array = Any

# Operations whose coefficients cost as much as they do, and those of which it holds with a constant factor.
_LINEAR = frozenset({"add", "sub", "neg", "convert", "select", "max", "min", "abs"})
_PRODUCTS = frozenset({"mul", "mul_rounded", "fma"})
# With what a step does besides they are still machine code (`lane_loop`); XLA would compile them for minutes.
_MOST_OPERATIONS = 30_000
# Below this order dopri8 takes longer steps for fewer operations.
_LEAST_ORDER = 8
# Numbers that a step leaves for the next one, at most: each is one more that a lane keeps in memory.
_MOST_CARRIED = 32


class LoweredField:
    """A field as scalars: its Taylor coefficients, and what of it a step leaves for the next one.

    Raises SweepError where the field holds an operation that has no rule here.

    Parameters
    ----------
    field : field(t, state) -> rates, shape (d,); it may close over arrays.
    t, state : anything of the shapes and dtypes that it takes.
    """

    def __init__(self, field: Field, t: Array, state: Array) -> None:
        with _suitable():
            rates, (time, components), constants = lower_function(field, t, state)
        self.rates, self.time, self.components = rates.tolist(), time.item(), components.tolist()
        self._closed_over = [number for constant in constants for number in jnp.ravel(constant)]
        self._nodes = order_of(self.rates)

    def order_within(self, order: int) -> int:
        """The order that `series` has. Raises SweepError where only low ones compile in time."""
        with _suitable():
            return _order_within(self._nodes, _varying(self._nodes, {self.time, *self.components}), order)

    def series(
        self, t: Array, state: Array, order: int, rates: Array | None = None, costly: Sequence[Array] = ()
    ) -> list[Array]:
        """Taylor coefficients in time of the solution through (t, state), arrays of shape (d,).

        The k-th is the k-th derivative divided by k!, for k up to `order`, or to a lower one where a step of
        that would compile for minutes; SweepError where only low ones compile in time. `rates` and `costly`
        are the field and `costly_at` there, where they are known.
        """
        order = self.order_within(order)
        given = {self.time: Series([t, jnp.ones_like(t), *[None] * (order - 1)])}
        given |= {component: Series([state[k]]) for k, component in enumerate(self.components)}
        known = dict(zip(self._costly, costly, strict=True)) if costly else {}
        if rates is not None:
            known |= {node: rates[k] for k, node in enumerate(self.rates) if not node.constant}
        with _suitable():
            return self._series(given, order, self._values(t, state), known)

    def _series(
        self,
        given: Mapping[Scalar, Series],
        order: int,
        values: Sequence[Array],
        known: Mapping[Scalar, Array],
    ) -> list[Array]:
        recursion = Recursion(self._nodes, self.rates, given, values, order, known)
        series = [given[component] for component in self.components]
        rates = [recursion.known[rate] for rate in self.rates]
        for own, slope in zip(series, rates, strict=True):
            own.rates = slope
        for k in range(order):
            if k:
                recursion.append(k)
            for own, slope in zip(series, rates, strict=True):
                own.append(scaled(slope[k], 1 / (k + 1)))
        zero = jnp.zeros_like(series[0][0])
        return [jnp.stack([zero if c is None else c for c in row]) for row in zip(*series, strict=True)]

    def costly_at(self, t: Array, state: Array) -> tuple[Array, ...]:
        """What takes long of the field there, such as exp of the state; where a step ends the next begins."""
        values, known = self._values(t, state), dict[Scalar, Sequence[Array]]()
        with _suitable():
            for node in order_of(self._costly):
                known[node] = [value_of(node, known, values)]
        return tuple(known[node][0] for node in self._costly)

    @cached_property
    def _costly(self) -> list[Scalar]:
        """Floats that change on the way and take dozens of instructions each, the first of them."""
        varying = _varying(self._nodes, {self.time, *self.components})
        costly = [n for n in self._nodes if n in varying and n.dtype[0] == "f" and _is_costly(n)]
        return costly[:_MOST_CARRIED]

    def _values(self, t: Array, state: Array) -> list[Array]:
        """The values of all inputs, in order."""
        return [t, *state, *self._closed_over]


def _is_costly(node: Scalar) -> bool:
    return node.op in OPERATIONS and bool(node.args) and OPERATIONS[node.op].costly(node.args[0].dtype)


@contextmanager
def _suitable() -> Iterator[None]:
    """Around what asks for rules: SweepError where there is none."""
    try:
        yield
    except (Unsupported, BrokenRule) as reason:
        message = f"integrator.solver = 'taylor' does not suit this flow ({reason}); use dopri8"
        raise SweepError(message) from reason


def _varying(nodes: Sequence[Scalar], inputs: set[Scalar]) -> set[Scalar]:
    """What changes on the way: these inputs, and all nodes that rest on one."""
    varying = set(inputs)
    for node in nodes:
        if not varying.isdisjoint(node.args):
            varying.add(node)
    return varying


def _order_within(nodes: Sequence[Scalar], varying: set[Scalar], order: int) -> int:
    """The highest order up to this one of which a step compiles in time: tracing it takes time, too.

    Raises Unsupported where that is a low one.
    """
    linear = products = 0
    for node in nodes:
        changes = sum(a in varying for a in node.args)
        if changes:
            if node.op in _LINEAR or (node.op in _PRODUCTS and changes == 1):
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
