"""Orbits of fields that switch, beside closed forms; derivatives; what slides; limits that are asked for."""

from itertools import pairwise, product

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.ode.method import Method
from equisweep.engine.ode.trajectory import lanes, trajectory
from equisweep.kernels.flow import Flow, Observable
from equisweep.kernels.status import Status
from helpers.flows import scalar
from helpers.products import covering, some
from scipy.integrate import quad

SOLVERS = ("dopri8", "tsit5", "taylor")
TOLERANCE = 1e-9


def several(fields, start):
    """A flow of several fields, (t, z, p) -> rate of z, each of a state component of its own."""
    names = list(fields)
    return Flow(
        start=lambda p: jnp.stack([jnp.asarray(start[name], float) + 0 * p["horizon"] for name in names]),
        field=lambda t, z, p: jnp.stack([fields[name](t, z[i], p) for i, name in enumerate(names)]),
        observe=lambda z, p: {name: z[i] for i, name in enumerate(names)},
        observables=tuple(Observable(name, name, "1", name) for name in names),
        motion=None,
    )


def final(flow, solver="dopri8", p=None, times=(), **options):
    """What the flow gives for one scenario."""
    method = Method(solver, **{"rtol": 1e-10, "atol": 1e-10, **options})
    values = {name: jnp.asarray([value], float) for name, value in {"horizon": 10.0, **(p or {})}.items()}
    return {name: np.asarray(value)[0] for name, value in lanes(flow, method, times)(values).items()}


def decay(forcing, k=0.5, until=10.0, points=()):
    """The state at `until` of z' = -k z + forcing(t), from 0."""
    edges = [0.0, *sorted(p for p in points if 0 < p < until), until]

    def left(t):
        return np.exp(-k * (until - t)) * forcing(t)

    return sum(quad(left, a, b, epsabs=1e-13, epsrel=1e-13)[0] for a, b in pairwise(edges))


TABLE = (np.array([0.0, 5.0, 5.004, 5.01, 20.0]), np.array([0.0, 0.0, 150.0, 0.0, 1.0]))
WAVES = np.array([0.7, 2.3, 5.7])
# Where a sine is 0.9 and 0.3.
EDGES_OF_WAVES, EDGES_OF_SLOW_WAVES = ((a, np.pi - a) for a in np.arcsin([0.9, 0.3]))
# name: (forcing in JAX, forcing in NumPy, where it has corners)
FORCED = {
    "at_once": (
        lambda t: jnp.where(t > 0, 1.0, 5.0) + jnp.sign(jnp.sin(t)),
        lambda t: 1 + np.sign(np.sin(t)),
        np.pi * np.arange(1, 4),
    ),
    "periodic": (
        lambda t: jnp.where(jnp.mod(t, 0.7) < 0.03, 10.0, 0.0),
        lambda t: 10.0 * (t % 0.7 < 0.03),
        [k * 0.7 + w for k in range(15) for w in (0, 0.03)],
    ),
    "backwards": (
        lambda t: jnp.where(jnp.mod(5.3 - t, 2) < 0.03, 10.0, 0.0),
        lambda t: 10.0 * ((5.3 - t) % 2 < 0.03),
        [5.3 - 2 * k - w for k in range(-3, 4) for w in (0, 0.03)],
    ),
    "indexed": (lambda t: jnp.arange(11.0)[t.astype(int)] ** 2, lambda t: np.floor(t) ** 2, range(11)),
    "table": (lambda t: jnp.interp(t, *map(jnp.asarray, TABLE)), lambda t: np.interp(t, *TABLE), TABLE[0]),
    "triangle": (
        lambda t: jnp.maximum(0, 1 - jnp.abs(t - 6) / 0.01) * 100,
        lambda t: max(0, 1 - abs(t - 6) / 0.01) * 100,
        [5.99, 6, 6.01],
    ),
    "calendar": (lambda t: jnp.where(2020 + t / 365 > 2020.01, 1.0, 0.0), lambda t: 1.0 * (t > 3.65), [3.65]),
    "squared": (
        lambda t: jnp.where((t - 5.03) ** 2 < 1e-6, 1e3, 0.0),
        lambda t: 1e3 * (abs(t - 5.03) < 1e-3),
        [5.03 - 1e-3, 5.03 + 1e-3],
    ),
    "several at once": (
        lambda t: jnp.sum(jnp.where(jnp.sin(t * WAVES) > 0.3, 1 / WAVES, 0.0)),
        lambda t: np.sum((np.sin(t * WAVES) > 0.3) / WAVES),
        [(2 * np.pi * k + a) / w for w in WAVES for k in range(10) for a in EDGES_OF_SLOW_WAVES],
    ),
    "fast": (
        lambda t: jnp.where(jnp.sin(20 * t) > 0.9, 1.0, 0.0),
        lambda t: 1.0 * (np.sin(20 * t) > 0.9),
        [(2 * np.pi * k + a) / 20 for k in range(33) for a in EDGES_OF_WAVES],
    ),
}
for number, width in enumerate([2.0, 0.1, 1e-3, 1e-7]):
    FORCED[f"pulse_{number}"] = (
        lambda t, w=width: jnp.where((t >= 6) & (t < 6 + w), 1 / w, 0.0),
        lambda t, w=width: (6 <= t < 6 + w) / w,
        [6, 6 + width],
    )


