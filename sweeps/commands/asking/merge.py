"""`equisweep merge`: two cubes of one sweep become one."""

import argparse

from ..command import Command, cube_argument, output_argument


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("one", type=cube_argument, help="a cube")
    parser.add_argument("other", type=cube_argument, help="another one, of the same sweep")
    parser.add_argument("-o", "--output", type=output_argument, required=True, help="the cube that results")


def run(options: argparse.Namespace) -> int:
    from ....engine.store.shared.merge import merge

    merged = merge(options.one, options.other, options.output)
    left = f"; {merged.missing:,} are missing, which a run of the sweep computes" if merged.missing else ""
    print(
        f"{options.output}: {merged.tiles - merged.missing:,} of {merged.tiles:,} tiles: "
        f"{merged.first:,} of the first alone, {merged.second:,} of the other alone, "
        f"{merged.both:,} that both have{left}"
    )
    return 0


COMMAND = Command(
    "merge",
    "join two cubes of one sweep whose tiles complete each other",
    ("equisweep merge here.zarr there.zarr -o all.zarr",),
    arguments,
    run,
)
