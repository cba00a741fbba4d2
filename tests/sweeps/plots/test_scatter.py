"""Sampled cubes are scattered, what has no result is marked and counted; and what is drawn, as a table."""

import csv

import numpy as np
import pytest
import xarray as xr
from equisweep.kernels.status import Status
from equisweep.sweeps import SweepError
from equisweep.sweeps.commands.main import main
from equisweep.sweeps.plots.drawn import Table, write_table
from equisweep.sweeps.plots.look.style import Style
from equisweep.sweeps.plots.plot import note_of, picture, plot
from helpers.hard_cube import plain
from helpers.messages import refused
from helpers.pictures import cut_or_overlapping, hand_made

SIZE = 40
LOST = np.array([3, 11])


@pytest.fixture(scope="module")
def sampled():
    """Forty samples of alpha and L under two mechanisms, one of which a spreadsheet would compute."""
    rng = np.random.default_rng(5)
    alpha, size = rng.uniform(0.1, 0.9, SIZE), 10 ** rng.uniform(2, 4, SIZE)
    invested = np.stack([alpha * size, 2 * alpha * size])
    status = np.full((2, SIZE), int(Status.ok), np.uint8)
    status[0, LOST] = Status.corner
    kinds = {"flag_values": [0, 1], "flag_meanings": "small large"}
    dims = ("mechanism", "sample")
    return xr.Dataset(
        {
            "investment": (dims, invested, {"symbol": "e", "units": "money"}),
            "kind": (dims, (invested > 500).astype(np.int8), kinds),
            "status": (dims, status),
        },
        {
            "mechanism": ["alone", "=1+1"],
            "alpha": ("sample", alpha, {"symbol": "α", "units": "1"}),
            "L": ("sample", size, {"symbol": "L", "units": "money"}),
        },
        {"title": "Sampled"},
    )


def test_two_inputs_have_the_output_as_colour(sampled):
    figure = plot(sampled, "investment", "alpha", "L", facet="mechanism", log="y,color")
    first, second = [axes for axes in figure.axes if axes.get_label() != "<colorbar>"]
    there = np.setdiff1d(np.arange(SIZE), LOST)
    (points,) = first.collections
    expected = np.stack([sampled["alpha"], sampled["L"]], axis=1)
    np.testing.assert_array_equal(points.get_offsets(), expected[there])
    np.testing.assert_array_equal(points.get_array(), sampled["investment"].values[0, there])
    (crosses,) = (line for line in first.lines if line.get_marker() == "x")
    np.testing.assert_array_equal(crosses.get_xydata(), expected[LOST])
    assert len(second.collections[0].get_offsets()) == SIZE
    assert points.norm is second.collections[0].norm
    assert figure.axes[-1].get_ylabel() == "investment e [money]"
    assert (first.get_xlabel(), first.get_ylabel(), first.get_yscale()) == ("α", "L [money]", "log")
    assert note_of(figure) == "2 of 80 points are left out (grey crosses): 2 corner."
    assert cut_or_overlapping(figure) == ([], [])
    kept = plot(sampled, "investment", "alpha", "L", selections={"mechanism": "alone"}, keep="corner")
    assert len(kept.axes[0].collections[0].get_offsets()) == SIZE
    assert "Drawn though not ok: 2 corner." in note_of(kept)


def test_an_output_over_an_input_has_a_mark_for_each_hue_or_a_colour_for_an_input(sampled):
    figure = plot(sampled, "investment", "alpha", hue="mechanism", vmin=0)
    alone, other = figure.axes[0].collections
    assert (len(alone.get_offsets()), len(other.get_offsets())) == (SIZE - 2, SIZE)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["alone", "=1+1"]
    assert figure.axes[0].get_ylim()[0] == 0
    assert "(not drawn): 2 corner" in note_of(figure)
    shaded = plot(sampled, "investment", "alpha", hue="L", selections=["mechanism==1+1"], log="color")
    np.testing.assert_array_equal(shaded.axes[0].collections[0].get_array(), sampled["L"])
    assert shaded.axes[1].get_ylabel() == "L [money]"


@pytest.fixture(scope="module")
def with_loss(sampled):
    """The same with a second output, which is NaN at two points, and what no mechanism changes."""
    loss = 1000 - sampled["investment"].values.copy()
    loss[1, [0, 5]] = np.nan
    about = {"symbol": "l", "units": "money"}
    return sampled.assign(loss=(("mechanism", "sample"), loss, about), only=("sample", sampled.L.values))


