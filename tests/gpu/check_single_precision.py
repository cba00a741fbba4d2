"""Every model's orbits in float32 by every solver, on a GPU's threads: ``make kernels`` tries all.

Plans say that they are machine code; threads have the bits of a processor's vectors, which are near those of
float64; the kernels are valid for NVIDIA's assembler. No GPU is needed; `test_single_precision` has some.
"""

from functools import cache

import numpy as np
import pytest
from equisweep.engine.codegen.gpu.ptx import ptx
from equisweep.engine.codegen.gpu.route_code import route_kernel
from equisweep.engine.ode.method import Method
from equisweep.engine.ode.trajectory import lanes
from equisweep.kernels.games.registry import MODELS
from equisweep.sweeps import plan
from gpu import check_kernels as in_double
from helpers.codegen.captured import one_orbit, route_of
from helpers.codegen.gpu import CARDS
from helpers.codegen.kernel_rows import row, rows, write_table

# What a sweep in float32 takes unless it is told otherwise.
RTOL, SETTLE = 1e-5, 1e-3
# Errors of a whole orbit are so many of those of a step at most, of rounding included: 80 roundings.
ERRORS = 500
TIMES = (0.0, 0.4, 2.0)


@pytest.mark.parametrize(("name", "solver"), in_double.EACH)
def test_orbits_have_the_same_bits_and_are_near_those_of_double(monkeypatch, name, solver):
    with row("single_bits", name, solver):
        orbits(monkeypatch, name, solver)


@pytest.mark.parametrize(("name", "solver"), in_double.EACH)
def test_whole_orbits_are_valid_for_every_card_and_fit_its_registers(monkeypatch, tmp_path, name, solver):
    with row("single", name, solver):
        assembled(monkeypatch, tmp_path, name, solver, CARDS)


def test_their_table_is_written():
    """With what `check_kernels` has tried."""
    write_table(in_double.EACH)
    assert {*in_double.EACH} <= rows("single").keys() & rows("single_bits").keys()


def assembled(monkeypatch, folder, name, solver, cards):
    """All of an orbit, with a path, as one kernel for each of these cards."""
    text = ptx(route_kernel(route_of(monkeypatch, name, solver, dtype="float32"), "kernel"))
    assert ".f32" in text
    for card in cards:
        in_double.assert_valid(text, card, folder, once=False)


def orbits(monkeypatch, name, solver):
    """A plan says machine code and nothing else; both have the same bits; these are sane."""
    planned = plan(one_orbit(name, solver, dtype="float32", times=[1.0, 2.0]), trial=False)
    assert (planned.computed, planned.not_portable) == ("machine code", "")
    given = monkeypatch, name, Method(solver, RTOL, settle=SETTLE), in_double.INTERRUPTED
    ends = in_double.whole_orbits(*given, times=TIMES, dtype=np.float32)[1]
    expected = in_double_precision(name)
    assert ends.keys() == expected.keys()
    np.testing.assert_array_equal(ends["status"], expected["status"])
    assert len(np.unique(expected["status"])) > 1
    for key, values in expected.items():
        actual = np.asarray(ends[key])
        assert actual.dtype == (np.float32 if values.dtype == float else values.dtype), key
        if key.endswith(("_final", "_path")):
            near = {"rtol": ERRORS * RTOL, "atol": 1e-3 * ERRORS * RTOL}
            np.testing.assert_allclose(actual, values, err_msg=f"{key} of {name} by {solver}", **near)


@cache
def in_double_precision(name):
    """The same orbits by steps of 1e-10."""
    model = MODELS[name]
    outputs = lanes(model.flow, Method(settle=SETTLE), TIMES, **in_double.dynamic(model))
    return {key: np.asarray(values) for key, values in outputs(in_double.scenarios(model)).items()}
