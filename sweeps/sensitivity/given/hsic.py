"""Whether an output depends on a parameter in any way: the Hilbert-Schmidt independence criterion.

Sources: Gretton, Bousquet, Smola, Schölkopf, ALT 2005, LNCS 3734, 63-77; as a share, Da Veiga, Journal of
Statistical Computation and Simulation 85 (2015) 1283-1305; by chance, the gamma law of Gretton, Fukumizu,
Teo, Song, Schölkopf, Smola, NIPS 2007, 585-592.
"""

import numpy as np

MOST = 2000  # points whose pairs are looked at


def hsic(x: np.ndarray, y: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    """The share ``hsic`` (R² of HSIC, from 0 to 1) and the ``p_value`` of independence, shape (dims, cells).

    With Gaussian kernels as wide as a standard deviation, of at most `MOST` points, drawn from all.
    """
    from scipy import stats

    if len(y) > MOST:
        chosen = np.sort(np.random.default_rng(seed).choice(len(y), MOST, replace=False))
        x, y = x[chosen], y[chosen]
    n, shape = len(y), (x.shape[1], y.shape[1])
    result = {"hsic": np.empty(shape), "p_value": np.empty(shape)}
    of_x = [_Kernel(x[:, i]) for i in range(x.shape[1])]
    for cell in range(y.shape[1]):
        of_y = _Kernel(y[:, cell])
        for i, one in enumerate(of_x):
            both = float((one.centred * of_y.centred).sum())
            result["hsic"][i, cell] = both / np.sqrt(one.own * of_y.own) if one.own else np.nan
            # Under independence n HSIC has about a gamma law with this mean and variance.
            mean = (1 + one.mean * of_y.mean - one.mean - of_y.mean) / n
            squares = float(((one.centred * of_y.centred) ** 2).sum()) - float(
                np.sum((np.diag(one.centred) * np.diag(of_y.centred)) ** 2)
            )
            variance = 2 * (n - 4) * (n - 5) / (n * (n - 1) * (n - 2) * (n - 3)) * squares / n / (n - 1)
            shape_, scale = mean**2 / variance, variance * n / mean
            result["p_value"][i, cell] = stats.gamma.sf(both / n, shape_, scale=scale)
    return result


class _Kernel:
    """The kernel of all pairs of some values, less the means of its rows and columns."""

    def __init__(self, values: np.ndarray) -> None:
        std = float(values.std(ddof=1)) or 1.0
        whole = np.exp(-0.5 * ((values[:, None] - values) / std) ** 2)
        n = len(values)
        self.mean = float((whole.sum() - n) / (n * (n - 1)))  # of different points
        rows = whole.mean(axis=1)
        self.centred = whole - rows[:, None] - rows + rows.mean()
        self.own = float((self.centred**2).sum())
