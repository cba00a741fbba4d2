"""Pictures: labelled from the cube, every panel on one scale, mistakes refused."""

import pytest
from equisweep.sweeps import SweepError, open_cube, run
from equisweep.sweeps.command_line import main
from equisweep.sweeps.picture import plot_map
from sweeps_for_tests import small_sweep


@pytest.fixture(scope="module")
def cube(tmp_path_factory):
    path = tmp_path_factory.mktemp("picture") / "cube.zarr"
    run(small_sweep(), path)
    return path


def test_a_map_has_one_panel_a_value_labelled_with_symbols_and_units(cube):
    figure = plot_map(open_cube(cube), "investment", "alpha", "beta", "mechanism", ["n=3"])
    panels = [axes for axes in figure.axes if axes.get_title()]
    assert [axes.get_title() for axes in panels] == ["noncooperation", "sharing"]
    assert panels[-1].get_xlabel() == "alpha α"
    assert panels[0].get_ylabel() == "beta β"
    assert figure.axes[-1].get_ylabel() == "investment e [money]"
    scales = {tuple(axes.collections[0].get_clim()) for axes in panels}
    assert len(scales) == 1


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_plot_writes_png_and_svg(cube, tmp_path, ending, capsys):
    target = tmp_path / f"map.{ending}"
    words = [
        "--var",
        "investment",
        "--x",
        "alpha",
        "--y",
        "beta",
        "--sel",
        "n=3",
        "--sel",
        "mechanism=sharing",
    ]
    assert main(["plot", str(cube), *words, "-o", str(target)]) == 0
    assert target.read_bytes()[:5] in (b"\x89PNG\r", b"<?xml")
    assert str(target) in capsys.readouterr().out


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
    with pytest.raises(SweepError, match=message):
        plot_map(open_cube(cube), *arguments)
