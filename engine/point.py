"""The function of one grid point: a kernel, its trajectory and derivatives, and the status."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from inspect import signature
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

from ..kernels.status import WITHOUT_RESULT, Status
from .codegen.lane_call import lane_call
from .codegen.lane_loop import lane_loop
from .errors import SweepError
from .gate.text import said
from .ode.differences import NO_RULE
from .space import Space, derivative_name
from .user_model.raised_at import raised_at
from .wide.checked import ABOVE, BELOW
from .wide.integers import with_wide_integers
from .xla.parts_apart import parts_apart

if TYPE_CHECKING:
    from .ode.method import Method

Point = Mapping[str, Any]
Call = Callable[[Callable[[Any], Any], Any], Any]

# Integrator options where numbers are float32: the defaults lie far below its rounding.
_SINGLE: dict[str, Any] = {"rtol": 1e-5, "settle": 1e-3}


def point_function(space: Space, choices: Mapping[str, str], loop: Callable[..., Any] = lane_loop) -> Any:
    """The function of one grid point: coordinates in, every variable of the cube out.

    `loop` steps its trajectories, as `lane_loop` does.
    """
    static: dict[str, Any] = dict(choices)
    for parameter in space.model.parameters:
        if parameter.integer:
            static[f"{parameter.name}_max"] = int(space.largest(parameter.name))
    if "wanted" not in static and "wanted" in signature(space.model.kernel).parameters:
        static["wanted"] = space.wanted

    kernel = partial(space.model.kernel, **static)
    names = [output.name for output in space.model.outputs if output.name in space.outputs]
    sizes = _sizes(space)

    def of_kernel(p: Point) -> Mapping[str, jax.Array]:
        if not space.model_digest:
            return kernel(p)
        wanted = [*names, "status"]
        result, rests_on_none = with_wide_integers(kernel, p, wanted, sizes, bool(space.derivatives))
        return {**result, "status": _status(result["status"], rests_on_none)}

    called = _called(space, loop)

    def run(p: Point) -> Mapping[str, jax.Array]:
        if not space.needs_ode:
            return of_kernel(p)
        # What nobody asks for XLA would leave out, a call would not.
        result = parts_apart(called, lambda p: _some(of_kernel(p), [*names, "status"]), p)
        return _with_trajectory(space, p, choices, result, loop)

    def point(*coordinates: Point) -> dict[str, jax.Array]:
        p = parameters_at(space, coordinates)
        result, jacobian = _run_with_derivatives(space, run, p)
        values = {name: jnp.asarray(result[name]) for name in space.outputs}
        return _settle_status(space, values | jacobian, jnp.asarray(result["status"]), called)

    return point


def _some(result: Mapping[str, jax.Array], names: Sequence[str]) -> dict[str, jax.Array]:
    return {name: result[name] for name in names}


def _called(space: Space, loop: Callable[..., Any]) -> Call:
    """How a function of arrays is computed beside a trajectory: by a call of machine code, as its steps are.

    Where there is no trajectory all is one function, and it is called as it is.
    """
    if not space.needs_ode:
        return lambda function, given: function(given)
    return partial(lane_call, loop, native=method_of(space).native)


def _sizes(space: Space) -> dict[str, float]:
    """How large parameters that are integers can be."""
    sizes = {}
    for parameter in space.model.parameters:
        if parameter.integer and np.isfinite(parameter.domain.low):
            sizes[parameter.name] = max(space.largest(parameter.name), -parameter.domain.low)
    return sizes


def _status(status: jax.Array, rests_on_none: jax.Array) -> jax.Array:
    """The status of a kernel of a user's own: a number that no point has, or of what is none, fails."""
    status = jnp.asarray(status)
    fits = (status > Status.not_computed) & (status <= max(Status)) & _is_whole(status)
    fine = fits & (~rests_on_none | _has_none(status))
    return jnp.where(fine, status, int(Status.not_finite)).astype(jnp.int32)


def _has_none(status: jax.Array) -> jax.Array:
    """Whether a point of this status has no result."""
    missing = jnp.asarray(False)
    for number in sorted(WITHOUT_RESULT):  # not jnp.isin: XLA would not fuse its reduction
        missing |= status == int(number)
    return missing


def _with_trajectory(
    space: Space,
    p: Point,
    choices: Mapping[str, str],
    result: Mapping[str, jax.Array],
    loop: Callable[..., Any],
) -> dict[str, jax.Array]:
    """Add what the model's flow gives; its status counts where the kernel found nothing wrong."""
    from .ode.integration import Integration
    from .ode.trajectory import integrated

    assert space.model.flow is not None
    integration = Integration(space.model.flow, p, method_of(space), choices, loop)
    moved = integrated(integration, space.times, space.decided)
    of_kernel = jnp.asarray(result["status"])
    later = moved["status"].astype(of_kernel.dtype)
    # A corner is no failure: it must not hide that the integration ran out of steps.
    fine = jnp.isin(
        of_kernel, jnp.asarray([Status.ok, Status.corner, Status.several_equilibria], of_kernel.dtype)
    )
    status = jnp.where(fine & (later != int(Status.ok)), later, of_kernel)
    return {**result, **moved, "status": status}


def method_of(space: Space) -> "Method":
    """How the trajectories of a sweep are integrated."""
    from .ode.method import Method

    return Method(**(_SINGLE if space.dtype == np.float32 else {}) | dict(space.integrator))


def parameters_at(space: Space, coordinates: Sequence[Point]) -> Point:
    """Every parameter at one point, as the kernel wants it."""
    p: dict[str, Any] = {name: jnp.asarray(value, space.dtype) for name, value in space.fixed.items()}
    for coordinate in coordinates:
        for target, value in coordinate.items():
            name, _, component = target.partition(".")
            p[name] = p[name].at[_index(space, target)].set(value) if component else value
    return p


