"""How a model declares itself: its parameters, static choices, dimensions, outputs and kernel.

A kernel is a pure JAX function of ONE scenario: no batch axis, no input or output, no state. The
engine evaluates it over a grid. Everything the engine, the command line and the documentation say about
a model is read from these declarations.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf, isfinite
from typing import Any

from .flow import Flow
from .outputs import Dim, Output

__all__ = ["Choice", "Dim", "Domain", "Kernel", "Model", "Output", "Parameter"]

Kernel = Callable[..., Mapping[str, Any]]


@dataclass(frozen=True)
class Domain:
    """An interval of real numbers.

    Attributes
    ----------
    low, high
        Its ends, in the parameter's unit; infinite ends are always open.
    low_open, high_open
        Whether the end itself lies outside.
    """

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
    """One named input of a kernel: a scalar, or a vector over a dimension.

    Attributes
    ----------
    name, symbol, unit, meaning
        What it is called in sweep files and in formulas, its unit ("1" for a pure number), and what it is.
    default
        Its value where a sweep states none; for a vector, a mapping from component names to numbers,
        or a number for all that its dim has labels of, or that others over this dim have by default.
    domain
        Values outside are refused before anything is computed.
    integer
        It counts something. It reaches the kernel as a scalar of the sweep's dtype together with a static
        keyword ``<name>_max``, the largest value in the whole sweep, so that loops over it have a bound
        known to the compiler.
    dim
        The dimension a vector runs over; None for a scalar.
    fill
        Of a vector: the value of components that a sweep adds to those of `default`.
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
    """A static choice, passed to the kernel as a keyword string. It may be an axis of a sweep.

    Attributes
    ----------
    name, meaning
        The keyword, and what is chosen.
    options, default
        The strings it may be, and the one it is where a sweep states none.
    """

    name: str
    options: tuple[str, ...]
    default: str
    meaning: str


@dataclass(frozen=True)
class Model:
    """A kernel and everything that is known about it.

    Attributes
    ----------
    name, title, source
        What sweep files call it, what it is in a line, and where its formulas come from.
    kernel
        ``kernel(p, **static)`` takes `p`, a mapping from parameter name to a scalar (or, for a vector
        parameter, a 1-D array over its dim), and keywords: one string per `Choice`, and ``<name>_max``
        (int) per integer parameter. It returns a mapping with every declared output, of the shape of its
        dims, and ``"status"`` (a `Status` number). If it takes a keyword ``wanted``, a sweep gives it the
        names of the outputs that are looked at, and it may leave out the others.
    parameters, choices, outputs
        What it takes, and what it returns.
    dims
        Dimensions that vector parameters and outputs run over.
    files
        Data files that a user's model reads, relative to the file it is in; full paths once it was found.
    reconstructed
        What its source leaves open and was filled in here; empty where nothing was.
    formulas
        What it computes, a line of plain text a formula.
    flow
        Of a model that moves in time: the initial value problem beside the kernel.
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
    files: tuple[str, ...] = ()
    formulas: tuple[str, ...] = ()
    flow: Flow | None = None

    def parameter(self, name: str) -> Parameter:
        """The declared parameter called `name`; KeyError where there is none."""
        return {p.name: p for p in self.parameters}[name]

    def all_outputs(self, path: bool = False) -> tuple[Output, ...]:
        """Outputs of the kernel and of the flow, if there is one; with `path`, along saved times too."""
        return self.outputs + (self.flow.outputs(path) if self.flow else ())

    def output(self, name: str) -> Output:
        """The output called `name`, of the kernel or of the flow; KeyError where there is none."""
        return {o.name: o for o in self.all_outputs(path=True)}[name]
