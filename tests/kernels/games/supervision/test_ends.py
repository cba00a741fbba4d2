"""Where orbits of the supervision game end, by signs: against long integrations, and against the facts."""

from functools import cache

import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.ode.method import Method
from equisweep.engine.ode.trajectory import lanes
from equisweep.kernels.flow import Attractor
from equisweep.kernels.games.supervision.ends import attractor
from equisweep.kernels.games.supervision.model import FLOW
from helpers.codegen.grids import of_many
from helpers.oracles.supervision import CASE, MECHANISMS, attracting, gains, random_case
from helpers.products import covering
from scipy.integrate import solve_ivp
from scipy.special import expit

every_mechanism = pytest.mark.parametrize("mechanism", MECHANISMS, ids="-".join)
BOTH = ("dynamic", "dynamic")
UNDECIDED, REST, CLOSED, CYCLE = (int(a) for a in Attractor)


def columns(cases):
    return {k: jnp.asarray([c[k] for c in cases], float) for k in CASE}


@cache
def by_signs_alone(mechanism):
    return of_many(lambda p: {"end": attractor(p, reward=mechanism[0], punishment=mechanism[1])})


def ends(mechanism, cases):
    return by_signs_alone(mechanism)(columns(cases))["end"]


@pytest.mark.parametrize(
    ("mechanism", "count"),
    covering(
        [(m, n) for m in MECHANISMS for n in (90, 6000)],
        lambda mechanism, n: n == 90 and mechanism[0] != mechanism[1],
        columns=0,
    ),
    ids=str,
)
def test_signs_and_a_long_integration_agree_on_every_orbit_of_a_map(mechanism, count):
    rng, part = np.random.default_rng(5), count // 6
    cases = [random_case(rng) | {"horizon": 100.0} for _ in range(count - 2 * part)]
    # Where nothing inside attracts, and where r = f, so that every kind of end occurs.
    cases += [case | {"r": 3 * case["f"], "c2": case["p2"] * case["Le"] + 0.5} for case in cases[:part]]
    cases += [case | {"r": case["f"], "c2": case["p2"] * case["Le"] + 0.5} for case in cases[:part]]
    method = Method(
        "tsit5", 1e-8, 1e-8, max_steps=10**6, settle=1e-6, decide="integration",
        horizon="decided", longest=1e8,
    )  # fmt: skip
    out = lanes(FLOW, method, reward=mechanism[0], punishment=mechanism[1])(columns(cases))
    by_signs, integrated = ends(mechanism, cases), np.asarray(out["attractor"])
    points = [attracting(case, mechanism) for case in cases]
    # Signs leave open where two points attract, and nothing else. Integration says which of them it is.
    several = np.array([len(attract) > 1 for attract in points])
    np.testing.assert_array_equal(by_signs == UNDECIDED, several)
    np.testing.assert_array_equal(integrated, np.where(several, REST, by_signs))
    for i in np.flatnonzero(integrated == REST):
        end = out["x_final"][i], out["y_final"][i]
        np.testing.assert_allclose(min(np.abs(np.subtract(p, end)).max() for p in points[i]), 0, atol=1e-5)
    # Dynamic punishment alone always lets the swings shrink.
    assert len({*by_signs} - {UNDECIDED}) > (mechanism != ("static", "dynamic"))


def test_where_the_corner_1_0_is_flat_the_slope_along_its_side_decides():
    """B(1, 0) is zero but for rounding: an orbit stays there for 10^31 units of time, and leaves."""
    flat = CASE | {"c1": 2.0, "r": 16.0, "f": 2.0, "p1": 0.08}
    assert abs(gains(flat, BOTH, 1.0, 0.0)[1]) < 1e-15
    rising, falling = flat, flat | {"r": 1.0}
    assert ends(BOTH, [rising, falling]).tolist() == [CYCLE, REST]
    for case, leaves in ((rising, True), (falling, False)):
        path = solve_ivp(
            lambda _, z, case=case: gains(case, BOTH, *expit(z)), (0, 200), [8.0, -6.0], "LSODA", rtol=1e-9
        )
        assert (path.y[1].max() > 0) == leaves


