"""Pictures: labelled from the cube, what is missing counted, mistakes refused."""

import re

import numpy as np
import pytest
import xarray as xr
from equisweep.kernels.status import Status
from equisweep.sweeps import SweepError, open_cube, run
from equisweep.sweeps.commands.main import main
from equisweep.sweeps.plots.plot import note_of, plot
from equisweep.sweeps.plots.save import save
from helpers.messages import refused
from helpers.pictures import ALPHA, ONE, hand_made
from helpers.products import some
from helpers.small_sweeps import small_sweep


@pytest.fixture(scope="module")
def cube(tmp_path_factory):
    path = tmp_path_factory.mktemp("picture") / "cube.zarr"
    run(small_sweep(derivatives={}), path)
    return path


def test_a_map_has_one_panel_a_value_labelled_with_symbols_and_units(cube):
    figure = plot(open_cube(cube), "investment", "alpha", "beta", facet="mechanism", selections=["n=3"])
    panels = [axes for axes in figure.axes if axes.get_title()]
    assert [axes.get_title() for axes in panels] == ["noncooperation", "sharing"]
    assert panels[-1].get_xlabel() == "α"
    assert panels[0].get_ylabel() == "β"
    assert figure.axes[-1].get_ylabel() == "investment e [money]"
    scales = {tuple(axes.collections[0].get_clim()) for axes in panels}
    assert len(scales) == 1
    assert "(n = 3)" in figure.get_suptitle()


def test_the_only_variable_of_a_cube_needs_no_name(broken):
    alone = plot(broken[["investment", "status"]], x="alpha", y="beta", selections=ONE)
    named = plot(broken, "investment", "alpha", "beta", selections=ONE)
    drawn = [figure.axes[0].collections[0].get_array() for figure in (alone, named)]
    np.testing.assert_array_equal(*map(np.ma.getdata, drawn))
    assert alone.axes[-1].get_ylabel() == named.axes[-1].get_ylabel()


def test_a_map_leaves_out_what_is_not_ok_and_counts_it(broken):
    figure = plot(broken, "investment", "alpha", "beta", selections=ONE)
    shown = figure.axes[0].collections[0].get_array()
    missing = np.zeros((4, 9), bool)
    missing[0, 3:6] = missing[3, 8] = True
    np.testing.assert_array_equal(np.ma.getmaskarray(shown), missing)
    assert figure.axes[0].patch.get_hatch()
    assert note_of(figure) == (
        "4 of 36 points are left out (hatched grey): 3 corner, 1 ok but undefined (NaN)."
    )
    kept = plot(broken, "investment", "alpha", "beta", selections=ONE, keep=["corner"])
    assert kept.axes[0].collections[0].get_array().mask.sum() == 1
    assert "Drawn though not ok: 3 corner." in note_of(kept)


def test_contours_have_the_same_round_levels_and_labels_in_all_panels():
    figure = plot(
        hand_made(), "investment", "alpha", "beta", kind="contour", facet="n", selections=["mechanism=alone"]
    )
    filled = [axes.collections[0] for axes in figure.axes[:2]]
    np.testing.assert_array_equal(*(np.asarray(one.levels) for one in filled))
    assert filled[0].levels[0] <= 4.0 < filled[0].levels[1]
    assert filled[0].levels[-2] < 13.0 <= filled[0].levels[-1]
    for axes in figure.axes[:2]:
        assert {float(text.get_text()) for text in axes.texts} <= set(filled[0].levels)
        assert axes.texts


def test_contours_of_a_constant_and_on_a_log_scale_are_drawn():
    flat = hand_made(investment=np.full((2, 9, 4, 2), 7.0))
    assert plot(flat, "investment", "alpha", "beta", kind="contour", selections=ONE).axes
    steep = hand_made(investment=10.0 ** hand_made()["investment"].values)
    figure = plot(steep, "investment", "alpha", "beta", kind="contour", selections=ONE, log=["x", "color"])
    levels = np.log10(figure.axes[0].collections[0].levels)
    np.testing.assert_allclose(levels, levels.round(), atol=1e-12)
    assert (levels[0], levels[-1]) == (4, 12)
    assert figure.axes[0].get_xscale() == "log"


