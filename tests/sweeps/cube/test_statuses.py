"""Which statuses count against which variables: what an output needs of an orbit decides."""

import csv
import json
import re

import numpy as np
import pytest
import xarray as xr
from equisweep.kernels.status import Status
from equisweep.sweeps import Sweep, run
from equisweep.sweeps.boundaries.question import NO_RESULT
from equisweep.sweeps.boundaries.question import Question as BoundaryQuestion
from equisweep.sweeps.cube.query import Query, answer, ask
from equisweep.sweeps.cube.reduce import reduce
from equisweep.sweeps.cube.statuses import counted
from equisweep.sweeps.sensitivity.analysis import sensitivity
from equisweep.sweeps.sensitivity.text import sensitivity_text

ORBITS = (Status.ok, Status.not_steady, Status.max_steps, Status.step_too_small, Status.boundary_start)
ORBITS += (Status.sliding, Status.not_finite)
WITHOUT = ("no_equilibrium", "out_of_domain", "infeasible", "not_computed")

# A pool that drains and a pendulum that never rests; its share is known without an orbit.
POOL = """
import jax.numpy as jnp
from equisweep.kernels.flow import Flow, Observable
from equisweep.kernels.model import Domain, Model, Output, Parameter
from equisweep.kernels.status import Status

flow = Flow(
    start=lambda p: jnp.stack([p["x0"], 0 * p["x0"]]),
    field=lambda t, s, p: jnp.stack([s[1], -s[0] - p["drag"] * s[1] + jnp.sqrt(2.0) * jnp.sin(s[0])]),
    observe=lambda s, p: {"x": s[0]},
    observables=(Observable("x", "x", "1", "place"),),
)
pool = Model(
    name="pool", title="pool", source="none", flow=flow,
    kernel=lambda p: {"share": p["x0"] / (p["x0"] + p["drag"]), "status": jnp.asarray(int(Status.ok))},
    parameters=(
        Parameter("x0", "x_0", "1", 1.0, Domain(0), "start"),
        Parameter("drag", "d", "1", 0.1, Domain(0), "drag"),
        Parameter("horizon", "T", "1", 3.0, Domain(0), "end"),
    ),
    outputs=(Output("share", "s", "1", "a share"),),
)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("needs")
    (folder / "pool.py").write_text(POOL, encoding="utf-8")
    return folder


def pools(folder, **more):
    return Sweep(model="pool.py:pool", folder=folder, integrator={"solver": "tsit5"}, **more)


def hand_made(needs=True):
    """A value of each kind under each status of orbits; without `needs` as version 0.1.0 wrote it."""
    status = np.array([int(s) for s in ORBITS], np.uint8)
    kinds = {"share": "static", "x_path": "path", "x_final": "final", "period": "attractor"}
    number = 2.0 ** np.arange(len(ORBITS))
    cube = xr.Dataset(
        {name: ("a", number, {"needs": kind} if needs else {}) for name, kind in kinds.items()}
        | {"status": ("a", status)},
        coords={"a": np.arange(len(ORBITS), dtype=float)},
    )
    cube["x_path"] = cube["x_path"].expand_dims(time=[0.0, 1.0], axis=-1).copy()
    cube["x_path"].attrs |= {"needs": "path"} if needs else {}
    return cube


@pytest.mark.parametrize(("needs", "share"), [(True, 127), (False, 1)], ids=["written today", "by 0.1.0"])
def test_a_reduction_leaves_out_what_the_status_touches(needs, share):
    reduced = reduce(hand_made(needs), "sum").load()
    assert reduced["share"] == share
    assert reduced["x_path"] == 2 * 127
    assert reduced["x_final"] == 1 + 2 + 16
    assert reduced["period"] == 1
    assert reduced["x_final_left_out"] == 4
    stated = reduce(hand_made(needs), "sum", statuses=["ok", "max_steps"]).load()
    assert [float(stated[name]) for name in ("share", "x_path", "x_final", "period")] == [5, 10, 5, 5]


def test_an_infinite_value_is_what_is_not_finite():
    cube = hand_made()
    cube["share"][-1] = np.inf
    reduced = reduce(cube, "sum", names=["share"]).load()
    assert (reduced["share"], reduced["left_out"]) == (63, 1)


def test_no_value_counts_where_there_is_none():
    for name, array in hand_made().data_vars.items():
        assert not {int(Status[s]) for s in WITHOUT} & set(counted(array, None)), name


def test_derivatives_need_what_their_output_needs(folder):
    sweep = pools(folder, axes={"x0": [1.0, 2.0]}, outputs=["share", "x_final", "attractor"], times=[1.0],
                  derivatives={"share": ["x0"], "x_final": ["x0"]})  # fmt: skip
    needs = {v.name: v.attributes.get("needs") for v in sweep.space().variables}
    assert needs == {
        "share": "static", "x_final": "final", "attractor": "attractor", "d_share_d_x0": "static",
        "d_x_final_d_x0": "final", "status": None,
    }  # fmt: skip
    external = Sweep("external", axes={"n": [3, 4]}, outputs=["investment"]).space()
    assert all("needs" not in variable.attributes for variable in external.variables)


def test_static_shares_and_paths_count_although_orbits_have_not_settled(folder):
    design = {"kind": "lhs", "samples": 40, "parameters": {"x0": {"uniform": [1, 2]}, "drag": {"uniform": [0.01, 0.02]}}}  # fmt: skip  # noqa: E501
    sweep = pools(folder, outputs=["share", "x_path", "settle_time"], times=[0.0, 1.0, 2.0], design=design)
    cube = run(sweep, folder / "pool.zarr").load()
    assert (cube["status"] == Status.not_steady).all()
    indices = sensitivity(cube, "prcc", ["share"])
    assert indices["share_left_out"] == 0
    assert indices["share_prcc"].sel(parameter="x0") > 0.9
    assert "points: 40 not_steady\n" in sensitivity_text(indices, "table")
    highest = ask(cube, Query(["x_path"], reduce="max:time")).load()
    np.testing.assert_array_equal(highest["x_path"], cube["x_path"].max("time"))
    assert (highest["left_out"] == 0).all()
    dropped = sensitivity(cube, "prcc", ["share"], keep=["ok"])
    assert dropped["share_left_out"] == 40


def test_a_level_has_no_side_where_the_state_at_the_horizon_was_not_reached():
    cube = hand_made()
    result = {
        name: BoundaryQuestion(name, "a", 3.0).of(cube[name]).codes(cube[name].values, cube["status"].values)
        for name in ("share", "x_final", "period")
    }
    assert result["share"].tolist() == [0, 0, 1, 1, 1, 1, 1]
    assert result["period"].tolist() == [0, 0, 1, 1, 1, 1, NO_RESULT]
    assert result["x_final"].tolist() == [0, 0, NO_RESULT, NO_RESULT, 1, NO_RESULT, NO_RESULT]


SOBOL = {
    "kind": "sobol",
    "samples": 32,
    "parameters": {"x0": {"uniform": [1, 2]}, "drag": {"uniform": [0.01, 0.02]}},
}
OUTPUTS = ["share", "x_path", "x_final", "settle_time"]


@pytest.fixture(scope="module")
def sampled(folder):
    """Of samples of Sobol's design: orbits that all go on at their ends."""
    cube = run(pools(folder, outputs=OUTPUTS, times=[0.5, 1.0], design=SOBOL), folder / "sampled.zarr").load()
    assert (cube["status"] == Status.not_steady).all()
    assert cube["settle_time"].isnull().all()
    return cube


