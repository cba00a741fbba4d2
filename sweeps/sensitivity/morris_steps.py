"""How far the parameters of a Morris design, or groups of them, move at each step."""

import numpy as np

from ..spec.design import Design
from ..spec.sampling.groups import owners
from .morris import quantile_steps


def steps_of(design: Design, positions: np.ndarray) -> np.ndarray:
    """What each step moves of its range, shape (trajectories, moved, moved), 0 for what stays.

    `positions` are the parameters along the trajectories, (trajectories, points of each, parameters). A
    group's step is as far as that of its parameters, and has no sign: these move up or down at random.
    """
    drawn = design.distributions.values()
    widths = [one.high - one.low if one.kind == "integers" else np.nan for one in drawn]
    steps = quantile_steps(positions, np.array(widths), design.option)
    if not design.groups:
        return steps
    owner = np.array(owners(list(design.distributions), design.groups))
    parts = [np.abs(steps[..., owner == one]).max(axis=-1) for one in range(owner.max() + 1)]
    return np.stack(parts, axis=-1)
