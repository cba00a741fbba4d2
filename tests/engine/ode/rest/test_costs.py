"""What a cost has still to gather when its orbit has come to rest. Oracle: integrals in closed form."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.ode.method import Method
from equisweep.engine.ode.rest.costs import still_to_come
from equisweep.engine.ode.trajectory import lanes
from equisweep.kernels.flow import Attractor, Flow
from equisweep.kernels.replicator import logit_motion
from equisweep.kernels.status import Status
from helpers.flows import seen
from helpers.products import some


def to_come(rates, state, limit, outbound=(False,)):
    """The same of the last component, which alone accumulates, over a time of 1e6."""
    state, limit = (jnp.append(jnp.asarray(z, float), 0.0) for z in (state, limit))
    alone = [False] * (len(state) - 1) + [True]
    gone = jnp.asarray([*outbound, *[False] * (len(state) - len(outbound))])
    field = lambda z: jnp.stack(rates(*z[:-1]))  # noqa: E731
    bound = jax.jit(
        lambda *at: still_to_come(field, *at, alone, gone, jnp.ones(len(state)), 0.0, jnp.asarray(1e6))
    )(state, limit)
    assert not bound[:-1].any()
    return float(bound[-1])


@pytest.mark.parametrize("power", [2, 1, 0.5, 0.1])
def test_a_power_of_what_decays(power):
    z, k = 1e-8, 0.3
    right = z**power / (k * power)
    assert to_come(lambda x: (-k * x, 5 + x**power), [z], [0.0]) == pytest.approx(
        right * max(power, 1.0), rel=2e-2
    )
    assert to_come(lambda x: (-k * (x - 1), jnp.abs(x - 1) ** power), [1 + z], [1.0]) == pytest.approx(
        right * max(power, 1.0), rel=2e-2
    )


def test_what_depends_on_a_slower_part_lasts_as_long_as_that():
    assert to_come(lambda x, y: (-x, -0.01 * y, 3 * y), [1e-9, 1e-7], [0, 0]) == pytest.approx(3e-5, rel=1e-4)
    # y' = x - 0.1 y: of x = a, y = b they come to a and (a + b) / 0.1.
    chain = to_come(lambda x, y: (-x, x - 0.1 * y, x - 2 * y), [1e-7, 1e-8], [0, 0])
    assert chain == pytest.approx(2.1e-6, rel=1e-3)


def test_a_spiral_has_what_its_swings_come_to():
    turn = complex(-0.01, 2.0)
    z = 1e-6 * np.exp(0.7j)
    right = -(z / turn).real  # of the real part, whose rate may be anything at this moment
    spiral = lambda x, y: (turn.real * x - turn.imag * y, turn.imag * x + turn.real * y, x)  # noqa: E731
    assert to_come(spiral, [z.real, z.imag], [0, 0]) == pytest.approx(abs(right), rel=1e-3)


def test_a_rate_that_stays_until_a_threshold_is_never_known_to_end():
    fixed = lambda x: (-x, jnp.where(x > 1e-9, 1.0, 0.0))  # noqa: E731
    assert to_come(fixed, [1e-7], [0.0]) == np.inf
    assert to_come(fixed, [1e-10], [0.0]) == 0
    assert to_come(lambda x: (1 - x, 0.1 + 0 * x), [1 + 1e-7], [1.0]) == 0


def test_a_share_that_dies_out_at_a_rate():
    share = lambda x: (-0.5 + 0 * x, jax.nn.sigmoid(x) ** 0.25)  # noqa: E731
    right = np.exp(-40 / 4) / (0.5 * 0.25)
    assert to_come(share, [-40.0], [-1e4], outbound=[True]) == pytest.approx(right, rel=1e-3)


# --- along orbits ----------------------------------------------------------------------------------------

POWERS = np.array([2.0, 1.0, 0.5, 0.25, 0.5, 0.1])
T = np.array([300.0, 300.0, 300.0, 1e5, 25.0, 5e3])


@pytest.mark.parametrize("solver", some(["dopri8", "taylor"], {"taylor"}))
def test_an_orbit_goes_on_until_its_costs_have_come_to_rest_too(solver):
    def field(_t, z, p):
        x = z[0]
        return jnp.stack([-x, jnp.exp(p["power"] * jnp.log(x)), 2.0 + 0 * x])

    flow = Flow(
        start=lambda p: jnp.stack([p["x0"], 0 * p["x0"], 0 * p["x0"]]),
        field=field,
        observe=lambda z, p: dict(zip(("x", "cost", "clock"), z, strict=True)),
        observables=seen("x", "cost", "clock"),
    )
    p = {"x0": np.array([1.0, 5.0, 1e-3, 1.0, 1.0, 1.0]), "power": POWERS, "horizon": T}
    times = np.array([1.0, 20.0, 25.0])
    result = lanes(flow, Method(solver), times=times)({k: jnp.asarray(v) for k, v in p.items()})

    def cost(t):
        return p["x0"][:, None] ** POWERS[:, None] * -np.expm1(-POWERS[:, None] * t) / POWERS[:, None]

    assert (result["status"] == Status.ok).all()
    assert (result["attractor"] == Attractor.rest_point).all()
    np.testing.assert_allclose(result["cost_final"], cost(T[:, None])[:, 0], rtol=4e-7)
    np.testing.assert_allclose(result["cost_path"], cost(times), rtol=4e-7)
    np.testing.assert_allclose(result["clock_final"], 2 * T, rtol=1e-12)
    # It has come to rest when it had, whatever it went on for.
    np.testing.assert_allclose(result["settle_time"], np.log(1e7), rtol=1e-5)


def test_a_fixed_cost_lasts_until_its_threshold_and_that_of_a_share_too():
    def field(_t, z, p):
        share = jax.nn.sigmoid(z[0])
        return jnp.stack([-1 + 0 * z[0], share**0.25, jnp.where(share > 1e-18, 1.0, 0.0)])

    flow = Flow(
        start=lambda p: jnp.zeros(3) + 0 * p["horizon"],
        field=field,
        observe=lambda z, p: {"cost": z[1], "fixed": z[2]},
        observables=seen("cost", "fixed"),
        faces=True,
        motion=lambda _t, z, rates, p: logit_motion(z, rates),
    )
    result = lanes(flow, Method())({"horizon": jnp.asarray([35.0, 1e3])})
    assert (result["attractor"] == Attractor.rest_point).all()
    np.testing.assert_allclose(result["fixed_final"], [35.0, 18 * np.log(10)], rtol=1e-7)
    share = 1 / (1 + np.exp(np.linspace(0, 400, 400_001)[:-1] + 5e-4))
    np.testing.assert_allclose(result["cost_final"][1], np.sum(share**0.25) * 1e-3, rtol=4e-7)
