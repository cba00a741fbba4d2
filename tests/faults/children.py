"""Processes that begin warm: forks of one that has imported everything and computed nothing.

To start an interpreter takes a second, to fork one a hundredth. The process that forks has imported jax
without asking it for a device, so it has no threads; whatever touches a cube does so in a child.
"""

import asyncio
import gc
import importlib.metadata
import json
import os
import signal
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Collection
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import zarr.core.sync
from equisweep.engine import device
from equisweep.engine.cores import xla_has_begun
from equisweep.engine.grid import evaluate
from equisweep.engine.kept import folder as kept_folder
from equisweep.engine.run import execute
from equisweep.engine.store.verify import verify
from equisweep.sweeps import open_cube, pack
from equisweep.sweeps.commands import main as main_module

from .cubes import Kind, Numbers

CRASHED = 99  # exit code of a child that an exception ended
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def warm_up() -> None:
    """Import what children need, and put NumPy into the place of the model's kernel."""
    cpu = _Device(platform="cpu")
    device.pick_device = lambda *_: cpu  # pyright: ignore[reportPrivateImportUsage]
    execute.where = lambda *_, **__: device.Choice(cpu)  # pyright: ignore
    kept_folder.keep_compiled = lambda: None
    evaluate.grid_function = lambda space, *_, **__: (Numbers(space), set())  # pyright: ignore
    importlib.metadata.version = cache(importlib.metadata.version)
    with tempfile.TemporaryDirectory() as folder:
        for kind in (Kind(), Kind(samples=4)):  # what is used once is imported
            sweep, cube = Path(folder) / "sweep.toml", Path(folder) / "cube.zarr"
            sweep.write_text(kind.text)
            main_module.main(["run", str(sweep), "-o", str(cube), "-q", "--overwrite"])
            verify(cube)
            open_cube(cube).load()
            pack(cube, Path(folder) / "cube.zip", overwrite=True)
    zarr.core.sync.sync(_end_threads())
    zarr.core.sync.cleanup_resources()
    alive = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
    if alive or xla_has_begun():
        raise RuntimeError(f"threads would be lost in a fork: {alive or 'those of XLA'}")
    gc.collect()
    # They end soon: what they drop is theirs, and nobody looks for it meanwhile.
    gc.set_threshold(100_000, 50, 100)
    gc.freeze()  # so that a child's collector does not touch, and thereby copy, what it shares


async def _end_threads() -> None:
    await asyncio.get_running_loop().shutdown_default_executor()


class _Device(SimpleNamespace):
    def __str__(self) -> str:
        return "cpu"


class Child:
    """A forked process that does one thing, hearing all signals but those it is to be `ignoring`.

    `said` is what it has written to stdout and stderr.
    """

    def __init__(self, action: Callable[[], int | None], ignoring: Collection[int] = ()) -> None:
        self._output = tempfile.TemporaryFile()  # noqa: SIM115  (closed in `wait`)
        sys.stdout.flush()
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        self.process = os.fork()
        if not self.process:
            _live(action, self._output.fileno(), ignoring)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        self.said, self.code = "", 0
        self._status: int | None = None

    def over(self) -> bool:
        """Whether it has ended."""
        if self._status is None:
            ended, status = os.waitpid(self.process, os.WNOHANG)
            self._status = status if ended else None
        return self._status is not None

    def send(self, number: int) -> None:
        """Send it a signal, if it is still there."""
        os.kill(self.process, number)

    def wait(self) -> int:
        """Wait for its end; returns its exit code, or minus the signal that ended it."""
        if self._status is None:
            self._status = os.waitpid(self.process, 0)[1]
        self.code = os.waitstatus_to_exitcode(self._status)
        self._output.seek(0)
        self.said = self._output.read().decode(errors="replace")
        self._output.close()
        return self.code


def _live(action: Callable[[], int | None], output: int, ignoring: Collection[int]) -> None:
    code = CRASHED
    try:
        for number in _SIGNALS:
            heard = signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL
            signal.signal(number, signal.SIG_IGN if number in ignoring else heard)
        os.dup2(output, 1)
        os.dup2(output, 2)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        code = action() or 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else CRASHED
    except BaseException as error:
        files = [frame.filename for frame in traceback.extract_tb(error.__traceback__)]
        if isinstance(error, KeyboardInterrupt) and main_module.__file__ not in files:
            code = -signal.SIGINT  # before the command began, which here takes no time
        else:
            traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if code >= 0 else 128 - code)


class Pending:
    """A function that a child computes, until its result is asked for."""

    def __init__(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        self._read, write = os.pipe()

        def action() -> int:
            os.close(self._read)
            result = json.dumps(function(*arguments)).encode()
            with open(write, "wb") as file:  # noqa: PTH123
                file.write(result)
            return 0

        self._child = Child(action)
        os.close(write)

    def over(self) -> bool:
        """Whether the result is there, or never will be."""
        return self._child.over()

    def kill(self) -> None:
        """End it, if it is still there."""
        if not self.over():
            self._child.send(signal.SIGKILL)
            self._child.wait()

    def result(self) -> Any:
        """What the function returned; RuntimeError with what the child said where it failed."""
        with open(self._read, "rb") as file:  # noqa: PTH123
            result = file.read()
        if self._child.wait():
            raise RuntimeError(f"a child ended with {self._child.code}:\n{self._child.said}")
        return json.loads(result)


def begin(function: Callable[..., Any], *arguments: Any) -> Pending:
    """Let a child compute a function."""
    return Pending(function, arguments)


def call(function: Callable[..., Any], *arguments: Any) -> Any:
    """The result of a function that a child computes, as JSON has it."""
    return begin(function, *arguments).result()


def command(*words: str | Path) -> Callable[[], int]:
    """An action: one command of equisweep."""

    def action() -> int:
        try:
            main_module.entry([str(word) for word in words])
        except SystemExit as end:
            return int(end.code or 0)

    return action
