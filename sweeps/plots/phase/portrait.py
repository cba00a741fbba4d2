"""Phase portraits: how a model moves at a cube's parameters, where it rests, and the paths it took."""

from collections import Counter
from enum import Enum
from typing import TYPE_CHECKING, Any

import numpy as np

from ....engine.errors import Argument, SweepError
from ...cube.select import selection
from .. import frame, labels
from ..drawn import Table
from ..look.style import Style
from ..look.symbols import with_unit
from ..view import MOST_PANELS
from .chart import PHASE, Chart, find_chart
from .draw import (
    axis_labels,
    draw_motion,
    draw_paths,
    draw_rest_points,
    legend_handles,
    table_head,
)
from .listed import lacking, with_listed
from .motion import Motion, motion_of
from .paths import MOST_PATHS, Paths, paths
from .rest_points import rest_points
from .scenario import facet_dim, scenario, space_with_motion

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ....engine.space import Space


def draw_phase(
    dataset: "xr.Dataset", x: str | None, y: str | None, facet: str | None, keep: frozenset[str],
    model: str | None, style: Style,
) -> "tuple[Figure, Table]":  # fmt: skip
    """Phase portraits, one panel for each value of `facet`: a figure, and rest points and paths as a table.

    Streamlines come from the model's own field at the cube's parameters; rest points are marked by their
    stability; paths that the cube saved (``x_path`` and so on) are drawn over them. Of one share or one
    component, the rate is drawn over it. Raises SweepError where the model has no such picture, or the
    motion differs along an axis that is neither selected nor the facet.
    """
    import jax

    space = space_with_motion(dataset, model)
    dim = facet_dim(dataset, space, facet)
    count = dataset.sizes[dim] if dim else 1
    if count > MOST_PANELS:
        too_many = f" makes {count:,} panels; select at most {MOST_PANELS}"
        raise SweepError("plot: ", Argument("facet", facet), too_many)
    with jax.enable_x64(True):
        flow = space.model.flow
        assert flow is not None
        p, static = scenario(space, _corner(_panel(dataset, dim, 0)))
        chart = find_chart(flow, p, static, space.labels, x, y)
        sheet = frame.sheet_of(count, style, height=4.0)
        titles = [_title(dataset, facet, i) for i in range(count)] if facet else [""]
        motions, drawn = _Motions(space, chart), _Drawn(lacking(space.model, dataset, chart))
        parts = [_panel(dataset, dim, i) for i in range(count)]
        all_paths = [paths(part, chart, keep) for part in parts]
        box = _box(chart, [curve for curves, *_ in all_paths for curve in curves])  # panels share their axes
        for i, panel in enumerate(sheet.used):
            drawn.panel = _held(dataset, facet, i)
            _draw_panel(panel, parts[i], motions, box, all_paths[i], drawn)
    sheet.label(titles, *axis_labels(flow, chart))
    sheet.legend(legend_handles(drawn.rest, drawn.curves))
    title, where = str(dataset.attrs.get("title", "")), labels.selected(dataset)
    figure = sheet.finish(title, where, drawn.note(), before="Phase portrait")
    shown = [with_unit(facet, str(dataset[facet].attrs.get("units", "1")))] if facet else []
    return figure, Table([*shown, "drawn", "number", *table_head(flow, chart)], drawn.rows)


def _held(dataset: "xr.Dataset", facet: str | None, i: int) -> list[Any]:
    """The value of the facet in a panel, as a table has it."""
    return [np.asarray(dataset[facet].values).tolist()[i]] if facet else []


