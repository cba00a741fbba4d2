"""Indices are cut into tiles as NumPy would take them from the whole."""

import numpy as np
import pytest
from equisweep.engine.store.spans import spans
from hypothesis import given
from hypothesis import strategies as st

SIZES = st.integers(1, 30)


def taken(values, index, length):
    """What is put together from the spans of an index."""
    parts = spans(index, len(values), length)
    result = np.full(sum(part.count for part in parts), -1)
    for part in parts:
        tile = values[part.tile * length : (part.tile + 1) * length]
        hull = tile[part.hull]
        result[part.target] = hull if part.inside is None else hull[part.inside]
    return result


@given(SIZES, st.integers(1, 12), st.data())
def test_slices(size, length, data):
    values, index = np.arange(size), data.draw(st.slices(size))
    assert taken(values, index, length).tolist() == values[index].tolist()


@given(SIZES, st.integers(1, 12), st.data())
def test_integers(size, length, data):
    values = np.arange(size)
    index = np.array(data.draw(st.lists(st.integers(-size, size - 1), max_size=20)), int)
    assert taken(values, index, length).tolist() == values[index].tolist()


@pytest.mark.parametrize("index", [4, -5, np.array([0, 9])])
def test_what_lies_outside_is_an_error(index):
    with pytest.raises(IndexError):
        spans(index, 4, 3)
