"""What is followed of an orbit: the observables whose swings a flow names.

An observable that rises or falls with one state component alone is followed by that component, which costs
nothing and holds as near to a face as the state does: a share of 1e-300 has a logit. Any other is followed
itself, along its own rate, its gradient times the field.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from ..codegen.ir import Scalar, Unsupported, order_of
from ..codegen.lower.rule import BrokenRule
from ..codegen.lower.walk_jaxpr import lower_function
from ..errors import SweepError
from .differences import NO_RULE, by_differences, jacobian_of

Array = Any
Observe = Callable[[Array], Mapping[str, Array]]

# Functions of one argument that rise wherever they are defined.
_RISING = frozenset(
    "logistic exp exp2 expm1 log log1p tanh sinh asinh atan erf sqrt cbrt".split()  # noqa: SIM905
)


class SourceComponent(NamedTuple):
    """The state component that an observable rises with (`sign` 1) or falls with (-1)."""

    component: int
    sign: int


def sources_of(observe: Observe, names: tuple[str, ...], state: Array) -> tuple[SourceComponent | None, ...]:
    """The `SourceComponent` of each observable called so, as far as the trace of `observe` shows it.

    None where it depends on several components, or on one with which it neither only rises nor only falls.
    """
    return tuple(_source_of(lambda z, name=name: observe(z)[name], state) for name in names)


def components_of(observe: Observe, names: tuple[str, ...], state: Array) -> list[bool]:
    """Which state components these observables rise or fall with, shape (d,).

    Raises SweepError where one depends on several, or does neither.
    """
    sources = sources_of(observe, names, state)
    for name, source in zip(names, sources, strict=True):
        if source is None:
            raise SweepError(
                f"observable {name!r} is declared a quadrature, but is no component of the state, nor does it"
                " rise or fall with one alone"
            )
    return [any(s is not None and s.component == i for s in sources) for i in range(state.size)]


class Followed:
    """The followed quantities of one scenario's orbit, k numbers: components, or observables themselves.

    Parameters
    ----------
    observe : observe(state), a mapping from the observables' names.
    names : of those that are followed.
    sources : as `sources_of` gives them.
    """

    def __init__(
        self, observe: Observe, names: tuple[str, ...], sources: tuple[SourceComponent | None, ...]
    ) -> None:
        self.names, self.sources = names, sources
        self._observe = observe
        self._own = [name for name, source in zip(names, sources, strict=True) if source is None]

    def values(self, state: Array) -> Array:
        """The quantities at a state, shape (k,)."""
        return self._picked(state, self._observables(state))

    def slopes(self, state: Array, rates: Array) -> Array:
        """Their derivatives in time where the field is `rates`, shape (k,)."""
        own = {}
        if self._own:
            try:
                _, own = jax.jvp(self._observables, (state,), (rates,))
            except NO_RULE:
                return by_differences(self.values, state) @ rates
        return self._picked(rates, own)

    def errors(self, state: Array, allowed: Array) -> Array:
        """What errors `allowed` in the components, shape (d,), make of the quantities, shape (k,)."""
        return jnp.abs(jacobian_of(self.values, state)) @ jnp.broadcast_to(allowed, state.shape)

    def seen(self, k: int, value: Array, state: Array) -> Array:
        """The k-th observable where its followed quantity has this value; `state` is any state."""
        source = self.sources[k]
        if source is None:
            return value
        # Chosen, not scattered: of a scatter XLA makes a loop.
        there = jnp.arange(state.size) == source.component
        return self._observe(jnp.where(there, source.sign * value, state))[self.names[k]]

    def _observables(self, state: Array) -> dict[str, Array]:
        if not self._own:
            return {}
        seen = self._observe(state)
        return {name: jnp.asarray(seen[name], state.dtype) for name in self._own}

    def _picked(self, of_components: Array, of_observables: Mapping[str, Array]) -> Array:
        picked = []
        for name, source in zip(self.names, self.sources, strict=True):
            if source is None:
                picked.append(of_observables[name])
            else:
                component = of_components[source.component]
                picked.append(component if source.sign > 0 else -component)
        return jnp.stack(picked)


def _source_of(observable: Callable[[Array], Array], state: Array) -> SourceComponent | None:
    try:
        result, (components,), _ = lower_function(observable, state)
    except (Unsupported, BrokenRule):
        return None
    return _chain(result.item(), set(components.tolist()))


def _chain(scalar: Scalar, components: set[Scalar]) -> SourceComponent | None:
    """The component at the end of a chain of functions that rise or fall, whatever the parameters are."""
    moving, sign = _moving(scalar, components), 1
    while scalar not in components:
        inner = [a for a in scalar.args if a in moving]
        turn = _turn(scalar, inner) if len(inner) == 1 else 0
        if not turn:
            return None
        (scalar,), sign = inner, sign * turn
    return SourceComponent(scalar.value, sign)


def _turn(scalar: Scalar, inner: list[Scalar]) -> int:
    """1 where an operation rises with its only argument that moves, -1 where it falls, 0 where unclear."""
    if scalar.dtype[0] != "f" or inner[0].dtype != scalar.dtype:
        return 0
    if scalar.op in _RISING or scalar.op == "add":
        return 1
    if scalar.op in ("neg", "sub"):
        return -1 if scalar.args[-1] is inner[0] else 1
    other = next((a for a in scalar.args if a is not inner[0]), None)
    if scalar.op == "mul" and other is not None and other.constant:
        return (other.value > 0) - (other.value < 0)
    if scalar.op == "div" and scalar.args[0] is inner[0] and other is not None and other.constant:
        return (other.value > 0) - (other.value < 0)
    return 0


def _moving(end: Scalar, components: set[Scalar]) -> set[Scalar]:
    """All scalars on the way to `end` that depend on the state."""
    moving = set(components)
    for scalar in order_of([end]):
        if not moving.isdisjoint(scalar.args):
            moving.add(scalar)
    return moving
