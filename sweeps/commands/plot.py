"""`equisweep plot`: a picture of a cube."""

import argparse
from pathlib import Path
from typing import Any

from .command import Command, add_selection, open_selected


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("cube", type=Path)
    parser.add_argument("--var", action="append", default=[], help="what to draw; lines take several")
    parser.add_argument("--x", help="the axis that runs to the right")
    parser.add_argument("--y", help="the axis that runs upwards (maps)")
    parser.add_argument("--facet", help="an axis: one panel for each of its values")
    parser.add_argument("--hue", help="an axis: one line for each of its values (lines)")
    parser.add_argument(
        "--kind", metavar="KIND",
        help="lines, heat, contour, classes or phase; if absent: lines without --y, else a map",
    )  # fmt: skip
    add_selection(parser)
    parser.add_argument("--log", default="", metavar="SCALES", help="logarithmic scales: x, y, color, or x,y")
    parser.add_argument("--keep", default="", metavar="STATUS", help="draw these besides ok: corner,...")
    parser.add_argument("--line", metavar="X=Y", help="draw where two axes are equal, such as 'r = f'")
    parser.add_argument(
        "--model", metavar="FILE:NAME", help="phase portraits of your own model: its code (it will run)"
    )
    parser.add_argument("-o", "--output", type=Path, required=True, help="a .png or .svg file")


def run(options: argparse.Namespace) -> int:
    from ..plots.plot import note_of, require_picture, save

    require_picture(options.output)
    figure = figure_of(options)
    save(figure, options.output)
    print(options.output)
    if note_of(figure):
        print(note_of(figure))
    return 0


def figure_of(options: argparse.Namespace) -> Any:
    """The figure that the options ask for."""
    from ...engine.store.cube import readable
    from ..plots.plot import plot

    with readable(options.cube):
        return plot(
            open_selected(options),
            options.var,
            options.x,
            options.y,
            kind=options.kind,
            facet=options.facet,
            hue=options.hue,
            selections=options.sel,
            log=[name for name in options.log.split(",") if name],
            line=options.line,
            keep=[name for name in options.keep.split(",") if name],
            model=options.model,
        )


COMMAND = Command(
    "plot",
    "draw a cube: lines, heat maps, contours, maps of classes, phase portraits",
    (
        "equisweep plot cube.zarr --var investment --x alpha --hue mechanism --sel beta=0.3 -o lines.svg",
        "equisweep plot cube.zarr --var investment --x alpha --y beta --facet mechanism --sel n=3 -o map.png",
        "equisweep plot cube.zarr --var expected_loss --x alpha --y beta --kind contour -o contour.png",
        "equisweep plot cube.zarr --var status --x alpha --y beta --sel n=3 -o status.png",
        "equisweep plot regimes.zarr --var attractor --x r --y f --facet c1 --line 'r = f' -o regimes.png",
        "equisweep plot orbits.zarr --kind phase --facet r -o phase.png",
    ),
    arguments,
    run,
)
