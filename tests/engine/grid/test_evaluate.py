"""A tile computed at once equals its points computed one by one; compilations are counted."""

from collections import deque
from functools import partial
from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine import plan_space
from equisweep.engine.codegen.grid_loop import GridLoop
from equisweep.engine.device import pick_device
from equisweep.engine.grid.evaluate import Evaluator, computed_tiles
from equisweep.engine.grid.vmap import vmapped
from equisweep.engine.grid.windows import Started, cut
from equisweep.engine.point import point_function
from equisweep.kernels.games.external.model import external
from equisweep.sweeps import Sweep, SweepError, run
from helpers.codegen.jaxprs import arrays, equations
from helpers.small_sweeps import small_sweep, tiled_sweep


def evaluator(sweep: Sweep, tile_points: int | None = None) -> Evaluator:
    space, device = sweep.space(), pick_device("cpu")
    return Evaluator(space, plan_space(space, device, tile_points), device)


def compute(ev: Evaluator) -> dict[str, np.ndarray]:
    whole = {v.name: np.empty(ev.space.shape, v.dtype) for v in ev.space.variables}
    for tile in ev.layout:
        for name, values in ev.finish(tile, ev.start(tile)).items():
            whole[name][tile.region] = values
    return whole


def test_a_grid_equals_its_points_one_by_one():
    ev = evaluator(small_sweep())
    cube = compute(ev)
    for m, mechanism in enumerate(["noncooperation", "sharing"]):
        single = jax.jit(partial(external, mechanism=mechanism, n_max=4))
        for i, j, k in product(range(9), range(3), range(2)):
            p = {"alpha": (i + 1) / 10, "beta": [0.05, 0.2, 0.3][j], "n": 3.0 + k}
            p |= {"L": 400.0, "v": 0.5, "E": 0.1, "gamma": 0.5, "delta": 0.5}
            one = single({a: jnp.asarray(b) for a, b in p.items()})
            for name in ("investment", "expected_loss"):
                np.testing.assert_allclose(cube[name][m, i, j, k], one[name], rtol=1e-13)
            assert cube["status"][m, i, j, k] == one["status"]


def test_derivatives_agree_with_central_differences():
    cube = compute(evaluator(small_sweep()))
    for target, step in (("alpha", 1e-6), ("beta", 1e-7)):
        moved = []
        for sign in (-1, 1):
            axes = dict(small_sweep().axes)
            base = np.arange(1, 10) / 10 if target == "alpha" else np.array([0.05, 0.2, 0.3])
            axes[target] = (base + sign * step).tolist()
            moved.append(compute(evaluator(small_sweep(axes=axes)))["investment"])
        np.testing.assert_allclose(
            cube[f"d_investment_d_{target}"], (moved[1] - moved[0]) / (2 * step), rtol=1e-6, atol=1e-6
        )


def test_one_compilation_per_mechanism_however_many_tiles():
    ev = evaluator(small_sweep(), tile_points=6)
    assert len(ev.layout) > 10
    compute(ev)
    assert ev.compilations == 2


def test_tiles_of_any_size_give_the_same_numbers():
    sweep = tiled_sweep()
    whole, tiled = compute(evaluator(sweep)), compute(evaluator(sweep, tile_points=1000))
    for name in whole:
        np.testing.assert_array_equal(whole[name], tiled[name])


def test_what_does_not_depend_on_an_axis_is_not_recomputed_along_it():
    # The root at an interior equilibrium does not depend on beta: its loop has no beta axis.
    sweep = Sweep(
        "external", axes={"alpha": [0.1, 0.2, 0.3], "beta": [0.1, 0.2, 0.3, 0.4, 0.5]}, outputs=["investment"]
    )
    space = sweep.space()
    over_grid = vmapped(point_function(space, dict(space.choices)), 2)
    coordinates = [{name: jnp.asarray(v) for name, v in axis.values.items()} for axis in space.axes]
    traced = jax.make_jaxpr(over_grid)(*coordinates)
    loops = [e for e in equations(traced) if e.primitive.name == "while"]
    shapes = {a.shape for loop in loops for a in arrays(loop) if a.dtype == np.float64}
    assert (3,) in shapes
    assert not {(3, 5), (5, 3)} & shapes


