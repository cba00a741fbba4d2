"""What a cube's metadata say it is, looked at before zarr opens anything; and what is no cube, said so."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..errors import CubeError
from ..gate.array_metadata import OtherLayout, require_modest
from ..gate.documents import parse_json
from ..gate.text import shown
from .manifest import FOLDER
from .metadata import copies, identity_at, read_metadata
from .storage.files import storage_of

_TEXTS = ("sweep", "sweep_sha256", "versions", "device", "title", "source", "model")
_FORMATS = (1, 2)  # as of `create.FORMAT`, and of before
_OF_ZARR_2 = (".zgroup", ".zarray")
_TO_READ = "xarray.open_zarr reads it, as all that export writes"
_TO_REPLACE = "if it is to be replaced, delete the folder yourself"
# What opens files that queries and other programs write, by their ending.
_READERS = {
    ".nc": "xarray.open_dataset reads it",
    ".csv": "pandas.read_csv reads it",
    ".json": "pandas.read_json reads it",
    ".parquet": "pandas.read_parquet reads it",
    ".toml": "run makes a cube of a sweep file",
}


def require_cube(root: Path) -> None:
    """Refuse what is no cube, or declares what no cube can hold.

    Raises CubeError for another group of Zarr and for a format of another version; ValueError, OSError and
    what a wrong type raises for metadata that are not what they should be. `no_cube` says these to a user.
    """
    document = _table(read_metadata(root))
    if document.get("node_type") != "group" or document.get("zarr_format") != 3:
        whole = f"; the cube is {root.parent}" if identity_at(root.parent) else ""
        raise CubeError(f"{root}: is no equisweep cube: its zarr.json is not of a group of Zarr 3{whole}")
    attributes = _table(document.get("attributes"))
    for key in ("identity", "variables"):
        if not isinstance(attributes.get(key), str):
            raise CubeError(
                f"{root}: is a Zarr group but no equisweep cube (attribute {key!r} is missing); {_TO_READ}"
            )
    for key in _TEXTS:
        if not isinstance(attributes.get(key, ""), str):
            raise ValueError(f"its attribute {key!r} is no text")
    number = attributes.get("equisweep_format", 1)
    if number not in _FORMATS:
        raise CubeError(
            f"{root}: has the format {shown(number)}, and this equisweep reads "
            f"{' and '.join(map(str, _FORMATS))}; install the version that wrote it, or a newer one"
        )
    names, identity = parse_json(attributes["variables"]), parse_json(attributes["identity"])
    columns = _columns(attributes)
    if not isinstance(identity, dict) or not all(isinstance(value, str) for value in identity.values()):
        raise ValueError("its identity is no table of texts")
    if not isinstance(names, list) or "status" not in names or not all(isinstance(n, str) for n in names):
        raise ValueError("its variables are no list of names with status among them")
    held = copies(document) if document.get("consolidated_metadata") else _own(root)
    for name in (*names, *columns):
        if name not in held:
            raise CubeError(f"{root}: the array {name!r} is missing; the cube is damaged")
    for name, copy in held.items():
        if "/" in name or name.startswith("."):
            raise ValueError(f"{name!r} is no name of an array")
        for said in (copy, read_metadata(root / name)):
            require_modest(name, said, name not in (*names, *columns), root / name)
        _require_dims(name, copy)
    _require_one_grid(held, names)
    _require_columns(held, columns)


def no_cube(root: Path, error: Exception) -> CubeError:
    """What to say of a folder that `require_cube`, or a reader after it, refused with this error.

    Arrays that are only laid out otherwise are of a cube that was damaged where there is a manifest; else
    they are what `export`, or another program, wrote of one, with its attributes.
    """
    if isinstance(error, OtherLayout) and not _holds(root, FOLDER):
        return CubeError(f"{root}: is Zarr but no cube that a run wrote: {error}; {_TO_READ}; {_TO_REPLACE}")
    reason = type(error).__name__
    if type(error) in (ValueError, OtherLayout):  # ours; those of others say nothing to a user
        reason = f"ValueError: {error}"
    if isinstance(error, FileNotFoundError) and not _holds(root):
        storage = storage_of(root)
        reason = "it holds no zarr.json"
        if any(storage.exists(root / name) for name in _OF_ZARR_2):
            return CubeError(f"{root}: is Zarr 2, and a cube is Zarr 3; {_TO_READ}; {_TO_REPLACE}")
    return CubeError(f"{root}: cannot be opened as a cube ({reason}); {_TO_REPLACE}")


def no_folder(file: Path) -> CubeError:
    """What to say of a file in the place of a cube."""
    reader = _READERS.get(file.suffix.lower())
    return CubeError(f"{file}: is a file, and a cube is a folder" + (f"; {reader}" if reader else ""))


def _holds(root: Path, folder: str = "") -> bool:
    """Whether there are metadata at `root`, or anything in a folder of it."""
    storage = storage_of(root)
    if not folder:
        return storage.exists(root / "zarr.json")
    with suppress(OSError):
        return bool(storage.names(root / folder))
    return False


def _columns(attributes: Mapping[str, Any]) -> list[str]:
    """Names of coordinates that lie in shards; ValueError where the attribute is none of such."""
    text = attributes.get("columns", "[]")
    columns = parse_json(text) if isinstance(text, str) else None
    if not isinstance(columns, list) or not all(isinstance(name, str) for name in columns):
        raise ValueError("its columns are no list of names")
    return columns


def _require_dims(name: str, array: Mapping[str, Any]) -> None:
    dims = array.get("dimension_names")
    if not isinstance(dims, list) or len(dims) != len(array["shape"]) or len(set(map(str, dims))) < len(dims):
        raise OtherLayout(f"the array {name!r} does not name its dimensions")


def _require_one_grid(arrays: Mapping[str, Any], names: list[str]) -> None:
    """All variables begin with the grid of the status, in the same tiles."""
    status = arrays["status"]
    rank, shards = len(status["shape"]), status["chunk_grid"]["configuration"]["chunk_shape"]
    for name in names:
        array = arrays[name]
        mine = array["chunk_grid"]["configuration"]["chunk_shape"]
        if array["shape"][:rank] != status["shape"] or mine[:rank] != shards:
            raise OtherLayout(f"the array {name!r} has another grid than the status")


def _require_columns(arrays: Mapping[str, Any], columns: Sequence[str]) -> None:
    """Each lies along one dimension of the grid, in shards as long as a tile is there."""
    status = arrays["status"]
    tile = status["chunk_grid"]["configuration"]["chunk_shape"]
    grid = dict(zip(status["dimension_names"], zip(status["shape"], tile, strict=True), strict=True))
    for name in columns:
        shape, shards = arrays[name]["shape"], arrays[name]["chunk_grid"]["configuration"]["chunk_shape"]
        if len(shape) != 1 or grid.get(arrays[name]["dimension_names"][0]) != (shape[0], shards[0]):
            raise OtherLayout(f"the column {name!r} does not lie along the grid's tiles")


def _own(root: Path) -> dict[str, Any]:
    """Metadata of the arrays of a cube of whose root another program has taken the copies."""
    return {name: read_metadata(root / name) for name in storage_of(root).arrays(root)}


def _table(document: Any) -> Mapping[str, Any]:
    return document if isinstance(document, dict) else {}
