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

    difference = diff(options.one, options.other)
    print(_text(difference))
    return 1 if difference.any else 0


def _text(difference: "Difference") -> str:
    from ...text import short, table

    lines = [f"sweep: {text} in the other" for text in difference.sweep] or ["the sweeps are the same"]
    lines.append(
        f"points in common: {difference.points:,} of {difference.points_one:,} "
        f"and {difference.points_other:,}"
        if difference.points
        else f"no points in common: no numbers were compared{difference.reason and f'; {difference.reason}'}"
    )
    lines += [f"only in the first: {name}" for name in difference.only_one]
    lines += [f"only in the other: {name}" for name in difference.only_other]
    numbers = {name: one for name, one in difference.variables.items() if not one.changed}
    if numbers:
        head = ("variable", "differ", "largest", "at", "relative", "at")
        rows = [
            (name, f"{one.count:,}{_missing(one)}", short(one.largest), _at(one.largest_at),
             short(one.relative), _at(one.relative_at))
            for name, one in numbers.items()
        ]  # fmt: skip
        lines += ["", table(head, rows)]
    for name, one in difference.variables.items():
        if one.changed:
            lines += ["", f"{name}: {one.count:,} changed"]
            lines += [f"  {a} -> {b}: {n:,}" for (a, b), n in one.changed.most_common(_MOST_CLASSES)]
            left = len(one.changed) - _MOST_CLASSES
            lines += [f"  and {left} more kinds of change"] if left > 0 else []
    if difference.same and difference.points:
        lines += ["", f"the same in every bit: {', '.join(difference.same)}"]
    return "\n".join(lines)


def _missing(one: "VariableDifference") -> str:
    return f" ({one.one_missing:,} missing in one)" if one.one_missing else ""


def _at(point: Mapping[str, Any]) -> str:
    from ...text import short

    return ", ".join(f"{name}={short(value)}" for name, value in point.items())


COMMAND = Command(
    "diff",
    "say what differs between two cubes, in sweep and in numbers",
    ("equisweep diff before.zarr after.zarr",),
    arguments,
    run,
)
