"""Runs that end before they are done: the disk is full, or somebody stops them."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from equisweep.engine import writer
from equisweep.engine.reduce import loop
from equisweep.engine.tiles import Tile
from equisweep.sweeps import CubeError


@contextmanager
def refused_after(tiles: int, number: int = 28, reason: str = "the disk is full") -> Iterator[list[Tile]]:
    """Within it a run writes so many tiles, those of the list, and ends by OSError `number` with `reason`."""
    written: list[Tile] = []
    real, lock = writer.commit, threading.Lock()

    def commit(cube: Any, tile: Tile, *given: Any) -> None:
        with lock:
            if len(written) == tiles:
                raise OSError(number, "refused")
            written.append(tile)
        real(cube, tile, *given)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writer, "commit", commit)
        with pytest.raises(CubeError, match=reason):
            yield written


def stop_after(patch: pytest.MonkeyPatch, tiles: int, error: BaseException | None = None) -> None:
    """The next run of what is reduced ends, by Ctrl-C if by no error, once it has folded so many tiles."""
    left = [tiles]

    def stop() -> None:
        left[0] -= 1
        if left[0] < 0:
            raise error or KeyboardInterrupt

    patch.setattr(loop, "stop_if_requested", stop)
