"""Sobol' indices of samples that were not stored, beside those of the same samples stored."""

import json

import numpy as np
import pytest
from equisweep.engine.cores import use_cores
from equisweep.engine.errors import CubeError, SweepError, SweepInterrupted
from equisweep.engine.grid.by_matrix import ByMatrix
from equisweep.engine.reduce import loop
from equisweep.engine.reduce.measure import Block
from equisweep.engine.reduce.tree import Tree
from equisweep.engine.run import begin
from equisweep.sweeps import run
from equisweep.sweeps.commands.main import main
from equisweep.sweeps.reduced.blocks import Blocks
from equisweep.sweeps.reduced.reduced import resolved
from equisweep.sweeps.sensitivity.sobol import movable_moments, moved, sobol_indices
from equisweep.sweeps.spec.design import Design
from helpers.cube_files import contents
from helpers.ended_early import stop_after
from helpers.products import some
from helpers.sampled_models import ishigami_sweep

AXES = {"a": [5.0, 7.0]}
DESIGN = {"kind": "sobol", "samples": 512, "second_order": True, "seed": 3}
OUTPUTS = ["y", "terms", "constant"]
FIXED = {"edge": 2.9}  # beyond which there is no answer


def run_of(folder, name, tile_points=None, design=DESIGN, outputs=OUTPUTS, **more):
    sweep = ishigami_sweep(folder, design, axes=AXES, fixed=FIXED, outputs=outputs, **more)
    return run(sweep, folder / name, durable=False, tile_points=tile_points).load()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("indices")


@pytest.fixture(scope="module")
def stored(folder):
    return run_of(folder, "stored.zarr", outputs=[*OUTPUTS, "side"])


@pytest.fixture(scope="module")
def streamed(folder):
    design = DESIGN | {"store": False}
    return run_of(folder, "streamed.zarr", 100, design, outputs=[*OUTPUTS, "side"])


def require_same(indices, expected, atol=1e-12):
    assert set(expected.data_vars) <= set(indices.data_vars)
    for name, array in expected.items():
        np.testing.assert_allclose(
            indices[name].transpose(*array.dims), array, rtol=1e-12, atol=atol, err_msg=str(name)
        )


def test_indices_and_intervals_are_those_of_the_stored_cube(stored, streamed):
    expected, indices = (cube.equisweep.sensitivity() for cube in (stored, streamed))
    assert expected["y_left_out"].min() > 0
    require_same(indices, expected)
    for key in ("method", "design", "rows", "withheld", "does_not_vary", "status_counts", "keep"):
        assert indices.attrs[key] == expected.attrs[key], key
    assert indices.attrs["does_not_vary"] == {"constant": "does not vary in 2 of 2 places"}


def test_the_indicator_of_a_class_is_an_output(stored, streamed):
    y = (stored["side"] == 1).astype(float).values.reshape(2, 512, 8).transpose(1, 2, 0)
    usable = (stored["status"] == 1).values.reshape(2, 512, 8).transpose(1, 2, 0)
    from equisweep.sweeps.sensitivity.bootstrap import Resampler

    expected = sobol_indices(y, usable, 3, True, Resampler(512, 100, 0, 0.95))
    indices = streamed.equisweep.sensitivity(names=["side_is_high"])
    for kind in ("S1", "ST", "ST_low", "S2", "mean"):
        np.testing.assert_allclose(indices[f"side_is_high_{kind}"], expected[kind], atol=1e-12)
    assert indices["side_is_high_ST"].sel(parameter="x2").max() == 0


