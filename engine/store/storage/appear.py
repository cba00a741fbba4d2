"""How a cube appears in object storage, where nothing can be renamed.

The seal comes first, as an object that is to be new: who puts it creates the cube, and everybody who would
create the same one may go on in its place. The root's metadata come last; without them there is no cube.
"""

import time
from contextlib import suppress
from pathlib import Path

from ...errors import CubeError
from ...gate.files import DATA, SEAL
from ..durable import Appeared
from ..manifest import FOLDER
from ..shared.lease import LASTS
from .files import DISK
from .objects import Objects, objects_at

SEAL_FILE = f"{FOLDER}/cube-00000001.json"
_ROOT = "zarr.json"
_PAUSE = 1.0


def appear_in_bucket(built: Path, root: Path) -> None:
    """Give a finished cube of this disk its place in object storage.

    Raises Appeared, a CubeError, where there is one, or another one is just being created; OSError where the
    storage refuses.
    """
    bucket, files = objects_at(str(root)), DISK.files(built)
    seal = DISK.read(built / SEAL_FILE, SEAL)
    _require_mine(bucket, root, seal)
    others = [file for file in files if file not in (_ROOT, SEAL_FILE)]
    bucket.each(lambda file: bucket.put(f"{root}/{file}", [DISK.read(built / file, DATA)]), others)
    if bucket.read(root / SEAL_FILE, SEAL) != seal or not bucket.put_new(
        root / _ROOT, DISK.read(built / _ROOT)
    ):
        raise _appeared(root)


def _require_mine(bucket: Objects, root: Path, seal: bytes) -> None:
    """See to it that the seal is this one: put by this process, or by one that creates the same cube."""
    waited = 0.0
    while not bucket.put_new(root / SEAL_FILE, seal):
        if bucket.exists(root / _ROOT):
            raise _appeared(root)
        if waited > LASTS:  # who began it was killed
            bucket.delete(root / SEAL_FILE)
        time.sleep(_PAUSE)
        waited += _PAUSE


def _appeared(root: Path) -> CubeError:
    return Appeared(f"{root}: appeared while this run was creating it; run again")


def is_begun(root: Path) -> bool:
    """Whether there is a cube in object storage, or something else that is not to be written over.

    What one left that was killed while it created a cube is not.
    """
    bucket = objects_at(str(root))
    if bucket.exists(root / _ROOT):
        return True
    with suppress(FileNotFoundError):
        bucket.stat(root / SEAL_FILE)
        return False
    return bucket.holds(root)