def drawn_at(panel):
    (points,) = panel.collections
    return np.asarray(points.get_offsets())


def test_an_output_is_drawn_over_another_output_panel_by_panel(with_loss, tmp_path):
    figure = plot(with_loss, "loss", "investment", facet="mechanism", log="x")
    first, second = figure.axes
    positions = np.stack([with_loss["investment"], with_loss["loss"]], axis=-1)
    np.testing.assert_array_equal(drawn_at(first), positions[0, np.setdiff1d(np.arange(SIZE), LOST)])
    np.testing.assert_array_equal(drawn_at(second), positions[1, np.setdiff1d(np.arange(SIZE), [0, 5])])
    assert (first.get_xscale(), first.get_xlabel()) == ("log", "investment e [money]")
    assert "4 of 80 points are left out (not drawn): 2 corner, 2 ok but undefined (NaN)." in note_of(figure)
    assert cut_or_overlapping(figure) == ([], [])
    marks = plot(with_loss, "investment", "loss", hue="mechanism")
    sizes = [len(points.get_offsets()) for points in marks.axes[0].collections]
    assert sizes == [SIZE - 2, SIZE - 2]
    swapped = picture(
        with_loss, ["investment"], "loss", None, Style(), kind=None, facet=["mechanism"], hue=None,
        selections=[], log=[], line=None, keep=[], model=None,
    )  # fmt: skip
    write_table(swapped.table, tmp_path / "t.csv")
    rows = list(csv.DictReader((tmp_path / "t.csv").read_text(encoding="utf-8").splitlines()))
    assert [float(r["loss [money]"] or "nan") for r in rows] == pytest.approx(
        with_loss["loss"].values.ravel().tolist(), nan_ok=True
    )


def test_outputs_are_either_axis_of_a_plane_or_its_colour(with_loss):
    one = {"mechanism": "alone"}
    there = np.setdiff1d(np.arange(SIZE), LOST)
    figure = plot(with_loss, "investment", "loss", "alpha", selections=one)
    np.testing.assert_array_equal(drawn_at(figure.axes[0])[:, 1], with_loss["alpha"][there])
    np.testing.assert_array_equal(drawn_at(figure.axes[0])[:, 0], with_loss["loss"][0, there])
    assert not figure.axes[0].lines  # a point without a result has no place in it
    shaded = plot(with_loss, "investment", "alpha", hue="loss", selections=one)
    np.testing.assert_array_equal(shaded.axes[0].collections[0].get_array(), with_loss["loss"][0, there])
    both = plot(with_loss, "kind", "loss", "investment", selections=one)
    assert sum(len(points.get_offsets()) for points in both.axes[0].collections) == SIZE - 2
    same_in_all = plot(with_loss, "investment", "only", facet="mechanism")
    np.testing.assert_array_equal(drawn_at(same_in_all.axes[1])[:, 0], with_loss["L"])


def test_points_of_a_grid_stand_at_outputs_too_and_what_cannot_be_is_refused(with_loss):
    one = {"beta": 0.1, "mechanism": "alone"}
    figure = plot(hand_made(), "loss", "investment", hue="n", selections=one)
    for points in figure.axes[0].collections:
        x, y = np.asarray(points.get_offsets()).T
        np.testing.assert_array_equal(y, 2 * x)
    with pytest.raises(SweepError, match="still varies over alpha, n; select one value"):
        plot(hand_made(), "loss", "investment", selections=one)
    with pytest.raises(SweepError, match="x='kind': kind holds classes"):
        plot(with_loss, "loss", "kind", hue="mechanism")
    with pytest.raises(SweepError, match="x='loss': is what is drawn itself"):
        plot(with_loss, "loss", "loss", hue="mechanism")
    with pytest.raises(SweepError, match="investment still varies over mechanism"):
        plot(with_loss, "only", "investment")
    with pytest.raises(SweepError, match=r"no point of investment here has a result.*78 not above 0"):
        plot(
            with_loss.assign(loss=-with_loss["investment"]), "investment", "loss", facet="mechanism", log="x"
        )


def test_classes_and_the_status_are_colours_and_marks(sampled):
    figure = plot(sampled, "kind", "alpha", "L", selections={"mechanism": "alone"})
    sizes = [len(points.get_offsets()) for points in figure.axes[0].collections]
    assert sizes == np.bincount(np.delete(sampled["kind"].values[0], [])).tolist()
    statuses = plot(sampled, "status", "alpha", "L", selections={"mechanism": "alone"})
    assert [text.get_text() for text in statuses.legends[0].get_texts()] == ["ok", "corner"]
    assert [len(points.get_offsets()) for points in statuses.axes[0].collections] == [SIZE - 2, 2]


