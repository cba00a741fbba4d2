"""Results as JSON and as Markdown, goals, and rates at matched error.

A file of results holds what one benchmark found in one run: `REQUIRED` and `ROW` name its keys.
"""

import json
import math
import os
import platform
import time
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from itertools import pairwise
from pathlib import Path
from typing import Any

from .harness import OURS, PROBE, Row

HERE = Path(__file__).parents[1]
RESULTS = HERE / "results"  # a folder for each kind of machine
DOCS = HERE.parent / "docs" / "benchmarks"

PACKAGES = (
    *("equisweep", "jax", "jaxlib", "diffrax", "numpy", "scipy", "xarray", "zarr", "zarrs", "numba"),
    *("SALib", "numbalsoda", "heyoka", "torch", "torchode", "torchdiffeq", "nashpy", "egttools", "xyzpy"),
)

REQUIRED = {
    "benchmark": str,
    "about": str,
    "unit": str,
    "quick": bool,
    "when": str,
    "note": str,
    "machine": dict,
    "versions": dict,
    "rows": list,
    "matched": list,
    "goals": list,
}
NUMBER = (int, float, type(None))
ROW = {
    "who": str,
    "variant": str,
    "options": dict,
    "size": int,
    "steps": NUMBER,
    "error": NUMBER,
    "error_999": NUMBER,
    "first_call": NUMBER,
    "seconds": list,
    "median": NUMBER,
    "spread": NUMBER,
    "cpu": NUMBER,
    "rate": NUMBER,
    "ratio": NUMBER,
    "cores": NUMBER,
    "note": str,
    "status": str,
}


