"""A box of inputs: between which numbers, and with which choices."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from ..cube.names import BUILDING
from .inputs import Inputs

_PLAIN = re.compile(r"[A-Za-z_]\w*(\.\w+)*")


@dataclass(frozen=True)
class Box:
    """What limits an input has; none, if it is not there.

    Attributes
    ----------
    limits
        By the name of a number: the least and the largest value that lie inside.
    options
        By the name of a choice: the numbers of the options that lie inside.
    """

    limits: Mapping[str, tuple[float, float]]
    options: Mapping[str, frozenset[int]]

    @property
    def names(self) -> list[str]:
        """Inputs that it limits."""
        return [*self.limits, *self.options]

    def holds(self, inputs: Inputs) -> np.ndarray:
        """Which points lie inside."""
        result = np.ones(len(inputs.inside), bool)
        for name, (low, high) in self.limits.items():
            result &= (inputs.values[name] >= low) & (inputs.values[name] <= high)
        for name, options in self.options.items():
            result &= np.isin(inputs.values[name], list(options))
        return result

    def limited(self, name: str, low: float, high: float) -> "Box":
        """The same with other limits of a number."""
        return replace(self, limits={**self.limits, name: (low, high)})

    def without(self, name: str) -> "Box":
        """The same without limits of an input."""
        return Box(
            {one: limits for one, limits in self.limits.items() if one != name},
            {one: options for one, options in self.options.items() if one != name},
        )

    def where(self, inputs: Inputs) -> str:
        """The box as a condition; its numbers are as short as they can be and select the same points."""
        parts = []
        for name, (low, high) in self.limits.items():
            values, called = np.unique(inputs.values[name]), _called(name)
            below, above = values[values < low], values[values > high]
            if below.size:
                parts.append(f"{called} >= {_between(float(below[-1]), float(values[values >= low][0]))}")
            if above.size:
                parts.append(f"{called} <= {_between(float(above[0]), float(values[values <= high][-1]))}")
        for name, options in self.options.items():
            listed = ", ".join(_quoted(inputs.labels[name][i]) for i in sorted(options))
            one = len(options) == 1
            parts.append(f"{_called(name)} {'==' if one else 'in'} {listed if one else f'({listed})'}")
        return " and ".join(parts)


def _between(outside: float, inside: float) -> str:
    """The shortest number between two, that may be the second and not the first."""
    middle = outside / 2 + inside / 2
    for digits in range(1, 17):
        for number in (inside, middle):
            short = float(f"{number:.{digits}g}")
            if min(outside, inside) <= short <= max(outside, inside) and short != outside:
                plain = f"{short:.15g}"  # without an exponent, where that is as exact
                return plain if float(plain) == short else repr(short)
    return repr(inside)


def _called(name: str) -> str:
    return name if _PLAIN.fullmatch(name) and name not in BUILDING else f"`{name}`"


def _quoted(label: str) -> str:
    escaped = label.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
