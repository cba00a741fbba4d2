"""Phase portraits: rest points are those of theory, the field is the model's, paths are the cube's."""

from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.kernels.flow import Flow, Observable
from equisweep.kernels.games.supervision.game import classes, jacobians
from equisweep.kernels.games.supervision.game import rest_points as closed_form
from equisweep.kernels.games.supervision.model import SUPERVISION
from equisweep.kernels.numerics.stability import RestClass
from equisweep.kernels.status import Status
from equisweep.sweeps import Sweep, SweepError
from equisweep.sweeps.plots.look.style import Style
from equisweep.sweeps.plots.phase.chart import Chart, find_chart
from equisweep.sweeps.plots.phase.motion import motion_of
from equisweep.sweeps.plots.phase.rest_points import rest_points
from equisweep.sweeps.plots.plot import note_of, picture, plot
from helpers.messages import refused
from helpers.pictures import not_run
from helpers.project import ROOT

HAWKS = f"{ROOT}/examples/hawk_dove.py:hawk_dove"
STRATEGIES = f"{ROOT}/examples/rock_paper_scissors.py:rock_paper_scissors"
SQUARE = np.array([[0.0, 1.0], [0.0, 1.0]])
DEFAULTS = {parameter.name: parameter.default for parameter in SUPERVISION.parameters}


def supervision(r=(4.0, 16.0), x0=(0.2, 0.5, 0.8)):
    """A cube of orbits that nobody ran: straight paths from (x0, 0.25), the last of r = 16 given up."""
    sweep = Sweep("supervision", axes={"r": list(r), "x0": list(x0)}, fixed={"horizon": 10})
    x = np.broadcast_to(np.linspace(0, 0.1, 6), (len(r), len(x0), 6)) + np.array(x0)[:, None]
    y = np.full(x.shape, 0.25)
    cube = not_run(sweep, x_path=(("r", "x0", "time"), x), y_path=(("r", "x0", "time"), y))
    cube["status"][-1, -1] = Status.max_steps
    cube["status"][0, 0] = Status.not_steady
    return cube


@pytest.fixture(scope="module")
def motion():
    """The supervision game under dynamic reward and punishment on its square."""
    chart = Chart("square", ("x", "y"), (0, 1))
    static = {"reward": "dynamic", "punishment": "dynamic"}
    p = {name: jnp.asarray(float(value)) for name, value in DEFAULTS.items()}
    assert SUPERVISION.flow is not None
    return motion_of(chart, SUPERVISION.flow, p, static, np.ones(2))


@jax.jit
def theory(p):
    """Rest points [6, 2] and their classes [6] in closed form."""
    points = closed_form(p, "dynamic", "dynamic")
    return points, classes(jacobians(p, points, "dynamic", "dynamic"))


def portrayed_and_wanted(motion, changes):
    """Classes of all rest points by the portrait and in closed form, by place."""
    p = motion.p | {name: jnp.asarray(value) for name, value in changes.items()}
    points, kinds = map(np.asarray, theory(p))
    points = points.round(9) + 0.0
    wanted = {tuple(q): RestClass(int(kind)) for q, kind in zip(points, kinds, strict=True) if kind}
    actual = {tuple(np.round(point.at, 9) + 0.0): point.kind for point in rest_points(motion.at(p), SQUARE)}
    return actual, wanted


@pytest.mark.parametrize(
    "changes", [{}, {"r": 16.0}, {"r": 10.0}, {"c1": 0.1, "f": 0.5}, {"p2": 0.9, "f": 40.0}, {"c2": 30.0}]
)
def test_rest_points_are_those_of_the_closed_form(motion, changes):
    # With p1 = 0.05 no eigenvalue is zero at a corner; the default case is one where one is.
    actual, wanted = portrayed_and_wanted(motion, {"c1": 5.0, "p1": 0.05} | changes)
    assert actual == wanted
    corners = {q: kind for q, kind in wanted.items() if set(q) <= {0, 1}}
    assert len(corners) == 4
    assert RestClass.degenerate not in corners.values()


