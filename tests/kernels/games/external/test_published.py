"""The published formulation: Tables 1-8 to their last digit, and the same computation by Brent's method."""

import csv
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

import numpy as np
import pytest
from equisweep.kernels.games.external.model import external
from equisweep.kernels.status import Status
from helpers.codegen.grids import of_many
from helpers.oracles import external as oracle
from helpers.products import covering
from helpers.project import ROOT
from helpers.tolerance import assert_close

TABLES = ROOT / "sweeps" / "published"
MECHANISM = {"full": "cooperation", "sharing": "sharing"}
MECHANISM |= {name: name for name in ("noncooperation", "compensation")}
BATCH = 350
NINE_DIGITS = 1e-9 / float(np.finfo(float).eps)


@cache
def solver(mechanism: str, n_max: int) -> Callable:
    # Welfare, which is compared elsewhere, takes as long to trace as all the rest.
    kernel = partial(
        external, mechanism=mechanism, formulation="published", n_max=n_max, wanted=("price_of_anarchy",)
    )
    return of_many(kernel)


def solve(points: list[oracle.Scenario], mechanism: str, n_max: int = 64) -> dict[str, np.ndarray]:
    """The kernel at `points`, in batches of one size so that it is compiled once for the whole file."""
    padded = points + points[-1:] * (BATCH - len(points))
    result = solver(mechanism, n_max)(oracle.columns(padded))
    return {name: value[: len(points)] for name, value in result.items()}


def table(path: Path) -> tuple[str, list[dict[str, float]]]:
    with path.open(newline="") as lines:
        rows = [{k: float(v) for k, v in row.items()} for row in csv.DictReader(lines)]
    return next(m for word, m in MECHANISM.items() if f"_{word}_" in path.name), rows


def test_every_published_cell_is_reproduced():
    cells = 0
    for path in sorted(TABLES.glob("table*.csv")):
        mechanism, rows = table(path)
        points = [oracle.PAPER | {k: row[k] for k in row if k in oracle.PAPER} for row in rows]
        solution = solve(points, mechanism)
        for output in ("investment", "expected_loss"):
            printed = np.array([row[output] for row in rows])
            assert np.abs(solution[output] - printed).max() <= 5.01e-5, (path.name, output)
            cells += len(printed)
    assert cells == 396


@pytest.mark.parametrize(
    ("mechanism", "most_cities"),
    covering([*((m, 64) for m in oracle.MECHANISMS), ("cooperation", 1024)], lambda _, n: n == 64, columns=1),
)
def test_the_published_computation_agrees_with_the_oracle(mechanism, most_cities):
    points = oracle.scenarios(300 if most_cities == 64 else 150, seed=1, most_cities=most_cities)
    if mechanism == "compensation" and most_cities == 64:
        points += oracle.three_interior_roots(50, seed=4)
    truth = [oracle.published(s, mechanism) for s in points]
    kept = [i for i, t in enumerate(truth) if t is None or not t.fragile]
    assert len(kept) > 0.9 * len(points)
    solution = solve(points, mechanism, most_cities)
    none = [i for i in kept if truth[i] is None]
    some = [i for i in kept if truth[i] is not None]
    assert min(len(none), len(some)) >= 10
    assert (solution["status"][none] == Status.no_equilibrium).all()
    assert np.isnan(solution["investment"][none]).all()
    assert (solution["equilibrium_count"][none] == 0).all()
    for output, known in (
        ("investment", "investment"),
        ("effective_investment", "effective"),
        ("breach_probability", "breach"),
        ("expected_loss", "loss"),
    ):
        desired = np.array([getattr(truth[i], known) for i in some])
        floor = [1e-4 / oracle.rate(points[i]) if "investment" in output else 0.0 for i in some]
        assert_close(solution[output][some], desired, multiplier=NINE_DIGITS, floor=floor, what=output)
    assert solution["equilibrium_count"][some].tolist() == [truth[i].count for i in some]
    for i in some:
        several, negative = truth[i].count > 1, truth[i].investment < 0
        status = Status.negative_investment if negative else Status.ok
        assert solution["status"][i] == (Status.several_equilibria if several else status)


def test_where_an_investment_is_positive_both_formulations_share_non_cooperation():
    points = [oracle.PAPER | {"alpha": a, "n": n} for a in (0.0, 0.3, 0.9, 1.0) for n in (1.0, 3.0, 4.0)]
    exact = of_many(partial(external, n_max=4, wanted=("price_of_anarchy",)))(oracle.columns(points))
    published = solve(points, "noncooperation")
    for output in ("investment", "expected_loss", "price_of_anarchy", "second_derivative"):
        assert_close(published[output], exact[output], what=output)
