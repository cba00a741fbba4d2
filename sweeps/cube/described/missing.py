"""What of a cube is still to be computed, whose part it is, and who writes to it: as text."""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from ....engine.errors import SweepError
from ....engine.gate.text import clean
from ....engine.store.journal import logged_runs
from ....engine.store.manifest import complete
from ....engine.store.read import Reader
from ....engine.store.shared.parts import Part, dealt, part_of
from ....engine.store.shared.signs import Writer, is_part, writers
from ...text import table

_MOST_ROWS = 64


@dataclass(frozen=True)
class _Worker:
    """Who last worked at a part: a host, and how that stands."""

    host: str
    state: str


def describe_missing(reader: Reader) -> list[str]:
    """Lines on what is missing, by part and by host, and on who writes; none of a cube that is complete.

    A tile counts as missing as long as it has no record.
    """
    layout, manifest = reader.cube.layout, reader.manifest
    present = manifest.indices[complete(manifest, layout)]
    at_work = writers(reader.root)
    if len(present) == len(layout) and not at_work:
        return []
    lines = [f"{len(layout) - len(present):,} of {len(layout):,} tiles are missing"]
    now = time.time()
    whole = [f"{writer}, {_state(writer, now)}" for writer in at_work if not is_part(writer.part)]
    workers = _workers(reader, at_work, now)
    for of in sorted({part.of for part in workers}):
        lines += ["", *_by_part(of, {p: w for p, w in workers.items() if p.of == of}, reader, present)]
    more = [f"and {len(whole) - _MOST_ROWS} more"] if len(whole) > _MOST_ROWS else []
    return [clean(line, 300) for line in [*lines, *whole[:_MOST_ROWS], *more]]


def _by_part(of: int, workers: Mapping[Part, _Worker], reader: Reader, present: np.ndarray) -> Sequence[str]:
    """What is missing of each of so many parts, and of each host."""
    rows, hosts, whole = [], {}, 0
    owner = dealt(reader.cube.layout, of)
    missing = ~np.isin(np.arange(len(reader.cube.layout)), present)
    for number in range(1, of + 1):
        part = Part(number, of)
        left, tiles = int(missing[owner == number].sum()), int((owner == number).sum())
        worker = workers.get(part, _Worker("-", "never begun"))
        hosts[worker.host] = hosts.get(worker.host, 0) + left
        if not left and not worker.state.startswith("writing"):
            whole += 1
        else:
            rows.append((str(part), f"{tiles:,}", f"{left:,}", worker.host, worker.state))
    lines = [f"{whole} of {of} parts are complete"]
    if rows:
        lines += table(("part", "tiles", "missing", "host", "state"), rows[:_MOST_ROWS]).splitlines()
        lines += [f"and {len(rows) - _MOST_ROWS} more parts"] if len(rows) > _MOST_ROWS else []
        by_host = [(host, f"{left:,}") for host, left in sorted(hosts.items()) if left]
        lines += ["", *table(("host", "missing"), by_host).splitlines()] if by_host else []
    return lines


def _workers(reader: Reader, at_work: Sequence[Writer], now: float) -> dict[Part, _Worker]:
    """Who last worked at each part: by the journal, where it ended, and by its file, where it did not."""
    workers = {}
    for entry in logged_runs(reader.root):
        with suppress(SweepError, KeyError, TypeError):
            state = "ended" if entry["tiles"] == entry["of"] else "stopped"
            workers[part_of(entry["part"])] = _Worker(str(entry["host"]), state)
    for writer in sorted(at_work, key=lambda writer: writer.signed):
        with suppress(SweepError):
            workers[part_of(writer.part)] = _Worker(writer.owner.host, _state(writer, now))
    return workers


def _state(writer: Writer, now: float) -> str:
    if writer.gone(now):
        return "killed"
    return f"writing, gave a sign of life {max(now - writer.signed, 0):.0f} s ago"
