"""Mistakes that are put into the store on purpose, to see that a suite notices them."""

import contextlib
from collections.abc import Callable
from typing import Any

import numpy as np
from equisweep.engine.store import read
from equisweep.engine.store.cube import Cube
from equisweep.engine.store.decode import Damaged
from equisweep.engine.store.shared import lease
from equisweep.engine.store.storage.disk import Disk
from equisweep.engine.store.storage.held import HeldDisk
from equisweep.sweeps.commands import main as main_module


def _nothing_is_synced() -> None:
    write = Cube.write_shard
    Cube.write_shard = lambda self, name, tile, values, durable=False: write(self, name, tile, values)  # pyright: ignore
    Disk.sync_below = HeldDisk.sync_below = staticmethod(lambda *_: None)  # pyright: ignore


def _files_are_written_in_place() -> None:
    def write_file(path: Any, parts: Any, durable: bool = False) -> None:
        with open(path, "wb", buffering=0) as file:  # noqa: PTH123
            for part in parts:
                file.write(part)

    Disk.put = HeldDisk.put = staticmethod(write_file)  # pyright: ignore


def _what_is_missing_is_read_as_fill_values() -> None:
    def part(self: Any, name: str, tile: Any, region: Any) -> np.ndarray:
        try:
            return self.cube.read(name, tile)[tuple(region)]
        except (Damaged, OSError):
            return np.full([one.stop - one.start for one in region], self.cube.array(name).fill_value)

    read.Reader._part = part  # pyright: ignore[reportAttributeAccessIssue]


def _anybody_may_write() -> None:
    lease._in_the_way = lambda *_: None  # pyright: ignore[reportPrivateImportUsage]


def _the_status_comes_first() -> None:
    write = Cube.write_shard

    def write_shard(self: Cube, name: str, tile: Any, values: np.ndarray, durable: bool = False) -> Any:
        if name == self.names[0]:
            write(self, "status", tile, np.ones(tile.shape, np.uint8), durable)
        return write(self, name, tile, values, durable)

    Cube.write_shard = write_shard


def _signals_are_python_s() -> None:
    main_module.stop_on_signals = contextlib.nullcontext  # pyright: ignore[reportPrivateImportUsage]


# Each with a suite that is to notice it.
PLANTED: dict[str, tuple[str, Callable[[], None]]] = {
    "nothing is synced": ("power_cuts", _nothing_is_synced),
    "files are written in place": ("failing_calls", _files_are_written_in_place),
    "what is missing is read as fill values": ("damage", _what_is_missing_is_read_as_fill_values),
    "anybody may write": ("writers", _anybody_may_write),
    "the status comes first": ("failing_calls", _the_status_comes_first),
    "signals are Python's": ("signals", _signals_are_python_s),
}
