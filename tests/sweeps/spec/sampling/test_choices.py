"""Static choices as inputs of a design, beside every option computed apart."""

import itertools

import numpy as np
import pytest
from equisweep.sweeps import Sweep, SweepError, plan, run
from equisweep.sweeps.cube.lazy import where
from equisweep.sweeps.cube.source import space_of
from equisweep.sweeps.discover.inputs import read_inputs
from equisweep.sweeps.sensitivity.bootstrap import Resampler
from equisweep.sweeps.sensitivity.sobol import sobol_indices
from equisweep.sweeps.spec.design import Design
from helpers.products import costs_seconds

TEXT = """
import jax
import jax.numpy as jnp
from equisweep.kernels.declare import model
from equisweep.kernels.model import Choice, Domain, Output, Parameter
from equisweep.kernels.status import Status

def number(name):
    return Parameter(name, name, "1", 0.5, Domain(), "a number")

@model(
    parameters=[number("a"), number("b")],
    choices=[Choice("how", ("sum", "product", "none"), "sum", "what becomes of both"),
             Choice("sign", ("plus", "minus"), "plus", "its sign")],
    outputs=[Output("y", "y", "1", "what comes of it"),
             Output("side", "s", "1", "which side", kind="class", classes={"low": 0, "high": 1})],
)
def small(p, how, sign):
    "A few numbers."
    y = {"sum": p["a"] + 2 * p["b"], "product": p["a"] * p["b"], "none": 3.0 + 0 * p["a"]}[how]
    y = y if sign == "plus" else -y
    status = jnp.where((p["a"] > 0.95) & (how == "sum"), Status.infeasible, Status.ok)
    return {"y": y, "side": (y > 0.4).astype(int), "status": status}
"""
HOW, SIGN = ("product", "sum", "none"), ("plus", "minus")
PARAMETERS = {
    "a": {"uniform": [0, 1]},
    "how": {"choice": list(HOW), "weights": [1, 2, 1]},
    "b": {"uniform": [0, 1]},
    "sign": {"choice": list(SIGN)},
}


def sweep(folder, design, outputs=("y", "side"), **more):
    (folder / "choices.py").write_text(TEXT)
    return Sweep(
        model="choices.py:small", folder=folder, outputs=list(outputs),
        design={"parameters": PARAMETERS} | design, **more,
    )  # fmt: skip


def run_of(folder, name, design, tile_points=None, **more):
    return run(sweep(folder, design, **more), folder / name, durable=False, tile_points=tile_points).load()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("choices")


DESIGN = {"kind": "sobol", "samples": 256, "seed": 2}


@pytest.fixture(scope="module")
def cube(folder):
    return run_of(folder, "stored.zarr", DESIGN, 300)


def texts(array):
    return np.array([str(one) for one in array.values.tolist()])


def expected(cube):
    """The model in plain NumPy at the points of a cube."""
    a, b = cube["a"].values, cube["b"].values
    how, sign = texts(cube["how"]), texts(cube["sign"])
    y = np.select([how == "sum", how == "product"], [a + 2 * b, a * b], 3.0)
    return np.where(sign == "plus", y, -y), (a > 0.95) & (how == "sum")


def test_each_point_is_computed_with_its_own_choices_in_tiles_of_any_size(folder, cube):
    y, lost = expected(cube)
    assert 0 < lost.sum() < len(y)
    np.testing.assert_array_equal(cube["status"] == 9, lost)
    np.testing.assert_allclose(cube["y"].values[~lost], y[~lost], rtol=1e-15)
    shares = [np.mean(texts(cube["how"])[::6] == one) for one in HOW]
    np.testing.assert_allclose(shares, [0.25, 0.5, 0.25], atol=0.01)
    assert plan(sweep(folder, DESIGN), trial=False).compilations == 6


def test_a_choice_has_indices_like_any_other_input(cube):
    y, lost = expected(cube)
    table, usable = (one.reshape(256, 6, 1) for one in (y, ~lost))
    indices = cube.equisweep.sensitivity(names=["y"])
    right = sobol_indices(table, usable, 4, False, Resampler(256, 100, 0, 0.95))
    for kind in ("S1", "ST", "ST_low"):
        np.testing.assert_allclose(indices[f"y_{kind}"], right[kind][:, 0], rtol=1e-9, atol=1e-12)
    assert list(indices["parameter"].values) == ["a", "how", "b", "sign"]


def test_indices_of_choices_are_those_of_all_combinations(folder):
    """By hand: what each option gives on average, whatever the other inputs are."""
    result = run_of(folder, "many.zarr", DESIGN | {"samples": 2**14, "store": False}, outputs=["y"])
    indices = result.equisweep.sensitivity(names=["y"])
    grid = (np.arange(400) + 0.5) / 400
    a, b = np.meshgrid(grid, grid, indexing="ij")
    tables = np.array([[s * one for s in (1, -1)] for one in (a * b, a + 2 * b, 3.0 + 0 * a)])
    weights = np.array([0.25, 0.5, 0.25])[:, None, None, None] * np.full(tables.shape, 0.5) / a.size
    # No point counts where the sum has no answer.
    weights[1][:, a > 0.95] = 0
    weights /= weights.sum()
    mean = (weights * tables).sum()
    variance = (weights * (tables - mean) ** 2).sum()
    for name, axes in (("how", (1, 2, 3)), ("sign", (0, 2, 3))):
        given = (weights * tables).sum(axis=axes) / weights.sum(axis=axes)
        first = (weights.sum(axis=axes) * (given - mean) ** 2).sum() / variance
        assert indices["y_S1"].sel(parameter=name).item() == pytest.approx(first, abs=0.02)