def _run_with_derivatives(space: Space, run: Any, p: Point) -> tuple[Mapping[str, Any], dict[str, jax.Array]]:
    """Outputs and their derivatives by forward mode: all tangents at once, the solution found only once."""
    targets = sorted({target for _, target in space.derivatives})
    if not targets:
        return run(p), {}
    wanted = sorted({output for output, _ in space.derivatives})

    # They are put in place, not added to: a sum is not the same on every device.
    def moved(values: jax.Array) -> tuple[dict[str, Any], Mapping[str, Any]]:
        q = dict(p)
        for target, value in zip(targets, values, strict=True):
            name, _, component = target.partition(".")
            q[name] = q[name].at[_index(space, target)].set(value) if component else value
        result = run(q)
        return {name: result[name] for name in wanted}, result

    try:
        jacobian, result = jax.jacfwd(moved, has_aux=True)(jnp.stack([_at(space, p, t) for t in targets]))
    except SweepError:
        raise
    except NO_RULE as error:
        raise SweepError(
            f"derivatives: model {space.model.name}: {', '.join(wanted)} cannot be differentiated in "
            f"{', '.join(targets)}{raised_at(error)}: {said(error)}; leave the derivatives out, or give what "
            "has none a rule by jax.custom_jvp (diffrax.diffeqsolve: adjoint=diffrax.ForwardMode())"
        ) from error
    # A NaN that `where` puts in is a constant, whose derivative would be 0: a point without a value has none.
    known = {output: jnp.isfinite(result[output]) for output in wanted}
    derivatives = {
        derivative_name(output, target): jnp.where(
            known[output], jacobian[output][..., targets.index(target)], jnp.nan
        )
        for output, target in space.derivatives
    }
    return result, derivatives


def _at(space: Space, p: Point, target: str) -> jax.Array:
    name, _, component = target.partition(".")
    return p[name][_index(space, target)] if component else jnp.asarray(p[name], space.dtype)


def _index(space: Space, target: str) -> int:
    name, _, component = target.partition(".")
    dim = space.model.parameter(name).dim
    assert dim is not None  # only vector parameters have components: checked when the sweep was read
    return space.labels[dim].index(component)


def _settle_status(
    space: Space, values: dict[str, jax.Array], status: jax.Array, called: Call
) -> dict[str, jax.Array]:
    """Blank what has no result, and say so where a result does not fit although none was missing."""
    missing = _has_none(status)
    settled, finite = {}, jnp.asarray(True)
    allowed = {output.name for output in space.model.all_outputs(path=True) if output.may_be_nan}
    origin = {derivative_name(*pair): pair[0] for pair in space.derivatives}
    # An orbit that steps cannot follow has no end, and its status says why.
    flow, has_no_end = space.model.flow, status == int(Status.step_too_small)
    of_orbits = {output.name for output in flow.outputs(False)} if flow is not None else frozenset[str]()
    # Models that ship keep to what they declare.
    own = space.model.outputs if space.model_digest else ()
    classes = {output.name: output.classes for output in own if output.kind == "class"}
    for variable in space.variables[:-1]:
        value = values[variable.name]
        if variable.dtype == space.dtype:
            name = origin.get(variable.name, variable.name)
            if name not in allowed:
                fine = jnp.isfinite(value).all()
                finite &= fine | has_no_end if name in of_orbits else fine
            value = jnp.where(missing, jnp.asarray(jnp.nan, value.dtype), value)
        else:
            value, fits = _as_integer(value, variable.dtype, variable.fill, called)
            if variable.name in classes:
                value, known = _declared(value, classes[variable.name], variable.fill)
                fits &= known
            if variable.name not in allowed:
                finite &= fits
        settled[variable.name] = value.astype(variable.dtype)
    status = jnp.where(finite | missing, status, int(Status.not_finite))
    return settled | {"status": status.astype("uint8")}


def _declared(value: jax.Array, classes: Mapping[str, int], fill: float | int) -> tuple[jax.Array, jax.Array]:
    """A class, `fill` where its number is that of none, and whether all of them are classes, or `fill`."""
    known = value == fill
    for number in classes.values():
        known |= value == number
    return jnp.where(known, value, jnp.asarray(fill, value.dtype)), known.all()


def _as_integer(
    value: jax.Array, dtype: np.dtype, fill: float | int, called: Call
) -> tuple[jax.Array, jax.Array]:
    """A count or class as it is stored, `fill` where `dtype` does not hold it, and whether it holds all."""
    if np.can_cast(value.dtype, dtype):
        if value.dtype != np.int64:
            return value, jnp.asarray(True)
        fits = (value > BELOW) & (value < ABOVE)  # below them is what was NaN
        return jnp.where(fits, value, fill), fits.all()
    return called(lambda value: _fitting(value, dtype, fill), value)


def _fitting(value: jax.Array, dtype: np.dtype, fill: float | int) -> tuple[jax.Array, jax.Array]:
    low, high = float(np.iinfo(dtype).min), float(np.iinfo(dtype).max) + 1  # both are exact
    real = value if jnp.issubdtype(value.dtype, jnp.floating) else value.astype(float)
    fits = (real >= low) & (real < high) & _is_whole(value)
    whole = jnp.where(fits, value, jnp.zeros_like(value)).astype(dtype)
    return jnp.where(fits, whole, jnp.asarray(fill, dtype)), fits.all()


def _is_whole(value: jax.Array) -> jax.Array:
    """Whether a number has no fraction, which a whole number would lose in silence."""
    return value == jnp.floor(value) if jnp.issubdtype(value.dtype, jnp.floating) else jnp.asarray(True)
