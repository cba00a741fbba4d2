"""`equisweep diff`: what differs between two cubes."""

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..command import Command, cube_argument

if TYPE_CHECKING:
    from ...cube.compared.diff import Difference, VariableDifference

_MOST_CLASSES = 8


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("one", type=cube_argument, help="a cube")
    parser.add_argument("other", type=cube_argument, help="another one")


def run(options: argparse.Namespace) -> int:
    from ...cube.compared.diff import diff

    found = diff(options.one, options.other)
    print(_text(found))
    return 1 if found.any else 0


def _text(found: "Difference") -> str:
    from ...text import short, table

    lines = [f"sweep: {text} in the other" for text in found.sweep] or ["the sweeps are the same"]
    lines.append(
        f"points in common: {found.points:,} of {found.points_one:,} and {found.points_other:,}"
        if found.points
        else f"no points in common: no numbers were compared{found.reason and f'; {found.reason}'}"
    )
    lines += [f"only in the first: {name}" for name in found.only_one]
    lines += [f"only in the other: {name}" for name in found.only_other]
    numbers = {name: one for name, one in found.variables.items() if not one.changed}
    if numbers:
        head = ("variable", "differ", "largest", "at", "relative", "at")
        rows = [
            (name, f"{one.count:,}{_missing(one)}", short(one.largest), _at(one.largest_at),
             short(one.relative), _at(one.relative_at))
            for name, one in numbers.items()
        ]  # fmt: skip
        lines += ["", table(head, rows)]
    for name, one in found.variables.items():
        if one.changed:
            lines += ["", f"{name}: {one.count:,} changed"]
            lines += [f"  {a} -> {b}: {n:,}" for (a, b), n in one.changed.most_common(_MOST_CLASSES)]
            left = len(one.changed) - _MOST_CLASSES
            lines += [f"  and {left} more kinds of change"] if left > 0 else []
    if found.same and found.points:
        lines += ["", f"the same in every bit: {', '.join(found.same)}"]
    return "\n".join(lines)


def _missing(one: "VariableDifference") -> str:
    return f" ({one.one_missing:,} missing in one)" if one.one_missing else ""


def _at(place: Mapping[str, Any]) -> str:
    from ...text import short

    return ", ".join(f"{name}={short(value)}" for name, value in place.items())


COMMAND = Command(
    "diff",
    "say what differs between two cubes, in sweep and in numbers",
    ("equisweep diff before.zarr after.zarr",),
    arguments,
    run,
)
