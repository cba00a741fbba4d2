"""What users say of the look of a picture: words, colours, levels, range, size, axes of their own."""

import numpy as np
import pytest
from equisweep.sweeps import SweepError
from equisweep.sweeps.commands.main import main
from equisweep.sweeps.plots.direction import Direction
from equisweep.sweeps.plots.frame import edges
from equisweep.sweeps.plots.plot import note_of, plot
from equisweep.sweeps.plots.save import save
from helpers.hard_cube import plain
from helpers.messages import refused
from helpers.pictures import ONE, cut_or_overlapping, hand_made
from matplotlib import rc_context
from matplotlib.colors import BoundaryNorm
from matplotlib.figure import Figure
from PIL import Image
from xarray import DataArray, Dataset

WORDS = ["--var", "investment", "--x", "alpha", "--sel", "n=3", "--sel", "mechanism=alone"]


def test_words_size_and_colours_are_those_that_are_stated(broken):
    figure = plot(
        broken, "investment", "alpha", "beta", selections=ONE, title=r"Costs, $\beta$ in \$", xlabel="chance",
        ylabel="", cmap="magma", vmin=2, vmax=20, figsize=(4.5, 3),
    )  # fmt: skip
    panel, bar = figure.axes
    assert figure.get_suptitle() == r"Costs, $\beta$ in \$"
    assert (panel.get_xlabel(), panel.get_ylabel()) == ("chance", "")
    mesh = panel.collections[0]
    assert mesh.get_cmap().name == "magma"
    assert mesh.get_clim() == (2, 20)
    assert figure.get_size_inches().tolist() == [4.5, 3]
    assert bar.get_ylabel() == "investment e [money]"
    assert cut_or_overlapping(figure) == ([], [])
    figure = plot(
        broken, "investment", "alpha", "beta", selections=ONE, title="", xlabel="a\x1b[31m\u202eb\nc"
    )
    assert not figure.get_suptitle()
    assert figure.axes[0].get_xlabel() == "a\\x1b[31m\\u202eb\nc"


def test_levels_are_those_that_are_stated_and_nothing_beyond_them_is_white():
    cube = hand_made()  # 4 to 12
    figure = plot(cube, "investment", "alpha", "beta", kind="contour", levels=[10, 6, 8], selections=ONE)
    bands = figure.axes[0].collections[0]
    np.testing.assert_array_equal(bands.levels, [4, 6, 8, 10, 12])
    assert [text.get_text() for text in figure.axes[1].get_yticklabels()] == ["6", "8", "10"]
    few = plot(cube, "investment", "alpha", "beta", kind="contour", levels=3, selections=ONE)
    assert 3 <= len(few.axes[0].collections[0].levels) <= 5
    heat = plot(cube, "investment", "alpha", "beta", levels=(8,), selections=ONE)
    norm = heat.axes[0].collections[0].norm
    assert isinstance(norm, BoundaryNorm)
    assert norm.boundaries.tolist() == [4, 8, 12]


def test_a_range_of_lines_is_that_of_the_axis_and_of_colours_has_arrows(broken):
    figure = plot(broken, "investment", "alpha", hue="beta", selections=ONE, vmin=-3)
    assert figure.axes[0].get_ylim()[0] == -3
    assert figure.axes[0].get_ylim()[1] > 12
    heat = plot(broken, "investment", "alpha", "beta", selections=ONE, vmax=8)
    assert heat.axes[0].collections[0].get_clim() == (4, 8)
    assert heat.axes[1]._colorbar.extend == "max"


def test_a_legend_stands_below_a_narrow_figure_and_not_over_its_note():
    cube = hand_made().assign_coords(mechanism=["a rather long name", "another name that is long"])
    cube["status"][0, 2] = 0
    one = {"beta": 0.1, "n": 3}
    figure = plot(cube, "investment", "alpha", hue="mechanism", selections=one, figsize=(3.4, 3))
    assert figure.get_size_inches().tolist() == [3.4, 3]
    assert "1 of 18 points" in note_of(figure)
    assert cut_or_overlapping(figure) == ([], [])


