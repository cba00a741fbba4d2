"""`equisweep run`: a sweep file becomes a cube."""

import argparse
import sys
from contextlib import AbstractContextManager, nullcontext
from shlex import quote
from typing import TYPE_CHECKING, Any

from ..command import (
    Command,
    add_device,
    add_reuse,
    add_tile_points,
    count,
    output_argument,
    path_argument,
    program,
)

if TYPE_CHECKING:
    from ....engine.feedback.report import Report


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("sweep", type=path_argument, help="a sweep file (TOML)")
    parser.add_argument(
        "-o", "--output", type=output_argument, required=True, help="the cube, a folder such as cube.zarr"
    )
    add_device(parser)
    parser.add_argument("--overwrite", action="store_true", help="delete an existing cube first")
    parser.add_argument("--no-sync", action="store_true", help="leave syncing to the disk to the system")
    parser.add_argument(
        "--skip-disk-check", action="store_true", help="do not compare the size with the disk"
    )
    add_tile_points(parser)
    parser.add_argument(
        "--part",
        metavar="K/N",
        help="compute one of N parts of the tiles; others may compute theirs meanwhile",
    )
    add_reuse(parser)
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--dask", metavar="ADDRESS", help="let the workers of a Dask scheduler compute: tcp://host:8786"
    )
    where.add_argument("--workers", type=count, metavar="N", help="let N processes of this host compute")
    parser.add_argument(
        "--commit-every", type=count, metavar="N", help="in an Icechunk repository: commit after N tiles each"
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="print nothing but errors")


def run(options: argparse.Namespace) -> int:
    from ...run import run_report
    from ...spec.sweep import Sweep

    sweep = Sweep.from_file(options.sweep)
    with _client(options) as client:
        report = run_report(
            sweep,
            options.output,
            device=options.device,
            overwrite=options.overwrite,
            durable=not options.no_sync,
            check_disk=not options.skip_disk_check,
            tile_points=options.tile_points,
            progress=not options.quiet,
            part=options.part,
            reuse=options.reuse,
            client=client,
            commit_every=options.commit_every,
        )
    if report.remark:
        print(f"equisweep: {report.remark}", file=sys.stderr)
    in_memory = str(options.output).startswith("memory://")
    if in_memory:
        lost = "lies in the memory of this command, and is gone with it; name a folder or a bucket to keep it"
        print(f"equisweep: {options.output}: {lost}", file=sys.stderr)
    if options.quiet:
        return 0
    if options.part is not None:
        print(_of_part(options, report))
        return 0
    if not report.computed:
        tiles = "its one tile" if report.tiles == 1 else f"all {report.tiles:,} tiles"
        print(f"{options.output}: complete already, {tiles}; nothing computed")
        _say_what_went_wrong(options)
        return 0
    if report.grown:
        print(f"{options.output}: has grown by what the sweep adds to it")
    print(f"{options.output}: {_done(options, report)}")
    _say_what_went_wrong(options)
    if not in_memory:
        print(f"look at it with: {program()} info {quote(str(options.output))}")
    return 0


def _say_what_went_wrong(options: argparse.Namespace) -> None:
    """Count points by status, with what to change, where some hold no answer."""
    from ....engine.store.read import Reader
    from ...cube.statuses import advice, counts_text
    from ...file_paths import cube_path

    root = cube_path(options.output)
    counts = Reader(root).status_counts()
    if advice(counts):
        print(counts_text(counts))


def _client(options: argparse.Namespace) -> AbstractContextManager[Any]:
    """The client of Dask that was asked for; None where this process computes."""
    if options.dask is None and options.workers is None:
        return nullcontext()
    from ...cluster.client import client_at, local_client
    from ...run import require_whole

    require_whole(options.part)  # before anything is started
    return local_client(options.workers) if options.dask is None else client_at(options.dask)


def _of_part(options: argparse.Namespace, report: "Report") -> str:
    """What a part did, and what of the cube is left to others."""
    from ...text import count_of

    done = "complete already"
    if not report.tiles:
        done = "owns no tile: there are more parts than tiles"
    elif report.computed:
        done = _done(options, report)
    left = f"{report.missing:,} tiles of others are missing" if report.missing else "the cube is complete"
    return f"{options.output}: part {options.part}, {count_of(report.tiles, 'tile')}: {done}; {left}"


def _done(options: argparse.Namespace, report: "Report") -> str:
    """How many points were computed, how fast, and how many were taken over."""
    from ....engine.feedback.progress import clock, per_second
    from ...text import count_of

    rate = per_second(report.points / report.seconds)
    done = f"{count_of(report.points, 'point')} in {clock(report.seconds)} ({rate}, {report.device})"
    return f"{done}; {report.reused:,} taken from {options.reuse}" if options.reuse else done


COMMAND = Command(
    "run",
    "run a sweep, or go on with it, into a cube",
    (
        "equisweep run sweep.toml -o cube.zarr",
        "equisweep run sweep.toml -o cube.zarr --part 3/64",
        "equisweep run sweep.toml -o cube.zarr --workers 4",
        "equisweep run finer.toml -o finer.zarr --from coarse.zarr",
        "equisweep run sweep.toml -o repo.icechunk",
    ),
    arguments,
    run,
)
