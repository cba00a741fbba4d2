"""Sums by blocks beside sums formed sample after sample, in Python."""

import math

import numpy as np
import pytest
from equisweep.engine.codegen.cpu import block_sums
from equisweep.engine.codegen.cpu.backend import Cpu
from equisweep.engine.codegen.cpu.block_sums import BlockSums


def moments(values, counted):
    """More than one program holds, of a few kinds."""
    a, b = values[0], values[-1]
    return [counted, a, *[a * b - value for value in values] * 23, (a - b) * (a - b) * 0.5]


def expected(values, places, centre):
    sums = [[[] for _ in range(places.shape[1])] for _ in range(3 + 23 * values.shape[1])]
    for turn in places.tolist():
        for block, place in enumerate(turn):
            y = values[place] - centre
            for k, number in enumerate(moments(y, 1.0) if place >= 0 else []):
                sums[k][block].append(number)
    return np.array([[math.fsum(numbers) for numbers in row] for row in sums])


@pytest.fixture(scope="module")
def sums():
    return BlockSums(3, moments)


@pytest.mark.parametrize(("turns", "blocks"), [(1, 1), (5, 19), (8, 16)])
def test_each_sample_is_added_to_its_block_and_others_are_not_read(sums, turns, blocks):
    rng = np.random.default_rng(turns)
    places = rng.permutation(turns * blocks).reshape(turns, blocks)
    values = rng.normal(3.0, 1.0, (turns * blocks, 3))
    left_out = places % 4 == 1
    values[places[left_out]] = np.nan
    here = np.where(left_out, -1, places)
    found, low, high = sums(values.ravel(), here, 3.0)
    np.testing.assert_allclose(found, expected(values, here, 3.0), rtol=1e-13, atol=1e-13)
    there = values[places[~left_out]]
    assert (low, high) == (there.min(initial=np.inf), there.max(initial=-np.inf))


def test_numbers_that_are_none_are_seen_in_the_sums(sums):
    for wrong in (np.nan, np.inf, -np.inf):
        values = np.ones((6, 3))
        values[4, 1] = wrong
        assert not np.isfinite(sums(values.ravel(), np.arange(6).reshape(2, 3), 0.0)[0]).all()
    assert (sums(np.ones(18), np.full((2, 3), -1), 0.0)[0] == 0).all()


def test_bits_do_not_depend_on_how_many_numbers_a_processor_adds_at_once(sums, monkeypatch):
    monkeypatch.setattr(block_sums, "Cpu", lambda: Cpu(4))
    narrow = BlockSums(3, moments)
    values, places = np.random.default_rng(0).normal(size=(60, 3)), np.arange(60).reshape(3, 20)
    found = (one(values.ravel(), places, 0.1) for one in (sums, narrow))
    for wide, few in zip(*found, strict=True):
        np.testing.assert_array_equal(wide, few)


def test_places_of_no_sample_are_refused(sums):
    with pytest.raises(ValueError, match="no sample"):
        sums(np.ones(18), np.array([[0, 6]]), 0.0)
