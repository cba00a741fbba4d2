"""Vector parameters of a sweep: what their components are called, and the value of each."""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from numbers import Real
from typing import Any

import numpy as np

from ...engine.errors import SweepError
from ...engine.gate.text import shown
from ...kernels.model import Model, Parameter
from ..text import nearest
from .declared import MOST_LABELS, require_few
from .inputs import Inputs

_LONGEST = 100  # letters of a component's name


def component_labels(
    where: str, fixed: Mapping[str, Any], varied: Iterable[str], model: Model
) -> dict[str, tuple[str, ...]]:
    """Names of the components by dimension; numbers in numeric order, other names as first stated.

    Components come from ``[fixed.<name>]`` and from the names that are `varied`, as axes or samples:
    "<name>.<component>". Where no list is given and all of them are the default's own, the others of the
    default stay; otherwise what is stated is all there is. Beside axes that name the default's own components
    a list is of those, in their order; so is one over a dim whose labels the model declares, which are then
    all there is. SweepError, beginning with `where`, for what is no vector, and for
    lists of different lengths.
    """
    varied = list(varied)
    labels: dict[str, tuple[str, ...]] = {}
    for dim in dict.fromkeys(p.dim for p in model.parameters if p.dim):
        vectors = [p for p in model.parameters if p.dim == dim]
        default = tuple(dict.fromkeys(name for p in vectors for name in _named(p.default)))
        by_name = _by_name(where, fixed, varied, model, dim)
        stated = dict.fromkeys(name for p in vectors for name in _stated(where, by_name, varied, p))
        if declared := _declared(model, dim):
            labels[dim] = declared
            _require_among(f"{where}: {dim}", stated, declared)
            continue
        resized = any(_is_list(fixed.get(p.name)) for p in vectors)
        chosen = tuple(stated) if resized or not set(stated) <= set(default) else default
        labels[dim] = tuple(sorted(chosen, key=int)) if all(map(_is_number, chosen)) else chosen
        require_names(f"{where}: {dim}", labels[dim])
        _require_one_length(where, fixed, vectors)
    return labels


def _require_among(where: str, stated: Iterable[str], declared: Sequence[str]) -> None:
    """Refuse a component that the model's dim has no label for; SweepError with `where`."""
    for name in stated:
        if name not in declared:
            raise SweepError(f"{where}: there is no component {shown(name)}{nearest(name, declared)}")


def _declared(model: Model, dim: str) -> tuple[str, ...]:
    """The labels that the model itself gives a dim; none where its components are the sweep's."""
    return next((tuple(map(str, one.labels)) for one in model.dims if one.name == dim), ())


def require_names(where: str, names: Iterable[str]) -> None:
    """Refuse labels that a cube cannot hold, or that steer whatever shows them; SweepError with `where`."""
    for name in names:
        if len(name) > _LONGEST or not name.isprintable():
            raise SweepError(
                f"{where}: {shown(name)} should be a name of at most {_LONGEST} letters, without control "
                "characters"
            )


def vector_values(
    where: str, fixed: Mapping[str, Any], parameter: Parameter, inputs: Inputs, taken: Mapping[str, str]
) -> np.ndarray:
    """Values of a vector parameter over its dim, shape (components,); what is `taken` holds NaN.

    `taken` maps the components that are axes or are sampled to the table where they stand; what `fixed` says
    of them is the base that they vary from, and counts no more. SweepError, beginning with `where`, for a
    component without a value, and for a wrong one.
    """
    labels = inputs.labels[parameter.dim or ""]
    fixed = _by_name(where, fixed, taken, inputs.model, parameter.dim or "")
    stated = fixed.get(parameter.name, {})
    given = _components(f"{where}.{parameter.name}", stated)
    default = _named(parameter.default)
    vector, as_by_default = np.full(len(labels), np.nan), set(labels) == set(default)
    for i, label in enumerate(labels):
        target = f"{parameter.name}.{label}"
        if target in taken:
            continue
        if label in given:
            value = given[label]
        elif _is_number_for_all(stated):
            value = stated
        elif as_by_default:
            value = default[label]
        elif parameter.fill is not None:
            value = parameter.fill
        else:
            reason = _missing(where, fixed, list(taken), parameter, label, inputs)
            raise SweepError(f"{where}.{parameter.name}: {reason}")
        vector[i] = inputs.numbers(f"{where}.{target}", [value], parameter)[0]
    return vector


