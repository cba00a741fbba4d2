"""Closed orbits of several loops: in SciPy, too, the last state returns after the period, and not before."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
from equisweep.engine.ode.attractor import led_astray
from equisweep.engine.ode.extrema import Extremes
from equisweep.engine.ode.method import Method
from equisweep.engine.ode.trajectory import lanes
from equisweep.engine.ode.walk import Closeness
from equisweep.kernels.flow import Attractor, Flow, Observable
from equisweep.kernels.status import Status
from helpers.flows import LORENZ
from helpers.products import costs_seconds
from scipy.integrate import quad, solve_ivp
from scipy.special import ellipk


def run(flow, method=None, **p):
    out = lanes(flow, method or Method("tsit5", max_steps=100_000))(
        {k: jnp.asarray(v, float) for k, v in p.items()}
    )
    return {k: np.asarray(v) for k, v in out.items()}


def rates(c, s):
    return [-s[1] - s[2], s[0] + 0.2 * s[1], 0.2 + s[2] * (s[0] - c)]


ROESSLER = Flow(
    start=lambda p: jnp.asarray([-3.0, 0.5, 0.1]) + 0 * p["c"],
    field=lambda t, s, p: jnp.stack(rates(p["c"], s)),
    observe=lambda s, p: {"x": s[0], "y": s[1], "z": s[2], "size": s[0] ** 2 + s[1] ** 2},
    observables=tuple(Observable(name, name, "1", name) for name in ("x", "y", "z", "size")),
    swings=("x", "y"),
)


@costs_seconds
def test_roesslers_cycles_of_one_two_three_and_four_loops_and_its_chaos():
    c = [2.5, 3.5, 4.0, 5.3, 5.7]
    # The first is neared from either side in turn: two loops ago an orbit was nearer than one loop ago.
    early = [160.0, 190.0, 220.0]
    out = run(ROESSLER, c=[*c, 2.5, 2.5, 2.5, 2.0], horizon=[1500.0] * 5 + [*early, 1500.0])
    assert list(out["loops"][5:]) == [1] * 4
    np.testing.assert_allclose(out["period"][5:], [5.74899, 5.74899, 5.74899, 5.70986], atol=6e-6)
    out = {name: value[:5] for name, value in out.items()}
    assert list(out["loops"]) == [1, 2, 4, 3, 0]
    assert list(out["attractor"]) == [Attractor.closed_orbit] * 4 + [Attractor.undecided]
    assert list(out["status"]) == [Status.ok] * 4 + [Status.not_steady]
    np.testing.assert_allclose(out["period"][:2], [5.74899, 11.5452], atol=6e-5)
    assert np.isnan(out["period"][4])
    for i in range(4):
        last = [out[f"{k}_final"][i] for k in "xyz"]
        period, loops = out["period"][i], out["loops"][i]
        orbit = solve_ivp(
            lambda t, s, c=c[i]: rates(c, s), (0, period), last, "DOP853", rtol=1e-11, atol=1e-11,
            dense_output=True,
        ).sol  # fmt: skip
        np.testing.assert_allclose(orbit(period), last, atol=1e-4)
        for loop in range(1, loops):
            assert np.abs(orbit(loop * period / loops) - last).max() > 0.1
        x, y, _ = orbit(np.linspace(0, period, 200_001))
        np.testing.assert_allclose(out["x_amplitude"][i], np.ptp(x), rtol=1e-6)
        np.testing.assert_allclose(out["y_amplitude"][i], np.ptp(y), rtol=1e-6)


@costs_seconds
def test_quantities_of_different_numbers_of_maxima_have_one_period():
    flow = dataclasses.replace(ROESSLER, swings=("size", "z"))
    out = run(flow, c=[3.5, 4.0], horizon=[1500.0] * 2)
    np.testing.assert_allclose(out["period"], [11.5452, 23.1770], atol=6e-5)
    assert (out["loops"] >= [2, 4]).all()


# Duffing's oscillator, which the time drives: its period is a multiple of that of the force.
DUFFING = Flow(
    start=lambda p: jnp.stack([1 + 0 * p["force"], 0 * p["force"]]),
    field=lambda t, s, p: jnp.stack([s[1], -0.3 * s[1] + s[0] - s[0] ** 3 + p["force"] * jnp.cos(1.2 * t)]),
    observe=lambda s, p: {"x": s[0], "v": s[1]},
    observables=tuple(Observable(name, name, "1", name) for name in ("x", "v")),
    swings=("x",),
    motion=None,
)


@costs_seconds
def test_a_driven_oscillator_doubles_its_period_and_becomes_chaotic():
    out = run(DUFFING, force=[0.2, 0.28, 0.29, 0.5], horizon=[600.0] * 4)
    np.testing.assert_allclose(out["period"][:3], 2 * np.pi / 1.2 * np.array([1, 2, 4]), rtol=1e-6)
    assert list(out["attractor"]) == [Attractor.closed_orbit] * 3 + [Attractor.undecided]


@costs_seconds
def test_chaos_is_no_cycle_at_loose_tolerances_either():
    n = 60
    rho, x0 = np.linspace(26, 40, n), np.linspace(0.5, 3, n)
    ones = np.ones(n)
    p = {"rho": rho, "sigma": 10 * ones, "beta": 8 / 3 * ones, "x0": x0, "y0": ones, "z0": ones}
    out = run(LORENZ, Method("tsit5", 1e-6, 1e-6), **p, horizon=40 * ones)
    assert (out["attractor"] == Attractor.undecided).all()
    assert (out["loops"] == 0).all()


# Two springs that do not know each other.
SPRINGS = Flow(
    start=lambda p: jnp.stack([1.0 + 0 * p["w"], 0 * p["w"], 1 + 0 * p["w"], 0 * p["w"]]),
    field=lambda t, s, p: jnp.stack([s[1], -s[0], s[3], -(p["w"] ** 2) * s[2]]),
    observe=lambda s, p: {"slow": s[0], "fast": s[2]},
    observables=tuple(Observable(name, name, "1", name) for name in ("slow", "fast")),
    swings=("slow", "fast"),
)


@costs_seconds
def test_two_swings_close_together_only_where_a_common_period_takes_both_back():
    method, horizon = Method("tsit5", settle=0.0), [60.0] * 3
    for swings, loops in ((("slow", "fast"), [1, 2, 0]), (("fast", "slow"), [2, 3, 0])):
        flow = dataclasses.replace(SPRINGS, swings=swings)
        out = run(flow, method, w=[2.0, 1.5, np.sqrt(2.0)], horizon=horizon)
        np.testing.assert_allclose(out["period"], 2 * np.pi * np.array([1, 2, np.nan]), rtol=1e-8)
        assert list(out["loops"]) == loops


def test_the_state_returns_and_not_only_what_is_followed():
    """Of Lorenz's flow z alone repeats twice in a period; a rotor's angle never returns, its orbit does."""
    flow = dataclasses.replace(LORENZ, swings=("z",))
    p = {"rho": [350.0], "sigma": [10.0], "beta": [8 / 3], "x0": [1.0], "y0": [1.0], "z0": [1.0]}
    out = run(flow, **p, horizon=[40.0])
    assert (out["attractor"][0], out["loops"][0]) == (Attractor.closed_orbit, 2)
    last = [out[f"{name}_final"][0] for name in "xyz"]
    orbit = solve_ivp(
        lambda t, s: [10 * (s[1] - s[0]), s[0] * (350 - s[2]) - s[1], s[0] * s[1] - 8 / 3 * s[2]],
        (0, out["period"][0]), last, "DOP853", rtol=1e-11, atol=1e-11, dense_output=True,
    ).sol  # fmt: skip
    np.testing.assert_allclose(orbit(out["period"][0]), last, rtol=1e-4)
    half = orbit(out["period"][0] / 2)
    np.testing.assert_allclose(half, [-last[0], -last[1], last[2]], rtol=1e-4)


# A spring and a component that decays beside it; a pendulum that swings or goes round, past two wells a turn
# where `b` is large, and a gauge that follows its speed.
BESIDE = Flow(
    start=lambda p: jnp.stack([1.0 + 0 * p["a"], 0 * p["a"], 1 + 0 * p["a"]]),
    field=lambda t, s, p: jnp.stack([s[1], -s[0], -p["a"] * s[2]]),
    observe=lambda s, p: {"x": s[0], "y": s[2]},
    observables=tuple(Observable(name, name, "1", name) for name in "xy"),
    swings=("x",),
)
ROTOR = Flow(
    start=lambda p: jnp.stack([0 * p["w"], p["w"], p["w"]]),
    field=lambda t, s, p: jnp.stack(
        [
            s[1],
            -jnp.sin(s[0]) - p["b"] * jnp.sin(2 * s[0]) - s[1] * jax.nn.sigmoid(s[0] - p["until"]),
            s[1] - s[2],
        ]
    ),
    observe=lambda s, p: {"speed": s[1]},
    observables=(Observable("speed", "w", "1", "speed"),),
    swings=("speed",),
)


def test_what_still_decays_beside_a_swing_keeps_the_orbit_open():
    out = run(BESIDE, a=[0.0, 1e-4, 1e-2, 1.0], horizon=[100.0] * 4)
    closed, open_ = Attractor.closed_orbit, Attractor.undecided
    assert list(out["attractor"]) == [closed, open_, open_, closed]
    assert list(out["status"]) == [Status.ok, Status.not_steady, Status.not_steady, Status.ok]
    np.testing.assert_allclose(out["period"][[0, 3]], 2 * np.pi, rtol=1e-9)


def test_an_angle_that_goes_round_closes_after_one_loop_or_two():
    """Past two wells of different depth the speed is largest twice before the orbit closes.

    It does not where the brake goes on after a thousand turns, long after all that is seen of it.
    """
    w, b, until = [1.0, 3.0, 4.0, 3.0], [0.0, 0.0, 2.0, 0.0], [1e9, 1e9, 1e9, 2000 * np.pi]
    out = run(ROTOR, w=w, b=b, until=until, horizon=[60.0] * 4)
    assert out["attractor"][3] == Attractor.undecided
    assert out["status"][3] == Status.not_steady
    out = {name: values[:3] for name, values in out.items()}
    # By the complete elliptic integrals, of a pendulum that swings and of one that goes round.
    known = [4 * ellipk(0.25), 4 / 3 * ellipk(4 / 9)]

    def speed(angle):
        return np.sqrt(16 - 2 * (1 - np.cos(angle)) - 2 * (1 - np.cos(2 * angle)))

    twice = 2 * quad(lambda angle: 1 / speed(angle), 0, np.pi, epsabs=1e-12, epsrel=1e-12)[0]
    np.testing.assert_allclose(out["period"], [*known, twice], rtol=1e-8)
    least = speed(np.linspace(0, np.pi, 100_001)).min()
    np.testing.assert_allclose(out["speed_amplitude"], [2, 3 - np.sqrt(5), 4 - least], rtol=1e-7)
    assert list(out["loops"]) == [1, 1, 2]
    assert (out["attractor"] == Attractor.closed_orbit).all()


def test_steps_have_led_an_orbit_astray_that_goes_on_as_since_half_of_its_time():
    """Maxima of about 1, each a time of 1 after the other, the last 100 rounds after half of the time."""
    # What the maxima changed since then, and in the last round: of steps, that settled, by noise, by less and
    # less as beside a cycle, by too little, and of an orbit that had no maximum then.
    change = np.array([0.05, -0.05, 0.05, 0.05, 0.05, 0.005, np.nan])
    last = np.array([0.0005, -0.0005, 0.0, -0.01, 0.0001, 0.00005, 0.0])

    def astray(change, last, tolerance):
        high, when = (1.0, 1 - last, -1.0, -1.0), (200.0, 199.0, 199.5, 198.5)
        of = (jnp.full(2, one) for one in (*high, *when, 1 - change, 100.0))
        e = Extremes(*of, depth=jnp.zeros((4, 2)), error=jnp.zeros(2))
        return led_astray(e, jnp.asarray([False, True]), tolerance)

    seen = jax.jit(jax.vmap(lambda a, b: (astray(a, b, 2e-5), astray(a, b, 2e-2))))(change, last)
    assert list(seen[0]) == [True, True, False, False, False, False, False]
    assert not seen[1].any()


PENDULUM = Flow(
    start=lambda p: jnp.stack([p["a"], p["w"]]),
    field=lambda t, s, p: jnp.stack([s[1], -jnp.sin(s[0])]),
    observe=lambda s, p: {"speed": s[1]},
    observables=(Observable("speed", "w", "1", "speed"),),
    swings=("speed",),
)


@costs_seconds
def test_a_pendulum_that_goes_round_has_its_period_or_none_however_large_its_angle_is():
    """In float32 kvaerno5 at 1e-4 had 3.8 instead of 3.19, after a turn of 900 radians."""
    turns = 2 * np.pi * np.array([0, 0, 150, 1500, 15_000, 150_000])
    a, w = turns + np.array([0.1, 3.0, 0.1, 0.1, 0.1, 0.1]), np.full(6, 2.5)
    horizon = np.array([500.0, 500.0, 100.0, 100.0, 100.0, 100.0])
    top = np.sqrt(w**2 + 2 * (1 - np.cos(a)))
    known = 4 / top * ellipk((2 / top) ** 2)
    # Rounding of single precision hides rounds from 10,000 on.
    for dtype, solver, rtol, closes in (
        ("float32", "kvaerno5", 1e-4, None), ("float32", "taylor", 1e-5, [True] * 3 + [None] + [False] * 2),
        ("float64", "kvaerno5", 1e-4, [False] * 6), ("float64", "tsit5", 1e-6, [True] * 6),
    ):  # fmt: skip
        method = Method(solver, rtol, settle=0.0, max_steps=100_000)
        p = {"a": a, "w": w, "horizon": horizon}
        out = lanes(PENDULUM, method)({k: jnp.asarray(v, dtype) for k, v in p.items()})
        seen, period = np.asarray(out["attractor"]) == Attractor.closed_orbit, np.asarray(out["period"])
        np.testing.assert_allclose(period[seen], known[seen], rtol=0.05)
        assert (np.isnan(period) == ~seen).all()
        for one, expected in zip(seen, closes or [None] * 6, strict=True):
            assert expected is None or one == expected


# A spiral into its rest point, with a component that adds up, so that several loops are looked for.
INWARDS = Flow(
    start=lambda p: jnp.stack([0.5 + 0 * p["a"], 0 * p["a"], 0 * p["a"]]),
    field=lambda t, s, p: jnp.stack([-p["a"] * s[0] - s[1], s[0] - p["a"] * s[1], s[0] ** 2]),
    observe=lambda s, p: {"x": s[0]},
    observables=(Observable("x", "x", "1", "x"),),
    swings=("x",),
)


@costs_seconds
def test_a_spiral_is_no_cycle_beside_its_own_past():
    out = run(INWARDS, Method("tsit5", rtol=1e-5, settle=1e-3), a=[0.2, 0.2], horizon=[15.0, 20.0])
    assert (out["attractor"] == Attractor.undecided).all()
    # x = e^(-a t) cos t / 2 turns where tan t = -a: maxima near 2 pi k, minima half a turn later.
    first = np.exp(-0.2 * (np.arange(1, 7) * np.pi - np.arctan(0.2))) * np.cos(np.arctan(0.2)) / 2
    np.testing.assert_allclose(out["x_amplitude"], [first[2] + first[3], first[4] + first[5]], rtol=1e-2)


def of_mutants(t, s, p):
    """Log ratios of rock, paper and a mutant to scissors: on average the game pays 0, the mutant `gain`."""
    rock, paper, scissors, _ = jax.nn.softmax(jnp.stack([s[0], s[1], 0 * t, s[2]]))
    return jnp.stack([scissors - paper, rock - scissors, p["gain"]]) - (paper - rock)


MUTANTS = Flow(
    start=lambda p: jnp.stack([0.5 + 0 * p["gain"], 0.1 + 0 * p["gain"], jnp.log(p["share"])]),
    field=of_mutants,
    observe=lambda s, p: {"rock": s[0], "mutant": s[2]},
    observables=tuple(Observable(name, name, "1", name) for name in ("rock", "mutant")),
    swings=("rock",),
    faces=True,
)


def test_in_float32_a_slow_spiral_is_no_cycle_either():
    """It was one where it lost less than 0.6% a turn: a hundred times what float32 does not hold."""
    assert Closeness.of(2e-4, 6e-6).exact == 3e-4
    assert Closeness.of(2e-10, 1e-12).exact == 1e-9


def test_a_mutant_that_invades_keeps_a_cycle_open_however_rare_it_is_yet():
    """Its log ratio rises by the same each turn, as that of one that dies out falls, for ever."""
    p = {"gain": [0.3, 0.05, -0.3, -0.05], "share": [1e-20] * 4, "horizon": [60.0] * 4}
    out = run(MUTANTS, Method("tsit5", 1e-8, 1e-8), **p)
    assert list(out["attractor"]) == [Attractor.undecided] * 2 + [Attractor.closed_orbit] * 2
    assert list(out["status"]) == [Status.not_steady] * 2 + [Status.ok] * 2
    assert out["mutant_final"][0] < -20