# The first of them not by taylor.
FORCINGS = ("table", "indexed", "fast", "several at once"), tuple(FORCED)[:3] + tuple(FORCED)[5:8]
FORCINGS += (tuple(name for name in FORCED if not any(name in names for names in FORCINGS)),)


@pytest.mark.parametrize(
    ("solver", "names"),
    covering(
        [case for case in product(SOLVERS, FORCINGS) if case != ("taylor", FORCINGS[0])],
        lambda solver, names: (solver == "dopri8") == (names == FORCINGS[0]) and solver != "tsit5",
        columns=0,
    ),
    ids=str,
)
def test_steps_end_where_time_switches_the_field(solver, names):
    fields = {name: (lambda t, z, p, f=FORCED[name][0]: -0.5 * z + f(t)) for name in names}
    # Some of them lie on switches themselves.
    times = [0, 0.99, 1.98, 4, 5, 5.94, 6, 6.1, 8, 9, 9.9]
    # Two pulses meet what is left of a start at 1, the others nothing.
    starts = {name: float(name in ("pulse_1", "pulse_3")) for name in fields}
    left = lambda name, t: starts[name] * np.exp(-0.5 * t)  # noqa: E731
    result = final(several(fields, starts), solver, times=times)
    for name in names:
        _, forcing, points = FORCED[name]
        exact = [decay(forcing, until=t, points=points) + left(name, t) for t in [*times[1:], 10.0]]
        computed = [*result[f"{name}_path"][1:], result[f"{name}_final"]]
        np.testing.assert_allclose(computed, exact, rtol=0, atol=TOLERANCE, err_msg=name)


def on_a_circle(levels):
    """The times in [0, 10] at which cos t is one of these numbers."""
    angles = np.arccos(levels)
    return sorted(
        t for k in range(3) for a in angles for t in (2 * np.pi * k + a, 2 * np.pi * (k + 1) - a) if t < 10
    )


# What is added up along x = cos t, y = -sin t: in JAX, in NumPy, and where it has corners.
ADDED = {
    "grazed": (
        lambda x, y: jnp.where(x > 0.99, 10.0, 0.0),
        lambda x, y: 10.0 * (x > 0.99),
        on_a_circle([0.99]),
    ),
    "band": (
        lambda x, y: jnp.where(jnp.abs(x - 0.5) < 1e-3, 100.0, 0.0),
        lambda x, y: 100.0 * (abs(x - 0.5) < 1e-3),
        on_a_circle([0.499, 0.501]),
    ),
    "largest": (
        lambda x, y: jnp.asarray([1.0, 2.0])[jnp.argmax(jnp.stack([x, y]))],
        lambda x, y: 1.0 + (y > x),
        np.pi * (np.arange(4) + 0.75),
    ),
    "remainder": (lambda x, y: x % 0.3, lambda x, y: x % 0.3, on_a_circle(0.3 * np.arange(-3, 4))),
    "floor": (lambda x, y: jnp.floor(4 * x), lambda x, y: np.floor(4 * x), on_a_circle(np.arange(-3, 4) / 4)),
    "kink": (
        lambda x, y: jnp.maximum(x, y) + jnp.abs(x),
        lambda x, y: max(x, y) + abs(x),
        [*np.pi * (np.arange(4) + 0.75), *on_a_circle([0.0])],
    ),
}


