"""How long a design that is not stored goes on: until its intervals are narrow."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from ...engine.errors import SweepError
from ...engine.gate.text import shown
from ..spec.design import Design
from .blocks import BLOCKS


@dataclass(frozen=True)
class Until:
    """When enough samples are computed.

    Attributes
    ----------
    width
        Every interval is at most so wide, from end to end.
    counts
        Numbers of samples after which that may be asked: each twice the one before, up to all.
    """

    width: float
    counts: tuple[int, ...]

    @property
    def text(self) -> dict[str, str]:
        """As flat text, for a cube's identity."""
        return {"until": str(self.width)}


def read_until(where: str, stated: Any, design: Design) -> Until | None:
    """What ``until = { width = 0.01 }`` says; None for None. SweepError, beginning with `where`."""
    if stated is None:
        return None
    if not isinstance(stated, Mapping) or list(stated) != ["width"]:
        raise SweepError(f"{where}: {shown(stated)} should say how wide intervals may be: {{ width = 0.01 }}")
    width = stated["width"]
    if isinstance(width, bool) or not isinstance(width, int | float) or not (isfinite(width) and width > 0):
        raise SweepError(f"{where}.width: {shown(width)} should be a number above 0")
    samples = design.samples
    if samples & (samples - 1) or samples <= BLOCKS:
        raise SweepError(
            f"{where}: is asked each time that samples are doubled, from {BLOCKS:,} on: let samples be a "
            f"larger power of two, such as {max(2 ** samples.bit_length(), 2**16):,}"
        )
    if design.kind == "lhs" and design.option != samples:
        raise SweepError(f"{where}: is of one hypercube; leave out the batch")
    first = BLOCKS.bit_length() - 1
    return Until(float(width), tuple(2**k for k in range(first, samples.bit_length())))
