"""Label measures of sensitivity: names, units and coordinates."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .samples import Samples

if TYPE_CHECKING:
    import xarray as xr

# What each measure is called in full.
MEANINGS = {
    "S1": "first-order Sobol' index",
    "ST": "total Sobol' index",
    "S2": "second-order Sobol' index",
    "mu": "mean elementary effect over the whole range",
    "mu_star": "mean size of the elementary effects over the whole range",
    "sigma": "standard deviation of the elementary effects",
    "prcc": "partial rank correlation coefficient",
    "p_value": "probability of a correlation this strong by chance",
    "mean_slope": "mean derivative",
    "mean_size": "mean size of the derivative",
    "nu": "mean square of the derivative",
    "total_bound": "upper bound of the total Sobol' index",
    "pawn": "median distance of distributions where the parameter is known (PAWN)",
    "pawn_max": "largest such distance",
    "pawn_by_chance": "what such a distance exceeds 1 time in 20 by chance",
    "delta": "Borgonovo's delta",
    "xi": "Chatterjee's coefficient",
    "hsic": "Hilbert-Schmidt independence criterion, as a share",
    "shapley": "Shapley effect",
    "q2": "share of the variance that the polynomials foresee",
    "ks": "distance of the parameter's distributions inside and outside of the class",
    "elasticity": "local elasticity",
    "mean": "mean over the base samples",
    "std": "standard deviation over the base samples",
    "samples": "samples that were computed",
    "error": "what errors of rounding and of the solver reach",
    "left_out": "samples left out, for their status or for want of a finite number",
}


def about(kind: str, attributes: Mapping[str, Any]) -> dict[str, str]:
    """Attributes of the measure `kind` of an output that has `attributes`."""
    base, _, end = kind.rpartition("_")
    base, end = (base, f"{end} end of the interval of the ") if end in ("low", "high") else (kind, "")
    unit = (
        str(attributes.get("units", "1"))
        if base in ("mu", "mu_star", "sigma", "mean", "std", "error")
        else ""
    )
    units = {"units": unit} if unit else {} if base in ("mean_slope", "mean_size", "nu") else {"units": "1"}
    return {"long_name": f"{end}{MEANINGS[base]}: {attributes.get('long_name', '')}"} | units


def labelled(
    samples: Samples, arrays: Mapping[str, "xr.DataArray"], parameters: list[str], method: str, **about: Any
) -> "xr.Dataset":
    """Put arrays together, with the coordinates of the cube that fit."""
    import xarray as xr

    result = xr.Dataset(dict(arrays)).assign_coords(parameter=parameters)
    if "parameter_2" in result.dims:
        result = result.assign_coords(parameter_2=parameters)
    coordinates = samples.dataset.coords
    result = result.assign_coords({k: c for k, c in coordinates.items() if set(c.dims) <= set(result.dims)})
    attributes = {"method": method, "design": str(samples.design or ""), **about}
    ends = "_left_out"
    outputs = [str(name).removesuffix(ends) for name in result.data_vars if str(name).endswith(ends)]
    return result.assign_attrs(
        **attributes, status_counts=samples.status_counts(), keep=samples.kept_names(outputs)
    )
