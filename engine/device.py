"""Which device computes, and how many points a tile may have there."""

from typing import Any

from .errors import Argument, SweepError
from .tiles import MOST_POINTS

DEVICES = ("auto", "cpu", "gpu")

# A tile's outputs and the temporaries of its kernel must fit beside the next tile's.
_GPU_POINTS = 2**24
_TEMPORARIES = 32

# Lanes of a flow take long: small tiles lose little to an interruption.
_CPU_LANES, _GPU_LANES = 2**14, 2**20


def pick_device(wanted: str) -> Any:
    """The jax device that is `wanted`: "cpu", "gpu", or "auto" for a GPU where there is one.

    Raises SweepError where `wanted` is none of these, or a GPU that is not there.
    """
    if wanted not in DEVICES:
        raise SweepError(f"device: {wanted!r} is none of {', '.join(DEVICES)}")
    import jax  # which takes a second to load

    if wanted == "cpu":
        return jax.devices("cpu")[0]
    try:
        return jax.devices("gpu")[0]
    except RuntimeError:
        if wanted == "auto":
            return jax.devices("cpu")[0]
        raise SweepError(
            "device: no GPU is visible to jax; pip install '.[cuda13]', or use ", Argument("device", "cpu")
        ) from None


class UnseenGpu:
    """What stands for a GPU of another host, of which nothing is known: for `most_points` a small one."""

    platform = "gpu"

    def memory_stats(self) -> None:
        """Nothing."""


def most_points(device: Any, bytes_per_point: int, needs_ode: bool) -> int:
    """Most points of a tile on `device`: on a GPU, by its memory. `needs_ode`: a flow is integrated."""
    if device.platform == "cpu":
        return _CPU_LANES if needs_ode else MOST_POINTS
    memory = (device.memory_stats() or {}).get("bytes_limit", 2**33)
    fitting = memory // (_TEMPORARIES * bytes_per_point)
    most = _GPU_LANES if needs_ode else _GPU_POINTS
    return max(min(most, 1 << max(int(fitting).bit_length() - 1, 0)), 1)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the runtime says that device memory ran out."""
    text = str(error)
    return "RESOURCE_EXHAUSTED" in text or "Out of memory" in text
