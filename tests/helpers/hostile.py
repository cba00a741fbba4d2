"""A hostile numeric setup: double precision, and implicit broadcasting across ranks is an error.

Of processes in which tests run; `tests/conftest.py` loads it there.
"""

import ctypes
import gc
import os
import re
import signal
import sys
import threading
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import jax
import pytest
import scipy.linalg  # noqa: F401  (which has a BLAS of its own, for jax, too)
from equisweep.engine.codegen.backends import cpu_backend
from equisweep.engine.codegen.cpu import jit
from equisweep.engine.codegen.cpu.backend import Cpu
from equisweep.engine.grid import made_before
from equisweep.engine.kept.entries import nothing_kept
from equisweep.engine.kept.folder import keep_compiled
from equisweep.engine.ode import trajectory
from hypothesis import settings
from jax._src.interpreters import mlir
from threadpoolctl import threadpool_limits

from helpers.project import ROOT

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_numpy_rank_promotion", "raise")

# What XLA compiles for a test runs once: half of the suite's time would go into optimising it.
_FLAGS = ["--xla_backend_optimization_level=0"]
if version("jaxlib").startswith("0.10."):  # others end the process at a flag that they do not know
    _FLAGS += ["--xla_cpu_use_fusion_emitters=false", "--xla_cpu_parallel_codegen_split_count=1"]
    # Loops are not looked through for how often they go round, which takes a fifth of all that XLA does.
    _FLAGS.append(
        "--xla_disable_hlo_passes="
        "simplify-while-loops,while-loop-invariant-code-motion,while-loop-trip-count-annotator"
    )
os.environ.setdefault("XLA_FLAGS", " ".join(_FLAGS))
# Threads of BLAS wait for each other by spinning: where two workers share two cores, sums of 16,000 products
# take ten times the processor's time. Commands that tests start have the usual threads.
threadpool_limits(1, "blas")
# What is compiled is kept in a folder of the project, for other processes of this run and for the next run.
os.environ["XDG_CACHE_HOME"] = str(ROOT / ".cache")
keep_compiled()
# So is the bytecode of tests, and of the commands that they start, also where the environment asks for none.
# It lies where it always does: in a folder of its own all packages would be compiled once more, 10 s of CPU.
for name in ("PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX"):
    os.environ.pop(name, None)
sys.dont_write_bytecode, sys.pycache_prefix = False, None
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)

# JAX loads a dozen dialects into a new context for whatever it lowers, a third of what a program of one
# operation costs. A thread takes the same one for some time; what it holds, such as constants, goes with it.
_LOWERED_IN_ONE = 100
_own = threading.local()


def _context_of_many() -> object:
    left, context = getattr(_own, "context", (0, None))
    if left == 0:
        left, context = _LOWERED_IN_ONE, _new_context()
    _own.context = left - 1, context
    return context


if hasattr(mlir, "make_ir_context"):  # which is JAX's own, and may be gone in another version
    _new_context, mlir.make_ir_context = mlir.make_ir_context, _context_of_many

# Traces are millions of small objects that live as long as the process: seldom worth a look,
# and never a second one.
gc.set_threshold(100_000, 50, 100)

# The same examples every time, and no timings: machines differ.
settings.register_profile("repeatable", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("repeatable")


def pytest_collection_finish() -> None:
    gc.freeze()  # what was imported


# Of loops and of matrices there are many long programs; primitives, in them too, are tried in optimised code.
# Nor is code optimised that is never run.
_OPTIMISED = re.compile(
    "engine/codegen/(?!lower/test_(control_flow|linear_algebra)|test_lane_loop.py::test_every_flow)"
)
# The bits do not depend on how many points are computed side by side. With AVX-512 they are 16, in twice the
# instructions that 8 take: elsewhere code is for 8, as on any other processor.
_BACKENDS = {3: Cpu(), 0: Cpu(8)}


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Optimise machine code where a test is about it; elsewhere it runs once, as what XLA compiles."""
    optimise = 3 if _OPTIMISED.search(item.nodeid) else 0
    if optimise != jit.OPTIMISE:
        jit.OPTIMISE = optimise
        vars(cpu_backend()).update(vars(_BACKENDS[optimise]))
        made_before.MADE.clear()
        trajectory._FUNCTIONS.clear()
    # What orbits were compiled for is 20 MB each, which nobody else asks for, and seldom found by itself; JAX
    # keeps every trace. Frozen before it is dropped it would stay for good: workers grew to 5 GB.
    if item.path not in _begun:
        _begun.append(item.path)
        if len(_begun) % 30 == 0:
            trajectory._FUNCTIONS.clear()
            jax.clear_caches()
            gc.collect()
            gc.freeze()
            _GIVE_BACK(0)


_begun: list[Path] = []
# Of glibc: memory that is free goes back to the system.
_GIVE_BACK = getattr(ctypes.CDLL(None), "malloc_trim", lambda _: 0)


def _only_written(descriptor: int) -> None:
    """In the place of `os.fsync`: an error where it is closed, and no wait for the disk.

    No power is cut in the process of a test, which would wait for it tens of thousands of times, in one file
    12,000 times, and both workers for the same disk. Commands that tests start, and what is killed, wait.
    """
    os.fstat(descriptor)


os.fsync = _only_written


@pytest.fixture(autouse=True)
def signal_handlers() -> Iterator[None]:
    """Let tests hear SIGINT, which a shell's background jobs ignore, their children too; put handlers back.

    A command sets its own, which under nohup would end the suite on a hangup.
    """
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    if before[signal.SIGINT] is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


# Tests of what is kept, and of cubes on the disk, for which nothing is made.
_SEES_TO_IT = re.compile("/engine/(store|kept)/")


@pytest.fixture(autouse=True)
def made_with_what_is_patched(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test that puts something else in the place of a part of the engine makes its own functions."""
    where = str(request.path)
    own = "monkeypatch" in request.fixturenames and "/engine/" in where and not _SEES_TO_IT.search(where)
    if not own:
        yield
        return
    before = dict(made_before.MADE)
    made_before.MADE.clear()
    with nothing_kept():
        yield
    made_before.MADE.clear()
    made_before.MADE.update(before)