def test_integration_until_decided_leaves_no_point_of_the_presets_map_open_and_none_wrong():
    rng = np.random.default_rng(7)
    shares = rng.random((300, 3))
    cases = [
        CASE | {"c1": 0.5 + 9.5 * a, "r": 0.1 + 24.9 * b, "f": 0.125 + 24.875 * c, "horizon": 200.0}
        for a, b, c in shares
    ]
    # Slow spirals, of which a turn changes a thousandth, too.
    cases += [case | {"r": case["f"] * (1 + s)} for case in cases[:10] for s in (-0.01, 0.01)]
    # B(1, 0) is 0 but for rounding, and what y adds leads away: there no orbit rests, however long it stays.
    flat = [
        CASE | {"c1": c1, "r": r, "f": 2.0}
        for c1 in (1.0, 2.0)
        for r in (2.1, 2.3, 3.1, 9.8, 10.8, 12.7, 20.5)
    ]
    assert max(abs(gains(case, BOTH, 1.0, 0.0)[1]) for case in flat) < 1e-15
    # Nor where it begins there; at r = 1 it falls.
    there = [{"x0": 1 - max(np.exp(-k), 2**-53), "y0": np.exp(-k)} for k in (20.0, 33.0, 40.0, 80.0)]
    flat += [CASE | {"c1": 2.0, "r": 16.0, "f": 2.0, "p1": 0.08} | start for start in there]
    falling = [case | {"r": 1.0} for case in flat[-3:]]
    method = Method("tsit5", 1e-8, 1e-8, 200_000, settle=1e-3, decide="integration", horizon="decided")
    out = lanes(FLOW, method, reward="dynamic", punishment="dynamic")(columns(cases + falling + flat))
    by_signs, integrated = ends(BOTH, cases + falling + flat), np.asarray(out["attractor"])
    assert (by_signs[-len(flat) :] == CYCLE).all()
    assert set(integrated[-len(flat) :]) <= {UNDECIDED, CYCLE}
    assert not (by_signs == UNDECIDED).any()
    np.testing.assert_array_equal(by_signs[: -len(flat)], integrated[: -len(flat)])
    begins = slice(len(cases), len(cases) + len(falling))
    np.testing.assert_array_equal(np.asarray(out["settle_time"])[begins], 0)
    np.testing.assert_array_equal(np.asarray(out["steps"])[begins], 0)


@every_mechanism
def test_swings_shrink_stay_or_grow_as_the_signs_say_in_scipy_too(mechanism):
    early, late = np.linspace(10, 40, 600), np.linspace(60, 90, 600)
    for case in [CASE, CASE | {"r": 10.0, "x0": 0.7}, CASE | {"r": 14.0, "y0": 0.6}]:
        start = [np.log(case[k]) - np.log1p(-case[k]) for k in ("x0", "y0")]
        orbit = solve_ivp(
            lambda t, z, c=case: gains(c, mechanism, *expit(z)), (0, 90), start, "DOP853",
            rtol=1e-9, atol=1e-9, dense_output=True,
        )  # fmt: skip
        ratio = np.ptp(orbit.sol(late)[0]) / np.ptp(orbit.sol(early)[0])
        end = CLOSED if abs(ratio - 1) < 1e-3 else REST if ratio < 1 else CYCLE
        assert ends(mechanism, [case])[0] == end, (ratio, case)


def test_the_facts():
    def ends_with(mechanism=BOTH, **changed):
        return int(ends(mechanism, [CASE | changed])[0])

    assert ends_with() == REST
    assert ends_with(("static", "static")) == CLOSED
    assert ends_with(("dynamic", "static")) == CYCLE
    assert ends_with(("static", "dynamic")) == REST
    assert [ends_with(r=r) for r in (9.99999, 10.0, 10.0 * (1 + 1e-15), 10.00001)] == [
        REST,
        CLOSED,
        CLOSED,
        CYCLE,
    ]
    # On a face, at the rest point itself, with a tie, and between two points that attract.
    assert [ends_with(**{k: v}) for k in ("x0", "y0") for v in (0.0, 1.0)] == [UNDECIDED] * 4
    # B(1,1) is zero but for rounding there; a little more or less of it changes nothing.
    assert [ends_with(m, p1=p1) for m in (BOTH, ("static", "dynamic")) for p1 in (0.07, 0.08, 0.09)] == [
        REST
    ] * 6
    x, y = 1 / 11, 131 / 206
    assert ends_with(("static", "static"), x0=x, y0=y) == REST
    assert ends_with(c2=CASE["p2"] * CASE["Le"]) == UNDECIDED
    assert ends_with(("static", "static"), c2=4.0, Le=50.0, r=0.5, f=0.5, p1=0.0, p2=0.1, c1=1.0) == UNDECIDED
