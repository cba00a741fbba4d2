"""What the supervision game conserves: under static/static, and where the caps of both dynamic are equal."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.kernels.games.supervision.game import first_integral, first_integral_or_nan, start
from helpers.oracles.supervision import CASE, gains, random_case

EPS = float(np.finfo(np.float64).eps)


def at_start(mechanism, **changed):
    p = {k: jnp.asarray(v) for k, v in (CASE | changed).items()}
    return float(first_integral_or_nan(p, start(p), *mechanism))


@pytest.mark.parametrize(
    ("mechanism", "equal"),
    [
        (("static", "static"), {}),
        (("dynamic", "dynamic"), {"r": 7.0, "f": 7.0}),
        (("dynamic", "static"), {"r": 0.0}),
        (("static", "dynamic"), {"f": 0.0}),
    ],
    ids=str,
)
def test_first_integral_does_not_change_along_the_field_of_what_conserves_one(mechanism, equal):
    rng = np.random.default_rng(5)
    for _ in range(8):
        p, logits = random_case(rng) | equal, jnp.asarray(rng.uniform(-6, 6, 2))
        slope = jax.grad(first_integral, argnums=1)(p, logits, *mechanism)
        along = np.asarray(slope) * gains(p, mechanism, *(1 / (1 + np.exp(-np.asarray(logits)))))
        assert abs(along.sum()) < 1e4 * EPS
        assert np.abs(along).max() > 1e-3


def test_first_integral_exists_where_no_advantage_bends_and_nowhere_else():
    both = ("dynamic", "dynamic")
    # By hand, with A = 7.86 - 12.36 y, B = -1 + 11 x, u = ln 2/3 and w = ln 1/3.
    by_hand = -np.log(2 / 3) + 11 * np.log(5 / 3) - 7.86 * np.log(1 / 3) + 12.36 * np.log(4 / 3)
    assert at_start(("static", "static")) == pytest.approx(by_hand, rel=1e-12)
    assert np.isfinite(at_start(both, r=10.0))
    assert np.isfinite(at_start(both, r=10.0 * (1 + 1e-15)))
    for mechanism, changed in ((both, {}), (both, {"r": 10.001}), (both, {"r": 10.0, "x0": 0.0}),
                               (("static", "dynamic"), {}), (("dynamic", "static"), {})):  # fmt: skip
        assert np.isnan(at_start(mechanism, **changed))
