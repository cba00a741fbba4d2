"""Let a cube grow by the samples that a larger design adds, and lose nothing when killed on the way.

First comes a seal of the cube as it will be, beside the one of what it is. Then come the coordinates' new
chunks, which nobody sees yet. Then the root's metadata is replaced, which
hold the sweep and a copy of every array's metadata: this one rename is the growth, for xarray reads that
copy. Last, each array's own metadata follow the copy; a run that finds them behind begins with that.
Shards stay where they are, since their names count from the start of the axis.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from math import ceil
from pathlib import Path
from typing import Any

from ..errors import Argument, CubeError
from ..gate.files import digest_of
from ..gate.modest_arrays import MOST_LABELS
from ..space import Axis, Space
from ..values.columns import Values, describe_values
from ..values.columns import head as first_of
from .cube import Cube
from .durable import discard, sync
from .metadata import copies, finish_growth, metadata_text, read_metadata, replace_metadata
from .seal import Seal, cube_id, drop_older_seals, seal_of, write_seal
from .shared.owner import scratch_name

SAMPLES = "design.samples"


def grown_axis(cube: Cube, space: Space, identity: Mapping[str, str]) -> Axis | None:
    """The axis along which `space` only adds samples to the cube's; None where that is not the change.

    Raises CubeError where the number of samples is all that was changed, and yet the cube cannot grow.
    """
    axis = next((axis for axis in space.axes if axis.group), None)
    if axis is None:
        return None
    old = cube.identity
    changed = {key for key in {*old, *identity} if old.get(key) != identity.get(key)}
    drawn = {f"axes.{name}" for name in axis.values}
    if SAMPLES not in changed or not changed <= drawn | {SAMPLES} or old.keys() != identity.keys():
        return None
    size = cube.layout.grid[space.axes.index(axis)]
    if size > axis.size:
        raise CubeError(
            f"{cube.root}: {SAMPLES}: holds {old[SAMPLES]} and the sweep says {identity[SAMPLES]}; "
            "a design grows and never shrinks: choose another output, or overwrite it with ",
            Argument("overwrite", True),
        )
    if not all(_begins_with(values, size, old[f"axes.{name}"]) for name, values in axis.values.items()):
        raise CubeError(
            f"{cube.root}: {SAMPLES}: the {identity[SAMPLES]} samples do not begin with the {old[SAMPLES]} "
            "it holds (another scipy may draw others); choose another output, or overwrite with ",
            Argument("overwrite", True),
        )
    return axis


def _begins_with(values: Values, size: int, described: str) -> bool:
    """Whether the first `size` values are those that a cube's identity describes."""
    return describe_values(first_of(values, size), described) == described


def grow(cube: Cube, axis: Axis, attributes: Mapping[str, str]) -> None:
    """Make room in the cube for all of `axis`; `attributes` replace those of the same name.

    Raises CubeError where the root has no copy of the arrays' metadata, and where coordinates that are held
    whole would become too long; OSError where the disk refuses.
    """
    root = cube.root
    whole = {name: values for name, values in axis.values.items() if name not in cube.columns}
    if whole and axis.size > MOST_LABELS:
        raise CubeError(
            f"{root}: was begun small, and reads its samples whole: it holds at most {MOST_LABELS:,} points; "
            f"choose another output for {axis.size:,}"
        )
    document = read_metadata(root)
    if not document.get("consolidated_metadata"):
        raise CubeError(
            f"{root}: was changed by another program and lacks consolidated metadata; "
            f"python -c \"import zarr; zarr.consolidate_metadata('{root}')\" writes it"
        )
    for array in copies(document).values():
        array["shape"] = [
            axis.size if dim == axis.dim else size
            for dim, size in zip(array["dimension_names"], array["shape"], strict=True)
        ]
    before = document["attributes"].get("versions")
    document["attributes"] |= attributes
    if document["attributes"].get("versions") != before:
        document["attributes"]["versions_before"] = before
    with _new_coordinates(root, axis, whole) as chunks:
        write_seal(root, _grown_seal(root, document, chunks))
        for path, written in chunks.items():
            sync(written)
            written.replace(path)
            sync(path.parent)
    replace_metadata(root / "zarr.json", document)
    finish_growth(root)
    drop_older_seals(root)


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
def _new_coordinates(root: Path, axis: Axis, whole: Mapping[str, Values]) -> Iterator[dict[Path, Path]]:
    """The chunks beyond the old end of coordinates that are held whole, by the path of their place."""
    import zarr

    from .create import create_coordinate

    scratch = root.with_name(f"{root.name}.partial-{scratch_name()}")
    try:
        group = zarr.create_group(str(scratch), zarr_format=3)
        chunks = {}
        for name, values in whole.items():
            own = read_metadata(root / name)
            chunk = int(own["chunk_grid"]["configuration"]["chunk_shape"][0])
            create_coordinate(group, name, values[:], axis.dim, {}, chunk)
            for k in range(own["shape"][0] // chunk, ceil(axis.size / chunk)):
                chunks[root / name / "c" / str(k)] = scratch / name / "c" / str(k)
        yield chunks
    finally:
        discard(scratch)
