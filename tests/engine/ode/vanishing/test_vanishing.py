"""What falls below all numbers comes back at the right time, or decides nothing under a good status."""

import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.ode.method import Method
from equisweep.engine.ode.rest.faces import vanishing_of
from equisweep.kernels.flow import Attractor
from equisweep.kernels.status import Status
from helpers.flows import orbits, run, same_logarithms
from helpers.products import some

END = np.array([100.0, 300.0, 2000.0])
# What a cost gathers beside what decays as exp(-t), and how much that is.
COSTS = {
    "the logarithm": (jnp.log, -(END**2) / 2),
    "slower than it": (lambda x: 1 / (1 - jnp.log(x)), np.log1p(END)),
    "a small power": (lambda x: x**0.01, 100 * (1 - np.exp(-END / 100))),
    "above 1e-50": (lambda x: jnp.where(x > 1e-50, 1.0, 0.0), np.minimum(END, 50 * np.log(10))),
    "above 1e-110": (lambda x: jnp.where(x > 1e-110, 1.0, 0.0), np.minimum(END, 110 * np.log(10))),
    "above 1e-200": (lambda x: jnp.where(x > 1e-200, 1.0, 0.0), np.minimum(END, 200 * np.log(10))),
    "at all": (lambda x: jnp.where(x > 0, 1.0, 0.0), END),
}


@pytest.mark.parametrize("cost", some(COSTS, {"slower than it", "above 1e-200"}))
def test_a_cost_is_right_or_has_no_good_status(cost):
    rate, right = COSTS[cost]
    out = run(("x", "c"), lambda _: [1.0, 0.0], lambda z, _: [-z[0], rate(z[0])], horizon=END)
    good = out["status"] == Status.ok
    assert good.tolist() == [True, True, cost.startswith("above")]
    np.testing.assert_allclose(out["c_final"][good], right[good], rtol=1e-6)
    assert np.isfinite(out["settle_time"]).all()


def test_what_dies_out_for_good_is_none_of_it():
    """A chain in which all decays, an oscillation that does, and a stock that others fill."""
    out = run(
        ("a", "b", "v", "w", "stock"), lambda _: [1.0, 0.0, 1.0, 0.0, 0.0],
        lambda z, _: [-z[0], z[0] - 2 * z[1], z[3] - z[2], -z[2] - z[3], 1 - z[4]],
        Method("tsit5", rtol=1e-6, settle=0.0), horizon=900.0,
    )  # fmt: skip
    assert out["status"] == Status.not_steady
    assert out["a_final"] == 0
    np.testing.assert_allclose(out["stock_final"], 1, rtol=1e-6)


def test_nothing_settles_on_a_saddle_because_what_leaves_it_vanished():
    """Infected fall to exp(-807) of the susceptible while there are few of these, who come back later."""
    out = run(
        ("s", "i"), lambda p: [0.0, 1.0], lambda z, _: [1e-3 * (1 - z[0]), (2 * z[0] - 1.5) * z[1]],
        Method("dopri8", rtol=1e-8), horizon=np.array([500.0, 4000.0]),
    )  # fmt: skip
    # ln i = 0.5 t - 2000 s, where s = 1 - exp(-t / 1000)
    right = [0.5 * t - 2000 * (1 - np.exp(-t / 1000)) for t in (500, 4000)]
    np.testing.assert_allclose(np.log(out["i_final"]), right, rtol=1e-4)
    assert out["status"].tolist() == [Status.not_steady] * 2
    assert out["attractor"][0] == Attractor.undecided


def test_a_fall_below_all_numbers_in_small_units_is_not_the_begin_of_a_rise():
    """Prey of 900 units fall to exp(-893) of one, and are at exp(-201) again: right, or with no good status.

    In units of 1e-250 they are rounded to 0, or to a number of either sign, when they are 1e-58 of that.
    """
    out = run(
        ("x", "y"), lambda p: [900 * p["u"], p["v"]],
        lambda z, p: [z[0] * (1 - z[1] / p["v"]), z[1] * (z[0] / p["u"] - 1)], Method("dopri8", rtol=1e-9),
        horizon=700.0, u=np.array([1e-30, 1e100, 1e-250, 1e-280]), v=np.array([1e-30, 1e-200, 1e200, 1.0]),
    )  # fmt: skip
    assert out["status"].tolist() == [Status.not_steady] * 2 + [Status.not_finite] * 2
    np.testing.assert_allclose(np.log(out["x_final"][:2]) - np.log([1e-30, 1e100]), -201.0162, atol=1e-3)


def test_what_is_filled_again_and_again_falls_each_time_as_the_first_time():
    """A stock is filled by a switch of time, falls below all numbers, grows a little, and is filled again.

    What rounding hides of its rate where it is full is no error of what falls, and what fills it fills what
    is left of it: not that made larger, as which it is followed.
    """
    k, until = np.array([1000.0, 1000.0, 300.0, 500.0]), np.array([3.3, 7.0, 7.0, 4.5])
    out = orbits(
        ("y", "c"), [0.0, 0.0],
        lambda t, z, p: [
            jnp.where(
                t % 10 < 3, p["k"] * (1 - z[0]), jnp.where(t % 10 < p["until"], -p["k"] * z[0], 8 * z[0])
            ),
            z[0],
        ],
        Method("dopri8"), (19.9,), k=k, until=until, horizon=29.9,
    )  # fmt: skip
    assert out["status"].tolist() == [Status.not_steady] * 4
    np.testing.assert_allclose(out["c_path"][:, 0], 6, rtol=1e-12)
    np.testing.assert_allclose(out["c_final"], 9, rtol=1e-12)
    right = 8 * (9.9 - until) - k * (until - 3)
    same_logarithms(out["y_path"][:, 0], right, 1e-5)
    same_logarithms(out["y_final"], right, 1e-5)


def test_which_components_feed_one_another():
    def field(t, z):
        x, y, v, c, e, i, _ = z
        rates = [x * (1 - y) + t * x**2, x - y, jnp.where(x > 1, v, jnp.sin(t) * v), jnp.sqrt(c) - c]
        return jnp.stack([*rates, x * i - e, e - i, i])

    # Predators are fed by prey; prey may infect; nothing needs the total.
    assert vanishing_of(field, jnp.zeros(()), jnp.ones(7)) == (((0, 1, 4, 5), (2,), (3,)), (0, 2, 3))

    def infections(t, z):
        new = z[0] * z[1] / (z[0] + z[1])
        return jnp.stack([-new, new, z[2] / (1 + z[0])])

    # They go with the part that is infected.
    assert vanishing_of(infections, jnp.zeros(()), jnp.ones(3)) == (((0, 1), (2,)), (0, 1, 2))
    assert vanishing_of(lambda t, z: 1 + 0 * t + z, jnp.zeros(()), jnp.ones(2)) == (((0,), (1,)), ())
