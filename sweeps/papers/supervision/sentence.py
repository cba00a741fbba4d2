"""One sentence of the paper, or of what follows from its equations, judged in many cases at once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .cases import INTERIOR, Cases, Results

# Whether it holds in each case, and the numbers behind the verdict in the paper's case, the first.
Judgement = tuple[Any, str]


@dataclass(frozen=True)
class Sentence:
    """Where it stands, what it says, and how it is judged.

    `expected` and `reason` are as of a `Claim`. What is `varied` is judged in every case; the rest is judged
    in the paper's own, since the equations have it whatever the numbers are.
    """

    source: str
    text: str
    judge: Callable[[Cases], Judgement]
    expected: bool = True
    reason: str = ""
    varied: bool = True


def inside(out: Results, name: str) -> np.ndarray:
    """A variable of rest points at the interior one, (cases,)."""
    return out[name][INTERIOR]


def falls(values: np.ndarray) -> np.ndarray:
    """Whether it falls at every step along the first axis; not where one of the values is missing."""
    return np.asarray((np.diff(values, axis=0) < 0).all(axis=0))


def rises(values: np.ndarray) -> np.ndarray:
    """The opposite of `falls`, in the same sense."""
    return np.asarray((np.diff(values, axis=0) > 0).all(axis=0))


def arrow(values: np.ndarray, digits: int = 4) -> str:
    """Values of the paper's case, the first, in a row."""
    return " -> ".join(f"{v + 0.0:.{digits}f}" for v in np.atleast_2d(values.T)[0])
