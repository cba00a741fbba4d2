"""Reduced sweeps beside plain NumPy on the whole cube."""

import numpy as np
import pytest
from equisweep.kernels.status import Status
from equisweep.sweeps import Sweep, run
from helpers.products import covering

KEEP = ["ok", "corner"]
GRID = {
    "mechanism": ["noncooperation", "sharing"],
    "alpha": {"start": 0.1, "stop": 0.9, "num": 7},
    "beta": {"start": 0.05, "stop": 0.95, "num": 21},
    "L": {"start": 5, "stop": 900, "num": 9},
}
ASKED = {
    "expected_loss": [
        "mean", "std", "min", "max", "sum", "count", "argmin", "argmax",
        "quantiles(0, 0.05, 0.5, 1)", "histogram(0, 60, 7)",
    ],
    "equilibrium_count": ["max", "mean"],
}  # fmt: skip
# What machine code folds as it computes points: all but quantiles.
FOLDED = ASKED | {"expected_loss": [one for one in ASKED["expected_loss"] if "quantiles" not in one]}
SLOPE = {"d_investment_d_alpha": ["mean"]}
DERIVATIVES = {"investment": ["alpha"]}


def values(cube, name, keep=KEEP):
    """An output's values in the order of the grid, and which of them count."""
    array = cube[name].values
    kept = np.isin(cube["status"].values, [int(Status[one]) for one in keep])
    return array, kept & ~np.isnan(array)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    sweep = Sweep("external", GRID, {"n": 3}, ["expected_loss", "equilibrium_count"], DERIVATIVES)
    return run(sweep, tmp_path_factory.mktemp("whole") / "cube.zarr", durable=False).load()


@pytest.fixture(scope="module")
def reduced(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reduced")

    def reduce(over, tile_points=None, asked=ASKED | SLOPE, **more):
        sweep = Sweep(
            "external",
            GRID,
            {"n": 3},
            derivatives=DERIVATIVES if "d_investment_d_alpha" in asked else {},
            reduce={"over": over, **more, **asked},
        )
        path = folder / f"{'-'.join(over)}{tile_points}{len(list(folder.iterdir()))}.zarr"
        return run(sweep, path, durable=False, tile_points=tile_points).load()

    return reduce


def cells(cube, name, over, keep=KEEP):
    """Where each cell lies, and the values that count in it, by NumPy alone."""
    array, kept = values(cube, name, keep)
    axes = [list(GRID).index(one) for one in GRID if one not in over]
    for place in np.ndindex(*(array.shape[axis] for axis in axes)):
        index = [slice(None)] * array.ndim
        for axis, one in zip(axes, place, strict=True):
            index[axis] = one
        yield place or (0,), array[tuple(index)], kept[tuple(index)]


def require_loss(whole, cube, over, keep=KEEP):
    """Every statistic of the loss."""
    names = [
        "mean",
        "std",
        "min",
        "max",
        "sum",
        "count",
        "left_out",
        "quantiles",
        "histogram",
        "below",
        "above",
    ]
    given = {n: cube[f"expected_loss_{n}"].values for n in names if f"expected_loss_{n}" in cube}
    gone = [name for name in GRID if name in over]
    for place, block, kept in cells(whole, "expected_loss", over, keep):
        here, of = block[kept], {name: array[place] for name, array in given.items()}
        assert (of["count"], of["left_out"]) == (here.size, block.size - here.size)
        if not here.size:
            numbers = {"mean", "std", "min", "max", "sum", "quantiles"} & of.keys()
            assert all(np.isnan(of[name]).all() for name in numbers)
            continue
        near = {"rtol": 1e-13, "atol": 1e-13}
        np.testing.assert_allclose(of["mean"], here.mean(), **near)
        np.testing.assert_allclose(of["sum"], here.sum(), **near)
        np.testing.assert_allclose(of["std"], here.std(), rtol=1e-12, atol=1e-12)
        assert (of["min"], of["max"]) == (here.min(), here.max())
        if "quantiles" in of:
            np.testing.assert_allclose(of["quantiles"], np.quantile(here, [0, 0.05, 0.5, 1]), **near)
        assert of["histogram"].tolist() == np.histogram(here, 7, (0, 60))[0].tolist()
        assert (of["below"], of["above"]) == ((here < 0).sum(), (here > 60).sum())
        for how, filler in (("argmin", np.inf), ("argmax", -np.inf)):
            first = np.unravel_index(getattr(np, how)(np.where(kept, block, filler)), block.shape)
            for name, at in zip(gone, first, strict=True):
                result = cube[f"expected_loss_{how}_{name}"].values[place]  # of names their number
                assert result == (at if name == "mechanism" else whole[name].values[at])


@pytest.mark.parametrize(
    ("over", "tile_points", "asked"),
    covering(
        [
            (["beta"], None, ASKED),
            (["beta", "mechanism"], 40, FOLDED),
            (["alpha", "L"], 13, ASKED),
            (["alpha", "L"], 1500, FOLDED),
            (["mechanism"], 97, FOLDED),
            (list(GRID), 150, FOLDED),
        ],
        lambda _over, tile_points, _asked: tile_points in (None, 150, 1500),
        columns=0,
    ),
)
def test_all_statistics_are_those_of_the_whole_cube(whole, reduced, over, tile_points, asked):
    slope = SLOPE if tile_points is None else {}
    cube = reduced(over, tile_points, asked | slope, keep=KEEP)
    require_loss(whole, cube, over)
    for place, block, kept in cells(whole, "equilibrium_count", over):
        assert cube["equilibrium_count_max"].values[place] == block[kept].max()
    for place, block, kept in cells(whole, "d_investment_d_alpha", over) if slope else ():
        np.testing.assert_allclose(cube["d_investment_d_alpha_mean"].values[place], block[kept].mean(), 1e-12)
    counts = cube["status_counts"].sum([d for d in cube["status_counts"].dims if d != "of_status"])
    for one in cube["of_status"].values.tolist():
        assert counts.sel(of_status=one) == (whole["status"] == Status[one]).sum()


def test_points_count_as_when_a_stored_cube_is_reduced(whole, reduced):
    cube = reduced(["beta"], None, ASKED)  # ok alone counts, and corners are left out
    require_loss(whole, cube, ["beta"], ["ok"])
    asked = whole.equisweep.reduce("mean", ["beta"], ["expected_loss"])
    np.testing.assert_allclose(cube["expected_loss_mean"], asked["expected_loss"], rtol=1e-13)
    np.testing.assert_array_equal(cube["expected_loss_left_out"], asked["left_out"])
    nothing = np.isnan(cube["expected_loss_mean"].values)
    assert nothing.any()
    assert not nothing.all()
    assert (cube["status"].values[nothing] == Status.corner).all()
    assert (cube["status"].values[~nothing] == Status.ok).all()


def test_how_the_grid_is_cut_changes_rounding_alone(reduced):
    one = reduced(["beta", "L"], 11, ASKED, keep=KEEP)
    two = reduced(["beta", "L"], 10_000, ASKED, keep=KEEP)
    for name in one:
        if one[name].dtype.kind == "f":
            np.testing.assert_allclose(one[name], two[name], rtol=1e-12, atol=1e-12, err_msg=str(name))
        else:
            np.testing.assert_array_equal(one[name], two[name], err_msg=str(name))
