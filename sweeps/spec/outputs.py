"""What a sweep computes at every point: outputs of its model, and their derivatives."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ...engine.errors import SweepError
from ...engine.gate.text import shown
from ...engine.space import derivative_name
from ...kernels.model import Model
from ..text import nearest
from .inputs import Inputs


def output_names(where: str, stated: Sequence[Any], model: Model, path: bool) -> tuple[str, ...]:
    """The outputs that a sweep states, all where it states none; `path`: they may be saved along times.

    SweepError, beginning with `where`, for a name that is none.
    """
    known = [output.name for output in model.all_outputs(path)]
    for name in stated:
        if name not in known:
            if name in [output.name for output in model.all_outputs(path=True)]:
                raise SweepError(f"{where}: {shown(name)} is saved along times; add times = [...]")
            hint = nearest(str(name), known)
            raise SweepError(f"{where}: model {model.name} has no output {shown(name)}{hint}")
        if list(stated).count(name) > 1:
            raise SweepError(f"{where}: {shown(name)} stands there twice")
    return tuple(stated) or tuple(output.name for output in model.all_outputs(path) if not output.by_name)


def derivative_pairs(
    where: str, stated: Mapping[str, Any], inputs: Inputs, path: bool
) -> tuple[tuple[str, str], ...]:
    """Pairs of an output and the parameter in which it is differentiated.

    SweepError, beginning with `where`, for what has no derivative or stands there twice.
    """
    model = inputs.model
    known = [output.name for output in model.all_outputs(path)]
    pairs: list[tuple[str, str]] = []
    for name, targets in stated.items():
        if name not in known:
            hint = nearest(name, known)
            raise SweepError(f"{where}.{name}: model {model.name} has no output {shown(name)}{hint}")
        if model.output(name).kind != "real":
            raise SweepError(f"{where}.{name}: {name} counts or classifies and has no derivative")
        pairs += [(name, target) for target in _targets(f"{where}.{name}", targets, inputs)]
    taken = Counter([*known, *(derivative_name(*pair) for pair in pairs)])
    for pair in pairs:
        if taken[derivative_name(*pair)] > 1:
            raise SweepError(f"{where}: two variables would be {shown(derivative_name(*pair))}")
    return tuple(pairs)


def _targets(where: str, targets: Any, inputs: Inputs) -> list[str]:
    if isinstance(targets, str) or not isinstance(targets, Sequence):
        raise SweepError(f"{where}: {shown(targets)} should be a list of parameters")
    for target in targets:
        if not isinstance(target, str):
            raise SweepError(f"{where}: {shown(target)} is no parameter name")
        if target in inputs.choices:
            raise SweepError(f"{where}: {target} is a static choice; derivatives need a number")
        if inputs.parameter(where, target).integer:
            raise SweepError(f"{where}: {target} is a whole number; derivatives need a continuous one")
        if targets.count(target) > 1:
            raise SweepError(f"{where}: {shown(target)} stands there twice")
    return list(targets)
