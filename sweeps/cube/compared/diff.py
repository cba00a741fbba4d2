"""What differs between two cubes: their sweeps, and their numbers at the points that they have in common."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ....engine.feedback.stop_flag import stop_if_requested
from ....engine.reuse.along import coordinates_along
from ....engine.store.identity import differences
from ....engine.store.read import Reader
from ....engine.store.stored import Stored
from ...file_paths import cube_path
from .common import Apart, Common, common_points


@dataclass
class VariableDifference:
    """How a variable differs.

    Attributes
    ----------
    count
        At how many numbers it differs; NaN is no different from NaN.
    largest, largest_at
        The largest absolute difference of numbers, and the coordinates of its point.
    relative, relative_at
        The largest difference relative to the larger of the two, likewise.
    one_missing
        At how many of these one of the two is NaN or infinite and the other is not.
    changed
        Of classes and of the status: how often which name (one, other) became which.
    """

    count: int = 0
    largest: float = 0.0
    largest_at: dict[str, Any] = field(default_factory=dict)
    relative: float = 0.0
    relative_at: dict[str, Any] = field(default_factory=dict)
    one_missing: int = 0
    changed: Counter[tuple[str, str]] = field(default_factory=Counter)


@dataclass
class Difference:
    """What differs between two cubes.

    Attributes
    ----------
    sweep
        Where their sweeps differ, one text each.
    points, points_one, points_other
        Points in common, and of each cube.
    only_one, only_other
        Names of variables that only one of them has, or whose own dimensions differ.
    variables
        Of those in common that differ, how.
    same
        Names of those that do not.
    reason
        Why no points could be compared; empty where they were.
    """

    sweep: list[str]
    points: int
    points_one: int
    points_other: int
    only_one: list[str]
    only_other: list[str]
    variables: dict[str, VariableDifference]
    same: list[str]
    reason: str = ""

    @property
    def any(self) -> bool:
        """Whether anything differs; points that one of them lacks, or has not computed yet, do."""
        apart = not self.points == self.points_one == self.points_other
        return bool(apart or self.sweep or self.only_one or self.only_other or self.variables)


def diff(one: str | Path, other: str | Path) -> Difference:
    """Compare two cubes, whatever their tiles: sweeps, and every number at the points in common.

    Parameters
    ----------
    one, other
        The cubes. A point is common where all its coordinates are equal, in whatever order of axes; what
        is an axis of one alone is compared at the value that the other holds fixed.

    Returns
    -------
    What differs. Versions and devices are not compared: they are no part of a sweep.

    Raises
    ------
    CubeError
        Where one is no cube, or is damaged.
    """
    first, second = Reader(cube_path(one)), Reader(cube_path(other))
    common, reason = None, ""
    try:
        common = common_points(first, second)
    except Apart as apart:
        reason = str(apart)
    names, others = list(first.cube.names), list(second.cube.names)
    shared = [name for name in names if name in others and _same_inside(first, second, name)]
    differences = {name: VariableDifference() for name in shared}
    if common is not None:
        for name in shared:
            _compare(first, second, name, common, differences[name])
    return Difference(
        sweep=[text.replace(" in the cube", "").replace(" now", "") for text in _sweeps(first, second)],
        points=common.points if common else 0,
        points_one=int(np.prod(first.cube.layout.grid)),
        points_other=int(np.prod(second.cube.layout.grid)),
        only_one=[name for name in names if name not in shared],
        only_other=[name for name in others if name not in shared],
        variables={name: one for name, one in differences.items() if one.count},
        same=[name for name, one in differences.items() if not one.count] if common else [],
        reason=reason,
    )


def _sweeps(first: Reader, second: Reader) -> list[str]:
    return differences(first.cube.identity, second.cube.identity)


def _inner_dims(reader: Reader, name: str) -> tuple[str, ...]:
    return reader.cube.array(name).dims[reader.cube.array("status").ndim :]


def _same_inside(first: Reader, second: Reader, name: str) -> bool:
    """Whether a variable has the same dimensions of its own in both cubes, with the same labels."""
    dims = _inner_dims(first, name)
    if dims != _inner_dims(second, name):
        return False
    for dim in dims:
        ours, theirs = coordinates_along(first, dim), coordinates_along(second, dim)
        if ours.keys() != theirs.keys() or any(
            ours[key].shape != theirs[key].shape or not (ours[key] == theirs[key]).all() for key in ours
        ):
            return False
    grid = first.cube.array("status").ndim, second.cube.array("status").ndim
    return first.cube.array(name).shape[grid[0] :] == second.cube.array(name).shape[grid[1] :]


def _compare(first: Reader, second: Reader, name: str, common: Common, into: VariableDifference) -> None:
    """Compare one variable, block by block."""
    array = first.cube.array(name)
    inner = [slice(None)] * (array.ndim - len(common.dims))
    theirs = second.cube.array("status").ndim
    # Axes of the other cube that are left once those of one position are gone, in the order of the first.
    shared = sorted(axis for axis in common.axes if axis is not None)
    turned = [shared.index(axis) for axis in common.axes if axis is not None]
    order = [*turned, *range(len(shared), len(shared) + len(inner))]
    alone = [k for k, axis in enumerate(common.axes) if axis is None]
    names, theirs_named = _class_names(array), _class_names(second.cube.array(name))
    for ours, of_other in common.blocks(first.cube.layout.tile):
        stop_if_requested()
        there: list[Any] = [common.held.get(axis) for axis in range(theirs)]
        for axis, positions in zip(common.axes, of_other, strict=True):
            if axis is not None:
                there[axis] = positions
        left = first.read(name, [*ours, *inner])
        right = np.expand_dims(second.read(name, [*there, *inner]).transpose(order), alone)
        right = np.broadcast_to(right, left.shape)
        if names != theirs_named:
            right, names = _in_codes_of(names, right, theirs_named)
        where = _unlike(left, right)
        if not where.any():
            continue
        into.count += int(where.sum())
        if names:
            pairs, counts = np.unique(np.stack([left[where], right[where]]), axis=1, return_counts=True)
            for (a, b), count in zip(pairs.T.tolist(), counts.tolist(), strict=True):
                into.changed[names.get(a, str(a)), names.get(b, str(b))] += count
        else:
            _largest(first, name, common, ours, left, right, where, into)


def _in_codes_of(
    names: dict[int, str], codes: np.ndarray, named: dict[int, str]
) -> tuple[np.ndarray, dict[int, str]]:
    """Codes of classes in those of another cube, which may number the same classes in another way.

    Classes that it lacks get codes that it does not use, and stand among the names that are returned.
    """
    result, names = codes.astype(np.int64), dict(names)
    for code in np.unique(codes).tolist():
        name = named.get(code, str(code))
        known = next((k for k, one in names.items() if one == name), None)
        if known is None:
            known = code if code not in names else max([*names, *named]) + 1
            names[known] = name
        result[codes == code] = known
    return result, names


def _unlike(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    unlike = left != right
    if left.dtype.kind == "f" and right.dtype.kind == "f":
        unlike &= ~(np.isnan(left) & np.isnan(right))
    return unlike


def _largest(
    reader: Reader,
    name: str,
    common: Common,
    ours: Sequence[np.ndarray],
    left: np.ndarray,
    right: np.ndarray,
    where: np.ndarray,
    into: VariableDifference,
) -> None:
    """Enter what the largest differences of a block are, if they are larger than those before."""
    a, b = left.astype(np.float64), right.astype(np.float64)
    finite = where & np.isfinite(a) & np.isfinite(b)
    into.one_missing += int((where & ~finite).sum())
    if not finite.any():
        return
    absolute = np.where(finite, _apart(left, right, finite), 0.0)
    scale = np.where(finite, np.maximum(np.abs(a), np.abs(b)), 1.0)
    relative = absolute / np.where(scale > 0, scale, 1.0)
    for values, attribute in ((absolute, "largest"), (relative, "relative")):
        at = np.unravel_index(int(values.argmax()), values.shape)
        if values[at] > getattr(into, attribute):
            setattr(into, attribute, float(values[at]))
            setattr(into, f"{attribute}_at", _place(reader, name, common, ours, at))


def _apart(left: np.ndarray, right: np.ndarray, finite: np.ndarray) -> np.ndarray:
    """How far two arrays of numbers are apart where both are finite; of integers exactly that."""
    if left.dtype.kind == right.dtype.kind == "i":
        unsigned = (end(left, right).astype(np.int64).view(np.uint64) for end in (np.maximum, np.minimum))
        return np.subtract(*unsigned).astype(np.float64)
    a, b = (np.where(finite, one, 0).astype(np.float64) for one in (left, right))
    return np.abs(a - b)


def _place(
    reader: Reader, name: str, common: Common, ours: Sequence[np.ndarray], at: Sequence[Any]
) -> dict[str, Any]:
    """The coordinates of a point of a block, by name."""
    place: dict[str, Any] = {}
    rank = len(common.dims)
    for dim, positions, k in zip(common.dims, ours, at[:rank], strict=True):
        for key, values in coordinates_along(reader, dim).items():
            place[key] = values[positions[k]]
    for dim, k in zip(_inner_dims(reader, name), at[rank:], strict=True):
        labels = coordinates_along(reader, dim)
        place |= {key: values[k] for key, values in labels.items()} or {dim: int(k)}
    return {key: value.item() if hasattr(value, "item") else value for key, value in place.items()}


def _class_names(array: Stored) -> dict[int, str]:
    """Names of the classes of a variable, by code; empty where it has none."""
    values, meanings = array.attributes.get("flag_values"), array.attributes.get("flag_meanings")
    if not isinstance(values, list) or not isinstance(meanings, str):
        return {}
    return dict(zip(values, meanings.split(), strict=False))
