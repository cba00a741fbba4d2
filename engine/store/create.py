"""An empty cube: metadata, coordinates and the sweep itself, in a directory that appears whole."""

import json
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from zarr.codecs import BloscCodec, Crc32cCodec

from ..space import Space, Variable
from ..tiles import Layout, chunk_shape
from ..values.columns import Column
from .durable import appear, discard
from .seal import seal_of, write_seal
from .shared.owner import scratch_name
from .storage.appear import appear_in_bucket
from .storage.place import is_url

FORMAT = 2  # 1: without a manifest, as equisweep 0.1.0 wrote it.


def create_cube(
    root: Path, space: Space, layout: Layout, attributes: Mapping[str, str], replace: bool = False
) -> None:
    """Create an empty cube: every array's metadata, the coordinates, and the sweep itself.

    It is built and sealed under a temporary name beside `root` and renamed, so it is never seen half made;
    with `replace`, what is at `root` is deleted after that. Raises OSError where the disk refuses.
    """
    if is_url(root):
        with tempfile.TemporaryDirectory() as scratch:
            built = Path(scratch) / "cube.zarr"
            _build(built, space, layout, attributes)
            appear_in_bucket(built, root, replace)
        return
    partial = root.with_name(f"{root.name}.partial-{scratch_name()}")
    try:
        _build(partial, space, layout, attributes)
        appear(partial, root, replace)
    except BaseException:
        discard(partial)
        raise


def _build(folder: Path, space: Space, layout: Layout, attributes: Mapping[str, str]) -> None:
    """Write an empty cube, and its seal, into a folder that is not there yet."""
    group = zarr.create_group(str(folder), zarr_format=3, attributes=_attributes(space, attributes))
    for variable in space.variables:
        _create_array(group, space, layout, variable)
    _create_columns(group, space, layout)
    _create_coordinates(group, space)
    with warnings.catch_warnings():
        # Consolidated metadata lets xarray open the cube in one read; zarr warns that v3 has not
        # standardised it, which costs readers that ignore it nothing.
        warnings.simplefilter("ignore")
        zarr.consolidate_metadata(str(folder))
    write_seal(folder, seal_of(folder))


def _attributes(space: Space, extra: Mapping[str, str]) -> dict[str, Any]:
    columns = [name for axis in space.axes for name in axis.columns]
    return {
        "title": space.model.title,
        "source": space.model.source,
        "model": space.model.name,
        "variables": json.dumps([variable.name for variable in space.variables]),
        "equisweep_format": FORMAT,
        **({"columns": json.dumps(columns)} if columns else {}),
        **extra,
    }


def _create_array(group: zarr.Group, space: Space, layout: Layout, variable: Variable) -> None:
    inner = tuple(len(space.labels[dim]) for dim in variable.inner_dims)
    tile, chunk = layout.tile + inner, chunk_shape(layout.tile, inner)
    group.create_array(
        variable.name,
        shape=space.shape + inner,
        shards=_shards(tile, chunk),
        chunks=chunk,
        dtype=variable.dtype,
        fill_value=variable.fill,
        compressors=_codecs(variable.dtype),
        dimension_names=space.dims + variable.inner_dims,
        attributes={**variable.attributes, **_auxiliary(space)},
    )


def _create_columns(group: zarr.Group, space: Space, layout: Layout) -> None:
    """Arrays of values that are written tile by tile: along their axis they have shards as variables do."""
    for axis, length in zip(space.axes, layout.tile, strict=True):
        chunk = chunk_shape((length,), ())
        for name, column in axis.columns.items():
            group.create_array(
                name,
                shape=(axis.size,),
                shards=_shards((length,), chunk),
                chunks=chunk,
                dtype=column.dtype,
                fill_value=float("nan") if column.dtype.kind == "f" else -1,
                compressors=_codecs(column.dtype),
                dimension_names=(axis.dim,),
                attributes=_coordinate_attributes(space, name) | _flags(axis.options.get(name, ())),
            )


def _shards(tile: tuple[int, ...], chunk: tuple[int, ...]) -> tuple[int, ...] | None:
    """The shape of shards; None where one chunk is all of a tile, and is stored as it is (`shard`)."""
    return None if tile == chunk else tile


def _flags(options: Sequence[str]) -> dict[str, Any]:
    """CF's way of naming the numbers of options."""
    if not options:
        return {}
    meanings = " ".join(option.replace(" ", "_") for option in options)
    return {"flag_values": list(range(len(options))), "flag_meanings": meanings}


def _auxiliary(space: Space) -> dict[str, str]:
    """CF's way of naming coordinates that are not called like their dimension: those of zipped axes."""
    names = [name for axis in space.axes for name in axis.values if name != axis.dim]
    return {"coordinates": " ".join(names)} if names else {}


def _codecs(dtype: np.dtype) -> list[Any]:
    # Shuffled lz4 wrote 1.4 times as fast as zstd level 1 here, and a third smaller.
    blosc = BloscCodec(cname="lz4", clevel=1, shuffle="shuffle", typesize=dtype.itemsize)
    return [blosc, Crc32cCodec()]


def _create_coordinates(group: zarr.Group, space: Space) -> None:
    for axis in space.axes:
        for name, values in axis.values.items():
            if not isinstance(values, Column):
                about = _coordinate_attributes(space, name)
                create_coordinate(group, name, stored(values), axis.dim, about)
    used = dict.fromkeys(dim for variable in space.variables for dim in variable.inner_dims)
    meanings = {dim.name: dim.meaning for dim in space.model.dims} | {"time": "saved time"}
    for dim in used:
        labels = stored(np.asarray(space.labels[dim]))
        create_coordinate(group, dim, labels, dim, {"long_name": meanings.get(dim, dim)})


def create_coordinate(
    group: zarr.Group,
    name: str,
    values: np.ndarray,
    dim: str,
    attributes: Mapping[str, Any],
    chunk: int | None = None,
) -> None:
    """Create the coordinate `name` along `dim`, in chunks of zarr's choice if None."""
    group.create_array(
        name,
        data=values,
        chunks=(chunk,) if chunk else "auto",
        compressors=[Crc32cCodec()],
        dimension_names=[dim],
        attributes=dict(attributes),
        config={"write_empty_chunks": True},
    )


def stored(values: np.ndarray) -> np.ndarray:
    """Values as a coordinate holds them: names in the type of texts of any length."""
    return values.astype(np.dtypes.StringDType()) if values.dtype.kind in "US" else values


def _coordinate_attributes(space: Space, target: str) -> dict[str, Any]:
    choices = {choice.name: choice for choice in space.model.choices}
    if target in choices:
        return {"long_name": choices[target].meaning}
    name, _, component = target.partition(".")
    if name not in [parameter.name for parameter in space.model.parameters]:  # where all axes are reduced
        return {"long_name": target}
    parameter = space.model.parameter(name)
    symbol = f"{parameter.symbol}[{component}]" if component else parameter.symbol
    about = {"long_name": parameter.meaning, "symbol": symbol, "units": parameter.unit}
    ends = {"valid_min": parameter.domain.low, "valid_max": parameter.domain.high}
    return about | {key: float(end) for key, end in ends.items() if isfinite(end)}
