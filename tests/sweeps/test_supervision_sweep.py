"""Supervision swept from a file: trajectories in a cube, resumed, refused, and drawn as a map of classes."""

import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.ode.method import Method
from equisweep.engine.ode.trajectory import lanes
from equisweep.engine.store.cube import Cube
from equisweep.kernels.flow import Attractor
from equisweep.kernels.games.supervision.model import FLOW
from equisweep.kernels.numerics.stability import RestClass
from equisweep.kernels.status import Status
from equisweep.sweeps import Sweep, SweepError, open_cube, run
from equisweep.sweeps.commands.main import main
from equisweep.sweeps.commands.running.plan import describe_plan
from equisweep.sweeps.plan import plan
from equisweep.sweeps.plots.plot import plot
from helpers.ended_early import refused_after
from helpers.oracles.supervision import CASE
from helpers.products import costs_seconds

TIMES = (0.0, 2.5, 10.0)
QUICK = {"solver": "tsit5", "rtol": 1e-8, "atol": 1e-8, "settle": 1e-5}
BOTH = {"reward": "dynamic", "punishment": "dynamic"}
# Equal caps close the orbit: it never settles, and so long a horizon takes more steps than are allowed.
LONG = 1e6
AXES = {"p2": [0.02, 0.1], "x0": [0.0, 0.4], "r": [1.0, 3.0, 6.0, 8.0, 10.0, 12.0], "horizon": [40.0, LONG]}
OUTPUTS = [
    "x_final",
    "y_final",
    "attractor",
    "settle_time",
    "period",
    "steps",
    "x_path",
    "rest_x",
    "invariant_final",
]


def sweep(**changes):
    parts = {
        "model": "supervision", "axes": AXES, "fixed": BOTH, "outputs": OUTPUTS,
        "times": TIMES, "integrator": QUICK | {"max_steps": 2000},
    }  # fmt: skip
    return Sweep(**(parts | changes))


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("supervision") / "cube.zarr"
    run(sweep(), path, tile_points=12)
    return path


@pytest.fixture(scope="module")
def cube(path):
    return open_cube(path).load()


@costs_seconds
def test_trajectories_in_a_cube_are_those_of_lanes(cube):
    inside = cube.sel(horizon=40.0, p2=0.1, x0=0.4)
    p = {name: jnp.full(inside.r.size, value) for name, value in CASE.items()}
    p |= {"r": jnp.asarray(inside.r.values), "horizon": jnp.full(inside.r.size, 40.0)}
    expected = lanes(FLOW, Method(**QUICK, max_steps=2000), TIMES, **BOTH)(p)
    assert set(expected["status"].tolist()) <= {Status.ok, Status.not_steady}
    for name in ("x_final", "y_final", "settle_time", "period", "x_path", "attractor", "status"):
        np.testing.assert_allclose(inside[name], expected[name], rtol=1e-10, atol=1e-10, err_msg=name)
    np.testing.assert_allclose(cube.time, TIMES)
    np.testing.assert_allclose(inside.x_path.isel(time=0), 0.4, rtol=1e-14)
    assert cube.attractor.sel(horizon=LONG, p2=0.1, x0=0.4, r=1.0) == Attractor.rest_point


def test_contradictions_and_starts_on_a_face_have_their_status(cube):
    assert (cube.status.sel(p2=0.02) == Status.out_of_domain).all()
    assert np.isnan(cube.x_final.sel(p2=0.02)).all()
    face = cube.sel(horizon=40.0, p2=0.1, x0=0.0)
    assert (face.status == Status.boundary_start).all()
    assert (face.x_final == 0).all()


def test_a_hopeless_lane_has_a_status_and_harms_none(cube, tmp_path):
    assert cube.status.sel(horizon=LONG, p2=0.1, x0=0.4, r=10.0) == Status.max_steps
    short = AXES | {"horizon": [40.0, 41.0]}  # as many as there were, whose program it is
    alone = run(sweep(axes=short), tmp_path / "alone.zarr", tile_points=12)
    for name in (*OUTPUTS, "status"):
        actual, expected = (c[name].sel(horizon=40.0) for c in (cube, alone))
        np.testing.assert_allclose(actual, expected, rtol=1e-12, atol=1e-12, err_msg=name)


def test_an_interrupted_sweep_goes_on_to_the_same_cube(path, cube, tmp_path):
    root = tmp_path / "cube.zarr"
    with refused_after(2):
        run(sweep(), root, tile_points=12)
    assert len(Cube(root).layout) == 4
    again = run(sweep(), root)
    for name in (*OUTPUTS, "status"):
        np.testing.assert_array_equal(again[name], cube[name], err_msg=name)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"axes": {"x0": [0.4, 1.5]}}, r"axes.x0: 1.5 lies outside \[0, 1\]"),
        ({"fixed": {"x0": -0.1}}, r"fixed.x0: -0.1 lies outside \[0, 1\]"),
        ({"fixed": {"horizon": -5.0}}, r"fixed.horizon: -5 lies outside \[0, inf\)"),
        ({"fixed": {"reward": "none"}}, "fixed.reward: 'none' is no option"),
        ({"integrator": {"solvr": "tsit5"}}, "integrator.solvr: unknown option; did you mean 'solver'"),
        ({"integrator": {"solver": "rk45"}}, "integrator: solver = 'rk45': must be one of"),
        ({"integrator": {"rtol": -1.0}}, "integrator: rtol = -1.0"),
        ({"integrator": {"max_steps": "many"}}, "integrator.max_steps: 'many' is not a number"),
        ({"integrator": {"native": 1}}, "integrator.native: 1 is neither true nor false"),
        ({"integrator": {"longest": 1e3}}, 'longest = 1000.0 goes with horizon = "decided"'),
        ({"integrator": {"horizon": "decided", "longest": 50}}, "longest: 50 is below the horizon, 200"),
        ({"fixed": {"horizon": "decided"}}, r"horizon = 'decided' is an option of \[integrator\]"),
        ({"times": [0.0, 2.0, 1.0]}, "times: 1 follows 2, and times should rise"),
        ({"times": [-1.0]}, "times: -1 should not be negative"),
        ({"outputs": ["x_path"], "times": None}, "outputs: 'x_path' is saved along times; add times"),
        ({"derivatives": {"attractor": ["r"]}}, "attractor counts or classifies"),
        ({"model": "external", "axes": {"alpha": [0.5]}, "fixed": {}, "outputs": []}, "has no dynamics"),
    ],
    ids=str,
)  # fmt: skip
def test_mistakes_are_refused_in_one_line(changes, message):
    with pytest.raises(SweepError, match=message) as refused:
        sweep(**({"axes": {"r": [2.0]}} | changes)).space()
    assert "\n" not in str(refused.value)


