"""Let a cube grow by the samples that a larger design adds, and lose nothing when killed on the way.

First come the coordinates' new chunks, which nobody sees yet. Then the root's metadata is replaced, which
hold the sweep and a copy of every array's metadata: this one rename is the growth, for xarray reads that
copy. Last, each array's own metadata follow the copy; a run that finds them behind begins with that.
Shards stay where they are, since their names count from the start of the axis.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import zarr

from ..errors import Argument, CubeError
from ..space import Axis, Space, describe_values
from .create import create_coordinate
from .durable import remove_tree, sync

if TYPE_CHECKING:
    from .cube import Cube

SAMPLES = "design.samples"


def grown_axis(cube: "Cube", space: Space, identity: Mapping[str, str]) -> Axis | None:
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


def grow(cube: "Cube", axis: Axis, attributes: Mapping[str, str]) -> None:
    """Make room in the cube for all of `axis`; `attributes` replace those of the same name.

    Raises CubeError where the root has no copy of the arrays' metadata, OSError where the disk refuses.
    """
    root = cube.root
    document = _metadata(root)
    if not document.get("consolidated_metadata"):
        raise CubeError(
            f"{root}: was changed by another program and lacks consolidated metadata; "
            f"python -c \"import zarr; zarr.consolidate_metadata('{root}')\" writes it"
        )
    for path in _write_coordinates(root, axis):
        sync(path)
        sync(path.parent)
    for array in _copies(document).values():
        array["shape"] = [
            axis.size if dim == axis.dim else size
            for dim, size in zip(array["dimension_names"], array["shape"], strict=True)
        ]
    before = document["attributes"].get("versions")
    document["attributes"] |= attributes
    if document["attributes"].get("versions") != before:
        document["attributes"]["versions_before"] = before
    _replace(root / "zarr.json", document)
    finish_growth(root)


def half_grown(root: Path) -> dict[str, Any]:
    """Metadata, by name, of arrays that a killed run left shorter than the cube's root says."""
    behind = {}
    with suppress(
        OSError, ValueError, KeyError, TypeError, AttributeError
    ):  # Cube says better what is damaged
        for name, copy in _copies(_metadata(root)).items():
            own = _metadata(root / name)
            if len(own["shape"]) == len(copy["shape"]) and own["shape"] != copy["shape"]:
                behind[name] = own | {"shape": copy["shape"]}
    return behind


def finish_growth(root: Path) -> None:
    """Bring every array's own metadata up to what the cube's root says of it."""
    for name, document in half_grown(root).items():
        _replace(root / name / "zarr.json", document)


def _write_coordinates(root: Path, axis: Axis) -> Iterator[Path]:
    """Put the chunks beyond the old end of every coordinate in place, and yield their paths."""
    scratch = root.with_name(f"{root.name}.partial-{os.getpid()}")
    remove_tree(scratch)
    try:
        group = zarr.create_group(str(scratch), zarr_format=3)
        for name, values in axis.values.items():
            own = _metadata(root / name)
            chunk = int(own["chunk_grid"]["configuration"]["chunk_shape"][0])
            create_coordinate(group, name, values, axis.dim, {}, chunk)
            for k in range(own["shape"][0] // chunk, ceil(axis.size / chunk)):
                path = root / name / "c" / str(k)
                (scratch / name / "c" / str(k)).replace(path)
                yield path
    finally:
        remove_tree(scratch)


def _copies(document: Mapping[str, Any]) -> dict[str, Any]:
    return document["consolidated_metadata"]["metadata"]


def _metadata(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "zarr.json").read_text(encoding="utf-8"))


def _replace(path: Path, document: Mapping[str, Any]) -> None:
    """Replace a file of metadata whole, or not at all."""
    partial = path.with_suffix(f".{os.getpid()}.partial")
    partial.write_text(json.dumps(document, indent=2), encoding="utf-8")
    sync(partial)
    partial.replace(path)
    sync(path.parent)