@pytest.mark.parametrize(
    ("changes", "degenerate"),
    [
        ({}, {(1, 1)}),
        ({"c1": 0.1, "f": 0.5}, {(1, 1)}),
        ({"p2": 0.9, "f": 40.0}, {(1, 1)}),
        ({"r": 3.0, "c2": 7.0, "Le": 5e3, "p1": 8e-4, "p2": 2e-3}, {(1, 1)}),
        ({"c1": 13.0, "p1": 0.25, "p2": 0.5}, {(0, 0), (1, 0)}),
        ({"c2": 5.0}, {(0, 0), (0, 1)}),
    ],
)
def test_a_corner_with_an_eigenvalue_of_zero_is_degenerate(motion, changes, degenerate):
    actual, wanted = portrayed_and_wanted(motion, changes)
    assert actual == wanted
    p = {name: Fraction(str(value)) for name, value in (DEFAULTS | changes).items()}
    averted = p["p2"] - p["p1"]
    # By exact arithmetic: x' = x (1 - x) A and y' = y (1 - y) B have the eigenvalues +-A and +-B at a corner.
    advantage = {
        (x, y): (
            -p["c1"] - y * p["r"] + (1 - y) * (p["f"] + averted * p["Lg"] + p["p2"] * p["S"]),
            -p["c2"] + p["p2"] * p["Le"] + x * (y * p["r"] + (1 - y) * p["f"] - averted * p["Le"]),
        )
        for x in (0, 1)
        for y in (0, 1)
    }
    assert {q for q, (a, b) in advantage.items() if a * b == 0} == degenerate
    assert {q for q, kind in actual.items() if kind == RestClass.degenerate} == degenerate


@pytest.mark.parametrize("sign", [-1, 1])
def test_a_corner_with_a_small_eigenvalue_is_not_degenerate(motion, sign):
    actual, wanted = portrayed_and_wanted(motion, {"r": 2 + sign * 1e-8})
    assert actual == wanted
    assert actual[1, 1] == (RestClass.saddle if sign > 0 else RestClass.unstable_node)


def test_the_field_is_that_of_the_shares(motion):
    q = np.array([[0.3, 0.6], [0.0, 0.5], [1.0, 0.2]])
    x, y = q.T
    p = DEFAULTS
    # Payoff advantages written out from the paper's table, reward r y and punishment f (1 - y).
    reward, fine = p["r"] * y, p["f"] * (1 - y)
    averted = p["p2"] * (p["Lg"] + p["S"]) - p["p1"] * p["Lg"]
    a = y * (-p["c1"] - reward) + (1 - y) * (-p["c1"] + fine + averted)
    b = x * (-p["c2"] + reward + fine + p["p1"] * p["Le"]) + (1 - x) * (-p["c2"] + p["p2"] * p["Le"])
    expected = np.stack([x * (1 - x) * a, y * (1 - y) * b], axis=1)
    np.testing.assert_allclose(motion.velocity(q), expected, atol=1e-9)


def test_panels_hold_streamlines_paths_and_rest_points():
    figure = plot(supervision(), kind="phase", facet="r")
    assert [axes.get_title() for axes in figure.axes] == ["r = 4 money", "r = 16 money"]
    assert figure.axes[0].get_xlabel() == "x, share of local governments that supervise"
    for axes, count in zip(figure.axes, (3, 2), strict=True):
        paths = [line for line in axes.lines if len(line.get_xdata()) == 6]
        assert len(paths) == count
        np.testing.assert_array_equal(paths[0].get_ydata(), np.full(6, 0.25))
        assert len(axes.collections[0].get_segments()) > 20  # streamlines
        marks = {line.get_marker() for line in axes.lines if len(line.get_xdata()) == 1} - {"s"}
        assert marks == {"o", "D"}
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        "rest point: stable", "rest point: unstable", "rest point: saddle", "path, from its start",
    ]  # fmt: skip
    assert note_of(figure) == (
        "1 of 6 paths is left out (not drawn): 1 max steps. Drawn though not ok: 1 not steady."
    )


