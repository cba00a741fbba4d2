"""Points computed matrix by matrix are those that come one after another, in another order."""

import numpy as np
import pytest
from equisweep.engine.device import pick_device
from equisweep.engine.grid.by_matrix import MatrixEvaluator
from equisweep.engine.grid.evaluate import Evaluator
from equisweep.engine.tiles import Layout
from equisweep.sweeps import Sweep
from equisweep.sweeps.reduced.blocks import Blocks
from equisweep.sweeps.spec import design as designs

SAMPLES, EACH, TILE = 4096, 5, 2048
PARAMETERS = {
    "alpha": {"uniform": [0.1, 0.9]},
    "beta": {"loguniform": [0.01, 1.0]},
    "n": {"integers": [2, 9]},
}


def space_of(more=(), **options):
    stated = {"kind": "sobol", "samples": SAMPLES, "seed": 5, "parameters": PARAMETERS | dict(more)}
    axes = {"L": [100.0, 300.0]}
    return Sweep("external", axes, outputs=["expected_loss", "investment"], design=stated, **options).space()


def evaluators(space, tile, count=1):
    """Both, and what each of them makes of a tile."""
    layout, device, made = Layout(space.shape, tile), pick_device("cpu"), []
    plain = Evaluator(space, layout, device)
    by_matrix = MatrixEvaluator(space, layout, device, Blocks(SAMPLES, 5))
    for one in (plain, by_matrix):
        one.batches.count = count
        one.then = lambda _, values, by_matrix=False: ({n: v.copy() for n, v in values.items()}, by_matrix)
        here = layout.at(tuple(k - 1 for k in layout.counts))
        started = one.start(here)
        one.finish(here, started)
        one.batches.close()
        made.append((here, *started.made))
    return made


@pytest.fixture
def drawn_later(monkeypatch):
    monkeypatch.setattr(designs.Design.values, "__defaults__", (None, 0))


@pytest.mark.parametrize("options", [{}, {"dtype": "float32"}])
def test_values_are_the_same_in_the_order_of_the_blocks(drawn_later, options):
    tile = (2, TILE * EACH)
    (here, one, plain), (_, two, by_matrix) = evaluators(space_of(**options), tile)
    assert (plain, by_matrix) == (False, True)
    indices = Blocks(SAMPLES, 5).indices(here.start[-1] // EACH, TILE).ravel()
    for name, values in two.items():
        expected = one[name].reshape(2, TILE, EACH)[:, indices].swapaxes(1, 2).reshape(2, -1)
        np.testing.assert_array_equal(values, expected, err_msg=name)


def test_what_does_not_suit_is_computed_as_ever(drawn_later, monkeypatch):
    whole = (1, TILE * EACH)
    choice = {"mechanism": {"choice": ["noncooperation", "sharing"]}}
    for space, tile, count in (
        (space_of(), (1, 64 * EACH), 1),  # no whole turns
        (space_of(), (1, 3072 * EACH), 1),  # the last tile is not full
        (space_of(), whole, 2),  # in several batches
        (space_of(choice), (1, TILE * (EACH + 1)), 1),
    ):
        (_, one, _), (_, two, by_matrix) = evaluators(space, tile, count)
        assert not by_matrix
        for name, values in two.items():
            np.testing.assert_array_equal(values, one[name], err_msg=name)
    monkeypatch.undo()
    assert not evaluators(space_of(), whole)[1][-1]  # samples that are held
