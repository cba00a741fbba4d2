"""Pictures of sensitivities: bars with intervals, a map of pairs, over a dimension, over the samples."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ...engine.errors import Argument, SweepError
from ..cube.select import Selections, select
from ..plots.look.figure import Drawing
from ..plots.look.symbols import plain
from ..spec.design import Design
from ..spec.sampling.points import DIM
from ..text import nearest
from .analysis import sensitivity
from .indices_held import history

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

# The measures that are drawn of each method, the main one first.
_DRAWN = {
    "sobol": ("ST", "S1"),
    "chaos": ("ST", "S1"),
    "kucherenko": ("ST", "S1"),
    "shapley": ("shapley", "S1", "ST"),
    "morris": ("mu_star", "sigma"),
    "dgsm": ("total_bound",),
    "prcc": ("prcc",),
    "pawn": ("pawn", "pawn_max"),
    "delta": ("delta",),
    "chatterjee": ("xi", "S1"),
    "hsic": ("hsic",),
    "regional": ("ks",),
}
SAMPLES, PARAMETER = "samples", "parameter"
_FEWEST, _MOST_PANELS, _MOST_STEPS, _MOST_TICKS = 64, 12, 10, 5
_PANEL = (4.0, 3.0)


def draw_sensitivity(
    dataset: "xr.Dataset",
    names: Sequence[str] = (),
    method: str | None = None,
    *,
    x: str | None = None,
    y: str | None = None,
    selections: Selections = (),
    keep: Sequence[str] | None = None,
) -> "tuple[Figure, list[dict[str, Any]]]":
    """A picture of the sensitivities of a cube's outputs, a panel each, and what is drawn as rows.

    Parameters
    ----------
    dataset, names, method, selections, keep
        As of `sensitivity`.
    x, y
        None: bars with intervals. Both "parameter": a map of the second-order indices. x a dimension of the
        outputs: the main measure over it. x "samples": over the number of samples, up to those there are.

    Raises
    ------
    SweepError
        As of `sensitivity`; and where there is nothing to draw so.
    """
    if y is not None and (x, y) != (PARAMETER, PARAMETER):
        raise SweepError(Argument("y", y), ": is of a map of pairs alone, which has parameter on both axes")
    measures = sensitivity(dataset, method, names, selections=selections, keep=keep)
    kinds = _kinds(measures)
    outputs = [
        str(name).removesuffix("_left_out") for name in measures.data_vars if str(name).endswith("_left_out")
    ]
    outputs = [name for name in outputs if f"{name}_{kinds[0]}" in measures]
    along = x if x not in (None, SAMPLES, PARAMETER) else None
    panels = [one for name in outputs for one in _panels(measures, name, kinds[0], along)]
    if not panels or len(panels) > _MOST_PANELS:
        raise SweepError(
            Argument("names"),
            f": make {len(panels)} panels; 1 to {_MOST_PANELS} are drawn: name outputs, or select",
        )
    columns = min(len(panels), 3)
    rows_of = -(-len(panels) // columns)
    figure: Any = Drawing(figsize=(_PANEL[0] * columns, _PANEL[1] * rows_of), layout="constrained")
    axes = figure.subplots(rows_of, columns, squeeze=False).ravel()
    steps = _past(dataset, measures, selections) if x == SAMPLES else {}
    if x == SAMPLES and not steps:
        steps = _steps(dataset, outputs, method, selections, keep)
    rows: list[dict[str, Any]] = []
    for panel, (name, cell, title) in zip(axes, panels, strict=False):
        if y is not None:
            rows += _map(figure, panel, measures, name, cell)
        elif x == SAMPLES:
            rows += _over(panel, steps, name, kinds[0], cell)
        elif along is not None:
            rows += _along(panel, measures, name, kinds[0], cell, along)
        else:
            rows += _bars(panel, measures, name, kinds, cell)
        panel.set_title(plain(title), fontsize="medium")
    for panel in axes[len(panels) :]:
        panel.set_axis_off()
    for _ in range(1 if y is None else 2):  # squares of a map move what stands beside them once more
        figure.draw_without_rendering()  # lays it out, as it is saved
    return figure, rows


def _kinds(measures: "xr.Dataset") -> tuple[str, ...]:
    method = str(measures.attrs["method"])
    if method not in _DRAWN:
        raise SweepError(Argument("method", method), f": has no picture{nearest(method, list(_DRAWN))}")
    return _DRAWN[method]


def _panels(
    measures: "xr.Dataset", name: str, kind: str, along: str | None
) -> list[tuple[str, dict[str, int], str]]:
    """Each cell of an output that has a panel: its name, where that is, and how it is called."""
    array = measures[f"{name}_{kind}"]
    if along is not None and along not in array.dims:
        known = [str(dim) for dim in array.dims if dim != PARAMETER]
        raise SweepError(
            Argument("x", along), f": {name} has no such dimension{nearest(along, [*known, SAMPLES])}"
        )
    dims = [str(dim) for dim in array.dims if dim not in (PARAMETER, along)]
    result = []
    for index in np.ndindex(*(array.sizes[dim] for dim in dims)):
        cell = dict(zip(dims, index, strict=True))
        labels = [
            f"{dim} = {measures[dim].values[i] if dim in measures.coords else i}" for dim, i in cell.items()
        ]
        result.append((name, cell, "\n".join([name, *labels])))
    return result


def _values(measures: "xr.Dataset", name: str, kind: str, cell: Mapping[str, int]) -> "tuple[Any, Any]":
    """Estimates, and how far intervals reach to each side (None where there are none)."""
    here = measures[f"{name}_{kind}"].isel(cell)
    if f"{name}_{kind}_high" not in measures:
        return here.values, None
    ends = [measures[f"{name}_{kind}_{end}"].isel(cell).values for end in ("low", "high")]
    return here.values, np.stack([here.values - ends[0], ends[1] - here.values])


def _bars(
    panel: Any, measures: "xr.Dataset", name: str, kinds: Sequence[str], cell: Mapping[str, int]
) -> list[dict[str, Any]]:
    names, rows = [str(one) for one in measures[PARAMETER].values], []
    there = [kind for kind in kinds if f"{name}_{kind}" in measures]
    width = 0.8 / len(there)
    for number, kind in enumerate(there):
        values, reach = _values(measures, name, kind, cell)
        at = np.arange(len(names)) - 0.4 + width * (number + 0.5)
        panel.bar(at, np.nan_to_num(values), width, yerr=reach, label=kind, capsize=2, color=f"C{number}")
        ends = reach if reach is not None else np.full((2, len(names)), np.nan)
        rows += [
            {"output": name, **_said(measures, cell), PARAMETER: one, "measure": kind}
            | _row(values[i], ends[:, i])
            for i, one in enumerate(names)
        ]
    panel.set_xticks(
        range(len(names)), list(map(plain, names)), rotation=30 if max(map(len, names)) > 5 else 0
    )
    panel.axhline(0, color="0.5", linewidth=0.6)
    panel.legend(frameon=False, fontsize="small")
    if all(np.isnan(row["value"]) for row in rows):
        panel.text(0.5, 0.5, "none: see the table", ha="center", transform=panel.transAxes)
    return rows


def _map(
    figure: Any, panel: Any, measures: "xr.Dataset", name: str, cell: Mapping[str, int]
) -> list[dict[str, Any]]:
    if f"{name}_S2" not in measures:
        raise SweepError(
            Argument("y", PARAMETER),
            f": {name} has no second-order indices: add second_order = true, or take chaos",
        )
    names = [str(one) for one in measures[PARAMETER].values]
    values = measures[f"{name}_S2"].isel(cell).values
    least = float(np.nanmin(np.append(values[~np.isnan(values)], 0.0)))
    drawn = panel.imshow(values, origin="lower", cmap="viridis", vmin=least)
    figure.colorbar(drawn, ax=panel, label="S2")
    for axis, set_ticks in ((panel.xaxis, panel.set_xticks), (panel.yaxis, panel.set_yticks)):
        set_ticks(range(len(names)), list(map(plain, names)))
        axis.set_label_text(PARAMETER)
    return [
        {"output": name, **_said(measures, cell), PARAMETER: names[i], "parameter_2": names[j],
         "measure": "S2", "value": float(values[i, j])}
        for i in range(len(names)) for j in range(i + 1, len(names))
    ]  # fmt: skip


def _along(
    panel: Any, measures: "xr.Dataset", name: str, kind: str, cell: Mapping[str, int], dim: str
) -> list[dict[str, Any]]:
    """The main measure of each parameter over a dimension, with bands where there are intervals."""
    where, rows = measures[dim].values if dim in measures.coords else np.arange(measures.sizes[dim]), []
    for i, one in enumerate(measures[PARAMETER].values):
        values, reach = _values(measures, name, kind, {**cell, PARAMETER: i})
        rows += _line(panel, name, str(one), kind, (dim, where), values, reach, i, _said(measures, cell))
    panel.set(xlabel=plain(dim), ylabel=kind)
    panel.legend(frameon=False, fontsize="small")
    return rows


def _over(
    panel: Any, steps: "Mapping[int, xr.Dataset]", name: str, kind: str, cell: Mapping[str, int]
) -> list[dict[str, Any]]:
    """The main measure of each parameter over the number of samples."""
    last, rows = steps[max(steps)], []
    for i, one in enumerate(last[PARAMETER].values):
        estimates = [_values(step, name, kind, {**cell, PARAMETER: i}) for step in steps.values()]
        values = np.array([values for values, _ in estimates])
        reach = np.stack([ends for _, ends in estimates], axis=-1) if estimates[0][1] is not None else None
        rows += _line(
            panel,
            name,
            str(one),
            kind,
            (SAMPLES, np.array(list(steps))),
            values,
            reach,
            i,
            _said(last, cell),
        )
    panel.set(xlabel=SAMPLES, ylabel=kind, xscale="log")
    counts = list(steps)[:: -(-len(steps) // _MOST_TICKS)]
    panel.set_xticks(counts, [f"{count:,}" for count in counts])
    panel.minorticks_off()
    panel.legend(frameon=False, fontsize="small")
    return rows


def _line(
    panel: Any, name: str, parameter: str, kind: str, along: tuple[str, np.ndarray], values: np.ndarray,
    reach: Any, number: int, said: Mapping[str, Any],
) -> list[dict[str, Any]]:  # fmt: skip
    dim, where = along
    panel.plot(where, values, "o-", markersize=3, color=f"C{number}", label=plain(parameter))
    ends = reach if reach is not None else np.full((2, len(where)), np.nan)
    if reach is not None:
        low, high = values - reach[0], values + reach[1]
        panel.fill_between(where, low, high, color=f"C{number}", alpha=0.2, linewidth=0)
    about = {"output": name, **said, PARAMETER: parameter}
    positions = np.asarray(where).tolist()
    return [
        about | {dim: one, "measure": kind} | _row(values[k], ends[:, k]) for k, one in enumerate(positions)
    ]


def _row(value: float, reach: np.ndarray) -> dict[str, float]:
    return {"value": float(value), "low": float(value - reach[0]), "high": float(value + reach[1])}


def _past(dataset: "xr.Dataset", measures: "xr.Dataset", selections: Selections) -> "dict[int, xr.Dataset]":
    """What a cube has kept of indices while its samples became more, by how many these were."""
    return history(
        select(dataset, selections if isinstance(selections, str | Mapping) else list(selections)), measures
    )


def _steps(
    dataset: "xr.Dataset",
    names: Sequence[str],
    method: str | None,
    selections: Selections,
    keep: Sequence[str] | None,
) -> "dict[int, xr.Dataset]":
    """The sensitivities of the first samples, of ever more of them, by how many these are."""
    identity = json.loads(dataset.attrs.get("identity", "{}"))
    design = Design.from_identity(identity)
    if design is None or DIM not in dataset.dims:
        raise SweepError(Argument("x", SAMPLES), ": needs the samples of a design, and this cube has none")
    counts, count = [design.samples], design.samples
    while count // 2 >= _FEWEST and len(counts) < _MOST_STEPS:
        count //= 2
        counts.insert(0, count)
    result = {}
    for count in counts:
        part = dataset.isel({DIM: slice(0, count * design.points_per_sample)})
        part = part.assign_attrs(identity=json.dumps(identity | {"design.samples": str(count)}))
        result[count] = sensitivity(part, method, names, selections=selections, keep=keep)
    return result


def _said(measures: "xr.Dataset", cell: Mapping[str, int]) -> dict[str, Any]:
    return {dim: measures[dim].values.tolist()[i] if dim in measures.coords else i for dim, i in cell.items()}
