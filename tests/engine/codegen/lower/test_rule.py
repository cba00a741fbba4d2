"""The registry of lowering rules: one signature, and a bug in a rule is never a slow way in silence."""

import inspect
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.codegen.grid_loop import GridLoop
from equisweep.engine.codegen.how_compiled import NATIVE, Compiled, in_words
from equisweep.engine.codegen.ir import Graph, Unsupported
from equisweep.engine.codegen.lane_loop import lane_loop
from equisweep.engine.codegen.lower.rule import RULES, BrokenRule, rule
from equisweep.engine.codegen.lower.walk_jaxpr import lower_jaxpr
from equisweep.engine.errors import SweepError
from equisweep.engine.grid.function import grid_function, how_computed
from equisweep.engine.ode.steps.series import LoweredField
from helpers.small_sweeps import small_sweep
from jax import lax

CPU = jax.devices("cpu")[0]


def lowered(function):
    """The result of a function of one real number, in scalars."""
    trace, graph = jax.make_jaxpr(function)(jnp.float64(1)), Graph()
    return lower_jaxpr(graph, trace.jaxpr, trace.consts, [graph.inputs((), "f64", 0)])


@pytest.mark.parametrize("name", RULES)
def test_every_rule_takes_a_context_then_operands_then_params_by_name(name):
    context, *others = inspect.signature(RULES[name]).parameters.values()
    assert context.name.strip("_") == "context"
    kinds = [p.kind for p in others]
    assert kinds == sorted(kinds)
    assert all(p.default is p.empty for p in others if p.kind < p.KEYWORD_ONLY)


def test_a_primitive_has_one_rule():
    with pytest.raises(ValueError, match="exp has a rule already"):
        rule("exp")(RULES["exp"])


def test_a_primitive_without_a_rule_is_unsupported_and_named():
    with pytest.raises(Unsupported, match=r"^primitive qr$"):
        lowered(lambda x: jnp.linalg.qr(jnp.eye(2) * x))


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (lambda x: lax.exp(x, accuracy=lax.AccuracyMode.HIGHEST), "accuracy of primitive exp"),
        (lambda x: jax.jit(lambda y: lax.sin(y))(x), "primitive sin without phase: another release of JAX?"),
    ],
    ids=["a param that no rule knows", "a param that a rule misses"],
)
def test_params_of_another_jax_are_unsupported(monkeypatch, function, reason):
    def shifted(context, operand, *, phase):
        return operand

    monkeypatch.setitem(RULES, "sin", shifted)
    with pytest.raises(Unsupported) as error:
        lowered(function)
    assert str(error.value) == reason


# --- a bug in a rule -------------------------------------------------------------------------------------


@pytest.fixture
def broken(monkeypatch):
    """The rule of exp adds a number to None."""

    def exp(context, operand, **_):
        return None + 1

    monkeypatch.setitem(RULES, "exp", exp)


@pytest.mark.usefixtures("broken")
def test_a_bug_keeps_the_name_of_its_primitive_and_its_cause():
    with pytest.raises(
        BrokenRule, match=r"primitive exp failed \(TypeError: .*\); please report it"
    ) as error:
        lowered(lambda x: lax.cond(x > 0, lambda y: jax.jit(jnp.exp)(y), lambda y: y, x))
    assert isinstance(error.value.__cause__, TypeError)
    with pytest.raises(BrokenRule):
        GridLoop(lambda c: {"y": jnp.exp(c["x"])}, [{"x": np.ones(3)}])


@pytest.mark.parametrize("results", [np.zeros((2,)), [], [np.zeros(()), np.zeros(())]], ids=str)
def test_results_of_wrong_shapes_are_a_bug(monkeypatch, results):
    monkeypatch.setitem(RULES, "exp", lambda context, operand, **_: results)
    with pytest.raises(BrokenRule, match=r"primitive exp failed .*instead of"):
        lowered(jnp.exp)


@pytest.mark.usefixtures("broken")
def test_a_bug_fails_a_test_as_its_warning_is_an_error_here():
    with pytest.raises(
        UserWarning, match="computing through XLA, as the lowering rule of primitive exp failed"
    ):
        how_computed(small_sweep().space(), CPU)


@pytest.mark.usefixtures("broken")
def test_a_bug_costs_a_grid_its_speed_and_no_result():
    space = small_sweep(axes={"alpha": [0.1, 0.2]}).space()
    coordinates = [dict(axis.values) for axis in space.axes]
    with pytest.warns(UserWarning, match="primitive exp .* please report it"):
        function, ways = grid_function(space, space.choices_at({}), coordinates, CPU)
    assert in_words(ways) == "XLA (the rule of primitive exp failed)"
    outputs = {name: np.empty((2, *shape), dtype) for name, (shape, dtype) in function.outputs.items()}
    function.fill(outputs, coordinates)
    assert np.isfinite(outputs["investment"]).all()


@pytest.mark.usefixtures("broken")
def test_a_bug_costs_lanes_their_speed_and_no_result():
    ways = []

    def grown(x):
        loop = partial(lane_loop, native=True, report=ways.append)
        return loop(lambda a, _: a < 9, lambda a, x: a + jnp.exp(x), x, x)

    with pytest.warns(
        UserWarning, match="stepping through XLA, as the lowering rule of primitive exp failed"
    ):
        outputs = jax.jit(grown)(jnp.float64(0))
    assert float(outputs) == 9
    assert ways == [Compiled(False, "the rule of primitive exp failed")]


@pytest.mark.usefixtures("broken")
def test_a_bug_that_a_taylor_series_meets_is_named():
    numbers = jnp.float64(0), jnp.ones(1)
    with pytest.raises(SweepError, match=r"rule of primitive exp failed .* please report it\); use dopri8"):
        LoweredField(lambda t, state: jnp.exp(state), *numbers).series(*numbers, order=3)


def test_ways_in_words():
    assert in_words({NATIVE}) == "machine code"
    assert in_words({Compiled(False, "on gpu"), NATIVE}) == "XLA (on gpu), machine code"