@pytest.mark.parametrize("solver", some(SOLVERS, {"tsit5", "taylor"}))
def test_steps_end_where_the_state_switches_the_field(solver):
    names = list(ADDED)
    flow = Flow(
        start=lambda p: jnp.concatenate([jnp.asarray([1.0, 0.0]), jnp.zeros(len(names))]) + 0 * p["horizon"],
        field=lambda t, z, p: jnp.stack([z[1], -z[0], *(ADDED[name][0](z[0], z[1]) for name in names)]),
        observe=lambda z, p: {"x": z[0]} | {name: z[2 + i] for i, name in enumerate(names)},
        observables=tuple(Observable(name, name, "1", name) for name in ("x", *names)),
        motion=None,
    )
    result = final(flow, solver)
    for name, (_, function, points) in ADDED.items():
        exact = decay(lambda t, f=function: f(np.cos(t), -np.sin(t)), k=0.0, points=points)
        # A threshold is met as much too late as the state is off there, over its slope, 27 times by `floor`.
        assert result[f"{name}_final"] == pytest.approx(exact, abs=50 * TOLERANCE), name


@pytest.mark.parametrize("solver", some(["dopri8", "taylor"], {"taylor"}))
def test_a_threshold_is_crossed_at_its_time_and_moves_with_the_parameters(solver):
    """Z' = a below c and b above: z(T) = c + b (T - c / a)."""
    flow = scalar(lambda t, z, p: jnp.where(z > p["c"], p["b"], p["a"]), motion=None)
    p = {"a": 1.7, "b": 0.3, "c": 2.1, "z0": 0.0, "horizon": 5.0}

    def end(values):
        return trajectory(flow, values, Method(solver, rtol=1e-10, atol=1e-10))["z_final"]

    values = {name: jnp.asarray(value) for name, value in p.items()}
    value, slopes = jax.jit(lambda values: (end(values), jax.jacfwd(end)(values)))(values)
    assert value == pytest.approx(2.1 + 0.3 * (5 - 2.1 / 1.7), abs=TOLERANCE)
    exact = {"a": 0.3 * 2.1 / 1.7**2, "b": 5 - 2.1 / 1.7, "c": 1 - 0.3 / 1.7, "z0": 0.3 / 1.7, "horizon": 0.3}
    for name, slope in exact.items():
        assert slopes[name] == pytest.approx(slope, abs=1e-7), name


def test_the_time_of_a_switch_moves_with_its_parameter():
    """A pulse that begins at a: the later, the less of it has decayed."""
    flow = scalar(
        lambda t, z, p: -0.5 * z + jnp.where((t >= p["a"]) & (t < p["a"] + 1), 1.0, 0.0), motion=None
    )

    p = {"z0": jnp.zeros(()), "horizon": jnp.asarray(10.0)}
    end = jax.jacfwd(lambda a: trajectory(flow, {"a": a, **p}, Method())["z_final"])
    slope = jax.jit(end)(jnp.asarray(6.0))
    assert slope == pytest.approx(0.5 * decay(lambda t: 1.0 * (6 <= t < 7), points=[6, 7]), abs=1e-8)


# Orbits that are driven back to where the field switches from both sides, and where they stop.
AT = scalar(lambda t, z, p: jnp.where(z > p["at"], p["above"], p["below"]))
SLIDING = {
    "friction": (AT, {"at": 0.25, "above": -1.0, "below": 1.0}, 0.25),
    "threshold": (AT, {"at": 1.25, "above": -0.1, "below": 0.5}, 1.25),
    "in_time": (scalar(lambda t, z, p: jnp.where(z > 1 + 0.1 * t, -0.3, 0.5)), {}, 1.0625),
    # At 0 nothing rounds: the last steps are led back within themselves, and end on one side again and again.
    "at_0": (scalar(lambda t, z, p: jnp.where(z > 0, 0.65 - t, 1.0)), {}, 0.0),
}


