"""`equisweep explore`: a cube in the browser."""

import argparse

from ..command import Command, add_selection, count, cube_argument, file_argument


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("cube", type=cube_argument)
    parser.add_argument(
        "--with", dest="other", type=cube_argument, metavar="CUBE",
        help="a second cube: beside the first, on the same axes, or what differs",
    )  # fmt: skip
    add_selection(parser)
    parser.add_argument(
        "--model", metavar="FILE:NAME", help="trajectories of your own model: its code (it will run)"
    )
    parser.add_argument("--port", type=_port, default=0, help="where to serve it (default: any that is free)")
    parser.add_argument("--no-browser", action="store_true", help="only print the address")
    parser.add_argument(
        "--html", type=file_argument, metavar="FILE",
        help="write one file that needs no server and no network, of a cube cut down to --megabytes",
    )  # fmt: skip
    parser.add_argument(
        "--megabytes", type=float, default=10.0, metavar="N", help="of the file (default: 10)"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace FILE if it is there")


def _port(text: str) -> int:
    port = 0 if text == "0" else count(text)
    if port > 65535:
        raise argparse.ArgumentTypeError(f"{text} is no port; the last one is 65535")
    return port


def run(options: argparse.Namespace) -> int:
    from ...light_imports import load_codec, load_figures

    load_codec()
    load_figures()
    return _write(options) if options.html else _serve(options)


def _write(options: argparse.Namespace) -> int:
    from ....engine.errors import SweepError
    from ...explore.one_file import write_page
    from ..command import open_selected

    for given, option in ((options.other, "--with"), (options.model, "--model"), (options.port, "--port")):
        if given:
            raise SweepError(f"explore: {option} has no meaning for --html: the file has no server")
    path = write_page(open_selected(options), options.html, options.sel, options.megabytes, options.overwrite)
    print(path)
    return 0


def _serve(options: argparse.Namespace) -> int:
    import threading
    import webbrowser

    from ...explore.explorer import Explorer
    from ...explore.source import source_of_path

    cubes = [options.cube, *([options.other] if options.other else [])]
    sources = [source_of_path(cube, options.sel) for cube in cubes]
    explorer = Explorer(sources, options.model, options.port, framed=False)
    try:
        print(explorer.url, flush=True)
        if not options.no_browser:
            webbrowser.open(explorer.url)
        threading.Event().wait()
    finally:
        explorer.stop()
    return 0


COMMAND = Command(
    "explore",
    "look at a cube in the browser: choose, slide, click, compare",
    (
        "equisweep explore cube.zarr",
        "equisweep explore cube.zarr --sel n=3 --no-browser --port 8765",
        "equisweep explore cube.zarr --with other.zarr",
        "equisweep explore orbits.zarr --model my_game.py:my_game",
        "equisweep explore cube.zarr --html page.html --megabytes 5",
    ),
    arguments,
    run,
)
