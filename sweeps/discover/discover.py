"""In which part of the inputs a condition holds: boxes, each a condition itself."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import Argument, SweepError
from ..cube.select import Selections
from ..text import nearest
from .box import Box
from .inputs import Inputs, read_inputs
from .prim import by_chance, pasted, peeled
from .tree import leaves

if TYPE_CHECKING:
    import xarray as xr

METHODS = ("prim", "tree")


@dataclass(frozen=True)
class ScoredBox:
    """A box, and how good it is.

    Attributes
    ----------
    where
        The box as a condition that a cube can be asked.
    points
        How many points lie in it.
    coverage
        The share in it of all points at which the condition holds.
    density
        The share of its points at which the condition holds.
    p_values
        By input how likely its limits raise the density so much by chance: by a binomial law with the density
        that the box has without them.
    """

    where: str
    points: int
    coverage: float
    density: float
    p_values: dict[str, float]


@dataclass(frozen=True)
class Discovery:
    """What was found.

    Attributes
    ----------
    condition, points, inside, without_result
        What was asked; how many points there are, at how many it holds, and how many of the others have no
        result.
    boxes
        The boxes, the first one first.
    together
        Coverage and density of all of them together.
    trade_off
        Of PRIM, all boxes that were peeled on the way to the first one, each a slice smaller.
    inputs, shapes
        The points, and the boxes as what they limit.
    wanted
        The density that was asked of PRIM; None of a tree.
    """

    condition: str
    points: int
    inside: int
    without_result: int
    boxes: list[ScoredBox]
    together: tuple[float, float]
    trade_off: list[ScoredBox]
    inputs: Inputs
    shapes: list[Box]
    wanted: float | None = None


def discover(
    dataset: "xr.Dataset",
    condition: str,
    method: str = "prim",
    *,
    selections: Selections = (),
    density: float = 0.8,
    boxes: int = 3,
) -> Discovery:
    """Boxes of the inputs of a cube in which a condition mostly holds.

    Parameters
    ----------
    dataset
        A cube of a grid or of a design; points that are not computed are left out.
    condition
        Such as ``attractor == "boundary_cycle"``, as `Equisweep.where` reads it.
    method
        "prim", which peels; or "tree", the leaves of a classification tree.
    selections
        Like ``["mechanism=sharing"]``: the part of the cube that is looked at.
    density
        PRIM takes the largest box of at least this density; where there is none, the densest.
    boxes
        At most so many; each is looked for where the ones before it do not lie.

    Raises
    ------
    SweepError
        The condition is wrong, or holds everywhere or nowhere; nothing varies; a library is not there.
    """
    if method not in METHODS:
        raise SweepError(Argument("method", method), f": is no method{nearest(method, METHODS)}")
    if not 0 < density <= 1 or boxes < 1:
        given = Argument("density", density), ", ", Argument("boxes", boxes)
        raise SweepError(*given, ": above 0 and at most 1, and at least 1")
    inputs = read_inputs(dataset, condition, selections)
    trade_off: list[ScoredBox] = []
    if method == "tree":
        chosen = leaves(inputs)[:boxes]
    else:
        chosen, path = _by_prim(inputs, density, boxes)
        trade_off = [_scored(inputs, box, False) for box in path]
    inside = np.zeros(len(inputs.inside), bool)
    for box in chosen:
        inside |= box.holds(inputs)
    together = _shares(inputs, inside) if chosen else (0.0, 0.0)
    return Discovery(
        condition, len(inside), int(inputs.inside.sum()), inputs.without_result,
        [_scored(inputs, box, True) for box in chosen], together, trade_off, inputs, chosen,
        density if method == "prim" else None,
    )  # fmt: skip


def _by_prim(inputs: Inputs, density: float, boxes: int) -> tuple[list[Box], list[Box]]:
    """The boxes, and those on the way to the first."""
    left, chosen, path = np.ones(len(inputs.inside), bool), [], []
    for number in range(boxes):
        if not inputs.inside[left].any():
            break
        steps = peeled(inputs, left)
        path = path or steps
        dense = []
        for box in steps:
            here = box.holds(inputs) & left
            dense.append(float(inputs.inside[here].mean()))
        good = [i for i, one in enumerate(dense) if one >= density]
        if number and not good:
            break
        which = good[0] if good else int(np.argmax(dense))
        box = pasted(inputs, left, steps[which], min(density, dense[which]))
        if not box.names:
            break
        chosen.append(box)
        left = left & ~box.holds(inputs)
    return chosen, path


def _scored(inputs: Inputs, box: Box, tested: bool) -> ScoredBox:
    here = box.holds(inputs)
    everywhere = np.ones(len(here), bool)
    names = box.names if tested else ()
    p_values = {name: by_chance(inputs, everywhere, box, box.without(name)) for name in names}
    return ScoredBox(box.where(inputs), int(here.sum()), *_shares(inputs, here), p_values)


def _shares(inputs: Inputs, here: np.ndarray) -> tuple[float, float]:
    both = int((here & inputs.inside).sum())
    return both / int(inputs.inside.sum()), both / max(int(here.sum()), 1)