@pytest.mark.parametrize("kind", some(["morris", "lhs"], ["lhs"]))
def test_effects_and_rank_correlations_are_those_of_the_stored_cube(folder, kind):
    """As of single blocks, and of more trajectories than blocks but for the intervals."""
    outputs = [*OUTPUTS, "side"]
    for samples in (512, 2048) if kind == "morris" else (2048,):
        design = {"kind": kind, "samples": samples, "seed": 3}
        expected = run_of(folder, f"{kind}_{samples}.zarr", None, design, outputs).equisweep.sensitivity()
        indices = run_of(
            folder, f"{kind}_{samples}_streamed.zarr", 1000, design | {"store": False}, outputs
        ).equisweep.sensitivity()
        same = [name for name in expected if samples == 512 or not name.endswith(("_low", "_high"))]
        assert expected["y_left_out"].min() > 0
        assert any("side_is_high" in name for name in same)
        require_same(indices, expected if kind == "lhs" else expected[same], atol=1e-10)
        for key in ("method", "design", "rows", "withheld", "does_not_vary", "status_counts", "keep"):
            assert indices.attrs[key] == expected.attrs[key], key


def test_more_values_than_are_ranked_at_once_are_refused(folder):
    sweep = ishigami_sweep(folder, {"kind": "lhs", "samples": 2**25 + 2, "store": False}, outputs=["y"])
    with pytest.raises(SweepError, match="ranks all 33,554,434 values of a cell at once"):
        resolved(sweep)


def test_more_samples_than_blocks_leave_the_estimates_and_intervals_alike(folder):
    design = {"kind": "sobol", "samples": 2**13, "seed": 5}
    expected = run_of(folder, "more.zarr", None, design, ["y"]).equisweep.sensitivity()
    indices = run_of(
        folder, "more_streamed.zarr", 4000, design | {"store": False}, ["y"]
    ).equisweep.sensitivity()
    require_same(indices, expected[["y_S1", "y_ST", "y_mean", "y_std"]])
    for kind in ("S1", "ST"):
        width, usual = (one[f"y_{kind}_high"] - one[f"y_{kind}"] for one in (indices, expected))
        np.testing.assert_allclose(width, usual, rtol=0.5)  # of 100 resamples each


def test_moments_move_as_values_do():
    rng = np.random.default_rng(0)
    for second in (False, True):
        y, rows = rng.normal(size=(5 + 3 * second, 2, 5, 10)), rng.random((2, 5, 10)) < 0.8
        by = np.array([0.3, -2.0])
        about = (y, y - by[:, None, None])
        one, two = (
            np.stack(list(movable_moments(np.where(rows, v, 0), rows.astype(float), second))).sum(axis=(2, 3))
            for v in about
        )
        np.testing.assert_allclose(moved(one.T, by, 3, second), two.T, rtol=1e-12, atol=1e-12)
        in_blocks = np.repeat(one.T[..., None], 4, axis=2)
        np.testing.assert_array_equal(moved(in_blocks, by, 3, second)[..., 3], moved(one.T, by, 3, second))


def test_blocks_hold_each_sample_once_however_they_come():
    for samples, seed in ((10, 0), (1024, 1), (5000, 2)):
        blocks = Blocks(samples, seed)
        table = np.eye(samples) if samples < 2000 else np.ones((1, samples))
        whole = blocks.added(table, 0)
        parts = [blocks.added(table[:, a : a + 700], a) for a in range(0, samples, 700)]
        np.testing.assert_array_equal(sum(parts), whole)
        assert (whole.sum(axis=-1) == (1 if samples < 2000 else samples)).all()
        if samples <= 1024:
            np.testing.assert_array_equal(whole, np.eye(samples))
    assert np.ptp(whole) <= 1


def test_of_few_samples_no_index_is_told_but_why(folder):
    for samples, why in ((4, "and an index takes 8"), (8, "")):
        design = {"kind": "sobol", "samples": samples, "seed": 3}
        stored = run_of(folder, f"few_{samples}.zarr", None, design, ["y"])
        streamed = run_of(folder, f"few_{samples}_streamed.zarr", None, design | {"store": False}, ["y"])
        expected, indices = (cube.equisweep.sensitivity() for cube in (stored, streamed))
        require_same(indices, expected)
        assert indices.attrs["withheld"] == expected.attrs["withheld"]
        assert why in expected.attrs["withheld"].get("y", "")
        assert bool(streamed["y_S1"].isnull().all()) == bool(why)
        # As earlier versions have them: nothing says that samples were few.
        before = streamed.assign(y_note=streamed["y_note"] * 0, y_S1=streamed["y_S1"].fillna(2.4))
        assert before.equisweep.sensitivity()["y_S1"].isnull().all() == bool(why)


