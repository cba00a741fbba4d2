"""Points whose dimensions depend on each other as normal variables do: a Gaussian copula.

Source: Nelsen, An Introduction to Copulas (2006), section 2.3.
"""

import numpy as np

from .points import Points

_INSIDE = 2.0**-53


class DependentPoints(Points):
    """Points of another design; each dimension becomes a sum of those up to it, as normal variables.

    Parameters
    ----------
    points : independent ones, of one value for each sample.
    factor : the Cholesky factor of the correlations of the normal variables: lower triangular.
    """

    def __init__(self, points: Points, factor: np.ndarray) -> None:
        self.points_per_sample, self._points, self._factor = points.points_per_sample, points, factor

    def two(self, dim: int, samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """As of `Points`."""
        from scipy import special

        weights = self._factor[dim]
        used = np.flatnonzero(weights)
        if len(used) == 1:
            return self._points.two(dim, samples)
        z = np.zeros(len(samples))
        for one in used:
            z += weights[one] * special.ndtri(self._points.two(int(one), samples)[0])
        u = np.clip(special.ndtr(z), _INSIDE, 1 - _INSIDE)
        return u, u

    def other(self, dim: int, samples: np.ndarray) -> np.ndarray:
        """As of `Points`."""
        return self._points.other(dim, samples)
