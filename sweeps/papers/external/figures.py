"""Figures 1-8 of the external paper: curves computed here, and the numbers of its tables as points."""

import csv
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ...plots.look.png import save_png
from .studies import FORMULATIONS, Studies

if TYPE_CHECKING:
    import xarray as xr

_LINES = {"exact": ("-", "#2f6690"), "published": ("--", "#b5651d")}
_AXES = {
    "alpha": "α, probability that an intrusion propagates",
    "beta": "β, probability of an intrusion attempt",
    "gamma": "γ, compensation coefficient",
    "delta": "δ, sharing rate of information",
    "investment": "investment of a city",
    "expected_loss": "expected loss",
}
# Number: what is drawn, over what, where, from which table, and its title.
_FIGURES: dict[int, tuple[str, str, str, dict[str, Any], str, str]] = {
    1: ("investment", "beta", "conditions", {"mechanism": "noncooperation", "alpha": 0.1, "n": 3},
        "tables_1_2_noncooperation_n3", "Without cooperation: investment over β"),
    2: ("investment", "alpha", "conditions", {"mechanism": "noncooperation", "beta": 0.1, "n": 3},
        "tables_1_2_noncooperation_n3", "Without cooperation: investment over α"),
    3: ("investment", "beta", "conditions", {"mechanism": "cooperation", "alpha": 0.1, "n": 3},
        "tables_4_5_full_cooperation_n3", "Full cooperation: investment over β"),
    4: ("investment", "alpha", "conditions", {"mechanism": "cooperation", "beta": 0.1, "n": 3},
        "tables_4_5_full_cooperation_n3", "Full cooperation: investment over α"),
    5: ("investment", "gamma", "compensation", {}, "table_7_compensation_n3",
        "Compensation: investment over γ"),
    6: ("expected_loss", "gamma", "compensation", {}, "table_7_compensation_n3",
        "Compensation: expected loss over γ"),
    7: ("investment", "delta", "sharing", {}, "table_8_sharing_n3", "Sharing: investment over δ"),
    8: ("expected_loss", "delta", "sharing", {}, "table_8_sharing_n3", "Sharing: expected loss over δ"),
}  # fmt: skip


def draw(s: Studies, folder: Path) -> list[Path]:
    """Write figure-1.png to figure-8.png into `folder` (made if missing)."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number, (output, axis, study, at, table, title) in _FIGURES.items():
        figure = Figure(figsize=(5.6, 4.0), layout="constrained")
        cube = getattr(s, study)
        cube = cube.isel(place=0) if study == "compensation" else cube.sel(at)
        axes = figure.add_subplot()
        _curves(axes, cube, output, axis)
        x, y = _printed(table, output, axis, at)
        axes.plot(x, y, "o", color="black", markersize=4, label="the paper's table", zorder=5)
        axes.set(xlabel=_AXES[axis], ylabel=f"{_AXES[output]} [money]", title=f"Figure {number}. {title}")
        axes.legend(frameon=False)
        paths.append(folder / f"figure-{number}.png")
        save_png(figure, paths[-1], dpi=110)
    return paths


def _curves(axes: Axes, cube: "xr.Dataset", output: str, axis: str) -> None:
    """Both formulations; one line where they are the same."""
    values = {name: cube[output].sel(formulation=name).values for name in FORMULATIONS}
    same = np.allclose(values["exact"], values["published"], rtol=1e-9)
    for name in FORMULATIONS[:1] if same else FORMULATIONS:
        style, colour = _LINES[name]
        label = "computed" if same else f"computed, {name}"
        axes.plot(cube[axis].values, values[name], style, color=colour, linewidth=1.4, label=label)


def _printed(table: str, output: str, axis: str, at: dict[str, Any]) -> tuple[list[float], list[float]]:
    """The points of a published table along an axis."""
    text = files("equisweep.sweeps").joinpath("published", f"{table}.csv").read_text(encoding="utf-8")
    rows = [row for row in csv.DictReader(text.splitlines())
            if all(float(row[k]) == v for k, v in at.items() if k in ("alpha", "beta"))]  # fmt: skip
    return [float(row[axis]) for row in rows], [float(row[output]) for row in rows]
