"""The part of a sweep that concerns trajectories: saved times and the integrator's options."""

from collections.abc import Mapping
from dataclasses import fields
from functools import partial
from typing import Any

import numpy as np

from ...engine.errors import SweepError
from ...engine.gate.text import shown
from ...engine.space import Space
from ...kernels.model import Model
from ..text import nearest
from .ranges import grid_values

# What is wrong with a value where true or false is wanted, and where it is not.
_WRONG = {True: "neither true nor false", False: "true or false, which says nothing here"}


def require_dynamics(origin: str, times: Any, integrator: Mapping[str, Any], model: Model) -> None:
    """Refuse times and options of an integrator for a model that does not move."""
    for key, given in (("times", times is not None), ("integrator", bool(integrator))):
        if given and model.flow is None:
            raise SweepError(f"{origin}: {key}: model {model.name} has no dynamics")


def require_time(where: str, name: str, value: Any, model: Model) -> None:
    """Refuse a word in place of the time at which orbits end; the error begins with `where`."""
    if model.flow is not None and name == model.flow.horizon and value in ("decided", "given"):
        raise SweepError(f"{where}: a time is wanted; horizon = {value!r} is an option of [integrator]")


def saved_times(where: str, times: Any) -> tuple[float, ...]:
    """Times that rise from 0 or later, none if None; SweepError, beginning with `where`, for others."""
    values = [] if times is None else grid_values(where, times)
    for earlier, later in zip([-1.0, *values], values, strict=False):
        if isinstance(later, str):
            raise SweepError(f"{where}: {shown(later)} is not a number")
        if later < 0:
            raise SweepError(f"{where}: {later:g} should not be negative")
        if not isinstance(earlier, str) and later <= earlier:
            raise SweepError(f"{where}: {later:g} follows {earlier:g}, and times should rise")
    return tuple(float(time) for time in values)


def integrator_options(where: str, options: Mapping[str, Any], model: Model, dtype: str) -> dict[str, Any]:
    """Options of the integrator of a model's orbits; SweepError, beginning with `where`, for a wrong one."""
    if not options:
        return {}
    from ...engine.ode.method import Method

    known = [f.name for f in fields(Method)]
    for name in options:
        if name not in known:
            raise SweepError(f"{where}.{name}: unknown option{nearest(name, known)}")
    for option in fields(Method):
        value = options.get(option.name)
        if isinstance(value, bool) != (option.type is bool) and value is not None:
            raise SweepError(f"{where}.{option.name}: {value!r} is {_WRONG[option.type is bool]}")
        if isinstance(value, str) and option.type is not str:
            raise SweepError(f"{where}.{option.name}: {value!r} is not a number")
    try:
        method = Method(**options)
        for name in {"rtol", "settle"} & options.keys():
            method.require_precision(dtype, name)
        method.require_range(dtype)
        assert model.flow is not None
        method.require_decidable(model.flow)
    except (TypeError, ValueError) as error:
        raise SweepError(f"{where}: {error}") from None
    parameters = [parameter.name for parameter in model.parameters]
    for time in options.get("breaks", ()):
        if isinstance(time, str) and time not in parameters:
            raise SweepError(f"{where}.breaks: {shown(time)} is no parameter{nearest(time, parameters)}")
    return dict(options)


def require_later_end(where: str, space: Space) -> None:
    """Refuse a limit below the horizon of orbits that are to go on past it; the error begins with `where`."""
    if space.integrator.get("horizon") != "decided":
        return
    from ...engine.point import method_of

    assert space.model.flow is not None
    latest, horizon = method_of(space).latest, space.largest(space.model.flow.horizon)
    if horizon > latest:
        raise SweepError(
            f"{where}.longest: {latest:g} is below the horizon, {horizon:g}, past which orbits are to go on"
        )


def require_fitting_tolerances(where: str, space: Space) -> None:
    """Refuse absolute tolerances that are not one for each component; the error begins with `where`."""
    atol, flow = space.integrator.get("atol"), space.model.flow
    if not isinstance(atol, list | tuple) or flow is None:
        return
    import jax

    p = {
        parameter.name: jax.ShapeDtypeStruct(np.shape(space.fixed.get(parameter.name, 0.0)), space.dtype)
        for parameter in space.model.parameters
    }
    state = jax.eval_shape(partial(flow.start, **space.combinations[0]), p)
    if len(state) != len(atol):
        raise SweepError(
            f"{where}.atol: {len(atol)} numbers, but the state has {len(state)} components; give one for"
            " each, or one number for all"
        )