def test_running_out_of_memory_halves_the_tile_and_goes_on(monkeypatch):
    sweep = tiled_sweep()
    expected = compute(evaluator(sweep))
    ev = evaluator(sweep, tile_points=4000)
    fill = GridLoop.fill

    def fill_small(function, outputs, coordinates):
        if outputs["status"].size > 1100:
            raise RuntimeError("RESOURCE_EXHAUSTED: Out of memory while trying to allocate")
        fill(function, outputs, coordinates)

    monkeypatch.setattr(GridLoop, "fill", fill_small)
    for tile, _, values in computed_tiles(ev, list(ev.layout), ahead=1):
        for name, array in values.items():
            np.testing.assert_array_equal(array, expected[name][tile.region])
    assert ev.batches.count >= 4


def test_memory_too_small_for_one_row_is_an_error(monkeypatch):
    ev = evaluator(tiled_sweep(), tile_points=1000)

    def always_full(*_):
        raise RuntimeError("RESOURCE_EXHAUSTED: Out of memory")

    monkeypatch.setattr(GridLoop, "fill", always_full)
    with pytest.raises(SweepError, match="its memory cannot hold"):
        list(computed_tiles(ev, list(ev.layout), ahead=1))


def test_zipped_axes_vary_together(tmp_path):
    sweep = Sweep(
        "external",
        axes={"alpha": [0.1, 0.2, 0.3], "n": [3, 4], "beta": [0.2, 0.3, 0.4]},
        zip=[["alpha", "beta"]],
        outputs=["investment"],
    )
    zipped = run(sweep, tmp_path / "zipped.zarr")
    assert zipped["investment"].dims == ("alpha_beta", "n")
    full = run(
        Sweep(
            "external",
            axes={"alpha": [0.1, 0.2, 0.3], "beta": [0.2, 0.3, 0.4], "n": [3, 4]},
            outputs=["investment"],
        ),
        tmp_path / "full.zarr",
    )
    for i in range(3):
        np.testing.assert_array_equal(zipped["investment"][i], full["investment"][i, i])
    np.testing.assert_array_equal(zipped["beta"], [0.2, 0.3, 0.4])
    assert zipped["beta"].dims == ("alpha_beta",)


def test_formulation_and_mechanism_may_both_be_axes(tmp_path):
    sweep = Sweep(
        "external",
        axes={
            "formulation": ["exact", "published"],
            "mechanism": ["cooperation", "sharing"],
            "alpha": [0.1, 0.5],
        },
    )
    cube = run(sweep, tmp_path / "cube.zarr")
    assert cube["formulation"].values.tolist() == ["exact", "published"]
    gap = cube["investment"].sel(formulation="exact") - cube["investment"].sel(formulation="published")
    assert (abs(gap) > 0.1).all()


def test_float32_halves_the_bytes_and_keeps_its_digits(tmp_path):
    double = run(small_sweep(), tmp_path / "double.zarr")
    single = run(small_sweep(dtype="float32"), tmp_path / "single.zarr")
    assert single["investment"].dtype == np.float32
    np.testing.assert_allclose(single["investment"], double["investment"], rtol=2e-5)


def test_a_point_without_solution_is_blank_and_says_so(tmp_path):
    sweep = Sweep(
        "external",
        axes={"alpha": [0.1, 0.99], "n": [3, 20]},
        fixed={"formulation": "published"},
        derivatives={"investment": ["alpha"]},
    )
    cube = run(sweep, tmp_path / "cube.zarr").load()
    none = cube["status"] == 4
    assert none.sum() == 1
    assert none.sel(alpha=0.99, n=20)
    for name in ("investment", "expected_loss", "d_investment_d_alpha"):
        np.testing.assert_array_equal(np.isnan(cube[name]), none)


