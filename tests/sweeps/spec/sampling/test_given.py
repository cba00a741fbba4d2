"""Points that somebody else drew, in a file, as a design."""

import json

import numpy as np
import pytest
import xarray as xr
from equisweep.engine.errors import SweepError
from equisweep.sweeps import Sweep
from equisweep.sweeps.sensitivity.analysis import sensitivity
from equisweep.sweeps.spec.design import Design

X = np.random.default_rng(2).random((300, 2)) * 0.8 + 0.1
PARAMETERS = {"alpha": {"column": "a"}, "beta": {"column": "the b"}}


def space_of(folder, parameters=PARAMETERS, values=X, **more):
    lines = ["a;the b;name", *(f"{a!r};{b!r};x" for a, b in values.tolist())]
    (folder / "points.csv").write_text("\n".join(lines))
    design = {"samples": "points.csv", "parameters": parameters, **more}
    return Sweep("external", fixed={"n": 4}, outputs=["investment"], design=design, folder=folder).space()


def test_the_points_of_a_file_are_a_design_in_their_order(tmp_path):
    space = space_of(tmp_path)
    (axis,) = [axis for axis in space.axes if axis.group]
    np.testing.assert_array_equal(axis.values["alpha"][:], X[:, 0])
    np.testing.assert_array_equal(axis.values["beta"][:], X[:, 1])
    identity = space.identity()
    assert str(Design.from_identity(identity)) == "given, 300 points, over alpha, beta"
    assert identity != space_of(tmp_path, values=X[::-1]).identity()
    cube = xr.Dataset(
        {"y": ("sample", X[:, 0] + 0.1 * X[:, 1]), "status": ("sample", np.ones(300, np.uint8))},
        coords={"alpha": ("sample", X[:, 0]), "beta": ("sample", X[:, 1])},
        attrs={"identity": json.dumps(identity)},
    )
    indices = sensitivity(cube)
    assert indices.attrs["method"] == "kucherenko"
    assert indices["y_ST"][0] > 0.9 > 0.2 > indices["y_ST"][1]
    assert sensitivity(cube, "prcc")["y_prcc"][0] > 0.99
    for method in ("sobol", "chaos"):
        with pytest.raises(SweepError, match="this cube has a design of kind given"):
            sensitivity(cube, method)


@pytest.mark.parametrize(
    ("parameters", "more", "message"),
    [
        ({"alpha": {"column": "c"}}, {}, "has no column 'c'"),
        ({"alpha": {"column": "name"}}, {}, "'x' is not a finite number"),
        ({"alpha": {"uniform": [0, 1]}}, {}, "should name a column"),
        ({"gama": {"column": "a"}}, {}, "no parameter 'gama'"),
        ({}, {}, "should be a table of columns"),
        (PARAMETERS, {"kind": "lhs"}, "design.kind: has no meaning for points that stand in a file"),
        (PARAMETERS, {"store": False}, "design.store: has no meaning"),
    ],
)
def test_files_that_hold_no_points_are_refused(tmp_path, parameters, more, message):
    with pytest.raises(SweepError, match="design") as error:
        space_of(tmp_path, parameters, **more)
    assert message in str(error.value)


def test_values_outside_of_a_domain_are_refused(tmp_path):
    with pytest.raises(SweepError, match=r"parameters\.beta: .*outside"):
        space_of(tmp_path, values=X * [1, 20])


def test_nobody_states_the_distribution_of_given_points():
    design = {"kind": "lhs", "samples": 16, "parameters": {"alpha": {"given": [0.1, 0.9]}}}
    with pytest.raises(SweepError, match="unknown distribution 'given'"):
        Sweep("external", fixed={"n": 4}, outputs=["investment"], design=design).space()
