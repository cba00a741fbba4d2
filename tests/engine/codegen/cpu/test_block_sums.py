"""Sums by blocks beside sums formed sample after sample, in Python."""

import math

import numpy as np
import pytest
from equisweep.engine.codegen.cpu import block_sums
from equisweep.engine.codegen.cpu.block_sums import BlockSums


def moments(values, counted):
    """More than one program holds, of a few kinds."""
    a, b = values[0], values[-1]
    return [counted, a, *[a * b - value for value in values] * 23, (a - b) * (a - b) * 0.5]


def expected(values, counted, centre):
    """Of values (points of a sample, turns, blocks)."""
    each, _, blocks = values.shape
    sums = [[[] for _ in range(blocks)] for _ in range(3 + 23 * each)]
    for turn, block in np.argwhere(counted):
        for k, number in enumerate(moments(values[:, turn, block] - centre, 1.0)):
            sums[k][block].append(number)
    return np.array([[math.fsum(numbers) for numbers in row] for row in sums])


@pytest.fixture(scope="module")
def sums():
    return BlockSums(3, moments)


@pytest.mark.parametrize(("turns", "blocks"), [(1, 1), (5, 19), (8, 16)])
def test_each_sample_is_added_to_its_block_and_others_are_left_out(sums, turns, blocks):
    rng = np.random.default_rng(turns)
    values = rng.normal(3.0, 1.0, (3, turns, blocks))
    for counted in (np.ones((turns, blocks), bool), rng.random((turns, blocks)) < 0.7):
        values[:, ~counted] = np.array([[np.nan], [np.inf], [1e300]])
        actual, low, high = sums(values, 3.0, counted)
        np.testing.assert_allclose(actual, expected(values, counted, 3.0), rtol=1e-13, atol=1e-13)
        there = values[:, counted]
        assert (low, high) == (there.min(initial=np.inf), there.max(initial=-np.inf))


@pytest.mark.parametrize(("turns", "blocks"), [(3, 5), (4, 8)])
def test_without_a_mask_all_count(sums, turns, blocks):
    values = np.random.default_rng(0).normal(size=(3, turns, blocks))
    result, with_mask = (sums(values, 0.1, mask) for mask in (None, np.ones((turns, blocks), bool)))
    for one, two in zip(result, with_mask, strict=True):
        np.testing.assert_array_equal(one, two)


def test_numbers_that_are_none_are_seen_in_the_sums(sums):
    for wrong in (np.nan, np.inf, -np.inf):
        values = np.ones((3, 2, 3))
        values[1, 1, 1] = wrong
        assert not np.isfinite(sums(values, 0.0)[0]).all()
    assert (sums(np.full((3, 2, 3), np.nan), 0.0, np.zeros((2, 3), bool))[0] == 0).all()


def test_bits_do_not_depend_on_how_many_numbers_a_processor_adds_at_once(sums, monkeypatch):
    monkeypatch.setattr(block_sums, "_WIDTH", 4)
    narrow = BlockSums(3, moments)
    values = np.random.default_rng(0).normal(size=(3, 3, 20))
    for wide, few in zip(*(one(values, 0.1) for one in (sums, narrow)), strict=True):
        np.testing.assert_array_equal(wide, few)


def test_values_of_another_shape_are_refused(sums):
    for values, counted in ((np.ones((2, 4, 8)), None), (np.ones((3, 4, 8)), np.ones((4, 7), bool))):
        with pytest.raises(ValueError, match="another number"):
            sums(values, 0.0, counted)
