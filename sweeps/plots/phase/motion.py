"""The motion in a phase portrait as functions of many points, compiled once for all panels."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from ....kernels.flow import Flow
from .chart import NONE, TINY, Chart

Array = Any
# Points are computed in batches of one size, so that each function is compiled once.
_BATCH = 512
_NEWTON = 40


@dataclass(frozen=True)
class Motion:
    """Functions of coordinates [n, d] at the parameters `p`, returning numpy arrays."""

    chart: Chart
    p: Mapping[str, Array]
    compiled: tuple[Callable, Callable, Callable, Callable]

    def at(self, p: Mapping[str, Array]) -> "Motion":
        """The same motion at other parameters."""
        return replace(self, p=p)

    def rates(self, q: np.ndarray) -> np.ndarray:
        """Rates of the state's components [n, d]."""
        return self._in_batches(self.compiled[0], q)

    def velocity(self, q: np.ndarray) -> np.ndarray:
        """Velocity of the coordinates [n, d]."""
        return self._in_batches(self.compiled[1], q)

    def slope(self, q: np.ndarray) -> np.ndarray:
        """Jacobian of the velocity [n, d, d]."""
        return self._in_batches(self.compiled[2], q)

    def newton(self, q: np.ndarray) -> np.ndarray:
        """Where Newton's method for rates of zero leads from each of the points [n, 2]."""
        return self._in_batches(self.compiled[3], q)

    def _in_batches(self, function: Callable, q: np.ndarray) -> np.ndarray:
        parts = []
        for k in range(0, len(q), _BATCH):
            part = q[k : k + _BATCH]
            padded = np.concatenate([part, np.repeat(part[-1:], _BATCH - len(part), axis=0)])
            parts.append(np.asarray(function(padded, self.p))[: len(part)])
        return np.concatenate(parts)


def motion_of(
    chart: Chart, flow: Flow, p: Mapping[str, Array], static: Mapping[str, str], size: np.ndarray
) -> Motion:
    """The motion of `flow` as `chart` sees it; `size` [d] is the picture's, the measure of Newton's steps."""
    return Motion(chart, p, _compiled(chart, flow, tuple(static.items()), tuple(size.tolist())))


@lru_cache(maxsize=32)
def _compiled(
    chart: Chart, flow: Flow, static: tuple[tuple[str, str], ...], size: tuple[float, ...]
) -> tuple[Callable, Callable, Callable, Callable]:
    """Rates, velocity, its Jacobian and Newton's end of points [n, d], kept for the next picture."""
    import jax

    from ....engine.wide.flows import counted

    largest = 0.2 * np.array(size)

    flow = counted(flow)

    def rates(q: Array, p: Mapping[str, Array], tiny: float = TINY) -> Array:
        return flow.field(0.0, chart.state(q, tiny), p, **dict(static))

    def velocity(q: Array, p: Mapping[str, Array], tiny: float = TINY) -> Array:
        return chart.velocity(q, rates(q, p, tiny))

    def slope(q: Array, p: Mapping[str, Array]) -> Array:
        # An eigenvalue that is 0 at a corner is not 0 beside it.
        on_face, beside = (jax.jacfwd(velocity)(q, p, tiny) for tiny in (NONE, TINY))
        return jax.numpy.where(jax.numpy.isfinite(on_face).all(), on_face, beside)

    def newton(start: Array, p: Mapping[str, Array]) -> Array:
        def step(q: Array, _: None) -> tuple[Array, None]:
            change = _solve(jax.jacfwd(rates)(q, p), rates(q, p))
            # Never more than a fifth of the picture at once: far starts would leave it.
            change = jax.numpy.clip(change, -largest, largest)
            return jax.numpy.where(jax.numpy.isfinite(change).all(), q - change, q), None

        return jax.lax.scan(step, start, None, length=_NEWTON)[0]

    functions = (rates, velocity, slope, newton)
    first, second, third, fourth = (jax.jit(jax.vmap(f, in_axes=(0, None))) for f in functions)
    return first, second, third, fourth


def _solve(matrix: Array, value: Array) -> Array:
    """Solution of two linear equations; not finite where there is none. Each is measured by its largest
    coefficient, since products of small ones may be 0.
    """
    import jax.numpy as jnp

    largest = jnp.abs(matrix).max(axis=1)
    largest = jnp.where(largest > 0, largest, 1.0)
    ((a, b), (c, d)), value = matrix / largest[:, None], value / largest
    return jnp.stack([d * value[0] - b * value[1], a * value[1] - c * value[0]]) / (a * d - b * c)
