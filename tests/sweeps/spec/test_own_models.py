"""A model in a user's own file: swept by the same command, refused clearly where it breaks its word."""

import sys
from dataclasses import replace

import numpy as np
import pytest
from equisweep.sweeps import Sweep, SweepError, open_cube, run

HEAD = """
import jax
import jax.numpy as jnp
from equisweep.kernels.declare import flow_model, model
from equisweep.kernels.flow import Observable
from equisweep.kernels.model import Choice, Dim, Domain, Output, Parameter

X = Parameter("x", "x", "1", 1.0, Domain(), "a number")
T = Parameter("horizon", "T", "time", 1.0, Domain(0), "the end")
SQUARE = Output("square", "y", "1", "its square")
"""

GOOD = (
    HEAD
    + """
@model(parameters=[X], outputs=[SQUARE], choices=[Choice("sign", ("plus", "minus"), "plus", "its sign")])
def game(p, sign):
    "Squares a number."
    return {"square": p["x"] ** 2 if sign == "plus" else -(p["x"] ** 2)}
"""
)

SIMPLE = "\n@model(parameters=[X], outputs=[SQUARE])\ndef game(p):\n"
FLOW = "\n@flow_model(parameters=[X, T], start={start}, observables=[Observable('y', 'y', '1', 'y')])\n"

BAD = {
    "not returned": (SIMPLE + "    return {}", "output 'square' is declared but not returned"),
    "not declared": (
        SIMPLE + "    return {'square': p['x'], 'cube': p['x']}",
        "output 'cube' is returned but not declared",
    ),
    "no mapping": (SIMPLE + "    return p['x']", "it should return a mapping"),
    "wrong shape": (
        SIMPLE + "    return {'square': jnp.ones(3)}",
        "output 'square' has shape (3,), declared ()",
    ),
    "complex": (
        SIMPLE + "    return {'square': jnp.sqrt(p['x'] + 0j)}",
        "output 'square' is complex; take its real part (jnp.real) or its size (jnp.abs)",
    ),
    "complex start": (
        FLOW.format(start="lambda p: jnp.ones(1) * (1 + 1j)") + "def game(t, y, p):\n    return -y",
        "start is complex",
    ),
    "complex field": (
        FLOW.format(start="lambda p: jnp.ones(1)") + "def game(t, y, p):\n    return jnp.sqrt(y + 0j)",
        "the field is complex",
    ),
    "python if": (
        SIMPLE + "    return {'square': p['x'] if p['x'] > 0 else 0}",
        "needs the value of something traced at mine.py, line 14",
    ),
    "no keyword for an integer parameter": (
        "\nN = Parameter('n', 'n', '1', 2, Domain(1), 'a whole number', integer=True)\n"
        "@model(parameters=[X, N], outputs=[SQUARE])\ndef game(p):\n    return {'square': p['x'] ** p['n']}",
        "must take the keyword 'n_max' (the largest value of an integer parameter)",
    ),
    "exception": (SIMPLE + "    return {'square': p['y']}", "fails at mine.py, line 14: KeyError: 'y'"),
    "exception in a function of the file": (
        "\ndef inner(x):\n    return jnp.ones(3) @ jnp.ones(4) * x\n"
        + SIMPLE
        + "    return {'square': inner(p['x'])}",
        "fails at mine.py, line 13: TypeError: dot_general",
    ),
    "syntax": ("\nx = = 3\n", "fails on import at mine.py, line 12: SyntaxError"),
    "dim without labels": (
        "\n@model(parameters=[X], outputs=[Output('square', 'y', '1', 'm', dims=('k',))], "
        "dims=[Dim('k', 'm')])\ndef game(p):\n    return {'square': jnp.ones(2)}",
        "dim 'k' has no labels; give Dim('k', ..., labels=(...))",
    ),
    "leak": (
        "KEPT = []\n" + SIMPLE + "    KEPT.append(p['x'] * 2)\n    return {'square': KEPT[0]}",
        "computes something else when called again",
    ),
    "printing": (
        SIMPLE + "    jax.debug.print('{}', p['x'])\n    return {'square': p['x']}",
        "has side effects",
    ),
    "random": (
        "import random\n" + SIMPLE + "    return {'square': p['x'] * random.random()}",
        "computes something else when called again",
    ),
    "parameter twice": (
        "\n@model(parameters=[X, X], outputs=[SQUARE])\ndef game(p):\n    return {'square': p['x']}",
        "parameter 'x' is declared twice",
    ),
    "unknown dim": (
        "\n@model(parameters=[X], outputs=[Output('square', 'y', '1', 'm', dims=('k',))])\n"
        "def game(p):\n    return {'square': p['x']}",
        "has dim 'k', which is not declared",
    ),
    "no horizon": (
        FLOW.replace("[X, T]", "[X]").format(start="lambda p: p['x'][None]")
        + "def game(t, y, p):\n    return -y",
        "ends at parameter 'horizon', which is not declared",
    ),
    "scalar state": (
        FLOW.format(start="lambda p: p['x']") + "def game(t, y, p):\n    return -y",
        "a state is a vector",
    ),
    "wrong field": (
        FLOW.format(start="lambda p: p['x'][None]") + "def game(t, y, p):\n    return jnp.ones(2)",
        "the field has shape (2,), its state (1,)",
    ),
    "wrong observable": (
        FLOW.format(start="lambda p: p['x'][None]").replace("'1', 'y')]", "'1', 'y', dims=('time',))]")
        + "def game(t, y, p):\n    return -y",
        "has dim 'time', which is not declared",
    ),
    "vector observable": (
        "\n@flow_model(parameters=[X, T], start=lambda p: p['x'][None], observe=lambda y, p: {'y': y}, "
        "observables=[Observable('y', 'y', '1', 'y')])\ndef game(t, y, p):\n    return -y",
        "observable 'y' has shape (1,), declared ()",
    ),
    "swing of nothing": (
        FLOW.format(start="lambda p: p['x'][None]").replace(")]", ")], swings=['z']")
        + "def game(t, y, p):\n    return -y",
        "swings: 'z' is no observable of one number",
    ),
    "dimension named like an output": (
        "\n@model(parameters=[X], outputs=[SQUARE], dims=[Dim('square', 'm', labels=('a',))])\n"
        "def game(p):\n    return {'square': p['x']}",
        "'square' is both a dimension and a parameter or output",
    ),
    "import error": ("import no_such_module", "fails on import at mine.py, line 11: ModuleNotFoundError"),
    "no model": ("game = 3", "has no Model called 'game'"),
}


