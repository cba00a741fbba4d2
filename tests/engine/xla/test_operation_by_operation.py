"""Programs too long to be compiled whole are evaluated operation by operation, with the same results."""

import jax
import jax.numpy as jnp
import numpy as np
from equisweep.engine import plan_space
from equisweep.engine.codegen.how_compiled import in_words
from equisweep.engine.grid import vmap as grid_vmap
from equisweep.engine.grid.evaluate import Evaluator
from equisweep.engine.xla import operation_by_operation
from equisweep.engine.xla.operation_by_operation import evaluated, seconds_to_compile
from equisweep.sweeps import Sweep, plan
from helpers.products import costs_seconds

CPU = jax.devices("cpu")[0]
MODEL = """
import jax, jax.numpy as jnp
from equisweep.kernels.declare import model
from equisweep.kernels.model import Domain, Output, Parameter

def times(n, x):
    for k in range(n):
        x = jnp.where(x > 1, x / 2, jnp.cos(x) + jnp.asarray(k / 40))
    return x

@model(
    parameters=[Parameter("a", "a", "1", 1.0, Domain(), "a"), Parameter("b", "b", "1", 1.0, Domain(), "b")],
    outputs=[Output("y", "y", "1", "y"), Output("z", "z", "1", "z")],
)
def long(p):
    sum_of_squares = jnp.linalg.svd(jnp.eye(2) * p["a"], compute_uv=False).sum()
    return {"y": jax.jit(lambda x: times(60, x))(p["a"] * p["b"]), "z": times(3, p["b"]) + sum_of_squares}
"""


def long(x):
    for k in range(200):
        x = jnp.sin(x) + k * x
    return jax.jit(lambda y: y * jax.lax.fori_loop(0, 3, lambda _, s: s + y, 0 * y))(x), x.sum()


def test_each_kind_of_operation_is_compiled_once_and_the_results_are_the_program_s():
    x = np.linspace(0, 1, 5)
    program = jax.make_jaxpr(long)(x)
    assert len(program.jaxpr.eqns) > 400
    assert seconds_to_compile(program.jaxpr) < 0.1
    for result, wanted in zip(evaluated(program, [x]), jax.jit(long)(x), strict=True):
        np.testing.assert_allclose(result, wanted, rtol=1e-12)
    # A loop is compiled with all that it holds, as often as it may be written.
    inside = jax.make_jaxpr(lambda x: jax.lax.fori_loop(0, 9, lambda _, s: long(s)[0], x))(x)
    assert seconds_to_compile(inside.jaxpr) > 0.3


def many_loops(x, count=4):
    """Loops of every kind, each another one."""
    for k in range(count):
        x = jax.lax.fori_loop(0, k + 2, lambda i, s, k=k: s + jnp.sin(s * k) + i, x)
        x = jax.lax.while_loop(lambda s, k=k: s.max() < 5 + k, lambda s: 1.5 * s + 0.1, x)
        x, rows = jax.lax.scan(lambda s, r, k=k: (s * 0.5 + r, s * k), x, jnp.arange(3.0), reverse=k % 2 == 1)
        x = x + jax.lax.cond(rows[0, 0] > k, lambda r, k=k: r.sum(0) * k, lambda r: r[1], rows)
        x = jnp.linalg.solve(jnp.eye(5) * (k + 2) + 0.1, x)
    key = jax.random.key(3)
    (_, x), _ = jax.lax.scan(lambda c, _: ((jax.random.fold_in(c[0], 1), c[1] + 1), None), (key, x), None, 4)
    empty = jax.lax.scan(lambda s, r: (s, r * 2), x, jnp.zeros((0, 2)))[1]
    return x, rows, empty


