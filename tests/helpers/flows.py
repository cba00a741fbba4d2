"""Small flows with known behaviour, declared as a user would declare theirs."""

import jax
import jax.numpy as jnp
import numpy as np
from equisweep.engine.ode.method import Method
from equisweep.engine.ode.trajectory import lanes
from equisweep.kernels import replicator as rep
from equisweep.kernels.flow import Flow, Observable


def seen(*names):
    return tuple(Observable(name, name, "1", name) for name in names)


def run(names, start, field, method=None, **p):
    """Outputs of orbits of z' = field(z, p) from start(p); parameters of one length, or numbers."""
    flow = Flow(
        start=lambda p: jnp.stack([value + 0 * p["horizon"] for value in start(p)]),
        field=lambda t, z, p: jnp.stack(field(z, p)),
        observe=lambda z, p: dict(zip(names, z, strict=True)),
        observables=seen(*names),
    )
    count = max(np.size(value) for value in p.values())
    p = {name: jnp.asarray(np.broadcast_to(np.asarray(value, float), count)) for name, value in p.items()}
    return {name: np.asarray(value) for name, value in lanes(flow, method or Method())(p).items()}


def orbits(names, start, field, method, times=(), swings=(), dtype=float, **p):
    """Outputs of orbits of z' = field(t, z, p); parameters of one length, or numbers."""
    flow = Flow(
        start=lambda p: jnp.stack([value + 0 * p["horizon"] for value in start]),
        field=lambda t, z, p: jnp.stack(field(t, z, p)),
        observe=lambda z, p: dict(zip(names, z, strict=True)),
        observables=seen(*names), swings=swings,
    )  # fmt: skip
    count = max(np.size(value) for value in p.values())
    p = {name: jnp.asarray(np.broadcast_to(np.asarray(value, dtype), count)) for name, value in p.items()}
    return {name: np.asarray(value) for name, value in lanes(flow, method, times)(p).items()}


def same_logarithms(values, right, within):
    """Numbers as their logarithms say; below all numbers they are 0."""
    tiny = right < np.log(5e-308)
    assert (values[tiny] < 1e-307).all()
    np.testing.assert_allclose(np.log(values[~tiny]), right[~tiny], rtol=0, atol=within)


def scalar(field, **more):
    """A flow z' = field(t, z, p) of one number from p["z0"]."""
    return Flow(
        start=lambda p: p["z0"][None],
        field=lambda t, z, p: field(t, z, p),
        observe=lambda z, p: {"z": z[0]},
        observables=seen("z"),
        **more,
    )


# Loses itself at t = 1/z0 where z0 > 0.
BLOW_UP = scalar(lambda t, z, p: z**2)
# The equation of Prothero and Robinson: follows cos t, the more stiffly the larger k.
STIFF = scalar(lambda t, z, p: -p["k"] * (z - jnp.cos(t)) - jnp.sin(t), motion=None)
DECAY = scalar(lambda t, z, p: -p["k"] * z)


def _lorenz(_t, z, p):
    x, y, w = z
    return jnp.stack([p["sigma"] * (y - x), x * (p["rho"] - w) - y, x * y - p["beta"] * w])


LORENZ = Flow(
    start=lambda p: jnp.stack([p["x0"], p["y0"], p["z0"]]),
    field=_lorenz,
    observe=lambda z, p: dict(zip("xyz", z, strict=True)),
    observables=seen("x", "y", "z"),
    swings=("x", "y", "z"),
)


def _van_der_pol(_t, z, p):
    return jnp.stack([z[1], p["mu"] * (1 - z[0] ** 2) * z[1] - z[0]])


VAN_DER_POL = Flow(
    start=lambda p: jnp.stack([p["x0"], p["v0"]]),
    field=_van_der_pol,
    observe=lambda z, p: {"x": z[0], "v": z[1]},
    observables=seen("x", "v"),
    swings=("x", "v"),
)


def allocation_cost(shares, p):
    """Convex cost of splitting a fund of p["M"] among factors; beta L v**(E x M + 1), summed."""
    return jnp.sum(p["loss"] * p["v"] ** (p["M"] * shares + 1))


def _gains(p):
    return lambda shares: -jax.grad(allocation_cost)(shares, p)


# One population: shares of a fund grow by their marginal benefit. Vector parameters over the factors.
ALLOCATION = Flow(
    start=lambda p: rep.to_log_ratios(p["start"]),
    field=lambda t, z, p: rep.log_ratio_field(_gains(p), z),
    observe=lambda z, p: {
        **{f"share_{i}": s for i, s in enumerate(rep.from_log_ratios(z))},
        "cost": allocation_cost(rep.from_log_ratios(z), p),
    },
    observables=seen("share_0", "share_1", "share_2", "cost"),
    faces=True,
    motion=lambda t, z, rates, p: rep.log_ratio_motion(z, rates),
)
