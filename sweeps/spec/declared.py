"""What a user's model declares, looked at before anything counts on it: that it is such, and not endless."""

from collections.abc import Mapping, Sequence, Sized
from sys import float_info
from typing import Any

from ...engine.errors import SweepError
from ...engine.gate.text import shown
from ...kernels.flow import Observable
from ...kernels.model import Choice, Dim, Domain, Model, Output, Parameter

# Of parameters, outputs, options: what is more than these is a vector, and runs along a dim.
MOST_NAMES = 1000
MOST_LABELS = 10_000  # of a dim, and components of a vector
_LONGEST_NAME = 100


def require_sound_declaration(where: str, model: Model) -> None:
    """Refuse a model of whose declaration nothing can be made; SweepError, beginning with `where`."""
    observables = model.flow.observables if model.flow else ()
    for what, declared, kind in (
        ("parameters", model.parameters, Parameter),
        ("outputs", model.outputs, Output),
        ("observables", observables, Observable),
        ("choices", model.choices, Choice),
        ("dims", model.dims, Dim),
    ):
        require_few(f"{where}: {what}", declared, MOST_NAMES)
        for one in declared:
            if not isinstance(one, kind):
                raise SweepError(f"{where}: {what}: {shown(one)} is no {kind.__name__}")
            _require_name(f"{where}: {what}", one.name)
    for parameter in model.parameters:
        _require_parameter(f"{where}: {parameter.name}", parameter)
    for choice in model.choices:
        _require_labels(f"{where}: {choice.name}: options", choice.options, MOST_NAMES)
    for dim in model.dims:
        _require_labels(f"{where}: {dim.name}: labels", dim.labels, MOST_LABELS)


def require_few(where: str, given: Sized, most: int) -> None:
    """Refuse more than so many; SweepError, beginning with `where`."""
    if len(given) > most:
        raise SweepError(f"{where}: there are {len(given):,}, and at most {most:,} are read")


def _require_name(where: str, name: Any) -> None:
    if not isinstance(name, str) or not 0 < len(name) <= _LONGEST_NAME:
        raise SweepError(f"{where}: {shown(name)} is no name of at most {_LONGEST_NAME} letters")


def _require_labels(where: str, given: Any, most: int) -> None:
    if isinstance(given, str) or not isinstance(given, Sequence):
        raise SweepError(f"{where}: {shown(given)} is no list of labels")
    require_few(where, given, most)
    for label in given:
        _require_label(where, label)


def _require_label(where: str, label: Any) -> None:
    if not isinstance(label, str | int | float) or (isinstance(label, str) and len(label) > _LONGEST_NAME):
        raise SweepError(f"{where}: {shown(label)} is no label of at most {_LONGEST_NAME} letters")


def _require_parameter(where: str, parameter: Parameter) -> None:
    if not isinstance(parameter.domain, Domain):
        raise SweepError(f"{where}: its domain {shown(parameter.domain)} is no Domain")
    given = parameter.default
    if isinstance(given, Mapping):
        require_few(f"{where}: components", given, MOST_LABELS)
        for label in given:
            _require_label(f"{where}: components", label)
    for value in given.values() if isinstance(given, Mapping) else (given,):
        if not isinstance(value, int | float) or not abs(value) <= float_info.max:
            raise SweepError(f"{where}: its default {shown(value)} is no number")
