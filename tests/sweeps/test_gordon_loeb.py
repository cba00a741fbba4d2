"""The Gordon-Loeb example against a scalar minimiser, and the 1/e law."""

import runpy

import jax
import numpy as np
import pytest
from equisweep.kernels.status import Status
from helpers.project import ROOT
from scipy.optimize import minimize_scalar

MODEL = runpy.run_path(str(ROOT / "examples" / "gordon_loeb.py"))["gordon_loeb"]
BREACH = {
    "class_1": lambda z, p: p["v"] / (p["a"] * z + 1) ** p["b"],
    "class_2": lambda z, p: p["v"] ** (p["a"] * z + 1),
}


def random_point(rng):
    a, scale = np.exp(rng.uniform(-14, -4)), np.exp(rng.uniform(-1, 5))
    return {"v": rng.uniform(0.02, 0.98), "L": scale / a, "a": a, "b": rng.uniform(1, 4)}


@pytest.mark.parametrize("breach_class", BREACH)
def test_investment_is_what_a_scalar_minimiser_finds_and_never_passes_one_e_th(breach_class):
    rng = np.random.default_rng(1)
    solve = jax.jit(lambda p: MODEL.kernel(p, breach_class=breach_class))
    seen = set()
    for _ in range(150):
        p = random_point(rng)

        def cost(z, p=p):
            return BREACH[breach_class](z, p) * p["L"] + z

        optimum = minimize_scalar(
            cost, bounds=(0, p["v"] * p["L"]), method="bounded", options={"xatol": 1e-9 * p["L"]}
        )
        got = {name: float(value) for name, value in solve(p).items()}
        z = got["investment"]
        # A minimiser knows the place of a flat minimum only to half the digits; the value, to all.
        assert z == pytest.approx(optimum.x, abs=1e-6 * p["v"] * p["L"])
        assert cost(z) <= optimum.fun * (1 + 1e-12)
        assert got["net_benefit"] == pytest.approx(p["v"] * p["L"] - cost(z), abs=1e-12 * p["L"])
        assert got["breach_probability"] == pytest.approx(BREACH[breach_class](z, p))
        assert got["share_of_expected_loss"] <= 1 / np.e
        assert got["status"] == (Status.ok if z > 0 else Status.corner)
        seen.add(int(got["status"]))
    assert seen == {Status.ok, Status.corner}


def test_the_derivative_of_investment_is_that_of_central_differences():
    p = {q.name: q.default for q in MODEL.parameters}
    for breach_class in BREACH:

        def investment(loss, c=breach_class):
            return MODEL.kernel(p | {"L": loss}, breach_class=c)["investment"]

        slope = (investment(p["L"] * 1.0001) - investment(p["L"] * 0.9999)) / (0.0002 * p["L"])
        assert jax.grad(investment)(p["L"]) == pytest.approx(float(slope), rel=1e-6)