@pytest.mark.parametrize("kind", ["sobol", "morris"])
@pytest.mark.parametrize("power", [600, -600])
def test_squares_that_are_no_numbers_make_the_same_indices(folder, kind, power):
    """As tile by tile: of some tiles the values are zero, or of an ordinary size."""
    design = {"kind": kind, "samples": 256, "seed": 3, "store": False}
    sweep = ishigami_sweep(folder, design, outputs=["y"])
    space, _ = resolved(sweep).grid()
    measure = next(one for one in resolved(sweep).reduction.measures if hasattr(one, "shares"))
    each, dims = measure.design.points_per_sample, measure.dims
    rng = np.random.default_rng(0)
    values = rng.normal(1.0, 1.0, 256 * each)
    columns = {name: rng.random(256 * each) for name in measure.design.distributions}
    if kind == "morris":
        columns = {name: axis[: 256 * each] for name, axis in space.axes[-1].values.items()}
    sizes = [2.0**power, 2.0**power, 1.0 if power > 0 else 0.0, 2.0**power]

    def finished(scale):
        states = []
        for k in range(4):
            part = slice(64 * each * k, 64 * each * (k + 1))
            y = (values[part] * sizes[k] * scale)[None]
            block = Block(
                1, y.shape[1], np.ones(y.shape, np.uint8), {"y": y},
                {n: c[part] for n, c in columns.items()}, part.start, lambda at: at,
            )  # fmt: skip
            states.append(measure.part(block))
        tree = Tree([measure])
        for state in states:
            tree.add([state])
        return measure.finish(tree.result()[0])

    actual, expected = finished(1.0), finished(2.0**-power)
    assert dims == 3
    for name, array in expected.items():
        in_units = any(f"_{one}" in name for one in ("mean", "std", "mu", "sigma"))
        if "error" not in name:
            array = np.ldexp(array, power) if in_units else array
            np.testing.assert_allclose(actual[name], array, rtol=1e-9, err_msg=name)
            assert name.endswith(("note", "left_out")) or np.isfinite(array).all()


def test_a_stopped_run_ends_in_the_same_bytes(folder, streamed, monkeypatch):
    design = DESIGN | {"store": False}
    stop_after(monkeypatch, 37)
    with pytest.raises(SweepInterrupted):
        run_of(folder, "stopped.zarr", 100, design, [*OUTPUTS, "side"])
    monkeypatch.undo()
    run_of(folder, "stopped.zarr", 100, design, [*OUTPUTS, "side"])
    assert contents(folder / "stopped.zarr") == contents(folder / "streamed.zarr")


def test_indices_begun_in_another_order_of_summation_are_not_gone_on_with(folder, monkeypatch):
    """Cells of one cube would have been added up in two orders."""
    design = DESIGN | {"samples": 256, "store": False}
    with monkeypatch.context() as patch:
        for module in (begin, loop):
            patch.setattr(module, "ORDER", "samples as they come")  # as an earlier version has it
        stop_after(patch, 2)
        with pytest.raises(SweepInterrupted):
            run_of(folder, "begun.zarr", 500, design)
    with pytest.raises(CubeError, match="adds up in another order"):
        run_of(folder, "begun.zarr", 500, design)


