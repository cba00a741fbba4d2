"""A loss sweep from grid to store, end to end, against writing the same bytes alone.

alpha x beta, two float64 outputs and the status, every shard synced to the disk before its tile counts.
"Write alone" sends computed tiles through the same store, over and over, with nothing computed meanwhile;
"disk alone" writes and syncs the same files with nothing encoded either, which no sweep can beat.
Each way has a process of its own; note its largest resident memory. Codecs and Zarr's pipelines, which a
sweep does not use, are compared by writing alone. A sweep's time includes tracing its kernels anew, which
weighs on small grids.
"""

import os
import resource
import shutil
import sys
import tempfile
from collections.abc import Iterable
from itertools import count, cycle
from pathlib import Path
from typing import Any

from peers.loss_sweep import BYTES, space
from tools.harness import OURS, Budget, Case, Row, best, measure, ratios
from tools.report import busy_goal, goal, result
from tools.start import options, save

TURNS, WRITE = f"{OURS}, computing and writing in turn", "write alone"
DISK, MIDDLE = "disk alone", f"{OURS}, smaller"
MOST_MEMORY_GIB, MOST_GROWTH, MOST_RATIO = 1.5, 1.3, 1.25
PIPELINES = {
    "zarr": ("zarr.core.codec_pipeline.BatchedCodecPipeline", ("zarr",)),
    "zarrs": ("zarrs.ZarrsCodecPipeline", ("zarrs",)),
    "fused": ("zarr.core.codec_pipeline.FusedCodecPipeline", ("zarr",)),  # since zarr 3.3
}
_numbers = count()
CODECS = ("none", "zstd", "blosc-lz4", "blosc-zstd")


def cases_of(small: int, large: int, side: int, quick: bool, folder: Path) -> list[Case]:
    """The sweep and its parts, then every codec under every pipeline; sides of square grids."""
    where = {"folder": str(folder)}

    def case(who: str, how: str, side: int, needs: tuple[str, ...] = (), **more: Any) -> Case:
        maker = "grid_to_zarr:" + ("disk" if who == DISK else "write" if WRITE in who else "sweep")
        return Case(who, how, maker, {**where, "side": side, **more}, side * side, needs)

    cases = [
        case(f"{OURS}, small", "sweep", small),
        case(MIDDLE, "sweep", side),
        case(OURS, "sweep", large),
        case(TURNS, "sweep", large, overlap=False),
        case(WRITE, "as a sweep does", large),
        case(DISK, "the same files", large),
    ]
    for pipeline, (_, needs) in PIPELINES.items():
        for codec in CODECS[2:3] if quick else CODECS:
            who = f"{WRITE}, {pipeline} pipeline"
            cases.append(case(who, f"codec {codec}", side, needs, codec=codec, pipeline=pipeline))
    return cases


def sweep(folder: str, side: int, overlap: bool = True) -> tuple[Any, Any, Any]:
    """Case: a whole run into a new cube."""
    from equisweep.engine.run.execute import execute

    _double()
    root, clear = _cube(folder)
    wanted = space(side)

    def run() -> None:
        execute(wanted, root, device="cpu", overlap=overlap, progress=False)

    return run, lambda _: _after(root), clear


def write(folder: str, side: int, codec: str = "", pipeline: str = "") -> tuple[Any, Any, Any]:
    """Case: up to eight computed tiles, over and over, through the store, into a new cube.

    `codec`, `pipeline`: of zarr, instead of what a run has; the checksum stays.
    """
    import zarr
    from equisweep.engine.store.create import create_cube
    from equisweep.engine.store.cube import Cube

    _double()
    if pipeline:
        path, _ = PIPELINES[pipeline]
        if pipeline == "fused" and not hasattr(zarr.core.codec_pipeline, "FusedCodecPipeline"):
            raise ModuleNotFoundError("FusedCodecPipeline came with zarr 3.3")
        zarr.config.set({"codec_pipeline.path": path, "codec_pipeline.max_workers": None})
    root, clear = _cube(folder)
    wanted, layout, computed = _some_tiles(side)

    def run() -> None:
        values = cycle(computed)
        create_cube(root, wanted, layout, {"identity": "{}"})
        cube = _by_zarr(root, codec) if pipeline else Cube(root)
        _submit(
            cube, ({name: v[tuple(map(slice, t.shape))] for name, v in next(values).items()} for t in layout)
        )

    return run, lambda _: _after(root), clear