def test_a_class_is_drawn_under_every_status_that_leaves_it_one():
    status = np.full((2, 9, 4, 2), int(Status.ok), np.uint8)
    status[0, :4], status[0, 4, 0, 0] = Status.not_steady, Status.no_equilibrium
    figure = plot(hand_made(status), "attractor", "alpha", "beta", selections=ONE)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        "undecided", "rest point", "no result",
    ]  # fmt: skip
    shown = figure.axes[0].collections[0].get_array()
    assert np.ma.getmaskarray(shown).sum() == 1
    assert note_of(figure) == (
        "1 of 36 points is left out (hatched grey): 1 no equilibrium. Drawn though not ok: 16 not steady."
    )
    assert {text.get_text() for text in figure.axes[0].texts} == {"A", "B"}


def test_the_status_is_a_map_of_its_own(broken):
    figure = plot(broken, "status", "alpha", "beta", facet="n", selections=["mechanism=alone"])
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["ok", "corner"]
    assert not note_of(figure)


def test_what_is_too_fine_is_thinned_with_a_note():
    x = np.linspace(0, 1, 4001)
    fine = xr.Dataset(
        {"u": ("x", x**2), "status": ("x", np.ones(4001, np.uint8))}, {"x": ("x", x)}, {"title": "Fine"}
    )
    figure = plot(fine, "u", "x")
    np.testing.assert_array_equal(figure.axes[0].lines[0].get_xdata(), x[::3])
    assert note_of(figure) == "Drawn: every 3rd of 4,001 values of x."


def test_an_axis_that_falls_is_drawn_in_rising_order(broken):
    figure = plot(broken.isel(alpha=slice(None, None, -1)), "investment", "alpha", "beta", selections=ONE)
    missing = np.ma.getmaskarray(figure.axes[0].collections[0].get_array())
    np.testing.assert_array_equal(np.flatnonzero(missing[0]), [3, 4, 5])


def test_axes_that_vary_together_are_drawn_by_either_of_them():
    values = xr.Dataset(
        {"u": ("a_b", [1.0, 2.0, 4.0]), "status": ("a_b", np.ones(3, np.uint8))},
        {"a": ("a_b", [1.0, 2.0, 3.0]), "b": ("a_b", [9.0, 4.0, 1.0])},
    )
    (line,) = plot(values, "u", "b").axes[0].lines
    np.testing.assert_array_equal(line.get_xdata(), [1.0, 4.0, 9.0])
    np.testing.assert_array_equal(line.get_ydata(), [4.0, 2.0, 1.0])
    with pytest.raises(SweepError, match="a and b vary together along it"):
        plot(values, "u", "a_b")


def test_a_log_colour_leaves_out_what_is_not_above_zero():
    values = hand_made()["investment"].values - 5
    figure = plot(hand_made(investment=values), "investment", "alpha", "beta", selections=ONE, log="color")
    assert "8 not above 0 (log scale)" in note_of(figure)  # 10 alpha - 2 at alpha = 0.1 and 0.2, 4 betas


