"""Vector parameters in sweep files: tables, lists, components as axes, and what the cube makes of them."""

import json

import numpy as np
import pytest
from equisweep.kernels.status import Status
from equisweep.sweeps import Sweep, run
from equisweep.sweeps.commands.main import main
from helpers.products import costs_seconds


def cube_of(text, folder):
    """Run a sweep file from the command line; its cube, loaded."""
    (folder / "sweep.toml").write_text(text)
    assert main(["run", str(folder / "sweep.toml"), "-o", str(folder / "cube.zarr"), "-q"]) == 0
    from equisweep.sweeps import open_cube

    return open_cube(folder / "cube.zarr").load()


def refusal(text, folder, capsys):
    (folder / "bad.toml").write_text(text)
    assert main(["run", str(folder / "bad.toml"), "-o", str(folder / "bad.zarr")]) == 2
    error = capsys.readouterr().err
    assert len(error.splitlines()) == 1
    assert not (folder / "bad.zarr").exists()
    return error


def space(**parts):
    return Sweep(**({"outputs": ["share"], "axes": {"M": [50.0]}} | {"model": "internal"} | parts)).space()


def test_a_table_a_component_axis_and_its_derivative(tmp_path):
    cube = cube_of(
        """
model = "internal"
outputs = ["share", "marginal_benefit", "expected_loss"]
[axes]
"v.data" = { start = 0.3, stop = 0.5, num = 5 }
M = [50, 100]
[fixed.L]
data = 450
application_systems = 380
[fixed.beta]
data = 0.4
[derivatives]
share = ["v.data", "L.application_systems"]
""",
        tmp_path,
    )
    assert cube["share"].dims == ("v.data", "M", "factor")
    assert cube["factor"].values.tolist() == ["data", "application_systems"]
    np.testing.assert_allclose(cube["v.data"], [0.3, 0.35, 0.4, 0.45, 0.5])
    slope = cube["d_share_d_v_data"]
    assert slope.dims == cube["share"].dims
    assert slope.attrs["symbol"] == "∂x/∂v[data]"

    grid, h = cube["v.data"].values, 1e-5
    axes = {
        "v.data": [v + k * h for v in grid.tolist() for k in (-1, 0, 1)],
        "L.application_systems": [379.99, 380.0, 380.01],
        "M": [50.0, 100.0],
    }
    fixed = {"L": {"data": 450.0}, "beta": {"data": 0.4}}
    beside = run(Sweep("internal", axes, fixed, ["share"]), tmp_path / "beside.zarr")["share"].values
    by_v = (beside[2::3, 1] - beside[::3, 1]) / (2 * h)
    np.testing.assert_allclose(slope, by_v, rtol=1e-6, atol=1e-9)
    by_loss = (beside[1::3, 2] - beside[1::3, 0]) / 0.02
    np.testing.assert_allclose(cube["d_share_d_L_application_systems"], by_loss, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(cube["share"].sum("factor"), 1)


def test_a_part_of_a_table_leaves_the_other_defaults():
    result = space(fixed={"v": {"application_systems": 0.3}})
    assert result.labels["factor"] == ("data", "application_systems")
    np.testing.assert_array_equal(result.fixed["v"], [0.4, 0.3])


def test_lists_component_axes_and_zipped_components_of_types(tmp_path):
    cube = cube_of(
        """
model = "contract"
outputs = ["resources", "ic_slack", "type_utility"]
zip = [["probability.1", "probability.2"]]
[axes]
"T_min.2" = [40, 60, 80]
"probability.1" = [0.2, 0.3]
"probability.2" = [0.5, 0.4]
[fixed]
theta = [1, 2, 3]
T_total = 400
[fixed.probability]
3 = 0.3
""",
        tmp_path,
    )
    assert cube["resources"].dims == ("T_min.2", "probability_1_probability_2", "type")
    assert cube["ic_slack"].dims[2:] == ("type", "other_type")
    assert cube["other_type"].values.tolist() == cube["type"].values.tolist() == ["1", "2", "3"]
    assert cube["probability.1"].dims == cube["probability.2"].dims == ("probability_1_probability_2",)
    assert (cube["status"] == Status.ok).all()
    np.testing.assert_allclose(cube["resources"].sum("type"), 400)
    assert (cube["resources"].sel(type="2") >= cube["T_min.2"] - 1e-9).all()


@pytest.mark.parametrize("factors", [3, 64])
def test_new_factors_of_any_number(factors, tmp_path):
    rng = np.random.default_rng(factors)
    names = [f"factor_{chr(97 + i % 26)}{i}" for i in range(factors)]
    tables = {"beta": (0.2, 1), "v": (0.2, 0.8), "E": (0.05, 0.2), "L": (100, 900)}
    text = (
        'model = "internal"\noutputs = ["share", "marginal_benefit", "multiplier"]\n[axes]\nM = [50, 5000]\n'
    )
    for table, ends in tables.items():
        text += f"[fixed.{table}]\n" + "".join(f"{name} = {rng.uniform(*ends):.4f}\n" for name in names)
    cube = cube_of(text + f'[derivatives]\nshare = ["L.{names[-1]}"]\n', tmp_path)
    assert cube["factor"].values.tolist() == names
    np.testing.assert_allclose(cube["share"].sum("factor"), 1)
    funded = (cube["share"] > 0).values
    benefit, level = cube["marginal_benefit"].values, cube["multiplier"].values[:, None]
    np.testing.assert_allclose(benefit[funded], np.broadcast_to(level, benefit.shape)[funded], rtol=1e-9)
    assert (benefit <= level * (1 + 1e-9)).all()
    assert cube[f"d_share_d_L_{names[-1]}"].dims == ("M", "factor")


@costs_seconds
def test_32_types_keep_their_order_and_so_do_types_stated_out_of_order(tmp_path):
    n = 32
    text = f"""
model = "contract"
outputs = ["resources", "ir_slack", "type_utility"]
[axes]
"T_min.10" = [10, 12]
[fixed]
theta = {[1 + 0.1 * i for i in range(n)]}
reward_rate = {[1.5 + 0.2 * i for i in range(n)]}
probability = {[1 / n] * n}
T_total = 2000
[fixed.T_min]
"""
    order = [k for k in reversed(range(1, n + 1)) if k != 10]
    cube = cube_of(text + "".join(f"{k} = 10\n" for k in order), tmp_path)
    assert cube["type"].values.tolist() == [str(k) for k in range(1, n + 1)]
    assert (cube["status"] == Status.ok).all()
    assert (cube["type_utility"].diff("type") > 0).all()
    np.testing.assert_allclose(cube["resources"].sum("type"), 2000)


def test_queries_print_one_row_per_label(tmp_path, capsys):
    cube_of('model = "internal"\noutputs = ["share"]\n[axes]\n"v.data" = [0.3, 0.4]\n', tmp_path)
    path = str(tmp_path / "cube.zarr")
    assert main(["query", path, "--var", "share", "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(row["v.data"], row["factor"]) for row in rows] == [
        (v, factor) for v in (0.3, 0.4) for factor in ("data", "application_systems")
    ]
    assert rows[0]["share"] + rows[1]["share"] == pytest.approx(1)
    assert main(["query", path, "--var", "share", "--sel", "v.data=0.3", "--sel", "factor=data"]) == 0
    assert f"{rows[0]['share']:.6g}" in capsys.readouterr().out
    assert main(["query", path, "--sel", "factor=dta"]) == 2
    assert "did you mean 'data'?" in capsys.readouterr().err


HEAD = 'model = "internal"\n[axes]\n"v.data" = [0.3]\n'
TYPES = 'model = "contract"\n[axes]\nT_total = [400]\n[fixed]\n'
BAD = {
    "unknown component in a table": (
        HEAD + "[fixed.E]\ndat = 0.1\n",
        "fixed.beta: has no component 'dat', which E has; did you mean 'data'?",
    ),
    "misspelt component of an axis": (
        'model = "internal"\n[axes]\n"v.dta" = [0.3]\n',
        "fixed.beta: has no component 'dta', which v has; did you mean 'data'?",
    ),
    "unknown component of a derivative": (
        HEAD + '[derivatives]\nshare = ["v.dta"]\n',
        "derivatives.share: no component 'dta' of v; did you mean 'data'?",
    ),
    "missing component": (
        HEAD + "[fixed.beta]\na = 0.1\n[fixed.v]\na = 0.1\nb = 0.2\n",
        "fixed.beta: component 'b' is missing, which v has",
    ),
    "whole vector as an axis": ('model = "internal"\n[axes]\nv = [0.3]\n', "axes.v: v is a vector; name a"),
    "whole vector as a derivative": (
        HEAD + '[derivatives]\nshare = ["v"]\n',
        "v is a vector; name a component",
    ),
    "truth value for a vector": (
        HEAD + "[fixed]\nE = true\n",
        "fixed.E: True should be a table by component",
    ),
    "text for a vector": (HEAD + '[fixed]\nE = "0.3"\n', "fixed.E: '0.3' should be a table by component"),
    "number for all outside the domain": (
        HEAD + "[fixed]\nbeta = 1.5\n",
        "fixed.beta.data: 1.5 lies outside",
    ),
    "text in a vector": (HEAD + '[fixed.E]\ndata = "a"\n', "fixed.E.data: 'a' is not a number"),
    "component outside its domain": (
        HEAD + "[fixed.beta]\ndata = 1.5\n",
        "fixed.beta.data: 1.5 lies outside",
    ),
    "empty list": (TYPES + "theta = []\n", "fixed.theta: is empty"),
    "lists of two lengths": (
        TYPES + "theta = [1, 2, 3, 4]\nT_min = [1, 2]\n",
        "fixed: lists over type need one length; theta has 4, T_min has 2 values",
    ),
    "a list beside defaults of another length": (
        TYPES + "theta = [1, 2]\n",
        "fixed.probability: component '1' is missing, which theta has; the defaults are for 1, 2, 3, so give "
        "all of 1, 2",
    ),
    "a list of another length than the components that an axis names": (
        HEAD + "[fixed]\nE = [0.1, 0.2, 0.3]\n",
        "fixed.E: a list of 3 values; as data is varied, it is of data, application_systems: give 2",
    ),
    "a table beyond a list": (
        TYPES + "theta = [1, 2, 3]\n[fixed.T_min]\n4 = 1\n",
        "fixed.theta: component '4' is missing, which T_min has",
    ),
    "derivative named twice": (
        HEAD + '[derivatives]\nshare = ["v.data", "v.data"]\n',
        "'v.data' stands there twice",
    ),
}


@pytest.mark.parametrize(("text", "message"), BAD.values(), ids=BAD)
def test_a_wrong_vector_is_refused_in_one_line(text, message, tmp_path, capsys):
    assert message in refusal(text, tmp_path, capsys)


def test_starts_of_the_dynamics_are_alike_for_new_factors():
    tables = {name: {"a": 0.5, "b": 0.5, "c": 0.5} for name in ("beta", "v", "E", "L")}
    np.testing.assert_array_equal(space(fixed=tables).fixed["start_share"], [1, 1, 1])
    given = space(fixed=tables | {"start_share": {"b": 3.0}})
    np.testing.assert_array_equal(given.fixed["start_share"], [1, 3, 1])


def test_a_number_is_the_value_of_all_components():
    default = space(axes={"M": [50.0]})
    stated = space(axes={"M": [50.0]}, fixed={"beta": 0.3})
    np.testing.assert_array_equal(stated.fixed["beta"], np.full(len(default.labels["factor"]), 0.3))
    assert stated.labels == default.labels
    new = space(axes={"v.a": [0.3]}, fixed={"v": {"b": 0.2}, "beta": 0.5, "E": 0.1, "L": 400})
    assert new.labels["factor"] == ("b", "a")
    np.testing.assert_array_equal(new.fixed["L"], [400, 400])
    others = space(axes={"beta.data": [0.1, 0.2]}, fixed={"beta": 0.5})
    np.testing.assert_array_equal(others.fixed["beta"], [np.nan, 0.5])


def test_a_list_or_a_table_may_be_the_base_of_a_component_that_is_an_axis():
    types = space(
        model="contract", outputs=(), axes={"T_min.2": [40.0, 60.0]}, fixed={"T_min": [20, 50, 100]}
    )
    np.testing.assert_array_equal(types.fixed["T_min"], [20, np.nan, 100])
    factors = space(axes={"v.data": [0.3]}, fixed={"v": {"data": 0.1, "application_systems": 0.4}})
    np.testing.assert_array_equal(factors.fixed["v"], [np.nan, 0.4])
    # An axis names one of the model's own factors: so a list is of those, in their order.
    listed = space(axes={"v.data": [0.3]}, fixed={"v": [0.1, 0.4], "E": [0.2, 0.3]})
    assert listed.labels == factors.labels
    np.testing.assert_array_equal(listed.fixed["v"], [np.nan, 0.4])
    np.testing.assert_array_equal(listed.fixed["E"], [0.2, 0.3])


def test_vectors_in_python_may_be_arrays():
    result = space(
        model="contract", outputs=(), axes={"T_total": [300.0]}, fixed={"T_min": np.array([1, 2, 3])}
    )
    np.testing.assert_array_equal(result.fixed["T_min"], [1, 2, 3])
    assert result.labels["other_type"] == ("1", "2", "3")
