"""Which values are the same for their ranks."""

import numpy as np
from equisweep.sweeps.sensitivity.noise import Floor
from equisweep.sweeps.sensitivity.prcc import partial_rank_correlations

EPS = np.finfo(float).eps


def test_ranks_see_what_varies_beside_a_large_number():
    """1e6 + 1e-6 a b spans fifty times what rounding may be, its values stand closer than that."""
    x = np.random.default_rng(5).random((400, 2))
    y = (1e6 + 1e-6 * (x[:, 0] + 0.5) * (x[:, 1] + 0.5) * 4)[:, None]
    there = np.ones_like(y, bool)
    right = partial_rank_correlations(x, y - 1e6, there, 0.95)["prcc"]
    indices = partial_rank_correlations(x, y, there, 0.95, Floor(EPS).tied)["prcc"]
    assert (right > 0.9).all()
    np.testing.assert_allclose(indices, right, atol=0.02)


def test_ties_are_no_wider_than_the_floor():
    tied = Floor(0.0, absolute=1.0).tied(np.array([[0.0, 0.9, 1.0, 1.7, 2.6, 9.0, 9.5]]).T)
    assert tied.ravel().tolist() == [1, 1, 1, 2, 3, 4, 4]
    assert Floor(0.0).tied(np.array([[3.0, 1.0, 3.0, 2.0]]).T).ravel().tolist() == [3, 1, 3, 2]


def test_values_over_many_orders_of_magnitude_have_ranks_of_their_own():
    draw = np.random.default_rng(0)
    depth = draw.uniform(60, 180, 200)
    noise = np.abs(draw.normal(size=200)) * EPS  # of one sign, and nothing but rounding of the largest
    left = np.append(noise[1:], 1.0)
    columns = np.stack(
        [np.exp(-depth), -np.exp(-depth), np.where(depth > 170, 0, np.exp(-depth)), left], axis=1
    )
    tied = Floor(EPS).tied(columns)
    ranks = np.argsort(np.argsort(depth))
    np.testing.assert_array_equal(tied[:, 0], 200 - ranks)
    np.testing.assert_array_equal(tied[:, 1], 1 + ranks)
    gone = depth > 170
    assert np.unique(tied[gone, 2]).tolist() == [1]
    assert len(np.unique(tied[~gone, 2])) == (~gone).sum()
    assert np.unique(tied[:, 3]).tolist() == [1, 2]
    # What `atol` leaves of small values is no value.
    assert len(np.unique(Floor(EPS, 0.0, 1e-30).tied(columns[:, :1]))) < 20
