"""The ends of the domain, single precision, and many points at once."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.kernels.games.external.model import EXTERNAL, external
from equisweep.kernels.status import Status
from helpers.codegen.grids import of_many, of_many_by_xla
from helpers.oracles import external as oracle
from helpers.products import costs_seconds, covering
from helpers.tolerance import assert_close

REAL = tuple(o.name for o in EXTERNAL.outputs if o.kind == "real")
ENDS = {
    "alpha": (0.0, 1.0),
    "beta": (1e-12, 1.0),
    "v": (1e-12, 1 - 1e-12),
    "E": (1e-8, 1e8),
    "L": (1e-8, 1e12),
    "n": (1.0, 1024.0),
    "gamma": (0.0, 1e6),
    "delta": (0.0, 1.0),
}


@pytest.mark.parametrize(
    ("mechanism", "through"),
    covering(
        [*((m, of_many) for m in oracle.MECHANISMS), ("sharing", of_many_by_xla)],
        lambda mechanism, through: through is of_many and mechanism in ("cooperation", "sharing"),
        columns=0,
    ),
)
def test_every_corner_of_the_domain_has_a_finite_exact_answer(mechanism, through):
    grid = np.meshgrid(*ENDS.values(), indexing="ij")
    at = {name: x.ravel() for name, x in zip(ENDS, grid, strict=True)}
    result = through(partial(external, mechanism=mechanism, n_max=1024))(at)
    for name in REAL:
        assert np.isfinite(result[name]).all(), name
    assert set(result["status"].tolist()) <= {
        Status.ok,
        Status.corner,
        Status.several_equilibria,
        Status.not_a_minimum,
    }
    assert (result["investment"] >= 0).all()
    assert (result["price_of_anarchy"] >= 1 - 1e-14).all()
    assert (result["breach_probability"] <= at["beta"] * at["v"] * (1 + 1e-15)).all()
    assert (result["equilibrium_count"] >= 1).all()


@pytest.mark.parametrize(
    ("mechanism", "formulation"),
    covering(
        [("compensation", "exact"), ("sharing", "published")],
        lambda mechanism, _: mechanism == "sharing",
        columns=0,
    ),
)
def test_single_precision_in_gives_single_precision_out(mechanism, formulation):
    points = [s | {"alpha": 0.7 * s["alpha"]} for s in oracle.scenarios(200, seed=12, most_cities=8)]
    kernel = partial(external, mechanism=mechanism, formulation=formulation, n_max=8, wanted=())
    solve = of_many(kernel)
    narrow = {k: v.astype(np.float32) for k, v in oracle.columns(points).items()}
    wide = {k: v.astype(np.float64) for k, v in narrow.items()}
    got, exact = solve(narrow), solve(wide)
    same = np.asarray(got["status"]) == np.asarray(exact["status"])
    same &= np.asarray(exact["status"]) != Status.no_equilibrium
    assert same.sum() > 0.4 * len(points)
    scale = 1 / np.array([oracle.rate(s) for s in points])
    for name, floor in (("breach_probability", 0.0), ("investment", scale), ("expected_loss", scale)):
        assert got[name].dtype == np.float32
        error = np.abs(np.asarray(got[name], float) - exact[name])
        error = (error / np.maximum(np.abs(exact[name]), floor))[same]
        assert np.quantile(error, 0.97) < 2e-4, name  # a few lie next to a fold, where half the digits go
        assert np.median(error) < 2e-6, name


@costs_seconds
@pytest.mark.parametrize("mechanism", ["cooperation", "compensation"])
def test_mapped_over_nested_axes_equals_point_by_point(mechanism):
    solve = partial(external, mechanism=mechanism, n_max=4)
    axes = {
        "alpha": np.linspace(0, 1, 5),
        "beta": np.array([0.02, 0.3, 1.0]),
        "L": np.array([10.0, 400.0]),
        "n": np.array([1.0, 2.0, 4.0]),
    }
    names, mapped = list(axes), solve
    for name in reversed(names):
        mapped = jax.vmap(mapped, in_axes=({q: 0 if q == name else None for q in oracle.PAPER},))
    nested = jax.tree.map(
        np.asarray, jax.jit(mapped)({k: np.asarray(v) for k, v in (oracle.PAPER | axes).items()})
    )
    grid = np.meshgrid(*axes.values(), indexing="ij")
    points = [
        oracle.PAPER | dict(zip(names, map(float, p), strict=True))
        for p in zip(*map(np.ravel, grid), strict=True)
    ]
    alone = jax.jit(solve)
    for i, s in enumerate(points):
        for name, value in alone({k: jnp.asarray(v) for k, v in s.items()}).items():
            assert_close(np.ravel(nested[name])[i], value, multiplier=1e3, floor=1e-3, what=name)
