"""The question `discover` of a cube."""

from typing import TYPE_CHECKING

import xarray as xr

from ..cube.select import Selections

if TYPE_CHECKING:
    from .discover import Discovery


class Discovered:
    """What a cube can be asked of where a condition holds."""

    _dataset: xr.Dataset

    def discover(
        self,
        condition: str,
        method: str = "prim",
        *,
        selections: Selections = (),
        density: float = 0.8,
        boxes: int = 3,
    ) -> "Discovery":
        """In which part of the inputs a condition holds: boxes, each a condition itself.

        Parameters
        ----------
        condition
            as of `where`.
        method
            "prim", which peels boxes; or "tree", the leaves of a classification tree.
        selections
            the part of the cube that is looked at.
        density
            "prim" takes the largest box of at least this density.
        boxes
            at most so many.

        Returns
        -------
        Discovery
            the boxes with their coverage and density, and the trade-off between these. Raises SweepError
            where the condition is wrong, or holds everywhere or nowhere.
        """
        from .discover import discover

        return discover(self._dataset, condition, method, selections=selections, density=density, boxes=boxes)
