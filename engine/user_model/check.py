"""Try a user's own model once, abstractly, before a sweep relies on it."""

from collections.abc import Iterable, Mapping
from typing import Any

import jax
import jax.numpy as jnp

from ...kernels.flow import Flow
from ...kernels.model import Model
from ..errors import SweepError
from ..gate.text import said
from ..space import Space
from ..wide.written import constants_that_fit, keep_written_numbers
from .data_files_read import files_read, undeclared
from .raised_at import PREFIX, raised_at
from .self_contained import known_self_contained

keep_written_numbers()  # before a model is traced, whose functions JAX keeps

# What JAX raises where a number is asked of something that is only traced.
_NEEDS_A_VALUE = (
    jax.errors.ConcretizationTypeError,
    jax.errors.TracerArrayConversionError,
    jax.errors.TracerIntegerConversionError,
)


def check_model(where: str, space: Space) -> None:
    """Trace the space's kernel (and flow) without computing; SweepError where it breaks its word.

    Twice, unless the text of its file says that it has no memory.

    Refused: a duplicate or impossible declaration, an exception while tracing, a result that is no
    mapping, outputs missing or not declared, wrong shapes, complex numbers, side effects that outlive the
    call, a constant that the integers which it is to be do not hold.
    """
    _check_declaration(where, space)
    for choices in space.combinations:
        first = _trace(where, space, choices)
        # To trace 20,000 operations takes seconds, and what follows from its text alone is the same again.
        if not known_self_contained(space.model_digest) and str(first) != str(_trace(where, space, choices)):
            raise SweepError(
                f"{where}: computes something else when called again; it must depend on its parameters alone"
            )


def _trace(where: str, space: Space, choices: Mapping[str, str]) -> Any:
    """The kernel as a jaxpr; checks what it returns on the way."""
    p = {
        name: jax.ShapeDtypeStruct(jnp.shape(space.fixed.get(name, 0.0)), space.dtype)
        for name in (parameter.name for parameter in space.model.parameters)
    }
    limits = {f"{q.name}_max": int(space.largest(q.name)) for q in space.model.parameters if q.integer}

    def run(p: Mapping[str, Any]) -> Mapping[str, Any]:
        result = space.model.kernel(p, **choices, **limits)
        _check_result(where, space, result)
        seen = _check_flow(where, space, p, choices)
        return {**result, **seen}

    try:
        with files_read() as opened, constants_that_fit():
            traced = jax.make_jaxpr(run)(p)
    except SweepError:
        raise
    except _NEEDS_A_VALUE as error:
        raise SweepError(
            f"{where}: needs the value of something traced{raised_at(error)} ({_first_line(error)}); "
            "use jnp.where and jnp functions instead of if, float(), math and NumPy"
        ) from error
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # sys.exit and what else a function may raise end it, not the command
        _require_keywords(where, error, {**choices, **limits})
        what = said(error)
        if isinstance(error, ModuleNotFoundError) and str(error.name).startswith(PREFIX):
            what = (
                "a module beside it is imported too late to belong to the sweep; import it at the file's head"
            )
        raise SweepError(f"{where}: fails{raised_at(error)}: {what}") from error
    require_declared(where, opened, space.model)
    if traced.effects:
        raise SweepError(f"{where}: has side effects ({', '.join(map(str, traced.effects))}); remove them")
    return traced


def require_declared(where: str, opened: Iterable[Any], model: Model) -> None:
    """Refuse a model that has read a data file which it does not declare."""
    for path in undeclared(opened, model.files):
        raise SweepError(
            f"{where}: reads {path}, which it does not declare; write files=[{path.name!r}] in it "
            "(relative to the model file), so that a changed file makes another sweep"
        )


def _require_keywords(where: str, error: BaseException, keywords: Mapping[str, Any]) -> None:
    """SweepError where the function does not take what comes with its choices and integer parameters."""
    for name in keywords:
        if isinstance(error, TypeError) and f"unexpected keyword argument {name!r}" in str(error):
            what = "the largest value of an integer parameter" if name.endswith("_max") else "a choice"
            raise SweepError(f"{where}: must take the keyword {name!r} ({what})") from error


def _check_result(where: str, space: Space, result: Any) -> None:
    if not isinstance(result, Mapping):
        raise SweepError(f"{where}: returned {type(result).__name__}; it should return a mapping of outputs")
    declared = {output.name: output for output in space.model.outputs}
    for name in declared:
        if name not in result:
            raise SweepError(f"{where}: output {name!r} is declared but not returned")
    for name in result:
        if name not in declared and name != "status":
            raise SweepError(f"{where}: output {name!r} is returned but not declared")
    for name, value in result.items():
        dims = declared[name].dims if name in declared else ()
        _require_shape(where, space, f"output {name!r}", value, dims)


