"""What a function holds at once, read from its trace: by hand, and beside what XLA allots."""

import jax
import jax.numpy as jnp
import pytest
from equisweep.engine.xla.live_bytes import equation_count, live_bytes, longest_chain
from jax import lax

X = jnp.ones(100)  # 800 bytes


def live(function, *arguments):
    return live_bytes(jax.make_jaxpr(function)(*arguments).jaxpr)


@pytest.mark.parametrize(
    ("function", "arrays"),
    [
        (lambda x: x + 1, 2),
        (lambda x: jnp.sin(jnp.sin(jnp.sin(x))), 2),  # what has been used is gone
        (lambda x: (lambda a, b: x * a * b)(jnp.sin(x), jnp.cos(x)), 4),
        (lambda x: (x, x + 1, x + 2), 3),
        (lambda x: x + jnp.sin(jnp.arange(1e4)).sum(), 2),  # what rests on no input is shared by all points
        (lambda x: jnp.outer(x, x).sum(axis=0), 102),
    ],
)
def test_what_is_needed_no_more_does_not_count(function, arrays):
    assert live(function, X) == pytest.approx(800 * arrays, abs=20)


def test_loops_and_branches_count_what_they_hold_inside():
    def wide(x):
        return jnp.outer(x, x).sum(axis=0)

    assert live(lambda x: lax.fori_loop(0, 3, lambda _, a: wide(a), x), X) > 100 * 800
    assert live(lambda x: lax.cond(x[0] > 0, wide, jnp.sin, x), X) > 100 * 800
    assert live(jax.jit(wide), X) > 100 * 800


def chain(x):
    for k in range(30):
        x = jnp.sin(x) * x + k
    return x


def many(x):
    parts = [jnp.sort(jnp.sin(k * x)) for k in range(1, 9)]
    return sum(p * q for p, q in zip(parts, parts[::-1], strict=True))


def newton(x):
    return lax.while_loop(
        lambda s: (s[1] < 30).all(), lambda s: (s[0] - jnp.tanh(s[0]) * x, s[1] + 1), (x, x)
    )[0]


def monte_carlo(x):
    return jax.vmap(lambda y: jnp.sort(y * jnp.arange(50.0))[25])(x)


@pytest.mark.parametrize("function", [chain, many, newton, monte_carlo])
def test_xla_allots_no_more(function):
    x = jnp.ones(10_000)
    allotted = jax.jit(function).lower(x).compile().memory_analysis()
    used = allotted.temp_size_in_bytes + allotted.output_size_in_bytes + allotted.argument_size_in_bytes
    assert used <= 1.1 * live(function, x)


def test_equations_of_inner_functions_count():
    assert equation_count(jax.make_jaxpr(lambda x: jnp.sin(x) + 1)(1.0).jaxpr) == 2
    looped = jax.make_jaxpr(lambda x: lax.while_loop(lambda a: a < 9, lambda a: a * 2 + 1, x))(1.0)
    assert equation_count(looped.jaxpr) == 4


def test_the_longest_chain_counts_what_rests_on_each_other_also_in_loops():
    def function(x):
        y = (x + 1) * 2
        later = jax.lax.fori_loop(0, 3, lambda _, a: (a * 2 + 1) / 3, y)
        return later + 1, jnp.sin(x)

    jaxpr = jax.make_jaxpr(function)(1.0).jaxpr
    # The loop's own counter is one equation beside its three.
    assert longest_chain(jaxpr) == 2 + 3 + 1
    assert longest_chain(jax.make_jaxpr(lambda x: (x + 1, x * 2, x / 3))(1.0).jaxpr) == 1
