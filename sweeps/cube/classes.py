"""Classes, which a cube stores as numbers, and their names."""

from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import CubeError
from ...kernels.status import Status

if TYPE_CHECKING:
    import xarray as xr


def classes_of(array: "xr.DataArray") -> dict[int, str]:
    """Number and name of every class of a variable; empty where it is no class.

    They stand in the attributes ``flag_values`` and ``flag_meanings``, as the CF conventions have it. Those
    of the status are known also where a Dataset has lost its attributes. Raises CubeError where they do not
    name the classes one by one.
    """
    numbers, meanings = array.attrs.get("flag_values"), array.attrs.get("flag_meanings")
    if numbers is None or meanings is None:
        return {int(s): s.name for s in Status} if array.name == "status" else {}
    try:
        return {int(n): name for n, name in zip(np.ravel(numbers), str(meanings).split(), strict=True)}
    except (ValueError, TypeError, OverflowError):
        wrong = "its attributes flag_values and flag_meanings do not name its classes one by one"
        raise CubeError(f"{array.name}: {wrong}") from None


def class_names(array: "xr.DataArray") -> np.ndarray:
    """The values of a variable with each class by its name, in an array of objects of the same shape.

    A number without a name is that number as text; values of what is no class stay as they are.
    """
    known = classes_of(array)
    values = np.ravel(array.values).tolist()
    if known:
        values = [known.get(value) or str(value) for value in values]
    named = np.empty(len(values), dtype=object)
    named[:] = values
    return named.reshape(array.shape)
