"""Every primitive that makes a field jump is a switch, whatever it is hidden behind; beside quadratures.

The state goes round a circle, x = cos t and y = -sin t. Of each function of x and y the integral is compared
with that of SciPy between the places where it jumps.
"""

from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.ode.method import Method
from equisweep.engine.ode.switching.search import switches_of
from equisweep.engine.ode.trajectory import lanes
from equisweep.kernels.flow import Flow, Observable
from equisweep.kernels.status import Status
from helpers.products import costs_seconds
from jax import lax
from scipy.integrate import quad

END = 10.0
HALVES = np.asarray([-0.75, -0.5, -0.25, 0, 0.25, 0.5, 0.75])
EDGES = np.linspace(-9.3, 9.1, 40)  # of which a few are met
QUARTERS = np.pi * (np.arange(4) + 0.75)
TURNS = np.pi * np.arange(1, 4, 2)


def at(*levels):
    """The times at which cos t is one of these numbers."""
    angles = np.arccos(levels)
    return sorted(t for k in range(3) for a in angles for t in (2 * np.pi * k + a, 2 * np.pi * (k + 1) - a))


def when(condition):
    return jnp.where(condition, 1.0, 3.0)


def either(condition):
    return 1.0 if condition else 3.0


def numbers(x, y):
    return jnp.stack([x, y, 0.3 + 0 * x])


def in_loop(x):
    return lax.fori_loop(0, 3, lambda i, s: s + (2 * x + i).astype(int), 0 * x)


