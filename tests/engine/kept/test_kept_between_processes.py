"""What an earlier process traced is not traced again, with the same bits; nothing else is taken for it."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from equisweep.engine.device import pick_device
from equisweep.engine.grid import made_before
from equisweep.engine.grid.evaluate import Evaluator
from equisweep.engine.grid.function import how_computed
from equisweep.engine.kept.entries import nothing_kept, read_entry, write_entry
from equisweep.engine.run.begin import plan_space
from equisweep.sweeps import Sweep
from helpers.products import costs_seconds
from helpers.project import ROOT
from helpers.small_sweeps import LEAST, small_sweep
from jax import monitoring

CPU = pick_device("cpu")
LONGER = {"alpha": [0.2, 0.5, 0.9], "beta": np.linspace(0.1, 1, 19).tolist()}


def computed(space, tile_points=None, native=True):
    """All variables of a sweep, how many programs were made ready, and how they compute."""
    made_before.MADE.clear()  # as in another process
    evaluator = Evaluator(space, plan_space(space, CPU, tile_points), CPU, native=native)
    whole = {v.name: np.empty(space.shape, v.dtype) for v in space.variables}
    for tile in evaluator.layout:
        for name, values in evaluator.finish(tile, evaluator.start(tile)).items():
            whole[name][tile.region] = values
    evaluator.batches.close()
    return whole, evaluator.compilations, {(w.native, w.reason, w.remark) for w in evaluator.computed}


def assert_same(first, second):
    assert first[1:] == second[1:]
    for name, values in first[0].items():
        np.testing.assert_array_equal(values, second[0][name], strict=True)


def files(folder, kind):
    return [path for path in folder.iterdir() if path.name.startswith(kind)]


def test_points_are_traced_by_one_process_for_all_grids(folder, calls):
    first = computed(small_sweep(**LEAST).space())
    with calls("point", "engine/point.py") as traced:
        assert_same(computed(small_sweep(**LEAST).space()), first)
        longer = computed(small_sweep(**LEAST | {"axes": LONGER}).space())
        cut = computed(small_sweep(**LEAST | {"axes": LONGER}).space(), tile_points=7)
        assert {str(way) for way in how_computed(small_sweep(**LEAST).space(), CPU)} == {"machine code"}
    assert traced == []
    with nothing_kept(), calls("point", "engine/point.py") as traced:
        anew = computed(small_sweep(**LEAST | {"axes": LONGER}).space())
    assert len(traced) == 1
    assert_same(longer, anew)
    for name, values in anew[0].items():
        np.testing.assert_array_equal(cut[0][name], values)


TINY = """
import jax.numpy as jnp
from equisweep.kernels.declare import model
from equisweep.kernels.model import Domain, Output, Parameter

@model(parameters=[Parameter(name, name, "1", 1.0, Domain(), "a number") for name in ("x", "z")],
       outputs=[Output("y", "y", "1", "made of both")])
def tiny(p):
    return {"y": jnp.sin(p["x"]) * 2.5 + p["z"]}
"""


@pytest.fixture
def tiny(tmp_path):
    """A model of the user's own whose file says all that it computes; `text` of it may be another one."""

    def space(text=TINY, name="tiny", **changes):
        (tmp_path / f"{name}.py").write_text(text)
        axes = {"x": [0.5, 1.0, 2.0], "z": [0.0, 1.0]}
        return Sweep(f"{name}.py:tiny", **({"axes": axes} | changes), folder=tmp_path).space()

    return space


def test_orbits_are_traced_once_for_each_length(folder, calls):
    def space(*values):
        axes = {"V": list(values)}
        few_stages = {"solver": "heun", "rtol": 1e-4}
        sweep = Sweep(
            "hawk_dove.py:hawk_dove",
            axes,
            outputs=["hawks_final"],
            integrator=few_stages,
            folder=ROOT / "examples",
        )
        return sweep.space()

    with calls("point", "engine/point.py") as traced:
        first = computed(space(1.0, 2.0, 3.0))
    assert traced
    with calls("point", "engine/point.py") as traced:
        again = computed(space(3.0, 1.5, 1.0))  # other values along the axis: the same program
        assert_same(computed(space(1.0, 2.0, 3.0)), first)
        assert {str(way) for way in how_computed(space(4.0), CPU)} == {"machine code"}
    assert traced == []
    np.testing.assert_array_equal(again[0]["hawks_final"][[0, 2]], first[0]["hawks_final"][[2, 0]])


def test_another_text_of_a_model_is_another_model(folder, tiny, calls):
    for factor in ("2.5", "2.25"):
        text = TINY.replace("2.5", factor)
        for traces in (1, 0):
            with calls("point", "engine/point.py") as traced:
                values = computed(tiny(text))[0]["y"]
            assert len(traced) == traces
            expected = np.sin([0.5, 1.0, 2.0])[:, None] * float(factor) + np.array([0.0, 1.0])
            np.testing.assert_allclose(values, expected, rtol=1e-15)
    assert len(files(folder, "grid-")) == 2
    # What does not enter when it is called is part of the program.
    assert computed(tiny(axes={"x": [0.5]}, fixed={"z": 3.0}))[0]["y"] == np.sin(0.5) * 2.5 + 3
    assert computed(tiny(axes={"x": [0.5]}, fixed={"z": 4.0}))[0]["y"] == np.sin(0.5) * 2.5 + 4


