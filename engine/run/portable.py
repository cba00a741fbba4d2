"""Whether a cube's numbers are the same bits on every device, and what may go on with it where they are not.

They are where machine code computes every number by operations that all devices round alike. What goes
through XLA, or through the C library of a machine, is the same up to rounding alone: tiles of such a cube are
to come from one kind of device, by one way of computing.
"""

from typing import Any

from ..errors import Argument, CubeError
from ..store.cube import Cube

# The attribute of a cube; a cube of an earlier version has none.
PORTABLE, DEVICE = "portable", "device"
_YES, _NO = "yes", "no: "
# Of what machine code alone computes, where other points come from a cube that has no such attribute.
TAKEN = "points of a cube that does not say whether it is"


def said_of(why_not: str) -> str:
    """The attribute of a cube whose numbers are not portable for this reason; of a portable one if empty."""
    return f"{_NO}{why_not}" if why_not else _YES


def said_by(cube: Cube) -> str | None:
    """The attribute of a cube; None where it has none."""
    said = cube.attributes.get(PORTABLE)
    return None if said is None else str(said)


def is_portable(cube: Cube) -> bool:
    """Whether it says so."""
    return said_by(cube) == _YES


def require_same_bits(cube: Cube, why_not: str, device: Any) -> None:
    """CubeError where a run that is not portable for this reason, if any, would mix bits in a cube."""
    problem = mixing(cube, why_not, device)
    if problem:
        raise CubeError(
            f"{cube.root}: {problem}; tiles computed on {platform_of(str(device))} could differ in their "
            "last bits from those that are there: go on where it was begun, choose another output, or "
            "overwrite it with ",
            Argument("overwrite", True),
        )


def mixing(cube: Cube, why_not: str, device: Any) -> str:
    """How points that are computed so on a device may have other bits than a cube has; empty if none has."""
    said, here = said_by(cube), platform_of(str(device))
    begun = platform_of(str(cube.attributes.get(DEVICE, "")))
    if said is None or (said == _YES and not why_not):
        return ""
    reason = said.removeprefix(_NO)
    if said == _YES:
        if why_not == TAKEN:
            return f"is portable, and cannot have {TAKEN}"
        return f"is portable, and this machine cannot compute it so ({why_not})"
    if _way(why_not) != _way(reason):
        how = why_not or "machine code alone"
        return f"is not portable ({reason}), and this machine computes it otherwise: {how}"
    return "" if begun == here else f"is not portable ({reason}) and begun on {begun}"


def _way(why_not: str) -> str:
    """How numbers are computed, where two ways have other bits on one machine."""
    if not why_not or why_not == TAKEN:
        return "machine code"
    return "XLA" if why_not.startswith("XLA") else "the C library"


def platform_of(device: str) -> str:
    """The kind of a device by its name: "cpu:0", "TFRT_CPU_0" and "cuda:1" are "cpu" and "gpu"."""
    name = device.lower()
    kinds = {"cpu": "cpu", "cuda": "gpu", "gpu": "gpu"}
    return next((kind for word, kind in kinds.items() if word in name), name)
