"""What the paper says of static reward and punishment: sections 2.2, 2.3 and 4.2.1, Figures 1-5."""

from functools import partial

import numpy as np

from ....kernels.flow import Attractor
from ....kernels.games.supervision.game import REST_POINTS
from ....kernels.numerics.stability import RestClass
from .cases import CASE, NEITHER, Cases, Mechanism
from .sentence import Judgement, Sentence, arrow, inside

_X0, _Y0 = (0.4, 0.6, 0.8), (0.25, 0.5, 0.75)
# The paper's starts: of these, the first three differ in x0, and the first and the last two in y0. An orbit
# that closes has done so long before the horizon.
STARTS = [{"x0": x, "y0": 0.25} for x in _X0] + [{"x0": 0.4, "y0": y} for y in _Y0[1:]]
_TIMED = [start | {"horizon": 60.0} for start in STARTS]
BY_X0, BY_Y0 = [0, 1, 2], [0, 3, 4]
_ZERO = 1e-12


def five_points(mechanism: Mechanism, c: Cases) -> Judgement:
    """Whether there are the four corners, one interior rest point, and no other."""
    exists = c.rest(mechanism)["rest_class"] != RestClass.absent
    names = [name for name, there in zip(REST_POINTS, exists[:, 0], strict=True) if there]
    return (exists.sum(axis=0) == 5) & exists[4], f"{len(names)}: {', '.join(names)}"


def saddle_corners(mechanism: Mechanism, c: Cases) -> Judgement:
    """Whether the determinant is negative at all four corners."""
    determinants = c.rest(mechanism)["determinant"][:4]
    return (determinants < -_ZERO).all(axis=0), f"the largest is {determinants[:, 0].max() + 0.0:.4g}"


def none_stable(mechanism: Mechanism, c: Cases) -> Judgement:
    """Whether no rest point attracts."""
    count = c.rest(mechanism)["stable_count"]
    return count == 0, f"{count[0]} attract"


def _centre(c: Cases) -> Judgement:
    out = c.rest(NEITHER)
    trace, determinant = inside(out, "trace"), inside(out, "determinant")
    zero = np.abs(trace) < _ZERO
    shown = 0.0 if zero[0] else trace[0]  # what is zero but for rounding is said to be zero
    return zero & (determinant > 0), f"trace {shown:.1g}, det {determinant[0]:.4f}"


def _closed(c: Cases) -> Judgement:
    out = c.orbits(NEITHER, _TIMED)
    closed = out["attractor"] == Attractor.closed_orbit
    return closed.all(axis=0), f"{closed[:, 0].sum()} of {len(STARTS)} starts"


def _period(order: list[int], sign: int, c: Cases) -> Judgement:
    period = c.orbits(NEITHER, _TIMED)["period"][order]
    return (sign * np.diff(period, axis=0) > 0).all(axis=0), arrow(period)


def _swing(c: Cases) -> Judgement:
    swing = c.orbits(NEITHER, _TIMED)["y_amplitude"]
    by_x, by_y = np.ptp(swing[BY_X0], axis=0), np.ptp(swing[BY_Y0], axis=0)
    return by_x < by_y, f"the swing of y changes by {by_x[0]:.3f} over x0, by {by_y[0]:.3f} over y0"


def _start_decides_swing(c: Cases) -> Judgement:
    out = c.orbits(NEITHER, _TIMED)
    difference = np.ptp(out["y_amplitude"], axis=0)
    return difference > 0.01, f"the swing of y is {arrow(out['y_amplitude'], 3)}"


def _start_decides_mean(c: Cases) -> Judgement:
    """The mean of y over a period is y* on every closed orbit: the logit of x comes back, and A is linear."""
    mean = inside(c.rest(NEITHER), "rest_y")
    closed = (c.orbits(NEITHER, _TIMED)["attractor"] == Attractor.closed_orbit).all(axis=0)
    return ~closed, f"the mean of y over a period is {mean[0]:.6f} from every start"


