"""Cubes made by hand for pictures, and what of a picture's text can be read."""

import json
from contextlib import contextmanager

import numpy as np
import pytest
import xarray as xr
from equisweep.engine.store.create import _coordinate_attributes as coordinate_attributes
from equisweep.kernels.status import Status

from helpers.products import some

ALPHA, BETA, N = np.linspace(0.1, 0.9, 9), np.array([0.1, 0.2, 0.3, 0.4]), np.array([3, 4])

ONE = {"mechanism": "alone", "n": 3}


# Whether figures of the papers are laid out: two thirds of their time, which the suite does without.
LAID_OUT = some([False, True], [False])


@contextmanager
def figures(laid_out):
    """Figures of the papers are drawn as they come, or laid out; those of cubes are laid out in any case."""
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    real = ConstrainedLayoutEngine.execute

    def execute(engine, figure):
        return real(engine, figure) if laid_out or type(figure) is not Figure else None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ConstrainedLayoutEngine, "execute", execute)
        yield


def hand_made(status=None, **values):
    """Investment 10 alpha + n and a class over alpha, beta, n and mechanism; keywords replace variables."""
    coords = {
        "mechanism": ("mechanism", np.array(["alone", "sharing"], np.dtypes.StringDType()), {}),
        "alpha": ("alpha", ALPHA, {"symbol": "α", "units": "1"}),
        "beta": ("beta", BETA, {"symbol": "β", "units": "1"}),
        "n": ("n", N, {"symbol": "n", "units": "1"}),
    }
    dims = tuple(coords)
    shape = (2, 9, 4, 2)
    base = np.broadcast_to(10 * ALPHA[:, None, None] + N, shape).copy()
    money = {"symbol": "e", "units": "money"}
    classes = {"flag_values": [0, 1, 2], "flag_meanings": "undecided rest_point closed_orbit"}
    codes = np.full(shape, int(Status.ok), np.uint8) if status is None else status
    attractor = np.broadcast_to((ALPHA[:, None, None] > 0.5).astype(np.int8), shape)
    names = {"flag_values": [int(s) for s in Status], "flag_meanings": " ".join(s.name for s in Status)}
    variables = {
        "investment": (dims, base, money),
        "loss": (dims, 2 * base, money | {"symbol": "C"}),
        "risk": (dims, base / 100, {"symbol": "p_1", "units": "1"}),
        "attractor": (dims, attractor, classes),
        "status": (dims, codes, names),
    }
    for name, array in values.items():
        variables[name] = (dims, array, variables[name][2])
    return xr.Dataset(variables, coords, {"title": "A game by hand"})


def not_run(sweep, **paths):
    """A cube of a sweep that nobody ran: coordinates, the sweep and status ok; `paths` are (dims, values)."""
    space = sweep.space()
    coords = {
        name: (axis.dim, values, coordinate_attributes(space, name))
        for axis in space.axes
        for name, values in axis.values.items()
    }
    attributes = {
        "title": space.model.title,
        "sweep": sweep.text or json.dumps({"model": sweep.model, "axes": sweep.axes, "fixed": sweep.fixed}),
        "identity": json.dumps(space.identity()),
    }
    status = (space.dims, np.full(space.shape, int(Status.ok), np.uint8))
    return xr.Dataset({**paths, "status": status}, coords, attributes)


def written(figure):
    """Every visible text of a figure with its extent in dots; ticks outside their axis are not drawn."""
    from matplotlib.text import Text

    figure.draw_without_rendering()
    undrawn = {id(text) for axes in figure.axes for text in _beyond(axes)}
    undrawn |= {id(t) for axes in figure.axes if not axes.axison for t in _axis_texts(axes)}
    result = [t for t in figure.findobj(Text) if t.get_visible() and t.get_text().strip()]
    return [(text, text.get_window_extent()) for text in result if id(text) not in undrawn]


def _beyond(axes):
    for axis in (axes.xaxis, axes.yaxis):
        low, high = sorted(axis.get_view_interval())
        slack = 1e-9 * (high - low)
        for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
            if not low - slack <= tick.get_loc() <= high + slack:
                yield from (tick.label1, tick.label2)


def _axis_texts(axes):
    for axis in (axes.xaxis, axes.yaxis):
        for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
            yield from (tick.label1, tick.label2)
        yield axis.label


def cut_or_overlapping(figure):
    """Texts that reach over the figure's edge, and pairs of texts that cover each other."""
    texts = written(figure)
    edge = figure.bbox
    cut = [
        text.get_text()
        for text, box in texts
        if box.x0 < edge.x0 - 1 or box.y0 < edge.y0 - 1 or box.x1 > edge.x1 + 1 or box.y1 > edge.y1 + 1
    ]
    overlapping = [
        (a.get_text(), b.get_text())
        for i, (a, one) in enumerate(texts)
        for b, two in texts[:i]
        if min(one.x1, two.x1) - max(one.x0, two.x0) > 1
        and min(one.y1, two.y1) - max(one.y0, two.y0) > 1
        and not _apart_like_slats(a, b)
    ]
    return cut, overlapping


def _apart_like_slats(a, b):
    """Whether two texts are turned alike, and their lines lie further apart than letters are high."""
    turn = np.radians(a.get_rotation())
    if a.get_rotation() != b.get_rotation() or not 0 < a.get_rotation() < 90:
        return False
    (x, y), (u, v) = (text.get_transform().transform(text.get_position()) for text in (a, b))
    high = a.get_fontsize() * a.figure.dpi / 72
    return abs((u - x) * np.sin(turn) - (v - y) * np.cos(turn)) > high