class _Drawn:
    """What the legend and the note say of all panels together."""

    def __init__(self, lacking: str = "") -> None:
        self.lacking = lacking
        self.lost: Counter[str] = Counter()
        self.kept: Counter[str] = Counter()
        self.saved = self.paths = 0
        self.rest: set[Enum] = set()
        self.curves = False
        self.panel: list[Any] = []
        self.rows: list[list[Any]] = []

    def add_rows(self, what: str, number: int, points: np.ndarray) -> None:
        """Points [n, d] of one path, or a rest point, as rows of the table."""
        self.rows += [[*self.panel, what, number, *point] for point in points.tolist()]

    def add_paths(self, lost: "Counter[str]", kept: "Counter[str]", saved: int) -> None:
        """Count the paths of one panel: left out by reason, drawn though not ok, and how many there were."""
        self.lost += lost
        self.kept += kept
        self.saved += saved
        self.paths += -(-saved // -(-saved // MOST_PATHS)) if saved else 0

    def note(self) -> str:
        """The note below the picture."""
        thinned = f"Drawn: {self.paths:,} of {self.saved:,} paths." if self.paths < self.saved else ""
        missing = labels.missing_note(self.lost, self.paths, "not drawn").replace(" points ", " paths ")
        return " ".join(filter(None, (thinned, missing, labels.kept_note(self.kept), self.lacking)))


def _draw_panel(
    panel: "Axes", part: "xr.Dataset", motions: "_Motions", box: np.ndarray, panel_paths: Paths, drawn: _Drawn
) -> None:
    """The motion at the parameters of `part`, its rest points, and the paths in it, `panel_paths`."""
    chart, (curves, lost, kept, saved) = motions.chart, panel_paths
    motion = motions.over(part, box)
    points = with_listed(rest_points(motion, box), _corner(part), chart, box)
    draw_motion(panel, motion, box)
    if len(box) == 2:
        draw_paths(panel, chart, curves)
        drawn.add_paths(lost, kept, saved)
        drawn.curves |= bool(curves)
        for number, curve in enumerate(curves, 1):
            drawn.add_rows("path", number, curve)
    draw_rest_points(panel, chart, points)
    drawn.rest |= {point.kind for point in points}
    for number, point in enumerate(points, 1):
        drawn.add_rows(f"rest point: {point.kind.name.replace('_', ' ')}", number, point.at[None])


def _panel(dataset: "xr.Dataset", dim: str | None, i: int) -> "xr.Dataset":
    return dataset.isel({dim: i}) if dim else dataset


def _corner(dataset: "xr.Dataset") -> "xr.Dataset":
    """The first point of the grid."""
    return dataset.isel(dict.fromkeys(dataset["status"].dims, 0))


class _Motions:
    """The motion at each panel's parameters; compiled once for each set of static choices."""

    def __init__(self, space: "Space", chart: Chart) -> None:
        self._space, self.chart = space, chart
        self._known: dict[tuple[tuple[str, str], ...], Motion] = {}

    def over(self, part: "xr.Dataset", box: np.ndarray) -> Motion:
        """The one motion of all points of `part`, whose starts alone may differ; else SweepError."""
        here = self._at(_corner(part), box)
        probes = np.random.default_rng(1).uniform(0.05, 0.45, (16, len(box)))
        probes = box[:, 0] + probes * np.ptp(box, axis=1)
        for dim in part["status"].dims:
            for i in {part.sizes[dim] // 2, part.sizes[dim] - 1} - {0}:
                other = self._at(_corner(part.isel({dim: [i]})), box)
                if (other.rates(probes) != here.rates(probes)).any():
                    _refuse(part, str(dim))
        return here

    def _at(self, point: "xr.Dataset", box: np.ndarray) -> Motion:
        p, static = scenario(self._space, point)
        key = tuple(sorted(static.items()))
        if key not in self._known:
            flow = self._space.model.flow
            assert flow is not None
            self._known[key] = motion_of(self.chart, flow, p, static, np.ptp(box, axis=1))
        return self._known[key].at(p)


def _refuse(part: "xr.Dataset", dim: str) -> None:
    names = [str(c) for c in part.coords if part[c].dims == (dim,)]
    value = labels.value_text(part[names[0]].values[0])
    raise SweepError(
        "plot: ",
        PHASE,
        f": the motion differs along {names[0]}; add ",
        selection(names[0], value),
        " (or another of its values) or ",
        Argument("facet", names[0]),
    )


def _box(chart: Chart, curves: list[np.ndarray]) -> np.ndarray:
    """Low and high end of each coordinate: of shares 0 and 1, else around the saved paths."""
    size = len(chart.components)
    if chart.form not in ("plane", "axis"):
        return np.tile([0.0, 1.0], (size, 1))
    if not curves:
        raise SweepError(
            "plot: ",
            PHASE,
            ": the state has no bounds and the cube no paths to go by; sweep "
            f"{', '.join(f'{name}_path' for name in chart.names)} with times = [...]",
        )
    positions = np.concatenate(curves)
    low, high = np.nanmin(positions, axis=0), np.nanmax(positions, axis=0)
    margin = _margins(low, high)
    return np.stack([low - margin, high + margin], axis=1)


def _margins(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """How much a picture shows around what lies from `low` to `high`, in whatever units: of what never moves
    some of its size, and of what is always 0 as much as of the other coordinate.
    """
    size = np.maximum(np.abs(low), np.abs(high))
    margin = np.where(high - low > 1e-12 * size, 0.15 * (high - low), 0.05 * size)
    return np.where(margin > 0, margin, margin.max() or 1.0)


def _title(dataset: "xr.Dataset", facet: str, i: int) -> str:
    value = dataset[facet].values[i]
    return labels.setting(facet, str(value) if isinstance(value, str) else value.item(), dataset[facet])
