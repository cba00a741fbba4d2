"""A disk that takes some tiles of a run and then no more."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from equisweep.engine import writer
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
