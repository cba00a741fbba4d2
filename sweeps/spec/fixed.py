"""What is no axis: values of parameters and options of static choices, stated or by default."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...engine.errors import SweepError
from ...engine.gate.text import shown
from ..text import nearest
from .inputs import Inputs
from .integrator import require_time
from .vectors import vector_values


def fixed_values(
    where: str, fixed: Mapping[str, Any], inputs: Inputs, taken: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, float | np.ndarray]]:
    """Options of the static choices, and values of the parameters (arrays over their dims for vectors).

    `taken` maps what is an axis or is sampled to the table where it stands. SweepError, beginning with
    `where` and the name, for anything wrong in `fixed`.
    """
    _require_known(where, fixed, inputs, taken)
    chosen = {
        name: str(fixed.get(name, choice.default))
        for name, choice in inputs.choices.items()
        if name not in taken
    }
    values: dict[str, float | np.ndarray] = {}
    for parameter in inputs.model.parameters:
        if parameter.dim is not None:
            values[parameter.name] = vector_values(where, fixed, parameter, inputs, taken)
        elif parameter.name not in taken:
            value = fixed.get(parameter.name, parameter.default)
            require_time(f"{where}.{parameter.name}", parameter.name, value, inputs.model)
            values[parameter.name] = float(inputs.numbers(f"{where}.{parameter.name}", [value], parameter)[0])
    return chosen, values


def _require_known(where: str, fixed: Mapping[str, Any], inputs: Inputs, taken: Mapping[str, str]) -> None:
    names = [p.name for p in inputs.model.parameters]
    for name, value in fixed.items():
        if name in inputs.choices:
            inputs.require_option(f"{where}.{name}", name, value)
            if name in taken:
                raise SweepError(f"{where}.{name}: also stands in {taken[name]}; keep one of the two")
        elif name not in names:
            hint = nearest(name, [*names, *inputs.choices])
            raise SweepError(
                f"{where}.{name}: model {inputs.model.name} has no parameter {shown(name)}{hint}"
            )
