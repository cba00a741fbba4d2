"""What a paper claims, checked: one row per claim, with how much room it holds or fails by."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Claim:
    """One claim, checked at many points.

    `margin` is the least over all points of what should be >= 0, in the words of `measure`: negative
    where the claim fails. `failing` of `points` points break it.
    """

    text: str
    holds: bool
    margin: float
    measure: str
    failing: int
    points: int
    worst: str = ""

    def __str__(self) -> str:
        verdict = "holds" if self.holds else f"FAILS at {self.failing} of {self.points} points"
        where = f", worst at {self.worst}" if self.worst and not self.holds else ""
        return f"{self.text}: {verdict} (least {self.measure}: {self.margin:.4g}{where})"


def check(text: str, margins: np.ndarray, measure: str, tolerance: float = 0.0, worst: str = "") -> Claim:
    """The claim that all `margins` are >= 0, up to `tolerance`. A NaN is a failure.

    Raises
    ------
    ValueError
        Where there is nothing to check: a claim about no points would hold.
    """
    margins = np.asarray(margins, float)
    if margins.size == 0:
        raise ValueError(f"claim {text!r} was checked at no point")
    failing = int(np.sum(~(margins >= -tolerance)))
    least = float("nan") if np.any(np.isnan(margins)) else float(margins.min())
    return Claim(text, failing == 0, least, measure, failing, margins.size, worst)


def table(claims: Iterable[Claim]) -> str:
    """The claims as lines of text, one each."""
    return "\n".join(str(claim) for claim in claims)
