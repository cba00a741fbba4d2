"""Where a conclusion fails: the share of failing points over the two axes along which it differs most."""

from collections.abc import Sequence
from textwrap import fill
from typing import Any

import numpy as np

from .conclusions import Finding
from .wording import share_text

_WIDE = 20  # an axis whose ends differ by more than this factor may be drawn logarithmically


def failing_map(findings: Sequence[Finding], symbols: dict[str, str]) -> Any:
    """A matplotlib figure of one conclusion, one panel a formulation; None where it fails nowhere.

    Colour is the share of failing points among those where the conclusion was decided, over the two axes
    along which that share differs most (all other axes counted together). White: fails
    nowhere; hatched: decided nowhere; the cross: the largest violation.
    """
    from matplotlib.figure import Figure

    failing = [f for f in findings if f.tally.fails]
    if not failing:
        return None
    pair = max(failing, key=lambda f: 0 < f.tally.fails < f.tally.decided).tally.widest_pair()
    if pair is None:
        return None
    figure = Figure(figsize=(4.4 * len(findings) + 0.9, 3.9), layout="constrained")
    panels = figure.subplots(1, len(findings), squeeze=False, sharey=True)[0]
    mesh = None
    for panel, finding in zip(panels, findings, strict=True):
        mesh = _panel(panel, finding, pair, symbols) or mesh
    panels[0].set_ylabel(symbols.get(pair[1], pair[1]))
    if mesh is not None:
        figure.colorbar(mesh, ax=panels, label="share of points where it fails", pad=0.02)
    conclusion = findings[0].conclusion
    width = int(12.5 * figure.get_figwidth())
    figure.suptitle(fill(f"Conclusion {conclusion.number}: {conclusion.claim}", width), fontsize=10)
    return figure


def _panel(panel: Any, finding: Finding, pair: tuple[str, str], symbols: dict[str, str]) -> Any:
    tally = finding.tally
    panel.set_facecolor("0.88")
    panel.patch.set_hatch("///")
    panel.set_xlabel(symbols.get(pair[0], pair[0]))
    failing = f"fails at {share_text(tally.fails, tally.decided)} of {tally.decided:,} points"
    panel.set_title(f"{finding.formulation}: {failing if tally.decided else 'never decided'}", fontsize=9)
    if pair not in tally.maps:
        return None
    fails, decided = tally.maps[pair]
    share = np.where(decided > 0, fails / np.maximum(decided, 1), np.nan)
    x, y = tally.axes[pair[0]], tally.axes[pair[1]]
    mesh = panel.pcolormesh(_edges(x), _edges(y), share.T, vmin=1e-12, vmax=1, cmap=_scale(), rasterized=True)
    if _is_wide(x):
        panel.set_xscale("log")
    if _is_wide(y):
        panel.set_yscale("log")
    if tally.fails:
        panel.plot(tally.at[pair[0]], tally.at[pair[1]], "x", color="black", markersize=8, markeredgewidth=2,
                   clip_on=False, zorder=5)  # fmt: skip
    return mesh


def _edges(values: np.ndarray) -> np.ndarray:
    """Borders of cells around the values of an axis, which begins and ends with its values."""
    wide = _is_wide(values)
    values = np.log(values) if wide else values.astype(float)
    edges = np.concatenate([values[:1], (values[1:] + values[:-1]) / 2, values[-1:]])
    return np.exp(edges) if wide else edges


def _scale() -> Any:
    """Yellow to red; white where the conclusion fails nowhere at all."""
    from matplotlib import colormaps

    return colormaps["YlOrRd"].with_extremes(under="white")


def _is_wide(values: np.ndarray) -> bool:
    """Whether an axis spans several sizes, and its steps are more nearly alike in logarithms."""
    if values.min() <= 0 or values.max() <= _WIDE * values.min():
        return False
    steps, factors = np.diff(values), np.diff(np.log(values))
    return bool(np.std(factors) / np.mean(factors) < np.std(steps) / np.mean(steps))