def test_axes_along_which_the_motion_differs_are_to_be_selected():
    with refused("the motion differs along r; add selections='r=4'", "differs along r; add --sel r=4"):
        plot(supervision(), kind="phase")
    one = plot(supervision(), kind="phase", selections={"r": 4}, x="y", y="x").axes[0]
    assert one.get_xlabel() == "y, share of enterprises that manage"
    assert any(line.get_ydata().tolist()[:1] == [0.2] for line in one.lines)


def test_three_shares_make_a_triangle_with_the_centre_inside():
    sweep = Sweep(STRATEGIES, axes={"win": [0.5, 1.0, 2.0]}, fixed={"horizon": 10.0})
    figure = plot(not_run(sweep), kind="phase", facet="win", model=STRATEGIES)
    for axes, marker, face in zip(figure.axes, "oso", ("white", "white", "black"), strict=True):
        (inside,) = (
            line for line in axes.lines
            if line.get_marker() == marker and np.allclose(line.get_xydata(), [[0.5, np.sqrt(3) / 6]])
        )  # fmt: skip
        assert inside.get_markerfacecolor() == face
        assert [text.get_text() for text in axes.texts] == ["rock", "paper", "scissors"]
        corners = [line.get_xydata()[0] for line in axes.lines if line.get_marker() == "D"]
        np.testing.assert_allclose(sorted(map(tuple, corners)), [(0, 0), (0.5, np.sqrt(3) / 2), (1, 0)])


def test_one_share_rests_where_hawks_and_doves_earn_the_same():
    sweep = Sweep(HAWKS, axes={"V": [1.0, 5.0], "x0": [0.1, 0.3]}, fixed={"C": 4.0, "horizon": 10.0})
    figure = plot(not_run(sweep), kind="phase", facet="V", model=HAWKS)
    marks = [line for axes in figure.axes for line in axes.lines if line.get_marker() == "o"]
    stable = [line.get_xdata()[0] for line in marks if line.get_markerfacecolor() == "black"]
    np.testing.assert_allclose(stable, [1 / 4, 1], atol=1e-12)
    curve = next(line for line in figure.axes[0].lines if len(line.get_xdata()) == 401)
    x = np.clip(curve.get_xdata(), 1e-12, 1 - 1e-12)
    np.testing.assert_allclose(curve.get_ydata(), x * (1 - x) * (1 - 4 * x) / 2, atol=1e-10)


def test_a_free_plane_is_bounded_by_its_paths():
    def field(_t, state, p):
        return jnp.stack([state[1], -p["k"] * state[0] - state[1]])

    seen = tuple(Observable(name, name, "1", name) for name in ("place", "speed"))
    flow = Flow(
        lambda p: jnp.zeros(2) * p["k"], field, lambda s, p: {"place": s[0], "speed": s[1]}, seen
    )  # fmt: skip
    p = {"k": jnp.asarray(4.0)}
    chart = find_chart(flow, p, {}, {}, "speed", None)
    assert (chart.form, chart.names) == ("plane", ("speed", "place"))
    box = np.array([[-2.0, 1.5], [-1.0, 1.2]])
    (point,) = rest_points(motion_of(chart, flow, p, {}, np.ptp(box, axis=1)), box)
    np.testing.assert_allclose(point.at, 0, atol=1e-12)
    assert point.kind == RestClass.stable_focus
    with refused("y='height': no such observable", "--y height: no such observable"):
        find_chart(flow, p, {}, {}, None, "height")


def test_a_model_of_ones_own_runs_only_where_it_is_named_and_is_the_one_swept(tmp_path):
    sweep = Sweep(HAWKS, axes={"V": [1.0]}, fixed={"horizon": 10.0})
    cube = not_run(sweep)
    lies = "path/to/hawk_dove.py:hawk_dove"
    with refused(f"is your own code.*model='{lies}'", f"is your own code.*--model {lies}"):
        plot(cube, kind="phase")
    copy = tmp_path / "hawk_dove.py"
    copy.write_text((ROOT / "examples" / "hawk_dove.py").read_text() + "\n# changed\n")
    with pytest.raises(SweepError, match="is not the file that this cube was swept with"):
        plot(cube, kind="phase", model=f"{copy}:hawk_dove")


