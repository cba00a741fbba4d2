"""Declare a model of your own by decorating its function."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import wraps
from inspect import cleandoc
from typing import Any, Literal

import jax.numpy as jnp
from jax import Array

from .faces import check_of_faces, field_on_faces, start_on_faces
from .flow import Flow, Observable, free_motion
from .model import Choice, Dim, Model, Output, Parameter
from .replicator import log_ratio_motion, logit_motion
from .status import Status


def model(
    *,
    parameters: Sequence[Parameter],
    outputs: Sequence[Output],
    title: str = "",
    source: str = "",
    choices: Sequence[Choice] = (),
    dims: Sequence[Dim] = (),
    files: Sequence[str] = (),
) -> Callable[[Callable[..., Mapping[str, Any]]], Model]:
    """Make a `Model` of a function of one scenario.

    The function takes `p`, a mapping from parameter name to a scalar (a 1-D array for a parameter with a
    dim), a keyword string per choice and ``<name>_max`` per integer parameter. It returns a mapping from
    output name to a value of the declared dims and, if it likes, ``"status"``; without it a point is ok.
    What is wrong with it raises a SweepError when it is swept, not here.

    Parameters
    ----------
    parameters, outputs, choices, dims
        What the function takes and returns, see `Parameter`, `Output`, `Choice`, `Dim`.
    title, source
        A line on what it is (the first one of its docstring if empty), and where its formulas come from.
    files
        Data files that are read while the model is loaded or traced, relative to its own: they belong to
        the sweep, as the model's text does, and reading another one is refused.

    Examples
    --------
    >>> @model(parameters=[Parameter("x", "x", "1", 1.0, Domain(), "a number")],
    ...        outputs=[Output("square", "x²", "1", "its square")])
    ... def squared(p):
    ...     return {"square": p["x"] ** 2}
    """

    def declare(function: Callable[..., Mapping[str, Any]]) -> Model:
        return Model(
            name=function.__name__,
            title=title or _first_line(function),
            formulas=_further_lines(function),
            source=source or "the user's own",
            kernel=_with_status(function, outputs),
            parameters=_with_components(parameters, dims),
            outputs=tuple(outputs),
            choices=tuple(choices),
            dims=tuple(dims),
            files=tuple(files),
        )

    return declare


def flow_model(
    *,
    parameters: Sequence[Parameter],
    start: Callable[..., Array],
    observables: Sequence[Observable],
    observe: Callable[..., Mapping[str, Array]] | None = None,
    title: str = "",
    source: str = "",
    choices: Sequence[Choice] = (),
    dims: Sequence[Dim] = (),
    swings: Sequence[str] = (),
    coordinates: Literal["free", "logits", "log_ratios"] = "free",
    autonomous: bool = True,
    files: Sequence[str] = (),
    scale: Sequence[float | None] | None = None,
) -> Callable[[Callable[..., Array]], Model]:
    """Make a `Model` of a vector field ``field(t, state, p)``, the derivative of the state, shape (d,).

    What is wrong with it raises a SweepError when it is swept, not here.

    Parameters
    ----------
    parameters, choices
        What `field`, `start` and `observe` take, see `Parameter` and `Choice`.
    start
        ``start(p)``, the state at time 0, shape (d,).
    observables, observe
        What is seen of the state, a mapping from their names; without `observe`, its components in order.
    dims
        Dimensions that vector parameters and observables run over.
    title, source
        A line on what it is (the first one of its docstring if empty), and where its formulas come from.
    files
        Data files that are read while the model is loaded or traced, relative to its own: they belong to
        the sweep, as the model's text does, and reading another one is refused.
    swings
        Observables whose period and amplitude are followed; see `Flow`.
    coordinates
        What the state is: "logits", ln x/(1-x) of shares; "log_ratios", ln x_i/x_m of the first m - 1 of m
        shares; or anything else ("free"). An orbit of shares has settled, too, where what still moves is
        a share below 1e-13 on its way out, and it may near a cycle along the boundary. A share that starts at
        0 or 1, of which the logarithm is infinite, stays there (status ``boundary_start``).
    autonomous
        False where the field depends on t: such a flow never counts as settled. A field whose trace shows
        that it depends on t never does, either.
    scale
        Size of each state component where it is large, None where it is not known: tolerances and distances
        to rest points are measured in it. Without it, and without a scale of an observable that is a
        component: the largest size that the component has had on its orbit.

    The end of time is the parameter called "horizon", which `parameters` must contain.
    """

    def components(state: Array, _p: Any, **_static: str) -> Mapping[str, Array]:
        if len(observables) > len(state):  # past the last component JAX would see that one again
            beyond = ", ".join(seen.name for seen in observables[len(state) :])
            raise ValueError(
                f"{len(observables)} observables, but the state has {len(state)} components: leave out"
                f" {beyond}, or say what is seen by observe=..."
            )
        return {seen.name: state[i] for i, seen in enumerate(observables)}

    if coordinates not in _MOTIONS:
        raise ValueError(f"coordinates={coordinates!r}: must be one of {', '.join(_MOTIONS)}")

    def declare(field: Callable[..., Array]) -> Model:
        begin, velocity, check = _start_of(start), _field_of(field), None
        if coordinates != "free":
            begin = start_on_faces(begin)
            velocity, check = field_on_faces(velocity), check_of_faces(begin, coordinates == "log_ratios")
        flow = Flow(
            start=begin,
            field=velocity,
            observe=_seen(observe, observables) if observe else components,
            observables=tuple(observables),
            swings=tuple(swings),
            faces=coordinates != "free",
            motion=_MOTIONS[coordinates] if autonomous else None,
            check=check,
            scale=_scale(scale, observables, observe),
        )
        return Model(
            name=field.__name__,
            title=title or _first_line(field),
            formulas=_further_lines(field),
            source=source or "the user's own",
            kernel=_nothing_but_status,
            parameters=_with_components(parameters, dims),
            outputs=(),
            choices=tuple(choices),
            dims=tuple(dims),
            flow=flow,
            files=tuple(files),
        )

    return declare


def _with_components(parameters: Sequence[Parameter], dims: Sequence[Dim]) -> tuple[Parameter, ...]:
    """Parameters where a number as default of a vector is that of each component whose name is known."""
    names = {dim.name: tuple(map(str, dim.labels)) for dim in dims if isinstance(dim, Dim)}
    for one in parameters:
        if isinstance(one, Parameter) and one.dim is not None and isinstance(one.default, Mapping):
            names[one.dim] = names.get(one.dim) or tuple(one.default)
    return tuple(_for_all(one, names) if isinstance(one, Parameter) else one for one in parameters)


def _for_all(parameter: Parameter, names: Mapping[str, Sequence[str]]) -> Parameter:
    known = names.get(parameter.dim or "")
    if not known or isinstance(parameter.default, Mapping):
        return parameter
    return replace(parameter, default=dict.fromkeys(known, parameter.default))


def _scale(
    scale: Sequence[float | None] | None, observables: Sequence[Observable], observe: Any
) -> tuple[float | None, ...] | None:
    if scale is None and observe is None and any(seen.scale is not None for seen in observables):
        return tuple(seen.scale for seen in observables)
    return None if scale is None else tuple(scale)


def _logit_motion(_t: Array, state: Array, rates: Array, _p: Any, **_static: str) -> tuple[Array, Array]:
    return logit_motion(state, rates)


def _log_ratio_motion(_t: Array, state: Array, rates: Array, _p: Any, **_static: str) -> tuple[Array, Array]:
    return log_ratio_motion(state, rates)


_MOTIONS = {"free": free_motion, "logits": _logit_motion, "log_ratios": _log_ratio_motion}


def _first_line(function: Callable[..., Any]) -> str:
    return (function.__doc__ or function.__name__).strip().splitlines()[0]


def _further_lines(function: Callable[..., Any]) -> tuple[str, ...]:
    """What the function's docstring says below its first line."""
    lines = cleandoc(function.__doc__ or "").splitlines()[1:]
    return tuple("\n".join(lines).strip("\n").splitlines())