def test_programs_of_xla_are_kept_too_and_what_is_lost_is_made_again(folder, tiny, calls):
    def traces(space):
        with calls("point", "engine/point.py") as traced:
            assert_same(computed(space, native=False), first)
        return len(traced)

    space = tiny()
    first = computed(space, native=False)
    assert first[2] == {(False, "asked for", "")}
    (program,) = files(folder, "xla-")
    assert traces(space) == 0
    # Code that changed, with the same text for XLA, finds what XLA made of it.
    whole = program.stat().st_mtime_ns
    for path in files(folder, "grid-"):
        path.unlink()
    assert [traces(space), traces(space)] == [1, 0]
    assert files(folder, "xla-") == [program]
    # What is lost may be in jax's own store, of which the bytes cannot be had: it is compiled again.
    program.unlink()
    assert [traces(space), traces(space)] == [1, 0]
    assert program.stat().st_mtime_ns > whole


def test_what_calls_a_library_by_name_is_not_kept_and_compiled_no_more_often(folder, tiny):
    text = TINY.replace('jnp.sin(p["x"])', 'jnp.linalg.solve(jnp.eye(2) + p["x"], jnp.ones(2))[0]')
    compiled = []
    monitoring.register_event_listener(lambda event, **_: compiled.append(event))
    first = computed(tiny(text), native=False)
    compiled.clear()
    assert_same(computed(tiny(text), native=False), first)
    assert compiled.count("/jax/compilation_cache/cache_hits") == 1  # in jax's own store
    assert compiled.count("/jax/compilation_cache/cache_misses") == 0
    assert files(folder, "xla-") == []


DAMAGE = {
    "a bit": lambda path: path.write_bytes(path.read_bytes()[:90] + b"\0" + path.read_bytes()[91:]),
    "its end": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "all of it": lambda path: path.write_bytes(b""),
    "more at its end": lambda path: path.write_bytes(path.read_bytes() + b"\0"),
    "a link in its place": lambda path: (path.rename(path.with_name("x")), path.symlink_to("x")),
    "a folder in its place": lambda path: (path.unlink(), path.mkdir()),
    "a pipe in its place": lambda path: (path.unlink(), os.mkfifo(path)),
    "a huge file in its place": lambda path: os.truncate(path, 2**40),
    "another entry in its place": lambda path: (
        write_entry("x", {"loop": {}}),
        path.with_name("x").replace(path),
    ),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_what_is_damaged_or_foreign_is_not_taken(folder, what):
    write_entry("grid-1", {"ways": []}, bytes(range(256)))
    assert read_entry("grid-1") == ({"ways": []}, bytes(range(256)))
    DAMAGE[what](folder / "grid-1")
    assert read_entry("grid-1") is None


HEADS = [
    {},
    {"loop": {}, "ways": []},
    {"loop": [], "ways": 3},
    {"compiled": "x", "ways": []},
    {"compiled": 7},
]


@costs_seconds
def test_an_entry_that_says_nothing_is_made_anew(folder, tiny, calls):
    space = tiny()
    for native in (True, False):
        first = computed(space, native=native)
        for path in files(folder, "grid-"):
            for head in HEADS:
                write_entry(path.name, head, b"nonsense")
                with calls("point", "engine/point.py") as traced:
                    assert_same(computed(space, native=native), first)
                assert len(traced) == 1
            path.unlink()
    (program,) = files(folder, "xla-")
    write_entry(program.name, {"calls": {}, "temporary": 0}, b"no program")
    assert_same(computed(space, native=False), first)


def test_nothing_is_kept_in_a_folder_that_others_may_write_to(folder, tiny):
    folder.chmod(0o770)
    computed(tiny())
    folder.chmod(0o700)
    assert files(folder, "grid-") == []


@costs_seconds
def test_several_at_once_read_and_write_whole_entries(folder):
    bodies = [bytes([k]) * 300_000 for k in range(4)]

    def work(k):
        for _ in range(20):
            write_entry("one", {"k": k}, bodies[k])
            entry = read_entry("one")
            assert entry is not None
            assert entry[1] == bodies[entry[0]["k"]]

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(work, range(4)))
    assert [path.name for path in folder.iterdir()] == ["one"]


def test_a_model_that_reads_something_else_is_traced_by_every_process(folder, tmp_path: Path, calls):
    (tmp_path / "mine.py").write_text(
        "import os\nfrom equisweep.kernels.declare import model\n"
        "from equisweep.kernels.model import Domain, Output, Parameter\n\n"
        '@model(parameters=[Parameter("x", "x", "1", 1.0, Domain(), "a number")],\n'
        '       outputs=[Output("y", "y", "1", "its product")])\n'
        'def mine(p):\n    return {"y": float(os.environ["EQUISWEEP_FACTOR"]) * p["x"]}\n'
    )
    for factor in ("2", "3"):
        os.environ["EQUISWEEP_FACTOR"] = factor
        space = Sweep("mine.py:mine", axes={"x": [1.0, 2.0]}, folder=tmp_path).space()
        assert computed(space)[0]["y"].tolist() == [float(factor), 2 * float(factor)]
    del os.environ["EQUISWEEP_FACTOR"]
    assert files(folder, "grid-") == []
