"""Sobol' indices from polynomial chaos: a sum of orthogonal polynomials, fitted to a sample.

Sources: Sudret, Reliability Engineering and System Safety 93 (2008) 964-979; sets of terms, Blatman and
Sudret, Journal of Computational Physics 230 (2011) 2345-2367; the error where each point is left out in turn,
from one fit, Allen, Technometrics 16 (1974) 125-127.
"""

from collections.abc import Sequence
from itertools import combinations, product

import numpy as np

# The largest degree, fewest points for a term, and the norm by which terms of many parameters are few.
_DEGREE, _POINTS_PER_TERM, _SPARSE = 12, 3, 0.75
_MOST_TERMS = 400
_EXACT = 1 - 1e-9


# The places of the values that a parameter has, in (0, 1), rising, and the probability of each.
Atoms = tuple[np.ndarray, np.ndarray]


def chaos_indices(
    u: np.ndarray, unbounded: np.ndarray, y: np.ndarray, atoms: Sequence[Atoms | None] = ()
) -> dict[str, np.ndarray]:
    """First-order, total and second-order indices, and ``q2``, the share of variance that is foreseen.

    Parameters
    ----------
    u : independent parameters as shares of their distributions, in (0, 1), shape (points, dims).
    unbounded : of which the distribution has no end on one side: these are polynomials of a normal variable.
    y : the outputs, shape (points, cells).
    atoms : of each parameter, if there are any; None for one that is continuous. One of few values has
        polynomials that are orthonormal over these, as many as there are values.

    Returns
    -------
    ``S1``, ``ST`` of shape (dims, cells), ``S2`` of shape (dims, dims, cells), NaN on the diagonal; ``q2`` of
    shape (cells,): 1 less the mean square error at points that were left out of the fit, over the variance.
    The degree is the one at which that is largest, for each cell its own.
    """
    dims, cells = u.shape[1], y.shape[1]
    values = [
        _polynomials_of_few(u[:, i], *few) if few else _polynomials(u[:, i], bool(unbounded[i]))
        for i, few in enumerate(atoms or [None] * dims)
    ]
    highest = np.array([len(one) - 1 for one in values])
    best, worse = np.full(cells, -np.inf), 0
    result: dict[str, np.ndarray] = {
        "S1": np.full((dims, cells), np.nan),
        "ST": np.full((dims, cells), np.nan),
        "S2": np.full((dims, dims, cells), np.nan),
    }
    for degree in range(1, _DEGREE + 1):
        terms = _terms(dims, degree)
        terms = terms[(terms <= highest).all(axis=1)]
        if degree > 1 and len(terms) * _POINTS_PER_TERM > len(y):
            break
        q2, weights = _fitted(values, terms, y)
        better = q2 > best
        best[better] = q2[better]
        for name, shares in _shares(terms, weights[:, better] ** 2).items():
            result[name][..., better] = shares
        worse = 0 if better.any() else worse + 1
        if worse == 2 or best.min() > _EXACT:
            break
    return result | {"q2": best}


def _polynomials(u: np.ndarray, normal: bool) -> np.ndarray:
    """Orthonormal polynomials of Hermite or Legendre up to the largest degree, shape (degrees, points)."""
    from scipy import special

    z = special.ndtri(u) if normal else 2 * u - 1
    rows = [np.ones_like(z), z]
    for k in range(1, _DEGREE):
        rows.append(
            z * rows[k] - k * rows[k - 1]
            if normal
            else ((2 * k + 1) * z * rows[k] - k * rows[k - 1]) / (k + 1)
        )
    degrees = np.arange(_DEGREE + 1)
    norm = 1 / np.sqrt(special.factorial(degrees)) if normal else np.sqrt(2 * degrees + 1)
    return np.stack(rows) * norm[:, None]


def _polynomials_of_few(u: np.ndarray, nodes: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Polynomials that are orthonormal over a few values, by Gram and Schmidt, shape (degrees, points)."""
    z, roots = 2 * nodes - 1, np.sqrt(probabilities)
    table = np.polynomial.legendre.legvander(z, min(len(nodes) - 1, _DEGREE))
    q, r = np.linalg.qr(table * roots[:, None])
    apart = np.abs(np.diag(r)) > 1e-10 * abs(r[0, 0])
    q = q[:, : len(apart) if apart.all() else int(np.argmin(apart))]
    nearest = np.searchsorted((nodes[1:] + nodes[:-1]) / 2, u)
    return (q / roots[:, None])[nearest].T


def _terms(dims: int, degree: int) -> np.ndarray:
    """Degrees of the terms in each parameter, the constant first: of a hyperbolic norm up to `degree`."""
    terms = [(0,) * dims]
    singles = [(i, k) for i in range(dims) for k in range(1, degree + 1)]
    terms += [tuple(k if j == i else 0 for j in range(dims)) for i, k in singles]
    for order in range(2, min(dims, degree) + 1):
        grown = _of_order(dims, order, degree)
        if not grown or len(terms) + len(grown) > _MOST_TERMS:
            break
        terms += grown
    return np.array(terms)


def _of_order(dims: int, order: int, degree: int) -> list[tuple[int, ...]]:
    """Terms in which exactly `order` parameters stand."""
    limit = degree**_SPARSE + 1e-9
    powers = [
        one for one in product(range(1, degree + 1), repeat=order) if sum(k**_SPARSE for k in one) <= limit
    ]
    result = []
    for which in combinations(range(dims), order):
        for one in powers:
            term = [0] * dims
            for i, k in zip(which, one, strict=True):
                term[i] = k
            result.append(tuple(term))
        if len(result) > _MOST_TERMS:
            break
    return result


def _fitted(values: Sequence[np.ndarray], terms: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How much is foreseen of each cell, and the weights of the terms, shape (terms, cells)."""
    table = np.ones((y.shape[0], len(terms)))
    for i in range(len(values)):
        table *= values[i][terms[:, i]].T
    q, r = np.linalg.qr(table)
    diagonal = np.abs(np.diag(r))
    if diagonal.min() <= 1e-10 * diagonal.max():  # terms that these points do not tell apart
        return np.full(y.shape[1], -np.inf), np.zeros((len(terms), y.shape[1]))
    seen = q.T @ y
    apart = (y - q @ seen) / np.maximum(1 - (q**2).sum(axis=1), 1e-12)[:, None]
    q2 = 1 - (apart**2).mean(axis=0) / y.var(axis=0)
    return q2, np.linalg.solve(r, seen)


def _shares(terms: np.ndarray, squares: np.ndarray) -> dict[str, np.ndarray]:
    """Indices from the squares of the weights."""
    there = terms > 0
    order, dims = there.sum(axis=1), terms.shape[1]
    variance = squares[order > 0].sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = squares / variance
    s2 = np.full((dims, dims, squares.shape[1]), np.nan)
    for i in range(dims):
        for j in range(i):
            s2[i, j] = s2[j, i] = shares[there[:, i] & there[:, j] & (order == 2)].sum(axis=0)
    first = [shares[there[:, i] & (order == 1)].sum(axis=0) for i in range(dims)]
    total = [shares[there[:, i]].sum(axis=0) for i in range(dims)]
    return {"S1": np.stack(first), "ST": np.stack(total), "S2": s2}
