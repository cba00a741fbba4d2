"""Indices that a cube holds instead of samples, as the analysis of samples gives them."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ...engine.errors import Argument, SweepError
from ...engine.gate.documents import parse_json
from ..spec.design import Design
from ..spec.sampling.points import DIM
from ..text import nearest
from .measures import METHODS
from .withheld import ALWAYS, LEFT_OUT, TOO_FEW, Withheld

if TYPE_CHECKING:
    import xarray as xr

_INTERVALS = {"prcc": "by Fisher's transformation"}
# What a result says of itself, in ``<output>_note``: a key of `noise.WHY`, or one of these.
MEASURED, WITHHELD, FEW = 0, 4, 5
_NOTE, _LOST = "_note", "_left_out"
# Where intervals were to become narrow: the samples that were computed, and what was found of fewer.
SAMPLES, SO_FAR, HISTORY = "_samples", "samples_so_far", "history"
_SLOPES = ("mean_slope", "mean_size", "nu", "total_bound")
_KINDS = ("S1", "ST", "S2", "mu", "mu_star", "sigma", "prcc", "p_value", *_SLOPES)


def method_held(dataset: "xr.Dataset") -> str:
    """The method of the indices that a cube holds; empty where it holds samples, or neither."""
    return str(_identity(dataset).get("reduce.measures", ""))


def require_samples(dataset: "xr.Dataset", method: str | None) -> None:
    """Refuse a cube whose samples were reduced as they were computed, with a SweepError."""
    over = _identity(dataset).get("reduce.over", "").split(", ")
    if DIM in over:
        kept = f"indices of {method_held(dataset)}" if method_held(dataset) else "statistics"
        raise SweepError(
            Argument("method", method), f": reads samples, and this cube keeps {kept} and no samples"
        )


def indices_held(
    dataset: "xr.Dataset", names: Sequence[str], asked: dict[str, tuple[Any, Any]]
) -> "xr.Dataset":
    """The indices of a cube, or a part of one, of outputs called `names`; of all if empty.

    `asked` are the options of the analysis, each with its default: they were settled when points were
    computed. SweepError where one is another, or a name is unknown.
    """
    identity = _identity(dataset)
    design = Design.from_identity(identity)
    assert design is not None
    held = {
        "confidence": float(identity["reduce.confidence"]),
        "resamples": int(identity["reduce.resamples"]),
    }
    for option, (given, default) in asked.items():
        if given not in (default, held.get(option, default)):
            settled = f": was settled when the samples were computed, at {held.get(option, 'what is usual')}"
            raise SweepError(Argument(option, given), settled)
    known = _outputs(dataset)
    names = [output for name in names for output in _called(name, known)]
    arrays, notes = {}, {}
    least = METHODS[method_held(dataset)].least(_parameters(dataset))
    for name in names or known:
        reasons = _reasons(dataset, name, design, least)
        notes[name] = _noted(dataset, name, reasons, _samples(dataset, name, design), least)
        for kind, array in _measures(dataset, name).items():
            if kind not in ALWAYS:
                array = array.where(reasons != TOO_FEW)
            first = [dim for dim in ("parameter", "parameter_2") if dim in array.dims]
            arrays[f"{name}_{kind}"] = array.transpose(*first, ...)
    result = dataset[[]].assign(arrays).drop_attrs(deep=False)
    result = result.drop_vars(
        [name for name in result.coords if not set(result[name].dims) <= set(result.dims)]
    )
    for dim in {"whole", "of_status"} & {str(name) for name in result.dims}:
        result = result.isel({dim: 0}, drop=True)
    return result.assign_attrs(
        method=method_held(dataset), design=str(design), rows=design.samples, **held,
        intervals=_INTERVALS.get(method_held(dataset), f"by {held['resamples']} bootstrap resamples"),
        **_ended(dataset, names or [*known], identity, design.samples),
        withheld={name: note.left_out for name, note in notes.items() if note.left_out},
        does_not_vary={name: note.does_not_vary for name, note in notes.items() if note.does_not_vary},
        status_counts=_status_counts(dataset), keep=identity["reduce.keep"].split(", "),
    )  # fmt: skip


def _outputs(dataset: "xr.Dataset") -> dict[str, bool]:
    """Names of the outputs that have measures, and whether each is a class; classes last, as of samples."""
    names = [str(name).removesuffix(_NOTE) for name in dataset.data_vars if str(name).endswith(_NOTE)]
    said = {name: str(dataset[f"{name}{_LOST}"].attrs.get("long_name", "")) for name in names}
    classes = {name: said[name].endswith(f": whether {name.replace('_', ' ')}") for name in names}
    return dict(sorted(classes.items(), key=lambda one: one[1]))


def _called(name: str, known: Mapping[str, bool]) -> list[str]:
    """The output of this name, or the classes of a variable called so; SweepError where there are none."""
    classes = [one for one, is_class in known.items() if is_class and one.startswith(f"{name}_is_")]
    if name not in known and not classes:
        raise SweepError(Argument("names", name), f": no such output{nearest(name, list(known))}")
    return [name] if name in known else classes


def _measures(dataset: "xr.Dataset", name: str) -> dict[str, "xr.DataArray"]:
    kinds = [f"{kind}{end}" for kind in _KINDS for end in ("", "_low", "_high")]
    there = [kind for kind in (*kinds, *ALWAYS) if f"{name}_{kind}" in dataset.data_vars]
    return {kind: dataset[f"{name}_{kind}"] for kind in there}


def _samples(dataset: "xr.Dataset", name: str, design: Design) -> np.ndarray:
    """How many samples were computed, of each cell of an output."""
    if f"{name}{SAMPLES}" in dataset:
        return np.ravel(dataset[f"{name}{SAMPLES}"].values)
    return np.full(dataset[f"{name}_left_out"].size, design.samples)


def _parameters(dataset: "xr.Dataset") -> int:
    """Of how many parameters, or groups, there are indices."""
    return dataset.sizes.get("parameter", 0)


def _reasons(dataset: "xr.Dataset", name: str, design: Design, least: int) -> "xr.DataArray":
    """Why each cell of an output has no indices: a key of `noise.WHY`, `LEFT_OUT`, `TOO_FEW`; 0 where it has.

    Cubes of earlier versions hold indices of however few samples.
    """
    note, lost = dataset[f"{name}{_NOTE}"], dataset[f"{name}_left_out"]
    computed = lost.copy(data=_samples(dataset, name, design).reshape(lost.shape))
    few = (note == FEW) | ((note == MEASURED) & (computed - lost < least))
    return note.where(note != WITHHELD, LEFT_OUT).where(~few, TOO_FEW)


def _noted(
    dataset: "xr.Dataset", name: str, reasons: "xr.DataArray", samples: np.ndarray, least: int
) -> Withheld:
    lost, result = np.ravel(dataset[f"{name}{_LOST}"].values), Withheld(least=least)
    few = np.ravel(reasons.values == TOO_FEW)
    result.few = int((samples - lost)[few].max(initial=0))
    std, error = (np.ravel(dataset[f"{name}_{kind}"].values) for kind in ("std", "error"))
    result.count(np.ravel(reasons.values), lost, samples, std, error)
    return result


def _ended(
    dataset: "xr.Dataset", names: Sequence[str], identity: Mapping[str, str], most_samples: int
) -> dict[str, str]:
    """How many samples there are, in words, where they were to end with narrow intervals."""
    if "reduce.until" not in identity:
        return {}
    counts = np.concatenate([np.ravel(dataset[f"{name}{SAMPLES}"].values) for name in names])
    few, most = f"{counts.min():,}", f"{counts.max():,}"
    many = few if few == most else f"{few} to {most}"
    text = f"{many}, until intervals are at most {identity['reduce.until']} wide"
    if all_taken := int((counts == most_samples).sum()):
        text += f"; {all_taken:,} of {counts.size:,} took all samples, and may be wider"
    return {"samples": text}


def history(dataset: "xr.Dataset", indices: "xr.Dataset") -> "dict[int, xr.Dataset]":
    """The `indices` in a cube as they were after ever more samples, by how many these are.

    None where it keeps no such history.
    """
    names = [str(name) for name in indices.data_vars if f"{name}_{HISTORY}" in dataset]
    if not names:
        return {}
    past = dataset[[f"{name}_{HISTORY}" for name in names]]
    result = {}
    for index, count in enumerate(past[SO_FAR].values.tolist()):
        here = past.isel({SO_FAR: index}, drop=True).rename({f"{name}_{HISTORY}": name for name in names})
        if any(bool(here[name].notnull().any()) for name in names):
            result[int(count)] = here.isel({"whole": 0}, drop=True) if "whole" in here.dims else here
    return result


def _status_counts(dataset: "xr.Dataset") -> dict[str, int]:
    counts = dataset["status_counts"]
    summed = counts.sum([dim for dim in counts.dims if dim != "of_status"])
    pairs = zip(summed["of_status"].values.tolist(), summed.values.tolist(), strict=True)
    return {str(name): int(number) for name, number in pairs if number > 0}


def _identity(dataset: "xr.Dataset") -> dict[str, str]:
    return parse_json(dataset.attrs.get("identity", "{}"))
