"""Figures 3-5 of the internal-allocation paper: the loss of each study as a surface, the split beside it."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ...plots.look.png import save_png
from .claims import Study

TITLES = {
    "v": "Figure 3. Expected loss over the vulnerabilities v",
    "L": "Figure 4. Expected loss over the losses L",
    "E": "Figure 5. Expected loss over the efficiencies E",
}


def draw(s: Study, path: Path) -> None:
    """Write the surface of the expected loss, and a map of the share of data beside it, to `path`."""
    figure = Figure(figsize=(10.5, 4.4), layout="constrained")
    first, second = np.meshgrid(s.values, s.values, indexing="ij")
    axes = figure.add_subplot(1, 2, 1, projection="3d")
    axes.plot_surface(first, second, s.loss, cmap="viridis", linewidth=0, antialiased=True)
    axes.set_title(TITLES[s.parameter] + "\n(100 million CNY)", fontsize=11)
    axes.set_xlabel(f"{s.parameter} of data", labelpad=8)
    axes.set_ylabel(f"{s.parameter} of\napplication systems", labelpad=14)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(5))
    axes.set_zlabel("C", rotation=0)
    axes.view_init(28, {"v": -120, "L": -120, "E": 45}[s.parameter])
    axes.set_box_aspect(None, zoom=0.88)  # pyright: ignore[reportArgumentType]
    plane = figure.add_subplot(1, 2, 2)
    share = s.share[..., 0].clip(0, 1)  # a corner may be an ulp above 1, which no level would paint
    filled = plane.contourf(first, second, share, levels=np.linspace(0, 1, 11), cmap="cividis")
    figure.colorbar(filled, label="share of data")
    plane.set(
        xlabel=f"{s.parameter} of data", ylabel=f"{s.parameter} of application systems", title="Optimal split"
    )
    save_png(figure, path, dpi=150)
