"""Results as Markdown: ``python benchmarks/page.py`` writes the goals' page and one a machine anew."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tools.report import DOCS, read_all

# Every benchmark that `run_all` runs, in this order: a new one is entered here.
ORDER = (
    "work_precision",
    "uneven_lanes",
    "lorenz",
    "stiff_lanes",
    "field_baselines",
    "loss_sweep",
    "grid_to_zarr",
    "first_run",
    "reduced",
    "sensitivity",
    "sensitivity_jax",
)

Results = Sequence[Mapping[str, Any]]

HEAD = """# Benchmarks

Written by `make bench` (or `make bench-quick`: the same code, smaller sizes) from `benchmarks/results/`; not
edited by hand. Each peer has a process of its own and does the same work on the same machine; the processes
are timed in turn. *First call* includes compilation, *steady* is the median of the repeats after it, *spread*
their range over the median, *CPU* the time of all threads, *cores* that over wall time, *ratio* our rate over
the row's (at the row's own error where errors differ). Errors are measured, not asked for. What was measured
while others had more than half of the machine is *not valid*: it waits to be measured again.
"""
# With less than this share of its cores to be had a machine was busy with something else.
LEAST_CORES = 0.5


def summary(machines: Mapping[str, Results]) -> str:
    """The first page: all goals, a column for each machine, and where its rows are."""
    columns = {
        name: {(f["benchmark"], g["name"]): (f, g) for f in results for g in f["goals"]}
        for name, results in machines.items()
    }
    rows = []
    keys = dict.fromkeys(key for column in columns.values() for key in column)
    for key in sorted(keys, key=lambda key: _rank(key[0])):
        cells = [column.get(key) for column in columns.values()]
        some = next(cell[1] for cell in cells if cell)
        rows.append([*key, _wanted(some), *("" if cell is None else _measured(*cell) for cell in cells)])
    parts = [HEAD, "## Goals", "", table(["benchmark", "goal", "wanted", *columns], rows)]
    parts += ["An empty cell: not asked by the version of the benchmark that ran there.", ""]
    parts += ["All rows: " + ", ".join(f"[{name}]({page_of(name)})" for name in machines) + ".", ""]
    parts += [toctree(machines)]
    return "\n".join(parts)


def toctree(machines: Iterable[str]) -> str:
    """For the documentation site: the pages that follow this one in its contents."""
    return "\n".join(["```{toctree}", ":hidden:", "", *machines, "```", ""])


def page_of(name: str) -> str:
    """The file beside the first page that holds a machine's rows."""
    return f"{name}.md"


def whole(name: str, results: Results) -> str:
    """The page of one machine: every benchmark in full."""
    head = f"# Benchmarks: {name}\n\nHow to read it, and the goals: [benchmarks](index.md).\n"
    return "\n".join([head, *(section(result) for result in sorted(results, key=_order))])


def _order(result: Mapping[str, Any]) -> int:
    return _rank(result["benchmark"])


def _rank(benchmark: str) -> int:
    return ORDER.index(benchmark) if benchmark in ORDER else len(ORDER)


def _measured(result: Mapping[str, Any], g: Mapping[str, Any]) -> str:
    verdict = {True: "", False: " **missed**", None: "not measured"}[g["holds"]]
    if g["holds"] is not None and not valid(result):
        verdict = " **not valid**"
    return f"{number(g['value'])}{verdict}{' (quick run)' if result['quick'] else ''}"


def _wanted(g: Mapping[str, Any]) -> str:
    return f"at least {number(g['least'])}" if g["least"] is not None else f"at most {number(g['most'])}"


def section(result: Mapping[str, Any]) -> str:
    """One benchmark: what it is, on what it ran, rates at matched error, every row."""
    parts = [
        f"## {result['benchmark']}{' (quick run)' if result['quick'] else ''}",
        "",
        result["about"].strip(),
    ]
    parts += ["", _where(result), ""]
    if result["matched"]:
        parts += [_matched(result), ""]
    headings = [
        "who",
        "how",
        "size",
        "steps",
        "error",
        "99.9% error",
        "first call, s",
        "steady, s",
        "spread",
        "CPU, s",
    ]
    headings += [f"{result['unit']}/s", "ratio", "cores", "note"]
    parts.append(table(headings, [_row(r) for r in result["rows"]]))
    return "\n".join(parts)


def valid(result: Mapping[str, Any]) -> bool:
    """Whether enough of the machine's cores were to be had while a benchmark ran, or nobody looked."""
    had = result["machine"]["cores_to_be_had"]
    return had is None or had >= LEAST_CORES * result["machine"]["cores"]


def _where(result: Mapping[str, Any]) -> str:
    m = result["machine"]
    used = ", ".join(f"{k} {v}" for k, v in result["versions"].items() if v != "not installed")
    had = m["cores_to_be_had"]
    text = (
        f"{result['when']}, {m['cpu']}, {m['cores']} cores, {m['ram_gib']} GiB, {m['system']}, "
        f"Python {m['python']}, load before the run {m['load_before']}, cores "
        f"to be had during it {'unknown' if had is None else f'{had:.2f}'}. {used}."
    )
    busy = "" if valid(result) else "**Not valid**: others had more than half of the machine. "
    return f"{busy}{text} {result['note']}".strip()


def _matched(result: Mapping[str, Any]) -> str:
    names = {"error": "largest error", "error_999": "99.9% error"}
    rows = [
        [
            names.get(m["by"], m["by"]),
            f"{m['error']:.0e}",
            m["who"],
            number(m["rate"]),
            number(m["ratio"]),
            number(m["cpu_ratio"]),
        ]
        for m in result["matched"]
    ]
    return table(
        ["matched by", "error", "who", f"{result['unit']}/s", "ours / theirs", "per CPU second"], rows
    )


def _row(r: Mapping[str, Any]) -> list[str]:
    if r["status"] != "ok":
        return [r["who"], r["variant"], f"{r['size']:,}", *[""] * 10, r["status"]]
    return [
        r["who"],
        r["variant"],
        f"{r['size']:,}",
        number(r["steps"]),
        _power(r["error"]),
        _power(r["error_999"]),
        number(r["first_call"]),
        number(r["median"]),
        "" if r["spread"] is None else f"{r['spread']:.0%}",
        number(r["cpu"]),
        number(r["rate"]),
        number(r["ratio"]),
        "" if r["cores"] is None else f"{r['cores']:.2f}",
        r["note"],
    ]


def _power(value: float | None) -> str:
    return "" if value is None else f"{value:.1e}"


def number(value: float | None) -> str:
    """Three significant digits, with thousands set off; empty for None."""
    if value is None:
        return ""
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [headings, ["---"] * len(headings), *rows]
    return (
        "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
        + "\n"
    )


def pages() -> dict[str, str]:
    """All pages, by their names in docs/benchmarks."""
    machines = {name: sorted(results, key=_order) for name, results in read_all().items()}
    return {"index.md": summary(machines)} | {
        page_of(n): whole(n, results) for n, results in machines.items()
    }


def main() -> int:
    """Write the pages."""
    for name, text in pages().items():
        (DOCS / name).write_text(text, encoding="utf-8")
        print(f"wrote {DOCS / name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
