"""Checks of equinox within a function of one point: NaN or a status where it would raise, nowhere else."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.xla.library_checks import checks_as_nan
from equisweep.kernels.status import Status
from jax.extend import core

AT = np.array([0.5, 3.0, 1.5, 4.0])
FINE = AT < 2


def at_all(point, status=None):
    """The results of a function of one point at all of them, as one vmapped program."""
    closed = checks_as_nan(jax.make_jaxpr(point)(1.0), status)
    return jax.jit(jax.vmap(core.jaxpr_as_fun(closed)))(AT)


def checked(x, value, on_error="raise"):
    return eqx.error_if(value, x > 2, "x is too large", on_error=on_error)


@pytest.mark.parametrize("on_error", ["raise", "nan"])
def test_real_numbers_are_nan_where_the_check_fails_and_nowhere_else(on_error):
    def point(x):
        one, two = checked(x, (x, jnp.stack([x, 2 * x])), on_error)
        return one + 1, two.sum(), jax.grad(lambda x: checked(x, x * x, on_error))(x)

    outputs = at_all(point)
    for result, right in zip(outputs[:2], (AT + 1, 3 * AT), strict=True):
        np.testing.assert_array_equal(result, np.where(FINE, right, np.nan))
    np.testing.assert_allclose(outputs[2][FINE], 2 * AT[FINE])


@pytest.mark.parametrize("on_error", ["raise", "nan"])
def test_an_integer_that_somebody_looks_at_makes_the_status(on_error):
    def point(x):
        number, integer = checked(x, (x, jnp.int32(3)), on_error)
        own = jnp.where(x > 3.5, int(Status.no_equilibrium), int(Status.ok))
        return number, own, integer

    _, status, _ = at_all(point, status=1)
    assert status.tolist() == [Status.ok, Status.not_finite, Status.ok, Status.no_equilibrium]
    # Where nobody looks at the integer a number that is left out of the result is none's business.
    shown, status = at_all(lambda x: (jnp.where(x > 2, 0.0, point(x)[0]), jnp.int32(Status.ok)), status=1)
    np.testing.assert_array_equal(shown, np.where(FINE, AT, 0))
    assert (status == Status.ok).all()


def test_in_a_loop_real_numbers_are_nan_and_integers_still_raise():
    def summed(x, unit):
        return jax.lax.fori_loop(0, 3, lambda _, s: s + checked(x, unit), 0 * unit)

    np.testing.assert_array_equal(at_all(lambda x: summed(x, x))[0], np.where(FINE, 3 * AT, np.nan))
    with pytest.raises(jax.errors.JaxRuntimeError, match="x is too large"):
        jax.block_until_ready(at_all(lambda x: (summed(x, jnp.int32(1)), jnp.int32(1)), status=1))


CHOICES = {
    "compared": lambda y: jnp.where(y < 7, y, 1.0) * 0 + 1,
    "within a function": lambda y: jax.jit(lambda y: jnp.where(y + 1 < 7, 1.0, 0.0))(y),
    "as an exponent": lambda y: 1.0**y,
    "the largest place": lambda y: jnp.stack([1.0, y]).argmax() * 1.0,
    "ordered": lambda y: jnp.sort(jnp.stack([1.0, y]))[0],
    "in a loop": lambda y: jax.lax.while_loop(lambda n: n < y, lambda n: n + 1, 0.0),
}


@pytest.mark.parametrize("name", CHOICES)
@pytest.mark.parametrize("looped", [False, True])
def test_what_is_made_of_nan_and_shows_it_no_more_is_not_ok(name, looped):
    def point(x):
        value = checked(x, x)
        if looped:
            value = jax.lax.fori_loop(0, 2, lambda _, s: s + checked(x, x), 0 * x)
        return CHOICES[name](value), jnp.int32(Status.ok)

    status = at_all(point, status=1)[1]
    assert status.tolist() == [Status.ok if fine else Status.not_finite for fine in FINE]


def test_who_asks_whether_there_is_a_number_knows_what_to_do_without_one():
    def point(x):
        y = checked(x, x)
        shown = jnp.where(jnp.isnan(y), 0.0, y), jnp.where(jnp.isfinite(y), y, 0.0)
        return jnp.stack(shown), jnp.int32(Status.ok)

    shown, status = at_all(point, status=1)
    np.testing.assert_array_equal(shown, np.where(FINE, AT, 0)[:, None] * np.ones(2))
    assert (status == Status.ok).all()


def test_a_vmap_of_the_functions_own_is_one_point():
    def point(x):
        return jax.vmap(lambda k: checked(x + k, x + k))(jnp.arange(3.0) - 1).sum()

    np.testing.assert_array_equal(at_all(point)[0], np.where(AT + 1 > 2, np.nan, 3 * AT))


def test_a_program_without_checks_is_left_as_it_is():
    closed = jax.make_jaxpr(lambda x: jax.lax.cond(x > 2, lambda: x, lambda: 2 * x))(1.0)
    assert checks_as_nan(closed, None) is closed
