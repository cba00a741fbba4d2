"""The part of a sweep that concerns trajectories: saved times and the integrator's options."""

from dataclasses import fields
from typing import Any

from ...engine.errors import SweepError
from ...kernels.model import Model
from ..text import nearest
from .ranges import grid_values
from .sweep import Sweep


def resolve_motion(sweep: Sweep, model: Model) -> tuple[tuple[float, ...], dict[str, Any]]:
    """Saved times and options of the integrator, checked; SweepError naming file, key and value."""
    if model.flow is None:
        for key, given in (("times", sweep.times is not None), ("integrator", bool(sweep.integrator))):
            if given:
                raise SweepError(f"{sweep.origin}: {key}: model {model.name} has no dynamics")
        return (), {}
    return _times(sweep), _integrator(sweep)


def _times(sweep: Sweep) -> tuple[float, ...]:
    if sweep.times is None:
        return ()
    where = f"{sweep.origin}: times"
    times = grid_values(where, sweep.times)
    for earlier, later in zip([-1.0, *times], times, strict=False):
        if isinstance(later, str):
            raise SweepError(f"{where}: {later!r} is not a number")
        if later < 0 or (not isinstance(earlier, str) and later <= earlier):
            raise SweepError(f"{where}: {later:g} should not be negative, and times should rise")
    return tuple(float(time) for time in times)


def _integrator(sweep: Sweep) -> dict[str, Any]:
    from ...engine.ode.runge_kutta import Method

    where = f"{sweep.origin}: integrator"
    known = [f.name for f in fields(Method)]
    for name in sweep.integrator:
        if name not in known:
            raise SweepError(f"{where}.{name}: unknown option{nearest(name, known)}")
    try:
        Method(**sweep.integrator)
    except (TypeError, ValueError) as error:
        raise SweepError(f"{where}: {error}") from None
    return dict(sweep.integrator)
