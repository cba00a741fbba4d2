"""One sweep in parts: in any order, twice, reduced or grown, the cube is the one that a run makes alone."""

from dataclasses import replace

import numpy as np
import pytest
from equisweep.engine.grid.evaluate import Evaluator
from equisweep.engine.store import grow
from equisweep.engine.store.commit import revoke
from equisweep.engine.store.cube import Cube
from equisweep.engine.store.resume import seal_anew
from equisweep.engine.store.seal import broken, seals_of
from equisweep.engine.store.shared.lease import beside_others
from equisweep.engine.store.verify import verify
from equisweep.sweeps import CubeError, Sweep, SweepError, SweepInterrupted, open_cube, run
from equisweep.sweeps.commands.main import main
from equisweep.sweeps.run import run_report
from helpers.cube_files import contents
from helpers.ended_early import stop_after
from helpers.products import covering, some

SWEEP = Sweep(
    "external",
    {
        "mechanism": ["noncooperation", "sharing"],
        "alpha": {"start": 0.0, "stop": 1.0, "num": 11},
        "beta": {"start": 0.01, "stop": 1, "num": 21},
    },
    outputs=["investment"],
)
SOBOL = {
    "kind": "sobol",
    "samples": 16,
    "parameters": {"alpha": {"uniform": [0.1, 0.9]}, "L": {"uniform": [1, 9]}},
}
DESIGN = Sweep("external", {"n": [3, 4]}, outputs=["investment"], design=SOBOL)
REDUCED = Sweep(
    "external",
    {"alpha": {"start": 0.1, "stop": 0.9, "num": 5}, "beta": {"start": 0.1, "stop": 0.9, "num": 21}},
    reduce={"over": ["beta"], "investment": ["mean", "std", "quantiles(0.5)"]},
)
INDICES = replace(DESIGN, axes={}, design={**SOBOL, "store": False})


def part(sweep, path, given, **options):
    return run_report(sweep, path, part=given, durable=False, tile_points=20, progress=False, **options)


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """The files of the cube of a sweep that one run makes alone."""
    made = {}

    def files(sweep):
        if repr(sweep) not in made:
            path = tmp_path_factory.mktemp("alone") / "cube.zarr"
            run_report(sweep, path, durable=False, tile_points=20, progress=False)
            made[repr(sweep)] = contents(path)
        return made[repr(sweep)]

    return files


@pytest.mark.parametrize("sweep", some([SWEEP, DESIGN, REDUCED, INDICES], [SWEEP, INDICES]))
def test_parts_in_any_order_and_twice_make_the_cube_that_one_run_makes(sweep, alone, tmp_path):
    path = tmp_path / "cube.zarr"
    first = part(sweep, path, (3, 3))
    again = part(sweep, path, "3/3")
    assert (again.computed, again.tiles, again.missing) == (0, first.tiles, first.missing)
    reports = [first, part(sweep, path, (1, 3)), part(sweep, path, (2, 3))]
    total = len(Cube(path).layout)
    assert sum(report.computed for report in reports) == sum(report.tiles for report in reports) == total
    assert [total - report.missing for report in reports][-1] == total
    assert contents(path) == alone(sweep)
    assert Cube(path).load_manifest().ended
    assert run_report(sweep, path, progress=False).computed == 0


def test_a_part_has_its_own_tiles_alone(tmp_path):
    path = tmp_path / "cube.zarr"
    report = part(SWEEP, path, (1, 4))
    counts = open_cube(path)["status"].load()
    assert int((counts != 0).sum()) == report.points
    assert report.missing == len(Cube(path).layout) - report.tiles
    with pytest.raises(SweepError, match="never replaces what other parts have written"):
        part(SWEEP, path, (1, 4), overwrite=True)
    with pytest.raises(CubeError, match="holds another sweep"):
        part(replace(SWEEP, fixed={"L": 3}), path, (2, 4))
    assert part(SWEEP, path, (400, 1000)).tiles <= 1


