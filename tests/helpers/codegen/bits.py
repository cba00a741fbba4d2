"""Whether two arrays are the same to the last bit."""

import numpy as np


def assert_bits(values, wanted, name=""):
    """Of one shape and dtype, and equal in every bit, but that NaN of any bits is one."""
    assert (values.shape, values.dtype) == (wanted.shape, wanted.dtype), name
    nan = wanted != wanted
    np.testing.assert_array_equal(values != values, nan, err_msg=name)
    assert values[~nan].tobytes() == wanted[~nan].tobytes(), name
