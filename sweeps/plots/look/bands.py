"""How numbers become colours: a scale between two ends, or bands between levels."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ....engine.errors import Argument, SweepError
from .numbers import even_levels, log_levels
from .style import Style

_BANDS = 9


@dataclass(frozen=True)
class Colours:
    """A colour map with its norm, the ticks of its bar (None: where they are round), and the bands' edges.

    `extend` says beyond which ends of the bar there are values: "neither", "min", "max" or "both".
    """

    cmap: Any
    norm: Any
    ticks: np.ndarray | None = None
    edges: np.ndarray | None = None
    extend: str = "neither"

    @property
    def mappable(self) -> Any:
        """What a colour bar is made of."""
        from matplotlib.cm import ScalarMappable

        return ScalarMappable(self.norm, self.cmap)


def scale(values: np.ndarray, style: Style, log: bool) -> Colours:
    """Colours of all values (none of them masked or infinite): smooth, or bands where levels are stated.

    Few integers have a colour each. Raises SweepError where the range holds none of the values.
    """
    from matplotlib.colors import BoundaryNorm, LogNorm, Normalize

    if style.levels is not None:
        return bands(values, style, log)
    low, high = values.min(), values.max()
    if values.dtype.kind in "iu" and high - low < 12 and not log and not style.ranged:
        whole = np.arange(low, high + 1)
        return Colours(style.colours, BoundaryNorm(np.append(whole, high + 1) - 0.5, 256), ticks=whole)
    first, last = _ends(float(low), float(high), style)
    if first == last:
        last = first + (abs(first) * 1e-3 or 1e-3)
    norm = (LogNorm if log else Normalize)(first, last)
    return Colours(style.colours, norm, extend=_beyond(float(low), float(high), first, last))


def bands(values: np.ndarray, style: Style, log: bool) -> Colours:
    """Bands of colour between levels: those stated, or round ones that hold the whole range."""
    from matplotlib.colors import BoundaryNorm

    low, high = float(values.min()), float(values.max())
    first, last = _ends(low, high, style)
    if isinstance(style.levels, int) or style.levels is None:
        levels = (log_levels if log else even_levels)(first, last, style.levels or _BANDS)
    else:
        levels = np.asarray(style.levels, float)
        if log and levels[0] <= 0:
            raise SweepError(
                "plot: ", Argument("levels", float(levels[0])), ": a log scale needs numbers > 0"
            )
    # What lies beyond the levels is a band of its own, so that nothing is left white.
    below, above = [low] if low < levels[0] else [], [high] if high > levels[-1] else []
    edges = np.concatenate([below, levels, above])
    if len(edges) < 2:  # one level, which all values have
        edges = np.array([levels[0] - 0.5, levels[0] + 0.5])
    return Colours(style.colours, BoundaryNorm(edges, 256), ticks=levels, edges=edges)


def _ends(low: float, high: float, style: Style) -> tuple[float, float]:
    first, last = style.ends(low, high)
    if first > last or (style.ranged and (first > high or last < low)):
        ends = ["" if end is None else f"{end:g}" for end in (style.vmin, style.vmax)]
        name = "vmin" if style.vmin is not None else "vmax"
        raise SweepError(
            "plot: ",
            Argument(name, getattr(style, name), typed=":".join(ends)),
            f": no value lies there; they run from {low:g} to {high:g}",
        )
    return first, last


def _beyond(low: float, high: float, first: float, last: float) -> str:
    return {(0, 0): "neither", (1, 0): "min", (0, 1): "max", (1, 1): "both"}[low < first, high > last]