def _thresholds(c: Cases) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What c1 must exceed, and c2, for nobody to act; and what c2 must for enterprises not to, supervised."""
    q = c.columns
    supervising = q["f"] + (q["p2"] - q["p1"]) * q["Lg"] + q["p2"] * q["S"]
    return supervising, q["p2"] * q["Le"], q["r"] + q["f"] + q["p1"] * q["Le"]


def _only_ess(c: Cases, corner: str, **change: np.ndarray) -> np.ndarray:
    out = c.rest(NEITHER, **change)
    ess = out["rest_class"][REST_POINTS.index(corner)] == RestClass.ess
    return ess & (out["stable_count"] == 1)


def _exactly(
    c: Cases, corner: str, met: dict[str, np.ndarray], broken: list[dict[str, np.ndarray]]
) -> np.ndarray:
    """Whether a corner is the only ESS where its conditions are met, and not where one of them is broken."""
    otherwise = [_only_ess(c, corner, **{**met, **one}) for one in broken]
    return _only_ess(c, corner, **met) & ~np.any(otherwise, axis=0)


def _nobody(c: Cases) -> Judgement:
    c1, c2, _ = _thresholds(c)
    met = {"c1": 1.01 * c1, "c2": 1.01 * c2}
    broken = [{"c1": 0.99 * c1}, {"c2": 0.99 * c2}]
    return _exactly(c, "(0,0)", met, broken), f"c1 > {c1[0]:.4g} and c2 > {c2[0]:.4g}"


def _managed(c: Cases) -> Judgement:
    _, c2, _ = _thresholds(c)
    return _exactly(c, "(0,1)", {"c2": 0.99 * c2}, [{"c2": 1.01 * c2}]), f"c2 < {c2[0]:.4g}"


def _supervised(c: Cases) -> Judgement:
    c1, _, c2 = _thresholds(c)
    met = {"c1": 0.99 * c1, "c2": 1.01 * c2}
    broken = [{"c1": 1.01 * c1}, {"c2": 0.99 * c2}]
    return _exactly(c, "(1,0)", met, broken), f"c2 > {c2[0]:.4g} and c1 < {c1[0]:.4g}"


def _named_otherwise(c: Cases) -> Judgement:
    return np.zeros(c.size, bool), "x = 0 is nobody supervising, y = 1 everybody managing"


def _pure_stay(c: Cases) -> Judgement:
    pure = c.orbit(NEITHER, [{"x0": x} for x in (0.0, 1.0)])["x_final"]
    moved = np.abs(pure - [0.0, 1.0]).max()
    return np.full(c.size, moved == 0), f"moved {moved:g}"


def _kept(c: Cases) -> Judgement:
    drift = abs(c.orbit(NEITHER, [{}])["invariant_final"][0] - c.rest(NEITHER)["first_integral"][0])
    return np.full(c.size, drift < 1e-6), f"drift {drift:.1e} by t = {CASE['horizon']:g}"


_NAMES = (
    "by the paper's own order of the shares (supervise, manage) its point (0,1) is unsupervised and managed; "
    "{Supervise, Nonmanaged} is (1,0). Both are derived below"
)
_MEAN = (
    "A falls linearly in y and the logit of x comes back to where it was, so the mean of y over a period is "
    "the y* of the centre: the start decides how y swings, not how many enterprises manage in the long run"
)
_NOBODY = "(0,0) is the ESS exactly where c1 > f + (p2-p1) Lg + p2 S, c2 > p2 Le [derived]"
_ONE_SIDE = "(1,0) is the ESS exactly where c2 > r + f + p1 Le, c1 < f + (p2-p1) Lg + p2 S [derived]"

STATIC = (
    Sentence("section 2.2", "static: five equilibrium points", partial(five_points, NEITHER)),
    Sentence("section 2.3", "static: the determinant is negative at all corners",
             partial(saddle_corners, NEITHER)),
    Sentence("section 2.3", "static: trace 0, determinant > 0 at the interior point", _centre),
    Sentence("section 2.3", "static: no rest point is an ESS", partial(none_stable, NEITHER)),
    Sentence("2.3 (a), Fig. 2", _NOBODY, _nobody),
    Sentence("2.3 (b), Fig. 3", "the ESS (0,1) is {Supervise, Nonmanaged}", _named_otherwise, False, _NAMES),
    Sentence("2.3 (b), Fig. 3", "(0,1) is the ESS exactly where c2 < p2 Le [derived]", _managed),
    Sentence("2.3 (b), Fig. 3", _ONE_SIDE, _supervised),
    Sentence("4.2.1, Fig. 5", "static: closed orbits from every start", _closed),
    Sentence("4.2.1, Fig. 4 (a)", "static: the period rises with x0", partial(_period, BY_X0, 1)),
    Sentence("4.2.1, Fig. 4 (b)", "static: the period falls with y0", partial(_period, BY_Y0, -1)),
    Sentence("4.2.1, Fig. 4", "static: x0 changes the size of swings less than y0 does", _swing),
    Sentence("4.2.1, section 5", "the initial value is decisive: how far y swings", _start_decides_swing),
    Sentence("4.2.1, section 5", "the initial value is decisive: how many manage in the long run",
             _start_decides_mean, False, _MEAN),
    Sentence("equations", "static: a quantity is conserved", _kept, varied=False),
    Sentence("equations", "pure-strategy starts never leave their face", _pure_stay, varied=False),
)  # fmt: skip
