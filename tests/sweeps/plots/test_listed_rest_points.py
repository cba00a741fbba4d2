"""Rest points on thresholds, where no rate is zero, are drawn where a cube lists them, or a note says so."""

import numpy as np
import pytest
from equisweep.kernels.games.registry import MODELS
from equisweep.kernels.games.supervision_shares.model import CLASSES
from equisweep.kernels.numerics.stability import RestClass
from equisweep.sweeps import Sweep
from equisweep.sweeps.plots.look.style import Style
from equisweep.sweeps.plots.phase.chart import Chart
from equisweep.sweeps.plots.phase.draw import draw_rest_points, legend_handles
from equisweep.sweeps.plots.phase.listed import CLASS, OnThreshold, lacking, with_listed
from equisweep.sweeps.plots.plot import note_of, picture
from helpers.pictures import not_run
from helpers.products import costs_seconds
from matplotlib.figure import Figure

SQUARE = np.array([[0.0, 1.0], [0.0, 1.0]])
STEPS = {"reward": "step", "punishment": "step", "reward_in_x": "step", "c1": 1, "c2": 7,
         "reward_x_threshold": 0.3, "fine_threshold": 0.6, "reward_threshold": 0.4}  # fmt: skip


def cube(**points):
    """One of a sweep that nobody ran, which lists these points, each under its class, and an absent one."""
    lists = {}
    if points:
        positions = np.array([[*points.values(), (np.nan, np.nan)]])
        codes = np.array([[*(CLASSES[name] for name in points), 0]], np.int8)
        lists = {f"rest_{name}": (("r", "rest_point"), positions[..., k]) for k, name in enumerate("xy")}
        lists[CLASS] = (("r", "rest_point"), codes)
    made = not_run(Sweep("supervision_shares", axes={"r": [15.0]}, fixed=STEPS | {"f": 25}), **lists)
    if points:
        made[CLASS].attrs.update(flag_values=[*CLASSES.values()], flag_meanings=" ".join(CLASSES))
    return made


@pytest.mark.parametrize(("names", "across"), [(("x", "y"), 0.3), (("y", "x"), 0.6)])
def test_a_portrait_has_what_the_cube_lists_and_it_did_not_find_itself(names, across):
    point = cube(crossing_node=(0.3, 0.6), saddle=(0.0, 1.0), stable_focus=(0.5, 1.5)).isel(r=0)
    chart = Chart("square", names, (0, 1) if names[0] == "x" else (1, 0))
    listed, corner = with_listed([], point, chart, SQUARE)
    assert (listed.kind, listed.at[0]) == (OnThreshold.crossing_node, across)
    both = with_listed([corner], point, chart, SQUARE)
    assert [one.kind for one in both] == [RestClass.saddle, OnThreshold.crossing_node]
    assert len(with_listed([corner], cube().isel(r=0), chart, SQUARE)) == 1


def test_every_class_of_a_threshold_has_a_mark_and_a_word():
    assert {one.name for one in OnThreshold} <= CLASSES.keys()
    panel, chart = Figure().subplots(), Chart("square", ("x", "y"), (0, 1))
    point = cube(**{one.name: (0.1 * k, 0.5) for k, one in enumerate(OnThreshold)}).isel(r=0)
    points = with_listed([], point, chart, SQUARE)
    draw_rest_points(panel, chart, points)
    marks = {one.kind.name: line.get_marker() for one, line in zip(points, panel.lines, strict=True)}
    assert {name for name, mark in marks.items() if mark == "P"} == {"sliding_node", "crossing_node"}
    words = [handle.get_label() for handle in legend_handles({one.kind for one in points}, False)]
    assert words == ["rest point: on a threshold, stable", "rest point: on a threshold, not stable"]


def test_a_cube_that_lacks_them_is_said_to_lack_them():
    chart, result = Chart("square", ("x", "y"), (0, 1)), "rest_x or rest_y or rest_class"
    assert result in lacking(MODELS["supervision_shares"], cube(), chart)
    assert lacking(MODELS["supervision_shares"], cube(saddle=(0, 0)), chart) == ""
    assert lacking(MODELS["supervision"], cube(), chart) == ""


@costs_seconds
def test_a_picture_of_steps_shows_where_their_thresholds_cross():
    options = dict.fromkeys(("hue", "line", "model"))

    def drawn(of):
        return picture(
            of, (), None, None, Style(), kind="phase", facet=None, selections=(), log=(), keep=(), **options
        )

    listing = drawn(cube(crossing_node=(0.3, 0.6)))
    assert ["rest point: crossing node", 0.3, 0.6] in [[row[0], *row[2:]] for row in listing.table.rows]
    assert note_of(listing.figure) == ""
    assert "on thresholds are not drawn" in note_of(drawn(cube()).figure)
