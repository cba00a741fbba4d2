"""Every model's orbits by every solver, on a GPU's threads: ``make kernels`` tries all and writes a table.

They are valid for NVIDIA's assembler, fit a thread's registers, and have the bits of a processor's vectors.
No GPU is needed. It takes half an hour of a processor; `test_kernels` has some of them.
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
from helpers.codegen.captured import loops_of, route_of
from helpers.codegen.gpu import CARDS, Assembled, OnThisProcessor, RouteOnThisProcessor, assembled
from helpers.codegen.lanes import SideBySide
from helpers.codegen.routes import RoutesSideBySide
from helpers.codegen.threads import assert_as_on_the_cpu
from helpers.project import ROOT

WITH_ORBITS = [name for name, model in MODELS.items() if model.flow is not None]
EACH = [(name, solver) for name in WITH_ORBITS for solver in SOLVERS]
SEEN: set[bytes] = set()
# Of each kernel one for each card.
OF_GRIDS: dict[str, list[list[Assembled]]] = {}
TABLE: dict[tuple[str, str], list[list[Assembled]]] = {}
WHOLE: dict[tuple[str, str], list[Assembled]] = {}
COUNT = 11


@pytest.mark.parametrize(("name", "solver"), EACH)
def test_orbits_are_valid_for_every_card_and_fit_its_registers(monkeypatch, tmp_path, name, solver):
    """Loops that several have in common are assembled once, for each card."""
    for loop in loops_of(monkeypatch, name, solver):
        text = ptx(lane_kernel(loop, "kernel"))
        digest = hashlib.sha256(text.encode()).digest()
        if digest not in SEEN:
            SEEN.add(digest)
            made = [assert_valid(text, card, tmp_path, once=loop.once) for card in CARDS]
            TABLE.setdefault((name, solver), []).append(made)


def assert_valid(text, card, folder, *, once):
    """Nothing spills, and all is rounded as it stands; what the assembler says."""
    made = assembled(text, card, folder)
    assert (0 if once else 32) < made.registers <= 255
    assert made.spilled == 0
    assert not re.findall(r"\b(?:add|sub|mul|fma)\.f(?:32|64)", text)
    return made


@pytest.mark.parametrize(("name", "solver"), EACH)
def test_orbits_have_the_bits_of_a_processors_vectors(monkeypatch, name, solver):
    both = SideBySide(OnThisProcessor(), Cpu())
    monkeypatch.setattr(loops, "lane_backends", lambda: [both])
    monkeypatch.setattr("equisweep.engine.ode.trajectory._FUNCTIONS", {})
    model = MODELS[name]
    ends = lanes(model.flow, method(solver), **dynamic(model))(scenarios(model))
    assert len(np.unique(ends["steps"])) > 1
    assert both.results
    for threads, vectors in both.results:
        for one, other in zip(threads, vectors, strict=True):
            nan = one != one
            np.testing.assert_array_equal(nan, other != other)
            assert one[~nan].tobytes() == other[~nan].tobytes()


@pytest.mark.parametrize(("name", "solver"), EACH)
def test_whole_orbits_are_valid_for_every_card_and_fit_its_registers(monkeypatch, tmp_path, name, solver):
    """As one kernel, with a path: each part's function by itself."""
    text = ptx(route_kernel(route_of(monkeypatch, name, solver), "kernel"))
    WHOLE[name, solver] = [assert_valid(text, card, tmp_path, once=False) for card in CARDS]


@pytest.mark.parametrize(("name", "solver"), EACH)
def test_whole_orbits_have_the_bits_of_a_processors_vectors(monkeypatch, name, solver):
    """In threads that are interrupted again and again, and leave their steps for others of their warp."""
    whole_orbits(monkeypatch, name, method(solver), INTERRUPTED)


def dynamic(model):
    """Choices: of every mechanism that it is dynamic."""
    return {c.name: "dynamic" if "dynamic" in c.options else c.default for c in model.choices}


def method(solver):
    """Few steps."""
    return Method(solver, 1e-6, 1e-6, max_steps=300)


INTERRUPTED = partial(RouteOnThisProcessor, threads=2, work=90, others=True)


def whole_orbits(monkeypatch, name, method, *ways, times=(0.0, 0.4, 2.0), dtype=float):
    """Orbits with a path in these ways, beside a processor's vectors; their programs, and what they are."""
    both, model = RoutesSideBySide(*ways), MODELS[name]
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
        OF_GRIDS[name] = assert_as_on_the_cpu(point, at, tmp_path, every_card=True)
    except Unsupported as reason:
        pytest.skip(str(reason))


def test_their_table_is_written():
    """Of each model and solver the loop over steps, and the largest other that it does not share; of presets
    the kernels of their grids.
    """
    cards = " / ".join(CARDS)
    lines = [f"Registers for {cards}, bytes of a thread in shared and in local memory.", ""]
    lines += ["| model | solver | loop over steps | largest other loop |", "|---|---|---|---|"]
    for (name, solver), result in TABLE.items():
        lines.append(f"| {name} | {solver} | {_said(result[:1])} | {_said(result[1:])} |")
    lines += ["", "| model | solver | all of an orbit |", "|---|---|---|"]
    lines += [f"| {name} | {solver} | {_said([result])} |" for (name, solver), result in WHOLE.items()]
    lines += ["", "| preset | kernels | largest kernel |", "|---|---|---|"]
    lines += [f"| {name} | {len(result)} | {_said(result)} |" for name, result in OF_GRIDS.items()]
    (ROOT / "build").mkdir(exist_ok=True)
    (ROOT / "build" / "kernels.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert len(TABLE) == len(WHOLE) == len(EACH)


def _said(result):
    """Registers for each card, bytes of shared and of local memory: the most of each."""
    if not result:
        return ""
    registers = "/".join(str(max(one.registers for one in of_card)) for of_card in zip(*result, strict=True))
    shared, local = (max(getattr(one, kind) for of in result for one in of) for kind in ("shared", "local"))
    return f"{registers}, {shared}, {local}"
