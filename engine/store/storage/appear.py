"""How a cube appears in object storage, where nothing can be renamed.

The seal comes first, as an object that is to be new: who puts it creates the cube, and everybody who would
create the same one may go on in its place. The root's metadata come last; without them there is no cube.

Where it takes the place of another cube, a mark comes before everything else and stays (`overwritten`): a run
that is killed meanwhile leaves a place that says so, and whoever overwrites it begins anew.
"""

import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from ...errors import CubeError
from ...gate.files import DATA, SEAL
from ..durable import Appeared
from ..iced.at import is_iced, repository_at
from ..manifest import FOLDER
from ..shared import signs
from .files import DISK
from .objects import Objects
from .overwritten import OVERWRITTEN
from .reached import objects_at
from .schemes import REQUEST, TRIES

SEAL_FILE = f"{FOLDER}/cube-00000001.json"
# For so long [s] nothing changes where a cube is being created before its creator is taken for dead: longer
# than one of its requests may be tried again and still succeed.
LASTS = TRIES + REQUEST + 30.0
_ROOT = "zarr.json"
_MARKS = "status/c"  # below which a tile has its commit mark
_PAUSE = 1.0


def appear_in_bucket(built: Path, root: Path, replace: bool = False) -> None:
    """Give a finished cube of this disk its place in object storage; with `replace`, of one that is there.

    Raises Appeared, a CubeError, where there is one, or another one is just being created; OSError where the
    storage refuses.
    """
    bucket, files = objects_at(str(root)), DISK.files(built)
    if is_iced(root):
        if not replace and bucket.exists(root / _ROOT):
            raise _appeared(root)
        repository_at(root).put_cube({file: DISK.read(built / file, DATA) for file in files})
        return
    seal = DISK.read(built / SEAL_FILE, SEAL)
    if replace:
        _clear(bucket, root, set(files))
        bucket.put_over(root / SEAL_FILE, seal)
    _require_mine(bucket, root, seal)
    others = [file for file in files if file not in (_ROOT, SEAL_FILE)]

    def mine() -> bool:
        return bucket.read(root / SEAL_FILE, SEAL) == seal

    def put(file: str) -> None:
        # Not over what one has put who took this run for dead: a request may have been on its way for long.
        path, raw = root / file, DISK.read(built / file, DATA)
        bucket.put_over(path, raw, mine)

    def is_as_put(file: str) -> bool:
        return bucket.read(root / file, DATA) == DISK.read(built / file, DATA)

    try:
        bucket.each(put, others)
        there = mine() and all(bucket.each(is_as_put, others))
        if there and bucket.put_new(root / _ROOT, DISK.read(built / _ROOT), tries=1):
            return
    except FileNotFoundError:  # another one has put its own, or somebody deletes what is here
        pass
    raise _appeared(root)


def _clear(bucket: Objects, root: Path, files: Collection[str]) -> None:
    """Delete the cube at `root`, or what is left of it, but for the files of its writers: this is one.

    What the next cube puts itself (`files`) is not deleted before: a request to delete that was sent again,
    and comes late after all, would take what has been put in its place meanwhile.
    """
    bucket.put(root / OVERWRITTEN, [b"{}"])
    bucket.delete(root / _ROOT)
    kept = OVERWRITTEN, f"{signs.FOLDER}/"
    doomed = [file for file in bucket.files(root) if not file.startswith(kept) and file not in files]
    bucket.each(lambda file: bucket.delete(root / file), doomed)


def _require_mine(bucket: Objects, root: Path, seal: bytes) -> None:
    """See to it that the seal is this one: put by this process, or by one that creates the same cube.

    One that creates another cube is waited for as long as it puts anything.
    """
    waited, seen = 0.0, None
    while not bucket.put_new(root / SEAL_FILE, seal):
        if bucket.exists(root / _ROOT):
            raise _appeared(root)
        now = frozenset(bucket.below(root))
        if now != seen:
            waited, seen = 0.0, now
        elif waited > LASTS:  # who began it was killed
            require_no_rest(root)
            with suppress(FileNotFoundError):  # another one was faster, or it lives
                bucket.replace(root / SEAL_FILE, seal, lambda: frozenset(bucket.below(root)) == now)  # noqa: B023
        time.sleep(_PAUSE)
        waited += _PAUSE


def _appeared(root: Path) -> CubeError:
    return Appeared(f"{root}: appeared while this run was creating it; run again")


def is_begun(root: Path) -> bool:
    """Whether there is a cube in object storage, or something else that is not to be written over.

    What one left that was killed while it created a cube is not. Raises CubeError where tiles are left of a
    cube that was deleted in part: they would count as those of the next one.
    """
    bucket = objects_at(str(root))
    if bucket.exists(root / _ROOT) or bucket.exists(root / OVERWRITTEN):
        return True
    require_no_rest(root)
    with suppress(FileNotFoundError):
        bucket.stat(root / SEAL_FILE)
        return False
    return bucket.holds(root)


def require_no_rest(root: Path) -> None:
    """Refuse a place with tiles, or records of such, and no cube; no cube that is being created has any."""
    bucket = objects_at(str(root))
    records = any(name.endswith(".tiles") for name in bucket.names(root / FOLDER))
    if (records or bucket.holds(root / _MARKS)) and not bucket.exists(root / _ROOT):
        raise CubeError(
            f"{root}: holds tiles of a cube and no {_ROOT}: a cube was deleted here in part; delete the rest "
            "of it, or choose another output"
        )
