"""Let a cube grow at the ends of its axes, and lose nothing when killed on the way.

First comes a seal of the cube as it will be, beside the one of what it is. Then come the coordinates' new
chunks, which nobody sees yet. Then the root's metadata are replaced, which hold the sweep and a copy of every
array's metadata: this one rename is the growth, for xarray reads that copy. Last, each array's own metadata
follow the copy; a run that finds them behind begins with that.
In a bucket each of these steps is an object that is put in the place of the one that was there, and of no
other one: what a run that was stalled sends late is refused, and a seal tells it where it is not.
Shards stay where they are, since their names count from the start of the axis.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import Argument, CubeError
from ..gate.array_metadata import MOST_LABELS
from ..gate.files import digest_of
from ..space import Space
from ..values.axis import Axis
from ..values.columns import Values, describe_values
from ..values.columns import head as first_of
from .cube import Cube
from .durable import discard, sync
from .iced.at import is_iced
from .metadata import copies, finish_growth, metadata_text, read_metadata, replace_metadata
from .seal import Seal, cube_id, drop_older_seals, seal_of, write_seal
from .shared.owner import scratch_name
from .storage.files import objects_of
from .storage.place import is_url

SAMPLES = "design.samples"


def grown_axes(cube: Cube, space: Space, identity: Mapping[str, str]) -> tuple[Axis, ...]:
    """The axes to whose ends `space` only adds values, or samples; none where that is not all that changed.

    Raises CubeError where the number of samples is all that was changed, and yet the cube cannot grow.
    """
    old = cube.identity
    changed = {key for key in {*old, *identity} if old.get(key) != identity.get(key)}
    sampled = [axis for axis in space.axes if axis.group]
    along = {f"axes.{name}" for axis in space.axes for name in axis.values} | {SAMPLES for _ in sampled}
    if not changed <= along or old.keys() != identity.keys():
        return ()
    grown = []
    for axis, size in zip(space.axes, cube.layout.grid, strict=True):
        own = {f"axes.{name}" for name in axis.values} | ({SAMPLES} if axis.group else set())
        if not own & changed:
            continue
        longer = axis.size > size
        begins = longer and all(_begins_with(v, size, old[f"axes.{name}"]) for name, v in axis.values.items())
        if not begins and axis.group and SAMPLES in changed:
            raise _no_growth_of_samples(cube, longer, old[SAMPLES], identity[SAMPLES])
        if not begins:
            return ()
        grown.append(axis)
    return tuple(grown)


def _no_growth_of_samples(cube: Cube, longer: bool, old: str, new: str) -> CubeError:
    if not longer:
        return CubeError(
            f"{cube.root}: {SAMPLES}: holds {old} and the sweep says {new}; "
            "a design grows and never shrinks: choose another output, or overwrite it with ",
            Argument("overwrite", True),
        )
    return CubeError(
        f"{cube.root}: {SAMPLES}: the {new} samples do not begin with the {old} "
        "it holds (another scipy may draw others); choose another output, or overwrite with ",
        Argument("overwrite", True),
    )


def _begins_with(values: Values, size: int, described: str) -> bool:
    """Whether the first `size` values are those that a cube's identity describes."""
    return describe_values(first_of(values, size), described) == described


def require_growable(cube: Cube, axes: Sequence[Axis]) -> None:
    """Raise CubeError where the root has no copy of the arrays' metadata, and where coordinates that are held
    whole would become too long.
    """
    most = max((axis.size for axis in _held_whole(cube, axes)), default=0)
    if most > MOST_LABELS:
        raise CubeError(
            f"{cube.root}: was begun small, and reads its coordinates whole: an axis has at most "
            f"{MOST_LABELS:,} points; choose another output for {max(axis.size for axis in axes):,}"
        )
    if not read_metadata(cube.root).get("consolidated_metadata"):
        raise CubeError(
            f"{cube.root}: was changed by another program and lacks consolidated metadata; "
            f"python -c \"import zarr; zarr.consolidate_metadata('{cube.root}')\" writes it"
        )


