"""Paths as people state them."""

import os
from pathlib import Path

from ..engine.errors import SweepError
from ..engine.gate.text import shown
from ..engine.store.iced.at import SCHEME as ICECHUNK
from ..engine.store.iced.at import asked_anew, iced_url, names_a_repository
from ..engine.store.storage.place import ObjectPath, is_url, place
from ..engine.store.storage.urls import url_of
from ..engine.store.storage.zipped import SUFFIX, ZIP, is_packed, packed_url

_PACKED = f"{ZIP}://"


def cube_path(stated: str | os.PathLike[str]) -> Path:
    """The place of a cube: a folder, as of `path_of`; in object storage, in a zip file or in a repository of
    Icechunk what is asked as one.

    Raises SweepError as `path_of` does, and for what is no place there.
    """
    if isinstance(stated, ObjectPath):
        return place(str(stated))
    text = os.fspath(stated)
    if text.startswith(_PACKED) or (text.lower().endswith(SUFFIX) and path_of(text).is_file()):
        return place(packed_url(str(path_of(text.removeprefix(_PACKED)))))
    if text.startswith((f"{ICECHUNK}://", f"{ICECHUNK}+")):
        return asked_anew(place(text))
    inside = url_of(text) if "://" in text else ""
    if names_a_repository(text):
        return asked_anew(place(iced_url(inside or str(path_of(text).absolute()))))
    return place(inside) if inside else path_of(stated)


def require_unpacked(root: Path) -> Path:
    """The same place of a cube that is to be written; SweepError for a packed one, and the name of one."""
    if is_packed(root) or root.suffix.lower() == SUFFIX:
        raise SweepError(
            f"{root}: a packed cube is not written to: name a folder, and pack the cube once it is whole; "
            "unzip makes a folder of a packed one"
        )
    return root


def require_outside_cubes(path: Path) -> Path:
    """The same path of what is to be written; SweepError where that would lie in the folder of a cube.

    A cube's folder holds what its manifest vouches for, and all of it goes when the cube is overwritten.
    """
    # As it lies there, not as it is called: a name may go by a link, or into a cube and out again.
    for folder in () if is_url(path) else Path(os.path.realpath(path.parent), path.name).parents:
        if _is_cube(folder):
            raise SweepError(f"{path}: would lie in the folder of the cube {folder}; choose another place")
    return path


def _is_cube(folder: Path) -> bool:
    """Whether it is the folder of a cube; what cannot be looked at is left to who writes there."""
    try:
        if not (folder / "zarr.json").is_file():
            return False
        from ..engine.store.manifest import FOLDER
        from ..engine.store.metadata import identity_at

        # A cube of version 0.1.0 has no manifest.
        return (folder / FOLDER).is_dir() or bool(identity_at(folder))
    except OSError:
        return False


def path_of(stated: str | os.PathLike[str]) -> Path:
    """The path that is meant: ``~`` at its beginning is the home folder, as in a shell.

    Raises SweepError where nothing is stated, and for what no file can be called.
    """
    text = str(stated) if isinstance(stated, ObjectPath) else os.fspath(stated)
    if "://" in text:
        raise SweepError(
            f"{shown(text.partition('://')[0])}://...: only a cube may lie in object storage; name a file or "
            "a folder of this host"
        )
    try:
        possible = bool(text) and b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:
        possible = False
    if not possible:
        raise SweepError(f"{shown(text)} is no path; name a file or a folder")
    return Path(os.path.expanduser(text))  # noqa: PTH111  (Path raises where somebody has no home)
