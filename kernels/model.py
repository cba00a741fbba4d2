"""How a model declares itself: its parameters, static choices, dimensions, outputs and kernel.

A kernel is a pure JAX function of ONE scenario: no batch axis, no input or output, no state. The
engine lifts it over a grid. Everything the engine, the command line and the documentation say about
a model is read from these declarations.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import inf, isfinite
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from .flow import Flow

Kernel = Callable[..., Mapping[str, Any]]


@dataclass(frozen=True)
class Domain:
    """An interval of real numbers; either end may be open. Infinite ends are always open."""

    low: float = -inf
    high: float = inf
    low_open: bool = False
    high_open: bool = False

    def contains(self, value: float) -> bool:
        """Whether `value` is a finite number inside the interval."""
        if not isfinite(value):
            return False
        above = value > self.low if self.low_open else value >= self.low
        below = value < self.high if self.high_open else value <= self.high
        return above and below

    def __str__(self) -> str:
        opening = "(" if self.low_open or self.low == -inf else "["
        closing = ")" if self.high_open or self.high == inf else "]"
        return f"{opening}{self.low:g}, {self.high:g}{closing}"


@dataclass(frozen=True)
class Parameter:
    """One named input of a kernel.

    A scalar parameter has no `dim`. A vector parameter names the dimension it runs over; its
    `default` then maps component names to numbers, and `fill`, if given, is the value of components
    that a sweep adds to those. An `integer` parameter reaches the kernel as a scalar of the sweep's
    dtype together with a static keyword ``<name>_max``, the largest value in the whole sweep, so that
    loops over it have a bound known to the compiler.
    """

    name: str
    symbol: str
    unit: str
    default: float | Mapping[str, float]
    domain: Domain
    meaning: str
    integer: bool = False
    dim: str | None = None
    fill: float | None = None


@dataclass(frozen=True)
class Choice:
    """A static choice, passed to the kernel as a keyword string. It may be an axis of a sweep."""

    name: str
    options: tuple[str, ...]
    default: str
    meaning: str


@dataclass(frozen=True)
class Dim:
    """A dimension that outputs carry themselves, besides the axes of the sweep.

    Its labels are `labels`; or, where `like` names another dimension, that one's labels; or, where
    both are empty, the component names of the vector parameters that run over it.
    """

    name: str
    meaning: str
    labels: tuple[str, ...] = ()
    like: str | None = None


@dataclass(frozen=True)
class Output:
    """One named result of a kernel.

    `kind` is "real" (floating point, differentiable), "count" (int16) or "class" (int8, with
    `classes` mapping each meaning to its number). `may_be_nan` marks results that are undefined at
    points where nothing went wrong (the period of an orbit that does not oscillate).
    """

    name: str
    symbol: str
    unit: str
    meaning: str
    dims: tuple[str, ...] = ()
    kind: Literal["real", "count", "class"] = "real"
    classes: Mapping[str, int] = field(default_factory=dict)
    may_be_nan: bool = False


@dataclass(frozen=True)
class Model:
    """A kernel and everything that is known about it.

    ``kernel(p, **static)`` takes `p`, a mapping from parameter name to a scalar (or, for a vector
    parameter, a 1-D array over its dim), and keywords: one string per `Choice`, and ``<name>_max``
    (int) per integer parameter. It returns a mapping with every declared output and ``"status"``
    (a `Status` number). A model that moves in time declares its `flow` too.
    """

    name: str
    title: str
    source: str
    kernel: Kernel
    parameters: tuple[Parameter, ...]
    outputs: tuple[Output, ...]
    choices: tuple[Choice, ...] = ()
    dims: tuple[Dim, ...] = ()
    reconstructed: str = ""
    flow: "Flow | None" = None

    def parameter(self, name: str) -> Parameter:
        """The declared parameter called `name`; KeyError where there is none."""
        return {p.name: p for p in self.parameters}[name]

    def all_outputs(self, path: bool = False) -> tuple[Output, ...]:
        """Outputs of the kernel and of the flow, if there is one; with `path`, along saved times too."""
        return self.outputs + (self.flow.outputs(path) if self.flow else ())

    def output(self, name: str) -> Output:
        """The output called `name`, of the kernel or of the flow; KeyError where there is none."""
        return {o.name: o for o in self.all_outputs(path=True)}[name]
