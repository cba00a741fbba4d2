"""What XLA computes between calls of machine code: nothing where it only moves numbers, counts and chooses.

These are exact, so they are the same on every device. A sum or a comparison of floats is not: XLA may fuse a
product into it, and a processor may take tiny numbers for 0.
"""

from typing import Any

import jax.numpy as jnp
import numpy as np
from jax.extend import core

from .live_bytes import inner_jaxprs

# They move numbers, or choose among them.
_STRUCTURAL = frozenset(
    {
        *(
            "broadcast_in_dim",
            "reshape",
            "squeeze",
            "expand_dims",
            "transpose",
            "rev",
            "pad",
            "copy",
            "copy_p",
        ),
        *("slice", "dynamic_slice", "dynamic_update_slice", "gather", "scatter", "concatenate", "split"),
        *("stack", "unstack", "full_like", "empty", "select_n", "is_finite", "platform_index"),
        *("stop_gradient", "optimization_barrier"),
    }
)
# The names of functions that machine code is called by, on a CPU and on a GPU, and lanes on a GPU in a trace.
_CALL, _OURS, _LAUNCH, _LANES = "ffi_call", "equisweep_", "__gpu$xla.gpu.ptx", "gpu_lanes"


def computed_between(jaxpr: core.Jaxpr) -> set[str]:
    """The primitives in a trace that are neither exact on all devices nor calls of machine code of ours."""
    computed: set[str] = set()
    for equation in jaxpr.eqns:
        inner = inner_jaxprs(equation.params)
        for one in inner:
            computed |= computed_between(one)
        if not inner and not _is_exact(equation):
            computed.add(equation.primitive.name)
    return computed


def _is_exact(equation: Any) -> bool:
    name = equation.primitive.name
    if name == _CALL:
        target = str(equation.params["target_name"])
        return target.startswith(_OURS) or target == _LAUNCH
    if name in _STRUCTURAL or name == _LANES or not any(map(_real, [*equation.invars, *equation.outvars])):
        return True
    return name == "convert_element_type" and _holds_all(equation.outvars[0], equation.invars[0])


def _real(atom: Any) -> bool:
    """Whether it is made of floats, or of what is no number."""
    dtype = getattr(atom.aval, "dtype", None)
    return dtype is None or not any(jnp.issubdtype(dtype, one) for one in (np.integer, np.bool_))


def _holds_all(wider: Any, given: Any) -> bool:
    """Whether floats of one kind hold all numbers of another; of other floats tiny ones may become 0."""
    if given.aval.dtype in (wider.aval.dtype, np.bool_):
        return True
    return not _real(given) and jnp.finfo(wider.aval.dtype).nmant >= 8 * given.aval.dtype.itemsize
