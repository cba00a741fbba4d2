"""Through XLA a loop as long as an integer parameter takes what the largest one of a batch takes."""

import jax
import numpy as np
import pytest
from equisweep.engine import plan_space
from equisweep.engine.device import pick_device
from equisweep.engine.grid import batches
from equisweep.engine.grid.evaluate import Evaluator
from equisweep.engine.grid.windows import cut
from equisweep.engine.trial import tried
from equisweep.sweeps import Sweep

# Each round calls Python, for which there is no machine code, with all points of the batch.
MODEL = """
import jax
import jax.numpy as jnp
from equisweep.kernels.declare import model
from equisweep.kernels.model import Domain, Output, Parameter


def added(s, y):
    jax.rounds_taken.append(s.size)
    return s + 1 / (s + y)


@model(
    title="Rounds",
    parameters=[
        Parameter("n", "n", "1", 3, Domain(1, 200), "rounds", integer=True),
        Parameter("y", "y", "1", 1.0, Domain(0), "a number"),
    ],
    outputs=[Output("s", "s", "1", "a sum")],
)
def rounds(p, n_max):
    def step(_i, s):
        return jax.pure_callback(added, p["y"], s, p["y"], vmap_method="broadcast_all")

    return {"s": jax.lax.fori_loop(0, p["n"].astype(int), step, p["y"])}
"""
Y = {"start": 0.5, "stop": 4.0, "num": 40}
SWEEPS = {
    "first": {"axes": {"n": [2, 3, 5, 9, 60], "y": Y}},
    "last": {"axes": {"y": Y, "n": [2, 3, 5, 9, 60]}},
    "in no order": {"axes": {"y": Y, "n": [9, 2, 60, 5, 3]}},
    "beside another": {"axes": {"y": Y, "n": [9, 2, 60, 5, 3]}, "zip": [["y", "n"]]},
}


@pytest.fixture(autouse=True)
def small(monkeypatch, tmp_path):
    monkeypatch.setattr(batches, "_FEWEST", 8)
    monkeypatch.setattr(jax, "rounds_taken", [], raising=False)  # the model is loaded, and not imported
    (tmp_path / "rounds.py").write_text(MODEL)
    monkeypatch.chdir(tmp_path)


def space_of(**given):
    if "zip" in given:
        n = [int(i) for i in np.random.default_rng(1).integers(1, 60, 40)]
        given["axes"] = {"y": np.linspace(0.5, 4, 40).tolist(), "n": n}
    return Sweep("rounds.py:rounds", **given).space()


def computed(space):
    """The sums, and for how many points a round was taken."""
    device = pick_device("cpu")
    evaluator = Evaluator(space, plan_space(space, device, None), device)
    jax.rounds_taken.clear()
    (tile,) = evaluator.layout
    try:
        return evaluator.finish(tile, evaluator.start(tile))["s"], sum(jax.rounds_taken)
    finally:
        evaluator.batches.close()


def right(space):
    grid = [a.values for a in space.axes]
    if len(grid) == 1:
        n, y = grid[0]["n"], grid[0]["y"]
    else:
        n, y = (np.asarray(next(v[name] for v in grid if name in v)) for name in ("n", "y"))
        n, y = np.meshgrid(n, y, indexing="ij")
        n, y = (n, y) if "n" in grid[0] else (n.T, y.T)
    s = y.astype(float)
    for k in range(n.max()):
        s = np.where(k < n, s + 1 / (s + y), s)
    return s, n.sum()


@pytest.mark.parametrize("name", SWEEPS)
def test_a_batch_holds_few_values_of_an_integer_axis(name, monkeypatch):
    space = space_of(**SWEEPS[name])
    sums, least = right(space)
    result, taken = computed(space)
    np.testing.assert_array_equal(result, sums)
    assert least <= taken < 1.35 * least
    monkeypatch.setattr(batches, "_MOST_PARTS", 1)
    result, taken = computed(space)
    np.testing.assert_array_equal(result, sums)
    assert taken > 1.8 * least


def test_a_plan_tries_what_lies_in_the_middle():
    space = space_of(axes={"n": list(range(1, 61)), "y": Y})
    device = pick_device("cpu")
    tried(space, plan_space(space, device, None), device)
    assert set(jax.rounds_taken) == {4 * 40}
    assert len(jax.rounds_taken) % 32 == 0  # the largest of 29 to 32, as often as it was tried


def test_windows_cut_some_axes_at_least_so_often():
    assert {tuple(p.stop - p.start for p in w) for w in cut([8, 100], 1, {0: 4})} == {(2, 100)}
    assert {tuple(p.stop - p.start for p in w) for w in cut([8, 100], 8, {0: 4})} == {(2, 50)}
    assert {tuple(p.stop - p.start for p in w) for w in cut([8, 4], 8, {0: 4})} == {(1, 4)}
