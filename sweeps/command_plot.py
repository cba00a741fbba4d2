"""`equisweep plot`: a picture of a cube."""

import argparse
from pathlib import Path

from .command import Command, add_selection


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("cube", type=Path)
    parser.add_argument("--var", required=True, help="the variable to draw")
    parser.add_argument("--x", required=True, help="the axis that runs to the right")
    parser.add_argument("--y", required=True, help="the axis that runs upwards")
    parser.add_argument("--facet", help="an axis: one panel for each of its values")
    add_selection(parser)
    parser.add_argument("--line", metavar="X=Y", help="draw where two axes are equal, such as 'r = f'")
    parser.add_argument("-o", "--output", type=Path, required=True, help="a .png or .svg file")


def run(options: argparse.Namespace) -> int:
    from .picture import plot_map, save
    from .run import open_cube

    cube = open_cube(options.cube)
    figure = plot_map(cube, options.var, options.x, options.y, options.facet, options.sel, options.line)
    save(figure, options.output)
    print(options.output)
    return 0


COMMAND = Command(
    "plot",
    "draw one variable over two axes",
    ("equisweep plot cube.zarr --var investment --x alpha --y beta --facet mechanism --sel n=3 -o map.png",),
    arguments,
    run,
)
