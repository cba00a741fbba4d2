"""A function of one lane as a call of machine code: its numbers, its derivatives, and what is handed over."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.codegen import lane_loop as loops
from equisweep.engine.codegen.lane_call import lane_call, plain_loop
from equisweep.engine.codegen.lane_loop import lane_loop
from helpers.codegen.lanes import is_machine_code

X, V = np.linspace(-2.0, 3.0, 11), np.random.default_rng(0).normal(size=(11, 3))


def halved(given):
    """A mean, a number of halvings that differs from lane to lane, and an array that rests on nothing."""
    x, v = given

    def body(carried, half):
        return carried[0] * half, carried[1] + 1

    small = plain_loop(lambda c, _: jnp.abs(c[0]) > 0.1, body, (x + jnp.sum(v), jnp.int32(0)), 0.5)
    return {"small": small, "mean": jnp.mean(v) * jnp.exp(x), "fixed": jnp.arange(2.0)}


def called(x, v, native=True, **options):
    return lane_call(partial(lane_loop, **options), halved, (x, v), native)


def test_it_is_a_call_of_machine_code_with_the_numbers_of_the_function():
    assert is_machine_code(jax.vmap(called), X, V)
    assert not is_machine_code(jax.vmap(partial(called, native=False)), X, V)
    actual, expected = (
        jax.jit(jax.vmap(function))(X, V) for function in (called, lambda *given: halved(given))
    )
    np.testing.assert_array_equal(actual["small"][1], expected["small"][1])
    assert len(np.unique(actual["small"][1])) > 2
    for one, other in zip(jax.tree.leaves(actual), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-14)


def test_its_derivatives_are_those_of_the_function():
    def mean(function, x, v):
        return function(x, v)["mean"]

    for argument in (0, 1):
        actual, expected = (
            jax.jit(jax.jacfwd(partial(mean, function), argument))(0.3, V[0])
            for function in (called, lambda *given: halved(given))
        )
        np.testing.assert_allclose(actual, expected, rtol=1e-14)


def recorded(monkeypatch):
    """The loops that are made from now on."""
    made, native = [], loops._native
    monkeypatch.setattr(
        loops, "_native", lambda lowered, *rest: (made.append(lowered()), native(lowered, *rest))[1]
    )
    return made


def test_nothing_is_handed_over_but_what_it_takes(monkeypatch):
    made = recorded(monkeypatch)
    lane_call(lane_loop, lambda given: given[0] + 1, (1.0, np.ones(3)))
    assert [leaf.used for leaf in made[0].leaves] == [True, False, True, False]


def test_what_a_loop_leaves_as_it_is_does_not_come_back(monkeypatch):
    made = recorded(monkeypatch)

    def run(count, scale, still):
        start = {"count": count, "scale": scale, "still": still, "sum": 0.0}
        return lane_loop(
            lambda lane, _: lane["count"] > 0,
            lambda lane, _: lane | {"count": lane["count"] - 1, "sum": lane["sum"] + lane["scale"]},
            start, (),
        )  # fmt: skip

    counts, scales, stills = np.arange(5), np.linspace(1, 2, 5), np.arange(10.0).reshape(5, 2)
    end = jax.jit(jax.vmap(run))(counts, scales, stills)
    assert [leaf.changes for leaf in made[0].leaves] == [True, False, False, True]
    assert [leaf.used for leaf in made[0].leaves] == [True, True, False, True]
    np.testing.assert_array_equal(end["still"], stills)
    np.testing.assert_array_equal(end["scale"], scales)
    np.testing.assert_allclose(end["sum"], counts * scales, rtol=1e-14)


def test_a_loop_that_changes_nothing_gives_back_what_it_was_given():
    lane = {"a": jnp.arange(3.0)}
    end = lane_loop(lambda _, on: on, lambda lane, _: lane, lane, False)
    np.testing.assert_array_equal(end["a"], lane["a"])


@pytest.mark.parametrize("link", [True, False])
def test_what_is_not_machine_code_of_ours_alone_is_reported(link):
    ways = []
    loop = partial(lane_loop, report=ways.append, link=link)
    lane_call(loop, jnp.exp, 0.5)
    assert ways == []
    lane_call(loop, jax.scipy.special.gammaln, 0.5)
    lane_call(loop, lambda x: jnp.linalg.qr(x * jnp.eye(2))[1], 0.5)
    assert [str(way) for way in ways] == ["machine code (lgamma by the C library)", "XLA (primitive qr)"]