def test_damage_is_mended_by_its_part_alone(alone, tmp_path):
    path = tmp_path / "cube.zarr"
    run_report(SWEEP, path, durable=False, tile_points=20, progress=False)
    opened = Cube(path)
    for tile in list(opened.layout)[::3]:
        revoke(opened, tile)
    opened.recorder.close()
    computed = [part(SWEEP, path, (number, 2)).computed for number in (1, 2)]
    assert sum(computed) == len(list(opened.layout)[::3])
    assert min(computed) > 0
    assert contents(path) == alone(SWEEP)


def test_a_part_lets_a_design_grow_and_the_others_find_it_grown(alone, tmp_path):
    path, larger = tmp_path / "cube.zarr", replace(DESIGN, design={**SOBOL, "samples": 32})
    part(DESIGN, path, (1, 2))
    assert part(larger, path, (2, 2)).grown
    assert not part(larger, path, (1, 2)).grown
    run_report(larger, tmp_path / "one.zarr", durable=False, tile_points=20, progress=False)
    with open_cube(path) as ours, open_cube(tmp_path / "one.zarr") as theirs:
        assert ours.load().drop_attrs().equals(theirs.load().drop_attrs())
    with pytest.raises(CubeError, match="a design grows and never shrinks"):
        part(DESIGN, path, (1, 2))


@pytest.mark.parametrize(
    ("goes_on", "killed_in"),
    covering(
        [(how, where) for how in ({"part": (1, 2)}, {}) for where in ("sync", "replace_metadata")],
        lambda how, where: bool(how) == (where == "sync"),
    ),
)
def test_parts_go_on_beside_each_other_after_a_growth_was_given_up(tmp_path, monkeypatch, killed_in, goes_on):
    """Killed with its seal written, and its coordinates or none; a chunk that was there is written anew."""
    path, options = tmp_path / "cube.zarr", {"durable": False, "tile_points": 20, "progress": False}
    alphas = [k / 8 for k in range(7)]
    small, old, larger = (replace(SWEEP, axes={**SWEEP.axes, "alpha": alphas[:size]}) for size in (4, 5, 7))
    run_report(small, path, **options)
    run_report(old, path, **options)
    before = open_cube(path).load()

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(grow, killed_in, killed)
        with pytest.raises(KeyboardInterrupt):
            run_report(larger, path, **options)
    assert len(seals_of(path)) == 2
    run_report(old, path, **options, **goes_on)
    with beside_others(path, "1/2"):
        assert run_report(old, path, part=(2, 2), **options).computed == 0
    assert len(seals_of(path)) == 1
    assert broken(path, seals_of(path)) == {}
    assert verify(path).sound
    assert open_cube(path).identical(before)
    run_report(larger, path, **options)
    assert open_cube(path).isel(alpha=slice(5)).drop_attrs().equals(before.drop_attrs())
    assert verify(path).sound


