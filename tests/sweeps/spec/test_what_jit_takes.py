"""Whatever jit takes is a kernel: solvers of other libraries, callbacks, lists where a vector is meant."""

from dataclasses import replace

import numpy as np
import pytest
from equisweep.engine.grid import evaluate
from equisweep.engine.grid.vmap import GridVmap
from equisweep.kernels.flow import Attractor
from equisweep.kernels.status import Status
from equisweep.sweeps import Sweep, SweepError, plan, run
from equisweep.sweeps.run import run_in_memory
from helpers.products import costs_seconds, covering

HEAD = """
import diffrax, equinox, jax, lineax, numpy, optimistix
import jax.numpy as jnp
from equisweep.kernels.declare import flow_model, model
from equisweep.kernels.flow import Observable
from equisweep.kernels.model import Dim, Domain, Output, Parameter

X = Parameter("x", "x", "1", 1.0, Domain(), "a number")
T = Parameter("horizon", "T", "time", 1.0, Domain(0), "the end")
Y = Output("y", "y", "1", "a result")
PAIR = Output("y", "y", "1", "two results", dims=("part",))

@model(parameters=[X], outputs=[Y])
def root(p):
    solver = optimistix.Newton(rtol=1e-12, atol=1e-12)
    return {"y": optimistix.root_find(lambda y, x: y**3 + y - x, solver, 0.5 + 0 * p["x"], p["x"]).value}

@model(parameters=[X], outputs=[Y])
def linear(p):
    matrix = lineax.MatrixLinearOperator(jnp.eye(3) * p["x"] + 1)
    return {"y": lineax.linear_solve(matrix, jnp.ones(3)).value[0]}

@model(parameters=[X], outputs=[Y])
def singular(p):
    matrix = jnp.array([[p["x"] + 3, 0.0], [0.0, 1.0]])
    return {"y": lineax.linear_solve(lineax.MatrixLinearOperator(matrix), jnp.ones(2)).value[0]}

@model(parameters=[X], outputs=[Y, Output("steps", "n", "1", "steps", kind="count")])
def counted(p):
    solver = optimistix.Newton(rtol=1e-12, atol=1e-12)
    found = optimistix.root_find(lambda y, x: y**2 - x, solver, 1.5 + 0 * p["x"], p["x"], max_steps=20)
    return {"y": found.value, "steps": found.stats["num_steps"]}

@model(parameters=[X], outputs=[Y])
def path(p):
    term, start = diffrax.ODETerm(lambda t, y, x: -x * y), 1 + 0 * p["x"]
    control = diffrax.PIDController(1e-9, 1e-9)
    end = diffrax.diffeqsolve(
        term, diffrax.Tsit5(), 0.0, 1.0, None, start, args=p["x"], stepsize_controller=control
    )
    return {"y": end.ys[0]}

@model(parameters=[X], outputs=[Y])
def checked(p):
    return {"y": equinox.error_if(2 * p["x"], p["x"] > 2.5, "x is too large")}

@model(parameters=[X], outputs=[Y])
def called(p):
    like = jax.ShapeDtypeStruct((), p["x"].dtype)
    return {"y": jax.pure_callback(numpy.sin, like, p["x"], vmap_method="expand_dims")}

@model(parameters=[X], outputs=[Y])
def failing(p):
    def root(x):
        return numpy.linalg.inv(numpy.zeros((2, 2)))[0, 0]

    like = jax.ShapeDtypeStruct((), p["x"].dtype)
    call = lambda _, s: s + jax.pure_callback(root, like, p["x"], vmap_method="sequential")
    return {"y": jax.lax.fori_loop(0, 2, call, 0.0)}

@model(parameters=[X], outputs=[Y])
def of_numpy(p):
    return {"y": jax.lax.fori_loop(0, 2, lambda _, s: s + numpy.sin(p["x"]), 0.0)}

KEPT = []

@model(parameters=[X], outputs=[Y])
def keeping(p):
    KEPT.append(p["x"] * 2)
    return {"y": p["x"]}

@model(parameters=[X], outputs=[PAIR], dims=[Dim("part", "which", labels=("a", "b"))])
def listed(p):
    return {"y": [p["x"], 2 * p["x"]]}

@model(parameters=[X], outputs=[PAIR], dims=[Dim("part", "which", labels=("a", "b"))])
def ragged(p):
    return {"y": [p["x"], [2 * p["x"]]]}

@model(parameters=[X], outputs=[Y])
def several(p):
    return {"y": [p["x"], 2 * p["x"]]}

@flow_model(
    parameters=[X, T],
    start=lambda p: [p["x"], 0.0],
    observe=lambda state, p: {"both": (state[0], state[1]), "sum": state[0] + state[1]},
    observables=[
        Observable("both", "b", "1", "both", dims=("part",)),
        Observable("sum", "s", "1", "their sum"),
    ],
    dims=[Dim("part", "which", labels=("a", "b"))],
)
def moving(t, state, p):
    return [-state[0], state[0]]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    (folder / "mine.py").write_text(HEAD)
    return folder


@pytest.fixture
def calls_back(monkeypatch):
    """Of the last run: whether its program calls back, which is not kept for other processes then."""
    made, make = [], evaluate.grid_function

    def noted(*arguments, **options):
        made.append(make(*arguments, **options))
        return made[-1]

    monkeypatch.setattr(evaluate, "grid_function", noted)

    def asked():
        program = made[-1][0]  # machine code calls nothing
        return isinstance(program, GridVmap) and (
            "callback" in program._function.lower({"x": np.arange(2.0)}).as_text()
        )

    return asked


def swept(folder, name, values=(1.0, 2.0)):
    return Sweep(f"mine.py:{name}", axes={"x": list(values)}, folder=folder)


@pytest.mark.parametrize(
    ("name", "right"),
    covering(
        [
            ("root", lambda x: np.roots([1, 0, 1, -x])[np.argmin(abs(np.roots([1, 0, 1, -x]).imag))].real),
            ("linear", lambda x: 1 / (x + 3)),
            ("path", lambda x: np.exp(-x)),
            ("checked", lambda x: 2 * x),
            ("called", np.sin),
            ("keeping", lambda x: x),
        ],
        lambda name, _: name != "path",
        columns=0,
    ),
)
def test_a_kernel_may_call_whatever_jit_takes(folder, calls_back, name, right):
    """And what libraries compute is kept, as nothing is called back."""
    cube = run_in_memory(swept(folder, name))
    np.testing.assert_allclose(cube["y"], [right(1.0), right(2.0)], rtol=1e-8)
    assert (cube["status"] == 1).all()
    assert calls_back() == (name == "called")


def test_lists_and_tuples_are_vectors_where_vectors_are_meant(folder):
    np.testing.assert_array_equal(run_in_memory(swept(folder, "listed"))["y"], [[1, 2], [2, 4]])
    cube = run_in_memory(swept(folder, "moving"))
    decayed = np.exp(-1) * np.array([1, 2])
    np.testing.assert_allclose(cube["both_final"], np.stack([decayed, [1, 2] - decayed], 1), rtol=1e-8)
    np.testing.assert_allclose(cube["sum_final"], [1, 2], rtol=1e-8)


def test_what_a_library_would_raise_is_a_status_of_that_point_alone(folder):
    cube = run_in_memory(swept(folder, "checked", (1.0, 2.0, 3.0)))
    np.testing.assert_array_equal(cube["y"], [2, 4, np.nan])
    assert cube["status"].values.tolist() == [Status.ok, Status.ok, Status.not_finite]
    sweep = replace(swept(folder, "singular", (-3.0, 1.0)), derivatives={"y": ["x"]})
    cube = run_in_memory(sweep)
    np.testing.assert_allclose(cube["y"], [np.nan, 1 / 4])
    np.testing.assert_allclose(cube["d_y_d_x"], [np.nan, -1 / 16])
    assert cube["status"].values.tolist() == [Status.not_finite, Status.ok]


def test_a_count_of_what_a_library_gave_up_is_not_ok(folder, calls_back):
    """It is a number whatever happened, so that no NaN says that it is none of a result."""
    sweep = replace(swept(folder, "counted", (-1.0, 2.0)), outputs=["steps"])
    cube = run_in_memory(sweep)
    assert cube["status"].values.tolist() == [Status.not_finite, Status.ok]
    assert cube["steps"].values[1] < 9
    assert not calls_back()


def test_the_line_of_a_callback_that_raises_is_named(folder, tmp_path):
    line = 1 + HEAD[: HEAD.index("return numpy.linalg.inv")].count("\n")
    message = (
        rf"x = 1.0 to 2.0: LinAlgError: Singular matrix, at mine.py, line {line}; return a status or NaN"
    )
    with pytest.raises(SweepError, match=message):
        run(swept(folder, "failing"), tmp_path / "cube.zarr", progress=False)
    assert not list(tmp_path.iterdir())


def test_numpy_of_what_is_traced_is_said_in_a_line_with_the_place(folder):
    line = 1 + HEAD[: HEAD.index("numpy.sin(p")].count("\n")
    with pytest.raises(SweepError, match=rf"of something traced at mine.py, line {line} .*math and NumPy$"):
        swept(folder, "of_numpy").space()


def test_what_is_no_vector_or_one_where_a_number_is_meant_is_said_by_name(folder):
    with pytest.raises(
        SweepError, match=r"ragged: fails: TypeError: 'y' should be a number, or an array or list of them"
    ):
        swept(folder, "ragged").space()
    with pytest.raises(
        SweepError, match=r"several: output 'y' has shape \(2,\), declared \(\).*say in dims="
    ):
        swept(folder, "several").space()


WITHOUT_RULE = """
import jax, jax.numpy as jnp, numpy as np
from equisweep.kernels.declare import flow_model, model
from equisweep.kernels.flow import Observable
from equisweep.kernels.model import Domain, Output, Parameter

