"""Some models' orbits by some solvers on a GPU's threads; `check_kernels` has all of them with all."""

import pytest
from equisweep.engine.ode.method import SOLVERS
from gpu import check_kernels as all_of_them
from helpers.products import covering

# Every solver by one of the two laws at least: these are assembled, of the others bits are compared.
ASSEMBLED = {"dopri8", "tsit5", "taylor", "rodas5p"}
VALID = [("internal", solver) for solver in SOLVERS]
VALID += [(name, "tsit5") for name in all_of_them.WITH_ORBITS if name != "internal"]


@pytest.mark.parametrize(
    ("name", "solver"), covering(VALID, lambda _, solver: solver in ASSEMBLED, columns=1)
)
def test_every_solver_and_every_model_is_valid_for_the_assembler(monkeypatch, tmp_path, name, solver):
    all_of_them.test_orbits_are_valid_for_every_card_and_fit_its_registers(
        monkeypatch, tmp_path, name, solver
    )


@pytest.mark.parametrize(
    "solver", covering([(solver,) for solver in SOLVERS], lambda solver: solver not in ASSEMBLED, columns=0)
)
def test_every_solver_has_the_bits_of_a_processors_vectors(monkeypatch, solver):
    all_of_them.test_orbits_have_the_bits_of_a_processors_vectors(monkeypatch, "internal", solver)