def test_what_cannot_be_a_portrait_is_refused():
    factors = {"beta": [0.5] * 4, "v": [0.4] * 4, "L": [500.0] * 4, "E": [0.05] * 4}
    cube = not_run(Sweep("internal", axes={"M": [50.0]}, fixed=factors))
    with pytest.raises(SweepError, match="the state has 3 components; a portrait shows 1 or 2"):
        plot(cube, kind="phase")
    del cube.attrs["sweep"]
    with pytest.raises(SweepError, match="does not hold its sweep"):
        plot(cube, kind="phase")
    with refused("facet='q': no such axis", "--facet q: no such axis"):
        plot(supervision(), kind="phase", facet="q")
    with refused("facet='x0' makes 13 panels", "--facet x0 makes 13 panels"):
        plot(supervision(x0=np.linspace(0.1, 0.9, 13)), kind="phase", facet="x0", selections={"r": 4})


def test_rest_points_and_paths_are_what_is_drawn():
    options = dict.fromkeys(("hue", "line", "model"))
    drawn = picture(
        supervision(r=(4.0,)), (), None, None, Style(title="Mine", figsize=(5, 4)), kind="phase", facet="r",
        selections=(), log=(), keep=(), **options,
    )  # fmt: skip
    assert drawn.figure.get_suptitle() == "Mine"
    assert drawn.figure.get_size_inches().tolist() == [5, 4]
    assert drawn.table.head == ["r [money]", "drawn", "number", "x", "y"]
    rows = list(drawn.table.rows)
    paths = [row for row in rows if row[1] == "path"]
    np.testing.assert_allclose([row[3:] for row in paths[:2]], [[0.2, 0.25], [0.22, 0.25]])
    assert {row[1] for row in rows} == {"path", "rest point: saddle", "rest point: stable focus"}
    assert {row[0] for row in rows} == {4.0}
    with pytest.raises(SweepError, match="facet='r', facet='x0': a phase portrait takes one"):
        plot(supervision(), kind="phase", facet=("r", "x0"))


SPIRAL = """
import jax.numpy as jnp
from equisweep.kernels.declare import flow_model
from equisweep.kernels.flow import Observable
from equisweep.kernels.model import Domain, Parameter

@flow_model(
    parameters=[Parameter("k", "k", "1", 4.0, Domain(0), "rate"),
                Parameter("horizon", "T", "1", 9.0, Domain(0), "end")],
    start=lambda p: jnp.ones(2) + 0 * p["k"],
    observables=[Observable("x", "x", "1", "place"), Observable("v", "v", "1", "speed")],
)
def spiral(t, z, p):
    return [z[1], -p["k"] * z[0] - z[1]]
"""


def test_panels_of_a_free_plane_show_all_paths_whichever_reaches_far(tmp_path):
    (tmp_path / "spiral.py").write_text(SPIRAL)
    sweep = Sweep.from_table({"model": "spiral.py:spiral", "axes": {"k": [1.0, 4.0]}}, folder=tmp_path)
    far = {"x_path": [[-7.0, 3.0, 1.0], [0.1, 0.2, 0.1]], "v_path": [[2.0, 9.0, 1.0], [0.3, 0.1, 0.2]]}
    cube = not_run(sweep, **{name: (("k", "time"), np.asarray(values)) for name, values in far.items()})
    figure = plot(cube, kind="phase", facet="k", model=f"{tmp_path}/spiral.py:spiral")
    panels = [axes for axes in figure.axes if axes.lines]
    assert len(panels) == 2
    for panel in panels:
        (left, right), (low, high) = panel.get_xlim(), panel.get_ylim()
        assert left < -7, low < 0.1
        assert right > 3, high > 9