# Of the three numbers x, y, 0.3 any two are equal.
MEETS = [*QUARTERS, *at(0.3), *(t - np.pi / 2 for t in at(0.3))]
CUTS = (EDGES[1:] + EDGES[:-1]) / 2
# name: (with JAX, with NumPy, where it jumps or has a corner)
SHOWN = {
    "finite": (
        lambda x, y: when(jnp.isfinite(jnp.arccos(1.2 * x))),
        lambda x, y: either(abs(x) < 1 / 1.2),
        at(-1 / 1.2, 1 / 1.2),
    ),
    "finite product": (
        lambda x, y: when(jnp.isfinite(jnp.exp(1e3 * x))),
        lambda x, y: either(x < np.log(np.finfo(float).max) / 1e3),
        at(np.log(np.finfo(float).max) / 1e3),
    ),
    "nan": (lambda x, y: when(jnp.isnan(jnp.sqrt(x - 0.2))), lambda x, y: either(x < 0.2), at(0.2)),
    "compared nan": (
        lambda x, y: when(jnp.arctanh(1.5 * x) < 99),
        lambda x, y: either(abs(x) < 2 / 3),
        at(2 / 3, -2 / 3),
    ),
    "replaced nan": (
        lambda x, y: jnp.nan_to_num((0.4 - x) ** 2.5 + 1),
        lambda x, y: max(0.4 - x, 0) ** 2.5 + (x < 0.4),
        at(0.4),
    ),
    "sign bit": (lambda x, y: when(jnp.signbit(x - 0.2)), lambda x, y: either(x < 0.2), at(0.2)),
    "copied sign": (
        lambda x, y: jnp.copysign(1.5, y),
        lambda x, y: np.copysign(1.5, y),
        np.pi * np.arange(1, 4),
    ),
    "exponent": (
        lambda x, y: jnp.frexp(1.6 + x)[1] + jnp.frexp(1.6 + x)[0],
        lambda x, y: sum(np.frexp(1.6 + x)),
        at(-0.6, 0.4),
    ),
    "mantissa": (
        lambda x, y: when(jnp.frexp(1.6 + x)[0] > 0.7),
        lambda x, y: either(np.frexp(1.6 + x)[0] > 0.7),
        at(-0.9, -0.6, -0.2, 0.4),
    ),
    "eightfold": (lambda x, y: when(jnp.ldexp(x, 3) > 2.4), lambda x, y: either(8 * x > 2.4), at(0.3)),
    "cast": (lambda x, y: (4 * x).astype("int32") / 1, lambda x, y: np.trunc(4 * x), at(*HALVES)),
    "truncated": (lambda x, y: jnp.trunc(4 * x), lambda x, y: np.trunc(4 * x), at(*HALVES)),
    "rounded": (lambda x, y: jnp.round(2 * x), lambda x, y: np.round(2 * x), at(-0.75, -0.25, 0.25, 0.75)),
    "divided": (lambda x, y: x // 0.25, lambda x, y: np.floor(4 * x), at(*HALVES)),
    "one of many": (
        lambda x, y: jnp.argmax(jnp.asarray(EDGES) * x - jnp.asarray(EDGES) ** 2 / 2) / 1,
        lambda x, y: np.argmin(abs(x - EDGES)),
        at(*CUTS[abs(CUTS) < 1]),
    ),
    "largest in rows": (
        lambda x, y: jnp.sum(
            jnp.asarray([2.0, 5.0]) * jnp.argmax(jnp.stack([x, y, 9 + x, 9.3 + 0 * y]).reshape(2, 2), 1)
        ),
        lambda x, y: 2.0 * (y > x) + 5 * (x < 0.3),
        [*QUARTERS, *at(0.3)],
    ),
    "middle": (lambda x, y: jnp.sort(numbers(x, y))[1], lambda x, y: np.median([x, y, 0.3]), MEETS),
    "median": (lambda x, y: jnp.median(numbers(x, y)), lambda x, y: np.median([x, y, 0.3]), MEETS),
    "order": (lambda x, y: jnp.argsort(numbers(x, y))[0] / 1, lambda x, y: np.argmin([x, y, 0.3]), MEETS),
    "second": (
        lambda x, y: lax.top_k(numbers(x, y), 2)[1][1] / 1,
        lambda x, y: np.argsort([x, y, 0.3])[1],
        MEETS,
    ),
    "rank": (
        lambda x, y: jnp.argmax(jnp.argsort(jnp.append(jnp.asarray(EDGES), x)) == 40) / 1,
        lambda x, y: np.sum(x > EDGES),
        at(*EDGES[abs(EDGES) < 1]),
    ),
    "so far": (lambda x, y: lax.cummax(numbers(x, y))[1], lambda x, y: max(x, y), QUARTERS),
    "cond": (
        lambda x, y: lax.cond(x > 0.3, lambda: y, lambda: 2.0 + 0 * y),
        lambda x, y: y if x > 0.3 else 2,
        at(0.3),
    ),
    "switch": (
        lambda x, y: lax.switch((1.5 * x + 1.5).astype(int), [lambda: x, lambda: y, lambda: 2.0 + 0 * y]),
        lambda x, y: [x, y, 2][int(1.5 * x + 1.5 - 1e-15)],
        at(-1 / 3, 1 / 3),
    ),
    "select": (
        lambda x, y: lax.select_n((1.5 * x + 1.49).astype("int32"), x, y, 2.0 + 0 * y),
        lambda x, y: [x, y, 2][int(1.5 * x + 1.49)],
        at(-0.49 / 1.5, 0.51 / 1.5),
    ),
    "next number": (lambda x, y: when(jnp.nextafter(x, 2.0) > 0.4), lambda x, y: either(x > 0.4), at(0.4)),
    "positive part": (lambda x, y: when(jnp.maximum(x - 0.3, 0) > 0), lambda x, y: either(x > 0.3), at(0.3)),
    "at its limit": (lambda x, y: when(jnp.clip(x, -0.5, 0.5) == 0.5), lambda x, y: either(x > 0.5), at(0.5)),
    "is the largest": (
        lambda x, y: when(x == jnp.max(numbers(x, y))),
        lambda x, y: either(x == max(x, y, 0.3)),
        MEETS,
    ),
    "angle": (lambda x, y: jnp.arctan2(y, x), lambda x, y: np.arctan2(y, x), TURNS),
    "angle of a ratio": (
        lambda x, y: jnp.arctan(y / x),
        lambda x, y: np.arctan(y / x),
        np.pi * (np.arange(4) + 0.5),
    ),
    "sawtooth": (
        lambda x, y: jnp.arctan(jnp.tan(3 * x)),
        lambda x, y: np.arctan(np.tan(3 * x)),
        at(np.pi / 6, -np.pi / 6),
    ),
    "complex": (
        lambda x, y: jnp.sqrt(lax.complex(x, y)).imag,
        lambda x, y: np.sqrt(complex(x, y)).imag,
        TURNS,
    ),
    "remainder": (lambda x, y: x % 0.25, lambda x, y: x % 0.25, at(*HALVES)),
    "loop": (
        lambda x, y: in_loop(x),
        lambda x, y: sum(np.trunc(2 * x + i) for i in range(3)),
        at(-0.5, 0, 0.5),
    ),
}  # fmt: skip


# These have no scalar form: an orbit of them goes through XLA, and so would all that stands beside them. Nor
# has a field that may jump in more than 64 places: the others are three.
BY_XLA = ["second", "rank", "complex"]
IN_SCALARS = [name for name in SHOWN if name not in BY_XLA]


def switched(name):
    """The switches of one of them alone."""
    flow = Flow(
        start=lambda p: jnp.asarray([1.0, 0.0]) + 0 * p["horizon"],
        field=lambda t, z, p: jnp.stack([z[1], -z[0]]) + SHOWN[name][0](z[0], z[1]),
        observe=lambda z, p: {},
        observables=(),
    )
    return switches_of(flow, {"horizon": jnp.zeros(())}, {})


def bent(function, points):
    """Those of the first turn's points at which a function does not go straight on."""
    first = np.asarray([t for t in points if 0 < t < 2 * np.pi])
    left, here, right = ([function(np.cos(t), -np.sin(t)) for t in first + s] for s in (-1e-3, 0, 1e-3))
    return first[np.abs(np.asarray(left) - 2 * np.asarray(here) + right) > 1e-4]


def test_a_switch_of_each_changes_sign_wherever_it_jumps_or_bends():
    """Of those, too, whose orbits `make test-products` tries: no orbit is computed here."""
    switches = {name: switched(name) for name in SHOWN}
    assert not [name for name, seen in switches.items() if seen.unseen or not seen.located]
    times = {name: bent(function, points) for name, (_, function, points) in SHOWN.items()}

    @jax.jit
    def values(states):
        p = {"horizon": jnp.zeros(())}
        return {
            name: jax.vmap(lambda z, name=name: switches[name].located_values(z[0], z, p)[0])(z)
            for name, z in states.items()
        }

    def beside(shift):
        return {name: np.stack([np.cos(t + shift), -np.sin(t + shift)], axis=1) for name, t in times.items()}

    before, after = values(beside(-1e-6)), values(beside(1e-6))
    for name in SHOWN:
        changed = np.any(np.sign(before[name]) != np.sign(after[name]), axis=1)
        assert len(changed), name
        assert changed.all(), name


@costs_seconds
@pytest.mark.parametrize("names", [BY_XLA, *(IN_SCALARS[k::3] for k in range(3))], ids=lambda names: names[0])
def test_what_jumps_with_the_state_is_a_switch(names):
    flow = Flow(
        start=lambda p: jnp.concatenate([jnp.asarray([1.0, 0.0]), jnp.zeros(len(names))]) + 0 * p["horizon"],
        field=lambda t, z, p: jnp.stack([z[1], -z[0], *(SHOWN[name][0](z[0], z[1]) for name in names)]),
        observe=lambda z, p: {name: z[2 + i] for i, name in enumerate(names)},
        observables=tuple(Observable(name, name, "1", name) for name in names),
        motion=None,
    )
    result = lanes(flow, Method("dopri5", rtol=1e-10, atol=1e-10))({"horizon": jnp.asarray([END])})
    wrong = {}
    for name in names:
        _, function, points = SHOWN[name]
        edges = [0.0, *sorted(t for t in points if 0 < t < END), END]
        exact = sum(
            quad(lambda t, f=function: f(np.cos(t), -np.sin(t)), a, b, epsabs=1e-12, epsrel=1e-12)[0]
            for a, b in pairwise(edges)
        )
        error = float(result[f"{name}_final"][0]) - exact
        if abs(error) > 1e-7:
            wrong[name] = error
    assert not wrong
    assert result["status"][0] == Status.not_steady
