"""A trajectory under way: what the loop over steps carries from step to step."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax.numpy as jnp
from jax import lax

from .extrema import Turns
from .rest.settling import RestWatch
from .vanishing.levels import Vanished

Array = Any

# After so many steps that were not kept it is looked at whether rounding is why. One that is kept begins the
# count anew; shorter than this part of the horizon, it takes one from it.
MANY_REFUSED, SHORTEST = 5, 1e-6
# Only steps shorter than this part of the horizon heed the rounding of where an orbit begins.
BRIEF = 1e-5
# What a look at components that vanish may change of a lane.
VANISHING = "state", "rates", "largest", "calls", "vanished", "turns", "size", "solver_state", "status"


class Moment(NamedTuple):
    """A time of a trajectory, the state there, and the field at it."""

    t: Array
    state: Array
    rates: Array


class Lane(NamedTuple):
    """One scenario under way: what changes from step to step.

    `rates` is the field at `state`; `before` the begin of the last step; `size` that of the next one;
    `solver_state` what the stepper carries; `tried` counts all steps, `steps` those that were kept, `refused`
    those since then that were not (`MANY_REFUSED`); `watch` says whether it has settled;
    `largest` is the largest size that each component has had, `noise` how wrong rounding makes its rate,
    negative where it is that of where the orbit began (`BRIEF`), and `sticks` whether it may stick at a
    switch where it is 0; `vanished` is what fell far below its scale, and `calls` whether something is due
    of that, or may have come to 0 where steps cannot go on;
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
    calls: Array | None
    vanished: Vanished | None
    status: Array
    turns: Turns | None

    @property
    def settled(self) -> Array:
        """Whether it has come to rest, and its costs with it: it has ended."""
        return jnp.asarray(False) if self.watch is None else self.watch.settled

    @property
    def paused(self) -> Array:
        """Whether it has to be looked at before it may go on."""
        near = jnp.asarray(False) if self.watch is None else self.watch.near
        if self.calls is not None:
            near |= self.calls
        if self.watch is not None and self.watch.again is not None:
            near |= self.steps >= self.watch.again
        return near if self.refused is None else near | (self.refused >= MANY_REFUSED)


class Arrival(NamedTuple):
    """Whether an orbit has come to rest, and the step that led there.

    It may have to go on all the same, for what its costs have still to gather.
    """

    at_rest: Array
    before: Moment
    after: Moment


class Orbit(NamedTuple):
    """A lane, and the rest point that it has come to or that is near, shape (d,).

    Of a flow with components that only accumulate its `arrival`, too; None of others, which end there.
    """

    lane: Lane
    rest: Array
    arrival: Arrival | None

    @property
    def at_rest(self) -> Array:
        """Whether it has come to rest."""
        return self.lane.settled if self.arrival is None else self.lane.settled | self.arrival.at_rest


class Looked(NamedTuple):
    """What a look at an orbit whose steps paused may change of it, by the names of `Orbit` and `Lane`."""

    rest: Array
    watch: RestWatch | None
    noise: Array | None
    refused: Array | None
    arrival: Arrival | None
    state: Array | None = None
    rates: Array | None = None
    largest: Array | None = None
    calls: Array | None = None
    vanished: Vanished | None = None
    turns: Turns | None = None
    size: Array | None = None
    solver_state: Any = None
    status: Array | None = None

    @classmethod
    def at(cls, orbit: Orbit) -> "Looked":
        """What it is in an orbit."""
        lane = orbit.lane
        looked = cls(orbit.rest, lane.watch, lane.noise, lane.refused, orbit.arrival)
        if lane.vanished is None:
            return looked
        return looked._replace(**{name: getattr(lane, name) for name in VANISHING})

    def of(self, orbit: Orbit) -> Orbit:
        """The orbit with this in it."""
        lane = orbit.lane._replace(watch=self.watch, noise=self.noise, refused=self.refused)
        if self.vanished is not None:
            lane = lane._replace(**{name: getattr(self, name) for name in VANISHING})
        return Orbit(lane, self.rest, self.arrival)


def where_paused(orbit: Orbit, look: Callable[[Orbit], Looked]) -> Orbit:
    """The orbit after a `look` at it, where its steps have paused.

    Of many orbits at once all are looked at where one is; where none is, nothing is computed. The loop of one
    turn is for that: a condition under vmap would compute both of its branches.
    """

    def once(at: tuple[Array, Looked]) -> tuple[Array, Looked]:
        # Without the barrier XLA computes what does not change in this loop before it, always.
        _, paused = lax.optimization_barrier((at[0], at[1].of(orbit)))
        return jnp.asarray(False), look(paused)

    return lax.while_loop(lambda at: at[0], once, (orbit.lane.paused, Looked.at(orbit)))[1].of(orbit)
