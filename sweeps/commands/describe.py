"""Text about a sweep's plan, and about a cube."""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from ...engine.progress import clock
from ...engine.store.cube import Cube, bytes_on_disk, open_cube_for_reading
from ...kernels.status import Status
from ..run import Plan, open_cube
from ..text import table


def describe_plan(plan: Plan) -> str:
    """What a sweep will take, as text."""
    grid = " x ".join(f"{name} {size:,}" for name, size in plan.shape.items())
    tile = " x ".join(map(str, plan.tile_shape))
    compiled = f"{plan.compilations} compilation{'s' if plan.compilations > 1 else ''}"
    return "\n".join(
        (
            f"points     {plan.points:,} ({grid})",
            *([f"design     {plan.design}"] if plan.design else []),
            f"tiles      {plan.tiles:,} of {tile}",
            f"computed   {plan.computed}",
            f"variables  {', '.join(plan.variables)}",
            f"size       {size_text(plan.bytes)} before compression; {size_text(plan.free)} are free here",
            f"memory     about {size_text(plan.memory)}",
            f"time       about {clock(plan.seconds)} on two cores, {compiled} included",
        )
    )


def describe_cube(path: Path) -> str:
    """Axes, variables, status counts, runs, versions and the sweep file of a cube, as text."""
    cube = open_cube_for_reading(path)
    dataset = open_cube(path)
    counts = status_counts(cube)
    total = sum(counts.values())
    parts = [f"{path}: {dataset.attrs['title']}", f"source: {dataset.attrs['source']}", "", "Axes"]
    grid_dims = dataset["status"].dims
    axes: list[tuple[str, ...]] = [
        (
            str(name),
            str(c.dims[0]),
            f"{c.size:,}",
            _ends(c.values),
            str(c.attrs.get("units", "")),
            str(c.attrs.get("long_name", "")),
        )
        for name, c in sorted(dataset.coords.items(), key=lambda item: _order(item[1].dims[0], grid_dims))
    ]
    parts.append(table(("name", "dim", "size", "values", "unit", "meaning"), axes))
    variables = [
        (str(name), ", ".join(map(str, dataset[name].dims[len(grid_dims):])) or "-",
         str(dataset[name].attrs.get("units", "")), str(dataset[name].attrs.get("long_name", "")))
        for name in cube.names
    ]  # fmt: skip
    parts += ["", "Variables", table(("name", "own dims", "unit", "meaning"), variables)]
    statuses = [(Status(code).name, f"{n:,}", f"{n / total:.2%}") for code, n in sorted(counts.items())]
    parts += ["", "Status", table(("status", "points", "share"), statuses)]
    parts += ["", "Runs", *_runs(cube), "", f"device    {dataset.attrs['device']}"]
    versions = json.loads(dataset.attrs["versions"])
    parts.append(f"versions  {', '.join(f'{name} {number}' for name, number in versions.items())}")
    parts.append(f"on disk   {size_text(bytes_on_disk(path))}")
    parts += ["", "Sweep", dataset.attrs["sweep"].rstrip()]
    return "\n".join(parts)


def status_counts(cube: Cube) -> dict[int, int]:
    """How many points have each status, read tile by tile."""
    counts: Counter[int] = Counter()
    for tile in cube.layout:
        found = np.bincount(cube.read("status", tile).ravel())
        counts.update({code: int(n) for code, n in enumerate(found) if n})
    return dict(counts)


def size_text(size: float) -> str:
    """A number of bytes as people read it: "12.3 MB"."""
    for unit, letter in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if size >= unit:
            return f"{size / unit:.1f} {letter}"
    return f"{size:.0f} B"


def _runs(cube: Cube) -> list[str]:
    lines = []
    for entry in cube.runs():
        when = datetime.fromtimestamp(entry["started"], UTC).strftime("%Y-%m-%d %H:%M UTC")
        done = f"{entry['tiles']} of {entry['of']} missing tiles"
        how = f", {entry['computed']}" if entry.get("computed") else ""
        lines.append(f"{when}  {done} in {clock(entry['seconds'])} on {entry['device']}{how}")
    return lines or ["none finished"]


def _ends(values: np.ndarray) -> str:
    shown = [f"{v:g}" if isinstance(v, int | float) else str(v) for v in values.tolist()]
    return ", ".join(shown) if len(shown) <= 4 else f"{shown[0]}, {shown[1]} ... {shown[-1]}"


def _order(dim: object, grid_dims: Sequence[object]) -> int:
    return grid_dims.index(dim) if dim in grid_dims else len(grid_dims)
