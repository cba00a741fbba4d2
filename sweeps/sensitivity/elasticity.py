"""Elasticities of a cube's outputs at every point, from its derivatives."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import Argument, SweepError
from .dgsm import elasticities
from .labels import about, labelled
from .noise import ROUNDING, floor_of, said_of
from .samples import Samples
from .withheld import deviations

if TYPE_CHECKING:
    import xarray as xr

_MOST_NUMBERS = 2**27


def elasticity(samples: Samples, wanted: Sequence[str], asked: bool) -> "xr.Dataset":
    """``<output>_elasticity`` over ``parameter`` and the output's own dimensions, for `wanted` outputs.

    Parameters are all those in which the cube differentiates any of them; NaN throughout where it has no
    derivative of one in another, and where the point is left out or the output is 0: ``<output>_left_out``
    counts those by parameter. An output of which all there is was left over where larger numbers cancelled
    has no elasticity; the attribute ``does_not_vary`` says so. Raises SweepError where an output that was
    `asked` for has no derivative, or where the result would be too large.
    """
    import xarray as xr

    method = Argument("method", "elasticity")
    have = {name: samples.derivatives(name) for name in wanted}
    if not any(have.values()) or (asked and not all(have.values())):
        name = next((name for name in wanted if not have[name]), "any output")
        raise SweepError(method, f": {what_to_add(name, (), ())}")
    have = {name: own for name, own in have.items() if own}
    parameters = list(dict.fromkeys(target for own in have.values() for target in own))
    numbers = len(parameters) * sum(samples.dataset[name].size for name in have)
    if numbers > _MOST_NUMBERS:
        many = f": {numbers:,} numbers are too many; take a part with "
        raise SweepError(method, many, Argument("selections"))
    result: dict[str, xr.DataArray] = {}
    notes: dict[str, str] = {}
    for name, own in have.items():
        output, good = samples.dataset[name].astype(float), samples.dataset["status"].isin(samples.kept(name))
        results = np.full((len(parameters), *output.shape), np.nan)
        rounded = _rounded(samples, name, good)
        if rounded:
            notes[name], own = rounded, {}
        for i, target in enumerate(parameters):
            if target in own:
                x, slope = samples.value(target), samples.dataset[own[target]]
                values = xr.apply_ufunc(elasticities, x, output, slope).where(good)
                results[i] = values.transpose(*output.dims).values
        about_left = about("left_out", output.attrs)
        dims, left = ("parameter", *output.dims), np.isnan(results).reshape(len(parameters), -1).sum(axis=1)
        result[f"{name}_elasticity"] = xr.DataArray(
            results, dims=dims, attrs=about("elasticity", output.attrs)
        )
        result[f"{name}_left_out"] = xr.DataArray(left, dims=["parameter"], attrs=about_left)
    return labelled(samples, result, parameters, "elasticity", does_not_vary=notes)


def _rounded(samples: Samples, name: str, good: "xr.DataArray") -> str:
    """That all there is of an output is rounding of larger numbers, in words; empty where it is not."""
    array = samples.dataset[name]
    values = array.where(good).values.reshape(-1, 1).astype(float)
    floor = floor_of(array, samples.identity)
    usable = np.isfinite(values)
    if not floor.cancelled(values, usable).all():
        return ""
    error = floor.error(floor.extent(values, usable))
    return said_of(ROUNDING, float(deviations(values, usable)[0]), float(error[0]))


def what_to_add(name: str, lacking: Sequence[str], needed: Sequence[str]) -> str:
    """What to put into a sweep file whose cube lacks derivatives."""
    listed = ", ".join(f'"{one}"' for one in needed)
    return (
        f"the cube has no derivative of {name} in {', '.join(lacking) or 'any parameter'}; put "
        f"{name} = [{listed or '...'}] under [derivatives] into its sweep file, and run that into a new cube"
    )
