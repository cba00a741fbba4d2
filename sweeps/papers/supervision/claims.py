"""What the supervision paper says, and what is known of its equations, checked one by one.

A claim is checked from numbers computed here, never from numbers written down. The values it is held
against are those of the paper, or of the equations worked by hand; both to six decimals.
"""

from collections.abc import Callable, Iterator

import jax.numpy as jnp
import numpy as np

from ....kernels.flow import Attractor
from ....kernels.games.supervision.game import BEST, REST_POINTS
from ....kernels.games.supervision.model import FLOW, SUPERVISION
from ....kernels.numerics.rest_points import RestClass
from ..claims import Claim

Mechanism = tuple[str, str]
Results = dict[str, np.ndarray]

NEITHER: Mechanism = ("static", "static")
PUNISHMENT_ONLY: Mechanism = ("static", "dynamic")
REWARD_ONLY: Mechanism = ("dynamic", "static")
BOTH: Mechanism = ("dynamic", "dynamic")
CASE: dict[str, float] = {q.name: float(q.default) for q in SUPERVISION.parameters}  # type: ignore[arg-type]

# Half a unit in the sixth decimal, the last one the facts are given to.
_SIXTH = 5e-7
# A trajectory stops within this distance of its rest point, on top of the rounding of the fact.
_AT_REST = 6e-7
_TRAJECTORIES = 5
_INTERIOR = REST_POINTS.index("interior")


def orbits(mechanism: Mechanism, changes: list[dict[str, float]], times: tuple[float, ...] = ()) -> Results:
    """Trajectories of the paper's case with each of the changes: {output: (changes, ...)}."""
    from ....engine.ode.trajectory import lanes  # diffrax takes a second to import

    # Padded to one number of trajectories, so that each mechanism is compiled once.
    cases = [CASE | change for change in changes + [{"horizon": 0.0}] * (_TRAJECTORIES - len(changes))]
    p = {name: jnp.asarray([case[name] for case in cases], float) for name in CASE}
    outputs = lanes(FLOW, None, times, reward=mechanism[0], punishment=mechanism[1])(p)
    return {name: np.asarray(values)[: len(changes)] for name, values in outputs.items()}


def rest(mechanism: Mechanism, **change: float) -> Results:
    """Rest points and stability of the paper's case with a change."""
    p = {name: jnp.asarray(value, float) for name, value in (CASE | change).items()}
    outputs = SUPERVISION.kernel(p, reward=mechanism[0], punishment=mechanism[1])
    return {name: np.asarray(values) for name, values in outputs.items()}


def claims() -> list[Claim]:
    """Every claim about the supervision game, checked now."""
    groups: tuple[Callable[[], Iterator[Claim]], ...] = (_static, _dynamic, _spiral, _caps, _periods)
    return [claim for group in groups for claim in group()]


def _static() -> Iterator[Claim]:
    out = rest(NEITHER)
    yield _point("static/static: interior point", out, (0.105263, 0.444444), RestClass.centre)
    trace = float(out["trace"][_INTERIOR])
    yield Claim(
        "section 2.3", "static/static: trace 0 at the interior point", abs(trace) < 1e-12, f"{trace:.1e}"
    )
    orbit = orbits(NEITHER, [{}])
    closed = bool(orbit["attractor"][0] == Attractor.closed_orbit)
    yield Claim("Fig. 5", "static/static: closed orbits", closed, f"period {orbit['period'][0]:.6f}")
    drift = abs(float(orbit["invariant_final"][0] - out["first_integral"]))
    yield Claim(
        "equations", "static/static: a quantity is conserved", drift < 1e-6, f"drift {drift:.1e} by t = 200"
    )
    pure = orbits(NEITHER, [{"x0": x} for x in (0.0, 1.0)])["x_final"]
    moved = float(np.abs(pure - [0, 1]).max())
    yield Claim("equations", "pure-strategy starts never leave their face", moved == 0, f"moved {moved:g}")


def _dynamic() -> Iterator[Claim]:
    one, both = rest(PUNISHMENT_ONLY), rest(BOTH)
    yield _point("dynamic punishment: interior point", one, (0.149993, 0.283301), RestClass.stable_focus)
    yield _point("dynamic/dynamic: interior point", both, (0.198855, 0.308901), RestClass.stable_focus)
    gains = [float(both[k][_INTERIOR] - one[k][_INTERIOR]) for k in ("rest_x", "rest_y")]
    best = int(both["best_mechanism"]) == BEST["dynamic_dynamic"]
    yield Claim(
        "section 4.2.2",
        "dynamic/dynamic is the best mechanism: both shares higher",
        best and min(gains) > 0,
        f"x {gains[0]:+.6f}, y {gains[1]:+.6f}",
    )
    for mechanism, name in ((PUNISHMENT_ONLY, "dynamic punishment"), (BOTH, "dynamic/dynamic")):
        out, orbit = rest(mechanism), orbits(mechanism, [{}])
        gap = _gap(orbit, (out["rest_x"][_INTERIOR], out["rest_y"][_INTERIOR]))
        yield Claim("Fig. 7", f"{name}: the orbit ends in the focus", gap < _AT_REST, f"{gap:.1e} away")


