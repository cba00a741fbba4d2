"""Ticks: round, few enough, none over another; nothing of a picture is cut."""

import numpy as np
import pytest
import xarray as xr
from equisweep.sweeps import SweepError
from equisweep.sweeps.plots.look.numbers import even_levels, log_levels, log_ticks, number_texts
from equisweep.sweeps.plots.plot import plot
from helpers.pictures import cut_or_overlapping
from helpers.products import covering, some

NAMES = [f"a rather long name of type {i}" for i in range(9)]


def grid(x, y=(1.0, 2.0, 4.0), names=("one", "two", "three")):
    """The product of x and y, for each name another, in units that need brackets."""
    x, y = np.asarray(x), np.asarray(y)
    values = np.stack([(i + 1) * x[:, None] * y for i in range(len(names))])
    units = {"units": "1/(100 million CNY)"}
    return xr.Dataset(
        {
            "benefit": (("way", "x", "y"), values, units),
            "status": (("way", "x", "y"), np.ones(values.shape, np.uint8)),
        },
        {"way": list(names), "x": ("x", x, units), "y": ("y", y, {})},
    )


@pytest.mark.parametrize("most", [2, 4, 6, 9])
@pytest.mark.parametrize("low", [1e-300, 3e-7, 0.8, 1.0, 7e5])
@pytest.mark.parametrize("factor", [1.001, 1.5, 3, 8, 20, 3e3, 1e12])
def test_ticks_of_a_log_scale_are_round_few_and_inside(low, factor, most):
    ticks = log_ticks(low, low * factor, most)
    assert len(ticks) <= most + 1
    assert len(ticks) >= 2 or factor < 30
    assert (ticks >= low * (1 - 1e-8)).all()
    assert (ticks <= low * factor * (1 + 1e-8)).all()
    assert len(set(number_texts(ticks))) == len(ticks)
    if factor >= 20 and len(ticks) > 1:  # a digit and a power of ten each
        mantissas = ticks / 10.0 ** np.floor(np.log10(ticks) + 1e-9)
        np.testing.assert_allclose(mantissas, mantissas.round(), rtol=1e-9)


@pytest.mark.parametrize("bands", [1, 3, 9])
@pytest.mark.parametrize(
    ("low", "high"), [(1e-9, 1e9), (0.3, 0.31), (2.0, 70.0), (5.0, 5.0), (1e-307, 1e300)]
)
def test_levels_hold_all_numbers(low, high, bands):
    for levels in (log_levels(low, high, bands), even_levels(low, high, bands)):
        assert levels[0] <= low
        assert high <= levels[-1]
        assert (np.diff(levels) > 0).all()
        assert 2 <= len(levels) <= bands + 3


def test_numbers_are_written_alike():
    assert number_texts(np.array([0.01, 1, 100])) == ["0.01", "1", "100"]
    assert number_texts(np.array([-2.5, 0])) == ["\N{MINUS SIGN}2.5", "0"]
    assert number_texts(np.array([1e-6, 3e7])) == [
        r"$\mathdefault{10^{-6}}$", r"$\mathdefault{3\times 10^{7}}$"
    ]  # fmt: skip


TICKS = {
    "decades": (grid(np.geomspace(1e-3, 1e3, 7)), {"facet": "way", "log": "x,y,color"}),
    "whole numbers": (grid([2, 3, 4, 5, 6, 7, 8, 100]), {"facet": "way"}),
    "whole numbers, log": (grid([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), {"facet": "way", "log": "x"}),
    "less than a decade": (grid(np.geomspace(1.1, 1.9, 5)), {"facet": "way", "log": "x"}),
    "long numbers": (
        grid(np.linspace(1e-7, 5e-7, 5), 1e8 + np.arange(3)),
        {"facet": "way", "figsize": (6, 2.6)},
    ),
}


@pytest.mark.parametrize("name", some(TICKS, ["whole numbers", "whole numbers, log"]))
def test_no_label_of_a_tick_covers_another(name):
    cube, options = TICKS[name]
    figure = plot(cube, "benefit", "x", "y", **options)
    assert cut_or_overlapping(figure) == ([], [])
    panels = [axes for axes in figure.axes if axes.get_label() != "<colorbar>"]
    shown = [text.get_text() for text in panels[0].get_xticklabels() if text.get_text()]
    assert len(shown) >= 2
    assert len(set(shown)) == len(shown)


@pytest.mark.parametrize(
    ("names", "turned", "every"),
    covering(
        [(("one", "two", "three"), 0, True), (NAMES, 35, True), ([f"t{i}" for i in range(60)], 90, False)],
        lambda _names, _turned, every: every,
        columns=0,
    ),
    ids=["short", "long", "many"],
)
def test_names_are_turned_and_thinned_only_where_they_must(names, turned, every):
    figure = plot(grid([1.0, 2.0, 3.0], names=names), "benefit", "way", "x", selections={"y": 1})
    assert cut_or_overlapping(figure) == ([], [])
    texts = figure.axes[0].get_xticklabels()
    assert {text.get_rotation() for text in texts} == {turned}
    shown = [text.get_text() for text in texts if text.get_text()]
    assert (len(shown) == len(names)) is every
    assert len(shown) > 5 or len(names) < 5


def test_a_figure_too_small_for_its_words_is_refused():
    small = r"figsize=\(1.0, 1.0\): too small for what stands in it \(in inches"
    with pytest.raises(SweepError, match=small + r"\)"):
        plot(grid([1.0, 2.0]), "benefit", "x", hue="way", selections={"y": 1}, figsize=(1, 1))
    with pytest.raises(SweepError, match=small + r"; rows of panels: 2, columns: 3\)"):
        plot(grid([1.0, 2.0], (1.0, 2.0)), "benefit", "x", facet=["y", "way"], figsize=(1, 1))
