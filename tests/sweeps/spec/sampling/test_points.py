"""Points of designs by their number, beside SciPy and the definitions of each kind."""

from collections import Counter
from math import factorial

import numpy as np
import pytest
from equisweep.sweeps.spec.sampling import hashing, version_0_1
from equisweep.sweeps.spec.sampling.drawn import Drawn
from equisweep.sweeps.spec.sampling.latin import LatinPoints
from equisweep.sweeps.spec.sampling.morris import MorrisPoints
from equisweep.sweeps.spec.sampling.sobol import BITS, SobolPoints, asked, scrambled
from helpers.sampled_models import in_unit_cube
from scipy import stats
from scipy.stats import qmc

DESIGNS = {
    "sobol": SobolPoints(3, 7, False),
    "second order": SobolPoints(3, 7, True),
    "lhs": LatinPoints(7, 8),
    "morris": MorrisPoints(3, 7, 4),
}


def test_sobol_points_are_a_then_ab_then_ba_then_b():
    points = in_unit_cube(SobolPoints(3, 5, True), 3, 16).reshape(16, 8, 3)
    a, ab, ba, b = points[:, 0], points[:, 1:4], points[:, 4:7], points[:, 7]
    for i in range(3):
        others = [j for j in range(3) if j != i]
        np.testing.assert_array_equal(ab[:, i, i], b[:, i])
        np.testing.assert_array_equal(ab[:, i][:, others], a[:, others])
        np.testing.assert_array_equal(ba[:, i, i], a[:, i])
        np.testing.assert_array_equal(ba[:, i][:, others], b[:, others])
    # A net in base 2: every sixteenth of every axis holds one point of A and one of B.
    for matrix in (a, b):
        np.testing.assert_array_equal(
            np.sort(np.floor(matrix * 16), axis=0), np.tile(np.arange(16), (3, 1)).T
        )
    short = in_unit_cube(SobolPoints(3, 5, False), 3, 16).reshape(16, 5, 3)
    np.testing.assert_array_equal(short, points[:, [0, 1, 2, 3, 7]])


