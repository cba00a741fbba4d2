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


def said_of(why_not: str) -> str:
    """The attribute of a cube whose numbers are not portable for this reason; of a portable one if empty."""
    return f"{_NO}{why_not}" if why_not else _YES


def require_same_bits(cube: Cube, why_not: str, device: Any) -> None:
    """CubeError where a run that is not portable for this reason, if any, would mix bits in a cube."""
    said, here = cube.attributes.get(PORTABLE), platform_of(str(device))
    begun = platform_of(str(cube.attributes.get(DEVICE, "")))
    if said == _YES and not why_not:
        return
    if said is None:
        problem = "" if begun == here else f"begun on {begun} by a version that says nothing of its bits"
    elif said == _YES:
        problem = f"is portable, and this machine cannot compute it so ({why_not})"
    elif not why_not or why_not.startswith("XLA") != said.startswith(f"{_NO}XLA"):
        how = why_not or "machine code alone"
        problem = f"is not portable ({said.removeprefix(_NO)}), and this machine computes it otherwise: {how}"
    else:
        problem = "" if begun == here else f"is not portable ({said.removeprefix(_NO)}) and begun on {begun}"
    if problem:
        raise CubeError(
            f"{cube.root}: {problem}; tiles computed on {here} could differ in their last bits from those "
            "that are there: go on where it was begun, choose another output, or overwrite it with ",
            Argument("overwrite", True),
        )


def platform_of(device: str) -> str:
    """The kind of a device by its name: "cpu:0", "TFRT_CPU_0" and "cuda:1" are "cpu" and "gpu"."""
    name = device.lower()
    kinds = {"cpu": "cpu", "cuda": "gpu", "gpu": "gpu"}
    return next((kind for word, kind in kinds.items() if word in name), name)