def test_axes_that_vary_together_are_scattered_where_that_is_asked():
    cube = xr.Dataset(
        {"u": ("a_b", [1.0, 2.0, 4.0]), "status": ("a_b", np.ones(3, np.uint8))},
        {"a": ("a_b", [1.0, 2.0, 3.0]), "b": ("a_b", [9.0, 4.0, 1.0])},
    )
    points = plot(cube, "u", "a", "b", kind="scatter").axes[0].collections[0]
    assert points.get_offsets().tolist() == [[1, 9], [2, 4], [3, 1]]
    with refused("different axes; .*kind='scatter'", "different axes; .*--kind scatter"):
        plot(cube, "u", "a", "b")


def test_more_points_than_a_print_shows_are_thinned_with_a_note():
    x = np.linspace(0, 1, 50_001)
    cube = xr.Dataset({"u": ("sample", x), "status": ("sample", np.ones(x.size, np.uint8))})
    figure = plot(cube.assign_coords(x=("sample", x)), "u", "x")
    assert note_of(figure) == "Drawn: every 3rd of 50,001 points."
    (points,) = figure.axes[0].collections
    assert len(points.get_offsets()) == 16667
    assert points.get_rasterized()


def test_what_cannot_be_scattered_is_refused(sampled):
    one = {"mechanism": "alone"}
    with refused("hue='mechanism'.*colour of the points is investment", "--hue mechanism.*leave out --y"):
        plot(sampled, "investment", "alpha", "L", hue="mechanism")
    with refused("investment still varies over mechanism; .* facet", "over mechanism; .* --facet"):
        plot(sampled, "investment", "alpha", "L")
    with refused("y='n': n does not vary together with alpha.*kind='heat'", "--y n.*--kind heat"):
        plot(hand_made(), "investment", "alpha", "n", kind="scatter", selections={"beta": 0.1})
    with pytest.raises(SweepError, match="colours in the plane of two inputs; add y"):
        plot(sampled, "kind", "alpha", selections=one)
    with pytest.raises(SweepError, match="no point of investment here has a result to draw: 2 corner"):
        plot(sampled.isel(sample=LOST), "investment", "alpha", "L", selections=one)
    two = sampled.assign(loss=sampled["investment"])
    with pytest.raises(SweepError, match="kind='scatter' draws one variables"):
        plot(two, ["investment", "loss"], "alpha", kind="scatter")


def test_what_is_drawn_is_written_with_names_and_units(sampled, monkeypatch, tmp_path):
    monkeypatch.setattr("equisweep.sweeps.cube.plain.open.open_plain", lambda path: plain(sampled))
    path = tmp_path / "drawn.csv"
    words = "plot c.zarr --var investment --x alpha --y L --facet mechanism --dpi 40"
    assert main([*words.split(), "--data", str(path), "-o", str(tmp_path / "a.png")]) == 0
    rows = list(csv.reader(path.read_text(encoding="utf-8").splitlines()))
    assert rows[0] == ["mechanism", "alpha", "L [money]", "investment [money]", "status"]
    assert len(rows) == 1 + 2 * SIZE
    for i, row in enumerate(rows[1:]):
        k, sample = divmod(i, SIZE)
        at = sampled.isel(mechanism=k, sample=sample)
        lost = k == 0 and sample in LOST
        assert row[0] == ("alone", "'=1+1")[k]
        assert [float(row[1]), float(row[2])] == [at["alpha"], at["L"]]
        assert row[3] == ("" if lost else repr(at["investment"].item()))
        assert row[4] == ("corner" if lost else "ok")


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("+1", "+1"),  # a number is none
        ("-1+1", "'-1+1"),
        ("@x", "'@x"),
        ("\t=1", r"'\t=1"),
        ("\uff1d1", "'\uff1d1"),
        (" =1", "' =1"),
        ("a=b", "a=b"),
        ("(0,0)", '"(0,0)"'),
        ("", ""),
        (-1.5, "-1.5"),
        (float("nan"), ""),
        (float("-inf"), "-inf"),
        (3, "3"),
        (None, ""),
    ],
)
def test_no_text_is_a_formula_and_no_number_a_text(cell, written, tmp_path):
    write_table(Table(["=a", "b"], [[cell, 1]]), tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_bytes().decode() == f"'=a,b\n{written},1\n"
