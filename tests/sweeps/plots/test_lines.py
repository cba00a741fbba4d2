"""Lines: they break where points are missing, and share a panel where they share a unit."""

import numpy as np
import xarray as xr
from equisweep.kernels.status import Status
from equisweep.sweeps.plots.plot import note_of, plot
from helpers.pictures import ALPHA, ONE, hand_made


def test_lines_break_where_a_point_is_not_ok(broken):
    figure = plot(broken, "investment", "alpha", hue="beta", selections=ONE)
    lines = figure.axes[0].lines
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        f"β = {b}" for b in (0.1, 0.2, 0.3, 0.4)
    ]
    np.testing.assert_array_equal(np.flatnonzero(np.isnan(lines[0].get_ydata())), [3, 4, 5])
    np.testing.assert_array_equal(lines[1].get_ydata(), 10 * ALPHA + 3)
    assert "4 of 36 points are left out (lines break there)" in note_of(figure)
    for look in ("get_color", "get_marker"):
        assert len({str(getattr(line, look)()) for line in lines[:4]}) == 4, look


def test_a_point_alone_between_two_missing_ones_is_a_dot():
    status = np.full((2, 9, 4, 2), int(Status.ok), np.uint8)
    status[0, [3, 5], 0, 0] = Status.not_finite
    figure = plot(hand_made(status), "investment", "alpha", selections=ONE | {"beta": 0.1})
    line, *dots = figure.axes[0].lines
    marked = np.asarray(line.get_markevery()).tolist()
    assert 4 in marked or [dot.get_xdata().tolist() for dot in dots] == [[ALPHA[4]]]


def test_more_lines_than_a_legend_holds_have_a_colour_bar():
    one = hand_made().isel(mechanism=0, n=0)
    wide = xr.concat([one.assign_coords(beta=one["beta"] + k) for k in range(8)], "beta", data_vars="minimal")
    wide["beta"].attrs = one["beta"].attrs
    figure = plot(wide, "investment", "alpha", hue="beta")
    assert not figure.legends
    assert len(figure.axes[0].lines) == 32
    assert figure.axes[-1].get_ylabel() == "β"


def test_variables_of_one_unit_share_a_panel_and_others_do_not():
    figure = plot(hand_made(), ["investment", "loss", "risk"], "alpha", selections=ONE | {"beta": 0.1})
    money, risk = figure.axes
    assert len(money.lines) == 2
    assert money.get_ylabel() == "investment, loss [money]"
    assert risk.get_ylabel() == r"risk $\mathregular{p_{1}}$"


def test_names_as_an_axis_are_marks_without_a_line():
    figure = plot(hand_made(), "investment", "mechanism", hue="n", selections=["alpha=0.5", "beta=0.1"])
    (first, _) = figure.axes[0].lines
    assert first.get_linestyle() == "None"
    assert [text.get_text() for text in figure.axes[0].get_xticklabels()] == ["alone", "sharing"]


def test_sampled_values_as_an_axis_are_marks_without_a_line():
    values = np.array([0.7, 0.1, 0.4])
    cube = hand_made().isel(mechanism=0, beta=0, n=0, drop=True).isel(alpha=slice(3))
    cube = cube.drop_vars("alpha").rename(alpha="sample").assign_coords(alpha=("sample", values))
    (line,) = plot(cube, "investment", "alpha", kind="lines").axes[0].get_lines()
    assert line.get_linestyle() == "None"
    assert len(line.get_markevery()) == 3


def test_few_whole_numbers_along_an_axis_are_its_ticks():
    figure = plot(hand_made(), "investment", "n", hue="beta", selections=["alpha=0.5", "mechanism=alone"])
    assert [text.get_text() for text in figure.axes[0].get_xticklabels()] == ["3", "4"]


def test_a_path_is_drawn_though_its_orbit_had_not_settled():
    values = {"u_path": (("k", "time"), np.ones((2, 5))), "status": ("k", np.array([1, 11], np.uint8))}
    cube = xr.Dataset(values, {"k": [1.0, 2.0], "time": np.arange(5.0)})
    figure = plot(cube, "u_path", "time", hue="k")
    assert note_of(figure) == f"Drawn though not ok: 5 {Status(11).name.replace('_', ' ')}."