def test_indices_of_orbits_that_go_on_are_those_of_all_samples(sampled):
    indices = sensitivity(sampled, "sobol", OUTPUTS)
    plain = sensitivity(sampled.assign(status=0 * sampled["status"] + Status.ok), "sobol", OUTPUTS[:3])
    for name in OUTPUTS[:3]:
        assert (indices[f"{name}_left_out"] == 0).all()
        np.testing.assert_array_equal(indices[f"{name}_S1"], plain[f"{name}_S1"])
        assert np.isfinite(indices[f"{name}_S1"]).all()
    assert indices["settle_time_left_out"] == SOBOL["samples"]
    assert np.isnan(indices["settle_time_S1"]).all()


def test_indices_of_samples_that_are_not_stored_count_the_same(folder, sampled):
    sweep = pools(folder, outputs=OUTPUTS, times=[0.5, 1.0], design=SOBOL | {"store": False})
    indices = run(sweep, folder / "unstored.zarr").load().equisweep.sensitivity()
    expected = sensitivity(sampled, "sobol", OUTPUTS)
    for name in OUTPUTS:
        assert (indices[f"{name}_left_out"] == expected[f"{name}_left_out"]).all(), name
        np.testing.assert_allclose(
            indices[f"{name}_S1"].transpose(*expected[f"{name}_S1"].dims), expected[f"{name}_S1"], atol=1e-9
        )


def test_measures_of_given_data_count_the_same(sampled):
    settled = sampled.assign(status=0 * sampled["status"] + Status.ok)
    for method in ("pawn", "delta"):
        result, plain = (sensitivity(cube, method, ["share", "x_final"]) for cube in (sampled, settled))
        for name in ("share", "x_final"):
            assert result[f"{name}_left_out"] == 0
            np.testing.assert_array_equal(result[f"{name}_{method}"], plain[f"{name}_{method}"])


def test_reductions_keep_and_leave_out_by_output(sampled):
    reduced = reduce(sampled, "mean", over=["sample"], names=OUTPUTS).load()
    for name in OUTPUTS[:3]:
        np.testing.assert_allclose(reduced[name], sampled[name].mean("sample"), rtol=1e-12)
    assert np.isnan(reduced["settle_time"])


def test_pages_and_files_have_what_is_valid(folder, sampled):
    page = sampled.drop_vars("x_path").equisweep.explore_html(folder / "page.html")
    (data,) = re.findall(
        r'type="application/json" id="cube">(.*?)</script>', page.read_text("utf-8"), re.DOTALL
    )
    arrays = json.loads(data)["arrays"]
    shown = {name for name in arrays if Status.not_steady in arrays[name].get("counted", ())}
    assert shown >= {"share", "x_final"}
    assert "settle_time" not in shown
    answer(sampled, Query(["share", "x_final", "settle_time"]), "csv", folder / "out.csv")
    with (folder / "out.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["share"]) for row in rows] == sampled["share"].values.tolist()
    assert [float(row["x_final"]) for row in rows] == sampled["x_final"].values.tolist()
    assert {row["settle_time"] for row in rows} == {""}
    assert {row["status"] for row in rows} == {"not_steady"}
    answer(sampled, Query(["x_path"]), "netcdf", folder / "out.nc")
    with xr.open_dataset(folder / "out.nc") as written:
        np.testing.assert_array_equal(written["x_path"], sampled["x_path"])