def test_given_back_arrays_are_filled_again():
    """As in a run: two sets of arrays serve all tiles, and a later tile never changes what was copied out."""
    ev = evaluator(tiled_sweep(), tile_points=1000)
    expected = {tile.key: ev.finish(tile, ev.start(tile)) for tile in ev.layout}
    seen = set()
    for tile in ev.layout:
        started = ev.start(tile)
        for name, array in ev.finish(tile, started).items():
            np.testing.assert_array_equal(array, expected[tile.key][name])
        seen.add(tuple(map(id, started.whole.values())))
        ev.batches.give_back(started)
    assert len(expected) > 2
    assert len(seen) == 1


def test_a_failing_batch_stops_the_run_and_leaves_nothing_behind(monkeypatch):
    ev = evaluator(tiled_sweep(), tile_points=4000)
    ev.batches.count = 7
    tile = next(iter(ev.layout))
    fill, calls = GridLoop.fill, []

    def fails_once(function, outputs, coordinates):
        calls.append(outputs)
        if len(calls) == 3:
            raise ZeroDivisionError("in a thread")
        fill(function, outputs, coordinates)

    monkeypatch.setattr(GridLoop, "fill", fails_once)
    started = ev.start(tile)
    with pytest.raises(ZeroDivisionError, match="in a thread"):
        ev.finish(tile, started)
    ev.batches.close()
    assert all(future.done() for future in started.futures)


def test_a_tile_without_numeric_axes_keeps_outputs_with_dims_of_their_own():
    whole = {"x": np.zeros(3), "y": np.zeros(())}
    started = Started(whole, deque([((), lambda: {"x": jnp.arange(3.0), "y": jnp.asarray(2.0)})]))
    started.wait()
    np.testing.assert_array_equal(whole["x"], [0.0, 1.0, 2.0])
    assert whole["y"] == 2


@pytest.mark.parametrize("count", [1, 2, 3, 6, 7])
def test_windows_of_one_length_cover_an_axis_of_prime_length(count):
    windows = [window for (window,) in cut([7], count)]
    assert {i for w in windows for i in range(7)[w]} == set(range(7))
    assert len({w.stop - w.start for w in windows}) == 1


@pytest.mark.parametrize(
    ("count", "shape"), [(1, (3, 5, 4)), (5, (3, 1, 4)), (9, (3, 1, 2)), (60, (1, 1, 1))]
)
def test_windows_cut_the_longest_axis_first_and_others_where_that_is_not_enough(count, shape):
    windows = cut([3, 5, 4], count)
    covered = np.zeros((3, 5, 4), int)
    for window in windows:
        covered[window] += 1
    assert covered.min() == 1
    assert {tuple(part.stop - part.start for part in window) for window in windows} == {shape}
    assert cut([], count) == [()]


def test_a_kernel_that_takes_it_is_told_what_is_looked_at():
    """What nobody looks at of `external` is not traced; what only a derivative needs is."""
    choices = {"mechanism": "sharing", "formulation": "exact", "branch": "highest"}

    def traced(**looked_at):
        space = Sweep("external", axes={"alpha": [0.1, 0.2]}, **looked_at).space()
        return jax.make_jaxpr(point_function(space, choices), return_shape=True)({"alpha": 0.1})

    few, _ = traced(outputs=["investment"])
    many, _ = traced(outputs=["investment", "cost_ratio"])
    assert len(few.eqns) < 0.6 * len(many.eqns)
    _, shapes = traced(outputs=["investment"], derivatives={"cost_ratio": ["alpha"]})
    assert set(shapes) == {"investment", "d_cost_ratio_d_alpha", "status"}


def test_what_is_made_of_a_tile_sees_all_its_windows():
    """As a reduction does: once for each tile, as soon as its last window is there."""
    ev = evaluator(tiled_sweep(), tile_points=4000)
    expected = {tile.key: ev.finish(tile, ev.start(tile)) for tile in ev.layout}
    calls = []
    for windows in (1, 7):
        ev.batches.count = windows
        ev.then = lambda tile, values: calls.append(tile) or {n: v.sum() for n, v in values.items()}
        for tile in ev.layout:
            started = ev.start(tile)
            ev.finish(tile, started)
            assert started.made == {name: v.sum() for name, v in expected[tile.key].items()}
    assert len(calls) == 2 * len(ev.layout)