def machine() -> dict[str, Any]:
    """What the numbers were measured on."""
    return {
        "cpu": _cpu(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "ram_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "load_before": round(os.getloadavg()[0], 1),
    }


def here() -> Path:
    """The folder for results of machines like this one."""
    return RESULTS / f"{machine()['cores']}-cores-{_vector_units()}"


def _cpu() -> str:
    model = _cpuinfo().get("model name") or platform.processor() or platform.machine()
    return f"{model} ({_vector_units()})"


def _vector_units() -> str:
    flags = _cpuinfo().get("flags", "").split()
    return next((name for name in ("avx512f", "avx2", "avx") if name in flags), platform.machine())


def _cpuinfo() -> dict[str, str]:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    return {k.strip(): v.strip() for k, _, v in (line.partition(":") for line in lines)}


def versions() -> dict[str, str]:
    """The version of every package that matters; "not installed" where it is not."""
    installed = {}
    for name in PACKAGES:
        try:
            installed[name] = version(name)
        except PackageNotFoundError:
            installed[name] = "not installed"
    return installed


def matched_rate(points: Iterable[tuple[float | None, float | None]], error: float) -> float | None:
    """The rate at which an error is met, interpolated between (error, rate) points, both on log scales.

    Only points that no other beats in both are used. Where all meet the error with room to spare, the
    fastest counts; None where none meets it.
    """
    sound = [(e, r) for e, r in points if e is not None and r and math.isfinite(e) and math.isfinite(r)]
    front: list[tuple[float, float]] = []
    for e, r in sorted((max(e, 1e-17), r) for e, r in sound):
        if front and front[-1][0] == e:
            front.pop()  # same error: sorted, so this one is the faster
        if not front or r > front[-1][1]:
            front.append((e, r))
    if not front or error < front[0][0]:
        return None
    for (e0, r0), (e1, r1) in pairwise(front):
        if e0 <= error <= e1:
            part = math.log(error / e0) / math.log(e1 / e0)
            return r0 * (r1 / r0) ** part
    return front[-1][1]


def matched(rows: Sequence[Row], errors: Sequence[float], key: str = "error") -> list[dict[str, Any]]:
    """For each peer and error, its best rate there and ours over it; the same per second of CPU time.

    The latter suffers less from other programs, but does not tell who left a core idle.
    """
    rates = []
    for error in errors:
        common = {"error": error, "by": key}
        mine, our_cpu = _both_rates(rows, OURS, key, error)
        for who in dict.fromkeys(r["who"] for r in rows if r["who"] != PROBE):
            rate, cpu = _both_rates(rows, who, key, error)
            ratio = mine / rate if mine and rate else None
            cpu_ratio = our_cpu / cpu if our_cpu and cpu else None
            rates.append({"who": who, **common, "rate": rate, "ratio": ratio, "cpu_ratio": cpu_ratio})
    return rates


def _both_rates(rows: Sequence[Row], who: str, key: str, error: float) -> tuple[float | None, float | None]:
    some = [r for r in rows if r["who"] == who]
    per_cpu = [(r[key], r["size"] / r["cpu"] if r["cpu"] else None) for r in some]
    return matched_rate([(r[key], r["rate"]) for r in some], error), matched_rate(per_cpu, error)


def goal(name: str, value: float | None, *, least: float | None = None, most: float | None = None) -> dict:
    """A goal: `value` is to be at least or at most so much. It is open where there is no value."""
    holds = None
    if value is not None:
        holds = value >= least if least is not None else value <= most
    return {"name": name, "value": value, "least": least, "most": most, "holds": holds}


def busy_goal(rows: Iterable[Row], mine: Row | None, least: float = 0.9) -> dict:
    """The goal that ours keeps as many cores busy as threads that hash, in the same run."""
    had = _to_be_had(rows)
    share = mine["cores"] / had if had and mine and mine["cores"] else None
    return goal("cores kept busy by ours, over what hashing threads kept busy", share, least=least)


def _to_be_had(rows: Iterable[Row]) -> float | None:
    return next((r["cores"] for r in rows if r["who"] == PROBE), None)


def result(
    benchmark: str,
    about: str,
    unit: str,
    rows: Sequence[Row],
    *,
    quick: bool,
    note: str = "",
    matched: Sequence[Mapping[str, Any]] = (),
    goals: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """Everything a benchmark found, ready for `write`."""
    return {
        "benchmark": benchmark,
        "about": about,
        "unit": unit,
        "quick": quick,
        "when": time.strftime("%Y-%m-%d"),
        "note": note,
        "machine": machine() | {"cores_to_be_had": _to_be_had(rows)},
        "versions": versions(),
        "rows": [r for r in rows if r["who"] != PROBE],
        "matched": list(matched),
        "goals": list(goals),
    }


def check(results: Mapping[str, Any]) -> None:
    """ValueError where a file of results lacks a key or holds a value of the wrong kind."""
    for where, table, keys in [
        ("results", results, REQUIRED),
        *((f"row {i}", row, ROW) for i, row in enumerate(results.get("rows", []))),
    ]:
        for key, kind in keys.items():
            if key not in table:
                raise ValueError(f"{where}: {key} is missing")
            if not isinstance(table[key], kind):
                raise ValueError(f"{where}: {key} = {table[key]!r} is of the wrong kind")


def write(results: Mapping[str, Any], folder: Path) -> Path:
    """Keep results as ``<benchmark>.json`` (``.quick.json`` from a quick run)."""
    check(results)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{results['benchmark']}{'.quick' if results['quick'] else ''}.json"
    file.write_text(json.dumps(results, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    return file


def read(folder: Path) -> list[dict[str, Any]]:
    """All results in a folder; where a benchmark has both, the full run and not the quick one."""
    chosen: dict[str, dict[str, Any]] = {}
    for file in sorted(folder.glob("*.json")):
        results = json.loads(file.read_text(encoding="utf-8"))
        check(results)
        if results["benchmark"] not in chosen or not results["quick"]:
            chosen[results["benchmark"]] = results
    return list(chosen.values())


def read_all() -> dict[str, list[dict[str, Any]]]:
    """The kept results of every kind of machine, by the name of its folder."""
    return {folder.name: read(folder) for folder in sorted(RESULTS.iterdir()) if folder.is_dir()}
