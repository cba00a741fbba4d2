"""What the paper says of dynamic rewards and punishments: sections 3 and 4.2.2, 4.3 and 5, Figures 6-11."""

from functools import partial

import numpy as np

from ....kernels.flow import Attractor
from ....kernels.numerics.stability import RestClass
from .cases import BOTH, CASE, NEITHER, PUNISHMENT_ONLY, REWARD_ONLY, Cases, Mechanism
from .sentence import Judgement, Sentence, arrow, falls, inside, rises
from .static_sentences import STARTS, five_points, none_stable, saddle_corners

_ORDER = (BOTH, PUNISHMENT_ONLY, REWARD_ONLY, NEITHER)
# Values in the figures; of c1 the first is lost, and the middle one.
_C1, _F = ("case", "double"), (10.0, 15.0, 20.0)
_NAMES = {PUNISHMENT_ONLY: "dynamic punishment", BOTH: "both dynamic", REWARD_ONLY: "dynamic reward"}


def _trace_zero(c: Cases) -> Judgement:
    trace = inside(c.rest(REWARD_ONLY), "trace")
    return np.abs(trace) < 1e-12, f"trace {trace[0]:+.6f}"


def _closed(c: Cases) -> Judgement:
    kind = c.rest(REWARD_ONLY)["attractor"]
    return kind == Attractor.closed_orbit, Attractor(int(kind[0])).name


def _spiral(c: Cases) -> Judgement:
    swing = c.orbit(REWARD_ONLY, [{"horizon": t} for t in (50.0, 100.0, 200.0)])["x_amplitude"]
    kind = c.rest(REWARD_ONLY)["attractor"] == Attractor.boundary_cycle
    return kind & (np.diff(swing) > 0).all(), f"the swing of x is {arrow(swing, 6)} by t = 50, 100, 200"


def _focus(mechanism: Mechanism, c: Cases) -> Judgement:
    out = c.rest(mechanism)
    trace, determinant = inside(out, "trace"), inside(out, "determinant")
    good = (inside(out, "rest_class") == RestClass.stable_focus) & (trace < 0) & (determinant > 0)
    x, y = inside(out, "rest_x")[0], inside(out, "rest_y")[0]
    return good, f"({x:.6f}, {y:.6f}), trace {trace[0]:.4f}, det {determinant[0]:.4f}"


def _reached(mechanism: Mechanism, c: Cases) -> Judgement:
    orbit, out = c.orbit(mechanism, [{}]), c.rest(mechanism)
    gap = max(abs(orbit[f"{k}_final"][0] - inside(out, f"rest_{k}")[0]) for k in "xy")
    ends = c.end(mechanism) == np.stack([inside(out, "rest_x"), inside(out, "rest_y")])
    return ends.all(axis=0) & (gap < 1e-6), f"{gap:.1e} away at t = {CASE['horizon']:g}"


def _from_every_start(c: Cases) -> Judgement:
    same = np.ones(c.size, bool)
    for mechanism in (PUNISHMENT_ONLY, BOTH):
        ends = np.stack([c.end(mechanism, **start) for start in STARTS])
        same &= np.isfinite(ends).all(axis=(0, 1)) & (np.ptp(ends, axis=0) < 1e-9).all(axis=0)
    x, y = c.end(BOTH)[:, 0]
    return ~same, f"both dynamic: {len(STARTS)} starts end at ({x:.6f}, {y:.6f})"


def _both_higher(c: Cases) -> Judgement:
    gain = c.end(BOTH) - c.end(PUNISHMENT_ONLY)
    fewer = c.rest(BOTH)["incidents"] < c.rest(PUNISHMENT_ONLY)["incidents"]
    return fewer & (gain > 0).all(axis=0), f"x {gain[0, 0]:+.6f}, y {gain[1, 0]:+.6f}"


def _ranked(c: Cases) -> Judgement:
    y = np.stack([inside(c.rest(m), "rest_y") for m in _ORDER])
    return falls(y), f"y* {arrow(y)}"


def _share(which: int, parameter: str, values: tuple, sign: int, c: Cases) -> Judgement:
    """Whether the end of the orbit's share moves one way as the parameter takes these values."""
    path = np.stack([c.end(BOTH, **{parameter: v})[which] for v in _filled(parameter, values, c)])
    return rises(path) if sign > 0 else falls(path), arrow(path)