@pytest.mark.parametrize("second", [False, True])
def test_sobol_points_are_scipys_and_so_those_of_the_first_version(second):
    count = 4096  # beyond the numbers that are looked up at once
    both = qmc.Sobol(6, bits=BITS, rng=np.random.default_rng(11)).random(count) + 0.5 ** (BITS + 1)
    points = in_unit_cube(SobolPoints(3, 11, second), 3, count)
    np.testing.assert_array_equal(points[:: len(points) // count], both[:, :3])
    np.testing.assert_array_equal(points[len(points) // count - 1 :: len(points) // count], both[:, 3:])
    np.testing.assert_array_equal(points, version_0_1.sobol_points(3, count, 11, second))


def test_direction_numbers_without_scrambling_are_those_of_joe_and_kuo():
    # The first numbers m of new-joe-kuo-6.21201: v_k = m_k 2^(BITS - k).
    listed = {0: [1, 1], 1: [1], 2: [1, 3], 3: [1, 3, 1], 4: [1, 1, 1], 5: [1, 1, 3, 3], 6: [1, 3, 5, 13]}
    directions, shifts = scrambled(7, None)
    for dim, numbers in listed.items():
        wanted = [m << (BITS - k) for k, m in enumerate(numbers, 1)]
        assert directions[dim, : len(numbers)].tolist() == wanted
    assert not shifts.any()


def test_direction_numbers_can_be_asked_of_a_sampler_that_shows_its_points_alone():
    sampler = qmc.Sobol(5, bits=BITS, rng=np.random.default_rng(4))
    directions, shifts = asked(sampler, 12)
    wanted, shift = scrambled(5, 4)
    np.testing.assert_array_equal(directions, wanted[:, :12])
    np.testing.assert_array_equal(shifts, shift)


@pytest.mark.parametrize("batch", [2, 3, 10, 64, 4097])
def test_latin_hypercubes_hit_every_stratum_once_a_batch(batch):
    points = in_unit_cube(LatinPoints(1, batch), 2, 3 * batch).reshape(3, batch, 2)
    for cube in points:
        strata = np.sort(np.floor(cube * batch), axis=0)
        np.testing.assert_array_equal(strata, np.tile(np.arange(batch), (2, 1)).T)
    assert len(np.unique(points)) == 6 * batch
    within = (points * batch) % 1
    assert stats.kstest(within.ravel(), "uniform").pvalue > 1e-4


@pytest.mark.parametrize("length", [2, 3, 4, 5])
def test_every_order_of_few_strata_is_as_likely(length):
    cubes = 6000
    points = in_unit_cube(LatinPoints(9, length), 1, cubes * length).reshape(cubes, length)
    orders = Counter(map(tuple, np.floor(points * length).astype(int).tolist()))
    counts = [*orders.values(), *[0] * (factorial(length) - len(orders))]
    assert stats.chisquare(counts).pvalue > 1e-4


@pytest.mark.parametrize("length", [64, 100, 5000])
def test_where_one_stratum_stands_says_nothing_of_another(length):
    cubes = 20_000
    which, key = np.arange(cubes, dtype=np.uint32), hashing.permutation_keys(5, (0, 0))
    place = {
        i: hashing.permuted(np.full(cubes, i, np.uint32), which, length, key).astype(int)
        for i in (0, 1, length // 2, length - 1)
    }
    for i, j in ((0, 1), (0, length // 2), (1, length - 1)):
        apart = (place[i] - place[j]) % length - 1
        counts = np.bincount(apart * 63 // (length - 1), minlength=63)
        expected = np.bincount(np.arange(length - 1) * 63 // (length - 1), minlength=63)
        assert stats.chisquare(counts, expected * cubes / (length - 1)).pvalue > 1e-4


def test_dimensions_of_a_latin_hypercube_know_nothing_of_each_other():
    points = in_unit_cube(LatinPoints(2, 2**14), 4, 2**14)
    apart = np.corrcoef(points.T) - np.eye(4)
    assert np.abs(apart).max() < 4 / 2**7
    counts, *_ = np.histogram2d(points[:, 0], points[:, 1], 16)
    assert stats.chisquare(counts.ravel()).pvalue > 1e-4


def test_morris_trajectories_move_every_parameter_once():
    paths = in_unit_cube(MorrisPoints(4, 2, 6), 4, 5000).reshape(5000, 5, 4)
    steps = np.diff(paths, axis=1)
    which = (steps != 0).argmax(axis=2)
    np.testing.assert_array_equal(np.sort(which, axis=1), np.tile(np.arange(4), (5000, 1)))
    np.testing.assert_array_equal((steps != 0).sum(axis=2), 1)
    np.testing.assert_allclose(np.abs(steps[steps != 0]), 6 / 10, rtol=1e-15)
    assert set(np.round(paths * 5, 12).ravel()) == {0, 1, 2, 3, 4, 5}
    # Both directions, every start and every order are as likely.
    assert stats.binomtest(int((steps[steps != 0] > 0).sum()), 20_000).pvalue > 1e-4
    starts = np.unique(np.round(paths[:, 0] * 5), return_counts=True)[1]
    assert stats.chisquare(starts).pvalue > 1e-4
    orders = Counter(map(tuple, which.tolist()))
    assert stats.chisquare([orders[one] for one in orders]).pvalue > 1e-4
    assert len(orders) == 24


@pytest.mark.parametrize("points", DESIGNS.values(), ids=DESIGNS)
def test_any_part_of_a_design_is_that_part_of_the_whole(points):
    column = Drawn(points, 1, 64 * points.points_per_sample, lambda u: 3 * u + 1)
    whole = column[:]
    assert (len(column), whole.shape, whole.dtype) == (
        64 * points.points_per_sample,
        (64 * points.points_per_sample,),
        np.float64,
    )
    for part in (slice(0, 0), slice(3, 4), slice(5, 60), slice(-7, None), slice(None, None, 9)):
        np.testing.assert_array_equal(column[part], whole[part])
    numbers = np.array([[0, 5], [len(column) - 1, 17]])
    np.testing.assert_array_equal(column[numbers], whole[numbers])
    assert column[-1] == whole[-1]
    np.testing.assert_array_equal(column.head(20)[:], whole[:20])
    with pytest.raises(IndexError, match=f"outside of {len(column)} values"):
        column[len(column)]


@pytest.mark.parametrize("points", DESIGNS.values(), ids=DESIGNS)
def test_parts_far_out_are_the_points_that_stand_there(points):
    """Numbers of a hundred million samples, of which nobody holds the others."""
    size = 10**8 * points.points_per_sample
    column = Drawn(points, 2, size, lambda u: u)
    start = size - 7000 * points.points_per_sample - 3
    part = column[start : start + 6000]
    np.testing.assert_array_equal(part, column[np.arange(start, start + 6000)])
    assert 0 <= part.min() < part.max() <= 1


def test_sobol_points_far_out_are_scipys():
    sampler = qmc.Sobol(2, bits=BITS, rng=np.random.default_rng(3))
    sampler.fast_forward(2**22 + 5)
    samples = np.arange(2**22 + 5, 2**22 + 2000, dtype=np.uint32)
    a, b = SobolPoints(1, 3, False).two(0, samples)
    wanted = sampler.random(len(samples)) + 0.5 ** (BITS + 1)
    np.testing.assert_array_equal(np.stack([a, b], axis=1), wanted)
