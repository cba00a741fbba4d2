"""`equisweep sensitivity`: which parameters an output hangs on."""

import argparse
import sys

from ..command import ALL_ROWS, Command, add_selection, count, cube_argument, file_argument, open_selected

METHODS = (
    *("sobol", "morris", "dgsm", "prcc", "elasticity"),
    *("pawn", "delta", "chatterjee", "hsic", "kucherenko", "shapley", "chaos", "regional"),
)


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("cube", type=cube_argument)
    parser.add_argument("--method", choices=METHODS,
                        help="default: that of the cube's design")  # fmt: skip
    parser.add_argument(
        "--var", action="append", default=[], help="an output; may be repeated (all if absent)"
    )
    add_selection(parser)
    parser.add_argument(
        "--keep",
        metavar="STATUS,...",
        help="default: ok,corner,several_equilibria, and what leaves an output as good",
    )
    parser.add_argument("--confidence", type=float, default=0.95, metavar="P", help="default: 0.95")
    parser.add_argument("--resamples", type=count, default=100, metavar="N", help="default: 100")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the resamples; default: 0")
    parser.add_argument("--format", choices=("table", "csv", "json"), default="table")
    parser.add_argument("-o", "--output", type=file_argument, metavar="FILE", help="write there instead")


def run(options: argparse.Namespace) -> int:
    from ....engine.store.durable import clear_disk_errors
    from ...sensitivity.analysis import sensitivity
    from ...sensitivity.text import sensitivity_text, withheld

    result = sensitivity(
        open_selected(options),
        options.method,
        options.var,
        selections=options.sel,
        keep=options.keep.split(",") if options.keep else None,
        confidence=options.confidence,
        resamples=options.resamples,
        seed=options.seed,
    )
    for line in withheld(result) if options.format != "table" or options.output else ():
        print(f"equisweep: note: {line}", file=sys.stderr)
    text = sensitivity_text(result, options.format, ALL_ROWS)
    if options.output is None:
        print(text)
        return 0
    with clear_disk_errors(options.output):
        options.output.write_text(text + "\n", encoding="utf-8")
    return 0


COMMAND = Command(
    "sensitivity",
    "say which parameters the outputs of a sampled cube depend on",
    (
        "equisweep sensitivity cube.zarr                            # the method of the cube's [design]",
        "equisweep sensitivity cube.zarr --method sobol --var investment --sel mechanism=sharing",
        "equisweep sensitivity cube.zarr --method dgsm --format csv -o dgsm.csv",
        "equisweep sensitivity grid.zarr --method shapley --var expected_loss",
        "equisweep sensitivity orbits.zarr --method regional --var attractor",
        "equisweep sensitivity grid.zarr --method elasticity --sel alpha=0.3 --sel n=3",
    ),
    arguments,
    run,
)