def _held_whole(cube: Cube, axes: Sequence[Axis]) -> list[Axis]:
    """The axes whose coordinates are read whole, not tile by tile."""
    return [axis for axis in axes if any(name not in cube.columns for name in axis.values)]


def grow(cube: Cube, axes: Sequence[Axis], attributes: Mapping[str, str]) -> None:
    """Make room in the cube for all of these axes; `attributes` replace those of the same name.

    Raises CubeError as `require_growable` does; OSError where the disk refuses.
    """
    require_growable(cube, axes)
    root, sizes = cube.root, {axis.dim: axis.size for axis in axes}
    whole = _held_whole(cube, axes)
    document = read_metadata(root)
    for array in copies(document).values():
        array["shape"] = [
            sizes.get(dim, size) for dim, size in zip(array["dimension_names"], array["shape"], strict=True)
        ]
    before = document["attributes"].get("versions")
    document["attributes"] |= attributes
    if document["attributes"].get("versions") != before:
        document["attributes"]["versions_before"] = before
    with _new_coordinates(cube, whole) as chunks:
        write_seal(root, _grown_seal(root, document, chunks))
        if not is_iced(root):
            _put_chunks(chunks)
        replace_metadata(root / "zarr.json", document)
        finish_growth(root)
        if is_iced(root):  # which takes no chunk beyond the end of an array, and shows all at once anyhow
            _put_chunks(chunks)
    drop_older_seals(root)


def _put_chunks(chunks: Mapping[Path, Path]) -> None:
    for path, written in chunks.items():
        bucket = objects_of(path)
        if bucket is not None:
            bucket.put_over(path, written.read_bytes())
            continue
        sync(written)
        written.replace(path)
        sync(path.parent)


def _grown_seal(root: Path, document: Mapping[str, Any], chunks: Mapping[Path, Path]) -> Seal:
    """The seal of the cube as it will be."""
    now = seal_of(root)
    texts = {"zarr.json": metadata_text(document)}
    for name, copy in copies(document).items():
        own = read_metadata(root / name)
        same = own["shape"] == copy["shape"]
        file = f"{name}/zarr.json"
        texts[file] = now.texts[file] if same else metadata_text(own | {"shape": copy["shape"]})
    added = {path.relative_to(root).as_posix(): digest_of(new) for path, new in chunks.items()}
    return Seal(cube_id(root), texts, {**now.digests, **added})


@contextmanager
def _new_coordinates(cube: Cube, axes: Sequence[Axis]) -> Iterator[dict[Path, Path]]:
    """The chunks beyond the old end of coordinates that are held whole, by the path of their place."""
    import zarr

    from .create import create_coordinate, stored

    root, name = cube.root, f"{cube.root.name}.partial-{scratch_name()}"
    scratch = Path(tempfile.gettempdir()) / name if is_url(root) else root.with_name(name)
    try:
        group = zarr.create_group(str(scratch), zarr_format=3)
        chunks = {}
        held = [(axis, name) for axis in axes for name in axis.values if name not in cube.columns]
        for axis, name in held:
            own = read_metadata(root / name)
            chunk = int(own["chunk_grid"]["configuration"]["chunk_shape"][0])
            create_coordinate(group, name, stored(np.asarray(axis.values[name][:])), axis.dim, {}, chunk)
            _require_same_form(root / name, own, read_metadata(scratch / name))
            for k in range(own["shape"][0] // chunk, ceil(axis.size / chunk)):
                chunks[root / name / "c" / str(k)] = scratch / name / "c" / str(k)
        yield chunks
    finally:
        discard(scratch)


def _require_same_form(folder: Path, own: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    """Refuse to put chunks into a coordinate that are stored in another way than those it has."""
    for key in ("data_type", "codecs", "chunk_key_encoding"):
        if own[key] != new[key]:
            raise CubeError(
                f"{folder}: is stored otherwise than this version would ({key}); choose another output, "
                "which takes over what is there with ",
                Argument("reuse", folder.parent),
            )
