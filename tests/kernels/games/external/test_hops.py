"""A breach over many hops: each number of cities takes its own hops, and the numbers are the product's."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.kernels.games.external.game import any_breach
from helpers.codegen.grids import computed
from helpers.codegen.jaxprs import equations

N = np.array([1.0, 2.0, 33.0, 150.0, 200.0])
ALPHA = np.array([0.3, 0.97, 1.0])
GRID = [{"n": N}, {"alpha": ALPHA}]


def point(n, alpha):
    def breach(own, linked):
        return any_breach(own, linked, alpha["alpha"], n["n"], 200)

    value, slope = jax.jvp(breach, (jnp.asarray(0.02), jnp.asarray(0.03)), (1.0, 2.0))
    return {"value": value, "slope": slope}


def test_breaches_and_their_slopes_are_those_of_the_product():
    own, linked = 0.02, 0.03
    reach = ALPHA[:, None] ** np.arange(1, 200) * (np.arange(1, 200) < N[:, None, None])
    none_arrives = np.prod(1 - linked * reach, axis=-1)
    # Along (1, 2): own breaches move by 1, linked ones by 2.
    slope = none_arrives * (1 + (1 - own) * 2 * (reach / (1 - linked * reach)).sum(axis=-1))
    result = computed(point, GRID)
    np.testing.assert_allclose(result["value"], 1 - (1 - own) * none_arrives, rtol=1e-13)
    np.testing.assert_allclose(result["slope"], slope, rtol=1e-13)


def test_hops_end_with_the_cities_of_a_point():
    def hops(n, n_max):
        traced = jax.make_jaxpr(
            lambda n: any_breach(jnp.asarray(0.1), jnp.asarray(0.1), jnp.asarray(0.5), n, n_max)
        )
        return {e.primitive.name for e in equations(traced(n))} & {"while", "scan"}

    assert hops(3.0, 200) == {"while"}  # whose bound is n
    assert hops(3.0, 20) == {"scan"}  # of 20 hops for all, which reverse mode can differentiate
    assert hops(3.0, 9) == set()


def test_reverse_mode_says_what_it_needs_and_agrees_where_it_has_it():
    def breach(x, n):
        return any_breach(x, x, jnp.asarray(0.5), n, 200)

    for differentiate in (jax.grad, lambda f: lambda x, n: jax.vjp(f, x, n)[1](x), jax.jacrev):
        with pytest.raises(NotImplementedError, match=r"external: reverse-mode derivatives .* use jax.jvp"):
            jax.jit(differentiate(breach)).trace(jnp.asarray(0.1), jnp.asarray(3.0))
    backwards = jax.grad(lambda x: breach(x, jnp.asarray(3.0)))(0.1)
    forwards = jax.jit(jax.jacfwd(breach))(0.1, 3.0)
    # 1 - (1 - x)(1 - x/2)(1 - x/4)
    np.testing.assert_allclose([backwards, forwards], 1.75 - 2 * 0.875 * 0.1 + 3 * 0.125 * 0.01, rtol=1e-14)
    second = jax.jit(jax.jacfwd(jax.jacfwd(breach)))(0.1, 3.0)
    np.testing.assert_allclose(second, -2 * 0.875 + 6 * 0.125 * 0.1, rtol=1e-14)
