"""Some models' orbits by some solvers on a GPU's threads; `check_kernels` has all of them with all."""

from functools import partial
from itertools import cycle

import pytest
from equisweep.engine.codegen.gpu.lane_code import lane_kernel
from equisweep.engine.codegen.gpu.ptx import ptx
from equisweep.engine.codegen.gpu.route_code import route_kernel
from equisweep.engine.ode.method import SOLVERS
from gpu import check_kernels as all_of_them
from helpers.codegen.captured import loops_of, route_of
from helpers.codegen.gpu import CARDS, RouteOnThisProcessor
from helpers.products import covering, some, whole_product

SEEN: set[str] = set()

# One kind of steps by each law: these are assembled, of those bits are compared; of other solvers, in whole
# orbits below and in tests/engine/codegen/gpu.
ASSEMBLED, COMPARED = {"taylor"}, {"kvaerno5"}
VALID = [("internal", solver) for solver in SOLVERS]
VALID += [(name, "tsit5") for name in all_of_them.WITH_ORBITS if name != "internal"]


@pytest.mark.parametrize(
    ("name", "solver"),
    covering(VALID, lambda name, solver: name == "internal" and solver in ASSEMBLED, columns=0),
)
def test_every_solver_and_every_model_is_valid_for_the_assembler(monkeypatch, tmp_path, name, solver):
    """Each kernel for one of the cards."""
    for loop, card in zip(loops_of(monkeypatch, name, solver), cycle(CARDS), strict=False):
        code = lane_kernel(loop, "kernel")
        if code not in SEEN:
            SEEN.add(code)
            all_of_them.assert_valid(ptx(code), card, tmp_path, once=loop.once)


@pytest.mark.parametrize("solver", some(SOLVERS, COMPARED))
def test_every_solver_has_the_bits_of_a_processors_vectors(monkeypatch, solver):
    all_of_them.same_bits(monkeypatch, "internal", solver)


# Whole orbits in one kernel, with a path: every solver and every model. Those of `taylor` are assembled, too:
# their numbers do not fit the registers.
WHOLE = [("internal", solver) for solver in SOLVERS]
WHOLE += [(name, "tsit5") for name in all_of_them.WITH_ORBITS if name != "internal"]
SUITE = {("internal", "bosh3")}


@pytest.mark.parametrize(
    ("name", "solver"),
    [pytest.param(*case, marks=() if case in SUITE else whole_product) for case in WHOLE],
)
def test_whole_orbits_have_the_bits_of_a_processors_vectors(monkeypatch, name, solver):
    """In threads that do all at once, and in such that are interrupted and leave their steps for others."""
    ways = [partial(RouteOnThisProcessor, threads=3)]
    ways.append(partial(RouteOnThisProcessor, threads=2, work=40, others=True))
    programs, _ = all_of_them.whole_orbits(monkeypatch, name, all_of_them.method(solver), *ways)
    _, at_once, interrupted, _ = programs
    assert at_once.launches == 1
    assert interrupted.launches > 5


ONE_KERNEL = [("internal", "tsit5"), ("internal", "taylor")]
ONE_KERNEL += [("supervision_regulator", "kvaerno5"), ("supervision_regulator", "taylor")]


@pytest.mark.parametrize(
    ("name", "solver"),
    covering(ONE_KERNEL, lambda name, solver: (name, solver) == ("internal", "tsit5"), columns=0),
)
def test_whole_orbits_are_valid_for_the_assembler(monkeypatch, tmp_path, name, solver):
    """None of their functions spills; those of the longest step did for this card, and for `sm_80` not."""
    text = ptx(route_kernel(route_of(monkeypatch, name, solver), "kernel"))
    all_of_them.assert_valid(text, CARDS[1], tmp_path, once=False)