def test_panels_of_ones_own_are_drawn_in_and_their_figure_is_returned(broken):
    mine = Figure(figsize=(9, 6), layout="constrained")
    ((one, *others),) = mine.subplots(1, 3, squeeze=False)
    mine.suptitle("Mine")
    assert plot(broken, "investment", "alpha", "beta", selections=ONE, ax=one) is mine
    plot(broken, "attractor", "alpha", "beta", facet="n", selections=["mechanism=alone"], ax=others)
    assert mine.get_suptitle() == "Mine"
    assert one.get_title() == "mechanism = alone, n = 3"
    assert "4 of 36 points are left out" in " ".join(" ".join(t.get_text() for t in one.texts).split())
    assert [axes.get_title() for axes in others] == ["n = 3", "n = 4"]
    assert others[1].get_legend() is not None
    assert mine.get_size_inches().tolist() == [9, 6]
    with pytest.raises(SweepError, match="ax: the picture has 2 panels, and 1 axes are given"):
        plot(broken, "investment", "alpha", "beta", facet="n", selections=["mechanism=alone"], ax=one)
    with pytest.raises(SweepError, match="figsize and ax"):
        plot(broken, "investment", "alpha", selections=ONE | {"beta": 0.1}, ax=one, figsize=(3, 3))
    with pytest.raises(SweepError, match="ax: should be axes of matplotlib's, and holds a str"):
        plot(broken, "investment", "alpha", selections=ONE | {"beta": 0.1}, ax="here")