def _missing(
    where: str, fixed: Mapping[str, Any], varied: Sequence[str], parameter: Parameter, label: str,
    inputs: Inputs,
) -> str:  # fmt: skip
    """Why a component has no value, and what to do about it."""
    default, labels = list(_named(parameter.default)), inputs.labels[parameter.dim or ""]
    vectors = [p for p in inputs.model.parameters if p.dim == parameter.dim]
    stated = {p.name: _stated(where, fixed, varied, p) for p in vectors}
    for name in labels:
        if name not in default and not _is_number(name) and get_close_matches(name, default, 1, 0.6):
            owner = next(owner for owner, names in stated.items() if name in names)
            return f"has no component {shown(name)}, which {owner} has{nearest(name, default)}"
    owner = next((owner for owner, names in stated.items() if label in names), "")
    missing = f"component {shown(label)} is missing" + (f", which {owner} has" if owner else "")
    return f"{missing}; the defaults are for {_list(default)}, so give all of {_list(labels)}"


def _stated(where: str, fixed: Mapping[str, Any], varied: Iterable[str], parameter: Parameter) -> list[str]:
    """Components of a parameter that the sweep names, in [fixed] and as axes or samples."""
    given = list(_components(f"{where}.{parameter.name}", fixed.get(parameter.name, {})))
    parts = [name.partition(".") for name in varied]
    return given + [component for base, dot, component in parts if dot and base == parameter.name]


def _by_name(
    where: str, fixed: Mapping[str, Any], varied: Iterable[str], model: Model, dim: str
) -> Mapping[str, Any]:
    """The same values, lists of them as tables where names in words are known.

    That is where the dim has labels, or where axes name the default's components.
    """
    vectors = [p for p in model.parameters if p.dim == dim]
    declared = _declared(model, dim)
    default = declared or list(dict.fromkeys(name for p in vectors for name in _named(p.default)))
    parts = [name.partition(".") for name in varied]
    named = {component for base, dot, component in parts if dot and base in {p.name for p in vectors}}
    if not declared and (not named or not named <= set(default) or any(map(_is_number, default))):
        return fixed
    lists = {p.name for p in vectors if _is_list(fixed.get(p.name))}
    for name in lists:
        if len(fixed[name]) != len(default):
            why = "" if declared else f"as {_list(sorted(named))} is varied, "
            raise SweepError(
                f"{where}.{name}: a list of {len(fixed[name])} values; {why}"
                f"it is of {_list(default)}: give {len(default)}, or a table by component"
            )
    return {**fixed, **{name: dict(zip(default, fixed[name], strict=True)) for name in lists}}


def _components(where: str, given: Any) -> dict[str, Any]:
    """Values by component, of a table by component or a list (whose components are 1, 2, ...).

    A number for all components names none.
    """
    if _is_number_for_all(given):
        return {}
    if isinstance(given, Mapping) or _is_list(given):
        require_few(where, given, MOST_LABELS)
    if _is_list(given):
        given = {str(i): value for i, value in enumerate(given, 1)}
        if not given:
            raise SweepError(f"{where}: is empty; give at least one value")
    if not isinstance(given, Mapping):
        raise SweepError(
            f"{where}: {shown(given)} should be a table by component, a list, or a number for all"
        )
    named = {str(key): value for key, value in given.items()}
    if len(named) < len(given) or "" in named:
        raise SweepError(f"{where}: every component needs a name of its own")
    return named


def _require_one_length(where: str, fixed: Mapping[str, Any], vectors: Sequence[Parameter]) -> None:
    """Lists that run over one dimension are equally long."""
    sizes = {p.name: len(fixed[p.name]) for p in vectors if _is_list(fixed.get(p.name))}
    if len(set(sizes.values())) > 1:
        lengths = ", ".join(f"{name} has {size}" for name, size in sizes.items())
        raise SweepError(f"{where}: lists over {vectors[0].dim} need one length; {lengths} values")


def _named(default: float | Mapping[str, float]) -> Mapping[str, float]:
    return default if isinstance(default, Mapping) else {}


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence | np.ndarray) and not isinstance(value, str)


def _is_number_for_all(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _is_number(label: str) -> bool:
    return label.isascii() and label.isdigit()


def _list(names: Sequence[str]) -> str:
    """Names as text, the middle of many left out."""
    return ", ".join(names) if len(names) <= 8 else f"{', '.join(names[:3])} ... {names[-1]}"