def _by_zarr(root: Path, codec: str) -> Any:
    """A new cube whose arrays are made again with another codec, and whose shards zarr writes."""
    import zarr
    from equisweep.engine.store.cube import Cube
    from equisweep.engine.store.durable import sync

    class ByZarr(Cube):
        def write_shard(self, name: str, tile: Any, values: Any, durable: bool = False) -> tuple[int, bytes]:
            arrays[name][tile.region] = values
            if durable:
                sync(self.shard(name, tile))
            return 0, bytes(16)

    cube = ByZarr(root)
    arrays = {}
    for name in cube.names:
        was = zarr.open_array(str(root / name), mode="r")
        arrays[name] = zarr.create_array(
            str(root / name),
            shape=was.shape,
            shards=was.shards,
            chunks=was.chunks,
            dtype=was.dtype,
            fill_value=was.fill_value,
            compressors=codecs(codec, was.dtype),
            config={"write_empty_chunks": True},
            overwrite=True,
        )
    return cube


def disk(folder: str, side: int) -> tuple[Any, Any, Any]:
    """Case: the files of up to eight tiles, encoded before, over and over, in a new cube's place."""
    from equisweep.engine.store.create import create_cube
    from equisweep.engine.store.cube import Cube
    from equisweep.engine.store.durable import write_file
    from equisweep.engine.store.shard import encode

    class Encoded(Cube):
        def write_shard(self, name: str, tile: Any, values: Any, durable: bool = False) -> tuple[int, bytes]:
            write_file(self.shard(name, tile), [encoded[id(values)]], durable)
            return len(encoded[id(values)]), bytes(16)

    _double()
    root, clear = _cube(folder)
    wanted, layout, computed = _some_tiles(side)
    create_cube(root, wanted, layout, {"identity": "{}"})
    cube = Cube(root)
    # A tile's record tells of its values; its files are found by the arrays that they hold.
    encoded = {id(v): b"".join(encode(cube.forms[name], v)) for t in computed for name, v in t.items()}

    def run() -> None:
        create_cube(root, wanted, layout, {"identity": "{}"})
        values = cycle(computed)
        _submit(Encoded(root), (next(values) for _ in layout))

    return run, lambda _: _after(root), clear


