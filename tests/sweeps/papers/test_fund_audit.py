"""The internal paper's sentences said of the best fund: margins beside a fund found by brute force."""

from dataclasses import replace

import numpy as np
import pytest
from equisweep.sweeps.papers.internal.audit import STUDIES
from equisweep.sweeps.papers.internal.fund import FUND
from equisweep.sweeps.run import run_in_memory
from scipy.optimize import minimize_scalar

AXES = {"v.data": [0.3, 0.95], "L.data": [60.0, 700.0], "E.data": [0.01, 0.1], "M": [50.0, 200.0]}
# Application systems by default, and the probability of an attack.
V, E, L, BETA = 0.5, 0.05, 400.0, 0.5
STEP = {"v": 2e-4, "L": 1.0, "E": 1e-4}


def best_fund(**data):
    """The whole loss is a sum, so each factor gets what is best for itself."""
    spent = [
        minimize_scalar(
            lambda money, v=v, e=e, big=big: BETA * big * v ** (e * money + 1) + money,
            bounds=(0, 2000),
            method="bounded",
            options={"xatol": 1e-10},
        ).x
        for v, e, big in ((data["v"], data["E"], data["L"]), (V, E, L))
    ]
    return sum(spent)


@pytest.fixture(scope="module")
def cube():
    return run_in_memory(replace(FUND.sweep, axes=AXES))


@pytest.mark.parametrize(
    ("number", "name", "sign"),
    [("5.1 (1) best fund", "v", 1), ("5.2 (1) best fund", "L", 1), ("5.3 (1) best fund", "E", -1)],
)
def test_slopes_of_the_best_fund_are_those_of_brute_force(cube, number, name, sign):
    (conclusion,) = [one for one in FUND.conclusions if one.number == number]
    margin, said = conclusion.margin(cube), conclusion.premise(cube).transpose(*list(AXES)[:3])
    signs = set()
    for at in np.ndindex(2, 2, 2):
        data = {k: values[i] for k, values, i in zip("vLE", AXES.values(), at, strict=False)}
        up, down = (best_fund(**data | {name: data[name] + d}) for d in (STEP[name], -STEP[name]))
        slope = sign * (up - down) / (2 * STEP[name])
        assert float(margin[(*at, 0)]) == pytest.approx(slope, rel=5e-3, abs=1e-3)
        assert bool(said[at]) == (abs(slope) > 1e-3)
        signs.add(np.sign(round(slope, 3)))
    assert (-1 in signs) == (name != "L")


def test_more_fund_lowers_the_loss_below_the_best_fund_only(cube):
    (conclusion,) = [one for one in FUND.conclusions if one.number == "own (more fund)"]
    below = cube["M"] < cube["best_fund"]
    assert ((conclusion.margin(cube) > 0) == below).all()
    assert below.any()
    assert (~below).any()


def test_the_study_is_the_papers():
    assert FUND in STUDIES
    assert FUND.sweep.space().points == FUND.size
