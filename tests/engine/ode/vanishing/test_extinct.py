"""What comes to 0 in finite time is 0 from there on, with every solver, and nothing else stops."""

import numpy as np
import pytest
from equisweep.engine.ode.method import Method
from equisweep.kernels.status import Status
from helpers.flows import run
from helpers.products import covering
from jax import numpy as jnp
from scipy.integrate import quad

START = np.array([1e-6, 1.0, 1.0, 400.0])
HORIZON = np.array([10.0, 3.0, 10.0, 10.0])
# By Torricelli: sqrt(level) falls by a quarter a unit of time.
LEVEL = np.maximum(np.sqrt(START) - HORIZON / 4, 0) ** 2
ROOTS = {
    "guarded": lambda level: jnp.sqrt(jnp.maximum(level, 0.0)),
    "bare": jnp.sqrt,
    "of either sign": lambda level: jnp.sign(level) * jnp.sqrt(jnp.abs(level)),
}


@pytest.mark.parametrize(
    ("solver", "root"),
    covering(
        [("dopri8", "bare"), ("bosh3", "guarded"), ("taylor", "guarded"), ("rodas5p", "of either sign")],
        lambda solver, _: solver in ("dopri8", "rodas5p"),
        columns=0,
    ),
)
def test_a_tank_that_empties_is_empty_from_then_on(solver, root):
    out = run(
        ("level",), lambda p: [p["z0"]], lambda z, _: [-0.5 * ROOTS[root](z[0])],
        Method(solver, rtol=1e-8, settle=0.0), z0=START, horizon=HORIZON,
    )  # fmt: skip
    assert out["status"].tolist() == [Status.not_steady] * 4
    np.testing.assert_allclose(out["level_final"], LEVEL, rtol=1e-6)


def test_a_tank_that_it_fills_goes_on():
    """M' = sqrt(h) / 2 - m / 10, where sqrt(h) is 1 - t / 4 until t = 4, and 0 from there on."""
    horizon = np.array([4.5, 60.0])
    out = run(
        ("level", "below"), lambda _: [1.0, 0.0],
        lambda z, _: [-0.5 * ROOTS["guarded"](z[0]), 0.5 * ROOTS["guarded"](z[0]) - 0.1 * z[1]],
        Method("tsit5", rtol=1e-8, settle=0.0), horizon=horizon,
    )  # fmt: skip
    at_four = quad(lambda t: np.exp(-0.1 * (4 - t)) * (0.5 - t / 8), 0, 4, epsabs=1e-14)[0]
    np.testing.assert_allclose(out["below_final"], at_four * np.exp(-0.1 * (horizon - 4)), rtol=1e-6)
    np.testing.assert_allclose(out["level_final"], 0, atol=1e-25)
    assert out["status"].tolist() == [Status.not_steady] * 2


def test_what_is_fed_at_0_slides_there_and_is_not_gone():
    """A store of which more is asked than flows in, fallen so far that rounding hides what is left."""
    out = run(
        ("store",), lambda _: [100.0],
        lambda z, p: [p["in"] - jnp.where(z[0] > 0, 1 + 100 * z[0], 0.0)],
        Method("taylor", settle=0.0), horizon=10.0, **{"in": np.array([0.5, 0.0])},
    )  # fmt: skip
    assert out["status"].tolist() == [Status.sliding, Status.not_steady]
    assert out["steps"].max() < 100
    np.testing.assert_allclose(out["store_final"], 0, atol=1e-11)
