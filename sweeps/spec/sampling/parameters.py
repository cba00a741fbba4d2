"""The parameters that a [design] draws, and from what."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from ....engine.errors import SweepError
from ....engine.gate.text import shown
from ....kernels.model import Choice, Parameter
from ..checks import require_counted
from ..distributions.distribution import Distribution
from ..distributions.read import read_choice, read_distribution
from ..inputs import Inputs
from .kinds import SAMPLERS


@dataclass(frozen=True)
class Beside:
    """What stands in a sweep beside its design.

    Attributes
    ----------
    axes, fixed
        The sweep's own, in which a sampled parameter must not stand as well.
    inputs
        What the model takes.
    folder
        Where files of measured values lie.
    """

    axes: Mapping[str, Any]
    fixed: Mapping[str, Any]
    inputs: Inputs
    folder: Path = Path()


def read_parameters(
    where: str, stated: Mapping[str, Any], beside: Beside
) -> dict[str, tuple[Parameter | None, Distribution]]:
    """Each sampled parameter, None where it is a static choice, and its distribution.

    SweepError, beginning with `where`, for what is wrong.
    """
    distributions = {}
    for name, given in stated_parameters(
        where, stated, "distributions, such as alpha = {uniform = [0.1, 0.9]}"
    ).items():
        if not isinstance(name, str):
            raise SweepError(f"{where}: the key {shown(name)} should be a name")
        parameter = drawn_parameter(f"{where}.{name}", name, beside)
        if isinstance(parameter, Choice):
            one, parameter = read_choice(f"{where}.{name}", given, parameter), None
        else:
            one = read_distribution(f"{where}.{name}", given, parameter, beside.folder)
            if parameter.integer:
                drawn = one.numbers if one.weights else (one.low, one.high)
                here = f"{where}.{name}.{one.kind}"
                require_counted(here, drawn, beside.inputs.dtype, between=not one.weights)
        if SAMPLERS[stated["kind"]].reaches_ends and not (isfinite(one.low) and isfinite(one.high)):
            raise SweepError(
                f"{where}.{name}.{one.kind}: has no end, and a Morris design reaches the ends; "
                "give low and high beside it"
            )
        if SAMPLERS[stated["kind"]].reaches_ends and one.options:
            raise SweepError(
                f"{where}.{name}.{one.kind}: a Morris effect is what an output changes per step along a "
                "range, and from one option to another there is no length; take "
                f'kind = "sobol", where the total index of {name} screens it, or make it an axis: then each '
                "option has effects of its own"
            )
        if SAMPLERS[stated["kind"]].reaches_ends and one.weights:
            raise SweepError(
                f"{where}.{name}.{one.kind}: a Morris design steps along a range, and single values have "
                "none; give uniform or integers"
            )
        distributions[name] = parameter, one
    if all(one.options for _, one in distributions.values()):
        raise SweepError(f"{where}: draws static choices alone; add a parameter, or make them axes")
    return distributions


def stated_parameters(where: str, stated: Mapping[str, Any], of: str) -> Mapping[str, Any]:
    """What a design says of each parameter; SweepError, beginning with `where`, if that is no table."""
    parameters = stated.get("parameters")
    if not isinstance(parameters, Mapping) or not parameters:
        raise SweepError(f"{where}: should be a table of {of}")
    return parameters


def drawn_parameter(where: str, name: str, beside: Beside) -> Parameter | Choice:
    """The parameter, or static choice, called `name`, which must stand nowhere else."""
    if name in beside.axes:
        raise SweepError(f"{where}: also stands in [axes]; keep one of the two")
    inputs, fixed = beside.inputs, beside.fixed
    parameter = inputs.choices[name] if name in inputs.choices else inputs.parameter(where, name)
    if name in fixed:
        raise SweepError(f"{where}: also stands in [fixed] as {shown(fixed[name])}; keep one of the two")
    return parameter
