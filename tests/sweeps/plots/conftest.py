"""A made-up cube of which some points are missing."""

import numpy as np
import pytest
from equisweep.kernels.status import Status
from helpers.pictures import hand_made


@pytest.fixture(scope="session")
def broken():
    """Three corners and a NaN among the 36 points of mechanism alone, n = 3."""
    status = np.full((2, 9, 4, 2), int(Status.ok), np.uint8)
    status[0, 3:6, 0, 0] = Status.corner
    values = hand_made()["investment"].values.copy()
    values[0, 8, 3, 0] = np.nan
    return hand_made(status, investment=values)
