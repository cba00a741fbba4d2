"""What `make kernels` has tried: rows of a law, a model and a solver, each a file with its commit.

So parts that are run one after another add up to one table, and what was assembled before is not again.
"""

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import NamedTuple

from helpers.codegen.gpu import CARDS, Assembled, assembler
from helpers.project import ROOT

FOLDER, TABLE = ROOT / "build" / "kernels", ROOT / "build" / "kernels.md"
# Laws of a model and a solver, as the table heads their columns.
LAWS = {
    "loops": "loops",
    "bits": "their bits",
    "whole": "whole orbits",
    "whole_bits": "their bits",
    "single": "float32",
    "single_bits": "its bits",
}
Kernels = dict[str, list[Assembled]]


class Row(NamedTuple):
    """The commit on which a law was tried, and kernels by their digests, each as for all cards."""

    commit: str
    kernels: Kernels


@contextmanager
def row(law: str, *names: str) -> Iterator[Kernels]:
    """Kernels to be filled: they are kept once the law holds, and what was kept before is gone."""
    file = FOLDER / ".".join([law, *names, "json"])
    file.unlink(missing_ok=True)
    kernels: Kernels = {}
    yield kernels
    FOLDER.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(Row(commit(), kernels)), encoding="utf-8")


def rows(law: str) -> dict[tuple[str, ...], Row]:
    """All rows of a law, by names."""
    result = {}
    for file in sorted(FOLDER.glob(f"{law}.*.json")):
        commit, kernels = json.loads(file.read_text(encoding="utf-8"))
        kernels = {digest: [Assembled(*one) for one in of_cards] for digest, of_cards in kernels.items()}
        result[tuple(file.name.split(".")[1:-1])] = Row(commit, kernels)
    return result


@cache
def assembled_before() -> Kernels:
    """Every kernel of all rows; more may be added."""
    return {
        digest: made for law in LAWS for one in rows(law).values() for digest, made in one.kernels.items()
    }


@cache
def assembler_version() -> str:
    """What the assembler says of itself."""
    return subprocess.run([assembler(), "--version"], check=True, capture_output=True, text=True).stdout


@cache
def commit() -> str:
    """The commit that is tried, and whether files differ from it; nothing outside of a repository."""
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--exclude", "*"]
    return subprocess.run(command, check=False, capture_output=True, text=True).stdout.strip()


def write_table(each: list[tuple[str, str]]) -> None:
    """Write build/kernels.md, of these models and solvers: what kernels take, and which commit was tried."""
    of = {law: rows(law) for law in LAWS}
    lines = [f"Registers for {' / '.join(CARDS)}, bytes of a thread in shared and in local memory.", ""]
    lines += ["| model | solver | loop over steps | largest other loop | all of an orbit |"]
    lines += ["|---|---|---|---|---|"]
    for case in each:
        loops = _kernels(of["loops"], case)
        cells = [*case, _text(loops[:1]), _text(loops[1:]), _text(_kernels(of["whole"], case))]
        lines.append(f"| {' | '.join(cells)} |")
    lines += [
        "",
        "The commit on which each was tried:",
        "",
        f"| model | solver | {' | '.join(LAWS.values())} |",
    ]
    lines.append("|---|---|" + "---|" * len(LAWS))
    for case in each:
        commits = [of[law][case].commit if case in of[law] else "" for law in LAWS]
        lines.append(f"| {' | '.join([*case, *commits])} |")
    lines += ["", "| preset | kernels | largest kernel | commit |", "|---|---|---|---|"]
    for (name,), one in rows("grid").items():
        kernels = [*one.kernels.values()]
        lines.append(f"| {name} | {len(kernels)} | {_text(kernels)} | {one.commit} |")
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _kernels(of: Mapping[tuple[str, ...], Row], case: tuple[str, str]) -> list[list[Assembled]]:
    return [*of[case].kernels.values()] if case in of else []


def _text(kernels: list[list[Assembled]]) -> str:
    """Registers for each card, bytes of shared and of local memory: the most of each."""
    if not kernels:
        return ""
    registers = "/".join(str(max(one.registers for one in of_card)) for of_card in zip(*kernels, strict=True))
    shared, local = (max(getattr(one, kind) for of in kernels for one in of) for kind in ("shared", "local"))
    return f"{registers}, {shared}, {local}"
