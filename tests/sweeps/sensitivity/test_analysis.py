"""Sensitivities against SALib and closed forms, through sampled cubes; what is left out is counted."""

import csv
import io
import json

import numpy as np
import pytest
import xarray as xr
from equisweep.sweeps import Sweep, SweepError, open_cube, run
from equisweep.sweeps.commands.main import main
from equisweep.sweeps.sensitivity.analysis import sensitivity
from equisweep.sweeps.sensitivity.text import sensitivity_text
from helpers.products import covering
from helpers.sampled_models import PI, UNIFORM, WEIGHTS, g_indices, g_sweep, ishigami_indices, ishigami_sweep
from helpers.small_sweeps import small_sweep
from SALib.analyze import morris as salib_morris
from SALib.analyze import sobol as salib_sobol
from SALib.test_functions import Ishigami, Sobol_G
from scipy import stats

PROBLEM = {"num_vars": 3, "names": list(UNIFORM), "bounds": [[-PI, PI]] * 3}
A = [5.0, 7.0]
SLOPES = {"y": ["x1", "x2", "x3"], "terms": ["x1", "x2", "x3"]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Cubes of Ishigami's function over a = 5, 7: Sobol' with derivatives, Morris, Latin hypercube."""
    folder = tmp_path_factory.mktemp("sensitivity")
    kinds = {
        "sobol": ({"samples": 1024, "second_order": True}, {"derivatives": SLOPES}),
        "morris": ({"samples": 50}, {}),
        "lhs": ({"samples": 300}, {}),
    }
    for kind, (design, changes) in kinds.items():
        sweep = ishigami_sweep(folder, {"kind": kind, "seed": 9} | design, axes={"a": A}, **changes)
        run(sweep, folder / f"{kind}.zarr")
    return folder


@pytest.fixture(scope="module")
def cube(folder):
    return open_cube(folder / "sobol.zarr").load()


@pytest.fixture(scope="module")
def indices(cube):
    return cube.equisweep.sensitivity(resamples=1000)


def inputs(cube: xr.Dataset) -> np.ndarray:
    return np.stack([cube[name].values for name in UNIFORM], axis=1)


def test_the_models_are_salibs_own_functions(cube, tmp_path):
    for a in A:
        expected = Ishigami.evaluate(inputs(cube), a, 0.1)
        np.testing.assert_allclose(cube["y"].sel(a=a), expected, rtol=1e-12, atol=1e-12)
    grown = run(g_sweep(tmp_path, {"kind": "sobol", "samples": 4}), tmp_path / "g.zarr").load()
    x = np.stack([grown[f"x.{i}"].values for i in (1, 2, 3, 4)], axis=1)
    np.testing.assert_allclose(grown["g"], Sobol_G.evaluate(x, WEIGHTS), rtol=1e-12)


CELLS = [("y", {"a": 5.0}), ("y", {"a": 7.0}),
         ("terms", {"a": 5.0, "multiple": "one"}), ("terms", {"a": 7.0, "multiple": "two"})]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "cell"), covering(CELLS, lambda name, cell: (name == "y") == (cell["a"] == 5.0), columns=1)
)
def test_sobol_indices_are_salibs_at_every_cell(cube, indices, name, cell):
    output, result = cube[name].sel(cell), indices.sel(cell)
    reference = salib_sobol.analyze(PROBLEM, output.values, num_resamples=1000, seed=5)
    # Terms of 1000 + something cancel: 1000² eps over a variance of about 1, and its square root.
    close = {"rtol": 1e-8, "atol": 1e-8}
    upper = np.triu_indices(3, 1)
    np.testing.assert_allclose(result[f"{name}_S1"], reference["S1"], **close)
    np.testing.assert_allclose(result[f"{name}_ST"], reference["ST"], **close)
    np.testing.assert_allclose(result[f"{name}_S2"].values[upper], reference["S2"][upper], **close)
    np.testing.assert_array_equal(result[f"{name}_S2"], result[f"{name}_S2"].values.T)
    # Two bootstraps of 1000: a standard deviation is known to about 1/sqrt(2000), each.
    for kind, conf in (("S1", reference["S1_conf"]), ("ST", reference["ST_conf"])):
        half = (result[f"{name}_{kind}_high"] - result[f"{name}_{kind}_low"]) / 2
        np.testing.assert_allclose(half, conf, rtol=0.2, atol=1e-9)
    half = (result[f"{name}_S2_high"] - result[f"{name}_S2_low"]).values[upper] / 2
    np.testing.assert_allclose(half, reference["S2_conf"][upper], rtol=0.2, atol=1e-9)


@pytest.mark.parametrize("a", A)
def test_sobol_indices_of_ishigami_are_known(indices, a):
    known, result = ishigami_indices(a), indices.sel(a=a)
    for kind in ("S1", "ST", "S2"):
        half = (result[f"y_{kind}_high"] - result[f"y_{kind}_low"]).values / 2
        off = np.abs(result[f"y_{kind}"].values - known[kind])
        assert (off <= half)[~np.isnan(off)].all()
        assert np.nanmax(half) < {"S1": 0.15, "ST": 0.15, "S2": 0.2}[kind]
    assert result["y_std"] ** 2 == pytest.approx(known["variance"], rel=0.02)
    assert result["y_mean"] == pytest.approx(a / 2, rel=0.02)
    assert result["y_left_out"] == 0


def test_sobol_indices_of_the_g_function_are_known(tmp_path):
    sweep = g_sweep(tmp_path, {"kind": "sobol", "samples": 2048})
    measures = sensitivity(run(sweep, tmp_path / "g.zarr"))
    assert measures["parameter"].values.tolist() == ["x.1", "x.2", "x.3", "x.4"]
    assert "g_S2" not in measures
    for kind in ("S1", "ST"):
        np.testing.assert_allclose(measures[f"g_{kind}"], g_indices()[kind], atol=0.02)


def test_a_part_of_the_samples_is_refused(cube):
    with pytest.raises(SweepError, match="dataset: holds 16 of the design's 8,192 points; give all"):
        sensitivity(cube.isel(sample=slice(16)), "sobol")


def test_what_does_not_vary_has_no_indices(indices):
    assert np.isnan(indices["constant_ST"]).all()
    assert (indices["constant_std"] < 1e-15).all()


def test_blocks_of_cells_change_nothing(folder, indices, monkeypatch):
    monkeypatch.setattr("equisweep.sweeps.sensitivity.analysis._MOST_NUMBERS", 1)
    monkeypatch.setattr("equisweep.sweeps.sensitivity.bootstrap._MOST_NUMBERS", 3000)
    measures = sensitivity(open_cube(folder / "sobol.zarr"), "sobol", ["terms"], resamples=4)
    np.testing.assert_allclose(measures["terms_S2"], indices["terms_S2"], rtol=1e-9, atol=1e-9)


def test_rows_with_a_point_of_another_status_are_left_out_and_counted(cube, indices):
    spoiled = cube.copy(deep=True)
    group = 8
    spoiled["status"][0, group * 5 + 3] = 9  # infeasible, at a = 5
    spoiled["y"][0, group * 5 + 3] = 1e6
    spoiled["y"][1, group * 7] = np.nan
    spoiled["y"][1, group * 7 + 1] = np.nan
    measures = sensitivity(spoiled, "sobol", ["y", "terms"])
    np.testing.assert_array_equal(measures["y_left_out"], [1, 1])
    np.testing.assert_array_equal(measures["terms_left_out"], [[1, 1], [0, 0]])
    kept = np.delete(cube["y"].values[0].reshape(-1, group), 5, axis=0).ravel()
    reference = salib_sobol.analyze(PROBLEM, kept, num_resamples=2)
    np.testing.assert_allclose(measures["y_S1"].sel(a=5), reference["S1"], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(measures["y_ST"].sel(a=5), reference["ST"], rtol=1e-9, atol=1e-12)
    assert measures.attrs["status_counts"] == {"ok": 2 * 8192 - 1, "infeasible": 1}
    footer = sensitivity_text(measures, "table").splitlines()[-3:]
    assert footer == [
        "points: 16,383 ok, 1 infeasible (left out)",
        "left out of y: 1 of 1,024 samples, where it is most",
        "left out of terms: 1 of 1,024 samples, where it is most",
    ]
    loose = sensitivity(spoiled, "sobol", ["y"], keep=["ok", "infeasible"])
    np.testing.assert_array_equal(loose["y_left_out"], [0, 1])


def test_morris_measures_are_salibs(folder):
    cube = open_cube(folder / "morris.zarr").load()
    measures = sensitivity(cube, resamples=1000)
    for a in A:
        reference = salib_morris.analyze(
            PROBLEM, inputs(cube), cube["y"].sel(a=a).values, num_resamples=1000, seed=3
        )
        for kind in ("mu", "mu_star", "sigma"):
            np.testing.assert_allclose(measures[f"y_{kind}"].sel(a=a), reference[kind], rtol=1e-9, atol=1e-9)
        half = (measures["y_mu_star_high"] - measures["y_mu_star_low"]).sel(a=a) / 2
        np.testing.assert_allclose(half, reference["mu_star_conf"].astype(float), rtol=0.2, atol=1e-9)
    assert measures["y_mu"].attrs["units"] == "1"
    cube["status"][0, 4 * 3 + 1] = 9
    fewer = sensitivity(cube, names=["y"])
    np.testing.assert_array_equal(fewer["y_left_out"], [1, 0])
    keep = np.r_[0:12, 16:200]
    reference = salib_morris.analyze(PROBLEM, inputs(cube)[keep], cube["y"].values[0][keep], num_resamples=2)
    np.testing.assert_allclose(fewer["y_sigma"].sel(a=5), reference["sigma"], rtol=1e-9)


def test_prcc_is_the_correlation_of_what_other_ranks_do_not_explain(folder):
    cube = open_cube(folder / "lhs.zarr").load()
    cube["status"][1, :20] = 9
    measures = sensitivity(cube)
    np.testing.assert_array_equal(measures["y_left_out"], [0, 20])
    for a, rows in ((5.0, slice(None)), (7.0, slice(20, None))):
        x, y = stats.rankdata(inputs(cube)[rows], axis=0), stats.rankdata(cube["y"].sel(a=a)[rows])
        for i, name in enumerate(UNIFORM):
            others = np.column_stack([np.ones(len(y)), np.delete(x, i, axis=1)])
            rest = [v - others @ np.linalg.lstsq(others, v)[0] for v in (x[:, i], y)]
            r = stats.pearsonr(*rest).statistic
            here = measures.sel(a=a, parameter=name)
            assert here["y_prcc"] == pytest.approx(r, rel=1e-9)
            # One degree of freedom less for each other parameter than a plain correlation has.
            t = r * np.sqrt((len(y) - 4) / (1 - r**2))
            assert here["y_p_value"] == pytest.approx(2 * stats.t.sf(abs(t), len(y) - 4), rel=1e-6)
            plain = stats.pearsonr(*(v[: len(v) - 2] for v in rest)).confidence_interval(0.95)
            width = float(here["y_prcc_high"] - here["y_prcc_low"])
            assert width == pytest.approx(plain.high - plain.low, rel=0.05)
    assert (measures["y_p_value"].sel(parameter="x1") < 1e-6).all()
    assert (measures["y_p_value"].sel(parameter="x3") > 0.01).all()
    assert np.isnan(measures["constant_prcc"]).all()


def test_derivative_measures_of_ishigami_are_known(cube):
    measures = sensitivity(cube, "dgsm")
    for a in A:
        known, here = ishigami_indices(a), measures.sel(a=a)
        np.testing.assert_allclose(here["y_nu"], known["nu"], rtol=0.03)
        half = (here["y_nu_high"] - here["y_nu_low"]) / 2
        assert (np.abs(here["y_nu"] - known["nu"]) < half).all()
        np.testing.assert_allclose(here["y_mean_slope"], 0, atol=0.3)
        # The Poincaré bound: (2 pi)² / pi² nu / V, never below the total index.
        bound = 4 * known["nu"] / known["variance"]
        np.testing.assert_allclose(here["y_total_bound"], bound, rtol=0.05)
        assert (here["y_total_bound"] > known["ST"]).all()
    assert "constant_nu" not in measures


def test_bounds_hold_for_other_distributions(tmp_path):
    laws = {"x1": {"normal": [0, 1]}, "x2": {"loguniform": [0.1, 3]}, "x3": {"triangular": [-2, 0, 1]}}
    design = {"kind": "sobol", "samples": 512, "parameters": laws}
    sweep = ishigami_sweep(tmp_path, design, outputs=["y"], derivatives={"y": list(laws)})
    cube = run(sweep, tmp_path / "cube.zarr").load()
    bound, total = sensitivity(cube, "dgsm"), sensitivity(cube, "sobol")
    assert (bound["y_total_bound"] > total["y_ST"]).all()
    assert (bound["y_total_bound"] < 15).all()
    rows = np.arange(512 * 5) % 5
    base = cube.isel(sample=(rows == 0) | (rows == 4))
    scaled = (base["x2"] * base["d_y_d_x2"]) ** 2  # the derivative in ln x2
    expected = (np.log(30) / PI) ** 2 * scaled.mean() / base["y"].var()
    assert bound["y_total_bound"].sel(parameter="x2") == pytest.approx(float(expected), rel=1e-9)


def test_elasticities_of_any_cube_in_axes_and_in_what_is_fixed(tmp_path):
    axes = {"mechanism": ["sharing"], "alpha": [0.1, 0.5], "beta": [0.01, 0.2, 0.3]}
    sweep = small_sweep(axes=axes, derivatives={"investment": ["beta", "L"]})
    cube = run(sweep, tmp_path / "cube.zarr").load()
    measures = sensitivity(cube, "elasticity", selections=["mechanism=sharing"])
    assert measures["investment_elasticity"].dims == ("parameter", "alpha", "beta")
    part = cube.sel(mechanism="sharing")
    e, invests = part["investment"], part["investment"] > 0
    assert 0 < invests.sum() < invests.size
    for name, x in (("beta", part["beta"]), ("L", 400)):
        expected = (part[f"d_investment_d_{name}"] * x / e).where(invests)
        np.testing.assert_allclose(
            measures["investment_elasticity"].sel(parameter=name), expected, rtol=1e-14
        )
    np.testing.assert_array_equal(measures["investment_left_out"], [(~invests).sum()] * 2)
    assert "expected_loss_elasticity" not in measures


def test_elasticity_in_a_component_that_is_fixed(tmp_path):
    sweep = Sweep("internal", {"M": [50.0, 100.0]}, outputs=["share"], derivatives={"share": ["v.data"]})
    cube = run(sweep, tmp_path / "cube.zarr").load()
    value = sweep.space().fixed["v"][0]
    result = sensitivity(cube, "elasticity")["share_elasticity"].sel(parameter="v.data")
    np.testing.assert_allclose(result, cube["d_share_d_v_data"] * value / cube["share"])


WRONG = {
    "no design": ("grid", ["--method", "sobol"], "--method sobol: needs a sampled design of kind sobol"),
    "no method": ("grid", [], "--method: is missing; this cube has no design"),
    "another kind": ("lhs", ["--method", "sobol"], "this cube has a design of kind lhs; put a [design]"),
    "morris for prcc": ("morris", ["--method", "prcc"], "needs a sampled design of kind lhs or sobol"),
    "no derivatives": (
        "lhs", ["--method", "dgsm", "--var", "y"],
        'put y = ["x1", "x2", "x3"] under [derivatives] into its sweep file',
    ),
    "no elasticity": ("lhs", ["--method", "elasticity"], "no derivative of y in any parameter"),
    "variable": ("lhs", ["--var", "z"], "--var z: no such variable"),
    "sampled": ("lhs", ["--sel", "x1=0.5"], "--sel x1=0.5: x1 is sampled, and all samples are needed"),
    "status": ("lhs", ["--keep", "okay"], "--keep okay: no such status; did you mean 'ok'?"),
    "confidence": ("lhs", ["--confidence", "95"], "--confidence 95, --resamples 100: between 0 and 1"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "options", "message"), WRONG.values(), ids=WRONG)
def test_a_wrong_question_is_answered_in_one_line(folder, name, options, message, capsys):
    if name == "grid" and not (folder / "grid.zarr").exists():
        run(small_sweep(axes={"alpha": [0.1, 0.2]}, derivatives={}), folder / "grid.zarr")
    assert main(["sensitivity", str(folder / f"{name}.zarr"), *options]) == 2
    output = capsys.readouterr().err
    assert message in output
    assert len(output.splitlines()) == 1


def test_the_command_prints_tables_csv_and_json(folder, indices, capsys, tmp_path):
    cube = str(folder / "sobol.zarr")
    assert main(["sensitivity", cube, "--var", "y", "--var", "terms", "--sel", "a=7"]) == 0
    printed = capsys.readouterr().out
    assert "design: sobol, 1,024 base samples of 8 points, over x1, x2, x3" in printed
    assert "points: 8,192 ok" in printed
    assert main(["sensitivity", cube, "--var", "y", "--format", "csv", "-o", str(tmp_path / "s.csv")]) == 0
    rows = list(csv.DictReader(io.StringIO((tmp_path / "s.csv").read_text())))
    assert len(rows) == 2 * 3 + 2 * 3
    third = rows[2]
    assert (third["output"], third["a"], third["parameter"], third["left_out"]) == ("y", "5.0", "x3", "0")
    assert float(third["ST"]) == pytest.approx(float(indices["y_ST"].sel(a=5, parameter="x3")), rel=1e-12)
    assert (rows[-1]["parameter"], rows[-1]["parameter_2"], rows[-1]["ST"]) == ("x2", "x3", "")
    assert main(["sensitivity", cube, "--var", "constant", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["ST"] is None
    assert main(["sensitivity", cube, "--method", "elasticity", "--var", "y", "--format", "csv"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1 + 3 * 2 * 8192
