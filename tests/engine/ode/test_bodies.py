"""Bodies that pass close to each other, and a fast centre: beside reference values and a closed form.

Hairer, Norsett and Wanner, "Solving ordinary differential equations I", section II.0 (Arenstorf's orbit) and
II.10 (PLEI); the reference value of PLEI is that of the test set for initial value problems.
"""

import jax.numpy as jnp
import numpy as np
from equisweep.engine.ode.method import Method
from equisweep.engine.ode.trajectory import lanes
from equisweep.kernels.flow import Attractor, Flow
from equisweep.kernels.status import Status
from helpers.flows import seen
from helpers.products import costs_seconds


def flow_of(field, start, names):
    return Flow(
        start=lambda p: jnp.asarray(start) + 0 * p["horizon"],
        field=field,
        observe=lambda y, p: {name: y[i] for i, name in enumerate(names)},
        observables=seen(*names),
        motion=None,
    )


def end(flow, horizon, **options):
    out = lanes(flow, Method("dopri8", rtol=1e-10, atol=1e-10, settle=0, **options))(
        {"horizon": jnp.asarray([horizon])}
    )
    return {name: np.asarray(value)[0] for name, value in out.items()}


def test_arenstorfs_orbit_closes():
    m = 0.012277471

    def field(t, y, p):
        x, z, u, v = y
        earth, moon = ((x + m) ** 2 + z * z) ** 1.5, ((x - 1 + m) ** 2 + z * z) ** 1.5
        return jnp.stack(
            [
                u,
                v,
                x + 2 * v - (1 - m) * (x + m) / earth - m * (x - 1 + m) / moon,
                z - 2 * u - (1 - m) * z / earth - m * z / moon,
            ]
        )

    start = [0.994, 0.0, 0.0, -2.00158510637908252240537862224]
    out = end(flow_of(field, start, ("x", "z", "u", "v")), 17.0652165601579625588917206249)
    # The orbit is unstable: what a step is off grows by some thousand in a round.
    np.testing.assert_allclose([out["x_final"], out["z_final"]], start[:2], atol=1e-6)


@costs_seconds
def test_seven_stars_pass_each_other():
    mass = jnp.arange(1.0, 8.0)
    start = [3, 3, -1, -3, 2, -2, 2, 3, -3, 2, 0, 0, -4, 4, *[0] * 5, 1.75, -1.5, 0, 0, 0, -1.25, 1, 0, 0]

    def field(t, y, p):
        x, z, u, v = y.reshape(4, 7)
        dx, dz = x[None] - x[:, None], z[None] - z[:, None]
        pull = mass[None] / (dx**2 + dz**2 + jnp.eye(7)) ** 1.5
        return jnp.concatenate([u, v, (pull * dx).sum(1), (pull * dz).sum(1)])

    out = end(flow_of(field, np.array(start, float), ("x",)), 3.0)
    assert abs(out["x_final"] - 0.3706139143970502) < 1e-8


def test_a_fast_centre_is_closed_whatever_the_horizon():
    """Of dz/dt = w, dw/dt = -(2 pi)^2 / T^2 z the period is T, seen twice long before steps run out."""
    period = 0.2243994752564138
    flow = Flow(
        start=lambda p: jnp.stack([1.0 + 0 * p["horizon"], 0 * p["horizon"]]),
        field=lambda t, z, p: jnp.stack([z[1], -((2 * jnp.pi / period) ** 2) * z[0]]),
        observe=lambda z, p: {"z": z[0]},
        observables=seen("z"),
        swings=("z",),
    )
    out = lanes(flow, Method("dopri8"))({"horizon": jnp.asarray([2.0, 50.0, 900.0])})
    assert (np.asarray(out["attractor"]) == Attractor.closed_orbit).all()
    # The state at the last of these horizons is not reached.
    assert list(out["status"]) == [Status.ok, Status.ok, Status.max_steps]
    np.testing.assert_allclose(out["period"], period, rtol=1e-6)
