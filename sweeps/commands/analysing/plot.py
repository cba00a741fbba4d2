"""`equisweep plot`: a picture of a cube."""

import argparse
import re
from typing import TYPE_CHECKING, Any

from ....engine.errors import Argument, SweepError
from ..command import Command, add_selection, cube_argument, file_argument, open_part
from .sensitivity_picture import KIND
from .sensitivity_picture import run as draw_and_write

if TYPE_CHECKING:
    from ...plots.look.style import Style
    from ...plots.plot import Picture


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("cube", type=cube_argument)
    parser.add_argument("--var", action="append", default=[], help="what to draw; lines take several")
    parser.add_argument("--x", help="the axis that runs to the right")
    parser.add_argument("--y", help="the axis that runs upwards (maps, sampled points)")
    parser.add_argument(
        "--facet", action="append", default=[],
        help="an axis: one panel for each of its values; twice: rows, then columns",
    )  # fmt: skip
    parser.add_argument("--hue", help="an axis: one line for each of its values; a colour of sampled points")
    parser.add_argument(
        "--kind", metavar="KIND",
        help="lines, heat, contour, classes, scatter, phase or sensitivity; if absent: scatter over a sampled"
        " input, lines without --y, else a map",
    )  # fmt: skip
    parser.add_argument("--method", metavar="NAME", help="of --kind sensitivity, as of equisweep sensitivity")
    add_selection(parser)
    parser.add_argument("--log", default="", metavar="SCALES", help="logarithmic scales: x, y, color, or x,y")
    parser.add_argument("--keep", default="", metavar="STATUS", help="draw these besides ok: corner,...")
    parser.add_argument("--line", metavar="X=Y", help="draw where two axes are equal, such as 'r = f'")
    parser.add_argument(
        "--model", metavar="FILE:NAME", help="phase portraits of your own model: its code (it will run)"
    )
    _add_look(parser)
    parser.add_argument("-o", "--output", type=file_argument, required=True, help="a .png, .svg or .pdf file")
    parser.add_argument(
        "--data", type=file_argument, metavar="FILE", help="write what is drawn to a .csv file, too"
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace files that are there (a picture always is)"
    )


def _add_look(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--title", help="instead of the model's and what was selected; '' for none")
    parser.add_argument("--xlabel", help="instead of name, symbol and unit")
    parser.add_argument("--ylabel", help="the same upwards; $...$ is mathematics")
    parser.add_argument("--cmap", metavar="NAME", help="a colour map of matplotlib's (default: viridis)")
    parser.add_argument("--levels", metavar="N|A,B,...", help="bands: how many at most, or at which values")
    parser.add_argument("--range", metavar="LOW:HIGH", help="of the colours, or upwards of lines")
    parser.add_argument("--size", metavar="WxH", help="of the whole figure in inches, or 16x10cm, 160x100mm")
    parser.add_argument("--dpi", metavar="N", help="dots per inch (default: 300)")


def run(options: argparse.Namespace) -> int:
    from ...light_imports import load_codec, load_figures

    load_codec()
    load_figures()
    from ...plots.drawn import write_table
    from ...plots.plot import note_of
    from ...plots.save import require_dots, require_picture, require_table, save

    dpi = dots_of(options)
    require_picture(options.output, options.overwrite)
    require_dots(style_of(options).figsize, dpi)
    if options.data:
        require_table(options.data, options.overwrite)
    if options.kind == KIND:
        return draw_and_write(options, dpi)
    if options.method is not None:
        raise SweepError("plot: ", Argument("method", options.method), " is of ", Argument("kind", KIND))
    drawn = picture_of(options)
    save(drawn.figure, options.output, dpi, options.overwrite)
    print(options.output)
    if options.data:
        write_table(drawn.table, options.data)
        print(options.data)
    if note_of(drawn.figure):
        print(note_of(drawn.figure))
    return 0


def picture_of(options: argparse.Namespace) -> "Picture":
    """The figure that the options ask for, and what it shows as a table."""
    from ...plots.plot import picture

    style = style_of(options)
    return picture(
        open_part(options, plain=options.kind != "phase"),
        options.var,
        options.x,
        options.y,
        style,
        kind=options.kind,
        facet=options.facet,
        hue=options.hue,
        selections=(),
        log=[name for name in options.log.split(",") if name],
        line=options.line,
        keep=[name for name in options.keep.split(",") if name],
        model=options.model,
    )


def style_of(options: argparse.Namespace) -> "Style":
    """The look that the options ask for; SweepError, naming the option, where one cannot be read."""
    from ...plots.look.style import Style
    from ...plots.look.typed import levels_of, range_of

    low, high = range_of(options.range)
    return Style(
        options.title, options.xlabel, options.ylabel, options.cmap, levels_of(options.levels), low, high,
        _size(options.size),
    )  # fmt: skip


def dots_of(options: argparse.Namespace) -> float:
    """Dots per inch; SweepError where that is no number."""
    from ...plots.look.typed import number_of
    from ...plots.save import DOTS_PER_INCH

    dots = DOTS_PER_INCH if options.dpi is None else number_of(options.dpi)
    return _given("--dpi", options.dpi, dots, "a number, such as 300")


def _size(text: str | None) -> tuple[float, float] | None:
    if text is None:
        return None
    from ...plots.look.typed import number_of

    match = re.fullmatch(r"\s*([\d.]+)\s*[xX×]\s*([\d.]+)\s*(in|cm|mm)?\s*", text)
    sides = [number_of(part) for part in match.groups()[:2]] if match else [None]
    fine = match if None not in sides else None
    _given("--size", text, fine, "a width and a height, such as 6x4 (inches), 16x10cm or 160x100mm")
    inch = {"cm": 2.54, "mm": 25.4}.get(match[3] or "in", 1.0) if match else 1.0
    return sides[0] / inch, sides[1] / inch  # pyright: ignore[reportOptionalOperand]


def _given(option: str, text: Any, value: Any, form: str) -> Any:
    """The value that an option's text stands for, if it stands for one."""
    from ....engine.errors import SweepError

    if value is None:
        raise SweepError(f"plot: {option} {text}: should be {form}")
    return value


COMMAND = Command(
    "plot",
    "draw a cube: lines, heat maps, contours, maps of classes, scatter plots, phase portraits",
    (
        "equisweep plot sampled.zarr --kind sensitivity --var investment -o bars.png",
        "equisweep plot cube.zarr --var investment --x alpha --hue mechanism --sel beta=0.3 -o lines.svg",
        "equisweep plot cube.zarr --var investment --x alpha --y beta --facet mechanism --sel n=3 -o map.png",
        "equisweep plot cube.zarr --var expected_loss --x alpha --y beta --kind contour -o contour.png",
        "equisweep plot cube.zarr --var status --x alpha --y beta --sel n=3 -o status.png",
        "equisweep plot regimes.zarr --var attractor --x r --y f --facet c1 --line 'r = f' -o regimes.png",
        "equisweep plot cube.zarr --var investment --x alpha --y beta --facet n --facet mechanism -o a.pdf",
        "equisweep plot cube.zarr --var investment --x alpha --sel beta~0.3 --size 8x5cm --title '' -o b.pdf",
        "equisweep plot sampled.zarr --var investment --x alpha --y beta --data drawn.csv -o points.png",
        "equisweep plot orbits.zarr --kind phase --facet r -o phase.png",
    ),
    arguments,
    run,
)
