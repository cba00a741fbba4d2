"""Every model's orbits by every solver, on a GPU's threads: ``make kernels`` tries all and writes a table.

They are valid for NVIDIA's assembler, fit a thread's registers, and have the bits of a processor's vectors.
No GPU is needed. It takes half an hour of a processor; `test_kernels` has some of them. Parts of it, as those
of one solver with ``-k "rodas5p or table"``, add up to one table.
"""

import hashlib
import re
from dataclasses import replace
from functools import partial

import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.codegen import lane_loop as loops
from equisweep.engine.codegen.cpu import jit as machine_code
from equisweep.engine.codegen.cpu.backend import Cpu
from equisweep.engine.codegen.gpu.lane_code import lane_kernel
from equisweep.engine.codegen.gpu.ptx import ptx
from equisweep.engine.codegen.gpu.route_code import route_kernel
from equisweep.engine.codegen.ir import Unsupported
from equisweep.engine.kept.entries import nothing_kept
from equisweep.engine.ode.method import SOLVERS, Method
from equisweep.engine.ode.trajectory import lanes
from equisweep.engine.point import point_function
from equisweep.kernels.games.registry import MODELS
from equisweep.sweeps import Sweep
from helpers.codegen.avx2 import Avx2
from helpers.codegen.captured import loops_of, route_of
from helpers.codegen.gpu import (
    CARDS,
    OnThisProcessor,
    RouteOnThisProcessor,
    assembled,
    assert_offsets_in_local_memory,
)
from helpers.codegen.kernel_rows import assembled_before, assembler_version, row, rows, write_table
from helpers.codegen.lanes import SideBySide
from helpers.codegen.routes import RoutesSideBySide
from helpers.codegen.threads import assert_as_on_the_cpu
from helpers.project import ROOT

WITH_ORBITS = [name for name, model in MODELS.items() if model.flow is not None]
EACH = [(name, solver) for name in WITH_ORBITS for solver in SOLVERS]
COUNT = 11


@pytest.mark.parametrize(("name", "solver"), EACH)
def test_orbits_are_valid_for_every_card_and_fit_its_registers(monkeypatch, tmp_path, name, solver):
    """Loops that several have in common are assembled once, for each card."""
    with row("loops", name, solver) as kernels:
        for loop in loops_of(monkeypatch, name, solver):
            keep_valid(kernels, ptx(lane_kernel(loop, "kernel")), tmp_path, once=loop.once)


def keep_valid(kernels, text, folder, *, once):
    """What the assembler says of a kernel for every card, now or the first time that it was given it."""
    digest = hashlib.sha256((assembler_version() + text).encode()).hexdigest()
    known = assembled_before()
    if digest not in known:
        known[digest] = [assembled(text, card, folder) for card in CARDS]
    for made in known[digest]:
        assert_fits(text, made, once=once)
    kernels[digest] = known[digest]


def assert_valid(text, card, folder, *, once):
    """The assembler takes it for a card, and it fits."""
    assert_fits(text, assembled(text, card, folder), once=once)


def assert_fits(text, made, *, once):
    """Nothing spills, no address of a cell takes registers, and all is rounded as it stands."""
    assert (0 if once else 32) < made.registers <= 255
    assert made.spilled == 0
    assert_offsets_in_local_memory(text)
    assert not re.findall(r"\b(?:add|sub|mul|fma)\.f(?:32|64)", text)


@pytest.mark.parametrize(("name", "solver"), EACH)
def test_orbits_have_the_bits_of_a_processors_vectors(monkeypatch, name, solver):
    with row("bits", name, solver):
        same_bits(monkeypatch, name, solver)


def same_bits(monkeypatch, name, solver):
    """The threads of each loop, and vectors of AVX-512, if there is that, and of AVX2."""
    both = SideBySide(OnThisProcessor(), Cpu(), Avx2())
    monkeypatch.setattr(loops, "lane_backends", lambda: [both])
    monkeypatch.setattr("equisweep.engine.ode.trajectory._FUNCTIONS", {})
    model = MODELS[name]
    ends = lanes(model.flow, method(solver), **dynamic(model))(scenarios(model))
    assert len(np.unique(ends["steps"])) > 1
    assert both.results
    both.assert_same_bits()


