"""What a user's model declares, looked at before anything counts on it: that it is such, and not endless."""

from collections.abc import Mapping, Sequence, Sized
from numbers import Real
from os import PathLike
from sys import float_info
from typing import Any

from ...engine.errors import SweepError
from ...engine.gate.text import shown
from ...kernels.flow import Observable
from ...kernels.model import Choice, Dim, Domain, Model, Output, Parameter

# Of parameters, outputs, options: what is more than these is a vector, and runs along a dim.
MOST_NAMES = 1000
MOST_LABELS = 10_000  # of a dim, and components of a vector
_MOST_DIMS, _MOST_CLASSES = 8, 256
_LONGEST_NAME, _LONGEST_PATH = 100, 4096
_LABEL = str | int | float
_KINDS = ("real", "count", "class")
_TEXTS = ("symbol", "unit", "meaning")


def require_sound_declaration(where: str, model: Model) -> None:
    """Refuse a model of whose declaration nothing can be made; SweepError, beginning with `where`."""
    _require_texts(where, title=model.title, source=model.source)
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
            texts = {key: getattr(one, key) for key in _TEXTS if hasattr(one, key)}
            _require_texts(f"{where}: {one.name}", **texts)
    for parameter in model.parameters:
        _require_parameter(f"{where}: {parameter.name}", parameter)
    for output in (*model.outputs, *observables):
        _require_output(f"{where}: {output.name}", output)
    for choice in model.choices:
        _require_labels(f"{where}: {choice.name}: options", choice.options, MOST_NAMES, str)
        if choice.default not in choice.options:
            raise SweepError(
                f"{where}: {choice.name}: its default {shown(choice.default)} is none of its options"
            )
    for dim in model.dims:
        _require_labels(f"{where}: {dim.name}: labels", dim.labels, MOST_LABELS, _LABEL)
    _require_labels(f"{where}: files", model.files, MOST_NAMES, str | PathLike, most_letters=_LONGEST_PATH)


def require_few(where: str, given: Sized, most: int) -> None:
    """Refuse more than so many; SweepError, beginning with `where`."""
    if len(given) > most:
        raise SweepError(f"{where}: there are {len(given):,}, and at most {most:,} are read")


def _require_name(where: str, name: Any) -> None:
    if not isinstance(name, str) or not 0 < len(name) <= _LONGEST_NAME:
        raise SweepError(f"{where}: {shown(name)} is no name of at most {_LONGEST_NAME} letters")


def _require_texts(where: str, **texts: Any) -> None:
    for key, text in texts.items():
        if not isinstance(text, str):
            raise SweepError(f"{where}: its {key} {shown(text)} is no text")


def _require_labels(where: str, given: Any, most: int, kind: Any, most_letters: int = _LONGEST_NAME) -> None:
    if isinstance(given, str) or not isinstance(given, Sequence):
        raise SweepError(f"{where}: {shown(given)} is no list of them")
    require_few(where, given, most)
    for one in given:
        if not isinstance(one, kind) or (isinstance(one, str) and len(one) > most_letters):
            raise SweepError(f"{where}: {shown(one)} is no text of at most {most_letters} letters")


def _require_parameter(where: str, parameter: Parameter) -> None:
    domain, given = parameter.domain, parameter.default
    if not isinstance(domain, Domain) or not all(isinstance(end, Real) for end in (domain.low, domain.high)):
        raise SweepError(f"{where}: its domain {shown(domain)} is no Domain of two numbers")
    if isinstance(given, Mapping):
        _require_labels(f"{where}: components", list(given), MOST_LABELS, _LABEL)
    elif parameter.dim is not None:
        raise SweepError(
            f"{where}: it is a vector, and nothing names the components that its default {shown(given)} is "
            f"of; give a table by component, or Dim({parameter.dim!r}, ..., labels=(...))"
        )
    for value in given.values() if isinstance(given, Mapping) else (given,):
        if not isinstance(value, int | float) or not abs(value) <= float_info.max:
            raise SweepError(f"{where}: its default {shown(value)} is no number")


def _require_output(where: str, output: Output | Observable) -> None:
    _require_labels(f"{where}: dims", output.dims, _MOST_DIMS, str)
    if not isinstance(output, Output):
        return
    if output.kind not in _KINDS:
        raise SweepError(f"{where}: its kind {shown(output.kind)} is none of {', '.join(_KINDS)}")
    if not isinstance(output.classes, Mapping):
        raise SweepError(f"{where}: its classes {shown(output.classes)} are no table of names to numbers")
    _require_labels(f"{where}: classes", list(output.classes), _MOST_CLASSES, str)
    _require_apart(f"{where}: classes", output.classes)


def _require_apart(where: str, classes: Mapping[str, Any]) -> None:
    """Refuse classes that a cube could not tell apart: it has their numbers, and their names as words."""
    names, numbers = dict[str, str](), dict[Any, str]()
    for name, number in classes.items():
        word = name.replace(" ", "_")  # as a cube has it
        if word.split() != [word]:
            raise SweepError(f"{where}: {shown(name)} should be a text, without tabs and line breaks")
        if word in names:
            raise SweepError(
                f"{where}: {shown(names[word])} and {shown(name)} are {word} in a cube; rename one"
            )
        names[word] = name
        if isinstance(number, int) and number in numbers:
            both = f"{shown(numbers[number])} and {shown(name)}"
            raise SweepError(f"{where}: {both} have the number {number}; give each its own")
        numbers[number] = name
