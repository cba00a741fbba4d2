"""The command line: ``equisweep models | plan | run | info | query | plot | verify | reproduce``."""

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ..engine.errors import CubeError, SweepError, SweepInterrupted

_EXAMPLES = """examples:
  equisweep models external
  equisweep plan sweep.toml
  equisweep run sweep.toml -o cube.zarr
  equisweep query cube.zarr --var investment --sel n=3 --sel mechanism=sharing
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0 done, 1 a check failed, 2 wrong input, 130 stopped."""
    options = _parser().parse_args(arguments)
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGHUP):  # stop as politely as on Ctrl-C
            signal.signal(number, signal.default_int_handler)
    try:
        return options.command(options)
    except (SweepError, CubeError) as error:
        print(f"equisweep: {error}", file=sys.stderr)
        return 2
    except SweepInterrupted as stopped:
        print(
            f"equisweep: stopped; {stopped.done} of {stopped.total} tiles are committed. "
            "The same command goes on where this one stopped.",
            file=sys.stderr,
        )
        return 130
    except KeyboardInterrupt:
        print("equisweep: stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:
        sys.stderr.close()  # the reader (head, less) has gone: nothing more to say
        return 0


def _models(options: argparse.Namespace) -> int:
    from ..kernels.registry import MODELS
    from .model_lookup import find_model
    from .show_models import describe_model, list_models

    if options.name:
        print(describe_model(find_model("models", options.name, Path())[0]))
    else:
        print(list_models(MODELS.values()))
    return 0


def _plan(options: argparse.Namespace) -> int:
    from .describe import describe_plan
    from .run import plan
    from .sweep import Sweep

    print(describe_plan(plan(Sweep.from_file(options.sweep), options.device)))
    return 0


def _run(options: argparse.Namespace) -> int:
    from ..engine.progress import clock, per_second
    from .run import run_report
    from .sweep import Sweep

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
    rate = per_second(report.points / report.seconds)
    print(f"{options.output}: {report.points:,} points in {clock(report.seconds)} ({rate}, {report.device})")
    print(f"look at it with: equisweep info {options.output}")
    return 0


def _info(options: argparse.Namespace) -> int:
    from ..engine.store import readable
    from .describe import describe_cube

    with readable(options.cube):
        print(describe_cube(options.cube))
    return 0


def _query(options: argparse.Namespace) -> int:
    from ..engine.store import readable
    from .query import query_text
    from .run import open_cube

    with readable(options.cube):
        print(query_text(open_cube(options.cube), options.var, options.sel, options.format))
    return 0


def _verify(options: argparse.Namespace) -> int:
    from ..engine.verify import verify
    from .describe import size_text

    verdict = verify(options.cube, repair=options.repair)
    for path, damage in verdict.damaged.items():
        print(f"{path}: {damage}")
    if verdict.repaired:
        print(
            f"{verdict.repaired} damaged tiles lost their commit mark; run the same sweep again to redo them"
        )
    elif verdict.damaged:
        print("equisweep verify --repair lets the next run compute the damaged tiles again")
    if verdict.coordinate:
        print(f"{verdict.coordinate}; write the cube anew with equisweep run --overwrite")
    if verdict.uncommitted:
        print(
            f"{len(verdict.uncommitted)} of {verdict.tiles} tiles are not computed; run the same sweep again"
        )
    read = f"{verdict.shards:,} shards ({size_text(verdict.bytes)}) of {verdict.tiles:,} tiles read back"
    print(f"{options.cube}: {read}, {len(verdict.damaged)} damaged")
    return 0 if verdict.sound else 1


def _plot(options: argparse.Namespace) -> int:
    from .picture import plot_map, save
    from .run import open_cube

    cube = open_cube(options.cube)
    figure = plot_map(cube, options.var, options.x, options.y, options.facet, options.sel, options.line)
    save(figure, options.output)
    print(options.output)
    return 0


def _reproduce(options: argparse.Namespace) -> int:
    from .reproduce import reproduce

    text, agrees = reproduce(options.model, options.output)
    print(text)
    return 0 if agrees else 1


def _structure(options: argparse.Namespace) -> int:
    from .picture import require_picture
    from .structure import describe_structure, load_structure
    from .structure_picture import draw_structure

    if options.output:
        require_picture(options.output)
    structure = load_structure(options.factors)
    print(describe_structure(structure))
    if options.output:
        draw_structure(structure, options.output)
        print(f"\n{options.output}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="equisweep",
        description="Sweep game-theoretic models of security investment into labelled cubes.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"equisweep {version('equisweep')}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, handler: Any, what: str, example: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(
            name,
            help=what,
            description=what[0].upper() + what[1:] + ".",
            epilog=f"example:\n  {example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        sub.set_defaults(command=handler)
        return sub

    sub = command("models", _models, "list the models, or show one in full", "equisweep models external")
    sub.add_argument("name", nargs="?", help="a model's name, or file.py:name of your own")

    sub = command("plan", _plan, "say what a sweep will take; computes nothing", "equisweep plan sweep.toml")
    sub.add_argument("sweep", type=Path, help="a sweep file (TOML)")
    _device(sub)

    sub = command(
        "run", _run, "run a sweep, or go on with it, into a cube", "equisweep run sweep.toml -o cube.zarr"
    )
    sub.add_argument("sweep", type=Path, help="a sweep file (TOML)")
    sub.add_argument("-o", "--output", type=Path, required=True, help="the cube, a folder such as cube.zarr")
    _device(sub)
    sub.add_argument("--overwrite", action="store_true", help="delete an existing cube first")
    sub.add_argument("--no-sync", action="store_true", help="leave syncing to the disk to the system")
    sub.add_argument("--skip-disk-check", action="store_true", help="do not compare the size with the disk")
    sub.add_argument("--tile-points", type=_count, metavar="N", help="most points of a tile (less memory)")
    sub.add_argument("-q", "--quiet", action="store_true", help="print nothing but errors")

    sub = command("info", _info, "show what a cube holds and how it was made", "equisweep info cube.zarr")
    sub.add_argument("cube", type=Path)

    sub = command(
        "query",
        _query,
        "print numbers of a cube",
        "equisweep query cube.zarr --var investment --sel alpha=0.3 --sel n=3 --format csv\n"
        "  equisweep query cube.zarr --sel alpha=0.1:0.5 --sel mechanism=sharing,cooperation",
    )
    sub.add_argument("cube", type=Path)
    sub.add_argument("--var", action="append", default=[], help="a variable; may be repeated (all if absent)")
    _selection(sub)
    sub.add_argument("--format", choices=("table", "csv", "json"), default="table")

    sub = command("verify", _verify, "read back every shard of a cube", "equisweep verify cube.zarr")
    sub.add_argument("cube", type=Path)
    sub.add_argument("--repair", action="store_true", help="let the next run compute damaged tiles again")

    sub = command(
        "plot",
        _plot,
        "draw one variable over two axes",
        "equisweep plot cube.zarr --var investment --x alpha --y beta --facet mechanism --sel n=3 -o map.png",
    )
    sub.add_argument("cube", type=Path)
    sub.add_argument("--var", required=True, help="the variable to draw")
    sub.add_argument("--x", required=True, help="the axis that runs to the right")
    sub.add_argument("--y", required=True, help="the axis that runs upwards")
    sub.add_argument("--facet", help="an axis: one panel for each of its values")
    _selection(sub)
    sub.add_argument("--line", metavar="X=Y", help="draw where two axes are equal, such as 'r = f'")
    sub.add_argument("-o", "--output", type=Path, required=True, help="a .png or .svg file")

    sub = command(
        "reproduce",
        _reproduce,
        "check a paper's numbers, claims and figures; exit 1 on any mismatch",
        "equisweep reproduce external\n  equisweep reproduce supervision -o figures",
    )
    sub.add_argument("model", choices=("external", "internal", "supervision", "contract"))
    sub.add_argument("-o", "--output", type=Path, default=Path("figures"), help="folder of the pictures")

    sub = command(
        "structure",
        _structure,
        "sort factors into levels by who influences whom, and draw them",
        "equisweep structure factors.csv -o factors.png",
    )
    sub.add_argument("factors", type=Path, help="an adjacency matrix: a .csv or .toml file with names")
    sub.add_argument("-o", "--output", type=Path, help="a .png or .svg file for the digraph")
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} should be a whole number of at least 1")
    return int(text)


def _selection(sub: argparse.ArgumentParser) -> None:
    sub.add_argument(
        "--sel", action="append", default=[], metavar="NAME=VALUE", help="a value, A,B or a range A:B"
    )


def _device(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--device", choices=("auto", "cpu", "gpu"), default="auto", help="default: auto")


if __name__ == "__main__":
    sys.exit(main())
