"""The cubes that a page shows, opened anew where they have changed."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..cube.plain.open import opened, plain_of
from ..cube.select import Selections, parse_selections, select
from ..file_paths import cube_path

if TYPE_CHECKING:
    import xarray as xr

    from ...engine.store.read import Reader

# A cube that is being computed is looked at anew as often as this, in seconds.
_STALE = 1.5


class Source:
    """A cube, or the part of one, that is asked for again and again. Threads may share it.

    What a tile is, computed or not, is settled when a cube is opened; so one that lacks tiles is opened
    again once it has grown stale, and new tiles appear.
    """

    def __init__(
        self, name: str, open_it: Callable[[], tuple[Any, bool]], path: Path | None,
        selections: Selections = (), whole: "Callable[[], xr.Dataset] | None" = None,
    ) -> None:  # fmt: skip
        self.name, self.path, self._open, self._whole = name, path, open_it, whole
        self.selections = tuple(str(one.argument.value) for one in parse_selections(selections))
        self._lock = threading.Lock()
        self._known: tuple[Any, bool, float] | None = None

    @property
    def dataset(self) -> Any:
        """The part that is explored; of a cube on the disk a plain Dataset, which is there sooner."""
        with self._lock:
            known = self._known
            if known is None or (not known[1] and time.monotonic() - known[2] > _STALE):
                dataset, finished = self._open()
                known = self._known = (select(dataset, self.selections), finished, time.monotonic())
            return known[0]

    def forget(self) -> None:
        """Open the cube anew when it is next asked for: it was replaced, or extended."""
        with self._lock:
            self._known = None

    @property
    def finished(self) -> bool:
        """Whether every tile was there when it was last opened."""
        return self._known is None or self._known[1]

    @property
    def xarray(self) -> "xr.Dataset":
        """The same part as xarray's Dataset, for what computes."""
        from ..cube.open import open_cube

        whole = open_cube(self.path) if self._whole is None and self.path is not None else None
        if whole is None:
            assert self._whole is not None
            whole = self._whole()
        return select(whole, self.selections)


def source_of_path(path: str | Path, selections: Selections = ()) -> Source:
    """The cube at a path. Raises CubeError where there is none."""
    root = cube_path(path)

    def open_it() -> tuple[Any, bool]:
        return opened(root, lambda reader: (plain_of(reader), _is_finished(reader)))

    source = Source(str(path), open_it, root, selections)
    _ = source.dataset
    return source


def source_of_dataset(dataset: "xr.Dataset", name: str = "cube", selections: Selections = ()) -> Source:
    """A Dataset as it is, in memory or lazily read."""
    return Source(name, lambda: (dataset, True), None, selections, lambda: dataset)


def _is_finished(reader: "Reader") -> bool:
    from ...engine.store.manifest import complete

    done = complete(reader.manifest, reader.cube.layout)
    return int(done.sum()) == len(reader.cube.layout)