@pytest.mark.parametrize(("name", "solver"), EACH)
def test_whole_orbits_are_valid_for_every_card_and_fit_its_registers(monkeypatch, tmp_path, name, solver):
    """As one kernel, with a path: each part's function by itself."""
    with row("whole", name, solver) as kernels:
        text = ptx(route_kernel(route_of(monkeypatch, name, solver), "kernel"))
        keep_valid(kernels, text, tmp_path, once=False)


@pytest.mark.parametrize(("name", "solver"), EACH)
def test_whole_orbits_have_the_bits_of_a_processors_vectors(monkeypatch, name, solver):
    """In threads that are interrupted again and again, and leave their steps for others of their warp."""
    with row("whole_bits", name, solver):
        whole_orbits(monkeypatch, name, method(solver), INTERRUPTED)


def dynamic(model):
    """Choices: of every mechanism that it is dynamic."""
    return {c.name: "dynamic" if "dynamic" in c.options else c.default for c in model.choices}


def method(solver):
    """Few steps."""
    return Method(solver, 1e-6, 1e-6, max_steps=300)


INTERRUPTED = partial(RouteOnThisProcessor, threads=2, work=90, others=True)


def whole_orbits(monkeypatch, name, method, *ways, times=(0.0, 0.4, 2.0), dtype=float):
    """Orbits with a path in these ways, beside a processor's vectors; their programs, and what they are.

    The last way is a processor's with AVX2.
    """
    both, model = RoutesSideBySide(*ways, Avx2().route), MODELS[name]
    monkeypatch.setattr(machine_code, "OPTIMISE", 0)
    monkeypatch.setattr(loops, "lane_backends", lambda: [both])
    monkeypatch.setattr("equisweep.engine.ode.trajectory._FUNCTIONS", {})
    with nothing_kept():  # what an earlier process has traced would not be traced again
        ends = lanes(model.flow, method, times, **dynamic(model))(scenarios(model, dtype))
    assert len(np.unique(ends["steps"])) > 1
    both.assert_same_bits()
    return both.taken[0][0], ends


def scenarios(model, dtype=float):
    """Defaults, but for horizons from none on and one number that moves, in two lanes to NaN and infinity."""
    values = {}
    for parameter in model.parameters:
        default = np.asarray(
            list(parameter.default.values()) if isinstance(parameter.default, dict) else parameter.default
        )
        values[parameter.name] = np.broadcast_to(default, (COUNT, *default.shape)).astype(float).copy()
    moved = next(
        name for name, one in values.items() if one.ndim == 1 and name not in ("horizon", "x0", "y0", "z0")
    )
    values[moved] *= np.linspace(0.5, 1.5, COUNT)
    values[moved][3:5] = np.nan, np.inf
    values["horizon"] = np.linspace(0, 3, COUNT)
    return {name: jnp.asarray(one, dtype) for name, one in values.items()}


GRIDS = sorted(file.stem for file in (ROOT / "sweeps" / "presets").glob("*.toml"))


@pytest.mark.parametrize("name", GRIDS)
def test_grids_of_presets_have_the_bits_of_a_processors_vectors(tmp_path, name):
    """Some values of each axis; what is asked of orbits, and what has no machine code, is left out."""
    sweep = Sweep.from_file(ROOT / "sweeps" / "presets" / f"{name}.toml")
    space = sweep.space()
    flow = space.model.flow
    of_orbits = {one.name for one in flow.outputs(path=True)} if flow is not None else set()
    kept = tuple(one.name for one in space.model.outputs if one.name not in of_orbits)
    space = replace(space, outputs=kept, derivatives={}, times=())
    some = [(axis, slice(0, axis.size, max(axis.size // 3, 1))) for axis in space.axes if not axis.static]
    at = [
        {n: v for n, v in axis.at(part, space.dtype).items() if n not in axis.options} for axis, part in some
    ]
    point = point_function(space, space.combinations[0])
    try:
        with row("grid", name) as kernels:
            made = assert_as_on_the_cpu(point, at, tmp_path, every_card=True)
            kernels.update({str(k): of_cards for k, of_cards in enumerate(made)})
    except Unsupported as reason:
        pytest.skip(str(reason))


def test_their_table_is_written():
    """Of each model and solver the loop over steps, the largest other, and all of an orbit; of presets the
    kernels of their grids.
    """
    write_table(EACH)
    for law in ("loops", "bits", "whole", "whole_bits"):
        assert {*EACH} <= rows(law).keys()
