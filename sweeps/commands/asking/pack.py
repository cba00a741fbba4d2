"""`equisweep pack`: a cube as one file."""

import argparse

from ..command import Command, cube_argument, file_argument


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("cube", type=cube_argument)
    parser.add_argument("file", type=file_argument, help="the file, such as cube.zarr.zip")
    parser.add_argument("--overwrite", action="store_true", help="replace FILE if it is there")


def run(options: argparse.Namespace) -> int:
    from ...light_imports import load_codec

    load_codec()
    from ....engine.gate.text import size_text
    from ...packing import pack
    from ...text import count_of

    packed = pack(options.cube, options.file, overwrite=options.overwrite)
    tiles, files = count_of(packed.tiles, "tile"), count_of(packed.files, "file")
    print(f"{options.file}: {tiles} in {files}, {size_text(packed.bytes)}")
    return 0


COMMAND = Command(
    "pack",
    "a cube as one zip file, which every command reads as it is",
    (
        "equisweep pack cube.zarr cube.zarr.zip",
        "equisweep query cube.zarr.zip --var investment --sel n=3",
        "unzip -q cube.zarr.zip -d cube.zarr    # a folder again, which runs go on in",
    ),
    arguments,
    run,
)