def test_matrix_by_matrix_numbers_are_those_of_points_as_they_come(folder, monkeypatch):
    """With points left out, on any number of threads, stopped or not."""
    design, tile = DESIGN | {"samples": 4096, "store": False}, 1024 * 8
    as_they_come = run_of(folder, "held.zarr", tile, design)
    monkeypatch.setattr(Design.values, "__defaults__", (None, 0))  # drawn where they are needed
    computed, fill = [], ByMatrix.fill
    monkeypatch.setattr(ByMatrix, "fill", lambda *given: computed.append(fill(*given)))
    whole = run_of(folder, "by_matrix.zarr", tile, design)
    assert len(computed) == 2 * 4
    assert as_they_come["y_left_out"].min() > 0
    for name, values in as_they_come.items():
        np.testing.assert_array_equal(whole[name], values, err_msg=str(name))
    for threads in (1, 3):
        use_cores(threads)
        try:
            with monkeypatch.context() as patch:
                stop_after(patch, 2 + threads)
                with pytest.raises(SweepInterrupted):
                    run_of(folder, f"by_matrix_{threads}.zarr", tile, design)
            run_of(folder, f"by_matrix_{threads}.zarr", tile, design)
        finally:
            use_cores(0)
        assert contents(folder / f"by_matrix_{threads}.zarr") == contents(folder / "by_matrix.zarr")


def test_what_was_settled_is_said(folder, streamed, capsys):
    with pytest.raises(SweepError, match="resamples=300: was settled when the samples were computed, at 100"):
        streamed.equisweep.sensitivity(resamples=300)
    with pytest.raises(
        SweepError, match="method='prcc': reads samples, and this cube keeps indices of sobol"
    ):
        streamed.equisweep.sensitivity("prcc")
    with pytest.raises(SweepError, match="no such output; did you mean 'y'"):
        streamed.equisweep.sensitivity(names=["Y"])
    assert (
        main(["sensitivity", str(folder / "streamed.zarr"), "--sel", "a=7", "--var", "y", "--format", "json"])
        == 0
    )
    rows = json.loads(capsys.readouterr().out)
    assert {row["parameter"] for row in rows} == {"x1", "x2", "x3"}
    with pytest.raises(CubeError, match="holds another sweep"):
        run_of(folder, "streamed.zarr", None, DESIGN | {"store": False, "samples": 1024}, [*OUTPUTS, "side"])


@pytest.mark.parametrize(
    ("design", "changes", "message"),
    [
        ({"store": "no"}, {}, "design.store: 'no' should be true or false"),
        ({"resamples": 50}, {}, "design.resamples: is of indices .* add store = false"),
        ({"store": False, "resamples": 1}, {}, "design.resamples: "),
        ({"store": False, "confidence": 95}, {}, "design.confidence: 95 should lie between 0 and 1"),
        (
            {"kind": "morris", "store": False},
            {"derivatives": {"y": ["x1"]}},
            "false keeps Morris effects, which need no .derivatives.",
        ),
        ({"store": False}, {"derivatives": {"y": ["x1"]}}, "no .derivatives.; leave them out"),
        ({"store": False}, {"reduce": {"over": "sample", "y": ["mean"]}}, "keep one of the two"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_computed(folder, design, changes, message):
    given = {"kind": "sobol", "samples": 16} | design
    with pytest.raises(SweepError, match=f"^sweep: .*{message}"):
        resolved(ishigami_sweep(folder, given, **changes))


def test_statistics_over_samples_are_kept_too(folder, stored):
    cube = run_of(
        folder, "statistics.zarr", 100, outputs=[], reduce={"over": "sample", "y": ["mean", "argmax"]}
    )
    for a in range(2):
        kept = (stored["status"] == 1).values[a]
        y, x = np.where(kept, stored["y"].values[a], -np.inf), stored["x2"].values
        np.testing.assert_allclose(cube["y_mean"].values[a], y[kept].mean(), rtol=1e-12)
        assert cube["y_argmax_x2"].values[a] == x[y.argmax()]
    with pytest.raises(SweepError, match="keeps statistics and no samples"):
        cube.equisweep.sensitivity("sobol")
