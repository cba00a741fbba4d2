"""A cube as one file, which appears whole."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from ..engine.errors import Argument, SweepError
from .file_paths import cube_path, path_of, require_outside_cubes
from .scratch import scratch_beside

if TYPE_CHECKING:
    from ..engine.store.shared.pack import Packed


def pack(cube: str | Path, file: str | Path, overwrite: bool = False) -> "Packed":
    """Write a cube into one zip file, which `open_cube` and every command read as it is.

    Parameters
    ----------
    cube
        The cube: every tile of it was computed. It is read back whole, from what was written.
    file
        The zip file, which ends in .zip. The same cube makes the same bytes.
    overwrite
        Whether to replace a file that is there.

    Returns
    -------
    Packed
        How many tiles and files there are, and the bytes of the zip file. Raises SweepError where the file
        cannot be written, CubeError where the cube is not whole or not sound; then there is no file.
    """
    from ..engine.store.durable import name_anew, sync
    from ..engine.store.shared.pack import pack as write

    root, final = cube_path(cube), require_outside_cubes(path_of(file))
    if final.suffix.lower() != ".zip":
        raise SweepError(f"{final}: a packed cube should end in .zip, such as cube.zarr.zip")
    if final.is_dir() or not final.parent.is_dir():
        wrong = (
            "is a folder" if final.is_dir() else f"the folder {final.parent} does not exist; create it first"
        )
        raise SweepError(f"{final}: {wrong}")
    if os.path.lexists(final) and not overwrite:
        raise SweepError(f"{final}: is there already; ", Argument("overwrite", True), " replaces it")
    try:
        with scratch_beside(final) as partial:
            packed = write(root, partial)
            sync(partial)
            if overwrite:
                partial.replace(final)
            else:
                name_anew(partial, final)
            sync(final.absolute().parent)
        return packed
    except FileExistsError:
        raise SweepError(
            f"{final}: appeared while this was packed; ", Argument("overwrite", True), " replaces it"
        ) from None
    except OSError as error:
        raise SweepError(f"{final}: cannot be written ({error.strerror or error})") from None
