"""What a model or a flow returns: its outputs, and the dimensions they carry themselves.

An output's name, unit and description are what its model (or its flow's `observables`) says here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Dim:
    """A dimension that outputs carry themselves, besides the axes of the sweep.

    Attributes
    ----------
    name, meaning
        What it is called, and what runs along it.
    labels
        Its labels; where they and `like` are empty, the component names of the vector parameters that run
        over it.
    like
        Another dimension, whose labels it shares (for a square matrix).
    """

    name: str
    meaning: str
    labels: tuple[str, ...] = ()
    like: str | None = None


@dataclass(frozen=True)
class Output:
    """One named result of a kernel.

    Attributes
    ----------
    name, symbol, unit, meaning
        What it is called in cubes and in formulas, its unit ("1" for a pure number), and what it is.
    dims
        Names of the dimensions it carries besides the axes of the sweep; a scalar has none.
    kind
        "real" (floating point, differentiable), "count" (a whole number, stored as int64) or "class" (int8).
        A number that its type does not hold, NaN and fractions among them, or that is none of the `classes`
        of a model of your own, is stored as -1, and its point is `not_finite`.
        Of a model of your own that holds where the function itself makes it an int8 or int32, too, where a
        sum, product, power or shift leaves 64 bits on the way, and where such is compared. A "real" that
        rests on such an integer is NaN, and its point `not_finite`, too.
    classes
        Of a class: each meaning to its number.
    may_be_nan
        Undefined at points where nothing went wrong (the period of an orbit that does not oscillate).
    needs
        What of an orbit it needs, so that a status counts only against what it touches: its "path" up to
        each saved time, its state when it ends ("final"), or what it reaches ("attractor"); or nothing.
    by_name
        Computed only where a sweep names it: it is not among "all outputs".
    """

    name: str
    symbol: str
    unit: str
    meaning: str
    dims: tuple[str, ...] = ()
    kind: Literal["real", "count", "class"] = "real"
    classes: Mapping[str, int] = field(default_factory=dict)
    may_be_nan: bool = False
    needs: Literal["", "path", "final", "attractor"] = ""
    by_name: bool = False
