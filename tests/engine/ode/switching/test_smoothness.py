"""Fields that decide where no switch is watched: smooth ones and ones that jump, beside closed forms."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.errors import SweepError
from equisweep.engine.ode.method import Method
from equisweep.engine.ode.trajectory import lanes
from equisweep.kernels.flow import Attractor, Flow
from equisweep.kernels.numerics.roots import bisect
from equisweep.kernels.status import Status
from helpers.flows import seen
from helpers.products import costs_seconds, covering, some
from jax import lax


def halved(x, low_high):
    low, high = low_high
    middle = (low + high) / 2
    right = middle**3 > x
    return jnp.where(right, low, middle), jnp.where(right, middle, high)


def in_a_loop(count):
    return lambda x: lax.fori_loop(0, count, lambda _, b: halved(x, b), (0 * x, 2 + 0 * x))[0]


def by_python(x):
    bracket = 0 * x, 2 + 0 * x
    for _ in range(45):
        bracket = halved(x, bracket)
    return bracket[0]


# The cube root of x by bisection.
ROOTS = {
    "a short loop": in_a_loop(50),
    "a long loop": in_a_loop(70),
    "while": lambda x: lax.while_loop(
        lambda b: b[1] - b[0] > 1e-15, lambda b: halved(x, b), (0 * x, 2 + 0 * x)
    )[0],
    "Python": by_python,
    "custom_root": lambda x: bisect(lambda m: m**3 - x, 0 * x, 2 + 0 * x),
}


def flow(functions):
    """Each component moves as its own function says."""
    names = tuple("abcdef"[: len(functions)])
    return Flow(
        start=lambda p: jnp.ones(len(functions)),
        field=lambda t, z, p: jnp.stack([f(x) for f, x in zip(functions, z, strict=True)]),
        observe=lambda z, p: dict(zip(names, z, strict=True)),
        observables=seen(*names),
    )


def final(functions, horizon, **options):
    """The final states, and whatever else comes of the orbit."""
    outputs = lanes(flow(functions), Method(**options))({"horizon": jnp.full(1, horizon)})
    values = {name: np.asarray(value)[0] for name, value in outputs.items()}
    return np.asarray([values[f"{name}_final"] for name in "abcdef"[: len(functions)]]), values


# Each by itself: all of them in one flow took three times as long to compile.
CASES = [*(("dopri5", name) for name in ROOTS), ("rodas5p", "while")]


@pytest.mark.parametrize(
    ("solver", "root"), covering(CASES, lambda solver, _: solver == "rodas5p", columns=0)
)
def test_a_root_by_bisection_is_as_smooth_as_the_root(solver, root):
    """The field is -x^(1/3) / 4, so that x^(2/3) = 1 - t/6."""
    ends, result = final([lambda x: -ROOTS[root](x) / 4], 3.0, solver=solver, settle=0.0)
    assert result["status"] == Status.not_steady
    np.testing.assert_allclose(ends, 0.5**1.5, rtol=2e-9)
    assert result["steps"] < 30


THRESHOLDS = [0.35 + 0.1 * k for k in range(5)]
# How many of the thresholds x is above.
COUNTS = {
    "while": lambda x: lax.while_loop(
        lambda c: c[0] < 5, lambda c: (c[0] + 1, c[1] + jnp.where(x > 0.35 + 0.1 * c[0], 1.0, 0)), (0, 0 * x)
    )[1],
    "a long loop": lambda x: lax.fori_loop(
        0, 70, lambda i, n: n + jnp.where((i < 5) & (x > 0.35 + 0.1 * i), 1.0, 0.0), 0 * x
    ),
    "a callback": lambda x: jax.pure_callback(
        lambda x: 1.0 * np.sum([x > at for at in THRESHOLDS], axis=0), x, x, vmap_method="broadcast_all"
    ),
}  # fmt: skip


def by_hand(until):
    """Where x' = -x / 4 - n / 50 comes to, n being the number of thresholds below."""
    x, t = 1.0, 0.0
    for n in range(5, 0, -1):
        time = 4 * math.log((x + n / 12.5) / (THRESHOLDS[n - 1] + n / 12.5))
        if t + time > until:
            return (x + n / 12.5) * math.exp((t - until) / 4) - n / 12.5
        x, t = THRESHOLDS[n - 1], t + time
    return x * math.exp((t - until) / 4)


