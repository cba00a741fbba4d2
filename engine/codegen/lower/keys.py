"""Keys of random numbers in arrays: two scalars each, along a last axis that JAX does not show.

A primitive that only places numbers, or chooses among them, does the same with the first parts of keys and
with their second parts.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..ir import Unsupported

Array = np.ndarray

# What places elements or chooses among them, whatever they are.
_PLACING = frozenset({
    "broadcast_in_dim", "concatenate", "dynamic_slice", "dynamic_update_slice", "gather", "reshape", "rev",
    "scatter", "select_n", "slice", "split", "squeeze", "stack", "tile", "transpose", "unstack",
})  # fmt: skip
# What passes arrays on, or knows that keys have two parts.
_PASSING = frozenset({
    "call_hi_primitive", "closed_call", "cond", "copy", "custom_jvp_call", "custom_vjp_call", "device_put",
    "eval_jaxpr", "jit", "optimization_barrier", "random_bits", "random_clone", "random_fold_in",
    "random_gamma", "random_seed", "random_split", "random_unwrap", "random_wrap", "remat2", "scan",
    "stop_gradient", "while",
})  # fmt: skip


def is_key(aval: Any) -> bool:
    """Whether these are keys of random numbers."""
    return not isinstance(aval.dtype, np.dtype) and jnp.issubdtype(aval.dtype, jax.dtypes.prng_key)


def physical_shape(aval: Any) -> tuple[int, ...]:
    """Shape of the array of scalars that stands for an array."""
    return (*aval.shape, 2) if is_key(aval) else tuple(aval.shape)


def holds_keys(equation: Any) -> bool:
    """Whether keys go into an equation or come out of it."""
    for atom in (*equation.invars, *equation.outvars):  # no generator: it is asked of every equation
        if not isinstance(atom.aval.dtype, np.dtype) and is_key(atom.aval):
            return True
    return False


def place_keys(equation: Any, function: Callable[..., Any], operands: Sequence[Array]) -> Any:
    """What `function`, the rule of an equation's primitive, gives for operands some of which are keys.

    Raises Unsupported for a primitive that computes with its operands.
    """
    name = equation.primitive.name
    if name in _PASSING:
        return function(*operands)
    if name not in _PLACING:
        raise Unsupported(f"{name} of random keys")
    keys = [is_key(atom.aval) for atom in equation.invars]
    first, second = (
        function(*[a[..., part] if key else a for a, key in zip(operands, keys, strict=True)])
        for part in range(2)
    )
    if isinstance(first, list):
        return [np.stack(parts, axis=-1) for parts in zip(first, second, strict=True)]
    return np.stack([first, second], axis=-1)