def test_indices_that_are_not_stored_are_those_of_the_stored_cube(folder, cube):
    streamed = run_of(folder, "streamed.zarr", DESIGN | {"store": False}, 300)
    for name, array in cube.equisweep.sensitivity().items():
        np.testing.assert_allclose(
            streamed.equisweep.sensitivity()[name], array, rtol=1e-9, atol=1e-12, err_msg=str(name)
        )


def test_rank_correlations_and_measures_of_any_sample_take_choices(folder, cube):
    lhs = run_of(folder, "lhs.zarr", {"kind": "lhs", "samples": 600, "seed": 1})
    prcc = lhs.equisweep.sensitivity("prcc", ["y"])["y_prcc"]
    assert prcc.sel(parameter="sign") < -0.7  # the second option is the one that turns the sign
    streamed = run_of(folder, "ranks.zarr", {"kind": "lhs", "samples": 600, "seed": 1, "store": False})
    np.testing.assert_allclose(streamed.equisweep.sensitivity(names=["y"])["y_prcc"], prcc, rtol=1e-9)
    for method, kind in (("pawn", "pawn"), ("delta", "delta"), ("chatterjee", "xi"), ("hsic", "hsic"),
                         ("kucherenko", "ST"), ("shapley", "shapley"), ("chaos", "ST")):  # fmt: skip
        indices = lhs.equisweep.sensitivity(method, ["y"])[f"y_{kind}"]
        assert indices.sel(parameter=["how", "sign"]).min() > indices.sel(parameter="a"), method
    ks = lhs.equisweep.sensitivity("regional", ["side"])["side_is_high_ks"]
    assert ks.sel(parameter="sign") == ks.max()
    inputs = read_inputs(lhs, 'how == "none" and sign == "plus"', ())
    assert inputs.labels == {"how": sorted(HOW), "sign": sorted(SIGN)}
    here = where(cube, 'sign == "minus"')["y"].notnull()
    np.testing.assert_array_equal(here.values, (cube["sign"] == "minus").values & cube["y"].notnull().values)


def test_groups_and_statistics_over_samples_take_choices(folder, cube):
    grouped = run_of(folder, "groups.zarr", DESIGN | {"groups": {"kind": ["how", "sign"]}, "store": False})
    assert list(grouped.equisweep.sensitivity(names=["y"])["parameter"].values) == ["a", "kind", "b"]
    best = run_of(folder, "best.zarr", DESIGN, 300, outputs=[], reduce={"over": "sample", "y": ["argmax"]})
    y, lost = expected(cube)
    at = np.argmax(np.where(lost, -np.inf, y))
    name = HOW[int(best["y_argmax_how"].values.item())]
    assert name == str(cube["how"].values[at]) == "none"
    assert best["y_argmax_how"].attrs["flag_meanings"] == " ".join(HOW)


def test_a_cube_knows_its_choices_grows_and_is_checked(folder, cube):
    read = Design.from_identity(space_of(cube, model=str(folder / "choices.py:small")).identity())
    assert read.distributions["how"].options == HOW
    np.testing.assert_array_equal(read.values()["how"], texts(cube["how"]))
    small = run_of(folder, "grown.zarr", DESIGN | {"samples": 128})
    grown = run_of(folder, "grown.zarr", DESIGN)
    assert small.sizes["sample"] * 2 == grown.sizes["sample"]
    for name in ("y", "how", "sign"):
        np.testing.assert_array_equal(grown[name].values, cube[name].values)


def test_a_large_design_has_choices_as_classes(folder, monkeypatch):
    """Where samples are written tile by tile, their options are numbers with names."""
    values = Design.values
    monkeypatch.setattr(Design, "values", lambda self, ends=None, most=0: values(self, ends, 0))
    large = run_of(folder, "large.zarr", DESIGN, 300)
    monkeypatch.undo()
    y, _ = expected(large.assign_coords(
        {name: ("sample", np.array(options)[large[name].values])
         for name, options in (("how", HOW), ("sign", SIGN))}
    ))  # fmt: skip
    np.testing.assert_allclose(large["y"].values, np.where(large["status"] == 1, y, np.nan), rtol=1e-15)
    assert large["how"].attrs["flag_meanings"] == "product sum none"
    here = where(large, 'sign == "minus" and how in ("sum", "none")')["y"].notnull()
    assert 0 < here.sum() < large["y"].notnull().sum()
    assert not here.values[large["sign"].values == 0].any()
    assert read_inputs(large, 'how == "none"', ()).labels["sign"] == ["minus", "plus"]
    assert large.equisweep.sensitivity(names=["y"])["y_ST"].sel(parameter="sign") > 0.5


