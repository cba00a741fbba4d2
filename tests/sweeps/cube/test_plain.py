"""What a plain Dataset answers and shows is what xarray's does, to the byte."""

import io

import numpy as np
import pytest
from equisweep.sweeps import open_cube, run
from equisweep.sweeps.commands.main import main
from equisweep.sweeps.cube.lazy import CHUNK
from equisweep.sweeps.cube.plain.open import open_plain
from equisweep.sweeps.cube.query import Query, answer
from equisweep.sweeps.cube.reduce import HOWS
from equisweep.sweeps.cube.select import nearest_values, select
from equisweep.sweeps.plots.look.style import Style
from equisweep.sweeps.plots.plot import picture
from helpers.hard_cube import hard_cube, plain
from helpers.products import covering
from helpers.small_sweeps import small_sweep

SELECTIONS = (
    [],
    ["n=3"],
    ["n=3,4", "alpha=0.2:0.5"],
    ["n=4,3", "mechanism=sharing"],
    ["alpha~0.33,0.11", "factor=systems"],
    ["beta=0.8", "mechanism=alone", "n=3"],
    ["n=3", "alpha=0.1", "mechanism=alone", "factor=data"],
)
CONDITIONS = (
    ["loss > 40 and alpha < 0.55"],
    ['kind == "closed_orbit" or status == "corner"', "n == 3"],
    ['mechanism in ("sharing",) and share.data > 0.3'],
    ["loss > 1e9"],
    ["1 < 2"],
)
REDUCTIONS = [*HOWS, "count:alpha", "argmax:alpha,n", "std:n", "mean:mechanism", "argmin:beta"]


def answers(dataset, question, style):
    text = io.StringIO()
    rows = answer(dataset, question, style, file=text)
    return rows, text.getvalue()


def questions():
    for selections in SELECTIONS:
        yield Query((), selections)
    yield Query(["kind", "loss"], ["mechanism=alone"])
    yield Query(["loss"], ["mechanism=alone"])  # rows and columns
    yield Query(["status"], ["n=3"])
    for conditions in CONDITIONS:
        yield Query((), ["mechanism=sharing"], conditions)
        yield Query(["tally"], (), conditions, "max:n")
    for how in REDUCTIONS:
        yield Query((), (), (), how)
        yield Query(["loss"], ["n=3"] if "n" not in how[3:] else [], (), how, ["ok", "corner"])
    yield Query(["kind"], (), ["loss > 30"], "count:n")
    yield Query(["status"], (), (), "count")


STYLES = ["table", "csv", "json"]
# Every third question to each style, or every question.
EVERY = covering([(style, n) for style in STYLES for n in (1, 3)], lambda _, n: n == 3, columns=1)


@pytest.mark.parametrize(("style", "every"), EVERY)
def test_a_question_has_the_answer_that_xarray_gives(style, every):
    whole, without = hard_cube().load(), plain(hard_cube())
    for question in [*questions()][STYLES.index(style) % every :: every]:
        assert answers(without, question, style) == answers(whole, question, style), question


def test_a_selection_keeps_dims_values_and_attributes():
    whole, without = hard_cube().load(), plain(hard_cube())
    for selections in SELECTIONS:
        want, have = select(whole, selections), select(without, selections)
        assert [*have.data_vars] == [*want.data_vars]
        assert [*have.coords] == [*want.coords]
        assert dict(have.sizes) == dict(want.sizes)
        for name in want.variables:
            assert have[name].dims == want[name].dims
            assert have[name].attrs == want[name].attrs
            np.testing.assert_array_equal(have[name].values, want[name].values)
            assert {*have[name].coords} == {*want[name].coords}
    assert nearest_values(without, ["alpha~0.33"]) == nearest_values(whole, ["alpha~0.33"])


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    path = tmp_path_factory.mktemp("plain") / "cube.zarr"
    run(small_sweep(), path, durable=False, tile_points=40)
    return path


def test_a_cube_on_the_disk_is_read_where_it_is_asked(root):
    for selections in ([], ["n=3"], ["beta=0.2,0.05", "alpha=0.3:0.6"], ["mechanism=sharing", "alpha~0.42"]):
        want, have = select(open_cube(root), selections), select(open_plain(root), selections)
        assert have.attrs == want.attrs
        for name in want.variables:
            np.testing.assert_array_equal(have[name].values, want[name].values)
            assert have[name].encoding.keys() <= want[name].encoding.keys()
        for question in (
            Query(),
            Query((), (), ["investment > 20"]),
            Query((), (), (), "mean"),
        ):
            assert answers(have, question, "csv") == answers(want.load(), question, "csv")


@pytest.mark.parametrize(
    ("names", "x", "y", "extra"),
    [
        (
            ["investment", "expected_loss"],
            "alpha",
            None,
            {"hue": "beta", "selections": ["n=3", "mechanism=sharing"]},
        ),
        (["investment"], "alpha", "beta", {"facet": ["n", "mechanism"], "keep": ["corner"]}),
        (["status"], "alpha", "beta", {"selections": ["n=4"], "facet": "mechanism", "line": "alpha = beta"}),
        (["expected_loss"], "investment", None, {"selections": ["n=4", "beta=0.3"], "hue": "mechanism"}),
    ],
)
def test_a_picture_shows_what_it_shows_of_xarray(root, names, x, y, extra):
    asked = {"kind": None, "facet": None, "hue": None, "selections": (), "log": (), "line": None, "keep": ()}
    tables = [
        picture(cube, names, x, y, Style(), **asked | extra, model=None).table
        for cube in (open_plain(root), open_cube(root))
    ]
    head, rows = tables[0].head, [*map(tuple, tables[0].rows)]
    assert head == tables[1].head
    assert rows == [*map(tuple, tables[1].rows)]


def test_a_command_gives_the_same_text_where_the_part_is_large(root, monkeypatch, capsys):
    words = ["query", str(root), "--sel", "n=3", "--sel", "alpha~0.42", "--where", "investment > 0"]
    texts = []
    for most in (CHUNK, 1):
        monkeypatch.setattr("equisweep.sweeps.cube.lazy.CHUNK", most)
        assert main(words) == 0
        texts.append(capsys.readouterr())
    assert texts[0] == texts[1]
    assert "taken: alpha = 0.4" in texts[0].err
    assert "investment" in texts[0].out