def _filled(parameter: str, values: tuple, c: Cases) -> list:
    """The paper's values of a cap; where its own is lost, the case's, and twice it for the middle one."""
    lost = c.columns[parameter]
    return [{"case": lost, "double": 2 * lost}.get(v, v) for v in values]


def _more(which: int, parameter: str, values: tuple, c: Cases) -> Judgement:
    """Whether one share (0: the government's) moves further than the other."""
    first, last = (c.end(BOTH, **{parameter: v}) for v in _filled(parameter, values, c))
    distance = np.abs(last - first)
    return distance[which] > distance[1 - which], f"x by {distance[0, 0]:.4f}, y by {distance[1, 0]:.4f}"


def _ends_at(point: tuple[float, float], parameter: str, value: float, c: Cases) -> Judgement:
    end = c.end(BOTH, **{parameter: value})
    gap = np.abs(end - np.array(point)[:, None]).max(axis=0)
    return gap < 1e-9, f"({end[0, 0] + 0.0:.6f}, {end[1, 0] + 0.0:.6f})"


def _threshold(c: Cases) -> Judgement:
    """Below the c2 at which the interior point meets the edge x = 1 its y is still; beyond it y falls."""
    q, y = c.columns, inside(c.rest(BOTH), "rest_y")
    meets = q["p1"] * q["Le"] + q["r"] * y + q["f"] * (1 - y)
    before = np.stack([c.end(BOTH, c2=meets - d)[1] for d in (0.2, 0.1)])
    beyond = np.stack([c.end(BOTH, c2=meets + d)[1] for d in (0.1, 0.2)])
    still, fall = np.abs(np.diff(before, axis=0)[0]), np.diff(beyond, axis=0)[0]
    return (still < 1e-9) & (
        fall < -0.001
    ), f"at c2 = {meets[0]:.4f}: y is still below, falls by {-10 * fall[0]:.3f} a unit above"


def _grows(c: Cases) -> Judgement:
    out = c.orbit(BOTH, [{"r": 12.0, "horizon": t} for t in (20.0, 40.0, 80.0)])
    swing, period = out["x_amplitude"], out["return_time"]
    kind = c.rest(BOTH, r=12.0)["attractor"] == Attractor.boundary_cycle
    by = f"swing of x {arrow(swing, 3)}, period {arrow(period, 3)} by t = 20, 40, 80"
    return kind & (np.diff(swing) > 0).all() & (np.diff(period) > 0).all(), by


def _trace_formula(c: Cases) -> Judgement:
    off, turned = np.zeros(c.size), np.ones(c.size, bool)
    for r in (6.0, 9.0, 10.0, 11.0, 14.0):
        out = c.rest(BOTH, r=r)
        x, y, trace = (inside(out, k) for k in ("rest_x", "rest_y", "trace"))
        off = np.fmax(off, np.abs(trace - x * y * (1 - y) * (r - CASE["f"])))
        turned &= np.isnan(trace) | (np.sign(np.round(trace, 12)) == np.sign(r - CASE["f"]))
    return turned & (off < 1e-12), f"{off[0]:.1e} off, unstable where r > f"


def _kept(c: Cases) -> Judgement:
    equal = {"r": CASE["f"]}
    drift = abs(c.orbit(BOTH, [equal])["invariant_final"][0] - c.rest(BOTH, **equal)["first_integral"][0])
    return np.full(c.size, drift < 1e-6), f"drift {drift:.1e} by t = {CASE['horizon']:g}"


_SPIRALS = (
    "the trace at the interior point is x y (1-y) r > 0: orbits spiral out to the cycle along the boundary"
)
_RANKS = (
    "a static fine keeps more enterprises managing, by the interior point (the mean of a closed orbit), than "
    "one that sinks as they do: of the mechanisms that settle both dynamic is the best, of all four it is not"
)
_STILL = "y* solves A(y) = 0, in which c2 does not occur; y falls only once the rest point is at x = 1"
_FINES = "section 4.3 and Figure 11 say that supervision falls with f, and so it does"
_START = "one rest point attracts every orbit from inside"
_SIXTH = (
    "B(1,1) = r + p1 Le - c2 is exactly zero at p1 = 0.08, so that (1,1) is degenerate; for a smaller p1 it "
    "is a node, beside a sixth point, a saddle on the side x = 1"
)


