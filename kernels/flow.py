"""How a model declares a system of ordinary differential equations, solved one trajectory at a time.

Three functions suffice: where a scenario starts, how it moves, and what is seen of it. The engine then
offers final values, the attractor reached, the time to settle, steps taken, and, for the observables
named in `swings`, period and amplitude.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from .outputs import Output

Array = Any


class Attractor(IntEnum):
    """What an orbit had reached when it stopped, stored as ``int8``.

    ``rest_point``: it has settled there. ``closed_orbit``: it was seen to return. ``boundary_cycle``: it is
    bound for a cycle along faces of the state space. ``undecided``: none of these by the time it ended.
    """

    undecided = 0
    rest_point = 1
    closed_orbit = 2
    boundary_cycle = 3


# What `Flow.decide` says of an orbit that a swing which grows beside all faces must not be mistaken for:
# one of which mathematics knows that the cycle along them repels it. It is an answer, and no class that is
# stored.
NOT_ALONG_FACES = -Attractor.boundary_cycle.value


@dataclass(frozen=True)
class Observable:
    """Something seen of the state: a share, a temperature. It is a number, or an array over `dims`.

    Attributes
    ----------
    name, symbol, unit, meaning
        As of an `Output`.
    may_be_nan
        Undefined at points where nothing went wrong.
    dims
        Names of the dimensions it runs over; a number has none.
    scale
        Its size where it is large, where it is a component of the state (`flow_model` without `observe`).
    quadrature
        It only accumulates, as a total cost does: it follows one component of the state, on which no rate
        depends, and which is left out of settling. The trace of the field shows this without being told,
        unless it holds what cannot be looked into; where it shows the contrary, the sweep is refused.
    """

    name: str
    symbol: str
    unit: str
    meaning: str
    may_be_nan: bool = False
    dims: tuple[str, ...] = ()
    scale: float | None = None
    quadrature: bool = False


def free_motion(
    _t: Array, _state: Array, rates: Array, _p: Mapping[str, Array], **_static: str
) -> tuple[Array, Array]:
    """The motion of a state space without faces: every component counts."""
    return rates, rates != rates


@dataclass(frozen=True)
class Flow:
    """An initial value problem of one scenario.

    `p` maps parameter names to scalars (or 1-D arrays, for vector parameters); `static` stands for one
    keyword string per `Choice` of the model. The state is a 1-D array of d components in whatever
    coordinates integrate best.

    Parameters
    ----------
    start
        ``start(p, **static)``: the state at time 0, shape (d,).
    field
        ``field(t, state, p, **static)``: its derivative in time, shape (d,).
    observe
        ``observe(state, p, **static)``: a mapping from each observable's name to a scalar, or an array over
        its dims.
    observables
        What `observe` returns.
    swings
        Names of scalar observables whose oscillation is followed, whatever they depend on. The period is that
        of the first one that swings. In coordinates with faces a component, or what rises or falls with one
        alone, is followed more cheaply, and nearer to a face, than what depends on several.
    faces
        The state components are logits (or log ratios): their infinities are faces of the state space, and
        an orbit may approach a cycle along them.
    motion
        ``motion(t, state, rates, p, **static)``: what still moves, and which of it is outbound. The orbit
        has settled where all that moves is outbound: heading ever further towards a face. None for a field
        that depends on t: it has no rest points, and never settles; nor does one whose trace shows that.
    check
        ``check(p, **static)``: a `Status`; `ok` and `boundary_start` are integrated, others are not.
    decide
        ``decide(p, **static)``: the `Attractor` number of the scenario's orbit where mathematics gives it,
        and `undecided` where the orbit has to be integrated; or `NOT_ALONG_FACES`, where it is to be, and
        nears no cycle along faces however wide it swings. Where a sweep asks for nothing that needs the
        state of an orbit so decided, no step is taken.
    scale
        Size of each component of the state where it is large, None where it is not known; tolerances and
        distances to rest points are measured in it. Of logits and log ratios it is 1; None for the whole: the
        largest size that a component has had on its orbit.
    horizon
        Name of the parameter holding the end time.
    """

    start: Callable[..., Array]
    field: Callable[..., Array]
    observe: Callable[..., Mapping[str, Array]]
    observables: tuple[Observable, ...]
    swings: tuple[str, ...] = ()
    faces: bool = False
    motion: Callable[..., tuple[Array, Array]] | None = free_motion
    check: Callable[..., Array] | None = None
    decide: Callable[..., Array] | None = None
    scale: tuple[float | None, ...] | None = None
    horizon: str = "horizon"

    @property
    def quadratures(self) -> tuple[str, ...]:
        """Names of the observables that are declared to accumulate only."""
        return tuple(o.name for o in self.observables if o.quadrature)

    def outputs(self, path: bool = False) -> tuple[Output, ...]:
        """Declarations of everything an integration of this flow returns, besides ``"status"``.

        With `path`, the observables on the saved time axis too, over the dimension ``time``.
        """
        each = [_final(o) for o in self.observables]
        each += [_amplitude(o) for o in self.observables if o.name in self.swings]
        each += [_path(o) for o in self.observables if path]
        if self.swings:
            each += [_PERIOD, _RETURN_TIME, _LOOPS]
        return (*each, _SETTLE_TIME, _ATTRACTOR, _STEPS)


def _final(o: Observable) -> Output:
    return Output(
        f"{o.name}_final",
        f"{o.symbol}(T)",
        o.unit,
        f"{o.meaning}, at the horizon or where the orbit settled before it",
        dims=o.dims,
        may_be_nan=o.may_be_nan,
        needs="final",
    )


def _amplitude(o: Observable) -> Output:
    return Output(
        f"{o.name}_amplitude",
        f"max {o.symbol} - min {o.symbol}",
        o.unit,
        f"{o.meaning}: last maximum less last minimum; NaN before the first full swing, and where the swing"
        " is no more than errors of the steps",
        may_be_nan=True,
        needs="attractor",
    )


def _path(o: Observable) -> Output:
    meaning = f"{o.meaning}, along the saved times; NaN past the horizon"
    dims = ("time", *o.dims)
    return Output(
        f"{o.name}_path", f"{o.symbol}(t)", o.unit, meaning, dims=dims, may_be_nan=True, needs="path"
    )


_PERIOD = Output(
    "period",
    "P",
    "time",
    "time that the orbit takes to return: between the last two maxima of the first observable that swings, or"
    " over all loops of a cycle of several; NaN where the attractor is undecided",
    may_be_nan=True,
    needs="attractor",
)
_RETURN_TIME = Output(
    "return_time",
    "",
    "time",
    "time between the last two maxima of the first observable that swings, whatever the orbit reaches; NaN"
    " before the second one",
    may_be_nan=True,
    needs="attractor",
    by_name=True,
)
_LOOPS = Output(
    "loops",
    "",
    "1",
    "maxima of the first observable that swings in one period of a closed orbit; 0 of no closed orbit",
    kind="count",
    needs="attractor",
    by_name=True,
)
_SETTLE_TIME = Output(
    "settle_time",
    "t_s",
    "time",
    "time at which the orbit, its swings counted, came within the settling distance of its rest point, in the"
    " coordinates that are integrated and in units of their scale; by interpolation in the step that led"
    " there; NaN where it never did",
    may_be_nan=True,
    needs="attractor",
)
_ATTRACTOR = Output(
    "attractor",
    "",
    "",
    "what the orbit had reached when it stopped",
    kind="class",
    classes={a.name: a.value for a in Attractor},
    needs="attractor",
)
# Not a "count": long horizons take more steps than int16 holds.
_STEPS = Output("steps", "", "1", "accepted steps of the integrator", needs="final")
