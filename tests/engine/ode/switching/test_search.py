"""Switches found in the traces of fields: how many, and of which the time is known in advance."""

from itertools import product

import jax
import jax.numpy as jnp
import pytest
from equisweep.engine.ode.switching.changes import ANYHOW, FIXED, STEPS, STRAIGHT
from equisweep.engine.ode.switching.search import switches_of
from equisweep.kernels.flow import Flow
from equisweep.kernels.games.registry import MODELS
from equisweep.kernels.numerics.roots import bisect
from equisweep.sweeps import Sweep, SweepError
from equisweep.sweeps.commands.running.plan import describe_plan
from equisweep.sweeps.plan import plan
from helpers.products import covering, each_option, whole_product
from jax import lax

ONE = jnp.ones(1)
TABLE = jnp.arange(4.0)


# name: (field, timed, located, of these by the clock alone, how it changes with time)
def when(condition):
    return jnp.where(condition, 1.0, 0.0) * ONE


FIELDS = {
    "a pulse": (lambda t, z, p: when((t >= p["a"]) & (t < p["a"] + p["b"])), 2, 0, 0, STEPS),
    "cond": (lambda t, z, p: lax.cond(t > 3, lambda z: -z, lambda z: z, z), 1, 0, 0, STEPS),
    "switch": (lambda t, z, p: lax.switch(t.astype(int), [lambda z: z, lambda z: -z], z), 1, 0, 0, STEPS),
    "piecewise": (lambda t, z, p: jnp.piecewise(t, [t < 1, t >= 2], [0.0, 1.0, 2.0]) * ONE, 2, 0, 0, STEPS),
    "select": (lambda t, z, p: jnp.select([t < 1, t < 2], [z, 2 * z], 0.0), 2, 0, 0, STEPS),
    "a period": (lambda t, z, p: jnp.where(jnp.mod(t, p["a"]) < p["b"], z, -z), 3, 0, 0, STEPS),
    "whole periods": (lambda t, z, p: jnp.where((t // p["a"]) % 2 == 0, z, -z), 1, 0, 0, STEPS),
    "an index": (lambda t, z, p: TABLE[t.astype(int)] * ONE, 1, 0, 0, STEPS),
    "rounding": (lambda t, z, p: jnp.round(t) * z, 1, 0, 0, STEPS),
    "a ramp": (lambda t, z, p: jnp.clip((t - 5) / 0.01, 0, 1) * ONE, 2, 0, 0, STRAIGHT),
    "a triangle": (lambda t, z, p: jnp.maximum(0, 1 - jnp.abs(t - 6)) * ONE, 2, 0, 0, STRAIGHT),
    "a table": (lambda t, z, p: jnp.interp(t, TABLE, TABLE**2) * ONE, 3, 0, 0, STRAIGHT),
    "a loop": (lambda t, z, p: lax.fori_loop(0, 5, lambda i, z: z + when(t > i), z), 5, 0, 0, STEPS),
    "a wave": (lambda t, z, p: jnp.where(jnp.sin(t) > 0, z, -z), 0, 1, 1, STEPS),
    "its sign": (lambda t, z, p: jnp.sign(jnp.cos(p["a"] * t)) * ONE, 0, 1, 1, STEPS),
    "a parabola": (lambda t, z, p: jnp.where(t * t > 2, z, -z), 0, 1, 1, STEPS),
    "no switch": (lambda t, z, p: jnp.exp(-((t - 6) ** 2)) - z, 0, 0, 0, ANYHOW),
    "a threshold": (lambda t, z, p: jnp.where(z > p["a"], z, -z), 0, 1, 0, FIXED),
    "one that moves": (lambda t, z, p: jnp.where(z > t, z, -z), 0, 1, 0, STEPS),
    "the size": (lambda t, z, p: jnp.where(jnp.abs(z) < 2, z, -z), 0, 2, 0, FIXED),
    "a kink": (lambda t, z, p: jnp.abs(z) + jax.nn.relu(z - 1), 0, 2, 0, FIXED),
    "the largest": (lambda t, z, p: jnp.max(jnp.stack([z[0], 1.0, z[0] ** 2])) * ONE, 0, 1, 0, FIXED),
    "steps of the state": (lambda t, z, p: jnp.floor(3 * z), 0, 1, 0, FIXED),
    "rows": (lambda t, z, p: jnp.max(z[0] * TABLE.reshape(2, 2), 1).sum() * ONE, 0, 1, 0, FIXED),
    "a part that is positive": (lambda t, z, p: when(jax.nn.relu(z - 1) > 0), 0, 2, 0, FIXED),
    "the end of a domain": (lambda t, z, p: when(jnp.isnan(jnp.sqrt(z))), 0, 2, 0, FIXED),
    "an end in time": (lambda t, z, p: when(jnp.sqrt(3 - t) > 1), 1, 1, 1, STEPS),
    # Smooth, or so the author says.
    "softmax": (lambda t, z, p: jax.nn.softmax(jnp.append(z, 0.0))[:1], 0, 0, 0, FIXED),
    "softplus": (lambda t, z, p: jax.nn.softplus(z) + jnp.logaddexp(z, -z), 0, 0, 0, FIXED),
    "a guard": (lambda t, z, p: jnp.where(jnp.abs(lax.stop_gradient(z)) < 1e12, z, 0.0), 0, 0, 0, FIXED),
    "a guard against NaN": (lambda t, z, p: jnp.where(jnp.isnan(z) | ~jnp.isfinite(z), 0, z), 0, 0, 0, FIXED),
    "by parameters": (lambda t, z, p: jnp.where(p["a"] > p["b"], z, -z), 0, 0, 0, FIXED),
    "a slice of a number": (lambda t, z, p: z * lax.dynamic_slice(t, (), ()), 0, 0, 0, STRAIGHT),
    "what is only shown": (lambda t, z, p: (jax.debug.callback(lambda z: None, z), z)[1], 0, 0, 0, FIXED),
    "what comes to nothing": (lambda t, z, p: z + 0 * jnp.floor(lax.stop_gradient(z)), 0, 0, 0, FIXED),
    "a unit step that is NaN of NaN": (lambda t, z, p: jnp.heaviside(z, 0.5) + jnp.sinc(z), 0, 1, 0, FIXED),
}  # fmt: skip


@pytest.mark.parametrize("name", FIELDS)
def test_switches_are_seen_in_the_trace(name):
    field, timed, located, clocks, time = FIELDS[name]
    flow = Flow(start=lambda p: p["a"] * ONE, field=field, observe=lambda z, p: {}, observables=())
    switches = switches_of(flow, {"a": jnp.zeros(()), "b": jnp.zeros(())}, {})
    assert (len(switches.timed), len(switches.located), switches.clocks) == (timed, located, clocks)
    if time != STRAIGHT:
        assert switches.time == time


def larger(a, b):
    return jnp.where(b > a, b, a)


# What decides within a primitive, where no switch is watched; and what only solves there.
WITHIN = {
    "reduce": lambda z: lax.reduce(jnp.stack([z, 2 * z]), -jnp.inf, larger, (0,)),
    "reduce_window": lambda z: lax.reduce_window(
        jnp.stack([z, 2 * z]), -jnp.inf, larger, (2,), (1,), "VALID")[0],
    "custom_linear_solve": lambda z: lax.custom_linear_solve(
        lambda x: 2 * x, z, lambda f, b: jnp.where(z > 0.3, b, -b) / f(1.0)),
    "nothing": lambda z: jnp.linalg.solve(jnp.eye(2) * 3 + z, jnp.ones(2))[0],
}  # fmt: skip


@pytest.mark.parametrize("name", WITHIN)
def test_a_decision_within_a_primitive_does_not_stay_unsaid(name):
    def field(t, z, p):
        return WITHIN[name](z[0])[None]

    flow = Flow(start=lambda p: p["a"] * ONE, field=field, observe=lambda z, p: {}, observables=())
    switches = switches_of(flow, {"a": jnp.zeros(())}, {})
    assert (switches.any, switches.unseen) == (False, name != "nothing")
    assert switches.differentiable == (name in ("custom_linear_solve", "nothing"))


def every_combination(model):
    for options in product(*(choice.options for choice in model.choices)):
        yield dict(zip((choice.name for choice in model.choices), options, strict=True))


@pytest.mark.parametrize("options", [each_option, pytest.param(every_combination, marks=whole_product)])
@pytest.mark.parametrize("model", [model for model in MODELS.values() if model.flow], ids=lambda m: m.name)
def test_flows_that_ship_have_nothing_to_watch_but_their_steps(model, options):
    p = {q.name: jnp.asarray([0.4, 0.6] if q.dim else q.default, float) for q in model.parameters}
    for static in options(model):
        switches = switches_of(model.flow, p, static)
        assert switches.any == any(option.startswith("step") for option in static.values())
        assert not switches.hides
        assert not switches.unseen


OWN = """
import jax.numpy as jnp
from equisweep.kernels.declare import flow_model
from equisweep.kernels.flow import Observable
from equisweep.kernels.model import Domain, Parameter

@flow_model(
    parameters=[
        Parameter("k", "k", "1", 1.0, Domain(0), "rate"),
        Parameter("horizon", "T", "1", 10.0, Domain(0), "end"),
    ],
    start=lambda p: jnp.ones(1),
    observables=[Observable("y", "y", "1", "amount")],
    autonomous=False,
)
def own(t, state, p):
    return -p["k"] * state + FORCING
"""


@pytest.mark.parametrize(
    ("field", "least"), [("jnp.exp(-(t - 6) ** 2)", 100), ("jnp.where(t > 6, 1.0, 0.0)", None)]
)
def test_a_plan_says_where_steps_are_limited(field, least, tmp_path):
    (tmp_path / "own.py").write_text(OWN.replace("FORCING", field))
    sweep = {"model": "own.py:own", "axes": {"k": [1.0, 2.0]}}
    made = plan(Sweep.from_table(sweep, folder=tmp_path), trial=False)
    assert made.least_steps == least
    assert ("steps      at most 1/100 of the horizon" in describe_plan(made)) == (least == 100)
    stated = plan(Sweep.from_table({**sweep, "integrator": {"max_step": 1e-2}}, folder=tmp_path), trial=False)
    assert stated.least_steps is None


LOOP = "jax.lax.while_loop(lambda c: {0}, lambda c: {1}, {2})"
TIMES = "jax.lax.fori_loop(0, {0}, lambda i, s: s + {1}, 0.0)"
LOOPS = [
    (LOOP.format("c[0] < 5", "(c[0] + 1, c[1] + (state[0] > 0.1 * c[0]))", "(0, 0.0)") + "[1]", True),
    (TIMES.format(100, "jnp.floor(i * state[0])"), True),
    (TIMES.format(5, "jnp.where(state[0] > 0.1 * i, 1.0, 0.0)"), False),  # written out
    (TIMES.format(100, "i * state[0]"), False),
    (LOOP.format("c > 1", "c / 2", "state[0]"), False),  # the number of its steps is seen
    (TIMES.format(100, "jnp.where(p['k'] > i, 1.0, 0.0)"), False),
]


@pytest.mark.parametrize(
    ("field", "unseen"), covering(LOOPS, lambda field, _: field in (LOOPS[0][0], LOOPS[2][0]), columns=0)
)
def test_a_plan_says_where_steps_ask_for_the_field_inside_them(field, unseen, tmp_path):
    (tmp_path / "own.py").write_text("import jax\n" + OWN.replace("FORCING", field))
    sweep = {"model": "own.py:own", "axes": {"k": [1.0, 2.0]}}
    made = plan(Sweep.from_table(sweep, folder=tmp_path), trial=False)
    assert made.switches_unseen == unseen
    assert ("\nswitches   some may stand in loops, callbacks" in describe_plan(made)) == unseen
    equal = {**sweep, "integrator": {"fixed_steps": 10}}
    assert not plan(Sweep.from_table(equal, folder=tmp_path), trial=False).switches_unseen


def halvings(x, count):
    """The root of x, the plain way."""
    low, high = 0 * x, 2.0 + 0 * x
    for _ in range(count):
        middle = (low + high) / 2
        right = middle**2 > x
        low, high = jnp.where(right, low, middle), jnp.where(right, middle, high)
    return low


CHAINS = {
    "twelve halvings": (lambda z: halvings(z, 12), 12, False, True),
    "thirteen": (lambda z: halvings(z, 13), 2, True, False),
    "a regime before them": (lambda z: halvings(jnp.where(z > 1, z, z / 2), 30), 2, True, False),
    "of many": (lambda z: jnp.sum(jnp.where(z > jnp.arange(30.0), z, 0.0)) * ONE, 1, False, True),
    "a root with a rule": (lambda z: bisect(lambda m: m * m - z[0], 0 * z[0], 2 + z[0]) * ONE, 0, True, True),
    "Newton's method": (lambda z: newton(z[0]) * ONE, 1, False, True),
    "what it decides": (lambda z: when(bisect(lambda m: m - z[0], z[0] - 1, z[0] + 1) > 3), 1, True, True),
    "a callback": (lambda z: jax.pure_callback(lambda z: z, z, z), 0, True, False),
    "of a parameter": (lambda z: halvings(0 * lax.stop_gradient(z), 30), 0, False, True),
}  # fmt: skip


def newton(x):
    return lax.while_loop(lambda r: jnp.abs(r * r - x) > 1e-13, lambda r: (r + x / r) / 2, x)


@pytest.mark.parametrize("name", CHAINS)
def test_long_chains_of_decisions_are_no_switches(name):
    field, located, unseen, differentiable = CHAINS[name]
    flow = Flow(start=lambda p: ONE, field=lambda t, z, p: field(z), observe=lambda z, p: {}, observables=())
    switches = switches_of(flow, {}, {})
    assert (len(switches.located), switches.unseen, switches.differentiable) == (
        located,
        unseen,
        differentiable,
    )


def test_breaks_name_parameters(tmp_path):
    (tmp_path / "own.py").write_text(OWN.replace("FORCING", "t"))
    sweep = {"model": "own.py:own", "axes": {"k": [1.0]}, "integrator": {"breaks": [1, "kk"]}}
    with pytest.raises(SweepError, match=r"sweep: integrator.breaks: 'kk' is no parameter; did you mean 'k'"):
        Sweep.from_table(sweep, folder=tmp_path).space()
