"""How much of an output is a function of one parameter, by the order of points along it.

Sources: Chatterjee, Journal of the American Statistical Association 116 (2021) 2009-2022, whose coefficient
tends to the Cramér-von Mises index; for the first-order Sobol' index by the same order, Gamboa, Gremaud,
Klein, Lagnoux, Bernoulli 28 (2022) 2345-2374.
"""

from typing import Any

import numpy as np

from .parts import with_intervals


def chatterjee(x: np.ndarray, y: np.ndarray, confidence: float, seed: int) -> dict[str, np.ndarray]:
    """Chatterjee's ``xi`` with its ``p_value`` of independence, and ``S1``, shape (dims, cells).

    Intervals of both are by the spread over independent parts of the sample.
    """
    from scipy import stats

    shuffled = np.random.default_rng(seed).permutation(len(y))  # ties along x are in no order
    x, y = x[shuffled], y[shuffled]
    p = np.empty((x.shape[1], y.shape[1]))
    for i in range(x.shape[1]):
        with np.errstate(divide="ignore", invalid="ignore"):  # of an output that does not vary
            statistic: Any = stats.chatterjeexi(x[:, i : i + 1], y, axis=0, y_continuous=False)
        p[i] = statistic.pvalue
    return {"p_value": p} | with_intervals(x, y, _of_part, confidence)


def _of_part(x: np.ndarray, y: np.ndarray) -> dict[str, np.ndarray]:
    from scipy import stats

    result = {name: np.empty((x.shape[1], y.shape[1])) for name in ("xi", "S1")}
    ranks = stats.rankdata(y, method="max", axis=0)
    above = len(y) + 1 - stats.rankdata(y, method="min", axis=0)
    apart = y - y.mean(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        for i in range(x.shape[1]):
            order = np.argsort(x[:, i], kind="stable")
            steps = np.abs(np.diff(ranks[order], axis=0)).sum(axis=0)
            result["xi"][i] = 1 - len(y) * steps / (2 * (above * (len(y) - above)).sum(axis=0))
            along = apart[order]
            both = (along * np.roll(along, -1, axis=0)).sum(axis=0)
            result["S1"][i] = both / (apart**2).sum(axis=0)
    return result
