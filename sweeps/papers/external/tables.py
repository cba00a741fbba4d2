"""The external paper's Tables 1-8 beside the numbers this project computes."""

import csv
from dataclasses import dataclass
from importlib.resources import files

from ...run import run_in_memory
from ...spec.sweep import Sweep
from ...text import table
from ..paper import Reproduction

# Half a unit of the last printed digit, and the rounding of the subtraction.
_AGREES = 5e-5 + 1e-9


@dataclass(frozen=True)
class Published:
    """One published data file: which tables it holds, its mechanism, its columns that vary."""

    tables: str
    file: str
    mechanism: str
    axes: tuple[str, ...]


PUBLISHED = (
    Published("Tables 1 and 2", "tables_1_2_noncooperation_n3.csv", "noncooperation", ("alpha", "beta")),
    Published("Table 3", "table_3_noncooperation_n4.csv", "noncooperation", ("alpha",)),
    Published("Tables 4 and 5", "tables_4_5_full_cooperation_n3.csv", "cooperation", ("alpha", "beta")),
    Published("Table 6", "table_6_full_cooperation_n4.csv", "cooperation", ("alpha",)),
    Published("Table 7", "table_7_compensation_n3.csv", "compensation", ("gamma",)),
    Published("Table 8", "table_8_sharing_n3.csv", "sharing", ("delta",)),
)


@dataclass(frozen=True)
class Cell:
    """One published number and ours."""

    at: tuple[float, ...]
    output: str
    paper: float
    ours: float

    @property
    def agrees(self) -> bool:
        """Whether ours rounds to the published digits."""
        return abs(self.paper - self.ours) <= _AGREES


def compare(published: Published) -> list[Cell]:
    """Run the sweep behind one published file and set its numbers beside the paper's."""
    text = files("equisweep.sweeps").joinpath("published", published.file).read_text(encoding="utf-8")
    rows = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(text.splitlines())]
    varying = {name: list(dict.fromkeys(row[name] for row in rows)) for name in published.axes}
    constant = {
        name: rows[0][name]
        for name in rows[0]
        if name not in (*published.axes, "investment", "expected_loss")
    }
    sweep = Sweep(
        model="external",
        axes=varying,
        fixed={"mechanism": published.mechanism, "formulation": "published", "L": 400, "v": 0.5, "E": 0.1}
        | constant,
        outputs=["investment", "expected_loss"],
        origin=published.tables,
    )
    cube = run_in_memory(sweep)
    cells = []
    for output in ("investment", "expected_loss"):
        for row in rows:
            at = {name: row[name] for name in published.axes}
            cells.append(Cell(tuple(at.values()), output, row[output], float(cube[output].sel(at))))
    return cells


def compare_all() -> Reproduction:
    """All tables side by side as text, and whether every number agrees."""
    parts, total, wrong = [], 0, 0
    for published in PUBLISHED:
        cells = compare(published)
        total += len(cells)
        wrong += sum(not cell.agrees for cell in cells)
        parts.append(_format(published, cells))
    parts.append(f"{total - wrong} of {total} published numbers agree to their last printed digit.")
    return Reproduction("\n\n".join(parts), wrong == 0)


def _format(published: Published, cells: list[Cell]) -> str:
    """One published file as text: paper and ours in columns for one axis, in rows for two."""
    worst = max(abs(cell.paper - cell.ours) for cell in cells)
    title = f"{published.tables}: {published.mechanism}; largest difference {worst:.1e}"
    if len(published.axes) == 1:
        return f"{title}\n\n{_columns(published.axes[0], cells)}"
    return "\n".join(
        [title, *(_rows(published.axes, cells, name) for name in ("investment", "expected_loss"))]
    )


def _columns(axis: str, cells: list[Cell]) -> str:
    head = (axis, "investment: paper", "ours", "expected loss: paper", "ours", "")
    rows = []
    for at in dict.fromkeys(cell.at for cell in cells):
        e, loss = (cell for cell in cells if cell.at == at)
        numbers = [f"{number:.4f}" for number in (e.paper, e.ours, loss.paper, loss.ours)]
        rows.append((f"{at[0]:g}", *numbers, "" if e.agrees and loss.agrees else "differs"))
    return table(head, rows)


def _rows(axes: tuple[str, ...], cells: list[Cell], output: str) -> str:
    lines = [f"\n{output}, down: {axes[0]}, across: {axes[1]}"]
    mine = [cell for cell in cells if cell.output == output]
    lines.append(f"{'':13}" + "".join(f"{at:10g}" for at in dict.fromkeys(cell.at[1] for cell in mine)))
    for first in dict.fromkeys(cell.at[0] for cell in mine):
        row = [cell for cell in mine if cell.at[0] == first]
        lines.append(f"{first:<6g} paper {''.join(f'{cell.paper:10.4f}' for cell in row)}")
        marks = "".join(f"{cell.ours:10.4f}{'' if cell.agrees else '*'}" for cell in row)
        lines.append(f"{'':6}  ours {marks}{'' if all(cell.agrees for cell in row) else '  * differs'}")
    return "\n".join(lines)
