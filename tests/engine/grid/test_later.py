"""Samples that are drawn window by window are those that an axis has."""

import numpy as np
import pytest
from equisweep.engine.grid.later import Later
from equisweep.engine.values.axis import Axis
from equisweep.sweeps.spec.sampling.drawn import Drawn
from equisweep.sweeps.spec.sampling.morris import MorrisPoints
from equisweep.sweeps.spec.sampling.sobol import SobolPoints

SIZE = 40_000 * 5


def column(dim=1):
    return Drawn(SobolPoints(3, 4, second=False), dim, SIZE, lambda u: 2 + 3 * u)


def test_windows_hold_what_the_axis_has_and_repeat_the_last_value():
    axis, kept = Axis("sample", {"b": column()}, group=5), np.empty(23)
    later = Later(axis, "b", SIZE - 23, 30, kept, np.dtype(np.float32))
    expected = column().at(np.arange(SIZE - 23, SIZE))
    padded = np.concatenate([expected, np.full(7, expected[-1])]).astype(np.float32)
    for first in (25, 0, 7, 20, 14):
        part = slice(first, min(first + 10, 30))
        np.testing.assert_array_equal(later[part], padded[part])
    np.testing.assert_array_equal(kept, expected)
    assert later[slice(0, 30)].dtype == np.float32
    assert len(later) == 30


def test_values_are_written_from_any_number_on():
    for first, count in ((0, 5), (3, 1), (4, 3), (8191 * 5 + 2, 11), (7, 8192 * 5 + 9), (SIZE - 2, 2)):
        out = np.full(count, np.nan)
        column().write(first, out)
        np.testing.assert_array_equal(out, column().at(np.arange(first, first + count)))


@pytest.mark.parametrize("points", [SobolPoints(3, 4, second=False), MorrisPoints(3, 4, 4)])
def test_values_that_are_drawn_again_are_never_others_meanwhile(monkeypatch, points):
    """Windows overlap: what one thread computes with another one draws once more."""
    drawn = Drawn(points, 1, 500, lambda u: 2 + 3 * u)
    kept, copied, seen = drawn.between(0, 500), np.copyto, []
    right = kept.copy()

    def watched(*given, **options):
        copied(*given, **options)
        seen.append(np.array_equal(kept, right))

    monkeypatch.setattr(np, "copyto", watched)
    drawn.write(0, kept)
    seen.append(np.array_equal(kept, right))
    assert all(seen)
    assert len(seen) == (3 if isinstance(points, MorrisPoints) else 1)