def test_a_given_up_growth_is_not_sealed_where_a_file_is_as_no_seal_says(tmp_path, monkeypatch):
    path, options = tmp_path / "cube.zarr", {"durable": False, "tile_points": 20, "progress": False}
    old, larger = (replace(SWEEP, axes={**SWEEP.axes, "alpha": [k / 8 for k in range(n)]}) for n in (5, 7))
    run_report(old, path, **options)
    monkeypatch.setattr(grow, "replace_metadata", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run_report(larger, path, **options)
    cube = Cube(path)
    coordinate = path / "beta" / "zarr.json"
    coordinate.write_text(coordinate.read_text() + " ")
    seal_anew(cube)
    assert len(seals_of(path)) == 2
    with pytest.raises(CubeError, match=r"beta/zarr\.json"):
        run_report(old, path, **options)


def test_a_tile_that_the_smaller_design_filled_in_part_is_missing_to_other_parts(tmp_path):
    path, lhs = tmp_path / "cube.zarr", {"kind": "lhs", "samples": 11, "parameters": SOBOL["parameters"]}
    smaller = replace(DESIGN, design=lhs)
    larger = replace(DESIGN, design={**lhs, "samples": 33, "batch": 11})
    options = {"durable": False, "tile_points": 8, "progress": False}
    for number in (1, 2):
        run_report(smaller, path, part=(number, 2), **options)
    for _ in range(2):  # as it ends, and where it had ended already
        missing = run_report(larger, path, part=(1, 2), **options).missing
        with open_cube(path) as cube:
            computed = (cube["status"].transpose("n", ...) != 0).to_numpy()
        tiles = [block.all() for row in computed for block in np.split(row, range(8, 33, 8))]
        assert missing == tiles.count(False)
        assert not all(
            block.any() == block.all() for row in computed for block in np.split(row, range(8, 33, 8))
        )
    report = run_report(larger, path, part=(2, 2), **options)
    assert (report.computed, report.missing) == (missing, 0)


def test_a_reduced_part_that_is_stopped_goes_on_within_its_cell(alone, tmp_path, monkeypatch):
    path = tmp_path / "cube.zarr"
    sweep = replace(REDUCED, reduce={**REDUCED.reduce, "over": ["alpha", "beta"]})
    with monkeypatch.context() as patched:
        stop_after(patched, 3)
        with pytest.raises(SweepInterrupted):
            part(sweep, path, (1, 1))
    assert [file.name for file in (path / "status" / "partial").iterdir()] == ["tree-1-1"]
    assert part(sweep, path, (1, 1)).points < 105
    assert contents(path) == alone(sweep)


def test_what_cannot_be_computed_leaves_no_empty_cube_behind(tmp_path, monkeypatch):
    def refuse(*_):
        raise SweepError("the model cannot be computed")

    monkeypatch.setattr(Evaluator, "make", refuse)
    with pytest.raises(SweepError, match="cannot be computed"):
        part(SWEEP, tmp_path / "cube.zarr", (1, 2))
    assert list(tmp_path.iterdir()) == []


TEXT = """
model = "external"
outputs = ["investment"]
[axes]
alpha = { start = 0.0, stop = 1.0, num = 11 }
beta = { start = 0.01, stop = 1, num = 21 }
"""


def test_info_says_what_is_missing_of_whom(tmp_path, capsys):
    sweep, path = tmp_path / "sweep.toml", tmp_path / "cube.zarr"
    sweep.write_text(TEXT)
    command = ["run", str(sweep), "-o", str(path), "--tile-points", "21", "--part"]
    assert main([*command, "2/3"]) == 0
    assert "part 2/3, 3 tiles: 63 points in" in capsys.readouterr().out
    assert main(["info", str(path)]) == 0
    said = capsys.readouterr().out
    assert "8 of 11 tiles are missing" in said
    assert "1 of 3 parts are complete" in said
    assert [line.split()[:3] for line in said.splitlines() if line.endswith("never begun")] == [
        ["1/3", "4", "4"],
        ["3/3", "4", "4"],
    ]
    with beside_others(path, "worker node7-12"):  # of a cluster
        assert main(["info", str(path)]) == 0
    assert "\nworker node7-12 is writing to it (process " in capsys.readouterr().out
    assert main([*command, "2/3"]) == 0
    assert "part 2/3, 3 tiles: complete already; 8 tiles of others are missing" in capsys.readouterr().out
    for number in (1, 3):
        assert main([*command, f"{number}/3", "-q"]) == 0
    assert main([*command, "30/40"]) == 0
    assert "owns no tile: there are more parts than tiles; the cube is complete" in capsys.readouterr().out
    assert main(["info", str(path)]) == 0
    assert "\nMissing\n" not in capsys.readouterr().out
    assert main([*command, "4/3"]) == 2
    assert "pass --part 1/64" in capsys.readouterr().err


def test_run_takes_a_part(tmp_path):
    cube = run(SWEEP, tmp_path / "cube.zarr", part=(1, 1), durable=False)
    assert bool((cube["status"] != 0).all())
