"""What a cube holds and how it was made, as text."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from ....engine.feedback.progress import clock
from ....engine.gate.text import clean, clean_lines, cut, size_text
from ....engine.store.cube import Cube
from ....engine.store.journal import logged_runs
from ....engine.store.read import Reader
from ....engine.store.storage.zipped import is_packed
from ....engine.store.stored import Stored
from ....kernels.status import Status
from ...text import table
from ..statuses import advice
from .missing import describe_missing
from .stated import stated, versions_of

_MOST = 10**5  # characters of a description, most of them the sweep
_MOST_RUNS = 50


def describe_cube(path: Path) -> str:
    """Axes, variables, status counts, runs, versions and the sweep file of a cube, as text.

    Raises CubeError where there is none.
    """
    reader = Reader(path)
    cube, said = reader.cube, reader.cube.attributes
    parts = [f"{path}: {stated(reader, 'title')}", f"source: {stated(reader, 'source')}"]
    parts += [f"{key}: {said[key]}" for key in ("creator", "license", "citation", "comment") if key in said]
    parts += ["", "Axes", _axes(reader)]
    parts += ["", "Variables", _variables(cube)]
    parts += ["", "Status", _statuses(reader)]
    missing = describe_missing(reader)
    parts += ["", "Missing", *missing] if missing else []
    parts += ["", "Runs", *_runs(cube), "", f"device    {stated(reader, 'device')}"]
    parts += [f"portable  {said['portable']}"] if "portable" in said else []
    versions = versions_of(reader).items()
    parts.append(f"versions  {', '.join(f'{name} {number}' for name, number in versions)}")
    parts.append(f"on disk   {size_text(_bytes(reader))}")
    parts += ["", "Sweep", stated(reader, "sweep").rstrip()]
    return clean_lines(cut("\n".join(parts), _MOST))


def _axes(reader: Reader) -> str:
    cube = reader.cube
    dims, columns = cube.array("status").dims, {name: cube.array(name) for name in cube.columns}
    arrays = cube.coordinates | columns
    coordinates = sorted(arrays.items(), key=lambda item: _order(item[1].dims[0], dims))
    rows = []
    for name, array in coordinates:
        size = array.shape[0]
        if name in columns:  # longer than anybody reads for the sake of its ends
            ends = _ends(reader.read(name, [np.array([0, 1, 2, 3, size - 1])]))
        else:
            ends = _ends(reader.coordinate(name))
        rows.append((name, array.dims[0], f"{size:,}", ends, *_unit_and_meaning(array)))
    return table(("name", "dim", "size", "values", "unit", "meaning"), rows)


def _variables(cube: Cube) -> str:
    grid = cube.array("status").ndim
    rows = [
        (name, ", ".join(cube.array(name).dims[grid:]) or "-", *_unit_and_meaning(cube.array(name)))
        for name in cube.names
    ]
    return table(("name", "own dims", "unit", "meaning"), rows)


def _unit_and_meaning(array: Stored) -> tuple[str, str]:
    return str(array.attributes.get("units", "")), str(array.attributes.get("long_name", ""))


def _statuses(reader: Reader) -> str:
    counts = reader.status_counts()
    total = sum(counts.values())
    rows = [(Status(code).name, f"{n:,}", f"{n / total:.2%}") for code, n in sorted(counts.items())]
    return "\n".join([table(("status", "points", "share"), rows), *advice(counts)])


def _bytes(reader: Reader) -> int:
    """Size of a cube on the disk; of shards as the manifest has it, where it has all of them."""
    if len(reader.manifest) < len(reader.cube.layout):
        return reader.cube.storage.bytes_below(reader.root)
    shards = [f"{name}/c" for name in reader.cube.sharded]
    return reader.manifest.bytes + reader.cube.storage.bytes_below(reader.root, without=shards)


def _runs(cube: Cube) -> list[str]:
    lines, earlier = [], 0
    for entry in logged_runs(cube.root):
        earlier += entry["earlier"] if isinstance(entry.get("earlier"), int) else 0
        with suppress(
            KeyError, ValueError, TypeError, OverflowError, OSError
        ):  # a line that no run has written
            when = datetime.fromtimestamp(entry["started"], UTC).strftime("%Y-%m-%d %H:%M UTC")
            done = f"{entry['tiles']} of {entry['of']} missing tiles"
            how = f", {entry['computed']}" if entry.get("computed") else ""
            done += f" of part {entry['part']}, {entry['host']}," if "part" in entry else ""
            lines.append(clean(f"{when}  {done} in {clock(entry['seconds'])} on {entry['device']}{how}", 300))
    if len(lines) + earlier > _MOST_RUNS:  # many parts, each gone on with many times
        lines = [f"the last {_MOST_RUNS} of {len(lines) + earlier:,}", *lines[-_MOST_RUNS:]]
    return lines or ["not kept in a packed cube" if is_packed(cube.root) else "none finished"]


def _ends(values: np.ndarray) -> str:
    few = values if len(values) <= 4 else values[[0, 1, -1]]
    shown = [f"{v:g}" if isinstance(v, int | float) else str(v) for v in few.tolist()]
    return ", ".join(shown) if len(values) <= 4 else f"{shown[0]}, {shown[1]} ... {shown[-1]}"


def _order(dim: object, grid_dims: Sequence[object]) -> int:
    return grid_dims.index(dim) if dim in grid_dims else len(grid_dims)
