"""No index rests on a part of the samples that the output itself chose; the first line says so."""

import numpy as np
import pytest
from equisweep.sweeps import Sweep, open_cube, run
from equisweep.sweeps.commands.main import main
from equisweep.sweeps.sensitivity.analysis import sensitivity
from equisweep.sweeps.sensitivity.text import sensitivity_text
from helpers.sampled_models import ishigami_sweep

MODEL = """
import jax.numpy as jnp
from equisweep.kernels.declare import model
from equisweep.kernels.model import Domain, Output, Parameter
from equisweep.kernels.status import Status

@model(
    title="a part of a product",
    parameters=[Parameter(n, n, "1", 0.5, Domain(0, 1), n) for n in ("a", "b", "least")],
    outputs=[Output("y", "y", "1", "product"), Output("z", "z", "1", "sum", may_be_nan=True)],
)
def part(p):
    y = p["a"] * p["b"] ** 2
    good = y >= p["least"]
    z = jnp.where(good, p["a"] + p["b"], jnp.nan)
    return {"y": y, "z": z, "status": jnp.where(good, Status.ok, Status.not_a_minimum)}
"""
LEAST = [0.0, 0.02, 0.4]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("withheld")
    (folder / "part.py").write_text(MODEL)
    parameters = {"a": {"uniform": [0, 1]}, "b": {"uniform": [0, 1]}}
    for kind in ("sobol", "lhs", "morris"):
        design = {"kind": kind, "samples": 512, "parameters": parameters}
        more = {"y": ["a", "b"]} if kind == "lhs" else {}
        sweep = Sweep("part.py:part", {"least": LEAST}, design=design, folder=folder, derivatives=more)
        run(sweep, folder / f"{kind}.zarr")
    return folder


@pytest.mark.parametrize(
    ("kind", "method", "main"),
    [
        ("sobol", "sobol", "S1"),
        ("sobol", "prcc", "prcc"),
        ("lhs", "prcc", "prcc"),
        ("lhs", "dgsm", "nu"),
        ("morris", "morris", "mu_star"),
    ],
)
def test_most_left_out_is_nothing_measured(folder, kind, method, main):
    names = ["y"] if method == "dgsm" else ["y", "z"]
    indices = sensitivity(open_cube(folder / f"{kind}.zarr"), method, names)
    for name in names:
        lost = indices[f"{name}_left_out"].values / indices.attrs["rows"]
        withheld = lost > 0.5
        assert (withheld[0], withheld[-1]) == (False, True)
        assert (indices[f"{name}_{main}"].isnull().all("parameter").values == withheld).all()
        assert "of 3 places" in indices.attrs["withheld"][name]
        assert f"{indices[f'{name}_left_out'].max().item():,} of " in indices.attrs["withheld"][name]
    first, *_ = sensitivity_text(indices, "table").splitlines()
    assert first.startswith("y: ")
    assert "samples were left out" in first


@pytest.mark.parametrize("power", [1000, -900])
@pytest.mark.parametrize(
    ("kind", "methods"),
    [
        ("sobol", ("sobol", "prcc")),
        ("lhs", ("pawn", "delta", "chatterjee", "hsic", "kucherenko", "shapley", "chaos")),
        ("morris", ("morris",)),
    ],
)
def test_outputs_without_squares_are_measured_like_others(folder, kind, methods, power):
    plain = open_cube(folder / f"{kind}.zarr").isel(least=[0]).load()
    far = plain.assign(y=plain["y"].copy(data=np.ldexp(plain["y"].values, power)))
    for method in methods:
        expected, actual = (sensitivity(one, method, ["y"], resamples=5) for one in (plain, far))
        for name in expected.data_vars:
            unit = power if any(word in str(name) for word in ("mean", "std", "mu", "sigma")) else 0
            np.testing.assert_array_equal(
                actual[name], np.ldexp(expected[name].astype(float), unit), str(name)
            )


def test_too_few_samples_are_a_reason_and_no_empty_table(folder):
    plain = open_cube(folder / "lhs.zarr").load()
    status = plain["status"].values.copy()
    status[..., 29:] = 0  # as if the rest were to be computed yet
    part = plain.assign(status=plain["status"].copy(data=status)).isel(least=[0])
    for method in ("pawn", "shapley", "chaos"):
        indices = sensitivity(part, method, ["y"])
        assert indices.attrs["withheld"]["y"] == "29 samples count, and an index takes 30"
    status[..., 4:] = 0
    part = plain.assign(status=plain["status"].copy(data=status)).isel(least=[0])
    indices = sensitivity(part, "prcc", ["y"])
    assert indices.attrs["withheld"]["y"] == "4 samples count, and an index takes 5"
    assert sensitivity_text(indices, "table").startswith("y: 4 samples count")


def test_failed_trajectories_are_left_out_without_a_warning(folder):
    plain = open_cube(folder / "morris.zarr").isel(least=0).load()
    values = plain["y"].values.copy()
    values[:6] = np.inf
    indices = sensitivity(plain.assign(y=plain["y"].copy(data=values)), "morris", ["y"])
    assert indices["y_left_out"] == 2
    assert np.isfinite(indices["y_mu_star"]).all()


def test_the_user_may_keep_what_was_left_out(folder):
    keep = ("ok", "not_a_minimum")
    indices = sensitivity(open_cube(folder / "sobol.zarr"), "sobol", ["y"], keep=keep)
    assert indices.attrs["withheld"] == {}
    assert indices["y_S1"].notnull().all()


def test_other_formats_say_so_beside_what_they_print(folder, capsys):
    cube = str(folder / "sobol.zarr")
    assert main(["sensitivity", cube, "--var", "y", "--sel", "least=0.4", "--format", "csv"]) == 0
    out, err = capsys.readouterr()
    assert "equisweep: note: y: " in err
    assert "samples were left out: the rest is a part" in err
    assert ",,,,,," in out.splitlines()[1]


def test_samples_that_are_not_computed_yet_are_no_choice_of_the_output(folder):
    cube = open_cube(folder / "sobol.zarr").load().isel(least=[0]).copy(deep=True)
    cube["status"][{"sample": slice(4 * 100, None)}] = 0
    indices = sensitivity(cube, "sobol", ["y"])
    assert indices.attrs["withheld"] == {}
    assert indices["y_left_out"].item() == 412
    assert np.isfinite(indices["y_S1"]).all()


def test_a_sobol_design_of_few_samples_has_no_index(tmp_path):
    sweep = ishigami_sweep(tmp_path, {"kind": "sobol", "samples": 4})
    indices = sensitivity(run(sweep, tmp_path / "cube.zarr", durable=False))
    assert indices.attrs["withheld"]["y"] == "4 samples count, and an index takes 8"
    assert np.isnan(indices["y_S1"]).all()
