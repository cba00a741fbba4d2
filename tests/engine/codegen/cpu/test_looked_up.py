"""Numbers that are looked up and scaled, beside NumPy step by step."""

import numpy as np
import pytest
from equisweep.engine.codegen.cpu.looked_up import looked_up

RNG = np.random.default_rng(2)
TABLE = RNG.integers(0, 2**32, 64, dtype=np.uint32)


@pytest.mark.parametrize("shape", [(1, 1), (3, 8), (5, 21), (0, 8)])
@pytest.mark.parametrize("line", [(0.0, 1.0, 0.0, 1.0), (-3.0, 7.5, -2.0, 4.0), (1e-300, 0.1, 0.0, 1.0)])
def test_numbers_are_those_of_numpy_to_the_bit(shape, line):
    numbers = RNG.integers(0, 2**40, shape)
    mixed = RNG.integers(0, 2**32, shape[0], dtype=np.uint32)
    low, width, least, most = line
    shares = ((TABLE[numbers % 64] ^ mixed[:, None]) + 0.5) * 2.0**-32
    result = looked_up(TABLE, numbers, mixed, 2.0**-32, line)
    np.testing.assert_array_equal(result, np.clip(low + width * shares, least, most))


def test_what_would_be_read_from_elsewhere_is_refused():
    mixed = np.zeros(2, np.uint32)
    for table, numbers in ((TABLE[:63], np.zeros((2, 8), int)), (TABLE, np.zeros((3, 8), int))):
        with pytest.raises(ValueError, match="power of two"):
            looked_up(table, numbers, mixed, 1.0)
