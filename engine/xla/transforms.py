"""Fourier transforms, a few lines at a time, so that none of them waits for XLA's pool of threads.

jaxlib 0.11 cuts a transform of many lines into tasks for the pool of which the caller is itself a thread, and
a program with two of them in a loop stands still, as `inline_calls` says of LAPACK. Releases before and after
do not wait. The library behind it (DUCC, ``thread_count`` in ``fft.h``) cuts by the number of lines.
"""

from typing import Any

import jax
import jax.numpy as jnp
import jaxlib.version
from jax.lax import FftType

Array = Any

# The first two numbers of releases whose transforms wait for the pool.
WAIT = {(0, 11)}
# As many lines stay in one thread where vectors hold two numbers or more; of long lines only one does.
_LINES, _LONG = 7, 1000


def wait() -> bool:
    """Whether transforms of the jaxlib that is here may wait for the pool of which they are called."""
    return jaxlib.version.__version_info__[:2] in WAIT


def in_parts(equation: Any, operands: list[Array]) -> list[Array]:
    """The results of an equation of the primitive ``fft``, axis by axis and a few lines at a time."""
    (x,) = operands
    kind, lengths = FftType(equation.params["fft_type"]), equation.params["fft_lengths"]
    axes = dict(zip(range(-len(lengths), 0), lengths, strict=True))
    last = axes.pop(-1)
    if kind == FftType.IRFFT:
        for axis, length in axes.items():
            x = _along(x, axis, FftType.IFFT, length)
        return [_along(x, -1, kind, last)]
    x = _along(x, -1, kind, last)
    complex_kind = FftType.FFT if kind == FftType.RFFT else kind
    for axis, length in axes.items():
        x = _along(x, axis, complex_kind, length)
    return [x]


def _along(x: Array, axis: int, kind: FftType, length: int) -> Array:
    """Transforms of one axis."""

    def some(lines: Array) -> Array:
        return jax.lax.fft(lines, kind, (length,))

    x = jnp.moveaxis(x, axis, -1)
    lines = x.reshape(-1, x.shape[-1])
    part = 1 if max(length, lines.shape[1]) >= _LONG else _LINES
    result = some(lines) if len(lines) <= part else jax.lax.map(some, lines, batch_size=part)
    return jnp.moveaxis(result.reshape(*x.shape[:-1], result.shape[-1]), -1, axis)
