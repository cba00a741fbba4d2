"""What a paper claims, checked: one row per claim, with the margin it holds or fails by."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..text import table
from .paper import Reproduction


@dataclass(frozen=True)
class Claim:
    """One claim: where it is made, what it says, whether it holds, and the numbers that say so.

    `expected` is False for what a paper says and its own equations contradict: there, a claim that does
    not hold is the right result, and `reason` says why it does not. `stays` says over which range of numbers
    that were reconstructed the outcome is the same, where that was tried.
    """

    source: str
    text: str
    holds: bool
    by: str
    expected: bool = True
    reason: str = ""
    stays: str = ""

    @property
    def surprises(self) -> bool:
        """Whether the outcome is another than the known one."""
        return self.holds != self.expected


def check(
    source: str,
    text: str,
    margins: Any,
    measure: str,
    tolerance: float = 0.0,
    *,
    worst: str = "",
    expected: bool = True,
    reason: str = "",
    imposed: str = "",
    strict: bool = False,
) -> Claim:
    """The claim that all `margins` are >= 0, up to `tolerance`. A NaN is a failure.

    `measure` names the margins in the text; `worst` says where the least of them is. `imposed` names the
    constraint that was imposed on what is checked, where the claim cannot but hold for that reason. Margins
    within the tolerance of 0 are equalities: these fail a `strict` claim, and are counted under others.

    Raises
    ------
    ValueError
        Where there is nothing to check: a claim about no points would hold.
    """
    margins = np.asarray(margins, float)
    if margins.size == 0:
        raise ValueError(f"claim {text!r} was checked at no point")
    equal = np.abs(margins) <= tolerance
    failing = int(np.sum(~(margins >= -tolerance) | (equal & strict)))
    least = float("nan") if np.any(np.isnan(margins)) else float(margins.min())
    least = 0.0 if abs(least) <= tolerance else least  # what is equal but for rounding is said to be equal
    by = f"least {measure} {least:.4g}"
    if failing:
        by = f"fails at {failing:,} of {margins.size:,} points, {by}" + (f" at {worst}" if worst else "")
    if 0 < equal.sum() < margins.size and not strict:
        by += f", equal at {int(equal.sum()):,} of {margins.size:,} points"
    by += f"; it cannot but hold: {imposed} imposed" if imposed else ""
    return Claim(source, text, failing == 0, by, expected, reason)


def claims_table(claims: Iterable[Claim]) -> str:
    """The claims as lines of text; ``!`` marks those that came out other than expected.

    Below them stands why the ones that are known to fail do.
    """
    claims = list(claims)
    head = ["", "claim", "holds", "source", "by how much"]
    rows = [["!" if c.surprises else "", c.text, "yes" if c.holds else "NO", c.source, c.by] for c in claims]
    if any(c.stays for c in claims):
        head.insert(3, "the same for")
        rows = [[*row[:3], c.stays, *row[3:]] for row, c in zip(rows, claims, strict=True)]
    reasons = dict.fromkeys(c.reason for c in claims if not c.expected and c.reason)
    known = [f"  {'; '.join(c.text for c in claims if c.reason == r)}:\n    {r}" for r in reasons]
    return "\n".join([table(head, rows), *(["known to fail:", *known] if known else [])])


def verdict(claims: Iterable[Claim]) -> str:
    """How many claims hold, how many fail as they are known to, and which came out otherwise."""
    claims = list(claims)
    failing = sum(not c.holds for c in claims)
    text = f"{len(claims) - failing} of {len(claims)} claims hold"
    if failing:
        text += f", {sum(not c.holds and not c.expected for c in claims)} fail as is known"
    surprises = [c.text for c in claims if c.surprises]
    return text + (f"; OTHERWISE THAN KNOWN: {'; '.join(surprises)}" if surprises else ".")


def claims_report(parts: Sequence[tuple[str, Sequence[Claim]]], pictures: Sequence[Path]) -> Reproduction:
    """Tables of claims under their titles, the verdict on all of them, and where the pictures are."""
    every = [claim for _, claims in parts for claim in claims]
    texts = [f"{title}\n\n{claims_table(claims)}".lstrip("\n") for title, claims in parts]
    text = "\n\n".join([*texts, verdict(every), "\n".join(map(str, pictures))])
    return Reproduction(text, not any(claim.surprises for claim in every))
