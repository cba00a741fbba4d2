"""What is written beside an output until it is whole: no other writer's, and gone once its writer is."""

import glob
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..engine.store.shared.owner import abandoned, scratch_name, worked_with
from .file_paths import require_outside_cubes


@contextmanager
def scratch_beside(output: Path) -> Iterator[Path]:
    """A name beside `output` under which a file or a folder is written, to be renamed when it is whole.

    No other process, thread or host has the same name. What lies under it in the end is deleted, and before
    that what killed writers of the same output left. Raises SweepError for an output in the folder of a cube.
    """
    require_outside_cubes(output)
    start = f".{output.name}.partial-"
    with suppress(OSError):
        for left in output.parent.glob(f"{glob.escape(start)}*"):
            if abandoned(left):
                _delete(left)
    scratch = output.with_name(f"{start}{scratch_name()}")
    with worked_with(scratch):
        try:
            yield scratch
        finally:
            _delete(scratch)


def _delete(path: Path) -> None:
    """Delete what is there, as far as the disk allows: the next writer tries again."""
    with suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
