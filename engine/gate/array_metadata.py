"""What a cube's metadata declare, checked before anything is given memory or counted through."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from math import ceil, prod
from pathlib import Path
from typing import Any

MOST_TILES = 10**6
MOST_POINTS = 2**60
MOST_LABELS, MOST_NAMES = 10**7, 10**6  # of a coordinate
MOST_CHUNK = 2**26  # bytes of a chunk, decompressed
_MOST_TEXT = 2**24  # bytes of a coordinate of names
_SHORT_TEXT, _LONG_NAME = 2**16, 256  # bytes of names, in all and of each besides
_MOST_FILES = 10**5  # of a coordinate
MOST_DIMS = 32  # of an array
# Dtypes of the arrays of a cube, and bytes of a number; coordinates hold texts besides.
NUMBERS = {"float64": 8, "float32": 4, "bool": 1} | {
    f"{s}int{b}": b // 8 for s in ("", "u") for b in (8, 16, 32, 64)
}
_PLAIN = (["bytes", "crc32c"], ["vlen-utf8", "crc32c"])
CHUNK_CODECS = ["bytes", "blosc", "crc32c"]  # of an array of a cube
_SHARD = (CHUNK_CODECS, ["bytes", "crc32c"])


class OtherLayout(ValueError):
    """An array of Zarr that may be as good as any, and is not laid out as the arrays of a cube are."""


def require_modest(name: str, document: Any, is_coordinate: bool, folder: Path) -> None:
    """Refuse an array whose metadata declare more than a cube can hold.

    Parameters
    ----------
    name
        What the array is called.
    document
        Its metadata, as JSON has them.
    is_coordinate
        Whether it is a coordinate, which is read whole when a cube is opened.
    folder
        Where its files lie.

    Raises ValueError, which says what is wrong in one line: an `OtherLayout` where nothing is wrong with it.
    """
    where = f"the array {name!r}"
    if not isinstance(document, Mapping) or document.get("node_type") != "array":
        raise ValueError(f"{where} has no metadata of an array")
    shape, chunk = _lengths(where, "shape", document.get("shape")), _chunk(where, document.get("chunk_grid"))
    if len(chunk) != len(shape):
        raise ValueError(f"{where} has {len(shape)} axes and shards of {len(chunk)}")
    if is_coordinate:
        _require_coordinate(where, document, shape, chunk, folder)
        return
    size = NUMBERS.get(str(document.get("data_type")))
    if size is None:
        raise OtherLayout(f"{where} holds no numbers")
    require_tiles(where, prod(ceil(length / step) for length, step in zip(shape, chunk, strict=True)))
    require_chunk(where, prod(_inner_chunk(where, document, chunk)) * size)


def require_tiles(where: str, tiles: int) -> None:
    """Refuse more tiles than anybody would count through; ValueError, beginning with `where`."""
    if tiles > MOST_TILES:
        raise ValueError(f"{where} would have {tiles:,} tiles; a cube has at most {MOST_TILES:,}")


def require_chunk(where: str, size: int) -> None:
    """Refuse chunks of more bytes than are read at once; ValueError, beginning with `where`."""
    if size > MOST_CHUNK:
        most = f"at most {MOST_CHUNK / 1e6:.0f} MB are read at once"
        raise ValueError(f"{where} would have chunks of {size / 1e6:,.0f} MB; {most}")


def _require_coordinate(
    where: str, document: Mapping[str, Any], shape: Sequence[int], chunk: Sequence[int], folder: Path
) -> None:
    """A coordinate is stored without compression: what it declares is what it takes."""
    if len(shape) != 1:
        raise OtherLayout(f"{where} has {len(shape)} axes, and a coordinate has one")
    size = NUMBERS.get(str(document.get("data_type")))
    most = MOST_NAMES if size is None else MOST_LABELS
    if max(shape[0], chunk[0]) > most:
        raise ValueError(f"{where} declares {max(shape[0], chunk[0]):,} labels; at most {most:,} are read")
    if _names(document.get("codecs")) not in _PLAIN:
        raise OtherLayout(f"{where} is encoded in another way than coordinates are")
    files = ceil(shape[0] / chunk[0])
    if files > _MOST_FILES:
        raise ValueError(f"{where} lies in {files:,} files; at most {_MOST_FILES:,} are read")
    if size is None:
        most = min(_MOST_TEXT, _SHORT_TEXT + _LONG_NAME * shape[0])
        _require_short(where, [folder / "c" / str(number) for number in range(files)], most)


def _require_short(where: str, files: Iterable[Path], most: int) -> None:
    """Names of any length may stand in a coordinate, each repeated in many rows: its files bound them."""
    held = 0
    for file in files:
        with suppress(FileNotFoundError, NotADirectoryError):
            held += file.stat().st_size
    if held > most:
        raise ValueError(f"{where} has {held:,} bytes of names; at most {most:,} are read")


def _inner_chunk(where: str, document: Mapping[str, Any], shard: Sequence[int]) -> tuple[int, ...]:
    """Shape of the chunks in a shard, each encoded in one way only: no other is known to end in time. Where a
    shard is one chunk, it may be stored as a plain chunk.
    """
    codecs = document.get("codecs")
    if _names(codecs) == CHUNK_CODECS:
        return tuple(shard)
    inside = codecs[0].get("configuration") if codecs and _names(codecs) == ["sharding_indexed"] else None
    if not isinstance(inside, Mapping):
        raise OtherLayout(f"{where} is not sharded as a cube's arrays are")
    encoded = _names(inside.get("codecs")), _names(inside.get("index_codecs"))
    if encoded != _SHARD or inside.get("index_location", "end") != "end":
        raise OtherLayout(f"{where} is encoded in another way than a cube's arrays are")
    chunk = _lengths(where, "chunk_shape", inside.get("chunk_shape"))
    if len(chunk) != len(shard) or any(length % step for length, step in zip(shard, chunk, strict=True)):
        raise ValueError(f"{where} has chunks that do not fill its shards")
    return chunk


def _names(codecs: Any) -> list[str]:
    if not isinstance(codecs, list) or not all(isinstance(codec, Mapping) for codec in codecs):
        return []
    return [str(codec.get("name")) for codec in codecs]


def _chunk(where: str, grid: Any) -> tuple[int, ...]:
    inside = grid.get("configuration") if isinstance(grid, Mapping) else None
    return _lengths(where, "chunk_shape", inside.get("chunk_shape") if isinstance(inside, Mapping) else None)


def _lengths(where: str, what: str, given: Any) -> tuple[int, ...]:
    """Lengths along axes: integers from 1 on, of a product that a disk can hold."""
    if not isinstance(given, list) or len(given) > MOST_DIMS:
        raise ValueError(f"{where}: its {what} is no list of at most {MOST_DIMS} lengths")
    if (
        any(type(length) is not int or not 1 <= length <= MOST_POINTS for length in given)
        or prod(given) > MOST_POINTS
    ):
        raise ValueError(
            f"{where}: its {what} is no shape of an array, each length from 1 on, all below {MOST_POINTS:.2g}"
        )
    return tuple(given)
