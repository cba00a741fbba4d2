"""The switches of a field: functions of time and state that change sign where it switches."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from ..steps.stepper import Stages
from .changes import ANYHOW, NEVER, STEPS, STRAIGHT, Change
from .flat_trace import FlatTrace
from .rounded import rounding_of

Array = Any

# Values are known to so many roundings of what they are the difference of.
ROUNDINGS = 8


@dataclass(frozen=True)
class Switch:
    """The field switches where a function of two numbers of its trace changes sign; `how` names the function.

    left, right : variables or literals of the trace; `right` None is 0.
    how : one of `_FUNCTIONS`.
    change : how they change.
    jumps : whether the field may jump there; else it has a corner.
    at_zero : whether it is 0 that the first one is compared with.
    axes : of an array, those along which numbers are compared with each other.
    """

    left: Any
    right: Any = None
    how: str = "difference"
    change: Change = NEVER
    jumps: bool = True
    at_zero: bool = False
    axes: tuple[int, ...] = ()

    @property
    def compares(self) -> bool:
        """Whether it is two numbers of the trace that are compared."""
        return self.how in ("difference", "sum", "each")

    @property
    def rounds(self) -> bool:
        """Whether it is where the function is an integer that the field switches."""
        return self.how in ("whole", "half", "ratio")

    @property
    def timed(self) -> bool:
        """Whether its next zero follows from its value and slope in time."""
        straight = self.change.time <= STRAIGHT and self.change.state <= STEPS
        return straight and self.how not in _BENT

    def sides(self, left: Array, right: Array) -> tuple[Array, Array]:
        """Two arrays of numbers, whose difference changes sign."""
        function = _FUNCTIONS[self.how]
        return function(_grouped(left, self.axes), right) if self.axes else function(left, right)


def _grouped(values: Array, axes: tuple[int, ...]) -> Array:
    """The numbers in rows, of which each goes along these axes: shape (groups, n)."""
    last = jnp.moveaxis(values, axes, range(-len(axes), 0))
    return last.reshape(-1, math.prod(values.shape[axis] for axis in axes))


def _each(values: Array, against: Array) -> tuple[Array, Array]:
    left, right = jnp.broadcast_arrays(values.ravel()[:, None], against.ravel()[None, :])
    return left, right


def _largest(groups: Array, _: Array) -> tuple[Array, Array]:
    """Each number, and the largest of the others in its row."""
    first = jnp.argmax(groups, axis=1, keepdims=True) == jnp.arange(groups.shape[1])[None]
    largest = jnp.max(groups, axis=1, keepdims=True)
    second = jnp.max(jnp.where(first, -jnp.inf, groups), axis=1, keepdims=True)
    return groups, jnp.where(first, second, largest)


def _pairs(groups: Array, _: Array) -> tuple[Array, Array]:
    """Each number, and each that comes after it in its row."""
    one, other = np.triu_indices(groups.shape[1], 1)
    return groups[:, one], groups[:, other]


def _ranks(groups: Array, _: Array) -> tuple[Array, Array]:
    """The digits of the rank of each number in its row: one of them at least changes with a rank."""
    ranks = jnp.argsort(jnp.argsort(groups, axis=1), axis=1)
    digits = ranks[..., None] >> jnp.arange(groups.shape[1].bit_length())[None, None]
    return _truth(digits & 1 == 1, groups)


def _truth(true: Array, like: Array) -> tuple[Array, Array]:
    """1 where that is true, else -1; and 0."""
    signs = jnp.where(true, 1.0, -1.0).astype(like.dtype)
    return signs, jnp.zeros_like(signs)


def _octave(values: Array, right: Array) -> tuple[Array, Array]:
    """1 or -1, as the power of two below is even or odd; and 0."""
    size = jnp.abs(values)
    return jnp.sin(jnp.pi * jnp.log2(jnp.where(size > 0, size, 1.5))), right


# Each gives two arrays, whose difference is the function.
_FUNCTIONS: dict[str, Callable[[Array, Array], tuple[Array, Array]]] = {
    "difference": lambda left, right: (left, right),
    "sum": lambda left, right: (left, -right),
    "whole": lambda left, right: (left, right),
    "half": lambda left, right: (left, right - 0.5),
    "ratio": lambda left, right: (left / right, jnp.zeros_like(left)),
    "each": _each,
    "largest": _largest,
    "least": lambda groups, right: _largest(-groups, right),
    "pairs": _pairs,
    "ranks": _ranks,
    "edge": lambda left, right: (left, right),
    "edge_above": lambda left, right: (left, right + 1.0),
    "edge_below": lambda left, right: (left, right - 1.0),
    "imaginary": lambda left, _: (jnp.imag(left), jnp.zeros_like(jnp.imag(left))),
    "cosine": lambda left, right: (jnp.cos(left), right),
    "octave": _octave,
    "finite": lambda left, _: _truth(jnp.isfinite(left), left),
    "number": lambda left, _: _truth(~jnp.isnan(left), left),
}
# The next zero of these does not follow from a slope, though what they are a function of is straight.
_BENT = frozenset({"ranks", "imaginary", "cosine", "octave", "finite", "number"})


@dataclass(frozen=True)
class Switches:
    """The switches of a field.

    timed : those whose next zero is known in advance.
    located : those that are looked for in each step; the first `clocks` of them depend on time alone.
    time : how the field changes with time at a fixed state, between its switches.
    unseen : whether it may switch elsewhere as well (`decisions`).
    differentiable : whether the derivatives that JAX has of the field are its own.
    """

    trace: FlatTrace
    timed: tuple[Switch, ...]
    located: tuple[Switch, ...]
    clocks: int
    time: int
    unseen: bool
    differentiable: bool

    @property
    def any(self) -> bool:
        """Whether there are any."""
        return bool(self.timed or self.located)

    @property
    def hold_at_zero(self) -> bool:
        """Whether an orbit may stick at one where a component is 0, as by dry friction."""
        return any(s.jumps and s.at_zero for s in self.located)

    @property
    def hides(self) -> bool:
        """Whether time changes the field in a way that a long step may miss."""
        return self.time == ANYHOW or self.clocks > 0

    def are_clocks(self, values: Array) -> Array:
        """Which of all located values, shape (n,), depend on time alone: along these nothing slides."""

        def number(left: Any, right: Any, switch: Switch) -> Array:
            return jnp.broadcast_arrays(*switch.sides(left, right))[0]

        zero, count = jax.ShapeDtypeStruct((), float), 0
        for switch in self.located[: self.clocks]:
            ends = [
                zero if v is None else jax.ShapeDtypeStruct(v.aval.shape, v.aval.dtype)
                for v in (switch.left, switch.right)
            ]
            count += jax.eval_shape(partial(number, switch=switch), *ends).size
        return jnp.arange(len(values)) < count

    def timed_values(self, t: Array, state: Array, p: Mapping[str, Array]) -> tuple[Array, Array, Array]:
        """Values of the timed switches, the size of what they are the difference of, and which round."""
        pairs = self._pairs(self.timed, t, state, p)
        rounds = [jnp.full(a.size, s.rounds) for s, (a, _) in zip(self.timed, pairs, strict=True)]
        values = jnp.concatenate([a - b for a, b in pairs])
        return values, jnp.concatenate(self._sizes(self.timed, t, state, p)), jnp.concatenate(rounds)

    def located_values(
        self, t: Array, state: Array, p: Mapping[str, Array], clocks: bool = False
    ) -> tuple[Array, Array]:
        """Values of the located switches, or of the clocks alone, and how far they may be off by rounding."""
        switches = self.located[: self.clocks] if clocks else self.located
        pairs = self._pairs(switches, t, state, p)
        values = [
            jnp.sin(jnp.pi * (a - b)) if s.rounds else a - b
            for s, (a, b) in zip(switches, pairs, strict=True)
        ]
        sizes = self._sizes(switches[: self.clocks], t, state, p)
        sizes += [jnp.abs(a) + jnp.abs(b) for a, b in pairs[self.clocks :]]
        return jnp.concatenate(values), ROUNDINGS * jnp.finfo(state.dtype).eps * jnp.concatenate(sizes)

    def in_stages(self, stages: Stages | None, p: Mapping[str, Array]) -> tuple[Array, Array] | None:
        """The same in all stages of a step, shape (k, n); None where it has none."""
        return None if stages is None else jax.vmap(lambda t, z: self.located_values(t, z, p))(*stages())

    def _sizes(
        self, switches: Sequence[Switch], t: Array, state: Array, p: Mapping[str, Array]
    ) -> list[Array]:
        """For each switch of time, numbers whose rounding is that of its values; dates count, too."""
        at = lax.stop_gradient(jax.tree.leaves((t, state, p)))
        zero, eps = jnp.zeros((), state.dtype), jnp.finfo(state.dtype).eps
        wanted = [v for s in switches for v in (s.left, s.right) if v is not None]
        numbers = rounding_of(self.trace, wanted, at)
        # A table that is searched may hold whole numbers, along which nothing has a derivative.
        values, errors = ([jnp.asarray(n, jnp.result_type(n, zero)) for n in of] for of in numbers)
        known = iter(zip(values, errors, strict=True))
        sizes = []
        for switch in switches:
            ends = [(zero, zero) if v is None else next(known) for v in (switch.left, switch.right)]
            sides, rounded = zip(*ends, strict=True)
            size: Array = sum(map(jnp.abs, switch.sides(*sides)))
            for side in range(2):
                error = [rounded[k] if k == side else jnp.zeros_like(sides[k]) for k in range(2)]
                size = size + sum(map(jnp.abs, jax.jvp(switch.sides, sides, tuple(error))[1])) / eps
            sizes.append(jnp.where(jnp.isfinite(size), size, 0.0).ravel())
        return sizes

    def _pairs(
        self, switches: Sequence[Switch], t: Array, state: Array, p: Mapping[str, Array]
    ) -> list[tuple[Array, Array]]:
        zero = jnp.zeros((), state.dtype)
        wanted = [v for s in switches for v in (s.left, s.right) if v is not None]
        values = iter(self.trace.evaluate(wanted, jax.tree.leaves((t, state, p))))
        pairs = []
        for switch in switches:
            left = next(values)
            right = zero if switch.right is None else next(values)
            left, right = jnp.broadcast_arrays(*switch.sides(left, right))
            pairs.append((left.ravel(), right.ravel()))
        return pairs
