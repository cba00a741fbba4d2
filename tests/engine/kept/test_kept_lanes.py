"""Orbits from Python are traced by one process for all; a flow is what its functions hold, not its name."""

from collections import namedtuple
from dataclasses import dataclass
from enum import Enum
from functools import partial
from itertools import count
from operator import itemgetter, methodcaller
from types import ModuleType

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.kept.entries import nothing_kept
from equisweep.engine.ode import trajectory
from equisweep.engine.ode.kept_lanes import shelf_of
from equisweep.engine.ode.method import Method
from helpers.flows import scalar
from helpers.products import costs_seconds

STEPS = Method("heun", fixed_steps=20, settle=0)


def decaying(rate):
    return scalar(lambda t, z, p: -rate * p["k"] * z)


def run(flow, count=3, times=(), method=STEPS):
    """What the lanes come to, in what is another process but for its caches of JAX."""
    trajectory._FUNCTIONS.clear()
    p = {"k": np.linspace(0.5, 2, count), "z0": np.ones(count), "horizon": np.ones(count)}
    out = trajectory.lanes(flow, method, times)({name: jnp.asarray(v) for name, v in p.items()})
    return {name: np.asarray(values) for name, values in out.items()}


def assert_same(actual, expected):
    assert actual.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_array_equal(actual[name], values, strict=True)


def test_another_process_finds_what_one_has_made_and_traces_nothing(folder, calls):
    for times in ((), (0.25, 0.5)):
        with nothing_kept():
            expected = run(decaying(1.5), times=times)
        with calls("point", "ode/trajectory.py") as traced:
            assert_same(run(decaying(1.5), times=times), expected)
        assert len(traced) == 1
        with calls("point", "ode/trajectory.py") as traced:
            assert_same(run(decaying(1.5), times=times), expected)
        assert traced == []
    later = run(decaying(1.5), times=(0.3, 0.4))  # other times, as many: the same program
    assert (later["z_path"][:, 0] < expected["z_path"][:, 0]).all()


@costs_seconds
def test_what_a_flow_closes_over_the_method_and_the_numbers_of_lanes_and_times_are_parts_of_it(folder, calls):
    run(decaying(1.5))
    others = [
        {"flow": decaying(1.25)}, {"count": 4}, {"times": (0.5,)},
        {"method": Method("heun", fixed_steps=21, settle=0)},
    ]  # fmt: skip
    for other in others:
        with calls("point", "ode/trajectory.py") as traced:
            outputs = run(**({"flow": decaying(1.5)} | other))
        assert len(traced) == 1
        rate, steps = (1.25 if "flow" in other else 1.5), 21 if "method" in other else 20
        h = rate * np.linspace(0.5, 2, len(outputs["z_final"])) / steps
        np.testing.assert_allclose(outputs["z_final"], (1 - h + h**2 / 2) ** steps, rtol=1e-12)


@dataclass(frozen=True)
class Doubling:
    """What it does stands in its class, which a key would not hold."""

    factor: float = 2.0

    def __call__(self, z):
        return self.factor * z


class Kind(Enum):
    first = 1


Pair = namedtuple("Pair", "x y")


def with_attributes(z):
    return z


with_attributes.factor = 2.0


class Scaled:
    """What its methods do depends on what it holds, also where JAX has wrapped them."""

    @partial(jax.jit, static_argnums=0)
    def __call__(self, z):
        return z


def importing(z):
    from helpers.flows import DECAY

    return z if DECAY else -z


UNKNOWN = [
    ModuleType("study"), object(), Doubling(), Doubling, Kind.first, Kind, Pair(1, 2), itemgetter("k"),
    methodcaller("sum"), count(3), np.random.default_rng(0), np.random.default_rng(0).normal, with_attributes,
    Scaled().__call__, importing, [1, {"a": Doubling()}],
]  # fmt: skip


@pytest.mark.parametrize("unknown", UNKNOWN, ids=lambda u: getattr(u, "__name__", type(u).__name__))
def test_a_flow_of_which_nobody_can_say_what_it_computes_is_not_kept(unknown, folder):
    batch, times = {"k": np.ones(3)}, np.ones(0)
    flow = scalar(lambda t, z, p: -p["k"] * z if unknown else z)
    assert not shelf_of((flow, STEPS), batch, times)


def test_what_is_kept_tells_apart_what_computes_otherwise(folder):
    batch, times = {"k": np.ones(3)}, np.ones(0)
    inside = [
        1.5, 2, "k", jnp, np, jnp.add, jnp.multiply, jnp.sin, jnp.where, np.sin, np.cos, max, min,
        jnp.asarray(2.0), jnp.asarray(2.0, float), np.float64(2), np.asarray(2.0), partial(jnp.clip, max=1.0),
        partial(jnp.clip, max=2.0), {"a": 1}, {"a": 2}, lambda z: z, lambda z: 2 * z,
        jax.jit(lambda z: 3 * z),
    ]  # fmt: skip

    def flow(i):
        return scalar(lambda t, z, p: z if i is None else -z)

    keys = [shelf_of((flow(i), STEPS), batch, times).key for i in inside]
    assert None not in keys
    assert len({*keys}) == len(keys)


def test_what_reads_a_file_while_it_is_traced_is_not_kept(folder, tmp_path):
    file, rates = tmp_path / "rate.txt", []
    flow = scalar(lambda t, z, p: -float(np.loadtxt(file)) * z)
    for rate in ("0.5", "1.5"):
        file.write_text(rate)
        h = float(rate) / 20
        rates.append(run(flow)["z_final"][0])
        assert rates[-1] == pytest.approx((1 - h + h**2 / 2) ** 20, rel=1e-12)


@costs_seconds
def test_derivatives_are_traced_and_take_nothing_that_is_kept(folder):
    run(decaying(1.5))
    one = trajectory.lanes(decaying(1.5), STEPS)

    def final(k):
        return one({"k": k, "z0": jnp.ones(3), "horizon": jnp.ones(3)})["z_final"]

    k = jnp.linspace(0.5, 2, 3)
    h, slope = 1.5 * np.asarray(k) / 20, jax.jvp(final, (k,), (jnp.ones(3),))[1]
    np.testing.assert_allclose(slope, 20 * (1 - h + h**2 / 2) ** 19 * (h - 1) * 1.5 / 20, rtol=1e-12)
