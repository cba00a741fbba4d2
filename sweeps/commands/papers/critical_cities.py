"""`equisweep critical-cities`: past how many linked cities nobody invests."""

import argparse
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from ....engine.errors import SweepError
from ..command import ALL_ROWS, Command, file_argument

if TYPE_CHECKING:
    import xarray as xr


def arguments(parser: argparse.ArgumentParser) -> None:
    """Axes and fixed parameters on the command line, for a grid without a sweep file."""
    parser.add_argument(
        "--axis", action="append", default=[], metavar="NAME=VALUES", help="A,B,C or START:STOP:NUM"
    )
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a fixed parameter")
    parser.add_argument("--format", choices=("table", "csv", "json"), default="table")
    parser.add_argument("-o", "--output", type=file_argument, help="write .csv or .json instead of printing")


def parse_axes(texts: Iterable[str]) -> dict[str, Any]:
    """``alpha=0.8:0.99:20`` and ``beta=0.1,0.2`` as axes of a sweep; SweepError where they are neither."""
    axes: dict[str, Any] = {}
    for text in texts:
        name, value = _pair("--axis", text, axes)
        parts = value.split(":")
        if len(parts) == 3 and parts[2].isdecimal():
            numbers = [_number("--axis", text, part) for part in parts[:2]]
            axes[name] = {"start": numbers[0], "stop": numbers[1], "num": int(parts[2])}
        elif len(parts) == 1:
            axes[name] = [_number("--axis", text, part) for part in value.split(",")]
        else:
            raise SweepError(f"--axis {text}: write {name}=A,B,C or {name}=START:STOP:NUM")
    return axes


def parse_fixed(texts: Iterable[str]) -> dict[str, float]:
    """``L=400`` as a fixed parameter."""
    fixed: dict[str, float] = {}
    for text in texts:
        name, value = _pair("--set", text, fixed)
        fixed[name] = _number("--set", text, value)
    return fixed


def _pair(option: str, text: str, taken: dict[str, Any]) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name or not value:
        raise SweepError(f"{option} {text}: write NAME=VALUE, such as alpha=0.9")
    if name in taken:
        raise SweepError(f"{option} {text}: {name} stands there twice")
    return name, value


def _number(option: str, text: str, part: str) -> float:
    try:
        return float(part)
    except ValueError:
        raise SweepError(f"{option} {text}: {part!r} is not a number") from None


def run_over_axes(options: argparse.Namespace, compute: "Callable[[Any, Any], xr.Dataset]") -> int:
    """Print or write ``compute(axes, fixed)``, a Dataset over the axes; returns the exit code."""
    from ...cube.rows import records
    from ...text import format_records

    if options.output and options.output.suffix not in (".csv", ".json"):
        raise SweepError(f"{options.output}: should end in .csv or .json")
    if options.output and not options.output.parent.is_dir():
        raise SweepError(
            f"{options.output}: the folder {options.output.parent} does not exist; create it first"
        )
    rows = records(compute(parse_axes(options.axis), parse_fixed(options.set)))
    if options.output:
        style = options.output.suffix[1:]
        options.output.write_text(format_records(rows, style, ALL_ROWS) + "\n", encoding="utf-8")
        print(options.output)
    else:
        print(format_records(rows, options.format, ALL_ROWS))
    return 0


def run(options: argparse.Namespace) -> int:
    from ...papers.external.critical_cities import critical_cities

    return run_over_axes(options, critical_cities)


COMMAND = Command(
    "critical-cities",
    "find the number of linked cities past which nobody invests (external model)",
    (
        "equisweep critical-cities --axis alpha=0.8:1:5 --axis beta=0.1,0.2 --set L=400",
        "equisweep critical-cities --axis L=100:1000:10 --set alpha=0.95 --format csv",
    ),
    arguments,
    run,
)