def test_the_command_line_says_what_is_wrong_and_computes_nothing(tmp_path, capsys):
    file = tmp_path / "sweep.toml"
    file.write_text('model = "supervision"\ntimes = [2, 1]\n[axes]\nr = [2]\n', encoding="utf-8")
    assert main(["run", str(file), "-o", str(tmp_path / "cube.zarr")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "cube.zarr").exists()


@costs_seconds
def test_derivatives_of_final_states_agree_with_differences_along_the_axis(tmp_path):
    h = 1e-4
    result = run(
        Sweep(
            "supervision",
            axes={"r": [2 - h, 2.0, 2 + h]},
            fixed=BOTH | {"horizon": 5.0},
            outputs=["x_final"],
            derivatives={"x_final": ["r"]},
            integrator={"solver": "tsit5", "rtol": 1e-11, "atol": 1e-11},
        ),
        tmp_path / "cube.zarr",
    )
    low, middle, high = result.x_final.values
    np.testing.assert_allclose(result.d_x_final_d_r.sel(r=2.0), (high - low) / (2 * h), rtol=1e-6)
    assert middle != low


@costs_seconds
def test_the_conserved_quantity_and_its_drift_can_be_read_from_a_cube(tmp_path):
    result = run(
        Sweep(
            "supervision",
            axes={"x0": [0.4, 0.8], "y0": [0.25, 0.75]},
            fixed={"reward": "static", "punishment": "static", "horizon": 200.0},
            outputs=["first_integral", "invariant_final", "attractor"],
        ),
        tmp_path / "cube.zarr",
    )
    assert (result.attractor == Attractor.closed_orbit).all()
    drift = abs(result.invariant_final - result.first_integral)
    assert 0 < drift.max() < 1e-7


@pytest.fixture(scope="module")
def regimes(tmp_path_factory):
    """The preset on a coarser grid, rest points only."""
    side = {"start": 1, "stop": 25, "num": 25}
    axes = {"c1": [2.0, 5.0, 30.0], "r": side, "f": side}
    path = tmp_path_factory.mktemp("regimes") / "cube.zarr"
    run(Sweep("supervision", axes=axes, fixed=BOTH, outputs=["interior_class", "rest_class", "trace"]), path)
    return path


def test_the_interior_point_turns_unstable_exactly_where_the_reward_cap_passes_the_punishment_cap(regimes):
    result = open_cube(regimes).load()
    kind = result.interior_class
    stable = kind.isin([RestClass.stable_focus, RestClass.stable_node])
    unstable = kind.isin([RestClass.unstable_focus, RestClass.unstable_node])
    exists = kind != RestClass.absent
    assert exists.any("r").any("f").sum() == 2  # at c1 = 30 supervising costs too much
    assert (stable == (exists & (result.r < result.f))).all()
    assert (unstable == (exists & (result.r > result.f))).all()
    assert ((kind == RestClass.centre) == (exists & (result.r == result.f))).all()
    assert (kind == result.rest_class.sel(rest_point="interior")).all()


def test_a_map_of_classes_has_a_colour_a_class_a_legend_and_the_boundary(regimes, tmp_path, capsys):
    figure = plot(open_cube(regimes), "interior_class", "r", "f", selections=["c1=5"], line="r = f")
    (panel,), (legend,) = figure.axes, figure.legends
    assert {text.get_text() for text in legend.get_texts()} >= {"stable focus", "unstable focus", "r = f"}
    (line,) = panel.lines
    np.testing.assert_array_equal(line.get_xdata(), line.get_ydata())
    target = tmp_path / "map.png"
    words = ["--var", "interior_class", "--x", "r", "--y", "f", "--sel", "c1=5", "--line", "f=r"]
    assert main(["plot", str(regimes), *words, "-o", str(target)]) == 0
    assert target.stat().st_size > 5000
    for wrong in ("r = c1", "r", "r = f = r", "r = __import__('os')"):
        assert main(["plot", str(regimes), *words[:-1], wrong, "-o", str(target)]) == 2
        assert "write the two axes that are drawn, r = f" in capsys.readouterr().err


def test_a_plan_says_how_far_orbits_go_on():
    decided = {"horizon": "decided", "longest": 2e6, "decide": "integration"}

    def planned(**changes):
        return describe_plan(plan(sweep(axes={"r": [2.0]}, times=None, **changes), trial=False))

    text = planned(outputs=["attractor"], integrator=decided)
    assert "\nhorizon    extended until orbits are decided, up to 2e+06\n" in text
    assert "\nhorizon" not in planned(outputs=["rest_x"])