def _with_status(
    function: Callable[..., Mapping[str, Any]], outputs: Sequence[Output]
) -> Callable[..., Mapping[str, Any]]:
    def kernel(p: Mapping[str, Array], **static: Any) -> Mapping[str, Any]:
        result = function(p, **static)
        if not _names_what(result, outputs, "status"):
            return result
        arrays = _as_arrays(result)
        return arrays if "status" in arrays else {**arrays, **_nothing_but_status(p)}

    return kernel


def _start_of(function: Callable[..., Any]) -> Callable[..., Array]:
    """The same start, which may be a list of numbers, whole ones too: it has the dtype of the parameters."""

    @wraps(function)
    def start(p: Mapping[str, Any], **static: Any) -> Array:
        dtypes = [dtype for dtype in map(jnp.result_type, p.values()) if jnp.issubdtype(dtype, jnp.floating)]
        return _real(function(p, **static), jnp.result_type(*dtypes) if dtypes else jnp.result_type(float))

    return start


def _field_of(function: Callable[..., Any]) -> Callable[..., Array]:
    """The same field, which may be a list of numbers, whole ones too: rates have the dtype of the state."""

    @wraps(function)
    def field(t: Array, state: Array, *more: Any, **static: Any) -> Array:
        return _real(function(t, state, *more, **static), jnp.result_type(state))

    return field


def _real(values: Any, dtype: Any) -> Array:
    """An array of this dtype, unless it is complex, which is refused later."""
    array = jnp.asarray(values)
    if array.dtype == dtype or jnp.issubdtype(array.dtype, jnp.complexfloating):
        return array
    return array.astype(dtype)


def _seen(observe: Callable[..., Any], observables: Sequence[Observable]) -> Callable[..., Any]:
    """The same `observe`, whose values may be lists or tuples of numbers."""

    @wraps(observe)
    def seen(*arguments: Any, **static: Any) -> Any:
        result = observe(*arguments, **static)
        return _as_arrays(result) if _names_what(result, observables) else result

    return seen


def _names_what(result: Any, declared: Sequence[Output | Observable], *more: str) -> bool:
    """Whether a result names nothing but what was declared: only then is it worth making arrays of it."""
    return isinstance(result, Mapping) and set(result) <= {*more, *(one.name for one in declared)}


def _as_arrays(result: Mapping[str, Any]) -> dict[str, Array]:
    arrays = {}
    for name, value in result.items():
        try:
            arrays[name] = jnp.asarray(value)
        except (TypeError, ValueError) as error:
            raise TypeError(f"{name!r} should be a number, or an array or list of them ({error})") from error
    return arrays


def _nothing_but_status(_p: Mapping[str, Array], **_static: Any) -> dict[str, Array]:
    return {"status": jnp.asarray(int(Status.ok))}
