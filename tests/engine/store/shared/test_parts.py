"""Tiles are dealt to parts: each to one, evenly by points, and the same everywhere."""

import random

import numpy as np
import pytest
from equisweep.engine.store.shared.parts import Part, dealt, part_of, tiles_of_part
from equisweep.engine.tiles import Layout
from equisweep.sweeps import SweepError


def points(layout):
    return np.array([tile.points for tile in layout])


def test_every_tile_has_one_part_and_no_part_has_a_tile_more_than_another():
    chance = random.Random(3)
    for _ in range(20):
        rank = chance.randint(1, 3)
        tile = [chance.randint(1, 5) for _ in range(rank)]
        grid = [chance.randint(1, 14) for _ in range(rank)]
        layout, parts = Layout(tuple(grid), tuple(tile)), chance.randint(1, 70)
        indices = [tiles_of_part(layout, Part(number, parts)) for number in range(1, parts + 1)]
        assert sorted(np.concatenate(indices).tolist()) == list(range(len(layout)))
        loads = [int(points(layout)[one].sum()) for one in indices]
        assert max(loads) - min(loads) <= points(layout).max()


def test_no_part_has_a_column_of_the_grid_to_itself():
    """Where an axis has as many tiles as there are parts, rows dealt in one order would be columns."""
    layout = Layout((64, 8), (1, 1))
    owner = dealt(layout, 8).reshape(64, 8)
    assert all(len(set(column.tolist())) >= 4 for column in owner.T)
    assert all(np.bincount(owner[:32].ravel(), minlength=9)[1:] == 32)


def test_how_tiles_are_dealt_stays_as_it_is():
    """Two hosts may have two versions of equisweep, or of NumPy."""
    assert dealt(Layout((7, 3), (2, 2)), 3).tolist() == DEALT


DEALT = [3, 3, 2, 2, 1, 1, 1, 2]


@pytest.mark.parametrize(
    "given",
    [
        "0/4",
        "5/4",
        "1",
        "1/2/3",
        "a/b",
        "-1/4",
        "1/0",
        "１/３",
        "+1/3",
        "1_0/1_1",
        (1.0, 2),
        (True, 2),
        3,
        (1,),
    ],
)
def test_what_is_no_part_is_refused(given):
    with pytest.raises(SweepError, match="is no part of a sweep: the first of 64 is 1/64"):
        part_of(given)


def test_parts_are_given_as_text_or_numbers():
    assert part_of("3/64") == part_of((3, 64)) == part_of([3, 64]) == Part(3, 64)
    assert str(part_of((np.int64(3), 64))) == "3/64"
