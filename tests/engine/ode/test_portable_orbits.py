"""Cubes of orbits are portable where all of them is machine code: the same bytes on every processor."""

import pytest
from equisweep.engine.codegen import lane_loop
from equisweep.engine.codegen.cpu import jit
from equisweep.engine.codegen.cpu.backend import Cpu
from equisweep.engine.grid import made_before
from equisweep.engine.kept.entries import nothing_kept
from equisweep.kernels.games.registry import MODELS
from equisweep.sweeps import Sweep, open_cube, plan, run
from helpers.codegen.avx2 import compiled_for_avx2
from helpers.cube_files import contents
from helpers.products import costs_seconds

WITH_ORBITS = [name for name, model in MODELS.items() if model.flow is not None]


def sweep_of(name, **options):
    """Few orbits with paths, every mechanism dynamic, in tiles of one point and more."""
    model = MODELS[name]
    dynamic = {c.name: "dynamic" for c in model.choices if "dynamic" in c.options}
    moved = next(q for q in model.parameters if not q.integer and q.dim is None and q.name != "horizon")
    values = [moved.default * part for part in (0.8, 0.9, 1.0)]
    return Sweep(name, {moved.name: values}, fixed={**dynamic, "horizon": 30.0}, times=[0.5, 7.0], **options)


def numbers(path):
    """All bytes but those that say when it was computed."""
    return {name: content for name, content in contents(path).items() if "c/" in name and "/runs" not in name}


def computed(path, name):
    run(sweep_of(name), path, durable=False, progress=False, tile_points=2)
    assert open_cube(path).attrs["portable"] == "yes"
    return numbers(path)


def test_cubes_of_single_precision_are_portable_too():
    """NaN is one of their numbers as it stands: XLA has none to convert between calls."""
    assert plan(sweep_of("internal", dtype="float32"), trial=False).not_portable == ""


@costs_seconds
@pytest.mark.parametrize("name", WITH_ORBITS)
def test_orbits_have_the_same_bytes_whatever_vectors_a_processor_has(tmp_path, monkeypatch, name):
    """Whole sweeps, cycles included: other instructions, other code, another number of lanes side by side.

    And call after call by XLA as well as all in one program.
    """
    by_parts = Cpu(16)
    by_parts.routes = False
    monkeypatch.setattr(lane_loop, "lane_backends", lambda: [by_parts])
    expected = computed(tmp_path / "wide.zarr", name)
    linked, object_ = [], jit._object  # compiled now, or by an earlier run
    monkeypatch.setattr(jit, "_object", lambda text, name: (linked.append(text), object_(text, name))[1])
    monkeypatch.setattr(lane_loop, "lane_backends", lambda: [Cpu(8)])
    monkeypatch.setattr(made_before, "MADE", type(made_before.MADE)())
    with compiled_for_avx2(), nothing_kept():
        assert computed(tmp_path / "narrow.zarr", name) == expected
    assert any("<8 x double>" in text for text in linked)
    assert not any("<16 x double>" in text for text in linked)


@costs_seconds
def test_derivatives_are_portable_and_what_goes_through_xla_is_named(tmp_path):
    through = sweep_of("internal", integrator={"native": False})
    assert plan(through, trial=False).not_portable == "XLA (native = false)"
    few_stages = {"solver": "bosh3", "rtol": 1e-6}
    moved = sweep_of("internal", integrator=few_stages, derivatives={"share_final": ["horizon"]})
    assert plan(moved, trial=False).not_portable == ""
    run(moved, tmp_path / "a.zarr", durable=False, progress=False)
    assert open_cube(tmp_path / "a.zarr").attrs["portable"] == "yes"