backward = jax.custom_vjp(jnp.sin)
backward.defvjp(lambda x: (jnp.sin(x), x), lambda x, t: (t * jnp.cos(x),))
KINDS = {
    "backward": backward,
    "called": lambda x: jax.pure_callback(np.sin, x, x, vmap_method="broadcast_all"),
    "unruled": lambda x: x + 0 * jax.lax.igamma_grad_a(jnp.ones_like(x), jnp.abs(x) + 1),
}

def declared(name):
    def kernel(p):
        return {"y": KINDS[name](p["a"])}
    kernel.__name__ = name
    a = Parameter("a", "a", "1", 1.0, Domain(), "a")
    return model(title=name, parameters=[a], outputs=[Output("y", "y", "1", "y")])(kernel)

def flowing(name):
    def field(t, x, p):
        return KINDS[name](x[:1]) - p["k"] * x
    field.__name__ = name
    parameters = [Parameter(n, n, "1", 1.0, Domain(0), n) for n in ("k", "horizon")]
    x = Observable("x", "x", "1", "x")
    return flow_model(parameters=parameters, start=lambda p: jnp.ones(1), observables=[x])(field)

backward_, called_, unruled_ = map(declared, KINDS)
backward_flow, called_flow, unruled_flow = map(flowing, KINDS)
"""


@pytest.mark.parametrize("name", ["backward", "called", "unruled"])
def test_what_has_no_derivative_is_one_line_and_leaves_no_cube(name, tmp_path):
    (tmp_path / "mine.py").write_text(WITHOUT_RULE)
    asked = {"axes": {"a": [0.1, 0.2]}, "folder": tmp_path, "derivatives": {"y": ["a"]}}
    sweep = Sweep(f"mine.py:{name}_", **asked)
    message = (
        rf"^derivatives: model {name}: y cannot be differentiated in a at mine.py, line \d+: .*custom_jvp"
    )
    for attempt in (lambda: run(sweep, tmp_path / "c.zarr"), lambda: plan(sweep, "cpu")):
        with pytest.raises(SweepError, match=message):
            attempt()
    assert not (tmp_path / "c.zarr").exists()


def test_a_solver_that_has_derivatives_by_its_other_rule_alone_is_one_line(folder):
    """What diffrax has for reverse mode refuses operands that it takes for perturbed, whatever they are."""
    sweep = replace(swept(folder, "path"), derivatives={"y": ["x"]})
    with pytest.raises(SweepError, match=r"^derivatives: model path: y cannot .*ForwardMode\(\)"):
        run_in_memory(sweep)


@costs_seconds
def test_a_field_without_derivatives_comes_to_rest_like_any_other(tmp_path):
    """Where x' = sin(x) - k x is a callback, x rests where sin(x)/x = k, and at 0 where k is above 1."""
    (tmp_path / "mine.py").write_text(WITHOUT_RULE)
    asked = {"axes": {"k": [0.5, 2.0]}, "folder": tmp_path, "outputs": ["x_final", "attractor"]}
    asked["integrator"] = {"solver": "tsit5", "rtol": 1e-8}
    cube = run(Sweep("mine.py:called_flow", fixed={"horizon": 100.0}, **asked), tmp_path / "c.zarr")
    np.testing.assert_allclose(cube["x_final"], [1.895494267033981, 0.0], atol=1e-6)
    assert (cube["attractor"] == Attractor.rest_point).all()
    assert (cube["status"] == Status.ok).all()
