"""A cube says whether its bits are the same everywhere, and no run mixes bits in one whose are not."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from equisweep.engine.grid import function as grid_function
from equisweep.engine.grid.evaluate import Evaluator
from equisweep.engine.run import begin
from equisweep.engine.run.portable import TAKEN, require_same_bits
from equisweep.engine.store.commit import revoke
from equisweep.engine.store.cube import Cube
from equisweep.sweeps import CubeError, Sweep, SweepError, SweepInterrupted, open_cube, plan, run
from equisweep.sweeps.commands.main import main
from equisweep.sweeps.run import run_report
from helpers.cube_files import contents

SWEEP = Sweep(
    "external", {"alpha": [0.2, 0.4, 0.6, 0.8], "beta": [0.1, 0.3, 0.5, 0.7]}, outputs=["investment"]
)


def part(path, given):
    return run_report(SWEEP, path, part=given, durable=False, tile_points=4, progress=False)


def shards(path):
    return {file: content for file, content in contents(path).items() if not file.startswith("status/runs")}


@pytest.fixture
def only_xla(monkeypatch):
    """Machine code fails on this machine: what another one computes natively goes through XLA here."""

    def switch(on):
        reason = (lambda device, native: "no machine code here") if on else (lambda device, native: None)
        monkeypatch.setattr(grid_function, "_reason_for_xla", reason)
        monkeypatch.setattr(grid_function, "find", lambda *_: None)
        monkeypatch.setattr(grid_function, "keep", lambda *_: None)
        monkeypatch.setattr(grid_function._One, "kept", lambda *_: None)

    return switch


def test_what_falls_back_to_xla_on_one_machine_does_not_go_on_with_a_portable_cube(
    tmp_path, only_xla, capsys
):
    path = tmp_path / "a.zarr"
    part(path, "1/2")
    assert open_cube(path).attrs["portable"] == "yes"
    before = shards(path)
    only_xla(True)
    for given in ("2/2", None):
        with pytest.raises(
            CubeError, match=r"is portable, and this machine cannot .* \(XLA \(no machine code"
        ):
            part(path, given)
    assert shards(path) == before
    only_xla(False)
    assert part(path, "2/2").missing == 0
    assert main(["info", str(path)]) == 0
    assert "\nportable  yes\n" in capsys.readouterr().out


def test_nor_machine_code_with_one_that_was_begun_through_xla(tmp_path, only_xla):
    path = tmp_path / "a.zarr"
    only_xla(True)
    part(path, "1/2")
    assert open_cube(path).attrs["portable"] == "no: XLA (no machine code here)"
    only_xla(False)
    with pytest.raises(CubeError, match=r"is not portable .* computes it otherwise: machine code alone"):
        part(path, "2/2")
    only_xla(True)
    assert part(path, "2/2").missing == 0


@pytest.mark.parametrize(
    ("said", "begun", "why_not", "here", "problem"),
    [
        ("yes", "cpu:0", "", "cuda:1", None),
        ("yes", "cuda:0", "", "TFRT_CPU_0", None),
        ("yes", "cpu:0", "sinh by the C library", "cpu:0", "cannot compute it so"),
        ("no: sinh by the C library", "cpu:0", "sinh by the C library", "cpu:0", None),
        ("no: sinh by the C library", "cpu:0", "XLA (sinh of f64)", "cuda:0", "computes it otherwise"),
        ("no: XLA (primitive qr)", "cpu:0", "XLA (primitive qr)", "TFRT_CPU_0", None),
        (
            "no: XLA (primitive qr)",
            "cpu:0",
            "XLA (primitive qr)",
            "cuda:0",
            "begun on cpu; tiles computed on gpu",
        ),
        ("no: XLA (primitive qr)", "cuda:0", "XLA (primitive qr)", "cuda:1", None),
        (None, "cpu:0", "", "cpu:0", None),
        (None, "cuda:0", "XLA (primitive qr)", "cpu:0", None),  # of an earlier version: as it was
        ("yes", "cpu:0", TAKEN, "cpu:0", "cannot have points of a cube that does not say"),
        (f"no: {TAKEN}", "cpu:0", "", "TFRT_CPU_0", None),
        (f"no: {TAKEN}", "cpu:0", "", "cuda:0", "begun on cpu; tiles computed on gpu"),
        (f"no: {TAKEN}", "cpu:0", "XLA (sinh of f64)", "cpu:0", "computes it otherwise"),
    ],
)
def test_devices_mix_in_portable_cubes_alone(said, begun, why_not, here, problem):
    attributes = {"device": begun} | ({} if said is None else {"portable": said})
    cube = SimpleNamespace(root="a.zarr", attributes=attributes)
    if problem is None:
        require_same_bits(cube, why_not, here)
    else:
        with pytest.raises(CubeError, match=problem):
            require_same_bits(cube, why_not, here)


def finer(path, old):
    axes = {**SWEEP.axes, "alpha": [0.2, 0.3, 0.4, 0.5]}
    return run_report(
        replace(SWEEP, axes=axes), path, reuse=old, durable=False, tile_points=4, progress=False
    )


def test_points_of_a_cube_that_is_not_portable_go_into_no_portable_one(tmp_path, only_xla):
    old, new = tmp_path / "old.zarr", tmp_path / "new.zarr"
    only_xla(True)
    part(old, "1/1")
    assert finer(new, old).reused == 8
    assert open_cube(new).attrs["portable"] == "no: XLA (no machine code here)"
    only_xla(False)
    with pytest.raises(SweepError, match=r"old.zarr: is not portable .* compute all anew, without reuse"):
        finer(tmp_path / "x.zarr", old)
    part(tmp_path / "native.zarr", None)
    only_xla(True)
    with pytest.raises(SweepError, match=r"native.zarr: is portable, and this machine cannot compute it so"):
        finer(tmp_path / "x.zarr", tmp_path / "native.zarr")
    assert not (tmp_path / "x.zarr").exists()


def test_a_cube_with_points_of_an_earlier_version_says_so_and_goes_on(tmp_path, monkeypatch):
    old, new = tmp_path / "old.zarr", tmp_path / "new.zarr"
    with monkeypatch.context() as patched:
        patched.setattr(begin, "PORTABLE", "unknown_then")
        part(old, "1/2")
    assert "portable" not in open_cube(old).attrs
    assert finer(new, old).reused
    assert open_cube(new).attrs["portable"] == f"no: {TAKEN}"
    sweep = replace(SWEEP, axes={**SWEEP.axes, "alpha": [0.2, 0.3, 0.4, 0.5]})
    revoke_one(new)
    assert run_report(sweep, new, durable=False, progress=False).computed == 1
    run(sweep, tmp_path / "alone.zarr", durable=False, tile_points=4)
    revoke_one(tmp_path / "alone.zarr")
    with pytest.raises(CubeError, match=r"alone.zarr: is portable, and cannot have points of a cube"):
        finer(tmp_path / "alone.zarr", old)
    assert part(old, None).computed == 2
    assert "portable" not in open_cube(old).attrs


def revoke_one(path):
    cube = Cube(path)
    revoke(cube, next(iter(cube.layout)))
    cube.recorder.close()


def test_who_stops_before_a_cube_is_replaced_is_told_that_it_is_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "a.zarr"
    run(SWEEP, path, progress=False, durable=False)
    before = contents(path)

    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Evaluator, "function", stop)
    said = r"^0 of 1 tiles of the new cube are committed, and the one that it was to replace is as it was$"
    with pytest.raises(SweepInterrupted, match=said):
        run(replace(SWEEP, axes={**SWEEP.axes, "alpha": [0.1]}), path, overwrite=True, progress=False)
    assert contents(path) == before


def test_programs_are_made_by_who_begins_a_cube_and_are_interrupted_as_tiles_are(
    tmp_path, monkeypatch, capsys
):
    sweep = replace(SWEEP, axes={"mechanism": ["sharing", "noncooperation", "compensation"], **SWEEP.axes})

    def report(given):
        return run_report(sweep, tmp_path / "a.zarr", part=given, durable=False, tile_points=16)

    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Evaluator, "function", stop)
        with pytest.raises(SweepInterrupted, match="0 of 1 tiles"):
            report("1/3")
    assert not list(tmp_path.iterdir())
    capsys.readouterr()
    made, real = [], Evaluator.compiled
    monkeypatch.setattr(Evaluator, "compiled", lambda self, tile: (made.append(tile), real(self, tile))[1])
    assert report("2/3").points == 16
    assert len(made) == 3
    lines = capsys.readouterr().err.splitlines()
    assert [line.split("points")[0] for line in lines] == ["  0%  0 of 16 ", "100%  16 of 16 "]
    for given in ("1/3", "3/3", "1/3"):
        report(given)
    assert len(made) == 5


MODEL = """
import jax.numpy as jnp
from equisweep.kernels.declare import model
from equisweep.kernels.model import Domain, Output, Parameter

@model(
    parameters=[Parameter("x", "x", "1", 0.5, Domain(), "a number")],
    outputs=[Output("y", "y", "1", "odd"), Output("z", "z", "1", "none", may_be_nan=True)],
)
def own(p):
    negative = jnp.signbit(p["x"]).astype("int64") << 63
    return {"y": jnp.sinh(p["x"]), "z": (negative | 0x7FF8000000000123).view("float64")}
"""


def test_a_function_of_the_c_library_is_named_and_nan_is_one_bit_pattern(tmp_path):
    (tmp_path / "own.py").write_text(MODEL)
    sweep = Sweep(f"{tmp_path}/own.py:own", {"x": [-1.0, 0.5]})
    assert plan(sweep, trial=False).not_portable == "sinh by the C library"
    cube = run(sweep, tmp_path / "a.zarr")
    assert cube.attrs["portable"] == "no: sinh by the C library"
    assert {*cube["z"].values.view("u8").tolist()} == {np.array(np.nan).view("u8").item()}