def _require_shape(where: str, space: Space, what: str, value: Any, dims: tuple[str, ...]) -> None:
    _require_real(where, what, value)
    wanted = tuple(len(space.labels[dim]) for dim in dims)
    shape = jnp.shape(jnp.asarray(value))
    if shape != wanted:
        shapes = f"{shape}, declared {wanted} (dims {', '.join(dims) or 'none'})"
        advice = "" if dims or not shape else "; say in dims=(...) of it what it runs over"
        raise SweepError(f"{where}: {what} has shape {shapes}{advice}")


def _require_real(where: str, what: str, value: Any) -> None:
    """Refuse complex numbers, whose imaginary part a cube would lose in silence."""
    if jnp.issubdtype(jnp.asarray(value).dtype, jnp.complexfloating):
        raise SweepError(f"{where}: {what} is complex; take its real part (jnp.real) or its size (jnp.abs)")


def _check_flow(where: str, space: Space, p: Mapping[str, Any], choices: Mapping[str, str]) -> dict[str, Any]:
    flow = space.model.flow
    if flow is None:
        return {}
    state = jnp.asarray(flow.start(p, **choices))
    _require_real(where, "start", state)
    if state.ndim != 1:
        raise SweepError(f"{where}: start has shape {state.shape}; a state is a vector, shape (d,)")
    rates = jnp.asarray(flow.field(jnp.zeros(()), state, p, **choices))
    _require_real(where, "the field", rates)
    if rates.shape != state.shape:
        raise SweepError(f"{where}: the field has shape {rates.shape}, its state {state.shape}")
    _check_scale(where, flow, len(state))
    seen = flow.observe(state, p, **choices)
    wanted = [observable.name for observable in flow.observables]
    if not isinstance(seen, Mapping) or sorted(seen) != sorted(wanted):
        raise SweepError(f"{where}: observe should return a mapping of {', '.join(wanted)}")
    for observable in flow.observables:
        _require_shape(
            where, space, f"observable {observable.name!r}", seen[observable.name], observable.dims
        )
    return {"rates": rates, **seen}


def _check_scale(where: str, flow: Flow, count: int) -> None:
    named = [observable.name for observable in flow.observables if observable.scale is not None]
    if flow.scale is None and named:
        raise SweepError(
            f"{where}: observable {named[0]!r} declares a scale, but with `observe` it is no component of the"
            " state; give the scales of the components: scale=[...]"
        )
    if flow.scale is not None and len(flow.scale) != count:
        raise SweepError(f"{where}: scale has {len(flow.scale)} numbers, the state {count} components")
    for value in flow.scale or ():
        if value is not None and not 0 < value < float("inf"):
            raise SweepError(f"{where}: scale: {value!r} is no size; give positive numbers, or None")


def _check_declaration(where: str, space: Space) -> None:
    model = space.model
    for kind, names in (
        ("parameter", [p.name for p in model.parameters] + [c.name for c in model.choices]),
        ("output", [o.name for o in model.all_outputs(path=True)]),
    ):
        for name in names:
            if names.count(name) > 1:
                raise SweepError(f"{where}: {kind} {name!r} is declared twice")
            if not name.isidentifier() or name == "status":
                raise SweepError(f"{where}: {kind} {name!r} should be a Python name other than status")
    for name in space.labels:
        if name in [p.name for p in model.parameters] + [o.name for o in model.all_outputs(path=True)]:
            raise SweepError(f"{where}: {name!r} is both a dimension and a parameter or output")
    if model.flow:
        scalar = [o.name for o in model.flow.observables if not o.dims]
        for name in model.flow.swings:
            if name not in scalar:
                raise SweepError(f"{where}: swings: {name!r} is no observable of one number")
    for output in model.outputs:
        for meaning, number in output.classes.items():
            if not (isinstance(number, int) and -128 <= number <= 127):
                wrong = f"class {meaning!r} is {number!r}; give a whole number from -128 to 127"
                raise SweepError(f"{where}: output {output.name!r}: {wrong}")
    for output in model.all_outputs(path=False):
        for dim in output.dims:
            if dim not in [own.name for own in model.dims]:
                raise SweepError(f"{where}: output {output.name!r} has dim {dim!r}, which is not declared")
    if model.flow and model.flow.horizon not in [p.name for p in model.parameters]:
        raise SweepError(f"{where}: the flow ends at parameter {model.flow.horizon!r}, which is not declared")


def _first_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else "no message"
