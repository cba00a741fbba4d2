"""Derivatives under a budget and an entry cost, by differences of the solution itself."""

from functools import partial

import jax
import numpy as np
from equisweep.kernels.games.combined.model import external_combined
from helpers.codegen.grids import of_many
from helpers.oracles import combined as oracle
from helpers.products import costs_seconds

REAL = ("investment", "expected_loss", "entry_value", "budget_multiplier", "breach_probability")
NAMES = ("alpha", "beta", "v", "E", "L", "gamma", "delta", "budget", "entry_cost")
SIZE = 60


def pushed(at, mechanism, kind, real=REAL, wanted=()):
    p = {name: at[name] for name in oracle.PAPER}
    solve = partial(external_combined, mechanism=mechanism, budget_kind=kind, n_max=3, wanted=wanted)

    def split(p):
        solution = solve(p)
        return {k: solution[k] for k in real}, {
            k: solution[k] for k in ("status", "regime", "equilibrium_count")
        }

    value, slope, others = jax.jvp(split, (p,), ({k: at[f"d {k}"] for k in p},), has_aux=True)
    return {**value, **others, **{f"d {k}": x for k, x in slope.items()}}


@costs_seconds
def test_every_derivative_agrees_with_central_differences_in_every_regime():
    points = oracle.columns(oracle.scenarios(SIZE, seed=9, most_cities=3))
    # Clear of the ends where both sides of a difference do not exist.
    points |= {name: points[name].clip(0.05, 0.95) for name in ("alpha", "delta")}
    points["budget"] = points["budget"].clip(0.1)
    regimes = set()
    for mechanism, kind in (("together", "city"), ("compensation", "common"), ("cooperation", "city")):
        run = of_many(partial(pushed, mechanism=mechanism, kind=kind))

        def at(changed, ahead="", run=run):
            return run(points | changed | {f"d {k}": np.full(SIZE, float(k == ahead)) for k in points})

        for name in NAMES:
            x = points[name]
            h = 1e-5 * np.maximum(x, 1e-3)
            here, low, high = at({}, name), at({name: x - h}), at({name: x + h})
            sound = here["equilibrium_count"] > 0
            for kept in ("status", "regime", "equilibrium_count"):
                sound &= (here[kept] == low[kept]) & (here[kept] == high[kept])
            # Where a corner and a budget meet, or near a fold, both sides of a difference are not alike.
            assert sound.mean() > 0.6
            regimes |= set(here["regime"][sound].tolist())
            for output in REAL:
                central = (high[output] - low[output]) / (2 * h)
                size = np.abs(here[output]) / np.maximum(x, 1e-3)
                gap = np.abs(here[f"d {output}"] - central)[sound]
                allowed = (1e-5 * np.abs(central) + 1e-5 * size + 1e-9 * points["L"] / h * 1e-4)[sound]
                assert (gap <= allowed).all(), (mechanism, name, output)
    assert regimes == {0, 1, 2}


def test_the_first_unit_of_budget_is_invested_and_moves_all_others():
    point = oracle.columns([oracle.PAPER | {"budget": 0.0}] * SIZE)
    for mechanism in ("together", "compensation", "cooperation"):
        run = of_many(partial(pushed, mechanism=mechanism, kind="city"))
        outputs = run(point | {f"d {k}": np.full(SIZE, float(k == "budget")) for k in point})
        assert outputs["d investment"][0] == 1
        # Its own saving, and what the others' unit saves a city.
        assert outputs["d expected_loss"][0] < 0 < outputs["budget_multiplier"][0]


def test_derivatives_of_the_mixed_equilibrium_agree_with_central_differences():
    mixed = ("mixing_probability", "mixing_investment")
    case = oracle.PAPER | {"alpha": 0.9, "beta": 0.9, "v": 0.8, "n": 3.0, "gamma": 0.01}
    points = oracle.columns([case | {"L": loss, "entry_cost": 2.0} for loss in np.geomspace(100, 3000, SIZE)])
    for kind, budget in (("none", 10.0), ("city", 6.0)):
        points["budget"] = np.full(SIZE, budget)
        run = of_many(partial(pushed, mechanism="compensation", kind=kind, real=mixed, wanted=mixed))

        def at(changed, ahead="", run=run):
            return run(points | changed | {f"d {k}": np.full(SIZE, float(k == ahead)) for k in points})

        for name in NAMES:
            h = 1e-6 * points[name]
            here, low, high = (at({name: points[name] + way * h}, name) for way in (0, -1, 1))
            sound = (low["mixing_probability"] > 0) & (high["mixing_probability"] > 0)
            assert sound.sum() >= 5
            for output in mixed:
                central = (high[output] - low[output]) / (2 * h)
                np.testing.assert_allclose(here[f"d {output}"][sound], central[sound], rtol=1e-5, atol=1e-7)
