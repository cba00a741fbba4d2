"""The space of a sweep, and what it is reduced to."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...engine.errors import SweepError
from ..spec.sweep import Sweep
from .indices import read_indices, stored
from .statistics import read_statistics

if TYPE_CHECKING:
    from ...engine.reduce.reduction import Reduction
    from ...engine.space import Space


@dataclass(frozen=True)
class Resolved:
    """A sweep, checked and complete.

    Attributes
    ----------
    space
        The points that are computed, with the outputs that are needed.
    reduction
        What is kept of them; None where all of them are stored.
    """

    space: "Space"
    reduction: "Reduction | None" = None

    def grid(self) -> "tuple[Space, Space]":
        """The space as it is computed, its reduced axes last, and the space of the cube."""
        from ...engine.reduce.reduction import reduced_last, reduced_space

        if self.reduction is None:
            return self.space, self.space
        return reduced_last(self.space, self.reduction.over), reduced_space(self.space, self.reduction)


def resolved(sweep: Sweep) -> Resolved:
    """The space of a sweep and what it is reduced to; SweepError, naming file, key and value."""
    space = sweep.space()
    where = f"{sweep.origin}: design"
    if sweep.design and not stored(where, sweep.design):
        if sweep.reduce:
            raise SweepError(
                f"{where}.store: false keeps indices, and [reduce] statistics; keep one of the two"
            )
        return Resolved(space, read_indices(where, sweep.design, space))
    if not sweep.reduce:
        return Resolved(space)
    if not isinstance(sweep.outputs, list | tuple):
        raise SweepError(f"{sweep.origin}: outputs: should be a list of names")
    space, reduction = read_statistics(sweep.origin, sweep.reduce, tuple(sweep.outputs), space)
    return Resolved(space, reduction)
