"""What a trial says a run takes is what the run takes: counted in steps and bytes, not in seconds."""

import sys
import threading
from dataclasses import replace
from itertools import count
from types import SimpleNamespace

import numpy as np
import pytest
from equisweep.engine import execute, plan_space, writer
from equisweep.engine import trial as trials
from equisweep.engine.codegen.grid_loop import GridLoop
from equisweep.engine.codegen.how_compiled import in_words
from equisweep.engine.cores import cores
from equisweep.engine.device import pick_device
from equisweep.engine.grid import batches, evaluate
from equisweep.engine.grid import vmap as grid_vmap
from equisweep.engine.grid.batches import Batches
from equisweep.engine.grid.evaluate import Evaluator
from equisweep.engine.grid.vmap import GridVmap
from equisweep.engine.trial import TooLong, tried
from equisweep.sweeps import Sweep, plan
from equisweep.sweeps.commands.running.plan import describe_plan
from helpers.small_sweeps import tiled_sweep

CPU = pick_device("cpu")
MODELS = """
import jax.numpy as jnp
from equisweep.kernels.declare import model
from equisweep.kernels.model import Domain, Output, Parameter
from jax import lax

PARAMETERS = [Parameter(name, name, "1", 1.0, Domain(0), "a number") for name in "xy"]
STEPS = Output("steps", "n", "1", "steps it took")


@model(parameters=PARAMETERS, outputs=[STEPS])
def uneven(p):
    "Steps that grow with the cube of x, and hardly with y."
    wanted = 5 + 2e-4 * p["x"] ** 3 + 0.01 * p["y"]
    return {"steps": lax.while_loop(lambda n: n < wanted, lambda n: n + 1, 0.0)}


@model(parameters=PARAMETERS, outputs=[STEPS])
def uneven_through_xla(p):
    "The same, with an operation that machine code lacks."
    wanted = jnp.fft.fft(jnp.stack([5 + 2e-4 * p["x"] ** 3 + 0.01 * p["y"], 0.0])).real[0]
    return {"steps": lax.while_loop(lambda n: n < wanted, lambda n: n + 1, 0.0)}


@model(parameters=PARAMETERS, outputs=[Output("middle", "m", "1", "the middle one")])
def wide(p):
    "Much memory at each point."
    return {"middle": jnp.sort(jnp.sin(p["x"] * jnp.arange(2000.0) / 1000 + p["y"]))[1000]}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    (folder / "mine.py").write_text(MODELS)
    return folder


def spread_over(folder, name, x, y):
    axes = {"x": {"start": 0, "stop": 100, "num": x}, "y": {"start": 0, "stop": 100, "num": y}}
    return Sweep(f"mine.py:{name}", axes=axes, folder=folder)


class Work:
    """A clock that goes on by the steps that points take, whatever thread takes them."""

    def __init__(self, monkeypatch, kind):
        self.done, self.lock = 0.0, threading.Lock()
        fill = kind.fill

        def counting(function, outputs, coordinates):
            fill(function, outputs, coordinates)
            with self.lock:
                self.done += float(outputs["steps"].sum())

        monkeypatch.setattr(kind, "fill", counting)

    def __call__(self):
        return self.done


@pytest.mark.parametrize(("name", "kind"), [("uneven", GridLoop), ("uneven_through_xla", GridVmap)])
@pytest.mark.parametrize("few", [100, 2**20])
def test_uneven_work_is_seen_from_some_of_the_points(folder, monkeypatch, name, kind, few):
    monkeypatch.setattr(evaluate, "POINTS", 500)
    monkeypatch.setattr(trials, "_FEW_POINTS", few)  # some points alone, or whole batches
    space = spread_over(folder, name, 101, 40).space()
    layout = plan_space(space, CPU, 1000)
    work = Work(monkeypatch, kind)
    result = tried(space, layout, CPU, clock=work)
    tried_steps, work.done = work.done, 0.0
    evaluator = Evaluator(space, layout, CPU)
    for tile in layout:
        evaluator.finish(tile, evaluator.start(tile))
    evaluator.batches.close()
    assert tried_steps < 0.6 * work.done
    assert result.compute_seconds * cores() == pytest.approx(work.done, rel=0.5)


def test_a_batch_takes_the_memory_that_few_points_foretell(folder, monkeypatch):
    space = spread_over(folder, "wide", 60, 50).space()
    layout = plan_space(space, CPU)
    evaluator = Evaluator(space, layout, CPU)
    function = evaluator.function(layout.at((0, 0)))
    windows = evaluator.batches.windows()
    evaluator.batches.close()
    axes = [{"x": np.zeros(n)} if i == 0 else {"y": np.zeros(n)} for i, n in enumerate((60, 50))]
    first = [{k: v[part] for k, v in axis.items()} for axis, part in zip(axes, windows[0], strict=True)]
    takes = function.compile(first)
    # 3,000 points of 16 kB at least: in batches below the bound.
    assert len(windows) > 1
    assert 1e6 < takes < 1.1 * batches._MOST_LIVE
    monkeypatch.setattr(trials, "_FEW_POINTS", 60)
    ticks = iter(range(10**6))
    result = tried(space, layout, CPU, clock=lambda: float(next(ticks)))  # so slow that few are tried
    assert result.batch_bytes == pytest.approx(takes * min(cores(), len(windows)), rel=0.5)


def test_batches_are_cut_along_several_axes_where_a_point_is_large(folder, monkeypatch):
    monkeypatch.setattr(batches, "_MOST_LIVE", 2**18)
    space = spread_over(folder, "wide", 8, 6).space()
    evaluator = Evaluator(space, plan_space(space, CPU), CPU)
    tile = evaluator.layout.at((0, 0))
    values = evaluator.finish(tile, evaluator.start(tile))["middle"]
    shapes = {tuple(part.stop - part.start for part in w) for w in evaluator.batches.windows()}
    evaluator.batches.close()
    assert shapes <= {(1, 1), (1, 2), (1, 3)}
    x, y = np.linspace(0, 100, 8)[:, None, None], np.linspace(0, 100, 6)[:, None]
    expected = np.sort(np.sin(x * np.arange(2000.0) / 1000 + y), axis=-1)[..., 1000]
    np.testing.assert_allclose(values, expected, atol=1e-10)


class Slots(threading.Semaphore):
    """Slots of a queue, which tells when somebody has to wait for one."""

    full = threading.Event()

    def acquire(self, *given, **named):
        if super().acquire(blocking=False):
            return True
        self.full.set()
        return super().acquire(*given, **named)


def test_a_plan_knows_the_tiles_that_are_in_memory(folder, tmp_path, monkeypatch):
    """Where writing is the slower: nothing is written until as many tiles wait as may."""
    plans = sys.modules["equisweep.sweeps.plan"]
    monkeypatch.setattr(plans, "_peak_memory", lambda: 0)
    monkeypatch.setattr(plans, "_STORE_BYTES_PER_SECOND", 1.0)
    commit = writer.commit

    def late(*given):
        assert Slots.full.wait(60)
        commit(*given)

    monkeypatch.setattr(writer, "commit", late)
    # The writer's own alone: pools of threads have semaphores, too.
    monkeypatch.setattr(writer, "threading", SimpleNamespace(**vars(threading) | {"Semaphore": Slots}))
    sweep = spread_over(folder, "uneven", 800, 800)
    planned = plan(sweep, "cpu")
    assert planned.tried
    allotted = []
    buffers = Batches._buffers

    def counting(self, function):
        spare = len(self._spare)
        whole = buffers(self, function)
        if not spare:
            allotted.append(sum(array.nbytes for array in whole.values()))
        return whole

    monkeypatch.setattr(Batches, "_buffers", counting)
    report = execute(sweep.space(), tmp_path / "cube.zarr", device="cpu", durable=False, progress=False)
    assert report.tiles == planned.tiles > 7
    assert len(allotted) == 7
    assert sum(allotted) / 2 <= planned.memory <= 2 * sum(allotted)


def test_without_a_trial_nothing_is_compiled(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(GridLoop, "link", lambda _: pytest.fail("compiled"))
        made = plan(tiled_sweep(), "cpu", trial=False)
    assert not made.tried
    tries = plan(tiled_sweep(), "cpu")
    unlike = {
        "memory": 0,
        "seconds": 0.0,
        "free": 0,
        "tried": False,
        "compile_seconds": 0.0,
        "kept_seconds": 0.0,
    }
    assert replace(tries, **unlike) == replace(made, **unlike)
    assert 0 < tries.seconds < float("inf")


SLOW_TO_LOAD = """
import time
time.sleep(0.3)
"""


def test_what_loading_a_model_takes_belongs_to_the_time_of_a_run(tmp_path):
    (tmp_path / "mine.py").write_text(SLOW_TO_LOAD + MODELS)
    made = plan(spread_over(tmp_path, "uneven", 4, 2), "cpu", trial=False)
    assert made.seconds > 0.3 + made.compile_seconds


@pytest.mark.parametrize("folder_of_kept", [None, "/kept"])
def test_what_is_kept_is_told_from_what_a_run_has_to_compile(folder, monkeypatch, folder_of_kept):
    """The run after a plan finds it; a machine that has kept nothing pays for it as well."""
    seconds = count(step=10.0)
    monkeypatch.setattr(trials, "compiler_seconds", lambda: next(seconds))
    monkeypatch.setattr(trials, "kept_folder", lambda: folder_of_kept)
    space = spread_over(folder, "uneven_through_xla", 4, 2).space()
    clock = count(step=100.0)
    made = tried(space, plan_space(space, CPU), CPU, clock=lambda: next(clock))
    assert made.kept_seconds == (20.0 if folder_of_kept else 0.0)
    assert made.compile_seconds + made.kept_seconds == 200.0
    text = describe_plan(replace(plan(tiled_sweep(), "cpu", trial=False), seconds=2.0, kept_seconds=9.0))
    assert "; 1 compilation included (11.0 s on a machine that has kept none)" in text


def test_a_plan_says_how_kernels_are_computed_once_they_are_compiled(monkeypatch):
    """No trace tells that a compiler will fail: the cube that a run makes is then not portable."""

    def fails(_):
        raise RuntimeError("no memory to compile")

    monkeypatch.setattr(GridLoop, "link", fails)
    with pytest.warns(UserWarning, match="the machine code failed: no memory"):
        made = plan(tiled_sweep(), "cpu")
    assert made.computed == "XLA (the machine code failed)"
    assert made.not_portable == made.computed


def test_what_compiles_for_long_is_said_beforehand_and_optimised_less(folder, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(GridVmap, "compile", lambda *_: pytest.fail("compiled"))
        patch.setattr(grid_vmap, "_PER_EQUATION", 10.0)
        patch.setattr(grid_vmap, "seconds_to_compile", lambda *_, **__: float("inf"))
        made = plan(spread_over(folder, "wide", 4, 2), "cpu")
    assert not made.tried
    assert 20 < made.compile_seconds < made.seconds
    assert "; no point tried; 1 compilation of about " in describe_plan(made)
    assert "; optimised less, as that would be compiled for about " in made.computed
    space = spread_over(folder, "wide", 4, 2).space()
    layout = plan_space(space, CPU)
    results = []
    monkeypatch.setattr(grid_vmap, "seconds_to_compile", lambda *_, **__: float("inf"))
    for most in (20.0, 0.0):
        monkeypatch.setattr(grid_vmap, "LONG", most)
        evaluator = Evaluator(space, layout, CPU)
        tile = layout.at((0, 0))
        results.append(evaluator.finish(tile, evaluator.start(tile))["middle"])
        assert ("optimised less" in in_words(evaluator.computed)) == (most == 0.0)
        evaluator.batches.close()
    np.testing.assert_allclose(*results, atol=1e-13)
    with pytest.raises(TooLong, match="compiling takes about 0 s"):
        tried(space, layout, CPU)