def sweep(folder, text: str, **changes) -> Sweep:
    (folder / "mine.py").write_text(text)
    parts = {"model": "mine.py:game", "axes": {"x": [1.0, 2.0, 3.0]}, "folder": folder} | changes
    return Sweep(**parts)


def test_an_own_model_is_swept_and_differentiated(tmp_path):
    stated = sweep(
        tmp_path,
        GOOD,
        axes={"sign": ["plus", "minus"], "x": [1.0, 2.0, 3.0]},
        derivatives={"square": ["x"]},
    )
    cube = run(stated, tmp_path / "cube.zarr").load()
    np.testing.assert_array_equal(cube["square"], [[1, 4, 9], [-1, -4, -9]])
    np.testing.assert_array_equal(cube["d_square_d_x"], [[2, 4, 6], [-2, -4, -6]])
    assert (cube["status"] == 1).all()
    assert cube.attrs["title"] == "Squares a number."


NUMBERS = (
    HEAD
    + """
COUNT = Output("count", "c", "1", "a count", kind="count")
NAMED = Output("named", "k", "1", "a class", kind="class", classes={"one": 1, "two": 2})

@model(parameters=[X], outputs=[COUNT, NAMED])
def whole(p):
    return {"count": p["x"], "named": p["x"]}

@model(parameters=[X], outputs=[SQUARE])
def ended(p):
    return {"square": p["x"] ** 2, "status": p["x"]}
"""
)


def test_fractions_and_numbers_that_mean_nothing_are_not_taken_for_counts_classes_or_statuses(tmp_path):
    (tmp_path / "mine.py").write_text(NUMBERS)
    whole = Sweep(model=f"{tmp_path}/mine.py:whole", axes={"x": [1, 2, 1.5, 3]})
    cube = run(whole, tmp_path / "whole.zarr", progress=False)
    assert cube["count"].values.tolist() == [1, 2, -1, 3]
    assert cube["named"].values.tolist() == [1, 2, -1, -1]
    assert cube["status"].values.tolist() == [1, 1, 8, 8]

    ended = Sweep(model=f"{tmp_path}/mine.py:ended", axes={"x": [1, 15, -1, 0, 1.5, 16, 99, 300]})
    cube = run(ended, tmp_path / "ended.zarr", progress=False)
    assert cube["status"].values.tolist() == [1, 15, 8, 8, 8, 8, 8, 8]


def test_an_own_vector_field_is_integrated(tmp_path):
    text = HEAD + FLOW.format(start="lambda p: p['x'][None]") + "def game(t, y, p):\n    return -y\n"
    cube = run(sweep(tmp_path, text, times=[0.0, 0.5, 1.0]), tmp_path / "cube.zarr").load()
    np.testing.assert_allclose(cube["y_final"], np.exp(-1) * np.array([1, 2, 3]), rtol=1e-8)
    np.testing.assert_allclose(cube["y_path"], np.outer([1, 2, 3], np.exp([0, -0.5, -1])), rtol=1e-8)
    assert cube["y_path"].dims == ("x", "time")


