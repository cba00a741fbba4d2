"""`equisweep slurm`: a job script that computes one sweep as an array of parts."""

import argparse
import shutil

from ..command import Command, count, output_argument, path_argument


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("sweep", type=path_argument, help="a sweep file (TOML)")
    parser.add_argument(
        "-o", "--output", type=output_argument, required=True, help="the cube, where all hosts see it"
    )
    parser.add_argument("--parts", type=count, required=True, metavar="N", help="how many jobs")
    parser.add_argument("--cpus", type=count, metavar="N", help="cores of a job; as many as here, at most 16")
    parser.add_argument("--gpu", action="store_true", help="a GPU for each job")
    parser.add_argument("--at-once", type=count, metavar="N", help="most jobs that run at a time")
    parser.add_argument("--tile-points", type=count, metavar="N", help="most points of a tile (more tiles)")
    parser.add_argument(
        "--no-trial", action="store_true", help="try no points: time and memory from rough rates"
    )


def run(options: argparse.Namespace) -> int:
    from ...plan import plan
    from ...spec.sweep import Sweep
    from .slurm_script import job_script, require_tiles

    sweep = Sweep.from_file(options.sweep)
    tile_points = require_tiles(sweep, options.parts, options.gpu, options.tile_points)
    more = ["--device", "gpu"] if options.gpu else []
    more += ["--tile-points", str(tile_points)] if tile_points else []
    named = shutil.which("equisweep")
    script = job_script(
        options.sweep,
        options.output,
        options.parts,
        plan(sweep, "cpu", trial=not options.no_trial),
        cpus=options.cpus,
        gpu=options.gpu,
        at_once=options.at_once,
        more=more,
        program=[named] if named else (),
    )
    print(script, end="")
    return 0


COMMAND = Command(
    "slurm",
    "print a job script for SLURM: a sweep as an array of parts",
    (
        "equisweep slurm sweep.toml -o cube.zarr --parts 64 > job.sh",
        "equisweep slurm sweep.toml -o cube.zarr --parts 8 --gpu --cpus 4 --at-once 4",
    ),
    arguments,
    run,
)
