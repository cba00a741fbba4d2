"""A view as a page draws it: numbers, labels, colours and notes, and no markup."""

from base64 import b64encode
from collections.abc import Mapping
from math import isfinite
from typing import Any

import numpy as np

from ...kernels.status import Status
from ..plots import frame, labels
from ..plots.classes import colours_of
from ..plots.direction import Direction
from ..plots.layer import Layer
from ..plots.look.bands import Colours, bands, scale
from ..plots.view import MOST_NAMED, View
from .contours import contours_of
from .plain_labels import page_text

_DASHES = ("solid", "dashed", "dotted", "dotdash")
# How a point without a result looks, by kind.
_MISSING = {"lines": "lines break there", "scatter": "grey crosses or not drawn"}


def page_data(view: View, name: str = "") -> dict[str, Any]:
    """Everything that a page draws of a view; `name` is the cube's where there are two."""
    data: dict[str, Any] = {
        "name": name,
        "kind": view.kind,
        "title": page_text(view.title),
        "selected": page_text(view.where),
        "note": page_text(view.note(_MISSING.get(view.kind, "hatched"))),
        "not_computed": sum(layer.lost.get("not_computed", 0) for layer in view.layers),
        "points": sum(layer.values.size for layer in view.layers),
        "x": _way(view.x),
        "second": _way(view.second) if view.second else None,
        "facets": [_way(way) for way in view.facets],
        "panels": [page_text(", ".join(texts)) for texts in view.panels],
        "columns": view.columns,
        "log": sorted(view.log),
        "layers": [_layer(layer) for layer in view.layers],
        "range": [view.style.vmin, view.style.vmax],
    }
    return data | _looks(view)


def array(values: np.ndarray) -> dict[str, str]:
    """Numbers as a page reads them: their type, and their bytes."""
    values = np.ascontiguousarray(values)
    if values.dtype.byteorder == ">":
        values = values.astype(values.dtype.newbyteorder("<"))
    return {"type": values.dtype.str[1:], "bytes": b64encode(values.tobytes()).decode()}


def _way(way: Direction) -> dict[str, Any]:
    at = np.arange(len(way.values)) if way.at is None else way.at
    result = {
        "name": way.name,
        "dim": way.dim,
        "label": page_text(way.label),
        "log": way.log,
        "named": way.named,
        "scattered": way.unordered,
        "positions": array(
            way.positions.astype(float) if way.table is None else np.arange(len(way.values), dtype=float)
        ),
        "at": array(at.astype(np.int32)),
        "limits": limits_of(way.values, way.array.attrs),
    }
    if way.named:
        result["names"] = [page_text(labels.spoken(str(value))) for value in way.values]
    return result


def limits_of(values: np.ndarray, attributes: Mapping[str, Any]) -> list[float | None]:
    """Beyond which no cell of an axis reaches; None where it may reach anywhere."""
    return [end if isfinite(end) else None for end in frame.limits(values, attributes)]


def _layer(layer: Layer) -> dict[str, Any]:
    """Its numbers in single precision, NaN where there is no result, [panel, line or y, x]."""
    values = np.ma.filled(layer.values.astype(np.float32), np.nan)
    absent = layer.codes == Status.not_computed
    return {
        "name": layer.name,
        "label": page_text(layer.label),
        "unit": layer.unit,
        "values": array(values),
        "shape": list(values.shape),
        "lost": dict(layer.lost),
        "kept": dict(layer.kept),
        "absent": array(absent.astype(np.uint8)) if absent.any() else None,
    }


def _looks(view: View) -> dict[str, Any]:
    """What is particular to a kind of picture: its colours, its lines, its points."""
    (first, *_) = view.layers
    if view.kind == "lines":
        return {"lines": _lines(view)}
    there = first.values.compressed()
    if not there.size:
        return {"empty": True} | (_scatter_points(view) if view.kind == "scatter" else {})
    if first.classes:
        looks = {"classes": _classes(first)}
    else:
        looks = {"colours": _colours(view, there)} if view.kind != "scatter" or view.up else {}
    if view.kind == "scatter":
        return looks | _scatter_points(view) | _shades(view)
    return looks | ({"contours": contours_of(view)} if view.kind == "contour" else {})


