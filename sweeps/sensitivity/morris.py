"""Morris screening of many outputs at once: how far an output moves when one parameter does.

Sources: Morris, Technometrics 33 (1991) 161-174; mu*, Campolongo, Cariboni, Saltelli, Environmental Modelling
and Software 22 (2007) 1509-1518.
"""

import numpy as np

from .bootstrap import Resampler


def morris_measures(
    values: np.ndarray, usable: np.ndarray, steps: np.ndarray, resampler: Resampler
) -> dict[str, np.ndarray]:
    """Mean, mean size and standard deviation of the elementary effects, with their intervals.

    Parameters
    ----------
    values : shape (trajectories, dims + 1, cells).
    usable : the same shape; a trajectory with any point that is not usable is left out.
    steps : what each step moves of its parameter's whole range, as `quantile_steps` says.

    Returns
    -------
    mu, mu_star, sigma and each one's ``_low`` and ``_high``, shape (dims, cells), in units of the output per
    whole range of the parameter (its quantile from 0 to 1, a whole number from its lowest to its highest);
    ``left_out``, shape (cells,).
    """
    rows = np.asarray(usable.all(axis=1))
    effects = elementary_effects(np.where(rows[:, None], values, 0), steps)
    with np.errstate(divide="ignore", invalid="ignore"):
        middle = effects.sum(axis=0) / rows.sum(axis=0)
        apart = np.where(rows[:, None], effects - middle, 0)  # sigma would cancel about another point
        parts = [rows[:, None].astype(float), apart, np.abs(effects), apart**2]
        sums = resampler.sums(np.concatenate(parts, axis=1))
    return measures_of(sums, middle, resampler) | {"left_out": len(rows) - rows.sum(axis=0)}


def measures_of(sums: np.ndarray, middle: np.ndarray, resampler: Resampler) -> dict[str, np.ndarray]:
    """mu, mu_star and sigma with intervals, from sums over trajectories: of 1, of the effects less `middle`,
    of their sizes, and of the squares of the first.
    """
    count, dims, result = sums[:, :1], len(middle), {}
    with np.errstate(divide="ignore", invalid="ignore"):
        off, size, square = (sums[:, 1 + i * dims : 1 + (i + 1) * dims] for i in range(3))
        deviation = np.sqrt(np.maximum(square - off**2 / count, 0) / (count - 1))
        measures = {"mu": middle + off / count, "mu_star": size / count, "sigma": deviation}
        for name, measure in measures.items():
            names = (name, f"{name}_low", f"{name}_high")
            result |= dict(zip(names, resampler.interval(measure), strict=True))
    return result


def quantile_steps(positions: np.ndarray, widths: np.ndarray, levels: int) -> np.ndarray:
    """How much of a parameter's range each step along the trajectories moves, 0 for the others.

    Parameters
    ----------
    positions : the parameters along the trajectories, shape (trajectories, dims + 1, dims).
    widths : of integers the highest less the lowest, NaN of others. Steps between levels are all of one
        length; integers do not lie at equal distances on them, and count by how far they moved.

    Returns
    -------
    Shape (trajectories, dims, dims).
    """
    steps = np.diff(positions, axis=1)
    return np.where(np.isnan(widths), np.sign(steps) * levels / (2 * (levels - 1)), steps / widths)


def elementary_effects(values: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Change of the output over change of the quantile, shape (trajectories, dims, cells).

    A step may leave its parameter where it is, as on the likeliest of a few values; its effect is 0 then.
    """
    which = np.argmax(steps != 0, axis=2)[:, :, None]
    effects = np.zeros_like(values[:, 1:])
    rows, steps_taken = np.nonzero((steps != 0).any(axis=2))
    own = which[rows, steps_taken, 0]
    change = values[rows, steps_taken + 1] - values[rows, steps_taken]
    effects[rows, own] = change / steps[rows, steps_taken, own][:, None]
    return effects
