"""Every model's grid in float32, but for orbits: threads have the bits of a CPU's vectors, near float64."""

import numpy as np
import pytest
from equisweep.engine.codegen.grid_loop import GridLoop
from equisweep.engine.codegen.ir import Unsupported
from equisweep.engine.point import point_function
from equisweep.kernels.games.registry import MODELS
from equisweep.sweeps import Sweep
from helpers.codegen.grids import filled
from helpers.codegen.threads import assert_as_on_the_cpu
from helpers.products import some

FIXED = {
    "supervision_noise": {"horizon": 3.0},
    "menu": {
        "theta": [1, 2], "reward_rate": [2, 4], "probability": [0.5, 0.5], "T_min": {"1": 20, "2": 60},
        "phi": [1, 1.2], "criticality_probability": [0.5, 0.5],
    },
    # At the default its focus turns in by 1,000 roundings of float32, below which it counts as a centre.
    "supervision_regulator": {"P": 4.0},
}  # fmt: skip
# Its draws are other ones in float32.
RANDOM = "supervision_noise"
# Of cities of any number it has too many operations.
THROUGH_XLA = "network"


def points_of(name, dtype):
    """The function of a point, and three values of the first parameter that is a number."""
    model = MODELS[name]
    of_orbits = set() if model.flow is None else {one.name for one in model.flow.outputs(path=True)}
    moved = next(q for q in model.parameters if not q.integer and q.dim is None and q.name != "horizon")
    space = Sweep(
        name,
        {moved.name: [moved.default * part for part in (0.8, 0.9, 1.0)]},
        fixed=FIXED.get(name, {}),
        outputs=[one.name for one in model.outputs if one.name not in of_orbits],
        dtype=dtype,
    ).space()
    at = [{n: np.asarray(v, space.dtype) for n, v in axis.values.items()} for axis in space.axes]
    return point_function(space, space.combinations[0]), at


@pytest.mark.parametrize("name", some([name for name in MODELS if name != THROUGH_XLA], {"external"}))
def test_models_have_the_same_bits_and_are_near_those_of_double(tmp_path, name):
    """Whole numbers, classes and statuses are the same; reals differ by rounding of the largest there are."""
    single, double = (points_of(name, dtype) for dtype in ("float32", "float64"))
    assert_as_on_the_cpu(*single, tmp_path)
    actual, expected = (filled(GridLoop(*one), one[1]) for one in (single, double))
    assert actual.keys() == expected.keys()
    for key, values in expected.items():
        real = values.dtype.kind == "f"
        assert actual[key].dtype == (np.float32 if real else values.dtype), key
        if real and name != RANDOM:
            largest = np.max(np.abs(values), initial=0.0, where=np.isfinite(values))
            near = 1e3 * np.finfo(np.float32).eps * largest
            np.testing.assert_allclose(actual[key], values, rtol=0, atol=near, err_msg=key)
        elif not real:
            np.testing.assert_array_equal(actual[key], values, err_msg=key)


def test_what_has_too_many_operations_says_so_in_single_precision_too():
    with pytest.raises(Unsupported, match="scalar operations at a point"):
        GridLoop(*points_of(THROUGH_XLA, "float32"))
