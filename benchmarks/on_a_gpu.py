"""Orbits and grids on one GPU, beside diffrax under vmap: how far a card is from the goals, on a page.

``make bench-gpu`` runs it where JAX sees a GPU, within four minutes, and writes build/gpu.md; what there was
no time for stands there as such. ``--device cpu --size 64`` tries all of it on a processor, whose numbers say
nothing of a GPU.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from peers import card
from tools.report import versions

ROOT = Path(__file__).parents[1]
LANES, FEW, SIDE = 2**19, 2**16, 10_000
REGIMES = ROOT / "sweeps" / "presets" / "supervision_regimes.toml"
LOSSES = """model = "external"
outputs = ["investment", "expected_loss"]
[axes]
alpha = {{ start = 0.01, stop = 0.99, num = {side} }}
beta = {{ start = 0.01, stop = 0.99, num = {side} }}
"""
# Of many things, and of one.
NANOSECONDS, SECONDS = "ns each", "s"


@dataclass(frozen=True)
class Row:
    """One line of the page: what is timed, of how many, the unit, and the goal in words.

    `make` returns the work; the first call is timed apart, for it compiles.
    """

    name: str
    make: Callable[[], card.Work]
    count: int = 1
    goal: str = ""

    @property
    def unit(self) -> str:
        """Of what is printed."""
        return SECONDS if self.count == 1 else NANOSECONDS


def rows(size: int, few: int, side: int, folder: Path, device: str) -> Iterator[Row]:
    """All that is timed; what matters most comes first."""
    orbits = partial(card.replicator_lanes, size)
    losses = folder / "losses.toml"
    losses.write_text(LOSSES.format(side=side), encoding="utf-8")
    yield Row("Lorenz, adaptive", partial(card.lorenz_lanes, size), size, "1.3 or less")
    yield Row(
        "Lorenz, adaptive, host to host", partial(card.lorenz_lanes, size, home=True), size, "4 or less"
    )
    yield Row("Lorenz, 1,000 steps", partial(card.lorenz_lanes, size, fixed=True), size, "10.5 or less")
    yield Row("replicator, taylor", partial(orbits, solver="taylor"), size, "12 or less")
    yield Row(
        "replicator, taylor, with swings", partial(orbits, solver="taylor", swings=True), size, "21 or less"
    )
    yield Row("replicator, tsit5", partial(orbits, solver="tsit5"), size)
    yield Row(
        "uneven horizons, tsit5", partial(orbits, solver="tsit5", kind="uneven"), size, "1.1 times the next"
    )
    yield Row("the same sorted", partial(orbits, solver="tsit5", kind="sorted"), size)
    yield Row("Lorenz, adaptive at 1e-5, float32", partial(card.lorenz_lanes, size, single=True), size)
    yield Row("Lorenz, adaptive, diffrax", partial(card.lorenz_diffrax, few), few, "100 times ours or more")
    yield Row(
        "replicator, diffrax Tsit5", partial(card.replicator_diffrax, few), few, "30 times taylor or more"
    )
    yield Row(
        "supervision_regimes.toml",
        partial(card.sweep, REGIMES, folder, device),
        goal="0.6 or less to compute",
    )
    for where in dict.fromkeys((device, "cpu")):
        goal = "the same on the processor or less" if where != "cpu" else ""
        yield Row(f"losses, {side}² points, {where}", partial(card.sweep, losses, folder, where), goal=goal)


def timed(row: Row, repeats: int) -> tuple[float, float]:
    """Seconds of the first call, and of one after it."""
    work, seconds = row.make(), []
    for _ in range(repeats + 1):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return seconds[0], median(seconds[1:])


def page(where: str, lines: Sequence[Sequence[str]]) -> str:
    """The results as Markdown."""
    head = ["", "first call, s", "steady", "unit", "goal on an H100"]
    table = [head, ["---"] * len(head), *lines]
    body = "\n".join("| " + " | ".join(line) + " |" for line in table)
    packages = ", ".join(f"{name} {number}" for name, number in versions().items())
    return f"# On {where}\n\nWritten by `benchmarks/on_a_gpu.py` with {packages}.\n\n{body}\n"


def measured(chosen: Sequence[Row], limit: float, repeats: int) -> list[list[str]]:
    """A line for each row, as long as there is time [s]; what fails says how."""
    began, lines = time.perf_counter(), []
    for row in chosen:
        if time.perf_counter() - began > limit:
            lines.append([row.name, "", "no time was left", row.unit, row.goal])
            continue
        try:
            first, steady = timed(row, repeats)
            shown = steady if row.count == 1 else 1e9 * steady / row.count
            lines.append([row.name, f"{first:.2f}", f"{shown:.3g}", row.unit, row.goal])
        except Exception as error:  # the others are worth having
            lines.append([row.name, "", f"{type(error).__name__}: {str(error)[:80]}", row.unit, row.goal])
        print("  ".join(lines[-1]), flush=True)
    return lines


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, write the page; 1 where nothing could be measured, or no GPU is there."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", choices=("gpu", "cpu"), default="gpu")
    parser.add_argument("--size", type=int, help="lanes, and points along an axis; fewer than usual")
    parser.add_argument("--only", default="", help="rows whose names hold this")
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "gpu.md")
    told = parser.parse_args(arguments)
    import jax

    jax.config.update("jax_enable_x64", True)
    from equisweep.engine.device import pick_device
    from equisweep.engine.errors import SweepError

    try:
        device: Any = pick_device(told.device)
    except SweepError as error:
        print(f"on_a_gpu: {error}", file=sys.stderr)
        return 1
    sizes = (told.size,) * 3 if told.size else (LANES, FEW, SIDE)
    with tempfile.TemporaryDirectory() as folder:
        chosen = [row for row in rows(*sizes, Path(folder), told.device) if told.only in row.name]
        lines = measured(chosen, 200, 1 if told.size else 3)
    told.output.parent.mkdir(parents=True, exist_ok=True)
    told.output.write_text(page(f"{device.device_kind} ({device})", lines), encoding="utf-8")
    print(f"wrote {told.output}")
    return 0 if any(line[1] for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main())
