"""`climb` and `bisect` on functions whose roots are known."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.kernels.numerics.roots import bisect, climb
from helpers.tolerance import assert_close, tolerance

FOLD = 0.25  # x (1 - x) has its maximum here


@jax.jit
def parabola(height, start=0.0, stop=1.0):
    """Roots of ``x (1 - x) = height``, concave; the smallest is (1 - sqrt(1 - 4 height)) / 2."""
    height = jnp.asarray(height)
    return climb(
        lambda x: x * (1 - x) / height - 1, jnp.full_like(height, start), jnp.full_like(height, stop)
    )


def smallest(height):
    return parabola(height)[0]


slope = jax.jit(jax.grad(smallest))


def known(height):
    return 2 * height / (1 + np.sqrt(1 - 4 * height))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_climb_finds_the_smallest_root_to_the_last_digits(dtype):
    height = np.linspace(0.01, 0.24, 50).astype(dtype)
    x, converged = jax.vmap(parabola)(height)
    assert converged.all()
    assert x.dtype == dtype
    assert_close(x, known(height), multiplier=64)


def test_climb_keeps_the_digits_of_a_tiny_root():
    height = np.logspace(-300, -3, 40)
    each = jax.vmap(lambda h: climb(lambda x: x * (1 - x) / h - 1, h, 1.0 + 0 * h))
    x, converged = jax.jit(each)(height)
    assert converged.all()
    assert_close(x, known(height), multiplier=16)


@pytest.mark.parametrize("above", [1e-12, 1e-6, 0.1, 10.0])
def test_climb_certifies_that_there_is_no_root(above):
    assert not parabola(FOLD + above)[1]


def test_climb_takes_a_double_root_for_one():
    x, converged = parabola(FOLD)
    assert converged
    assert abs(float(x) - 0.5) < 10 * np.sqrt(tolerance(np.float64))
    assert not np.isnan(slope(FOLD))


def test_climb_stops_at_the_end_of_its_interval():
    assert not parabola(0.2, stop=0.25)[1]
    assert parabola(0.2, stop=0.28)[1]
    assert not parabola(0.2, start=2.0)[1]


def test_climb_does_not_take_a_jump_over_a_maximum_below_zero_for_a_root():
    # Concave up to a maximum of -1e-3 at 0.4, then convex and rising through zero near 1.1.
    start = np.linspace(0.0, 0.4, 400)  # wherever it jumps from
    cubic = lambda x: (x - 0.4) ** 2 * (x - 1) - 1e-3  # noqa: E731
    x, converged = jax.jit(jax.vmap(lambda s: climb(cubic, s, jnp.asarray(2.0))))(start)
    assert not converged.any(), x


def test_climb_differentiates_through_the_root_twice():
    pushed, bend = jax.jit(lambda h: jax.jvp(smallest, (h,), (1.0,))[1]), jax.jit(jax.grad(slope))
    for h in (0.05, 0.2):
        side = 1 - 4 * h
        assert_close(slope(h), np.asarray(side**-0.5), multiplier=100)
        assert_close(pushed(h), np.asarray(side**-0.5), multiplier=100)
        assert_close(bend(h), np.asarray(2 * side**-1.5), multiplier=1000)


def test_climb_under_vmap_and_jit_equals_climb_alone():
    height = np.array([0.01, 0.1, 0.2, 0.25, 0.26, 3.0])
    x, converged = jax.jit(jax.vmap(parabola))(height)
    alone = [parabola(h) for h in height]
    assert converged.tolist() == [bool(a[1]) for a in alone] == [True] * 4 + [False] * 2
    sound = height < FOLD
    assert_close(x[sound], np.array([a[0] for a in alone])[sound], multiplier=8)


def test_bisect_finds_the_rise_between_two_ends_that_are_roots_themselves():
    def cubic(x):
        return -x * (x - 0.3) * (x - 1)  # falls through 0 and 1, rises through 0.3

    between = jax.jit(lambda low, high: bisect(cubic, low, high))
    assert_close(between(0.0, 1.0), np.asarray(0.3), multiplier=4)
    assert_close(between(0.0 + 1e-16, 1.0 + 1e-15), np.asarray(0.3), multiplier=4)
    assert_close(between(0.0 - 1e-16, 1.0 - 1e-15), np.asarray(0.3), multiplier=4)


def test_bisect_differentiates_by_the_implicit_function_theorem():
    def root(a):
        return bisect(lambda x: x**3 - a, jnp.zeros_like(a), jnp.full_like(a, 10.0))

    a, slope = np.linspace(0.5, 100, 7), jax.grad(root)
    roots, slopes, bends = jax.jit(jax.vmap(lambda a: (root(a), slope(a), jax.grad(slope)(a))))(a)
    assert_close(roots, np.cbrt(a), multiplier=4)
    assert_close(slopes, np.cbrt(a) / (3 * a), multiplier=16)
    assert_close(bends, -2 * np.cbrt(a) / (9 * a**2), multiplier=64)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_bisect_ends_at_neighbouring_numbers(dtype):
    one = jnp.asarray(1, dtype)
    x = bisect(lambda x: x - one / 3, 0 * one, one)
    assert x.dtype == dtype
    assert_close(x, np.asarray(1 / 3, dtype), multiplier=2)
