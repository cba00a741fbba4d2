"""Tiles cover every grid exactly once, whatever its shape."""

from math import ceil, prod

import numpy as np
from equisweep.engine.tiles import CHUNK_NUMBERS, chunk_shape, plan_layout
from hypothesis import given
from hypothesis import strategies as st

sizes = st.lists(st.integers(1, 40), min_size=1, max_size=3)


@given(sizes, st.data())
def test_every_point_lies_in_exactly_one_tile(grid, data):
    static = data.draw(st.lists(st.booleans(), min_size=len(grid), max_size=len(grid)))
    layout = plan_layout(grid, static, 8, most_points=data.draw(st.integers(1, 5000)))
    seen = np.zeros(grid, int)
    for tile in layout:
        seen[tile.region] += 1
        assert tile.points == prod(tile.shape)
    assert (seen == 1).all()
    assert len(list(layout)) == len(layout) == prod(layout.counts)
    assert all(length == 1 for length, fixed in zip(layout.tile, static, strict=True) if fixed)


@given(st.lists(st.integers(1, 10**5), min_size=1, max_size=5), st.integers(1, 500), st.integers(1, 2**20))
def test_tiles_stay_near_the_wanted_size_and_waste_little(grid, bytes_per_point, most_points):
    layout = plan_layout(grid, [False] * len(grid), bytes_per_point, most_points)
    slack = prod((t + 3) / t for t in layout.tile)  # pieces are rounded up to a multiple of 4
    assert prod(layout.tile) <= max(most_points, 1) * slack + 3
    for size, length in zip(grid, layout.tile, strict=True):
        tiles = ceil(size / length)
        assert length * tiles - size < (4 if length >= 16 else 1) * tiles + 1
        assert length <= size + 3


@given(st.lists(st.integers(1, 4096), min_size=1, max_size=4), st.lists(st.integers(1, 64), max_size=2))
def test_chunks_divide_their_shard(tile, inner):
    chunk = chunk_shape(tile, inner)
    shard = [*tile, *inner]
    assert all(whole % part == 0 for whole, part in zip(shard, chunk, strict=True))
    even = any(part % 2 == 0 for part in chunk[: len(tile)])
    assert prod(chunk) <= CHUNK_NUMBERS or not even


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=4))
def test_a_tile_is_a_run_of_whole_rows(grid):
    tile = plan_layout(grid, [False] * len(grid), 8, most_points=1000).tile
    partial = [i for i, (t, n) in enumerate(zip(tile, grid, strict=True)) if t < n]
    last = max(partial, default=-1)
    assert all(tile[i] == 1 for i in range(last))
    assert all(tile[i] >= grid[i] for i in range(last + 1, len(grid)))
