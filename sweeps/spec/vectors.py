"""Vector parameters of a sweep: what their components are called, and the value of each."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import numpy as np

from ...engine.errors import SweepError
from ...kernels.model import Model, Parameter
from ..text import nearest
from .sweep import Sweep

Labels = Mapping[str, tuple[str, ...]]


def component_labels(sweep: Sweep, model: Model) -> dict[str, tuple[str, ...]]:
    """Names of the components by dimension; numbers in numeric order, other names as first stated.

    Components come from ``[fixed.<name>]`` and from axes "<name>.<component>". Where no list is given
    and all of them are the default's own, the others of the default stay; otherwise what is stated is
    all there is.
    """
    labels: dict[str, tuple[str, ...]] = {}
    for dim in dict.fromkeys(p.dim for p in model.parameters if p.dim):
        vectors = [p for p in model.parameters if p.dim == dim]
        stated = dict.fromkeys(name for p in vectors for name in _stated(sweep, p))
        default = tuple(dict.fromkeys(name for p in vectors for name in _named(p.default)))
        resized = any(_is_list(sweep.fixed.get(p.name)) for p in vectors)
        chosen = tuple(stated) if resized or not set(stated) <= set(default) else default
        labels[dim] = tuple(sorted(chosen, key=int)) if all(map(_is_number, chosen)) else chosen
        _require_one_length(sweep, vectors)
    return labels


def vector_values(
    sweep: Sweep, model: Model, parameter: Parameter, labels: tuple[str, ...], check: Any
) -> np.ndarray:
    """A vector parameter over `labels`; components that are axes hold NaN.

    ``check(where, values)`` returns the values as an array, or raises SweepError.
    """
    where = f"{sweep.origin}: fixed.{parameter.name}"
    given = _components(where, sweep.fixed.get(parameter.name, {}))
    default = _named(parameter.default)
    vector = np.full(len(labels), np.nan)
    for i, label in enumerate(labels):
        target = f"{parameter.name}.{label}"
        if target in sweep.axes:
            if label in given:
                table = "[design.parameters]" if target in sweep.design.get("parameters", ()) else "[axes]"
                raise SweepError(f"{where}.{label}: also stands in {table}; keep one of the two")
            continue
        if label in given:
            value = given[label]
        elif label in default and set(labels) == set(default):
            value = default[label]
        elif parameter.fill is not None:
            value = parameter.fill
        else:
            raise SweepError(f"{where}: {_missing(sweep, model, parameter, label, labels)}")
        vector[i] = check(f"{where}.{label}", [value])[0]
    return vector


def target_parameter(where: str, name: str, model: Model, labels: Labels) -> Parameter:
    """The parameter that `name` is, or is a component of; SweepError, beginning with `where`, if none."""
    base, dot, component = name.partition(".")
    names = [p.name for p in model.parameters] + [c.name for c in model.choices]
    if base not in [p.name for p in model.parameters]:
        raise SweepError(f"{where}: model {model.name} has no parameter {base!r}{nearest(base, names)}")
    parameter = model.parameter(base)
    if parameter.dim is None and dot:
        raise SweepError(f"{where}: {base} is one number and has no components; write {base!r}")
    if parameter.dim is not None:
        known = list(labels[parameter.dim])
        if not dot:
            raise SweepError(f"{where}: {base} is a vector; name a component, such as {base}.{known[0]}")
        if component not in known:
            raise SweepError(f"{where}: no component {component!r} of {base}{nearest(component, known)}")
    return parameter


def _missing(sweep: Sweep, model: Model, parameter: Parameter, label: str, labels: tuple[str, ...]) -> str:
    """Why a component has no value, and what to do about it."""
    default = list(_named(parameter.default))
    vectors = [p for p in model.parameters if p.dim == parameter.dim]
    for name in labels:
        if name not in default and not _is_number(name) and get_close_matches(name, default, 1, 0.6):
            owner = next(p.name for p in vectors if name in _stated(sweep, p))
            return f"has no component {name!r}, which {owner} has{nearest(name, default)}"
    owner = next((p.name for p in vectors if label in _stated(sweep, p)), "")
    told = f"component {label!r} is missing" + (f", which {owner} has" if owner else "")
    return f"{told}; the defaults are for {_list(default)}, so give all of {_list(labels)}"


def _stated(sweep: Sweep, parameter: Parameter) -> list[str]:
    """Components of a parameter that the sweep names, in [fixed] and as axes."""
    where = f"{sweep.origin}: fixed.{parameter.name}"
    given = list(_components(where, sweep.fixed.get(parameter.name, {})))
    axes = [name.partition(".") for name in sweep.axes]
    return given + [component for base, dot, component in axes if dot and base == parameter.name]


def _components(where: str, given: Any) -> dict[str, Any]:
    """Values by component, of a table by component or a list (whose components are 1, 2, ...)."""
    if _is_list(given):
        given = {str(i): value for i, value in enumerate(given, 1)}
        if not given:
            raise SweepError(f"{where}: is empty; give at least one value")
    if not isinstance(given, Mapping):
        raise SweepError(f"{where}: {given!r} should be a table by component, or a list")
    named = {str(key): value for key, value in given.items()}
    if len(named) < len(given) or "" in named:
        raise SweepError(f"{where}: every component needs a name of its own")
    return named


def _require_one_length(sweep: Sweep, vectors: Sequence[Parameter]) -> None:
    """Lists that run over one dimension are equally long."""
    sizes = {p.name: len(sweep.fixed[p.name]) for p in vectors if _is_list(sweep.fixed.get(p.name))}
    if len(set(sizes.values())) > 1:
        told = ", ".join(f"{name} has {size}" for name, size in sizes.items())
        raise SweepError(f"{sweep.origin}: fixed: lists over {vectors[0].dim} need one length; {told} values")


def _named(default: float | Mapping[str, float]) -> Mapping[str, float]:
    return default if isinstance(default, Mapping) else {}


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence | np.ndarray) and not isinstance(value, str)


def _is_number(label: str) -> bool:
    return label.isascii() and label.isdigit()


def _list(names: Sequence[str]) -> str:
    """Names as text, the middle of many left out."""
    return ", ".join(names) if len(names) <= 8 else f"{', '.join(names[:3])} ... {names[-1]}"
