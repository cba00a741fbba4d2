"""What every method of integration offers: the contract between the loop over steps and what takes them.

All arrays are those of one scenario: times and step sizes are scalars, states and rates have shape (d,).
"""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import jax.numpy as jnp
from jax import lax

Array = Any
# field(t, state) -> rates, the derivative of the state in time.
Field = Callable[[Array, Array], Array]
# Times, shape (k,), and states, shape (k, d), at which a step takes the field within itself.
Stages = Callable[[], tuple[Array, Array]]

# A step that would leave less than 1% of itself before the wanted time is stretched to it.
STRETCH = 1.01


def all_finite(values: Array) -> Array:
    """Whether all values, shape (d,), are. A sum of zeros: in every step, a comparison each costs more."""
    return jnp.sum(0 * lax.stop_gradient(values)) == 0


class Step(NamedTuple):
    """A step that was tried.

    It leads to `state` at time `t`, where the field is `rates`. `solver_state` is what the next step wants of
    this one; `keep` says whether the step is accurate enough; the next one should be of `next_size`. Where it
    `switched`, the field jumps within the step, kept or not, or at its end; where it `slides`, the jump
    drives it back. `stages` gives where the step took the field; None where it did so at its begin alone.
    """

    t: Array
    state: Array
    rates: Array
    solver_state: Any
    keep: Array
    next_size: Array
    switched: Array | bool = False
    slides: Array | bool = False
    stages: Stages | None = None


def stages_at(t: Array, size: Array, nodes: Any, states: list[Array]) -> tuple[Array, Array]:
    """What `Stages` gives of a step of `size` from `t`: a state for each node, a part of the step."""
    return t + jnp.asarray(nodes, t.dtype) * size, jnp.stack(states)


class Control(Protocol):
    """How accurate steps are: a step is kept where each component's error is below what is `allowed`.

    `rtol` is the error allowed relative to the state, `atol` the absolute one, one number or one a component,
    None where it is measured in scales; `nominal` is that of a component of size 1. With
    `fixed_steps`, as many equal steps span the horizon instead, whatever their error. `scale` is that of each
    component, shape (d,); None: it is 1. `allows_at_zero`: an error is known to be allowed in one that is 0.
    """

    @property
    def rtol(self) -> float: ...
    @property
    def nominal(self) -> float: ...
    @property
    def atol(self) -> float | tuple[float, ...] | None: ...
    @property
    def fixed_steps(self) -> int | None: ...
    @property
    def scale(self) -> Array | None: ...
    @property
    def allows_at_zero(self) -> bool: ...
    def allowed(self, old: Array, new: Array, size: Array, /) -> Array:
        """The error allowed in each component, shape (d,), of a step of `size` from `old` to `new`."""
        ...

    def of_size(self, old: Array, new: Array, /) -> Array:
        """The same as a part of each component's size where it is large, shape (d,): of derivatives."""
        ...

    def weights(self, state: Array, /) -> Array:
        """The size of each component in units of the tolerance is the state over this, at the start."""
        ...


class Stepper(Protocol):
    """Takes steps along `field`; one is made for each field and `Control`, and holds nothing that changes."""

    field: Field

    @property
    def furthest(self) -> float:
        """How far a step looks, in its own length: 1, or more where a stage lies beyond its end."""
        ...

    def first_size(self, rates: Array, state: Array, end: Array, /) -> Array:
        """The size of the first step, from time 0; `end` is the horizon."""
        ...

    def solver_state(self, t: Array, end: Array, state: Array, /) -> Any:
        """What the first step, from `state` at `t`, wants of one before it: a tree of arrays, or None."""
        ...

    def moved(self, solver_state: Any, t: Array, state: Array, /) -> Any:
        """What the next step wants of the one before where the orbit was moved to `state` since then."""
        ...

    def step(
        self, t: Array, until: Array, size: Array, state: Array, rates: Array, solver_state: Any, /
    ) -> Step:
        """Try a step of `size` from `t`, cut to end on `until` where it would pass it."""
        ...

    def reach(self, t: Array, t_next: Array, state: Array, rates: Array, /) -> tuple[Array, Array]:
        """State and rates at a time inside a kept step from `t`, as accurate as its end."""
        ...