def _classes(layer: Layer) -> list[dict[str, Any]]:
    colours = colours_of(layer.classes, layer.values)
    numbers, counts = np.unique(layer.values.compressed(), return_counts=True)
    many = dict(zip(numbers.tolist(), counts.tolist(), strict=True))
    return [
        {
            "code": code,
            "name": page_text(labels.spoken(layer.classes[code])),
            "colour": colour,
            "count": many[code],
        }
        for code, colour in colours.items()
    ]


def _colours(view: View, values: np.ndarray) -> dict[str, Any]:
    log = "color" in view.log
    chosen = (bands if view.kind == "contour" else scale)(values, view.style, log)
    return palette_of(chosen, log)


def palette_of(colours: Colours, log: bool = False) -> dict[str, Any]:
    """A scale of colours as a page uses it: smooth between two ends, or a colour for each band."""
    from matplotlib.colors import to_hex

    edges = getattr(colours.norm, "boundaries", None)
    if edges is None:
        shades = colours.cmap(np.linspace(0, 1, 256))
        ends = {"low": float(colours.norm.vmin), "high": float(colours.norm.vmax), "log": log}
        return ends | {"palette": [to_hex(shade) for shade in shades]}
    whole = colours.ticks is not None and len(colours.ticks) == len(edges) - 1
    middle = (np.asarray(edges)[:-1] + np.asarray(edges)[1:]) / 2
    return {
        "edges": [float(edge) for edge in edges],
        "palette": [to_hex(shade) for shade in colours.cmap(colours.norm(middle))],
        "whole": np.asarray(colours.ticks).tolist() if whole else None,
    }


def _lines(view: View) -> list[dict[str, Any]]:
    """The look of each line: its layer, its place along the hue, colour, dash and text."""
    from matplotlib.colors import to_hex

    count, several = len(view.second.values) if view.second else 1, len(view.layers) > 1
    lines = []
    for k, layer in enumerate(view.layers):
        for i in range(count):
            names = [page_text(labels.spoken(layer.name))] if several or not view.second else []
            names += [page_text(view.second.setting(i))] if view.second else []
            number = i if view.second else k
            many = view.second is not None and count > MOST_NAMED
            colour = (
                to_hex(view.style.colours(0.9 * i / max(count - 1, 1))) if many else frame.COLOURS[number % 8]
            )
            dash = _DASHES[(k if view.second else 0) % len(_DASHES)]
            lines.append({"layer": k, "line": i, "colour": colour, "dash": dash, "text": ", ".join(names)})
    return lines


def _scatter_points(view: View) -> dict[str, Any]:
    """Where the points of a scatter stand, and how its axis upwards is called."""
    (layer,) = view.layers
    shape = layer.values.shape
    across = np.array(view.x.along(shape), float)
    up = (
        np.array(view.up.along(shape), float) if view.up else np.ma.filled(layer.values.astype(float), np.nan)
    )
    label = page_text(view.up.label if view.up else layer.label)
    lines = len(view.second.values) if view.second else 1
    looks = [
        {"colour": frame.COLOURS[i % 8], "text": page_text(view.second.setting(i)) if view.second else ""}
        for i in range(lines)
    ]
    upwards = {
        "label": label,
        "log": view.up.log if view.up else "y" in view.log,
        "plane": view.up is not None,
    }
    return {"across": array(across), "up": array(up), "upwards": upwards, "marks": looks}


def _shades(view: View) -> dict[str, Any]:
    """What lies along the points and is their colour, where something is."""
    if view.colour is None:
        return {}
    (layer,) = view.layers
    shades = np.array(view.colour.along(layer.values.shape), float)
    there = shades[~np.ma.getmaskarray(layer.values)]
    log = "color" in view.log
    scaled = palette_of(scale(there, view.style.without_range(), log), log)
    return {"shades": array(shades), "colours": scaled, "shade_label": page_text(view.colour.label)}
