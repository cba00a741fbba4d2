"""Groups of parameters move as one, in Sobol' and Morris designs."""

import numpy as np
import pytest
from equisweep.engine.errors import SweepError
from equisweep.sweeps import Sweep
from equisweep.sweeps.sensitivity.bootstrap import Resampler
from equisweep.sweeps.sensitivity.morris import elementary_effects
from equisweep.sweeps.sensitivity.morris_steps import steps_of
from equisweep.sweeps.sensitivity.sobol import sobol_indices
from equisweep.sweeps.spec.design import Design
from equisweep.sweeps.spec.sampling.morris import MorrisPoints
from equisweep.sweeps.spec.sampling.sobol import SobolPoints
from helpers.sampled_models import PI, in_unit_cube, ishigami_indices

LAWS = {name: {"uniform": [0.1, 0.9]} for name in ("alpha", "beta", "v")}


def stated(groups, kind="sobol"):
    design = {"kind": kind, "samples": 16, "parameters": LAWS, "groups": groups}
    return Sweep("external", fixed={"n": 4}, outputs=["investment"], design=design).space()


def test_columns_of_a_group_are_swapped_together():
    points = in_unit_cube(SobolPoints(3, 5, True, [0, 1, 0]), 3, 16).reshape(16, 6, 3)
    alone = in_unit_cube(SobolPoints(3, 5, True), 3, 16).reshape(16, 8, 3)
    a, b = alone[:, 0], alone[:, -1]
    np.testing.assert_array_equal(points[:, 0], a)
    np.testing.assert_array_equal(points[:, -1], b)
    for place, own in ((1, [True, False, True]), (2, [False, True, False])):
        np.testing.assert_array_equal(points[:, place], np.where(own, b, a))
        np.testing.assert_array_equal(points[:, place + 2], np.where(own, a, b))


def test_indices_of_groups_of_ishigamis_function_are_known():
    u = in_unit_cube(SobolPoints(3, 1, False, [0, 1, 0]), 3, 4096)
    x = (2 * u - 1) * PI
    y = np.sin(x[:, 0]) * (1 + 0.1 * x[:, 2] ** 4) + 7 * np.sin(x[:, 1]) ** 2
    values = y.reshape(4096, 4, 1)
    indices = sobol_indices(values, np.ones_like(values, bool), 2, False, Resampler(4096, 50, 0, 0.95))
    known = ishigami_indices(7.0)
    both = known["S1"][0] + known["S2"][0, 2]
    np.testing.assert_allclose(indices["S1"][:, 0], [both, known["S1"][1]], atol=0.03)
    np.testing.assert_allclose(indices["ST"][:, 0], [both, known["S1"][1]], atol=0.03)


def test_a_group_takes_one_step_of_a_trajectory():
    paths = in_unit_cube(MorrisPoints(4, 2, 6, [0, 1, 1, 2]), 4, 500).reshape(500, 4, 4)
    moved = np.diff(paths, axis=1) != 0
    np.testing.assert_array_equal(moved[..., 1], moved[..., 2])
    np.testing.assert_array_equal(moved.sum(axis=1), 1)  # each of them once
    np.testing.assert_array_equal(moved[..., [0, 1, 3]].sum(axis=2), 1)  # and one at a time
    alone = in_unit_cube(MorrisPoints(3, 2, 6), 3, 100)
    np.testing.assert_array_equal(alone, in_unit_cube(MorrisPoints(3, 2, 6, [0, 1, 2]), 3, 100))


def test_groups_are_part_of_the_design():
    space = stated({"city": ["alpha", "v"]})
    design = Design.from_identity(space.identity())
    assert design is not None
    assert design.moved == ["city", "beta"]
    assert (design.points_per_sample, space.points) == (4, 16 * 4)
    assert str(design) == "sobol, 16 base samples of 4 points, over city, beta"


@pytest.mark.parametrize(
    ("groups", "kind", "message"),
    [
        ({" ": ["x1"]}, "sobol", "should be a name"),
        ({"\x1b[31mred": ["x1"]}, "sobol", "without control characters"),
        ({"a" * 300: ["x1"]}, "morris", "should be a name of at most"),
        ({"city": ["alpha", "gamma"]}, "sobol", "'gamma' is not sampled"),
        ({"city": ["alpha"], "other": ["alpha"]}, "sobol", "alpha stands in a group already"),
        ({"beta": ["alpha"]}, "sobol", "beta: is the name of a parameter"),
        ({"city": "alpha"}, "morris", "'alpha' should be a list"),
        ({}, "morris", "should be a table"),
        ({"city": ["alpha"]}, "lhs", "are of sobol and morris designs"),
    ],
)
def test_wrong_groups_are_refused(groups, kind, message):
    with pytest.raises(SweepError, match=r"design\.groups") as error:
        stated(groups, kind)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("ends", "levels", "alike"),
    [([3, 4], 4, False), ([3, 6], 4, True), ([3, 5], 2, True), ([3, 5], 4, False)],
)
def test_whole_numbers_are_in_groups_whose_steps_are_alike(ends, levels, alike):
    laws = {"n": {"integers": ends}, "alpha": {"uniform": [0.1, 0.9]}, "beta": {"uniform": [0.1, 0.9]}}
    design = {"kind": "morris", "samples": 16, "levels": levels, "parameters": laws}
    design["groups"] = {"city": ["n", "alpha"], "alone": ["beta"]}
    if not alike:
        with pytest.raises(SweepError, match=r"groups\.city: n has whole numbers .* take levels = 2"):
            Sweep("external", outputs=["investment"], design=design).space()
        return
    space = Sweep("external", outputs=["investment"], design=design).space()
    (axis,) = [axis for axis in space.axes if axis.group]
    x = np.stack([axis.values[name][:] for name in laws], axis=1).astype(float)
    steps = steps_of(Design.from_identity(space.identity()), x.reshape(16, 3, 3))
    y = 10 * (x[:, 1] - 0.1) / 0.8  # of alpha alone, by 10 over its range
    effects = elementary_effects(y.reshape(16, 3, 1), steps)[..., 0]
    np.testing.assert_allclose(np.abs(effects), np.tile([10.0, 0.0], (16, 1)), atol=1e-9)
