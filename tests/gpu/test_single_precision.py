"""Some models' orbits in float32 by some solvers; `check_single_precision` has all of them with all."""

import pytest
from equisweep.engine.ode.method import SOLVERS
from equisweep.sweeps import SweepError
from gpu import check_kernels, check_single_precision
from helpers.codegen.captured import one_orbit
from helpers.codegen.gpu import CARDS
from helpers.products import some, whole_product

EACH = [("internal", solver) for solver in SOLVERS]
EACH += [(name, "tsit5") for name in check_kernels.WITH_ORBITS if name != "internal"]
SUITE = {("internal", "bosh3")}


@pytest.mark.parametrize(
    ("name", "solver"), [pytest.param(*case, marks=() if case in SUITE else whole_product) for case in EACH]
)
def test_orbits_have_the_same_bits_and_are_near_those_of_double(monkeypatch, name, solver):
    check_single_precision.orbits(monkeypatch, name, solver)


# In double precision another one is, in test_kernels.py.
@pytest.mark.parametrize("solver", some(["heun", "tsit5"], {"heun"}))
def test_whole_orbits_are_valid_for_the_assembler(monkeypatch, tmp_path, solver):
    check_single_precision.assembled(monkeypatch, tmp_path, "internal", solver, CARDS[1:2])


@pytest.mark.parametrize("option", ["rtol", "settle"])
def test_what_single_precision_cannot_hold_is_refused_with_the_reason(option):
    with pytest.raises(
        SweepError, match=f"{option} = 1e-07: numbers are float32, which round at 1.2e-07; take"
    ):
        one_orbit("internal", "tsit5", dtype="float32", integrator={option: 1e-7}).space()
