"""Keys of random numbers in arrays: two scalars each, along a last axis that JAX does not show.

A primitive that only places numbers must place keys as wholes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..ir import Scalar, Unsupported, array_of

Array = np.ndarray

# What places the elements of its first operands, whatever they are.
_PLACING = frozenset({
    "broadcast_in_dim", "concatenate", "copy", "reshape", "rev", "slice", "squeeze", "stack", "transpose",
})  # fmt: skip
# What passes arrays on, or knows that keys have two parts.
_PASSING = frozenset({
    "closed_call", "cond", "copy", "custom_jvp_call", "custom_vjp_call", "jit", "optimization_barrier",
    "random_bits", "random_fold_in", "random_seed", "random_split", "random_unwrap", "random_wrap",
    "remat2", "scan", "while",
})  # fmt: skip


@dataclass(frozen=True, eq=False)
class Key:
    """The parts of a key, as one element of an array."""

    parts: tuple[Scalar, Scalar]


def is_key(aval: Any) -> bool:
    """Whether these are keys of random numbers."""
    return jnp.issubdtype(aval.dtype, jax.dtypes.prng_key)


def physical_shape(aval: Any) -> tuple[int, ...]:
    """Shape of the array of scalars that stands for an array."""
    return (*aval.shape, 2) if is_key(aval) else tuple(aval.shape)


def holds_keys(equation: Any) -> bool:
    """Whether keys go into an equation or come out of it."""
    return any(is_key(atom.aval) for atom in (*equation.invars, *equation.outvars))


def place_keys(name: str, function: Callable[..., Any], operands: Sequence[Array]) -> Any:
    """What `function`, the rule of the primitive called `name`, gives for operands some of which are keys.

    Raises Unsupported for a primitive that computes with its operands.
    """
    if name in _PASSING:
        return function(*operands)
    if name not in _PLACING:
        raise Unsupported(f"{name} of random keys")
    results = function(*map(_packed, operands))
    return [*map(_unpacked, results)] if isinstance(results, list) else _unpacked(results)


def _packed(array: Array) -> Array:
    rows = array.reshape(-1, 2)
    return array_of([Key((first, second)) for first, second in rows], array.shape[:-1])


def _unpacked(array: Array) -> Array:
    return array_of([part for key in array.ravel() for part in key.parts], (*array.shape, 2))
