"""`equisweep verify`: every shard of a cube, read back; and tiles computed anew."""

import argparse

from ..command import Command, add_device, cube_argument, path_argument


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("cube", type=cube_argument)
    parser.add_argument(
        "--repair",
        action="store_true",
        help="restore metadata and the manifest; let the next run compute damaged tiles again",
    )
    parser.add_argument(
        "--recompute", type=_share, metavar="SHARE",
        help="compute so many of the tiles anew (1%%, 0.01) and compare every bit; nothing is written",
    )  # fmt: skip
    parser.add_argument(
        "--sweep", type=path_argument, help="its sweep file, if the model is a Python file of yours"
    )
    add_device(parser)


def _share(text: str) -> float:
    """A share of all, as 0.01 or 1%."""
    try:
        share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        share = 0.0
    if not 0 < share <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} should be a share such as 1% or 0.01, at most 100%")
    return share


def run(options: argparse.Namespace) -> int:
    from ....engine.gate.text import size_text
    from ....engine.store.verify import verify
    from ...text import count_of

    if options.recompute is not None:
        from ...recompute import require_comparable

        require_comparable(options.cube, options.sweep)
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
    shards, tiles = count_of(verdict.shards, "shard"), count_of(verdict.tiles, "tile")
    read = f"{shards} ({size_text(verdict.bytes)}) of {tiles} read back"
    print(f"{options.cube}: {read}, {len(verdict.damaged)} damaged")
    if options.recompute is None or not verdict.sound:
        return 0 if verdict.sound else 1
    return _recompute(options)


def _recompute(options: argparse.Namespace) -> int:
    from ...recompute import recompute, recompute_text

    recomputed = recompute(
        options.cube, options.recompute, sweep_file=options.sweep, device=options.device, progress=True
    )
    print(f"{options.cube}: {recompute_text(recomputed)}")
    return 1 if recomputed.differences else 0


COMMAND = Command(
    "verify",
    "read back every shard of a cube",
    (
        "equisweep verify cube.zarr",
        "equisweep verify cube.zarr --recompute 1%",
        "equisweep verify cube.zarr --recompute 5% --sweep sweep.toml --device gpu",
    ),
    arguments,
    run,
)
