"""`equisweep run`: a sweep file becomes a cube."""

import argparse

from .command import Command, add_device, count, path_argument, program


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("sweep", type=path_argument, help="a sweep file (TOML)")
    parser.add_argument(
        "-o", "--output", type=path_argument, required=True, help="the cube, a folder such as cube.zarr"
    )
    add_device(parser)
    parser.add_argument("--overwrite", action="store_true", help="delete an existing cube first")
    parser.add_argument("--no-sync", action="store_true", help="leave syncing to the disk to the system")
    parser.add_argument(
        "--skip-disk-check", action="store_true", help="do not compare the size with the disk"
    )
    parser.add_argument("--tile-points", type=count, metavar="N", help="most points of a tile (less memory)")
    parser.add_argument("-q", "--quiet", action="store_true", help="print nothing but errors")


def run(options: argparse.Namespace) -> int:
    from ...engine.feedback.progress import clock, per_second
    from ..run import run_report
    from ..spec.sweep import Sweep

    report = run_report(
        Sweep.from_file(options.sweep),
        options.output,
        device=options.device,
        overwrite=options.overwrite,
        durable=not options.no_sync,
        check_disk=not options.skip_disk_check,
        tile_points=options.tile_points,
        progress=not options.quiet,
    )
    if options.quiet:
        return 0
    if not report.computed:
        print(f"{options.output}: complete already, all {report.tiles:,} tiles; nothing computed")
        return 0
    if report.grown:
        print(f"{options.output}: samples were added to those it held")
    rate = per_second(report.points / report.seconds)
    print(f"{options.output}: {report.points:,} points in {clock(report.seconds)} ({rate}, {report.device})")
    print(f"look at it with: {program()} info {options.output}")
    return 0


COMMAND = Command(
    "run",
    "run a sweep, or go on with it, into a cube",
    ("equisweep run sweep.toml -o cube.zarr",),
    arguments,
    run,
)