def test_text_in_an_svg_is_text_and_the_same_figure_gives_the_same_bytes(broken, tmp_path):
    for name in ("a.svg", "b.svg"):
        save(plot(broken, "investment", "alpha", hue="beta", selections=ONE), tmp_path / name)
    text = (tmp_path / "a.svg").read_text(encoding="utf-8")
    assert re.search(r"<text[^>]*>α</text>", text)
    assert text == (tmp_path / "b.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize("ending", some(["png", "svg"], ["png"]))
def test_plot_writes_png_and_svg(cube, tmp_path, ending, capsys):
    target = tmp_path / f"map.{ending}"
    words = "--var investment --x alpha --y beta --sel n=3 --sel mechanism=sharing --log x,y"
    assert main(["plot", str(cube), *words.split(), "-o", str(target)]) == 0
    assert target.read_bytes()[:5] in (b"\x89PNG\r", b"<?xml")
    assert str(target) in capsys.readouterr().out


def test_a_cube_draws_itself(cube):
    figure = open_cube(cube).equisweep.plot(
        "investment", x="alpha", hue="n", selections={"mechanism": "sharing", "beta": 0.2}
    )
    assert len(figure.axes[0].lines) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("investmnt", "alpha", "beta", None, ["n=3"]), "did you mean 'investment'"),
        (("investment", "alhpa", "beta", None, ["n=3"]), "did you mean 'alpha'"),
        (("investment", "alpha", "alpha", None, ["n=3"]), "different axes"),
        (("investment", "alpha", "beta", None, ["n=3"]), "still varies over mechanism"),
    ],
)
def test_mistakes_are_refused_by_name(cube, arguments, message):
    variable, x, y, facet, selections = arguments
    with pytest.raises(SweepError, match=message):
        plot(open_cube(cube), variable, x, y, facet=facet, selections=selections)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--var investment --x alpha --kind heatmap", "--kind heatmap: no such kind; did you mean 'heat'"),
        ("--x alpha", "--var is missing"),
        ("--var investment", "--x is missing"),
        ("--var investment --x alpha --kind heat --sel n=3", "--kind heat needs --y"),
        ("--var status --x alpha", "status holds classes, not numbers, and makes no lines; add --y"),
        ("--var status --x alpha --y beta --kind contour", "makes no contour; use --kind classes"),
        ("--var investment --x alpha --y beta --kind classes", "holds numbers, not classes; use --kind heat"),
        ("--var investment --x alpha --y beta --kind lines", "--y has no meaning for --kind lines"),
        ("--var investment --x alpha --y beta --hue n", "--hue has no meaning for --kind heat; use --facet"),
        ("--var investment --var expected_loss --x alpha --y beta", "draws one --var"),
        ("--var investment --x alpha --y mechanism --kind contour --sel n=3 --sel beta=0.2", "has names"),
        ("--var investment --x alpha --y beta --log z", "--log z: no such scale"),
        ("--var investment --x alpha --log color --sel n=3", "there are no colours to scale; add --hue"),
        (
            "--var investment --x mechanism --log x --hue n --sel alpha=0.5 --sel beta=0.2",
            "needs numbers > 0",
        ),
        ("--var investment --x alpha --y beta --keep korner", "did you mean 'corner'"),
        ("--var investment --x alpha --y beta --sel alpha=0.5 --facet n", "alpha: it has one value only"),
        ("--kind phase", "the model external has no dynamics"),
        ("--kind phase --var investment", "--var has no meaning for --kind phase"),
        ("--kind phase --model a.py:a", "this cube's model external ships with equisweep"),
        ("--var investment --x alpha --y beta --model a.py:a", "--model has no meaning for --kind heat"),
    ],
)
def test_wrong_options_are_one_line(cube, tmp_path, capsys, words, message):
    assert main(["plot", str(cube), *words.split(), "-o", str(tmp_path / "x.png")]) == 2
    message_printed = capsys.readouterr().err
    assert message in message_printed
    assert len(message_printed.splitlines()) == 1
    assert not (tmp_path / "x.png").exists()


def test_too_many_panels_are_refused():
    many = hand_made().isel(n=0).rename(alpha="a").assign_coords(a=ALPHA)
    wide = xr.concat([many.assign_coords(a=ALPHA + k) for k in range(2)], "a", data_vars="minimal")
    several = "makes 18 panels; select at most 12"
    with refused(f"facet='a' {several}", f"--facet a {several}, such as --sel a=0.1,1.9"):
        plot(wide, "investment", "beta", facet="a", hue="mechanism")


def test_more_names_than_a_legend_holds_are_refused():
    one = hand_made().isel(mechanism=0, drop=True)
    names = [f"type {k}" for k in range(18)]
    many = xr.concat([one, one], "alpha", data_vars="minimal").assign_coords(alpha=names)
    several = "makes 18 lines, and a legend holds 12; select some"
    with refused(f"hue='alpha' {several}", f"--hue alpha {several}"):
        plot(many, "investment", "beta", hue="alpha", selections=["n=3"])


def test_a_picture_without_a_point_is_refused_and_says_how_to_draw_it():
    status = np.full((2, 9, 4, 2), int(Status.corner), np.uint8)
    nothing = "no point of investment here has a result to draw: 36 corner"
    with refused(rf"{nothing}; keep=\['corner'\] draws them", f"{nothing}; --keep corner draws them"):
        plot(hand_made(status), "investment", "alpha", "beta", selections=ONE)
    with pytest.raises(SweepError, match="there is no variable 'status'"):
        plot(hand_made()[["investment"]], "investment", "alpha", "beta", selections=ONE)
