"""Whether another cube has come in the place of one that is open."""

import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ...errors import CubeError
from ..cube import Cube
from ..durable import clear_disk_errors
from ..seal import Seal, seals_of
from ..storage.files import objects_of

_ASKED_FOR = 10.0  # Seconds for which a cube in object storage is taken for the one that was opened.
_ROOT = "zarr.json"
_STATUS = "status/zarr.json"


class Place:
    """Where a cube lies that is about to be opened: made before, so that it is what was read of."""

    folder = -1

    def __init__(self, root: Path) -> None:
        self.root, bucket = root, objects_of(root)
        self.identity = bucket.identity if bucket else ()
        if not bucket:
            with suppress(OSError):  # held open, so that no other folder is taken for it
                self.folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def __del__(self, close: Callable[[int], None] = os.close) -> None:  # `os` goes first at an exit
        if self.folder >= 0:
            close(self.folder)


class Opened:
    """A cube that was opened, against what lies in its place now."""

    def __init__(self, place: Place, cube: Cube) -> None:
        self.place, self.cube, self._asked = place, cube, float("-inf")

    def ask_again(self) -> None:
        """Let the next question be answered by the storage, not by what it said some seconds ago."""
        self._asked = float("-inf")

    def require_same_now(self) -> None:
        """As `require_same`, by what the storage says now: before a file is blamed, say."""
        self.ask_again()
        self.require_same()

    def require_same(self) -> None:
        """CubeError where another cube has taken the place of this one.

        In object storage the seal says which cube there is, and that is asked after a while only.
        """
        bucket = objects_of(self.place.root)
        if bucket:
            self._require_same_objects(bucket.identity)
            return
        with suppress(OSError):
            if os.path.samestat(os.fstat(self.place.folder), os.stat(self.place.root)):  # noqa: PTH116
                return
        raise self._replaced()

    def _require_same_objects(self, identity: tuple[int, ...]) -> None:
        if identity != self.place.identity:
            raise self._replaced()
        now = time.monotonic()
        if now - self._asked < _ASKED_FOR:
            return
        root = self.place.root
        with clear_disk_errors(root):
            seals = seals_of(root)
            if not self.cube.storage.exists(root / _ROOT) or (seals and not self._is_of(seals[-1])):
                raise self._replaced()
        self._asked = now

    def _is_of(self, seal: Seal) -> bool:
        """Whether a seal is this cube's: of its sweep, and in the tiles that it has."""
        text = seal.texts.get(_STATUS)
        if seal.cube != self.cube.stamp.cube or text is None:
            return False
        return json.loads(text)["chunk_grid"]["configuration"]["chunk_shape"] == [*self.cube.layout.tile]

    def _replaced(self) -> CubeError:
        return CubeError(f"{self.place.root}: was replaced or moved since it was opened; open it again")
