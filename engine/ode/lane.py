"""A trajectory under way: what the loop over steps carries from step to step."""

from typing import Any, NamedTuple

import jax.numpy as jnp

from .extrema import Turns
from .rest.settling import RestWatch

Array = Any

# After so many steps in a row that were not kept, it is looked at whether rounding is why.
MANY_REFUSED = 5


class Moment(NamedTuple):
    """A time of a trajectory, the state there, and the field at it."""

    t: Array
    state: Array
    rates: Array


class Lane(NamedTuple):
    """One scenario under way: what changes from step to step.

    `rates` is the field at `state`; `before` the begin of the last step; `size` that of the next one;
    `solver_state` what the stepper carries; `tried` counts all steps, `steps` those that were kept, `refused`
    those in a row that were not; `watch` says whether it has settled;
    `largest` is the largest size that each component has had, `noise` how wrong rounding makes its rate, and
    `sticks` whether it may stick at a switch where it is 0;
    `status` is a `Status` number, `ok` until something is wrong; `turns` are the steps that hold extremes of
    what is followed. What a flow or method does not ask for is None.
    """

    t: Array
    state: Array
    rates: Array
    before: Moment | None
    size: Array
    solver_state: Any
    tried: Array
    steps: Array
    refused: Array | None
    watch: RestWatch | None
    largest: Array | None
    sticks: Array | None
    noise: Array | None
    status: Array
    turns: Turns | None

    @property
    def settled(self) -> Array:
        """Whether it has come to rest."""
        return jnp.asarray(False) if self.watch is None else self.watch.settled

    @property
    def paused(self) -> Array:
        """Whether it has to be looked at before it may go on."""
        near = jnp.asarray(False) if self.watch is None else self.watch.near
        return near if self.refused is None else near | (self.refused >= MANY_REFUSED)


class Orbit(NamedTuple):
    """A lane, and the rest point that it has come to or that is near, shape (d,)."""

    lane: Lane
    rest: Array
