"""A cube as it is read: tile by tile, the status first, and no fill value where a point was computed.

What a tile is, computed or not, is settled when the first number of it is read, by its record or its status,
and stays so for this reader: a run beside it may commit tiles meanwhile, and yet no number is missing under a
status that says it is there.
"""

import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import islice, product
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import Argument, Call, CubeError
from ..feedback.stop_flag import stop_if_requested
from ..gate.files import says_nothing_of_the_file
from ..tiles import Tile
from .commit import outgrown_files, points_of
from .cube import open_cube_for_reading, readable
from .decode import Damaged, FileStamp, read_computed, read_digest, read_part, what_is, why
from .durable import clear_disk_errors
from .iced.at import asked_anew as committed_by_now
from .manifest import STATUSES, complete, of_complete
from .shared.opened import Opened, Place
from .spans import Index, Span, put, spans
from .storage.changed import changed_files, known_files
from .storage.files import objects_of
from .storage.overwritten import was_overwritten
from .storage.zipped import asked_anew

_BLOCK = 4096  # Tiles whose records are held as Python's numbers at once.


class Reader:
    """The numbers of one cube. Threads may share it; another process opens the cube itself: `which` it was.

    Raises CubeError where there is no cube, it is not that one, or its metadata are not what was written.
    """

    def __init__(self, root: Path, which: tuple[str, tuple[int, ...]] | None = None) -> None:
        self.root = committed_by_now(asked_anew(root))
        place = Place(self.root)
        self.cube = open_cube_for_reading(root)
        self._opened = Opened(place, self.cube)
        self._which = (self.cube.stamp.cube, self.cube.array("status").shape)
        if which not in (None, self._which):
            raise CubeError(f"{root}: is another cube than was opened, or has grown since; open it again")
        with clear_disk_errors(root):
            self.manifest = self.cube.load_manifest()
        self.manifest.require_own(root)
        self._columns = {name: i for i, name in enumerate(self.cube.sharded)}
        # Of tiles without record: None where there is none, True where it is whole, else its status.
        self._statuses: dict[tuple[int, ...], Any] = {}
        self._first: dict[int, dict[int, tuple[int, ...]]] = {}
        self._trusted: set[tuple[str, tuple[int, ...]]] = set()
        self._lock = threading.Lock()

    def require_same_cube(self) -> None:
        """CubeError where another cube has taken the place of the one that was opened."""
        self._opened.require_same()

    def __reduce__(self) -> tuple[Any, ...]:
        return Reader, (self.root, self._which)

    def read(self, name: str, index: Sequence[Index]) -> np.ndarray:
        """Numbers of a variable: along each of its dimensions an integer, a slice or an array of integers.

        Raises CubeError, naming the file, where a shard is missing, damaged or not the one that was written.
        """
        if name in self.cube.columns:
            return self._column(name, index)
        array, tile = self.cube.array(name), self.cube.layout.tile
        rank, lengths = len(tile), tile + array.shape[len(tile) :]
        along = [
            spans(one, size, length) for one, size, length in zip(index, array.shape, lengths, strict=True)
        ]
        result = np.empty([sum(span.count for span in one) for one in along], array.dtype)
        parts = product(*along[:rank])
        while block := list(islice(parts, _BLOCK)):
            stop_if_requested()  # a thread of a library reads a table here, and sees no signal
            known = zip(block, self._known(name, block), strict=True)
            asked = (((*one, *inner), of) for one, of in known for inner in product(*along[rank:]))
            for here, part in self._parts(name, rank, asked):
                put(result, here, part)
        self.require_same_cube()
        return result[tuple(0 if isinstance(one, int | np.integer) else slice(None) for one in index)]

    def coordinate(self, name: str) -> np.ndarray:
        """All values of a coordinate that lies beside the tiles. Raises CubeError where it is damaged."""
        with readable(self.root):
            return self.cube.coordinates[name].values()

    def _column(self, name: str, index: Sequence[Index]) -> np.ndarray:
        """Numbers of a column; of samples of which no tile has been computed, what was never written."""
        array, axis = self.cube.array(name), self.cube.axis_of(name)
        along = spans(index[0], array.shape[0], array.files[0])
        result = np.empty(sum(span.count for span in along), array.dtype)
        for span in along:
            stop_if_requested()
            tile = self._tile_of(axis, span.tile)
            part = np.full(span.hull.stop - span.hull.start, array.fill_value, array.dtype)
            if tile is not None:
                part = self._part(name, tile, [span.hull])
            put(result, [span], part)
        self.require_same_cube()
        return result[0] if isinstance(index[0], int | np.integer) else result

    def _tile_of(self, axis: int, number: int) -> Tile | None:
        """A tile with this number along an axis, which tells of its samples: recorded, if any is."""
        if axis not in self._first:
            keys = self.manifest["key"][complete(self.manifest, self.cube.layout)]
            numbers, rows = np.unique(keys[:, axis], return_index=True)
            self._first[axis] = dict(zip(numbers.tolist(), map(tuple, keys[rows].tolist()), strict=True))
        if number in self._first[axis]:
            return self.cube.layout.at(self._first[axis][number])
        counts = [range(count) for count in self.cube.layout.counts]
        counts[axis] = range(number, number + 1)
        tiles = (self.cube.layout.at(key) for key in product(*counts))
        return next((tile for tile in tiles if self._status(tile) is not None), None)

    def _known(self, name: str, parts: Sequence[Sequence[Span]]) -> list[FileStamp | None]:
        """What records of tiles say of a variable's files; None where a tile has to be looked at closer."""
        manifest = self.manifest
        keys = np.array([[span.tile for span in one] for one in parts], np.int64)
        at = manifest.positions(keys.reshape(len(parts), -1))
        recorded = at >= 0
        if not recorded.any():
            return [None] * len(parts)
        records = manifest.at(at[recorded])
        known: list[FileStamp | None] = [None] * len(parts)
        complete = of_complete(records, self.cube.layout).tolist()
        files = known_files(self.cube, records, name)
        for position, whole, file in zip(np.flatnonzero(recorded).tolist(), complete, files, strict=True):
            known[position] = file if whole else None
        return known

    def _parts(
        self, name: str, rank: int, asked: Iterable[tuple[Sequence[Span], FileStamp | None]]
    ) -> Iterable[tuple[Sequence[Span], np.ndarray]]:
        """Parts of shards: one after another from a disk, several at once where each answer takes long."""
        bucket = objects_of(self.root)
        if bucket is None or bucket.at_once == 1:
            return ((here, self._quick_part(name, here, rank, known)) for here, known in asked)
        return bucket.each(lambda one: (one[0], self._quick_part(name, one[0], rank, one[1])), asked)

    def _quick_part(self, name: str, parts: Sequence[Span], rank: int, known: FileStamp | None) -> np.ndarray:
        """A part of a shard: at once where its file is the one that was recorded and nothing is wrong."""
        key, region = tuple(span.tile for span in parts[:rank]), [span.hull for span in parts]
        if known is not None:
            with suppress(Damaged, OSError):
                path, form = self.cube.path(name, key), self.cube.forms[name]
                values, missing = read_part(path, form, region, known)
                if missing is None:
                    return values
        return self._part(name, self.cube.layout.at(key), region)

    def status_counts(self) -> dict[int, int]:
        """How many points have each status. Recorded tiles whose file is unchanged are not read."""
        same = complete(self.manifest, self.cube.layout) & ~changed_files(self.cube, self.manifest, "status")
        counts = np.zeros(256, np.int64)
        for start in range(0, len(self.manifest), _BLOCK):  # records are large
            part = slice(start, start + _BLOCK)
            counts[:STATUSES] += self.manifest.at(part)["statuses"][same[part]].sum(axis=0, dtype=np.int64)
        if int(same.sum()) < len(self.cube.layout):
            known = set(map(tuple, self.manifest["key"][same].tolist()))
            for tile in self.cube.layout:
                if tile.key not in known:
                    counts += self._counts(tile)
        return {code: int(n) for code, n in enumerate(counts) if n}

    def _counts(self, tile: Tile) -> np.ndarray:
        return np.bincount(self._part("status", tile, _all_of(tile)).ravel(), minlength=256)

    def _part(self, name: str, tile: Tile, region: Sequence[slice]) -> np.ndarray:
        """A region of a tile's shard."""
        row = self._recorded(tile)
        if row is not None:
            try:
                self._require_recorded(name, tile, row)
                return read_computed(self.cube.path(name, tile.key), self.cube.forms[name], region, True)
            except (Damaged, OSError) as error:
                self._require_rewritten(name, tile, row, error)
        status = self._status(tile)
        if status is None:
            if row is not None:
                raise self._error(
                    self.cube.path(name, tile.key), "is being written again; read it again later"
                )
            return np.full([part.stop - part.start for part in region], self.cube.array(name).fill_value)
        if name in self.cube.columns:
            return self._written(name, tile, region, status is True or None)
        here = tuple(region[: len(tile.key)])
        if name == "status" and status is not True:
            return status[here]
        return self._written(name, tile, region, True if status is True else status[here] != 0)

    def _written(self, name: str, tile: Tile, region: Sequence[slice], computed: Any) -> np.ndarray:
        """A region of a shard of a tile without record; CubeError where it lacks what was computed."""
        path = self.cube.path(name, tile.key)
        try:
            return read_computed(path, self.cube.forms[name], region, computed)
        except (Damaged, OSError) as error:
            raise self._error(path, _reason(error), error) from None

    def _recorded(self, tile: Tile) -> Any:
        """The record of a tile; None where it has none, or has more points now than were recorded."""
        row = self.manifest.find(tile.key)
        return row if row is not None and points_of(row) == tile.points else None

    def _require_recorded(self, name: str, tile: Tile, row: Any) -> None:
        """See to it that a shard is the recorded one: its file is as it was, or its digest is."""
        length, digest, inode, mtime, ctime = row["shards"][self._columns[name]].item()
        path = self.cube.path(name, tile.key)
        if what_is(self.cube.storage.stat(path)) == (length, inode, mtime, ctime):
            return
        if (name, tile.key) not in self._trusted:
            if read_digest(path, self.cube.forms[name]) != (length, bytes(digest)):
                raise Damaged("is another shard than was written here")
            self._trusted.add((name, tile.key))

    def _require_rewritten(self, name: str, tile: Tile, row: Any, error: Exception) -> None:
        """Raise what is wrong with a recorded shard, unless a run has written it again meanwhile."""
        self.manifest = self.cube.load_manifest()
        now = self.manifest.find(tile.key)
        self._opened.require_same_now()
        if now is not None and now["shards"].tobytes() == row["shards"].tobytes():
            raise self._error(self.cube.path(name, tile.key), _reason(error), error) from None
        self._statuses.pop(tile.key, None)

    def _status(self, tile: Tile) -> Any:
        """What the status shard of a tile without record says, as it was when it was first asked for."""
        if tile.key in self._statuses:
            return self._statuses[tile.key]
        path, form = self.cube.path("status", tile.key), self.cube.forms["status"]
        values = None
        try:
            values = read_part(path, form, _all_of(tile))[0]
        except (FileNotFoundError, NotADirectoryError):
            pass
        except (ValueError, RuntimeError, OSError) as error:
            raise self._error(path, _reason(error), error) from None
        if values is not None and was_overwritten(self.root):
            values = None
        self._opened.ask_again()
        row = self.manifest.find(tile.key)
        for outgrown in () if values is None else outgrown_files(self.cube, tile, row, values):
            raise self._error(outgrown, "is of before the cube grew although its tile is committed")
        status = True if values is not None and values.all() else values
        with self._lock:
            return self._statuses.setdefault(tile.key, status)

    def _error(self, path: str, reason: str, error: Exception | None = None) -> CubeError:
        if error is not None and says_nothing_of_the_file(error):
            return CubeError(f"{path}: {reason}; read it again later")
        self._opened.require_same_now()
        mends = Call("verify", self.root, Argument("repair", True))
        return CubeError(f"{path}: {reason}; ", mends, " lets the next run compute it again")


def _all_of(tile: Tile) -> list[slice]:
    return [slice(0, size) for size in tile.shape]


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return "is missing although its tile is committed"
    return str(error) if isinstance(error, Damaged) else f"cannot be read ({why(error)})"