def test_points_of_a_file_may_name_options(folder):
    rows = [f"{i / 40},{h},{1 - i / 40},{s}" for i, (h, s) in zip(range(36), itertools.cycle(
        itertools.product(HOW, SIGN)), strict=False)]  # fmt: skip
    (folder / "points.csv").write_text("\n".join(["a,kind,b,sign", *rows]))
    parameters = {
        "a": {"column": "a"},
        "how": {"column": "kind"},
        "b": {"column": "b"},
        "sign": {"column": "sign"},
    }
    given = {"samples": "points.csv", "parameters": parameters}
    cube = run_of(folder, "given.zarr", given)
    y, lost = expected(cube)
    np.testing.assert_allclose(cube["y"].values[~lost], y[~lost], rtol=1e-15)
    assert cube.equisweep.sensitivity("pawn", ["y"])["y_pawn"].sel(parameter="sign") > 0.3
    (folder / "points.csv").write_text("a,kind,b,sign\n0.1,sumn,0.2,plus\n0.2,sum,0.1,plus\n")
    with pytest.raises(SweepError, match="line 2: 'sumn' is no option; did you mean 'sum'"):
        sweep(folder, given).space()


@costs_seconds
def test_orbits_take_choices(tmp_path):
    """Through XLA and machine code a step, in tiles that hold several options."""
    design = {
        "kind": "lhs", "samples": 40, "seed": 1,
        "parameters": {"K": {"uniform": [1, 4]}, "cost": {"choice": ["low", "high"]}},
    }  # fmt: skip
    (tmp_path / "orbit.py").write_text(ORBIT)
    given = {"model": "orbit.py:decay", "folder": tmp_path, "outputs": ["x_final"]}
    cube = run(Sweep(design=design, **given), tmp_path / "o.zarr", durable=False).load()
    rate = np.where(texts(cube["cost"]) == "low", 1.0, 2.0)
    np.testing.assert_allclose(cube["x_final"].values, cube["K"].values * np.exp(-rate), rtol=1e-6)


ORBIT = """
import jax.numpy as jnp
from equisweep.kernels.declare import flow_model
from equisweep.kernels.flow import Observable
from equisweep.kernels.model import Choice, Domain, Parameter

@flow_model(
    parameters=[Parameter("K", "K", "1", 1.0, Domain(0), "start"),
                Parameter("horizon", "T", "1", 1.0, Domain(0), "end")],
    choices=[Choice("cost", ("low", "high"), "low", "how fast it goes")],
    start=lambda p, cost: jnp.stack([p["K"]]),
    observables=[Observable("x", "x", "1", "what is left")],
)
def decay(t, state, p, cost):
    "What decays."
    return -{"low": 1.0, "high": 2.0}[cost] * state
"""


BAD = {
    "one option": ({"how": {"choice": ["sum"]}}, "parameters.how.choice: .*two or more options"),
    "twice": ({"how": {"choice": ["sum", "sum"]}}, "how.choice: 'sum' stands there twice"),
    "unknown": ({"how": {"choice": ["sum", "produkt"]}}, "'produkt' is no option; did you mean 'product'"),
    "weights": ({"how": {"choice": ["sum", "none"], "weights": [1]}}, "how.weights: 1 weights of 2 values"),
    "weight": ({"how": {"choice": ["sum", "none"], "weights": [1, 0]}}, "how.weights: 0 is not above 0"),
    "numbers": ({"how": {"uniform": [0, 1]}}, "how: .* should be options of a static choice"),
    "a choice of numbers": ({"a": {"choice": ["x", "y"]}}, "a: unknown distribution 'choice'"),
}


@pytest.mark.parametrize(("parameters", "message"), BAD.values(), ids=BAD)
def test_what_is_no_choice_is_refused(folder, parameters, message):
    with pytest.raises(SweepError, match=message):
        sweep(folder, DESIGN | {"parameters": PARAMETERS | parameters}).space()


@pytest.mark.parametrize(
    ("design", "message"),
    [
        ({"kind": "morris"}, "how.choice: a Morris effect is .* the total index of how screens it"),
        (
            {"kind": "lhs", "correlation": {"rank": [["a", "how", 0.5]]}},
            "how is a static choice, whose options",
        ),
        ({"drawn_as": "0.1.0"}, "knew neither groups, correlation nor drawn choices"),
        ({"parameters": {"how": PARAMETERS["how"]}}, "draws static choices alone"),
    ],
)
def test_designs_that_take_no_choices_say_so(folder, design, message):
    with pytest.raises(SweepError, match=message):
        sweep(folder, DESIGN | design).space()


def test_a_choice_stands_in_one_place_only(folder):
    for more in ({"axes": {"how": ["sum"]}}, {"fixed": {"how": "sum"}}):
        with pytest.raises(SweepError, match="how: also stands in"):
            sweep(folder, DESIGN, **more).space()