# `friction` and `threshold` are one program.
TRIED = {"friction": "tsit5", "threshold": "tsit5", "in_time": "taylor", "at_0": "dopri8"}
SLIDES = covering([*product(SLIDING, SOLVERS)], lambda name, solver: TRIED[name] == solver)


@pytest.mark.parametrize(("name", "solver"), SLIDES)
def test_an_orbit_that_slides_along_a_switch_says_so_and_stops(name, solver):
    flow, p, met = SLIDING[name]
    result = final(flow, solver, {"z0": 0.75, **p}, times=(0.1, 9.0))
    assert result["status"] == Status.sliding
    assert result["z_final"] == pytest.approx(met, abs=1e-8)
    assert np.isnan(result["z_path"][1])
    assert result["steps"] < 60


def test_a_switch_is_no_rest_point():
    """Infections with a control that switches: the orbit crosses the threshold and does not end there."""

    def field(t, z, p):
        s, i = z
        u = 0.49 * jnp.where(i > 0.05, 1.0, 0.2)
        return jnp.stack([-1.5 * s * i - u * s + 0.02 * (1 - s - i), 1.5 * s * i - 0.1 * i])

    flow = Flow(
        start=lambda p: jnp.asarray([0.99, 0.01]) + 0 * p["horizon"],
        field=field,
        observe=lambda z, p: {"i": z[1]},
        observables=(Observable("i", "i", "1", "infected"),),
    )
    result = final(flow, p={"horizon": 15.0}, times=(5.0, 10.0, 15.0))
    # Runge's method with steps of 1e-5 on each side of the threshold.
    np.testing.assert_allclose(result["i_path"], [0.2076955, 0.1610635, 0.1164481], rtol=0, atol=2e-7)
    assert result["status"] == Status.not_steady


def test_a_guard_that_never_trips_costs_no_steps():
    plain = final(scalar(lambda t, z, p: -jnp.sin(z), motion=None), p={"z0": 2.0})
    guarded = final(
        scalar(lambda t, z, p: jnp.where(jnp.abs(z) < 1e6, -jnp.sin(z), 0.0), motion=None), p={"z0": 2.0}
    )
    assert guarded["steps"] == plain["steps"]
    assert guarded["z_final"] == pytest.approx(plain["z_final"], abs=1e-12)


PULSE = scalar(lambda t, z, p: jnp.exp(-(((t - 6) / p["width"]) ** 2) / 2) / p["width"] - z / 2, motion=None)


@pytest.mark.parametrize("width", [0.5, 0.02])
@pytest.mark.parametrize("solver", ["dopri8", "taylor"])
def test_a_narrow_pulse_without_corners_is_seen(width, solver):
    result = final(PULSE, solver, {"z0": 0.0, "width": width})
    edges = [6 - 8 * width, 6, 6 + 8 * width]
    exact = decay(lambda t: np.exp(-(((t - 6) / width) ** 2) / 2) / width, points=edges)
    assert result["z_final"] == pytest.approx(exact, abs=TOLERANCE)


# A pulse that no trace shows: what is behind stop_gradient is said to be no switch.
def hidden(t, z, p):
    return -0.5 * z + jnp.where(jnp.abs(jax.lax.stop_gradient(t) - p["at"]) < 1e-3, 500.0, 0.0)


HIDDEN = scalar(hidden, motion=None)


@pytest.mark.parametrize(
    "options", [{"max_step": 1e-3}, {"breaks": (5.999, "end")}], ids=["max_step", "breaks"]
)
def test_what_the_trace_hides_is_found_by_small_steps_or_breaks(options):
    p = {"z0": 0.0, "at": 6.0, "end": 6.001}
    exact = decay(lambda t: 500.0 * (abs(t - 6) < 1e-3), points=[5.999, 6.001])
    assert abs(final(HIDDEN, p=p)["z_final"] - exact) > 1e-2
    assert final(HIDDEN, p=p, **options)["z_final"] == pytest.approx(exact, abs=1e-8)


def test_no_step_is_larger_than_asked_for():
    result = final(scalar(lambda t, z, p: 0 * z + 1), p={"z0": 0.0}, max_step=0.25, settle=0)
    assert 40 <= result["steps"] < 50
