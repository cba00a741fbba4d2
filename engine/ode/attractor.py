"""What an orbit nears: a rest point, a closed orbit, a cycle along the faces, or nothing yet."""

from typing import Any

import jax.numpy as jnp

from ...kernels.flow import Attractor
from .extrema import Extremes

Array = Any

# Returns that differ by less than this part of the swing are the same return, and the orbit is closed.
# An extreme is known to some hundred times the error of a step, so loose tolerances ask for more.
_CLOSED, _CLOSED_ERRORS = 1e-6, 1e3
# A swing that grows from return to return by more than this part of itself is spiralling outwards.
_GROWING = 1e-3
# An orbit along the faces comes nearer to each of them than exp(-_FACE), 1 in 1,000.
_FACE = 7.0


def classified(extremes: Extremes | None, settled: Array, faces: bool, tolerance: float) -> Array:
    """`Attractor` number (int8) of an orbit.

    Parameters
    ----------
    extremes : its last two maxima and minima; None where no component is followed.
    settled : whether it came to rest.
    faces : as in `Flow`.
    tolerance : that of the steps.
    """
    attractor = jnp.int8(Attractor.undecided)
    if extremes is not None:
        closed = max(_CLOSED, _CLOSED_ERRORS * tolerance)
        attractor = jnp.where(_is_closed(extremes, closed), jnp.int8(Attractor.closed_orbit), attractor)
        if faces:
            along = _runs_along_the_faces(extremes, closed)
            attractor = jnp.where(along, jnp.int8(Attractor.boundary_cycle), attractor)
    return jnp.where(settled, jnp.int8(Attractor.rest_point), attractor)


def _is_closed(e: Extremes, closed: float) -> Array:
    """Whether every component returns to where it was."""
    change = jnp.maximum(jnp.abs(e.high - e.earlier_high), jnp.abs(e.low - e.earlier_low))
    return jnp.all(change <= closed * (e.high - e.low))


def _runs_along_the_faces(e: Extremes, closed: float) -> Array:
    """Whether every component spirals outwards, and has come near both of its faces."""
    swing = e.high - e.low
    grown = swing - (e.earlier_high - e.earlier_low) > max(_GROWING, 10 * closed) * swing
    return jnp.all(grown & (e.high > _FACE) & (e.low < -_FACE))
