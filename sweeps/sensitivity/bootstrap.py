"""Resample rows and add them up again, for all columns of a table at once."""

from collections.abc import Iterator
from statistics import NormalDist

import numpy as np

_MOST_NUMBERS = 2**24
_ROUNDING = 64 * np.finfo(float).eps


def varying(variance: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """`variance` where it is more than rounding of numbers as large as `mean`; NaN elsewhere."""
    return np.where(variance > (_ROUNDING * np.abs(mean)) ** 2, variance, np.nan)


class Resampler:
    """Bootstrap replicates of sums over `rows` rows; the same `seed` draws the same replicates.

    A replicate is a row of counts, how often each row was drawn; sums over it are then one product of
    matrices, whatever number of columns there are.
    """

    def __init__(self, rows: int, replicates: int, seed: int, confidence: float) -> None:
        self.rows, self.replicates, self.seed = rows, replicates, seed
        self.width = NormalDist().inv_cdf(0.5 + confidence / 2)
        # Kept where they take up to 128 MB; drawn again for every table where they would take more.
        self._kept = list(self._draw()) if rows * replicates <= _MOST_NUMBERS else None

    def sums(self, table: np.ndarray) -> np.ndarray:
        """Sums of `table`, shape (rows, ...): first the plain one, then every replicate's.

        Returns shape (1 + replicates, ...).
        """
        flat = table.reshape(self.rows, -1)
        done = [flat.sum(axis=0, keepdims=True)]
        done += [counts @ flat for counts in (self._kept if self._kept is not None else self._draw())]
        return np.concatenate(done).reshape(-1, *table.shape[1:])

    def sums_of(self, tables: Iterator[np.ndarray]) -> np.ndarray:
        """The same of a table that comes row by row, so many at a time."""
        if self._kept is None:  # all rows are drawn again for some replicates at a time
            return self.sums(np.concatenate(list(tables)))
        (counts,), first, shape = self._kept, 0, ()
        plain, drawn = np.zeros(()), np.zeros(())
        for table in tables:
            flat, shape = table.reshape(len(table), -1), table.shape[1:]
            plain, here = plain + flat.sum(axis=0), counts[:, first : first + len(table)] @ flat
            here += drawn
            drawn, first = here, first + len(table)
        return np.concatenate([plain[None], drawn]).reshape(-1, *shape)

    def interval(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Estimate, low and high of statistics of `sums`: the estimate, give or take the normal quantile
        times the replicates' standard deviation.
        """
        give = self.width * values[1:].std(axis=0, ddof=1)
        return values[0], values[0] - give, values[0] + give

    def _draw(self) -> Iterator[np.ndarray]:
        rng, at_once = np.random.default_rng(self.seed), max(_MOST_NUMBERS // self.rows, 1)
        for begin in range(0, self.replicates, at_once):
            count = min(at_once, self.replicates - begin)
            drawn = rng.integers(0, self.rows, (count, self.rows)) + self.rows * np.arange(count)[:, None]
            counts = np.bincount(drawn.ravel(), minlength=count * self.rows)
            yield counts.reshape(count, self.rows).astype(float)
