"""The names of a class output's numbers."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import xarray as xr


def classes_of(array: "xr.DataArray") -> dict[int, str]:
    """Number and meaning of every class of a variable, from its attributes; empty where it is no class."""
    numbers, meanings = array.attrs.get("flag_values"), array.attrs.get("flag_meanings")
    if numbers is None or meanings is None:
        return {}
    return {int(n): name for n, name in zip(np.ravel(numbers), str(meanings).split(), strict=True)}
