"""`equisweep verify`: every shard of a cube, read back."""

import argparse

from .command import Command, path_argument


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("cube", type=path_argument)
    parser.add_argument(
        "--repair",
        action="store_true",
        help="restore metadata and the manifest; let the next run compute damaged tiles again",
    )


def run(options: argparse.Namespace) -> int:
    from ...engine.store.verify import verify
    from ..text import size_text

    verdict = verify(options.cube, repair=options.repair)
    for path, damage in (verdict.metadata | verdict.damaged).items():
        print(f"{path}: {damage}")
    for path in verdict.restored:
        print(f"{path}: was written anew")
    if verdict.recorded:
        print(f"{verdict.recorded:,} tiles were entered into the manifest")
    if verdict.unrecorded or set(verdict.metadata) - set(verdict.restored):
        tiles = (
            f"{len(verdict.unrecorded):,} sound tiles are not in the manifest; " if verdict.unrecorded else ""
        )
        print(f"{tiles}equisweep verify --repair writes metadata and the manifest anew")
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


COMMAND = Command(
    "verify",
    "read back every shard of a cube",
    ("equisweep verify cube.zarr",),
    arguments,
    run,
)
