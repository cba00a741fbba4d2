"""What every benchmark's command line shares."""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import report


def options(about: str | None) -> argparse.Namespace:
    """--quick, --note and --results."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="smaller sizes and fewer ways, the same code")
    parser.add_argument("--note", default="", help="what else a reader must know about this run")
    parser.add_argument(
        "--results", type=Path, default=report.here(), help="folder of the JSON (%(default)s)"
    )
    asked = parser.parse_args()
    _Chosen.note, _Chosen.folder = asked.note, asked.results
    return asked


class _Chosen:
    note = ""
    folder = report.here()


def save(results: dict[str, Any]) -> int:
    """Write the results and show the goals."""
    results["note"] = " ".join(filter(None, [results["note"], _Chosen.note]))
    file = report.write(results, _Chosen.folder)
    for m in results["matched"]:
        print(json.dumps(m))
    for g in results["goals"]:
        print(_goal_line(g))
    print(f"wrote {file}")
    return 0


def _goal_line(g: Mapping[str, Any]) -> str:
    wanted = f"at least {g['least']:g}" if g["least"] is not None else f"at most {g['most']:g}"
    verdict = {True: "holds", False: "MISSED", None: "not measured"}[g["holds"]]
    return f"{g['name']}: {g['value'] if g['value'] is None else round(g['value'], 3)} ({wanted}) {verdict}"
