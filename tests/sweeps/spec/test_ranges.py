"""Axes as sweep files write them."""

import numpy as np
import pytest
from equisweep.sweeps import SweepError
from equisweep.sweeps.spec.ranges import _rounded, grid_values


@pytest.mark.parametrize(
    ("spec", "values"),
    [
        ([0.1, 0.2], [0.1, 0.2]),
        (3, [3.0]),
        ("sharing", ["sharing"]),
        (["a", "b"], ["a", "b"]),
        ({"start": 0.1, "stop": 0.9, "num": 9}, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]),
        ({"start": 0.1, "stop": 0.9, "step": 0.1}, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]),
        ({"start": 0, "stop": 1, "step": 0.4}, [0.0, 0.4, 0.8]),
        ({"start": 3, "stop": 1, "step": -1}, [3.0, 2.0, 1.0]),
        ({"start": 5, "stop": 5, "num": 1}, [5.0]),
        ({"start": 1e-9, "stop": 3e-9, "num": 3}, [1e-9, 2e-9, 3e-9]),
        ({"start": 0, "stop": 0, "num": 1}, [0.0]),
        ({"start": 0.003, "stop": 0.3, "num": 3, "scale": "log"}, [0.003, 0.03, 0.3]),
        ({"start": 2, "stop": 3, "num": 1, "scale": "log"}, [2.0]),
        (np.array([1.0, 2.0]), [1.0, 2.0]),
    ],
)
def test_reads_what_people_write(spec, values):
    assert grid_values("axes.x", spec) == values


def test_a_log_scale_has_exact_ends_and_equal_ratios():
    values = np.array(grid_values("axes.x", {"start": 0.01, "stop": 100, "num": 5, "scale": "log"}))
    assert values[[0, -1]].tolist() == [0.01, 100.0]
    np.testing.assert_allclose(values[1:] / values[:-1], 10, rtol=1e-14)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ([], "is empty"),
        ([0.1, 0.1], "0.1 stands there twice"),
        ([0.1, float("nan")], "nan is not a finite number"),
        ([True], "True is not a number"),
        ([[1]], "is not a number"),
        ({"start": 0, "stop": 1}, "needs either num or step"),
        ({"start": 0, "stop": 1, "num": 3, "step": 1}, "needs either num or step"),
        ({"stop": 1, "num": 3}, "a range needs start"),
        ({"start": 0, "stop": 1, "num": 0}, "num: 0 is no count"),
        ({"start": 0, "stop": 1, "num": 2.5}, "num: 2.5 is no count"),
        ({"start": 0, "stop": 1, "step": -0.1}, "never leads from 0 to 1"),
        ({"start": 0, "stop": 1, "num": 3, "scale": "log"}, "needs start and stop above 0"),
        ({"start": 1, "stop": 2, "num": 3, "scale": "cubic"}, "neither"),
        ({"start": 1, "stop": 1, "num": 3}, "all the same"),
        ({"start": 1, "stop": 2, "nmu": 3}, "axes.x.nmu: unknown"),
        (None, "is no axis"),
    ],
)
def test_refuses_the_rest_by_name(spec, message):
    with pytest.raises(SweepError, match=r"^axes\.x") as error:
        grid_values("axes.x", spec)
    assert message in str(error.value)


def test_values_are_those_that_their_text_names():
    """To as many decimals as are exact, near the middle of two of them, too, and of any size."""
    rng = np.random.default_rng(0)
    for decimals in (0, 3, 14, 17, 22, 25, 314):
        values = rng.uniform(-1, 1, 300) * 10.0 ** (14 - decimals)
        middles = (np.arange(-5, 6) + 0.5) / 10.0 ** min(decimals, 22)
        values = np.concatenate([values, values.round(min(decimals, 22)), middles, [0.0, -0.0]])
        wanted = [float(f"{one:.{decimals}f}") for one in values.tolist()]
        actual = _rounded(values, decimals)
        assert np.array(actual).tobytes() == np.array(wanted).tobytes()