@pytest.mark.parametrize(("text", "message"), BAD.values(), ids=BAD)
def test_a_broken_model_is_refused_before_any_compute(text, message, tmp_path):
    with pytest.raises(SweepError) as error:
        run(sweep(tmp_path, HEAD + text), tmp_path / "cube.zarr")
    assert message in str(error.value)
    assert len(str(error.value).splitlines()) == 1
    assert not (tmp_path / "cube.zarr").exists()


def test_opening_a_cube_never_runs_the_models_file(tmp_path):
    run(sweep(tmp_path, GOOD), tmp_path / "cube.zarr")
    (tmp_path / "mine.py").write_text("raise RuntimeError('ran')")
    before = set(sys.modules)
    assert open_cube(tmp_path / "cube.zarr")["square"].sel(x=3).item() == 9
    assert not any("mine" in name for name in set(sys.modules) - before)


def test_a_changed_model_file_is_another_sweep(tmp_path):
    run(sweep(tmp_path, GOOD), tmp_path / "cube.zarr")
    with pytest.raises(Exception, match="model file"):
        run(sweep(tmp_path, GOOD + "# changed\n"), tmp_path / "cube.zarr")


def test_an_axis_and_an_output_of_one_name_are_refused_and_either_alone_is_fine(tmp_path):
    (tmp_path / "same.py").write_text(
        "from equisweep.kernels.declare import model\n"
        "from equisweep.kernels.model import Domain, Output, Parameter\n"
        "@model(parameters=[Parameter(n, n, '1', 1.0, Domain(), n) for n in 'xz'],\n"
        "       outputs=[Output(n, n, '1', n) for n in 'xy'])\n"
        "def same(p):\n    return {'x': p['x'], 'y': p['z']}\n"
    )
    sweep = Sweep("same.py:same", {"x": [1.0, 2.0]}, folder=tmp_path)
    with pytest.raises(
        SweepError, match=r"axes.x: an output is called 'x', too, and a cube cannot hold both"
    ):
        sweep.space()
    assert replace(sweep, outputs=["y"]).space().shape == (2,)
    assert replace(sweep, axes={"z": [1.0]}).space().shape == (1,)
    design = {"kind": "lhs", "samples": 4, "parameters": {"x": {"uniform": [0, 1]}}}
    with pytest.raises(SweepError, match=r"axes.x: an output"):
        replace(sweep, axes={}, design=design).space()


def of_fields(folder, labels: str, vectors: str, **parts):
    """The space of a sweep of vectors; what is declared, as Python writes it."""
    text = f"""
W = Parameter("w", "w", "1", {{"north": 1.0, "south": 3.0}}, Domain(), "names its components", dim="field")
V = Parameter("v", "v", "1", 2.0, Domain(), "has a number for all", dim="field")

@model(
    parameters={vectors} + [X],
    outputs=[Output("y", "y", "1", "its double", ("field",))],
    dims=[Dim("field", "where", {labels})],
)
def game(p):
    return {{"y": 2 * p["v"]}}
"""
    return sweep(folder, HEAD + text, **parts).space()


@pytest.mark.parametrize(
    ("labels", "vectors"),
    [("('north', 'south')", "[V]"), ("('north', 'south')", "[V, W]"), ("()", "[V, W]")],
)
def test_a_number_as_default_is_that_of_all_components(labels, vectors, tmp_path):
    space = of_fields(tmp_path, labels, vectors, axes={"v.north": [0.5]})
    assert space.labels["field"] == ("north", "south")
    np.testing.assert_array_equal(space.fixed["v"], [np.nan, 2])


@pytest.mark.parametrize(
    ("fixed", "v", "w"),
    [
        ({}, [2, 2], [3, 1]),
        ({"v": [5, 6]}, [5, 6], [3, 1]),
        ({"w": {"north": 4}, "v": {"north": 8, "south": 9}}, [9, 8], [3, 4]),
        ({"w": 7}, [2, 2], [7, 7]),
    ],
    ids=["defaults", "a list", "tables", "a number"],
)
def test_labels_of_a_dim_are_the_components_in_their_order(fixed, v, w, tmp_path):
    """As many in another order, or of other names, would put numbers at wrong labels."""
    space = of_fields(tmp_path, "('south', 'north')", "[W, V]", fixed=fixed)
    assert space.labels["field"] == ("south", "north")
    np.testing.assert_array_equal(space.fixed["v"], v)
    np.testing.assert_array_equal(space.fixed["w"], w)


@pytest.mark.parametrize(
    ("fixed", "message"),
    [
        ({"v": [1, 2, 3]}, "fixed.v: a list of 3 values; it is of south, north: give 2, or a table"),
        ({"v": {"north": 1, "coast": 2}}, "field: there is no component 'coast'"),
    ],
)
def test_other_components_than_the_labels_are_refused(fixed, message, tmp_path):
    with pytest.raises(SweepError, match=message):
        of_fields(tmp_path, "('south', 'north')", "[W, V]", fixed=fixed)