def _spiral() -> Iterator[Claim]:
    out, orbit = rest(REWARD_ONLY), orbits(REWARD_ONLY, [{}], tuple(np.linspace(0, 200, 3001)))
    trace, kind = float(out["trace"][_INTERIOR]), Attractor(int(orbit["attractor"][0]))
    closed = kind == Attractor.closed_orbit
    why = "the trace at the interior point is positive: orbits spiral out to the cycle along the boundary"
    yield Claim(
        "Fig. 6", "dynamic reward: closed orbit", closed, f"{kind.name}, trace {trace:+.6f}", False, why
    )
    least = float(np.nanmin(orbit["x_logit_path"])) / np.log(10)
    spiral = kind == Attractor.boundary_cycle and least < -44
    text = "dynamic reward: spirals out to the boundary, x < 1e-44 by t = 200"
    yield Claim("equations", text, spiral, f"least x = 1e{least:.1f}")
    worst, turned = 0.0, []
    for r in (6.0, 9.0, 10.0, 11.0, 14.0):
        out = rest(BOTH, r=r)
        x, y = (out[k][_INTERIOR] for k in ("rest_x", "rest_y"))
        worst = max(worst, abs(float(out["trace"][_INTERIOR] - x * y * (1 - y) * (r - CASE["f"]))))
        turned.append(int(np.sign(np.round(out["trace"][_INTERIOR], 12))) == np.sign(r - CASE["f"]))
    yield Claim("equations", "dynamic/dynamic: trace = x y (1-y)(r - f)", worst < 1e-12, f"{worst:.1e} off")
    yield Claim(
        "equations", "dynamic/dynamic: unstable where r > f", all(turned), f"{sum(turned)} of {len(turned)}"
    )


def _caps() -> Iterator[Claim]:
    ends = [
        ("Fig. 8", {"c1": 19.0}, (0.0, 0.0)),
        ("Fig. 9", {"c2": 10.0}, (0.994274, 0.308901)),
        ("Fig. 9", {"c2": 16.0}, (1.0, 0.0)),
        ("Fig. 10", {"r": 6.0}, (0.157524, 0.287944)),
        ("Fig. 11", {"f": 20.0}, (0.115498, 0.491212)),
    ]
    out = orbits(BOTH, [change | {"horizon": 2000.0} for _, change, _ in ends])
    for i, (source, change, end) in enumerate(ends):
        ((name, value),) = change.items()
        gap = _gap({k: v[i : i + 1] for k, v in out.items()}, end)
        yield Claim(source, f"{name} = {value:g} ends at {end}", gap < _AT_REST + _SIXTH, f"{gap:.1e} away")
    wide = orbits(BOTH, [{"r": 12.0, "horizon": t} for t in (20.0, 40.0, 80.0)])
    swings, periods = wide["x_amplitude"], wide["return_time"]
    yield Claim(
        "Fig. 10",
        "r = 12: oscillation grows in size and period",
        bool((np.diff(swings) > 0).all() and (np.diff(periods) > 0).all()),
        f"swing of x {_arrow(swings)}, period {_arrow(periods)} by t = 20, 40, 80",
    )


def _periods() -> Iterator[Claim]:
    by_x = orbits(NEITHER, [{"x0": x} for x in (0.4, 0.6, 0.8)])
    by_y = orbits(NEITHER, [{"y0": y} for y in (0.25, 0.5, 0.75)])
    slower, faster = np.diff(by_x["period"]), np.diff(by_y["period"])
    text = "static/static: period rises with x0"
    yield Claim("section 4.2.1", text, bool((slower > 0).all()), _arrow(by_x["period"]))
    text = "static/static: period falls with y0"
    why = (
        "the period grows with the distance from the centre: it falls until y0 passes y* = 0.444, then rises"
    )
    yield Claim("section 4.2.1", text, bool((faster < 0).all()), _arrow(by_y["period"]), False, why)


def _point(text: str, out: Results, expected: tuple[float, float], kind: RestClass) -> Claim:
    point = np.array([out["rest_x"][_INTERIOR], out["rest_y"][_INTERIOR]])
    gap, is_kind = float(np.abs(point - expected).max()), int(out["rest_class"][_INTERIOR]) == kind
    name = f"{text} {expected}, {kind.name.replace('_', ' ')}"
    return Claim("equations", name, gap < _SIXTH * 1.001 and is_kind, f"{gap:.1e} away")


def _gap(orbit: Results, end: tuple[float, float]) -> float:
    """Largest difference between the final shares and an end point; infinite if the orbit did not rest."""
    if orbit["attractor"][0] != Attractor.rest_point:
        return float("inf")
    return float(max(abs(orbit["x_final"][0] - end[0]), abs(orbit["y_final"][0] - end[1])))


def _arrow(values: np.ndarray) -> str:
    return " -> ".join(f"{v:.3f}" for v in values)
