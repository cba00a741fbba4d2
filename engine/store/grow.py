"""Let a cube grow by the samples that a larger design adds, and lose nothing when killed on the way.

First come the coordinates' new chunks, which nobody sees yet. Then the root's metadata is replaced, which
hold the sweep and a copy of every array's metadata: this one rename is the growth, for xarray reads that
copy. Last, each array's own metadata follow the copy; a run that finds them behind begins with that.
Shards stay where they are, since their names count from the start of the axis.
"""

import os
from collections.abc import Iterator, Mapping
from math import ceil
from pathlib import Path

import zarr

from ..errors import Argument, CubeError
from ..space import Axis, Space, describe_values
from .create import create_coordinate
from .cube import Cube
from .durable import remove_tree, sync
from .metadata import copies, finish_growth, read_metadata, replace_metadata

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
    if any(describe_values(values[:size]) != old[f"axes.{name}"] for name, values in axis.values.items()):
        raise CubeError(
            f"{cube.root}: {SAMPLES}: the {identity[SAMPLES]} samples do not begin with the {old[SAMPLES]} "
            "it holds (another scipy may draw others); choose another output, or overwrite with ",
            Argument("overwrite", True),
        )
    return axis


def grow(cube: Cube, axis: Axis, attributes: Mapping[str, str]) -> None:
    """Make room in the cube for all of `axis`; `attributes` replace those of the same name.

    Raises CubeError where the root has no copy of the arrays' metadata, OSError where the disk refuses.
    """
    root = cube.root
    document = read_metadata(root)
    if not document.get("consolidated_metadata"):
        raise CubeError(
            f"{root}: was changed by another program and lacks consolidated metadata; "
            f"python -c \"import zarr; zarr.consolidateread_metadata('{root}')\" writes it"
        )
    for path in _write_coordinates(root, axis):
        sync(path)
        sync(path.parent)
    for array in copies(document).values():
        array["shape"] = [
            axis.size if dim == axis.dim else size
            for dim, size in zip(array["dimension_names"], array["shape"], strict=True)
        ]
    before = document["attributes"].get("versions")
    document["attributes"] |= attributes
    if document["attributes"].get("versions") != before:
        document["attributes"]["versions_before"] = before
    replace_metadata(root / "zarr.json", document)
    finish_growth(root)


def _write_coordinates(root: Path, axis: Axis) -> Iterator[Path]:
    """Put the chunks beyond the old end of every coordinate in place, and yield their paths."""
    scratch = root.with_name(f"{root.name}.partial-{os.getpid()}")
    remove_tree(scratch)
    try:
        group = zarr.create_group(str(scratch), zarr_format=3)
        for name, values in axis.values.items():
            own = read_metadata(root / name)
            chunk = int(own["chunk_grid"]["configuration"]["chunk_shape"][0])
            create_coordinate(group, name, values, axis.dim, {}, chunk)
            for k in range(own["shape"][0] // chunk, ceil(axis.size / chunk)):
                path = root / name / "c" / str(k)
                (scratch / name / "c" / str(k)).replace(path)
                yield path
    finally:
        remove_tree(scratch)
