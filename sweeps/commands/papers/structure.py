"""`equisweep structure`: factors sorted into levels."""

import argparse

from ..command import Command, file_argument, path_argument


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "factors", type=path_argument, help="an adjacency matrix: a .csv, .tsv, .txt or .toml file"
    )
    parser.add_argument(
        "--levels", action="store_true", help="print them as a line of a sweep file of the model internal"
    )
    parser.add_argument(
        "-o", "--output", type=file_argument, help="a .png, .svg or .pdf file for the digraph"
    )


def run(options: argparse.Namespace) -> int:
    from ...papers.internal.structure import describe_structure, levels_line, load_structure
    from ...papers.internal.structure_picture import draw_structure
    from ...plots.save import require_picture

    if options.output:
        require_picture(options.output)
    structure = load_structure(options.factors)
    print(levels_line(structure) if options.levels else describe_structure(structure))
    if options.output:
        draw_structure(structure, options.output)
        print(f"\n{options.output}")
    return 0


COMMAND = Command(
    "structure",
    "sort factors into levels by who influences whom, and draw them",
    ("equisweep structure factors.csv -o factors.png",),
    arguments,
    run,
)
