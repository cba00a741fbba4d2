"""A graph that is written and read again makes the same machine code."""

import json

import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.codegen.backends import cpu_backend
from equisweep.engine.codegen.cpu.grid_code import grid_code
from equisweep.engine.codegen.grid_loop import GridLoop
from equisweep.engine.codegen.ir import with_loops
from equisweep.engine.kept.grid import data_of, loop_of
from jax import lax

GIVEN = [{"x": np.linspace(0, 1, 5), "k": np.arange(5, dtype=np.int32)}, {"y": np.linspace(1, 2, 20)}]


def point(a, b):
    grown = lax.while_loop(
        lambda c: (c[0] < 5) & (c[1] < b["y"] * 10), lambda c: (c[0] + 1, c[1] * 1.5 + a["x"]), (a["k"], 0.1)
    )
    odd = jnp.stack(
        [jnp.nan * a["x"], -0.0 * a["x"], jnp.where(a["x"] > 0.5, jnp.inf, -jnp.inf), 1e-320 + a["x"]]
    )
    return {"grown": grown[1], "count": grown[0], "odd": odd, "sign": a["x"] > 0.3, "sine": jnp.sin(b["y"])}


def test_the_same_machine_code_for_grids_of_any_lengths():
    loop, width = GridLoop(point, GIVEN), cpu_backend().width
    data = json.loads(json.dumps(data_of(loop)))
    long = [{n: np.resize(v, 40) for n, v in GIVEN[0].items()}, {"y": np.resize(GIVEN[1]["y"], 3)}]
    for given in (GIVEN, long):
        again, plain = loop_of(data, given, cpu_backend()), loop.of_lengths(given)
        assert grid_code(again.grid, "NAME", width) == grid_code(plain.grid, "NAME", width)
        assert (again.outputs, again.dtypes) == (plain.outputs, plain.dtypes)


def many_sines(a, b):
    """So many that their formulas become functions, which are called, in a loop as well."""
    inside = lax.fori_loop(0, a["k"], lambda _, s: s + jnp.sin(s * a["x"]), b["y"])
    return {"sum": sum(jnp.sin(a["x"] * k) + jnp.log1p(b["y"] + k) for k in range(1, 300)) + inside}


def test_functions_that_are_called_are_kept_once():
    loop, width = GridLoop(many_sines, GIVEN), cpu_backend().width
    called = [s for s in with_loops(loop.grid.fields[0]) if s.op == "call"]
    functions = {s.value for s in called}
    assert len(called) > 500 > 2 == len(functions)
    data = json.loads(json.dumps(data_of(loop)))
    again = loop_of(data, GIVEN, cpu_backend())
    assert grid_code(again.grid, "NAME", width) == grid_code(loop.grid, "NAME", width)
    assert len({s.value for s in with_loops(again.grid.fields[0]) if s.op == "call"}) == 2
    (at, call), *_ = ((i, row) for i, row in enumerate(data["rows"]) if row[0] == "call")
    name, inputs, result = call[3]
    for wrong in ([name, inputs, []], [name, [], result], ["no such", inputs, result], [name, inputs, [at]]):
        rows = [*data["rows"][:at], [*call[:3], wrong], *data["rows"][at + 1 :]]
        with pytest.raises(ValueError, match=r"rests on a later one|no function"):
            loop_of(data | {"rows": rows}, GIVEN, cpu_backend())


def test_data_of_no_loop_or_of_another_one_are_refused():
    data = data_of(GridLoop(point, GIVEN))
    rows = data["rows"]
    wrong = [
        {"rows": [["exp", "f64", [0], None]]},
        {"rows": [*rows[:5], ["no such", "f64", [], None]], "numbers": [5]},
        {"numbers": data["numbers"][:-1]},
        {"numbers": [*data["numbers"], 0]},
        {"numbers": [len(rows)]},
        {"along": [0, 1, 1]},
        {"dtypes": ["<f4", "<f8", "<f8"]},
        {"outputs": []},
    ]
    for change in wrong:
        with pytest.raises((ValueError, StopIteration, RuntimeError)):
            loop_of(data | change, GIVEN, cpu_backend())
