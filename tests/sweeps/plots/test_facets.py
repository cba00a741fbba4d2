"""Two facets make rows and columns, in the order in which they are named; a third is refused."""

import numpy as np
import pytest
from equisweep.sweeps import SweepError
from equisweep.sweeps.commands.main import main
from equisweep.sweeps.plots.plot import plot
from helpers.hard_cube import plain
from helpers.messages import refused
from helpers.pictures import ALPHA, cut_or_overlapping, hand_made


def panels_of(figure):
    return [axes for axes in figure.axes if axes.get_label() != "<colorbar>"]


def sides(panels):
    """What stands beside the last panel of each row."""
    return [t.get_text() for axes in panels for t in axes.texts if t.get_rotation() == 270]


@pytest.fixture(scope="module")
def cube():
    """One number that tells every point: ten thousands are the mechanism, ones are n."""
    at = np.indices((2, 9, 4, 2))
    return hand_made(investment=1.0 + at[0] * 1000 + at[1] * 100 + at[2] * 10 + at[3])


def test_rows_are_the_first_facet_and_columns_the_second(cube):
    figure = plot(cube, "investment", "alpha", "beta", facet=["mechanism", "n"])
    panels = panels_of(figure)
    assert [axes.get_title() for axes in panels] == ["n = 3", "n = 4", "", ""]
    assert sides(panels) == ["alone", "sharing"]
    for k, axes in enumerate(panels):
        shown = axes.collections[0].get_array()
        expected = cube["investment"].isel(mechanism=k // 2, n=k % 2).transpose("beta", "alpha")
        np.testing.assert_array_equal(shown, expected)
    assert [axes.get_xlabel() for axes in panels] == ["", "", "α", "α"]
    assert [axes.get_ylabel() for axes in panels] == ["β", "", "β", ""]
    assert cut_or_overlapping(figure) == ([], [])


@pytest.mark.parametrize(("kind", "x", "y"), [("lines", "alpha", None), ("contour", "alpha", "beta")])
def test_every_kind_has_them(cube, kind, x, y):
    hue = None if y else "beta"
    figure = plot(cube, "investment", x, y, kind=kind, hue=hue, facet=("n", "mechanism"))
    panels = panels_of(figure)
    assert [axes.get_title() for axes in panels[:2]] == ["alone", "sharing"]
    assert sides(panels) == ["n = 3", "n = 4"]
    if kind == "lines":
        for k, axes in enumerate(panels):
            expected = cube["investment"].isel(n=k // 2, mechanism=k % 2, beta=1)
            np.testing.assert_array_equal(axes.lines[1].get_ydata(), expected)


def test_what_cannot_be_rows_and_columns_is_refused(cube):
    def facets(*names, **more):
        return plot(cube, "investment", "alpha", facet=names, **{"hue": "beta", **more})

    three = (
        "facet='n', facet='mechanism', facet='beta': there are two at most, one for rows and one for columns"
    )
    with refused(three, "--facet n, --facet mechanism, --facet beta: there are two at most"):
        facets("n", "mechanism", "beta")
    with pytest.raises(SweepError, match="facet='n', facet='n': rows and columns should be different"):
        facets("n", "n")
    with refused("facet='beta'.*these should be different axes", "--facet beta.*different axes"):
        facets("beta", "n")
    with refused("facet='beta' make 2 rows of 9 panels", "--facet n, --facet beta make 2 rows of 9 panels"):
        wide = cube.rename(alpha="beta", beta="alpha")
        plot(wide, "investment", "alpha", facet=("n", "beta"), selections={"mechanism": "alone"})
    with pytest.raises(SweepError, match="two facets draw variables of one unit"):
        plot(cube, ["investment", "risk"], "alpha", facet=("n", "mechanism"), selections={"beta": 0.1})
    with refused("facet='gamma'|no axis 'gamma'", "no axis 'gamma'"):
        facets("n", "gamma")


def test_the_command_takes_two(cube, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr("equisweep.sweeps.cube.plain.open.open_plain", lambda path: plain(cube))
    words = ["plot", "c.zarr", "--var", "investment", "--x", "alpha", "--sel", "beta~0.18"]
    three = ["--facet", "n", "--facet", "mechanism", "--facet", "beta"]
    assert main([*words, *three, "-o", str(tmp_path / "a.png")]) == 2
    assert "two at most, one for rows and one for columns" in capsys.readouterr().err
    assert main([*words, *three[:4], "--data", str(tmp_path / "a.csv"), "-o", str(tmp_path / "a.pdf")]) == 0
    assert capsys.readouterr().err == "equisweep: taken: beta = 0.2 (nearest to 0.18)\n"
    lines = (tmp_path / "a.csv").read_text().splitlines()
    assert lines[0] == "n,mechanism,alpha,investment [money],status"
    assert lines[1] == f"3,alone,{ALPHA[0]},11.0,ok"
    assert lines[-1] == f"4,sharing,{ALPHA[-1]},1812.0,ok"
    assert len(lines) == 1 + 2 * 2 * 9
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF-")
