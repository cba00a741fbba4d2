"""Orbits and grids on one GPU, beside diffrax under vmap: how far a card is from the goals, on a page.

``make bench-gpu`` runs it where JAX sees a GPU, within four minutes, and writes build/gpu.md; what there was
no time for stands there as such. ``--device cpu --size 64`` tries all of it on a processor, whose numbers say
nothing of a GPU.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from equisweep.engine.gpus.estimate import units_for_doubles
from peers import card
from tools import card_goals as goals
from tools.report import versions

ROOT = Path(__file__).parents[1]
LANES, FEW, SIDE, COPIED = 2**19, 2**16, 10_000, 2**27
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
    """One line of the page: what is timed, of how many, and how often after the first time.

    `make` returns the work; the first call is timed apart, for it compiles. Work that returns a float has
    timed itself.
    """

    name: str
    make: Callable[[], card.Work]
    count: int = 1
    repeats: int = 3

    @property
    def unit(self) -> str:
        """Of what is printed."""
        return SECONDS if self.count == 1 else NANOSECONDS


def rows(size: int, few: int, side: int, copied: int, folder: Path, device: str) -> Iterator[Row]:
    """All that is timed; what matters most comes first."""
    orbits, lorenz = partial(card.replicator_lanes, size), partial(card.lorenz_lanes, size)
    losses = folder / "losses.toml"
    losses.write_text(LOSSES.format(side=side), encoding="utf-8")
    yield Row(goals.FIRST, partial(card.new_model, few), repeats=0)
    yield Row(goals.LORENZ, lorenz, size)
    yield Row(goals.HOME, partial(lorenz, home=True), size)
    yield Row(goals.FIXED, partial(lorenz, fixed=True), size)
    yield Row(goals.TAYLOR, partial(orbits, solver="taylor"), size)
    yield Row(goals.SWINGS, partial(orbits, solver="taylor", swings=True), size)
    yield Row(goals.UNEVEN, partial(orbits, solver="tsit5", kind="uneven"), size)
    yield Row(goals.SORTED, partial(orbits, solver="tsit5", kind="sorted"), size)
    yield Row(goals.LORENZ_PEER, partial(card.lorenz_diffrax, few), few)
    yield Row(goals.REPLICATOR_PEER, partial(card.replicator_diffrax, few), few)
    yield Row(goals.PRESET, partial(card.sweep, REGIMES, folder, device))
    yield Row(goals.COMMAND, partial(card.command, REGIMES, folder, device), repeats=1)
    yield Row(goals.LOSSES, partial(card.sweep, losses, folder, device))
    yield Row(goals.LOSSES_CPU, partial(card.sweep, losses, folder, "cpu"))
    yield Row(goals.PINNED, partial(card.copied_home, copied, pinned=True))
    yield Row(goals.COPIED, partial(card.copied_home, copied, pinned=False))
    yield Row("replicator, tsit5", partial(orbits, solver="tsit5"), size)
    yield Row("Lorenz, adaptive at 1e-5, float32", partial(lorenz, single=True), size)
    yield Row("replicator, tsit5 at 1e-5, float32", partial(orbits, solver="tsit5", single=True), size)


def timed(row: Row, repeats: int) -> tuple[float, float]:
    """Seconds of the first call, and of one after it; the same where there is only the first."""
    work, seconds = row.make(), []
    for _ in range(min(repeats, row.repeats) + 1):
        began = time.perf_counter()
        result = work()
        seconds.append(result if isinstance(result, float) else time.perf_counter() - began)
    return seconds[0], median(seconds[1:] or seconds)


def page(where: str, lines: Sequence[Sequence[str]], reached: Sequence[Sequence[str]]) -> str:
    """The results as Markdown: the goals, then all that was timed."""
    packages = ", ".join(f"{name} {number}" for name, number in versions().items())
    return (
        f"# On {where}\n\nWritten by `benchmarks/on_a_gpu.py` with {packages}. The goals are an H100's.\n\n"
        f"{_table(['goal', 'wanted', 'measured', ''], reached)}\n\n"
        f"{_table(['', 'first call, s', 'steady', 'unit'], lines)}\n"
    )


def _table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    table = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(line) + " |" for line in table)


def on_the_card(device: Any) -> goals.Card:
    """What JAX, and NVIDIA's own tool, say of a card; an H100's units for doubles where nobody does."""
    said = ["nvidia-smi", "--query-gpu=clocks.max.sm", "--format=csv,noheader,nounits"]
    try:
        megahertz = float(subprocess.run(said, capture_output=True, text=True, check=True).stdout.split()[0])
    except (OSError, subprocess.CalledProcessError, ValueError, IndexError):
        megahertz = None
    units = units_for_doubles(str(getattr(device, "compute_capability", "")))
    return goals.Card(getattr(device, "core_count", 1), units, megahertz and 1e6 * megahertz)


@dataclass
class Measurements:
    """Seconds by the names of rows, of one orbit or run, and the lines of the page."""

    steady: dict[str, float] = field(default_factory=dict)
    first: dict[str, float] = field(default_factory=dict)
    lines: list[list[str]] = field(default_factory=list)


def measured(chosen: Sequence[Row], limit: float, repeats: int) -> Measurements:
    """All rows, as long as there is time [s]; what fails says how."""
    began, measurements = time.perf_counter(), Measurements()
    for row in chosen:
        if time.perf_counter() - began > limit:
            measurements.lines.append([row.name, "", "no time was left", row.unit])
            continue
        try:
            first, steady = timed(row, repeats)
            measurements.first[row.name], measurements.steady[row.name] = first, steady / row.count
            shown = steady if row.count == 1 else 1e9 * steady / row.count
            measurements.lines.append([row.name, f"{first:.2f}", f"{shown:.3g}", row.unit])
        except Exception as error:  # the others are worth having
            measurements.lines.append([row.name, "", f"{type(error).__name__}: {str(error)[:80]}", row.unit])
        print("  ".join(measurements.lines[-1]), flush=True)
    return measurements


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, write the page; 1 where nothing could be measured, or no GPU is there."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", choices=("gpu", "cpu"), default="gpu")
    parser.add_argument("--size", type=int, help="lanes, and points along an axis; fewer than usual")
    parser.add_argument("--only", default="", help="rows whose names hold this")
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "gpu.md")
    asked = parser.parse_args(arguments)
    import jax

    jax.config.update("jax_enable_x64", True)
    from equisweep.engine.device import pick_device
    from equisweep.engine.errors import SweepError

    try:
        device: Any = pick_device(asked.device)
    except SweepError as error:
        print(f"on_a_gpu: {error}", file=sys.stderr)
        return 1
    sizes = (asked.size,) * 4 if asked.size else (LANES, FEW, SIDE, COPIED)
    with tempfile.TemporaryDirectory() as folder:
        chosen = [row for row in rows(*sizes, Path(folder), asked.device) if asked.only in row.name]
        measurements = measured(chosen, 190, 1 if asked.size else 3)
    steps = (
        goals.operations_of(partial(card.lorenz_lanes, 8, fixed=True))
        if goals.FIXED in measurements.steady
        else 0
    )
    reached = goals.verdicts(
        goals.goals_of(measurements.steady, measurements.first, on_the_card(device), steps)
    )
    print(
        "\n".join(
            ": ".join((name, f"{value} ({wanted}) {verdict}")) for name, wanted, value, verdict in reached
        )
    )
    asked.output.parent.mkdir(parents=True, exist_ok=True)
    text = page(f"{device.device_kind} ({device})", measurements.lines, reached)
    asked.output.write_text(text, encoding="utf-8")
    print(f"wrote {asked.output}")
    return 0 if measurements.steady else 1


if __name__ == "__main__":
    sys.exit(main())