def test_loops_are_opened_where_there_are_too_many_different_ones():
    x = np.linspace(0.1, 1, 5)
    program = jax.make_jaxpr(many_loops)(x)
    for result, wanted in zip(evaluated(program, [x], opened=True), jax.jit(many_loops)(x), strict=True):
        assert result.shape == wanted.shape
        np.testing.assert_allclose(result, wanted, rtol=1e-12)
    kinds = {}
    operation_by_operation._count(program.jaxpr, True, kinds)
    assert not {name for name, *_ in kinds} & {"while", "scan", "cond", "custom_linear_solve", "jit"}
    more = jax.make_jaxpr(lambda x: many_loops(x, 24))(x).jaxpr
    assert seconds_to_compile(more, opened=True) < 0.5 * seconds_to_compile(more)


def test_points_of_a_loop_that_is_opened_go_on_as_long_as_each_needs():
    def point(x, key):
        def inner(s):
            return jax.lax.while_loop(lambda t: t[0] < s.sum(), lambda t: (t[0] + 1.0, t[1] * 2), (x, s))[1]

        state = x, jnp.stack([x, 1 + x]), 0, key
        return jax.lax.while_loop(
            lambda s: s[0] < 5, lambda s: (1.5 * s[0] + 0.1, inner(s[1]) / 9, s[2] + 1, s[3]), state
        )[:3]

    given = np.array([0.3, 7.0, 2.0, -0.1]), jax.random.split(jax.random.key(1), 4)
    program = jax.make_jaxpr(jax.vmap(point))(*given)
    actual, wanted = evaluated(program, given, opened=True), jax.jit(jax.vmap(point))(*given)
    assert len(set(np.asarray(wanted[2]))) > 2
    for one, other in zip(actual, wanted, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-14)


@costs_seconds
def test_a_sweep_says_beforehand_that_it_goes_so_and_gives_the_same_numbers(tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text(MODEL)
    axes = {"a": np.linspace(0.1, 3, 7).tolist(), "b": [0.5, 2.0]}
    sweep = Sweep("mine.py:long", axes=axes, folder=tmp_path, derivatives={"y": ["a"]})
    space = sweep.space()
    layout, results = plan_space(space, CPU), []
    for rate in (grid_vmap._PER_EQUATION, 1.0):
        monkeypatch.setattr(grid_vmap, "_PER_EQUATION", rate)
        evaluator = Evaluator(space, layout, CPU)
        tile = layout.at((0, 0))
        results.append(evaluator.finish(tile, evaluator.start(tile)))
        evaluator.batches.close()
        said = in_words(evaluator.computed)
        assert ("; operation by operation, as compiling it whole would take about " in said) == (rate == 1.0)
    for name, values in results[0].items():
        np.testing.assert_allclose(values, results[1][name], rtol=1e-12)
    planned = plan(sweep, "cpu")
    assert planned.computed == said
    assert planned.tried


def written_out(x):
    """Each step looks at another place and another part: as many kinds of operations as steps."""
    v, total = jnp.sin(x) * jnp.arange(1.0, 41.0), x
    for k in range(16):
        part = jnp.concatenate([v[k:], v[:k] / (k + 1)])[::-1]
        total = jnp.where(part[k] > total, jnp.minimum(total, -part[3]), part[k] - total / (v[k] - v[k]))
        total = jnp.maximum(total, x * (v[k] < 0.1)) + v.reshape(8, 5).T[k % 5, 2]
    return total, jnp.stack([total, x])[None]


@costs_seconds
def test_what_moves_numbers_and_rounds_correctly_needs_no_compiler():
    x = np.linspace(-1, 2, 7)
    program = jax.make_jaxpr(jax.vmap(written_out))(x)
    results = evaluated(program, [x])
    for result, wanted in zip(results, jax.vmap(written_out)(x), strict=True):
        np.testing.assert_array_equal(result, wanted)
        assert isinstance(result, jax.Array)
    kinds: dict[object, int] = {}
    operation_by_operation._count(program.jaxpr, False, kinds)
    assert not {kind[0] for kind in kinds} & {
        "slice",
        "concatenate",
        "add",
        "div",
        "select_n",
        "broadcast_in_dim",
    }
    assert len(kinds) < 12 < len(program.jaxpr.eqns) / 20
