"""What a sweep may set of a model: its parameters, the components of its vectors, its static choices."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...engine.errors import SweepError
from ...engine.gate.text import shown
from ...kernels.model import Choice, Model, Parameter
from ..text import nearest
from .checks import parameter_values

Labels = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Inputs:
    """Names and values of a sweep are checked against these.

    Attributes
    ----------
    model
        Whose parameters and choices are set.
    labels
        Names of the components that the sweep's vectors have, by dimension.
    dtype
        "float64" or "float32": numbers are checked as what they become in it.
    """

    model: Model
    labels: Labels
    dtype: str

    @property
    def choices(self) -> dict[str, Choice]:
        """The model's static choices by name."""
        return {choice.name: choice for choice in self.model.choices}

    def parameter(self, where: str, name: str) -> Parameter:
        """The parameter that `name` is, or is a component of; SweepError, beginning with `where`, if none."""
        base, dot, component = name.partition(".")
        names = [p.name for p in self.model.parameters]
        if base not in names:
            hint = nearest(base, [*names, *self.choices])
            raise SweepError(f"{where}: model {self.model.name} has no parameter {shown(base)}{hint}")
        parameter = self.model.parameter(base)
        if parameter.dim is None and dot:
            raise SweepError(f"{where}: {base} is one number and has no components; write {shown(base)}")
        if parameter.dim is not None:
            known = self.labels[parameter.dim]
            if not dot:
                raise SweepError(f"{where}: {base} is a vector; name a component, such as {base}.{known[0]}")
            if component not in known:
                raise SweepError(
                    f"{where}: no component {shown(component)} of {base}{nearest(component, known)}"
                )
        return parameter

    def numbers(self, where: str, values: Iterable[Any], parameter: Parameter) -> np.ndarray:
        """Values of a parameter, checked; an array of them, see `checks.parameter_values`."""
        return parameter_values(where, values, parameter, self.dtype)

    def require_option(self, where: str, name: str, value: Any) -> None:
        """Refuse what is no option of the static choice `name`; SweepError, beginning with `where`."""
        options = self.choices[name].options
        if value not in options:
            raise SweepError(f"{where}: {shown(value)} is no option{nearest(str(value), options)}")
