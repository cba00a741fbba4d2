"""The paper's case beside others in which one of the numbers that its text lost is another one.

What a sentence says of the equations is tried at all of them at once: arrays have the case as their last
axis, and the paper's own case comes first.
"""

from collections.abc import Callable, Mapping, Sequence

import jax
import jax.numpy as jnp
import numpy as np

from ....engine.kept.folder import keep_compiled
from ....kernels.flow import Attractor
from ....kernels.games.supervision.ends import attractor
from ....kernels.games.supervision.game import (
    REST_POINTS,
    classes,
    first_integral_or_nan,
    incident_probability,
    jacobians,
    rest_points,
    start,
)
from ....kernels.games.supervision.model import FLOW, SUPERVISION
from ....kernels.numerics.stability import attracts

Mechanism = tuple[str, str]
Results = dict[str, np.ndarray]
# A parameter to its value: one for all cases, or one each.
Change = Mapping[str, float | np.ndarray]

NEITHER: Mechanism = ("static", "static")
PUNISHMENT_ONLY: Mechanism = ("static", "dynamic")
REWARD_ONLY: Mechanism = ("dynamic", "static")
BOTH: Mechanism = ("dynamic", "dynamic")
CASE: dict[str, float] = {q.name: float(q.default) for q in SUPERVISION.parameters}  # type: ignore[arg-type]
# Orbits whose paths are saved together, how many times of each, and up to when where only the end counts.
_ORBITS, _SAVED, _EARLY = 5, 3001, 20.0
# Orbits without a path that are integrated together.
_BLOCK = 64
INTERIOR = REST_POINTS.index("interior")


class Cases:
    """Scenarios of the game, solved together.

    Attributes
    ----------
    columns
        Every parameter's value in each case, {name: (cases,)}.
    size
        How many cases there are.
    """

    def __init__(self, changes: Sequence[Change]) -> None:
        """The paper's case, and after it the case with each of the changes."""
        every = [{}, *changes]
        self.columns = {n: np.array([{**CASE, **c}[n] for c in every], float) for n in CASE}
        self.size = len(every)
        self._solved: dict = {}

    def rest(self, mechanism: Mechanism, **change: float | np.ndarray) -> Results:
        """Rest points and stability, {output: (..., cases)}, and `attractor` of the orbit from the start."""
        return self._once(("rest", mechanism), change, lambda: self._rest(mechanism, change))

    def end(self, mechanism: Mechanism, **change: float | np.ndarray) -> np.ndarray:
        """Where every orbit from inside ends, (2, cases); NaN unless it is one rest point that attracts."""
        out = self.rest(mechanism, **change)
        stable = np.asarray(attracts(out["rest_class"]))
        alone = (stable.sum(axis=0) == 1) & (out["attractor"] == Attractor.rest_point)
        points = np.stack([out["rest_x"], out["rest_y"]])
        return np.where(alone, np.where(stable, points, 0.0).sum(axis=1), np.nan)

    def orbits(self, mechanism: Mechanism, changes: Sequence[Change]) -> Results:
        """Trajectories under each of the changes, {output: (changes, cases)}."""
        key = ("orbits", mechanism, repr([sorted(change.items()) for change in changes]))
        return self._once(key, {}, lambda: self._orbits(mechanism, changes))

    def orbit(self, mechanism: Mechanism, changes: Sequence[Change]) -> Results:
        """Trajectories of the paper's own case alone under each of the changes, {output: (changes, ...)}."""
        key = ("orbit", mechanism, repr(changes))
        return self._once(key, {}, lambda: paths(mechanism, changes, _EARLY)[1])

    def _once(self, what: tuple, change: Change, solve: Callable[[], Results]) -> Results:
        key = (what, tuple((name, np.asarray(value).tobytes()) for name, value in sorted(change.items())))
        if key not in self._solved:
            self._solved[key] = solve()
        return self._solved[key]

    def _columns(self, change: Change) -> dict[str, np.ndarray]:
        return {n: np.broadcast_to(change.get(n, v), v.shape) for n, v in self.columns.items()}

    def _rest(self, mechanism: Mechanism, change: Change) -> Results:
        outputs = _solve(mechanism, {n: jnp.asarray(v) for n, v in self._columns(change).items()})
        return {name: np.moveaxis(np.asarray(values), 0, -1) for name, values in outputs.items()}

    def _orbits(self, mechanism: Mechanism, changes: Sequence[Change]) -> Results:
        parts = [self._columns(change) for change in changes]
        joined = {n: np.concatenate([part[n] for part in parts]) for n in CASE}
        return {n: v.reshape(len(parts), -1) for n, v in _trajectories(mechanism, joined).items()}


def paths(mechanism: Mechanism, changes: Sequence[Change], end: float) -> tuple[np.ndarray, Results]:
    """Times up to `end`, and trajectories of the paper's case under each change: {output: (changes, ...)}."""
    # Padded to one number of orbits, so that each mechanism is compiled once.
    padded = [*changes, *[{"horizon": 0.0}] * (_ORBITS - len(changes))]
    columns = {n: np.array([{**CASE, **change}[n] for change in padded], float) for n in CASE}
    times = np.linspace(0, end, _SAVED)
    out = _trajectories(mechanism, columns, tuple(times))
    return times, {name: values[: len(changes)] for name, values in out.items()}


def _trajectories(
    mechanism: Mechanism, columns: Mapping[str, np.ndarray], times: tuple[float, ...] = ()
) -> Results:
    """Trajectories of as many scenarios as each column is long: {output: (scenarios, ...)}."""
    from ....engine.ode.trajectory import lanes

    together = lanes(FLOW, None, times, reward=mechanism[0], punishment=mechanism[1])
    parts, size = [], len(columns["c1"])
    block = min(size, _BLOCK)
    for first in range(0, size, block):
        part = {n: np.resize(v[first : first + block], block) for n, v in columns.items()}
        outputs = together({name: jnp.asarray(values) for name, values in part.items()})
        parts.append({name: np.asarray(values)[: size - first] for name, values in outputs.items()})
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _solve(mechanism: Mechanism, p: Mapping[str, jax.Array]) -> Mapping[str, jax.Array]:
    """What of the model's kernel the sentences are about, in every case."""
    if mechanism not in _SOLVERS:
        keep_compiled()
        _SOLVERS[mechanism] = jax.jit(jax.vmap(lambda q: _stability(q, *mechanism)))
    return _SOLVERS[mechanism](p)


def _stability(q: Mapping[str, jax.Array], reward: str, punishment: str) -> dict[str, jax.Array]:
    points = rest_points(q, reward, punishment)
    jacobian = jacobians(q, points, reward, punishment)
    number = classes(jacobian)
    return {
        "rest_x": points[:, 0],
        "rest_y": points[:, 1],
        "rest_class": number,
        "trace": jacobian[:, 0, 0] + jacobian[:, 1, 1],
        "determinant": jacobian[:, 0, 0] * jacobian[:, 1, 1] - jacobian[:, 0, 1] * jacobian[:, 1, 0],
        "stable_count": jnp.sum(attracts(number)),
        "incidents": jnp.max(jnp.where(attracts(number), incident_probability(q, points), 0.0)),
        "first_integral": first_integral_or_nan(q, start(q), reward, punishment),
        "attractor": attractor(q, reward=reward, punishment=punishment),
    }


_SOLVERS: dict = {}
