"""Axes that vary together: what their dimension is called, repeated values, and what is refused."""

import json
import tomllib

import numpy as np
import pytest
from equisweep.sweeps import Sweep, SweepError, open_cube, run
from equisweep.sweeps.boundaries.boundaries import boundaries
from equisweep.sweeps.cube.plain.open import open_plain
from equisweep.sweeps.cube.query import query_text

SCENARIOS = {"alpha": [0.1, 0.1, 0.5, 0.1], "n": [3, 4, 3, 3]}
BASE = {"model": "external", "outputs": ["investment"]}


def stated(zip_, axes=SCENARIOS, **more):
    return Sweep.from_table(BASE | {"axes": axes, "zip": zip_} | more)


@pytest.mark.parametrize("zip_", [{"scenario": ["alpha", "n"]}, [["alpha", "n"]]])
def test_scenarios_may_repeat_values_and_each_is_computed_by_itself(tmp_path, zip_):
    axes = SCENARIOS | {"beta": [0.2, 0.3]}
    cube = run(stated(zip_, axes), tmp_path / "c.zarr").load()
    dim = "scenario" if isinstance(zip_, dict) else "alpha_n"
    assert cube["investment"].dims == (dim, "beta")
    assert cube["n"].dims == cube["alpha"].dims == (dim,)
    for i, (alpha, n) in enumerate(zip(*SCENARIOS.values(), strict=True)):
        one = run(Sweep("external", {"beta": [0.2, 0.3]}, {"alpha": alpha, "n": n}, ["investment"]),
                  tmp_path / f"{i}.zarr")  # fmt: skip
        np.testing.assert_array_equal(cube["investment"][i], one["investment"])
    run(stated(zip_, axes), tmp_path / "c.zarr")  # the same sweep again is the same cube
    both = cube.equisweep.select(["alpha=0.1", "n=3"])
    np.testing.assert_array_equal(both["investment"], cube["investment"][[0, 3]])
    assert len(query_text(cube, ["investment"], style="csv").splitlines()) == 9
    assert cube.equisweep.sql("select count(*) n from cube where alpha = 0.1 and n = 3")["n"].to_pylist() == [
        4
    ]


def test_a_file_names_the_dimension(tmp_path):
    text = """model = "external"
outputs = ["investment"]
zip = { scenario = ["alpha", "n"], force = ["beta", "L"] }
axes = { alpha = [0.1, 0.1], n = [3, 4], beta = [0.1, 0.2, 0.2], L = [400, 400, 500] }
"""
    space = Sweep.from_table(tomllib.loads(text)).space()
    assert space.dims == ("scenario", "force")
    assert [list(axis.values) for axis in space.axes] == [["alpha", "n"], ["beta", "L"]]
    (tmp_path / "s.toml").write_text(text)
    run(Sweep.from_file(tmp_path / "s.toml"), tmp_path / "c.zarr")
    assert open_cube(tmp_path / "c.zarr").sizes == {"scenario": 2, "force": 3}
    in_python = stated({"scenario": ["alpha", "n"]})
    assert json.loads(json.dumps(in_python.table()["zip"])) == {"scenario": ["alpha", "n"]}


def test_scenarios_may_be_of_choices():
    axes = {"mechanism": ["sharing", "sharing"], "formulation": ["exact", "exact"], "alpha": [0.1]}
    assert stated({"rule": ["mechanism", "formulation"]}, axes).space().shape == (2, 1)


REFUSED = {
    "a model's name": ({"beta": ["alpha", "n"]}, "would be called like an axis or a part of the model"),
    "an output's name": ({"investment": ["alpha", "n"]}, "'investment' would be called like"),
    "an axis's name": ({"alpha": ["alpha", "n"]}, "'alpha' would be called like"),
    "status": ({"status": ["alpha", "n"]}, "'status' would be called like"),
    "time": ({"time": ["alpha", "n"]}, "'time' would be called like"),
    "a path": ({"a/b": ["alpha", "n"]}, r"zip.a/b: should be a name of letters, digits and _"),
    "one axis": ({"scenario": ["alpha"]}, r"zip.scenario: \['alpha'\] should be a list of two or more"),
    "a name": ({"scenario": "alpha"}, r"zip.scenario: 'alpha' should be a list of two or more"),
    "no axis": ({"scenario": ["alpha", "m"]}, r"zip.scenario: 'm' is no axis"),
    "twice in two": ({"a": ["alpha", "n"], "b": ["alpha", "n"]}, r"zip.b: 'alpha' stands there twice"),
    "twice in one": ({"a": ["alpha", "alpha"]}, r"zip.a: 'alpha' stands there twice"),
    "a text": ("alpha", "zip: 'alpha' should be a list of groups of axes, or a table"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_group_is_refused(case):
    zip_, message = REFUSED[case]
    with pytest.raises(SweepError, match=message):
        stated(zip_).space()


def test_axes_that_stand_alone_repeat_nothing():
    with pytest.raises(SweepError, match="stands there twice; every value of an axis is its own"):
        stated([], {"alpha": [0.1, 0.1]}).space()
    with pytest.raises(SweepError, match="too close to be told apart in float32"):
        stated({"s": ["alpha", "n"]}, {"alpha": [0.3, 0.3 + 1e-12], "n": [3, 3]}, dtype="float32").space()


def test_groups_that_would_be_called_alike_are_refused():
    axes = {"v.a_b": [0.1, 0.2], "E": [1.0, 2.0], "v.a": [0.1, 0.2], "b_E": [1.0, 2.0]}
    from equisweep.sweeps.spec.axes import zip_groups

    with pytest.raises(SweepError, match="two groups would be called 'v_a_b_E'; name them"):
        zip_groups("zip", [["v.a_b", "E"], ["v.a", "b_E"]], axes)


def test_no_boundary_lies_between_equal_values(tmp_path):
    cube = run(
        stated({"scenario": ["alpha", "beta"]}, {"alpha": [0.1, 0.1], "beta": [0.1, 0.2]}), tmp_path / "c"
    )
    with pytest.raises(SweepError, match="repeats values"):
        boundaries(cube, "status", "alpha")


def test_an_axis_with_a_blank_in_its_name_is_there_however_it_varies(tmp_path):
    (tmp_path / "game.py").write_text(
        "from equisweep.kernels.declare import model\n"
        "from equisweep.kernels.model import Dim, Domain, Output, Parameter\n"
        "V = Parameter('v', 'v', '1', {'a b': 1.0, 'c': 2.0, 'd e': 3.0}, Domain(), 'v', dim='d')\n"
        "@model(parameters=[V], outputs=[Output('y', 'y', '1', 'y')], dims=[Dim('d', 'd')])\n"
        "def game(p):\n    return {'y': p['v'].sum()}\n"
    )
    axes = {"v.a b": [1, 2], "v.c": [10, 20]}
    design = {"kind": "lhs", "samples": 2, "parameters": {"v.d e": {"uniform": [0, 1]}}}
    sweep = Sweep("game.py:game", axes, zip={"s": list(axes)}, design=design, folder=tmp_path)
    cube = run(sweep, tmp_path / "c.zarr").load()
    assert cube["v.a b"].values.tolist() == [1, 2]
    assert cube["v.d e"].dims == ("sample",)
    chosen = cube.equisweep.sel(**{"v.a b": 2})
    np.testing.assert_allclose(chosen["y"], 22 + cube["v.d e"])
    head = query_text(open_plain(tmp_path / "c.zarr"), style="csv").splitlines()[0]
    assert sorted(head.split(",")) == ["status", "v.a b", "v.c", "v.d e", "y"]
