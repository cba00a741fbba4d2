"""Figures 1-3 of the contract paper, drawn from the contracts solved in `claims`."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ...plots.look.png import save_png
from .claims import Studies

OPTIMAL, EQUAL = "#2f6690", "#b5651d"


def draw(s: Studies, folder: str | Path) -> list[Path]:
    """Write figure_1.png to figure_3.png into `folder`, which must exist."""
    folder = Path(folder)
    drawings = {"figure_1.png": _gain, "figure_2.png": _utilities, "figure_3.png": _every_contract}
    for name, drawing in drawings.items():
        figure = Figure(figsize=(6.2, 4.0), layout="constrained")
        drawing(figure.add_subplot(), s)
        save_png(figure, folder / name, dpi=150)
    return [folder / name for name in drawings]


def _gain(axes: Axes, s: Studies) -> None:
    axes.plot(s.counts, 100 * s.gain_growing, "s-", color=EQUAL, label="resources grow with each one added")
    axes.plot(s.counts, 100 * s.gain_fixed, "o-", color=OPTIMAL, label="resources fixed")
    axes.set(
        xlabel="infrastructures",
        ylabel="centre's gain over equal split (%)",
        title="Figure 1. Gain of optimal contracts",
        xlim=(s.counts[0] - 0.5, s.counts[-1] + 0.5),
        ylim=(0, 115 * s.gain_growing.max()),
    )
    axes.legend(frameon=False, loc="lower left")


def _utilities(axes: Axes, s: Studies) -> None:
    types = np.arange(1, len(s.type_utility) + 1)
    axes.plot(types, s.type_utility, "o-", color=OPTIMAL, label="optimal contracts")
    axes.plot(types, s.equal_utility, "s-", color=EQUAL, label="equal split")
    axes.set(
        xlabel="type", ylabel="utility of the infrastructure", title="Figure 2. Utility by type", xticks=types
    )
    axes.legend(frameon=False)


def _every_contract(axes: Axes, s: Studies) -> None:
    contracts = np.arange(1, s.any_contract.shape[1] + 1)
    for k, row in enumerate(s.any_contract):
        (line,) = axes.plot(contracts, row, "o-", label=f"type {k + 1}")
        axes.plot(k + 1, row[k], "o", markersize=12, fillstyle="none", color=line.get_color())
    axes.axhline(0, color="0.6", linewidth=0.8)
    axes.set(
        xlabel="contract taken",
        ylabel="utility of the infrastructure",
        title="Figure 3. Utility under every contract (ring: its own)",
        xticks=contracts,
    )
    axes.legend(frameon=False)
