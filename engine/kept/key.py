"""The name under which a function of grids is kept: a digest of all that it is made of.

Whatever decides how a function is traced, lowered or compiled stands in it, as what it holds and never by
whom it is held: two processes that agree in all of it make the same function. What is given to the function
when it is called, the values along the axes, does not.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import numpy as np

from ..point import Point
from ..space import Space
from ..user_model.self_contained import known_self_contained
from .code import code_digest
from .content import content_of
from .process import digest_of_parts, process_parts


def key_of_kept(
    space: Space, choices: Mapping[str, str], coordinates: Sequence[Point], device: Any, native: bool
) -> str | None:
    """The key of a function of grids of any lengths; None where it cannot be kept.

    That is so on other devices than CPUs, and of models of which nobody can say what they compute.
    """
    if device.platform != "cpu" or jax.default_backend() != "cpu":
        return None
    if space.model_digest and not known_self_contained(space.model_digest):
        return None
    code = code_digest()
    if code is None:
        return None
    try:
        parts = parts_of(space, choices, coordinates, native) | process_parts(device) | {"code": code}
        return digest_of_parts(parts)
    except Exception:  # `Unknown`, or whatever somebody else's object raises where it is read
        return None


def parts_of(
    space: Space, choices: Mapping[str, str], coordinates: Sequence[Point], native: bool
) -> dict[str, Any]:
    """What of a sweep its function is made of. Raises Unknown where the model cannot be read."""
    return {
        "model": content_of(space.model),
        "model file": space.model_digest,
        "choices": sorted(choices.items()),
        "axes": [[(n, np.dtype(v.dtype).str) for n, v in sorted(c.items())] for c in coordinates],
        "fixed": [(name, content_of(np.asarray(value))) for name, value in sorted(space.fixed.items())],
        "largest": [(q.name, int(space.largest(q.name))) for q in space.model.parameters if q.integer],
        "labels": [(dim, list(map(content_of, labels))) for dim, labels in space.labels.items()],
        "outputs": space.outputs,
        "derivatives": space.derivatives,
        "dtype": space.dtype.str,
        "times": content_of(tuple(space.times)),
        "integrator": [(name, content_of(value)) for name, value in sorted(space.integrator.items())],
        "native": native,
    }
