"""Integers within a flow are right, or the point says that there is none. Oracle: the integers of Python."""

from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.ode.method import Method
from equisweep.engine.ode.trajectory import lanes
from equisweep.engine.wide.flows import counted
from equisweep.kernels.flow import Flow
from equisweep.kernels.status import Status
from equisweep.sweeps import open_cube
from equisweep.sweeps.run import run
from equisweep.sweeps.spec.sweep import Sweep
from helpers.flows import seen
from helpers.products import costs_seconds, covering

ONE = np.int64(1)
END = 4.2


def collatz(n, most=8):
    """Where n is after so many steps of Collatz's, as 32 bits hold it."""
    return jax.lax.fori_loop(
        0, most, lambda _, x: jnp.where(x % 2 == 0, x // 2, 3 * x + 1), n.astype(jnp.int32)
    )


def collatz_by_python(n, most=8):
    for _ in range(most):
        n = n // 2 if n % 2 == 0 else 3 * n + 1
    return n


# Rates of t and of a parameter n, and what each adds up to by the time 4.2.
RATES = {
    "of 8 bits, of a state": (
        lambda t, x, n: (100 * (1 + 0 * x) * n).astype(jnp.int8), lambda n: 100 * n * END),
    "of 32 bits, of t": (
        lambda t, x, n: (jnp.floor(t) + 1).astype(jnp.int32) * 1_000_000_000, lambda n: 11e9),
    "unsigned": (lambda t, x, n: (70 * n).astype(jnp.uint8), lambda n: 70 * n * END),
    "a class": (lambda t, x, n: jnp.where((60 * n).astype(jnp.int8) * jnp.int8(3) > np.int32(300), 1.0, -1.0),
                lambda n: END * (1 if 180 * n > 300 else -1)),
    "a number of the text": (
        lambda t, x, n: jnp.where((160 * n).astype(jnp.int8) > 300, 1.0, -1.0),
        lambda n: END * (1 if 160 * n > 300 else -1)),
    "a factor that cancels": (lambda t, x, n: (ONE * 3 ** n.astype(int)) / 3.0**n, lambda n: END),
    "steps": (lambda t, x, n: collatz(7e8 * n + 3), lambda n: END * collatz_by_python(7 * 10**8 * n + 3)),
    "a table": (
        lambda t, x, n: jnp.interp(t, jnp.arange(9.0), jnp.arange(9.0) ** 2) * (90 * n).astype(jnp.int8),
        lambda n: 90 * n * (0.5 + 2.5 + 6.5 + 12.5 + 0.2 * (16 + 16.0 + 1.8) / 2)),
    "whole divisions": (
        lambda t, x, n: t // 1.5 + (90 * n).astype(jnp.int8), lambda n: 90 * n * END + 1.5 + 2.4),
}  # fmt: skip


# Of few stages; taylor has no loops.
TRIED = ("bosh3", "taylor")
BY_TAYLOR = {"of 32 bits, of t", "unsigned"}
BY_BOSH = {"of 8 bits, of a state", "a number of the text"}


# Each by itself: all of them in one flow took longer to compile.
@pytest.mark.parametrize(
    ("name", "solver"),
    covering(
        [case for case in product(RATES, TRIED) if case != ("steps", "taylor")],
        lambda name, solver: name in (BY_TAYLOR if solver == "taylor" else BY_BOSH),
        columns=0,
    ),
)
def test_rates_rest_on_integers_as_they_are(name, solver):
    rate, right = RATES[name]
    flow = Flow(
        start=lambda p: jnp.zeros(1) + 0 * p["n"],
        field=lambda t, z, p: 1.0 * rate(t, z[0], p["n"])[None],
        observe=lambda z, p: {"z": z[0]},
        observables=seen("z"),
        motion=None,
    )
    sizes = np.array([1.0, 2.0, 3.0, 31.0])
    out = lanes(flow, Method(solver, rtol=1e-9))({"n": jnp.asarray(sizes), "horizon": jnp.full(4, END)})
    assert (out["status"] == Status.not_steady).all()
    np.testing.assert_allclose(out["z_final"], [right(int(n)) for n in sizes], rtol=1e-7)


@costs_seconds
def test_what_has_left_the_integers_is_none_before_and_amid_the_steps():
    def field(t, z, p):
        power = ONE * 3 ** (p["n"] + jnp.floor(t)).astype(int)  # beyond 64 bits from 3^40 on
        return jnp.stack([jnp.where(jnp.sqrt(1.0 * power) > 5, -1.0, 1.0), 0 * z[0]])

    flow = Flow(
        start=lambda p: jnp.stack([0 * p["n"], 1.0 / (ONE << (p["n"] + p["m"]).astype(int))]),
        field=field,
        observe=lambda z, p: {
            "z": z[0], "s": z[1], "narrow": (-90 * z[0]).astype(jnp.int8),
            "count": (p["k"] * jnp.exp2(60 * z[0])).astype(int) * 2},
        observables=seen("z", "s", "count", "narrow"),
        motion=None,
    )  # fmt: skip
    n, m, k = map(
        jnp.asarray, ([2.0, 10.0, 38.0, 41.0, 1.0, 0.5], [0.0, 0.0, 0.0, 0.0, 62.0, 0.0], [0.0] * 5 + [8.0])
    )
    result = lanes(flow, Method("bosh3"), times=[0.5, 1.0, 5.0])(
        {"n": n, "m": m, "k": k, "horizon": jnp.full(6, 3.0)}
    )
    assert result["status"].tolist() == [11, 11, 8, 8, 8, 8]
    np.testing.assert_allclose(result["z_final"][:2], [1 - 2.0, -3.0], rtol=1e-9)
    np.testing.assert_allclose(result["narrow_final"][:2], [90, 270])
    assert np.isnan(result["z_final"][2:5]).all()
    np.testing.assert_allclose(result["z_path"][2, :2], [-0.5, -1.0], rtol=1e-9)


def test_a_flow_that_loses_no_integer_is_computed_as_it_is_written():
    calls = []

    def field(t, z, p):
        calls.append(isinstance(z, jax.core.Tracer))
        return z[jnp.arange(2)[::-1]] + jnp.argmax(z)

    flow = counted(Flow(lambda p: jnp.zeros(2), field, lambda z, p: {}, ()))
    assert counted(flow) == flow
    flow.field(0.0, jnp.ones(2), {"x": 1.0})
    flow.field(0.0, jnp.ones(2), {"x": 2.0})
    assert calls == [True, False, False]


MODEL = """
import jax.numpy as jnp
from equisweep.kernels.declare import flow_model
from equisweep.kernels.flow import Observable
from equisweep.kernels.model import Domain, Parameter

@flow_model(
    parameters=[Parameter("n", "n", "1", 2, Domain(0), "whole", integer=True),
                Parameter("c", "c", "1", 1.0, Domain(0), "number"),
                Parameter("horizon", "T", "1", 3.0, Domain(0), "end")],
    start=lambda p: jnp.stack([1.0 + 0 * p["c"]]),
    observe=lambda z, p: {"z": z[0], "seen": jnp.log(1.5 - z[0])},
    observables=[Observable("z", "z", "1", "state"), Observable("seen", "s", "1", "its logarithm")],
)
def powers(t, z, p):
    return (p["n"].astype(int) ** 20).astype(float) * 1e-9 - p["c"] * z
"""


@costs_seconds
def test_a_cube_says_where_a_flow_rests_on_what_left_the_integers_and_where_a_path_has_none(tmp_path):
    (tmp_path / "powers.py").write_text(MODEL)
    table = {
        "model": "powers.py:powers",
        "axes": {"n": [1, 2, 8, 9], "c": [0.001, 1.0]},
        "outputs": ["z_final", "seen_path"],
        "times": [0.0, 1.0],
        "derivatives": {"z_final": ["c"]},
        "integrator": {"solver": "tsit5"},  # of few stages
    }
    run(Sweep.from_table(table, folder=tmp_path), tmp_path / "cube.zarr", progress=False)
    cube = open_cube(tmp_path / "cube.zarr").load()
    c, end = cube["c"].values, 3.0
    for n in (1, 2, 8):
        steady = n**20 * 1e-9 / c
        np.testing.assert_allclose(
            cube["z_final"].sel(n=n), steady + (1 - steady) * np.exp(-c * end), rtol=1e-8
        )
    assert np.isnan(cube["z_final"].sel(n=9)).all()
    # The logarithm of what is negative is none: at some time of the path, though not at its start.
    assert cube["status"].values.tolist() == [[11, 11], [11, 11], [8, 8], [8, 8]]
