"""The registry of lowering rules: what each primitive of JAX becomes, on arrays of scalars.

A rule is a function ``rule(context, *operands, **params)``. Operands are arrays of scalars (`ir.Scalar`), and
params are those of the equation. It returns an array of scalars, or a list of arrays where the primitive has
several results. It raises `Unsupported` with a reason for what has no such form; any other exception is a bug
in it, and becomes `BrokenRule`.

A rule names the params that it reads. One that it does not name must be empty (None, False, ...): another
release of JAX may add a param that changes results. ``**_`` in a signature says that no other param matters.

The rules themselves stand in the files beside this one, by families: a new one stands with its like.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial, wraps
from typing import Any

import numpy as np

from ..ir import Graph, Scalar, Unsupported, array_of
from .keys import holds_keys, physical_shape, place_keys

Array = np.ndarray
Rule = Callable[..., Array | list[Array]]

RULES: dict[str, Rule] = {}


class BrokenRule(Exception):
    """A bug in the rule of a primitive: the cause is the exception that it raised."""

    def __init__(self, primitive: str, error: Exception) -> None:
        what = f"the lowering rule of primitive {primitive} failed"
        super().__init__(f"{what} ({type(error).__name__}: {error}); please report it")
        self.primitive = primitive


@dataclass(slots=True)
class Context:
    """Where a rule is applied.

    Attributes
    ----------
    graph
        Makes the scalars.
    equation
        What is lowered, as JAX traced it.
    dtype
        Dtype of the first result, as scalars name it ("f64").
    lower
        ``lower(jaxpr, operands)``: the results of an inner jaxpr, a list of arrays of scalars.
    """

    graph: Graph
    equation: Any
    dtype: str
    lower: Callable[[Any, Sequence[Array]], list[Array]]

    @property
    def primitive(self) -> Any:
        """The primitive itself: JAX can be asked to apply it to numbers."""
        return self.equation.primitive

    @property
    def avals_in(self) -> list[Any]:
        """Shapes and dtypes of the operands."""
        return [atom.aval for atom in self.equation.invars]

    @property
    def avals_out(self) -> list[Any]:
        """Shapes and dtypes of the results."""
        return [variable.aval for variable in self.equation.outvars]

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the first result."""
        return self.equation.outvars[0].aval.shape


def rule(*names: str) -> Callable[[Rule], Rule]:
    """Register a function as the rule of the primitives of these names."""

    def register(function: Rule) -> Rule:
        for name in names:
            if name in RULES:
                raise ValueError(f"primitive {name} has a rule already")
            RULES[name] = function
        return function

    return register


def elementwise(*names: str) -> Callable[[Callable[..., Scalar]], Callable[..., Scalar]]:
    """Register ``function(context, *scalars, **params)`` as what happens at each place of the operands.

    Operands are broadcast against each other.
    """

    def register(function: Callable[..., Scalar]) -> Callable[..., Scalar]:
        @wraps(function)
        def each(context: Context, *operands: Array, **params: Any) -> Array:
            if len({a.shape for a in operands}) > 1:  # seldom; to broadcast costs more than all else
                operands = tuple(np.broadcast_arrays(*operands))
            elements = zip(*[a.ravel().tolist() for a in operands], strict=True)
            return array_of(
                [function(context, *scalars, **params) for scalars in elements], operands[0].shape
            )

        rule(*names)(each)
        return function

    return register


def apply(context: Context, operands: Sequence[Array]) -> list[Array]:
    """The results of the context's equation, by the rule of its primitive.

    Raises Unsupported where there is no rule, or the rule says so; BrokenRule where it fails.
    """
    equation = context.equation
    name = equation.primitive.name
    function = RULES.get(name)
    if function is None:
        raise Unsupported(f"primitive {name}")
    params = _understood(name, function, equation.params)
    try:
        if holds_keys(equation):
            results = place_keys(equation, partial(function, context, **params), operands)
        else:
            results = function(context, *operands, **params)
        results = [_as_array(r) for r in (results if isinstance(results, list) else [results])]
        _require_shapes(results, equation.outvars)
    except (Unsupported, BrokenRule):
        raise
    except Exception as error:
        raise BrokenRule(name, error) from error
    return results


def _as_array(result: Array | Scalar) -> Array:
    """Of an array without axes NumPy gives the number itself, whichever part is asked for."""
    return array_of([result], ()) if isinstance(result, Scalar) else result


def _require_shapes(results: Sequence[Array], variables: Sequence[Any]) -> None:
    shapes, expected = [r.shape for r in results], [physical_shape(v.aval) for v in variables]
    if shapes != expected:
        raise ValueError(f"results of shapes {shapes} instead of {expected}")


def _understood(name: str, function: Rule, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """The params that a rule takes; raises Unsupported where it lacks one, or would miss one that counts."""
    required, known, takes_all = _params_of(function)
    if params.keys() == known:
        return params
    for missing in required - params.keys():
        raise Unsupported(f"primitive {name} without {missing}: another release of JAX?")
    if takes_all:
        return params
    for unknown in params.keys() - known:
        if _says_something(params[unknown]):
            raise Unsupported(f"{unknown} of primitive {name}")
    return {key: params[key] for key in params if key in known}


def _says_something(value: Any) -> bool:
    return not (value is None or value is False or (isinstance(value, tuple | str) and not value))


@cache
def _params_of(function: Rule) -> tuple[frozenset[str], frozenset[str], bool]:
    """Names of the params that a rule must have, of all that it knows, and whether it takes any other."""
    parameters = inspect.signature(function).parameters.values()
    named = [p for p in parameters if p.kind is p.KEYWORD_ONLY]
    required = frozenset(p.name for p in named if p.default is p.empty)
    return required, frozenset(p.name for p in named), any(p.kind is p.VAR_KEYWORD for p in parameters)
