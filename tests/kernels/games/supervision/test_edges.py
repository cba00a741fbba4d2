"""Supervision: where the interior rest point meets an edge of the square."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.kernels.games.supervision.game import REST_POINTS, kernel
from equisweep.kernels.numerics.stability import RestClass
from helpers.oracles.supervision import CASE

EPS = float(np.finfo(np.float64).eps)
solve = jax.jit(kernel, static_argnames=("reward", "punishment"))


def rest(name, mechanism, **changed):
    """Where one of the rest points lies, and its class, with some parameters changed."""
    p = {k: jnp.asarray(v) for k, v in (CASE | changed).items()}
    out, at = solve(p, reward=mechanism[0], punishment=mechanism[1]), REST_POINTS.index(name)
    return out["rest_x"][at], out["rest_y"][at], RestClass(int(out["rest_class"][at]))


def test_a_rest_point_on_the_supervising_edge_attracts_between_the_focus_and_the_corner():
    assert np.isnan(rest("interior", ("dynamic", "dynamic"), c2=10.8)[0])
    x, y, kind = rest("edge x=1", ("dynamic", "dynamic"), c2=10.8)
    np.testing.assert_allclose((x, y), (1.0, 0.4), atol=1e-12)
    assert kind == RestClass.stable_node


@pytest.mark.parametrize(
    ("mechanism", "changed", "just_outside"),
    [
        (("static", "static"), "c1", lambda p: p["f"] + (p["p2"] - p["p1"]) * p["Lg"] + p["p2"] * p["S"]),
        (("dynamic", "dynamic"), "c1", lambda p: p["f"] + (p["p2"] - p["p1"]) * p["Lg"] + p["p2"] * p["S"]),
        (("static", "dynamic"), "c2", lambda p: p["p2"] * p["Le"]),
    ],
    ids=["static-static", "dynamic-dynamic", "static-dynamic"],
)
def test_a_root_within_rounding_of_an_edge_is_no_interior_point(mechanism, changed, just_outside):
    edge = just_outside(CASE)
    for roundings in (-3, -1, 0, 1, 3):
        x, y, kind = rest("interior", mechanism, **{changed: edge * (1 + roundings * EPS)})
        assert np.isnan([x, y]).all()
        assert kind == RestClass.absent
    inside = [rest("interior", mechanism, **{changed: edge * (1 + part)})[2] for part in (-1e-9, 1e-9)]
    assert inside.count(RestClass.absent) == 1