@pytest.mark.parametrize(
    ("stated", "python", "shell"),
    [
        ({"cmap": "virdis"}, "'virdis': matplotlib has no such colour map; near it are viridis", "--cmap"),
        ({"cmap": "Magma"}, "near it are magma", "--cmap Magma"),
        ({"cmap": "???"}, "there are viridis, cividis", "--cmap"),
        ({"vmin": 3, "vmax": 3}, "vmin=3: should rise", "--range 3:3: should rise"),
        ({"vmin": float("nan")}, "vmin=nan: should be a finite number", "--range nan"),
        ({"vmin": 50}, "vmin=50: no value lies there; they run from 4 to 12", "--range 50:: no value"),
        ({"vmin": 0, "log": "color"}, "vmin=0: a log scale needs numbers > 0", "--range 0"),
        ({"levels": 0}, "levels=0: should be 1 to 60 bands", "--levels 0"),
        ({"levels": True}, "levels=True: should be a number of bands", "--levels True"),
        ({"levels": [1, "a"]}, "levels=.*should be a number of bands", "--levels 1,a"),
        ({"levels": []}, "levels=.*should be a number of bands", "--levels"),
        ({"levels": [-1, 5], "log": "color"}, "levels=-1.0: a log scale needs numbers > 0", "--levels -1"),
        ({"figsize": (0.1, 4)}, "figsize=.*should be a width and a height of 1 to 60 inches", "--size 0.1x4"),
        ({"figsize": 4}, "figsize=4: should be a width and a height", "--size 4"),
        ({"title": r"$\nothing$"}, "between . and . stands mathematics, and this is none", "--title"),
        ({"xlabel": 3}, "xlabel=3: should be a text", "--xlabel 3"),
    ],
)  # fmt: skip
def test_a_look_that_cannot_be_is_refused(stated, python, shell):
    with refused(python, shell):
        plot(hand_made(), "investment", "alpha", "beta", selections=ONE, **stated)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--levels 5", "--levels has no meaning for --kind lines"),
        ("--levels a,b", "--levels a,b: should be a number of bands, such as 9, or values, such as 0,1,2.5"),
        ("--range 3", "--range 3: should be LOW:HIGH, such as 0:1.5"),
        ("--range a:b", "--range a:b: should be LOW:HIGH"),
        ("--range :", "--range :: should be LOW:HIGH"),
        ("--size 4", "--size 4: should be a width and a height, such as 6x4 (inches), 16x10cm"),
        ("--size 4x5km", "--size 4x5km: should be a width and a height"),
        ("--size 900x900", "should be a width and a height of 1 to 60 inches"),
        ("--dpi many", "--dpi many: should be a number, such as 300"),
        ("--dpi 1", "--dpi 1: should be 20 to 2400 dots per inch"),
        ("--size 50x10 --dpi 2000", "50 inches are more than 65,536 dots"),
        ("--cmap jett", "near it are jet"),
        ("--y beta --kind classes --cmap jet", "holds numbers, not classes"),
        ("--data drawn.txt", "drawn.txt: what is drawn is written as .csv"),
    ],
)
def test_options_that_cannot_be_are_one_line(words, message, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr("equisweep.sweeps.cube.plain.open.open_plain", lambda path: plain(hand_made()))
    target = tmp_path / "x.png"
    extra = [] if "--y" in words else ["--sel", "beta=0.1"]
    assert main(["plot", "c.zarr", *WORDS, *extra, *words.split(), "-o", str(target)]) == 2
    printed = capsys.readouterr().err
    assert message in printed
    assert len(printed.splitlines()) == 1
    assert not target.exists()


@pytest.fixture(scope="module")
def simple():
    return plot(hand_made(), "investment", "alpha", selections=ONE | {"beta": 0.1}, figsize=(3, 2.5))


def test_pdf_holds_type_and_no_date_and_pictures_are_replaced_whole(simple, tmp_path):
    path = tmp_path / "A.PDF"
    save(simple, path)
    first = path.read_bytes()
    assert first.startswith(b"%PDF-")
    assert b"/FontFile2" in first
    assert b"/FontType3" not in first
    assert b"CreationDate" not in first
    save(simple, path)
    assert path.read_bytes() == first
    save(simple, tmp_path / "a.png", dpi=40)
    header = (tmp_path / "a.png").read_bytes()[16:24]
    assert np.frombuffer(header, ">u4").tolist() == [120, 100]
    assert sorted(file.name for file in tmp_path.iterdir()) == ["A.PDF", "a.png"]


def test_what_is_no_picture_is_not_replaced(simple, tmp_path):
    thesis = tmp_path / "thesis.pdf"
    thesis.write_text("years of work")
    with pytest.raises(SweepError, match="is there already and is no picture; choose another name"):
        save(simple, thesis)
    assert thesis.read_text() == "years of work"
    save(simple, thesis, overwrite=True)
    assert thesis.read_bytes().startswith(b"%PDF-")
    (tmp_path / "folder.png").mkdir()
    for name, message in (("folder.png", "is a folder"), ("a.jpg", "should end in .png, .svg or .pdf")):
        with pytest.raises(SweepError, match=message):
            save(simple, tmp_path / name)


def test_data_that_is_there_is_kept_unless_it_is_to_be_replaced(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr("equisweep.sweeps.cube.plain.open.open_plain", lambda path: plain(hand_made()))
    data, target = tmp_path / "d.csv", tmp_path / "x.svg"
    data.write_text("mine")
    size = ["--size", "80x60mm", "--title", "", "--range", "0:"]
    words = ["plot", "c.zarr", *WORDS, "--sel", "beta=0.1", *size, "--data", str(data), "-o", str(target)]
    assert main(words) == 2
    assert "d.csv: is there already; --overwrite replaces it" in capsys.readouterr().err
    assert data.read_text() == "mine"
    assert not target.exists()
    assert main([*words, "--overwrite"]) == 0
    assert data.read_text().splitlines()[:2] == ["alpha,investment [money],status", "0.1,4.0,ok"]
    assert capsys.readouterr().out == f"{target}\n{data}\n"
    assert 'width="226.77' in target.read_text()


def test_a_notebook_shows_a_picture_without_pyplot(simple):
    assert simple._repr_png_().startswith(b"\x89PNG")
    assert isinstance(simple, Figure)


@pytest.mark.parametrize("face", ["white", (1, 0, 0, 0.25)])
def test_a_png_has_the_dots_and_the_size_that_matplotlib_writes(face, tmp_path):
    figure = Figure(figsize=(2, 1.5), facecolor=face)
    figure.subplots().plot([0, 1], [1, 0])
    figure.savefig(tmp_path / "theirs.png", dpi=120)
    save(figure, tmp_path / "ours.png", 120)
    theirs, ours = (Image.open(tmp_path / f"{whose}.png") for whose in ("theirs", "ours"))
    assert ours.info == theirs.info
    assert ours.size == theirs.size == (240, 180)
    assert ours.mode == ("RGB" if face == "white" else "RGBA")
    np.testing.assert_array_equal(np.asarray(ours.convert("RGBA")), np.asarray(theirs.convert("RGBA")))
    with rc_context({"savefig.facecolor": "blue"}):  # settings of the user's own hold
        save(figure, tmp_path / "ours.png", 120)
    assert Image.open(tmp_path / "ours.png").convert("RGBA").getpixel((0, 0)) == (0, 0, 255, 255)


@pytest.mark.parametrize(
    ("values", "log", "borders"),
    [
        ([0.0, 0.5, 1.5], False, [0, 0.25, 1, 2]),
        ([0.1, 1.1, 2.1], False, [0, 0.6, 1.6, 2.6]),
        ([2.1, 1.1, 0.1], False, [2.6, 1.6, 0.6, 0]),
        ([-2.0, -1.0, -0.25], False, [-2.5, -1.5, -0.625, 0]),
        ([-1.0, 0.0, 2.0], False, [-1.5, -0.5, 1, 3]),
        ([2.0, 3.0], False, [1.5, 2.5, 3.5]),
        ([0.1, 10.0], True, [0.01, 1, 100]),
        ([1, 4, 16], False, [0, 2.5, 10, 22]),
        ([0, 1, 2], False, [-0.5, 0.5, 1.5, 2.5]),
        (["fines", "rewards"], False, [-0.5, 0.5, 1.5]),
        ([0.0], False, [-0.5, 0.5]),
    ],
)
def test_cells_lie_halfway_between_values_and_reach_beyond_0_only_where_values_do(values, log, borders):
    way = Direction("x", "x", np.array(values), DataArray(values, dims="x"), log)
    np.testing.assert_allclose(edges(way), borders, atol=1e-15)


@pytest.mark.parametrize(
    ("values", "log", "domain", "borders"),
    [
        ([0.0, 0.5, 1.0], False, {"valid_min": 0, "valid_max": 1}, [0, 0.25, 0.75, 1]),
        ([1.0, 0.6], False, {"valid_max": 1.0}, [1, 0.8, 0.4]),
        ([0.1, 1.0], True, {"valid_min": 0.0, "valid_max": 1.0}, [0.1**1.5, 0.1**0.5, 1]),
        ([-1.0, 0.0, 1.0], False, {"valid_min": -1.0}, [-1, -0.5, 0.5, 1.5]),
        ([1, 4, 16], False, {"valid_min": 1.0, "valid_max": 16.0}, [0.5, 2.5, 10, 16.5]),
        ([0, 1], False, {"valid_min": 0.0}, [-0.5, 0.5, 1.5]),
        ([0.0, 50.0, 100.0], False, {"valid_min": 0.0, "valid_max": 1.0}, [0, 25, 75, 125]),
        ([0.0, 1.0], False, {"valid_max": "[0, 1]"}, [0, 0.5, 1.5]),
        ([1.0], False, {"valid_max": 1.0}, [0.5, 1]),
        ([1.0], False, {"valid_min": 1.0, "valid_max": 1.0}, [0.5, 1.5]),
        (["fines", "rewards"], False, {"valid_max": 0.0}, [-0.5, 0.5, 1.5]),
    ],
)
def test_cells_end_where_the_domain_of_the_parameter_does(values, log, domain, borders):
    way = Direction("x", "x", np.array(values), DataArray(values, dims="x", attrs=domain), log)
    np.testing.assert_allclose(edges(way), borders, atol=1e-15)


def test_dollars_in_names_of_classes_begin_no_formula():
    grid = DataArray(np.array([[0, 1], [1, 0]], np.int8), {"x": [0.0, 1.0], "y": [0.0, 1.0]}, ("x", "y"))
    named = grid.assign_attrs(flag_values=[0, 1], flag_meanings="5$_to_10$ $x_{$")
    status = (grid >= 0).astype("uint8").assign_attrs(flag_values=[1], flag_meanings="ok")
    figure = plot(Dataset({"band": named, "status": status}), "band", "x", "y")
    figure.draw_without_rendering()  # which fails where a formula is none
    texts = [text.get_text() for legend in figure.legends for text in legend.get_texts()]
    assert texts[:2] == [r"5\$ to 10\$", r"\$x {\$"]


def test_a_map_over_shares_begins_at_0():
    loss = DataArray(np.ones((3, 2)), {"x": [0.0, 0.4, 0.8], "y": [0.1, 0.7]}, ("x", "y"))
    status = loss.astype("uint8").assign_attrs(flag_values=[1], flag_meanings="ok")
    figure = plot(Dataset({"loss": loss, "status": status}), "loss", "x", "y")
    panel = figure.axes[0]
    np.testing.assert_allclose([*panel.get_xlim(), *panel.get_ylim()], [0, 1, 0, 1])