def _some_tiles(side: int) -> tuple[Any, Any, list[dict[str, Any]]]:
    """A grid, its layout, and up to eight of its tiles, computed."""
    from equisweep.engine import plan_space
    from equisweep.engine.device import pick_device
    from equisweep.engine.grid.evaluate import Evaluator

    wanted, device = space(side), pick_device("cpu")
    layout = plan_space(wanted, device)
    evaluator = Evaluator(wanted, layout, device)
    tiles = list(layout)
    some = tiles[: -1 : max(len(tiles) // 8, 1)] or tiles  # the last tile may be a smaller one
    return wanted, layout, [evaluator.finish(tile, evaluator.start(tile)) for tile in some]


def _submit(cube: Any, tiles: Iterable[dict[str, Any]]) -> None:
    """Send all tiles of a cube through the threads that a run writes with."""
    from equisweep.engine.feedback.progress import Silence
    from equisweep.engine.writer import WRITERS, TileWriter

    writer = TileWriter(cube, durable=True, progress=Silence(1), ahead=WRITERS + 1)
    for tile, values in zip(cube.layout, tiles, strict=True):
        writer.submit(tile, values)
    writer.finish()


def codecs(name: str, dtype: Any) -> list[Any]:
    """Compressors of a shard's chunks."""
    from zarr.codecs import BloscCodec, Crc32cCodec, ZstdCodec

    compressors: dict[str, list[Any]] = {
        "none": [],
        "zstd": [ZstdCodec(level=1)],
        "blosc-lz4": [BloscCodec(cname="lz4", clevel=1, shuffle="shuffle", typesize=dtype.itemsize)],
        "blosc-zstd": [BloscCodec(cname="zstd", clevel=1, shuffle="shuffle", typesize=dtype.itemsize)],
    }
    return [*compressors[name], Crc32cCodec()]


def _cube(folder: str) -> tuple[Path, Any]:
    """A path of this case alone, and what empties it and lets earlier writes reach the disk."""
    root = Path(folder) / f"{os.getpid()}-{next(_numbers)}.zarr"

    def clear() -> None:
        shutil.rmtree(root, ignore_errors=True)
        os.sync()

    return root, clear


def _after(root: Path) -> dict[str, Any]:
    stored = sum(f.stat().st_size for f in root.rglob("*") if f.is_file())
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    shutil.rmtree(root)
    return {"MB stored": round(stored / 1e6), "MB resident": round(resident / 2**20)}


def _double() -> None:
    import jax

    jax.config.update("jax_enable_x64", True)


def main() -> int:
    """Measure, print where the results went."""
    asked = options(__doc__)
    small, large, side = (1000, 2500, 1500) if asked.quick else (1000, 10_000, 4000)
    with tempfile.TemporaryDirectory(prefix="equisweep-") as folder:
        cases = cases_of(small, large, side, asked.quick, Path(folder))
        rows = measure(cases, Budget(2, 3, 60) if asked.quick else Budget(5, 40, 300))
    for r in rows:
        r["options"].pop("folder", None)  # gone by now
    by = {r["who"]: r for r in rows[:6]}
    ratios(rows[2:6], lambda _: by[OURS]["rate"])
    for r in rows:
        if r["rate"]:
            r["note"] = f"{r['rate'] * BYTES / 1e6:.0f} MB/s; {r['note']}"
    return save(result("grid_to_zarr", __doc__, "points", rows, quick=asked.quick, goals=goals_of(by, rows)))


def goals_of(by: dict[str, Row], rows: list[Row]) -> list[dict]:
    """Goals of time, growth and memory."""
    sweep, alone, smaller = by[OURS], by[WRITE], by[MIDDLE]

    def over(a: Row, b: Row) -> float | None:
        return b["rate"] / a["rate"] if a["rate"] and b["rate"] else None

    memory = next((int(part.split()[-1]) for part in sweep["note"].split(";") if "resident" in part), None)
    stock = best([r for r in rows if r["variant"] != alone["variant"]], f"{WRITE}, zarr pipeline")
    return [
        goal(
            f"time over writing the same bytes alone, {sweep['size']:,} points",
            over(sweep, alone),
            most=MOST_RATIO,
        ),
        goal("time with overlap over time without", over(sweep, by[TURNS]), most=1.0),
        goal(
            f"time per point, {sweep['size']:,} over {smaller['size']:,} points",
            over(sweep, smaller),
            most=MOST_GROWTH,
        ),
        goal("largest resident memory, GiB", memory and memory / 1024, most=MOST_MEMORY_GIB),
        _busy(rows, sweep, over(sweep, by[DISK])),
        goal(
            "time of our codec over the best tried in zarr's own pipeline, writing alone",
            stock and over(_lz4(rows), stock),
            most=1.1,
        ),
    ]


def _busy(rows: list[Row], sweep: Row, over_disk: float | None) -> dict:
    """The goal that cores or, where it is slower than they are, the disk is kept busy."""
    cores = busy_goal(rows, sweep)["value"]
    known = [share for share in (cores, 1 / over_disk if over_disk else None) if share]
    name = "cores kept busy, over what hashing threads kept busy; or the disk, if that is more"
    return goal(name, max(known, default=None), least=0.75)


def _lz4(rows: list[Row]) -> Row:
    return next(
        r for r in rows if r["options"].get("codec") == "blosc-lz4" and r["options"]["pipeline"] == "zarr"
    )


if __name__ == "__main__":
    sys.exit(main())
