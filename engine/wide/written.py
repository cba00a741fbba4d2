"""Numbers written in a model's text, which stay as they are written where no narrow integer holds them.

JAX converts constants while it traces: of ``x.astype(jnp.int8) > 300`` the trace would say 44, and nothing
would show what was written. So one that does not fit is converted in the trace instead, where ``engine.wide``
sees it; XLA makes of it what JAX would have. A constant of which the model itself makes such an integer
(``jnp.full(3, 300, jnp.int8)``) is an error as it is for NumPy.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax._src.interpreters import partial_eval
from jax._src.lax import lax
from jax.extend.core.primitives import convert_element_type_p

# Bits of unsigned numbers of 32 and 64 bits are mixed on purpose, as by ``jax.random``.
_COUNTS = frozenset({"int8", "int16", "int32", "int64", "uint8", "uint16"})
# Whether this thread is within `constants_that_fit`.
_REFUSES: ContextVar[bool] = ContextVar("constants that do not fit are refused", default=False)
_REPLACING = Lock()


def keep_written_numbers() -> None:
    """Let JAX fold conversions to integers only where these hold the number."""
    folded: Any = partial_eval.const_fold_rules[convert_element_type_p]
    if hasattr(folded, "keeps_written_numbers"):
        return

    def fold(constants: Any, params: Any, results: Any) -> Any:
        known = folded(constants, params, results)
        return known if known is None or _fits(constants[0], params["new_dtype"]) else None

    fold.keeps_written_numbers = True  # pyright: ignore[reportFunctionMemberAccess]
    partial_eval.const_fold_rules[convert_element_type_p] = fold


@contextmanager
def constants_that_fit() -> Iterator[None]:
    """Raise OverflowError where this thread converts a constant to integers that do not hold it."""
    _look_at_constants()
    before = _REFUSES.set(True)
    try:
        yield
    finally:
        _REFUSES.reset(before)


def _look_at_constants() -> None:
    """Let JAX ask, for good, before it converts: put back by one thread, another's would be lost or stay."""
    with _REPLACING:
        convert: Any = lax._convert_element_type
        if hasattr(convert, "looks_at_constants"):
            return

        def converted(operand: Any, new_dtype: Any = None, *more: Any, **settings: Any) -> Any:
            if _REFUSES.get() and isinstance(operand, int | np.integer) and _is_cut(operand, new_dtype):
                raise OverflowError(f"{operand} is out of bounds for {new_dtype}")
            return convert(operand, new_dtype, *more, **settings)

        converted.looks_at_constants = True  # pyright: ignore[reportFunctionMemberAccess]
        lax._convert_element_type = converted


def _is_cut(constant: Any, dtype: Any) -> bool:
    return str(dtype) in _COUNTS and not _fits(constant, dtype)


def _fits(constant: Any, dtype: Any) -> bool:
    """Whether integers of this type hold a constant, cut to whole numbers; other types hold all."""
    if not jnp.issubdtype(dtype, np.integer):
        return True
    values, limits = np.asarray(constant), np.iinfo(dtype)
    if values.dtype.kind not in "iuf" or not values.size:
        return True
    least, most = values.min().item(), values.max().item()  # as Python's numbers, which nothing rounds
    return limits.min - 1 < least and most < limits.max + 1