def _punished(mechanism: Mechanism, section: str) -> tuple[Sentence, ...]:
    name = _NAMES[mechanism]
    return (
        Sentence(section, f"{name}: five equilibrium points", partial(five_points, mechanism)),
        Sentence(section, f"{name}: the determinant is negative at all corners",
                 partial(saddle_corners, mechanism), False, _SIXTH),
        Sentence(section, f"{name}: the interior point is a stable focus", partial(_focus, mechanism)),
        Sentence("4.2.2, Fig. 7", f"{name}: the orbit ends in the focus", partial(_reached, mechanism)),
    )  # fmt: skip


DYNAMIC = (
    Sentence("section 3.1", "dynamic reward: five equilibrium points", partial(five_points, REWARD_ONLY)),
    Sentence("section 3.1", "dynamic reward: no rest point is stable", partial(none_stable, REWARD_ONLY)),
    Sentence("section 3.1", "dynamic reward: trace 0 at the interior point", _trace_zero, False, _SPIRALS),
    Sentence("3.1, 4.2.2, Fig. 6", "dynamic reward: closed orbit", _closed, False, _SPIRALS),
    Sentence("equations", "dynamic reward: spirals out to the boundary", _spiral),
    *_punished(PUNISHMENT_ONLY, "section 3.2"),
    *_punished(BOTH, "section 3.3"),
    Sentence("section 5", "dynamic punishment, both dynamic: the initial value decides where orbits end",
             _from_every_start, False, _START),
    Sentence("4.2.2, Fig. 7", "both dynamic beats dynamic punishment: both shares higher", _both_higher),
    Sentence("section 4.2.2", "by y* they rank: both dynamic, dynamic punishment, dynamic reward, static",
             _ranked, False, _RANKS),
    Sentence("4.2.2, Fig. 8", "supervision falls with c1", partial(_share, 0, "c1", _C1, -1)),
    Sentence("4.2.2, Fig. 8", "management falls with c1", partial(_share, 1, "c1", _C1, -1)),
    Sentence("4.2.2, Fig. 8", "c1 moves enterprises more than governments",
             partial(_more, 1, "c1", _C1)),
    Sentence("4.2.2, Fig. 8", "c1 = 19 ends at (0, 0)", partial(_ends_at, (0, 0), "c1", 19.0)),
    Sentence("4.2.2, Fig. 9", "supervision rises with c2, 6 to 10", partial(_share, 0, "c2", (6.0, 10.0), 1)),
    Sentence("4.2.2, Fig. 9", "management falls with c2, 6 to 10", partial(_share, 1, "c2", (6.0, 10.0), -1),
             False, _STILL),
    Sentence("4.2.2, Fig. 9", "management falls with c2, 10 to 16",
             partial(_share, 1, "c2", (10.0, 16.0), -1)),
    Sentence("4.2.2, Fig. 9", "c2 moves governments more than enterprises, 6 to 10",
             partial(_more, 0, "c2", (6.0, 10.0))),
    Sentence("4.2.2, Fig. 9", "enterprises are sensitive to c2 once past a threshold", _threshold),
    Sentence("4.2.2, Fig. 9", "c2 = 16 ends at (1, 0)", partial(_ends_at, (1, 0), "c2", 16.0)),
    Sentence("4.2.2, Fig. 10", "supervision falls with r, 2 to 6", partial(_share, 0, "r", (2.0, 6.0), -1)),
    Sentence("4.2.2, Fig. 10", "management falls with r, 2 to 6", partial(_share, 1, "r", (2.0, 6.0), -1)),
    Sentence("4.2.2, Fig. 10", "r moves governments more than enterprises, 2 to 6",
             partial(_more, 0, "r", (2.0, 6.0))),
    Sentence("4.2.2, Fig. 10", "r = 12: oscillation grows in size and period", _grows),
    Sentence("4.2.2, Fig. 11", "supervision falls with f", partial(_share, 0, "f", _F, -1)),
    Sentence("4.2.2, Fig. 11", "management rises with f", partial(_share, 1, "f", _F, 1)),
    Sentence("section 5", "more punishment makes both sides more active",
             partial(_share, 0, "f", _F, 1), False, _FINES),
    Sentence("equations", "both dynamic: trace = x y (1-y)(r - f)", _trace_formula),
    Sentence("equations", "both dynamic, r = f: a quantity is conserved", _kept, varied=False),
)  # fmt: skip
