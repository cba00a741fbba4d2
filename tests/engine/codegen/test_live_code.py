"""What no result depends on leaves a trace; what has effects stays, and all arguments."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.codegen.live_code import live
from equisweep.engine.codegen.traced_once import TracedOnce
from equisweep.engine.xla.live_bytes import equation_count
from equisweep.kernels.games.registry import MODELS
from jax import lax
from jax.extend import core


def wasteful(x, unused):
    """A loop that carries what nobody asks for, and a call of which one result is wanted."""

    def body(at, _):
        total, waste = at
        return (total + jnp.sin(x), waste * jnp.cosh(jnp.tanh(waste) + total)), waste

    (total, _), _ = lax.scan(body, (x, x), length=5)
    both = jax.jit(lambda y: (y**2, jnp.arctan(y)))
    return {"total": total, "squares": both(jnp.full(3, x))[0].sum()}


def primitives(jaxpr):
    return {word for word in str(jaxpr).replace("[", " ").split() if word.isidentifier()}


def test_nothing_is_left_that_no_result_depends_on():
    trace = jax.make_jaxpr(wasteful)(0.3, 0.7)
    kept = live(trace)
    assert {"cosh", "tanh", "atan"} <= primitives(trace.jaxpr)
    assert {"cosh", "tanh", "atan"}.isdisjoint(primitives(kept.jaxpr))
    assert equation_count(kept.jaxpr) < equation_count(trace.jaxpr)
    assert len(kept.in_avals) == 2
    assert kept.out_avals == trace.out_avals
    squares, total = core.jaxpr_as_fun(kept)(0.3, 0.7)  # jax orders results by name
    np.testing.assert_allclose(total, 0.3 + 5 * np.sin(0.3), rtol=1e-14)
    np.testing.assert_allclose(squares, 3 * 0.3**2, rtol=1e-14)


def test_what_has_effects_stays():
    seen = []

    def function(x):
        jax.debug.callback(lambda value: seen.append(float(value)), x * 2)
        return x + 1

    trace = live(jax.make_jaxpr(function)(0.25))
    core.jaxpr_as_fun(trace)(0.25)
    jax.effects_barrier()
    assert seen == [0.5]


@pytest.mark.parametrize("count", [1, 3])
def test_a_function_that_is_traced_once_computes_as_before(count):
    once = TracedOnce(wasteful)
    once.trace(*[jax.ShapeDtypeStruct((), np.dtype(float))] * 2)
    x = np.linspace(0.1, 0.9, count)
    outputs = jax.vmap(once)(x, x)
    np.testing.assert_allclose(outputs["total"], x + 5 * np.sin(x), rtol=1e-14)
    assert sorted(outputs) == ["squares", "total"]


@pytest.mark.parametrize(
    ("model", "left_out"), [("supervision", "best_mechanism"), ("external", "price_of_anarchy")]
)
def test_a_kernel_leaves_out_what_takes_long_where_nobody_asks(model, left_out):
    """That Python need not trace it first; all else is there, and the same operations."""
    model = MODELS[model]
    p = {q.name: jax.ShapeDtypeStruct((), np.dtype(float)) for q in model.parameters}
    static = {choice.name: choice.options[-1] for choice in model.choices}
    static |= {f"{q.name}_max": 3 for q in model.parameters if q.integer}

    def traced(wanted):
        trace, shapes = jax.make_jaxpr(lambda p: model.kernel(p, **static, wanted=wanted), return_shape=True)(
            p
        )
        return equation_count(trace.jaxpr), shapes

    whole, all_ = traced(None)
    asked, some = traced((left_out,))
    little, rest = traced(())
    assert {*all_} == {*(output.name for output in model.outputs), "status"}
    assert left_out in some
    assert left_out not in rest
    assert little < asked <= whole
    assert {name: rest[name] for name in rest} == {name: all_[name] for name in rest}
