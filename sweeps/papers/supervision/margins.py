"""Margins of the supervision paper's conclusions: values under a mechanism, and what is asked of them."""

from functools import reduce
from operator import and_

import xarray as xr

from ....kernels.numerics.stability import RestClass
from ..conclusions import Margin
from .cases import Mechanism


def under(mechanism: Mechanism, name: str) -> Margin:
    """A variable under one mechanism; at the interior point, where it is one of rest points."""

    def value(d: xr.Dataset) -> xr.DataArray:
        values = d[name]
        for dim, label in zip(("reward", "punishment"), mechanism, strict=True):
            values = values.sel({dim: label}, drop=True) if dim in values.dims else values
        return values.sel(rest_point="interior", drop=True) if "rest_point" in values.dims else values

    return value


def exists(mechanism: Mechanism) -> Margin:
    """Whether there is an interior rest point."""
    return lambda d: under(mechanism, "interior_class")(d) > RestClass.absent


def attracts(*mechanisms: Mechanism) -> Margin:
    """Whether there is an interior rest point that attracts, under each of the mechanisms."""

    def both(d: xr.Dataset) -> xr.DataArray:
        classes = [under(m, "interior_class")(d) for m in mechanisms]
        first, *others = [(c >= RestClass.ess) & (c <= RestClass.stable_focus) for c in classes]
        return reduce(and_, others, first)

    return both


def one_of(value: Margin, *numbers: int) -> Margin:
    """+1 where a class is one of these, -1 where it is another."""

    def margin(d: xr.Dataset) -> xr.DataArray:
        classes = value(d)
        return xr.where(classes.isin(numbers), 1.0, -1.0).where(classes.notnull())

    return margin


def difference(larger: Margin, smaller: Margin) -> Margin:
    """How much the first exceeds the second; 0 where a point is missing, which premises rule out."""
    return lambda d: (larger(d) - smaller(d)).fillna(0)


def signed(sign: int, value: Margin) -> Margin:
    """The value, or its opposite; 0 where there is none, which premises rule out."""
    return lambda d: sign * value(d).fillna(0)


def corner(name: str) -> Margin:
    """+1 where a corner is the only rest point that attracts under static/static, -1 elsewhere."""

    def margin(d: xr.Dataset) -> xr.DataArray:
        kinds = d["rest_class"].sel(reward="static", punishment="static", drop=True)
        alone = (kinds == RestClass.ess).sum("rest_point") == 1
        return xr.where(alone & (kinds.sel(rest_point=name, drop=True) == RestClass.ess), 1.0, -1.0)

    return margin
