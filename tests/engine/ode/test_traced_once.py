"""A flow's functions are traced once, and do what they did."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
from equisweep.engine.wide.flows import counted, jax_inlines
from equisweep.kernels.games.registry import MODELS

AT = {"a": 2.0, "b": 3.0}


def flow_of(calls, factor=1.0):
    def field(t, state, p, *, sign):
        calls.append(sign)
        return (1.0 if sign == "plus" else -1.0) * factor * p["a"] * state + jnp.sin(t) * p["b"]

    return counted(dataclasses.replace(MODELS["supervision"].flow, field=field))


def test_a_field_is_traced_once_for_all_stages_of_all_steps_and_for_every_choice_and_dtype():
    calls = []
    field = flow_of(calls).field

    def steps(sign, t, state, p):
        for _ in range(5):
            state = state + 0.1 * field(t, state, p, sign=sign)
        return jax.lax.fori_loop(0, 2, lambda _, s: s + 0.1 * field(t, s, p, sign=sign), state)

    for dtype in (np.float64, np.float32):
        given = dtype(0.5), np.ones(3, dtype), {name: dtype(value) for name, value in AT.items()}
        for sign in ("plus", "minus"):
            calls.clear()
            jaxpr = jax.make_jaxpr(lambda *given, sign=sign: steps(sign, *given))(*given)
            assert len(calls) <= 2 or not jax_inlines()  # once more to see whether integers are lost
            assert "jit" not in {e.primitive.name for e in jaxpr.eqns}  # of its operations, not as a call
            expected = state = np.ones(3)
            for _ in range(7):
                rate = (1 if sign == "plus" else -1) * 2.0 * expected + np.sin(0.5) * 3.0
                expected = state = state + 0.1 * rate
            np.testing.assert_allclose(jax.jit(lambda *g, s=sign: steps(s, *g))(*given), expected, 1e-5)


def test_a_field_of_values_that_are_known_is_called_as_it_is():
    """One that decides by them in Python may be drawn, or asked at one point."""
    asked = []

    def known(t, state, p):
        asked.append(isinstance(p["a"], jax.core.Tracer))
        return state * p["a"]

    field = counted(dataclasses.replace(MODELS["supervision"].flow, field=known)).field
    jax.make_jaxpr(lambda state: field(0.0, state, AT))(np.ones(2))
    np.testing.assert_array_equal(field(0.0, np.ones(2), AT), [2, 2])
    assert asked[-2:] == [False, False]


def test_what_a_field_is_closed_over_may_be_traced():
    def total(factor, state):
        field = flow_of([], factor).field
        p = {name: factor * 0 + value for name, value in AT.items()}
        return jnp.sum(field(factor * 0, state, p, sign="plus") + field(factor * 0, state, p, sign="plus"))

    slope = jax.grad(lambda factor: jax.jit(total)(factor, jnp.ones(3)))
    np.testing.assert_allclose(slope(1.5), 2 * 3 * 2.0)
