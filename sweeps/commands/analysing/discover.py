"""`equisweep discover`: in which part of the inputs a condition holds."""

import argparse

from ..command import Command, add_selection, count, cube_argument, file_argument, open_selected


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("cube", type=cube_argument)
    parser.add_argument("--where", required=True, metavar="CONDITION", help="such as 'expected_loss > 40'")
    parser.add_argument("--method", choices=("prim", "tree"), default="prim",
                        help="boxes that are peeled (default), or leaves of a tree")  # fmt: skip
    add_selection(parser)
    parser.add_argument("--density", type=float, default=0.8, metavar="P",
                        help="prim takes the largest box so dense; default: 0.8")  # fmt: skip
    parser.add_argument("--boxes", type=count, default=3, metavar="N", help="at most; default: 3")
    parser.add_argument("--format", choices=("table", "csv", "json"), default="table",
                        help="csv and json have all boxes on the way, too")  # fmt: skip
    parser.add_argument("-o", "--output", type=file_argument, metavar="FILE",
                        help="also draw the trade-off and the boxes, as .png, .svg or .pdf")  # fmt: skip


def run(options: argparse.Namespace) -> int:
    from ...discover.discover import discover
    from ...discover.text import discovery_text
    from ...plots.save import require_picture, save

    if options.output is not None:
        require_picture(options.output)
    discovery = discover(
        open_selected(options), options.where, options.method,
        selections=options.sel, density=options.density, boxes=options.boxes,
    )  # fmt: skip
    print(discovery_text(discovery, options.format, "--where "))
    if options.output is not None:
        from ...discover.picture import draw

        save(draw(discovery), options.output)
    return 0


COMMAND = Command(
    "discover",
    "find the part of the inputs in which a condition holds",
    (
        """equisweep discover cube.zarr --where 'attractor == "boundary_cycle"'""",
        "equisweep discover cube.zarr --where 'expected_loss > 40' --sel mechanism=sharing -o boxes.png",
        "equisweep discover cube.zarr --where 'expected_loss > 40' --method tree --format json",
    ),
    arguments,
    run,
)