@pytest.mark.parametrize(
    ("where", "solver"),
    covering(
        [("while", "tsit5"), ("a long loop", "kvaerno5"), ("a callback", "tsit5")],
        lambda where, _: where == "while",
        columns=0,
    ),
)
def test_steps_end_where_a_loop_or_a_callback_jumps(where, solver):
    """Without `breaks`."""
    ends, result = final([lambda x: -x / 4 - COUNTS[where](x) / 50], 4.5, solver=solver, settle=0.0)
    assert result["status"] == Status.not_steady
    np.testing.assert_allclose(ends, by_hand(4.5), rtol=2e-9)


def on_stairs(halvings, until):
    """Where x' = -r / 4 comes to, r being the cube root rounded down to so many halvings of 2."""
    width = 2.0 / 2**halvings
    x, t = 1.0, 0.0
    for k in range(round(1 / width) - 1, 0, -1):
        slope, low = k * width / 4, (k * width) ** 3
        if t + (x - low) / slope >= until:
            return x - slope * (until - t)
        x, t = low, t + (x - low) / slope
    raise AssertionError


@costs_seconds
def test_a_coarse_bisection_is_taken_at_its_word_stair_by_stair():
    """Its later decisions jump at earlier ones: no orbit slides there."""
    ends, result = final(
        [lambda x, n=n: -in_a_loop(n)(x) / 4 for n in (4, 7)], 3.0, solver="tsit5", settle=0.0
    )
    assert result["status"] == Status.not_steady
    np.testing.assert_allclose(ends, [on_stairs(n, 3.0) for n in (4, 7)], rtol=1e-9)


def test_stairs_too_many_for_the_steps_are_no_result():
    _, result = final([lambda x: -in_a_loop(16)(x) / 4], 3.0, max_steps=300, settle=0.0)
    assert result["status"] == Status.max_steps


@pytest.mark.parametrize("solver", some(["dopri8", "rodas5p"], {"rodas5p"}))
def test_rest_is_judged_by_the_field_and_not_by_the_derivatives_of_its_loops(solver):
    """Bisection has derivative 0, by which 0 would neither attract nor repel."""
    itself = lambda x: lax.fori_loop(0, 60, lambda _, b: halved(x**3, b), (0 * x, 2 + 0 * x))[0]  # noqa: E731
    ends, result = final([lambda x: itself(x / 1e3) * 1e3 * (1 - x * x / 4)], 60.0, solver=solver)
    assert result["status"] == Status.ok
    assert result["attractor"] == Attractor.rest_point
    np.testing.assert_allclose(ends, 2.0, rtol=1e-6)


def test_a_largest_step_does_not_look_like_a_jump_ahead():
    """So that the orbit settles at its time, ln(1e7)."""
    _, result = final([lambda x: -bisect(lambda m: m - x, -4 + 0 * x, 4 + 0 * x)], 60.0, max_step=0.5)
    assert result["status"] == Status.ok
    np.testing.assert_allclose(result["settle_time"], math.log(1e7), rtol=1e-6)


def test_what_would_be_false_is_refused():
    decides = flow([lambda x: -in_a_loop(50)(x)])
    p = {"horizon": jnp.ones(1)}
    with pytest.raises(
        SweepError, match=r"'taylor' does not suit this flow \(its field decides within loops"
    ):
        lanes(decides, Method(solver="taylor"))(p)
    with pytest.raises(TypeError, match=r"derivatives are not those that JAX has; jax.lax.custom_root says"):
        jax.jacfwd(lambda T: lanes(decides, Method())({"horizon": T})["a_final"])(p["horizon"])
