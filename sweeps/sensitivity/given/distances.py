"""How far the distribution of an output moves when one parameter is known: PAWN, and Borgonovo's delta.

Sources: Pianosi and Wagener, Environmental Modelling and Software 108 (2018) 197-207; Borgonovo, Reliability
Engineering and System Safety 92 (2007) 771-784, estimated as Plischke, Borgonovo, Smith, European Journal of
Operational Research 226 (2013) 536-550.
"""

import numpy as np

from ..bootstrap import Resampler

_SLICES = 10
_CHANCE = 1.358  # of Kolmogorov and Smirnov's distance times the root of the sizes: exceeded 1 time in 20
_GRID, _REACH = 512, 4.0  # points of a density, and how many widths of its kernel it goes beyond the values
_FEW = 32  # different values that are counted, and not smoothed


def pawn(x: np.ndarray, y: np.ndarray) -> dict[str, np.ndarray]:
    """Distances of Kolmogorov and Smirnov between an output's values and those in slices of a parameter.

    Of the slices (10 of equally many points, or one for each value of few) the median ``pawn`` and the
    largest ``pawn_max``; ``pawn_by_chance`` is what one slice of a parameter without any influence
    exceeds 1 time in 20. Shape (dims, cells).
    """
    order = np.argsort(y, axis=0, kind="stable")
    rising = np.take_along_axis(y, order, axis=0)
    # Equal values are one step of a distribution function: it is compared where a step ends.
    ends = np.concatenate([rising[1:] > rising[:-1], np.ones((1, y.shape[1]), bool)])
    below = (np.arange(1, len(y) + 1) / len(y))[:, None]
    shape = x.shape[1], y.shape[1]
    result = {name: np.empty(shape) for name in ("pawn", "pawn_max", "pawn_by_chance")}
    for i in range(x.shape[1]):
        owner = slices(x[:, i], _SLICES)
        sizes = np.bincount(owner)
        apart = np.empty((len(sizes), y.shape[1]))
        for one, size in enumerate(sizes):
            inside = np.cumsum((owner == one)[order], axis=0) / size
            apart[one] = np.where(ends, np.abs(inside - below), 0).max(axis=0)
        result["pawn"][i], result["pawn_max"][i] = np.median(apart, axis=0), apart.max(axis=0)
        # A slice is a part of all points, to which it is compared: its deviation is that from the rest.
        result["pawn_by_chance"][i] = np.median(_CHANCE * np.sqrt((1 - sizes / len(y)) / sizes))
    return result


def delta(x: np.ndarray, y: np.ndarray, resampler: Resampler) -> dict[str, np.ndarray]:
    """Half the mean area between an output's density and that in slices of a parameter, shape (dims, cells).

    ``delta``, less the bias that the bootstrap shows, with ``delta_low`` and ``delta_high``.
    """
    # So many slices as are good for so many points, as Plischke and others found.
    many = min(int(np.ceil(len(y) ** (2 / (7 + np.tanh((1500 - len(y)) / 500))))), 48)
    result = {name: np.empty((x.shape[1], y.shape[1])) for name in ("delta", "delta_low", "delta_high")}
    owners = [slices(x[:, i], many) for i in range(x.shape[1])]
    for cell in range(y.shape[1]):
        index, smooth = _on_grid(y[:, cell])
        for i, owner in enumerate(owners):
            width, joint = smooth.shape[1], owner * smooth.shape[1] + index
            table = np.bincount(joint, minlength=(owner.max() + 1) * width).reshape(-1, width)
            area = _area(table, smooth)
            rng = np.random.default_rng(resampler.seed)
            drawn = rng.multinomial(len(y), (table / len(y)).ravel(), resampler.replicates)
            again = np.array([_area(one.reshape(table.shape), smooth) for one in drawn])
            middle, give = 2 * area - again.mean(), resampler.width * again.std(ddof=1)
            result["delta"][i, cell] = middle
            result["delta_low"][i, cell], result["delta_high"][i, cell] = middle - give, middle + give
    return result


def _on_grid(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The index of each value on a grid, and a matrix that makes counts on it a density.

    Few different values are a grid themselves.
    """
    values, index = np.unique(y, return_inverse=True)
    if len(values) <= _FEW:
        return index, np.eye(len(values))
    quarters = np.quantile(y, [0.25, 0.75])
    scale = min(float(np.std(y)), float(quarters[1] - quarters[0]) / 1.349) or float(np.std(y))
    width = 0.9 * scale * len(y) ** -0.2  # Silverman's
    low, high = float(y.min()) - _REACH * width, float(y.max()) + _REACH * width
    grid = np.linspace(low, high, _GRID)
    step = (high - low) / (_GRID - 1)
    kernel = np.exp(-0.5 * ((grid[:, None] - grid) / max(width, step / 2)) ** 2)
    return np.rint((y - low) / step).astype(np.intp), kernel / kernel.sum(axis=1, keepdims=True)


def _area(table: np.ndarray, smooth: np.ndarray) -> float:
    """Half the mean area between the density of each row and that of all, of counts."""
    sizes = table.sum(axis=1)
    table, sizes = table[sizes > 0], sizes[sizes > 0]
    density = (table / sizes[:, None]) @ smooth
    whole = (table.sum(axis=0) / sizes.sum()) @ smooth
    return float(np.abs(density - whole).sum(axis=1) @ sizes / sizes.sum() / 2)


def slices(x: np.ndarray, many: int) -> np.ndarray:
    """The slice of each value: `many` of equally many points, or one for each value of few; none is empty."""
    values, which = np.unique(x, return_inverse=True)
    if len(values) <= many:
        return which
    ranks = np.searchsorted(np.sort(x), x, side="left")
    return np.unique(ranks * many // len(x), return_inverse=True)[1]
