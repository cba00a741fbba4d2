"""Which parameter decides whether a point is of a class: how it is distributed inside and outside.

Source: Hornberger and Spear, Journal of Environmental Management 12 (1981) 7-18.
"""

import numpy as np


def regional(x: np.ndarray, y: np.ndarray) -> dict[str, np.ndarray]:
    """Kolmogorov and Smirnov's distance ``ks`` of each parameter between points of the class and others.

    Parameters
    ----------
    x : the parameters, shape (points, dims).
    y : 1 at points of the class and 0 elsewhere, shape (points, cells).

    Returns
    -------
    ``ks`` and its ``p_value`` where the class does not depend on the parameter, shape (dims, cells).
    """
    from scipy import special

    inside = y.sum(axis=0)
    outside = len(y) - inside
    result = {name: np.empty((x.shape[1], y.shape[1])) for name in ("ks", "p_value")}
    for i in range(x.shape[1]):
        order = np.argsort(x[:, i], kind="stable")
        rising = x[order, i]
        ends = np.append(rising[1:] > rising[:-1], True)  # equal values are one step
        along = y[order]
        apart = np.cumsum(along, axis=0) / inside - np.cumsum(1 - along, axis=0) / outside
        result["ks"][i] = np.abs(apart[ends]).max(axis=0)
        result["p_value"][i] = special.kolmogorov(np.sqrt(inside * outside / len(y)) * result["ks"][i])
    return result
