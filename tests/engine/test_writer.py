"""Tiles are written in the background; stopped, what has begun is finished and counted."""

import threading
import time
from types import SimpleNamespace

from equisweep.engine import writer
from helpers.aside import Aside


def test_a_write_in_a_thread_that_the_pool_does_not_know_is_waited_for(monkeypatch):
    """An interrupt amid ThreadPoolExecutor.submit leaves such a thread."""
    begun, progress = threading.Event(), SimpleNamespace(add=lambda _: None)

    def commit(*_):
        begun.set()
        time.sleep(0.1)

    monkeypatch.setattr(writer, "commit", commit)
    writing = writer.TileWriter(SimpleNamespace(), True, progress, ahead=1)
    writing.slots.acquire()
    tile = SimpleNamespace(points=3)
    with Aside(writing._write, tile, {}, lambda: None):
        assert begun.wait(60)
        writing.stop()
        assert writing.committed == 1
