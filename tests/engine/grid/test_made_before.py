"""A kernel is traced and compiled once a process, and never taken for another one."""

import importlib
import sys

import jax
import numpy as np
import pytest
from equisweep.engine import plan_space
from equisweep.engine.codegen.cpu import jit
from equisweep.engine.codegen.grid_loop import GridLoop
from equisweep.engine.codegen.lower import control_flow
from equisweep.engine.device import pick_device
from equisweep.engine.grid import function as grid_function
from equisweep.engine.grid import made_before
from equisweep.engine.grid.evaluate import Evaluator
from equisweep.sweeps import Sweep, plan, run
from helpers.small_sweeps import LEAST, OTHERS, small_sweep


@pytest.fixture(autouse=True)
def traces(monkeypatch):
    """Nothing was made before; the models that are traced from here on."""
    made_before.MADE.clear()
    traced, plain = [], grid_function.point_function

    def point_function(space, choices, *loop):
        traced.append(space.model.name)
        return plain(space, choices, *loop)

    monkeypatch.setattr(grid_function, "point_function", point_function)
    yield traced
    made_before.MADE.clear()


def fails(_):
    raise RuntimeError("no such instruction")


def made(space):
    """The function of a sweep, and how it computes."""
    coordinates = [dict(axis.values) for axis in space.axes]
    return grid_function.grid_function(space, space.choices, coordinates, pick_device("cpu"))


def computed(space, tile_points=None):
    """All variables of a sweep, and how many compilations it took."""
    device = pick_device("cpu")
    evaluator = Evaluator(space, plan_space(space, device, tile_points), device)
    whole = {v.name: np.empty(space.shape, v.dtype) for v in space.variables}
    for tile in evaluator.layout:
        for name, values in evaluator.finish(tile, evaluator.start(tile)).items():
            whole[name][tile.region] = values
    evaluator.batches.close()
    return whole, evaluator.compilations


def key_of(space):
    coordinates = [dict(axis.values) for axis in space.axes if not axis.static]
    return made_before.key_of(space, space.choices, coordinates, pick_device("cpu"), True)


def test_a_second_run_traces_and_compiles_nothing_and_gives_the_same(traces):
    first, compilations = computed(small_sweep(**LEAST).space())
    assert (compilations, len(traces)) == (1, 1)
    second, compilations = computed(small_sweep(**LEAST).space())
    assert (compilations, len(traces)) == (0, 1)
    for name, values in first.items():
        np.testing.assert_array_equal(second[name], values)


def test_values_along_axes_and_lengths_of_tiles_may_differ(traces):
    """Loops are nested as lengths have it: longest axis outermost, and vectors along one that fills them."""
    computed(small_sweep(**LEAST).space())
    long = {"alpha": [0.1, 0.5, 0.9], "beta": np.linspace(0.1, 1, 41).tolist()}
    alike, _ = computed(small_sweep(**LEAST | {"axes": long}).space())
    cut, _ = computed(small_sweep(**LEAST | {"axes": long}).space(), tile_points=7)
    assert len(traces) == 1
    made_before.MADE.clear()
    anew, _ = computed(small_sweep(**LEAST | {"axes": long}).space())
    assert len(traces) == 2
    for name, values in anew.items():
        np.testing.assert_array_equal(alike[name], values)
        np.testing.assert_array_equal(cut[name], values)


@pytest.mark.parametrize("what", OTHERS)
def test_another_sweep_has_another_key(what):
    def key(**changes):
        space = small_sweep(**LEAST | changes).space()
        return key_of(space)

    assert key() == key()
    assert hash(key()) == hash(key())
    assert key(**OTHERS[what]) != key()


def test_a_path_its_times_and_its_method_belong_to_the_key():
    def key(**changes):
        space = Sweep("supervision", axes={"r": [0.0, 2.0]}, **changes).space()
        return key_of(space)

    every = [{}, {"times": [0.0, 1.0]}, {"times": [0.0, 2.0]}, {"integrator": {"rtol": 1e-7}}]
    assert len({key(**changes) for changes in every}) == len(every)


def test_settings_of_jax_belong_to_the_key():
    space = small_sweep(**LEAST).space()

    def key():
        return key_of(space)

    first = key()
    with jax.enable_x64(False):
        assert key() != first
    assert key() == first


OWN = """
import factor
from equisweep.kernels.declare import model
from equisweep.kernels.model import Domain, Output, Parameter

@model(parameters=[Parameter("x", "x", "1", 1.0, Domain(), "a number")],
       outputs=[Output("y", "y", "1", "its product")])
def game(p):
    return {"y": factor.FACTOR * p["x"]}
"""


def test_a_model_of_the_users_own_is_traced_every_time(tmp_path, monkeypatch):
    """What it imports may have been loaded anew, which the text of its file does not show."""
    (tmp_path / "game.py").write_text(OWN)
    (tmp_path / "factor.py").write_text("FACTOR = 2.0")
    monkeypatch.syspath_prepend(tmp_path)
    factor = importlib.import_module("factor")
    sweep = Sweep("game.py:game", axes={"x": [1.0, 2.0]}, folder=tmp_path)
    assert run(sweep, tmp_path / "twice.zarr")["y"].values.tolist() == [2.0, 4.0]
    factor.FACTOR = 3.0
    assert run(sweep, tmp_path / "thrice.zarr")["y"].values.tolist() == [3.0, 6.0]
    del sys.modules["factor"]


def test_what_failed_is_tried_again(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(jit, "link", fails)
        with pytest.warns(UserWarning, match="no such instruction"):
            _, how = made(small_sweep(**LEAST).space())
    assert [way.native for way in how] == [False]
    _, how = made(small_sweep(**LEAST).space())
    assert [way.native for way in how] == [True]


def test_few_are_kept(monkeypatch):
    monkeypatch.setattr(made_before, "MOST", 2)
    loop = GridLoop(lambda at: {"x": at["x"]}, [{"x": np.zeros(3)}])
    for key in "abc":
        made_before.keep(key, loop, set())
    assert [made_before.find(key, [{"x": np.zeros(3)}]) is None for key in "abc"] == [True, False, False]


# A loop of few steps and many operations: written out, each step would be lowered anew.
LOOP = """
from jax import lax
from equisweep.kernels.declare import model
from equisweep.kernels.model import Domain, Output, Parameter

@model(title="A game", source="own", parameters=[Parameter("a", "a", "1", 0.5, Domain(0), "a number")],
       outputs=[Output("y", "y", "1", "another")])
def game(p):
    def body(i, x):
        for k in range(300):
            x = 0.5 * x + p["a"]
        return x
    return {"y": lax.fori_loop(0, 12, body, p["a"]), "status": 1}
"""


def test_a_plan_lowers_the_body_of_a_loop_of_ones_own_once(tmp_path, traces, monkeypatch):
    lowered, counted = [], control_flow._counted
    monkeypatch.setattr(control_flow, "_counted", lambda *given: lowered.append(1) or counted(*given))
    (tmp_path / "own.py").write_text(LOOP)
    (tmp_path / "sweep.toml").write_text('model = "own.py:game"\n[axes]\na = [0.5, 1.0]\n')
    sweep = Sweep.from_file(tmp_path / "sweep.toml")
    assert plan(sweep).computed == "machine code"
    assert (len(traces), len(lowered)) == (1, 1)
    assert not made_before.MADE  # what the file imports may change until the next time
    space = sweep.space()
    assert np.allclose(computed(space)[0]["y"], [1.0, 2.0])
