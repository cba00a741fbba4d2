"""Global sensitivity of a cube's outputs, for every output and every other dimension at once."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import Argument, SweepError
from ..cube.select import Selections, parse_selections, select
from ..spec.design import Design
from ..spec.sampling.points import DIM
from ..text import nearest
from .bootstrap import Resampler
from .elasticity import elasticity, what_to_add
from .given.closed import MOST_SHAPLEY
from .given.grid import as_points
from .indices_held import indices_held, method_held, require_samples
from .labels import about, labelled
from .measures import METHODS, NATURAL, Block, Method, Task, independent
from .samples import Samples
from .scaled import in_units, powers
from .withheld import Withheld

if TYPE_CHECKING:
    import xarray as xr

_MOST_NUMBERS = 2**25  # in all arrays of one block together: 256 MB
_ALL = (*METHODS, "elasticity")


def sensitivity(
    dataset: "xr.Dataset",
    method: str | None = None,
    names: Sequence[str] = (),
    *,
    selections: Selections = (),
    keep: Sequence[str] | None = None,
    confidence: float = 0.95,
    resamples: int = 100,
    seed: int = 0,
) -> "xr.Dataset":
    """Sensitivity of outputs to the sampled parameters.

    Parameters
    ----------
    dataset
        A cube; lazy ones are read block by block.
    method
        "sobol", "morris", "dgsm", "prcc"; from points however they were drawn, those of a grid, too, "pawn",
        "delta", "chatterjee", "hsic", "kucherenko", "shapley", "chaos" and, of classes, "regional"; or
        "elasticity", which is local and reads any cube. That of the cube's design if None.
    names
        Outputs; all if empty. Each class of a variable is one, ``<variable>_is_<class>``, and the variable's
        name stands for all of them; ``status`` and ``status_is_<status>`` are there when they are named.
    selections
        Like ``["mechanism=sharing"]``, of dimensions that are not sampled.
    keep
        Statuses of points that count; all other points are left out. None: those that hold an answer, and
        those that say nothing against an output (`statuses.counted`).
    confidence, resamples, seed
        Of the intervals, by bootstrap over samples (of PRCC by Fisher's transformation).

    Returns
    -------
    xarray.Dataset
        Variables ``<output>_<measure>`` (see `labels.MEANINGS`) and ``_low``, ``_high`` of their
        intervals, over ``parameter`` (and ``parameter_2``) and the dimensions of the output that are not
        sampled; ``<output>_left_out`` counts the samples left out. Attribute ``status_counts`` by name.
        Where most samples were left out nothing is measured; where an output varies by rounding or by the
        solver's tolerance alone, its effects are 0 and there are no indices. The attributes ``withheld`` and
        ``does_not_vary`` say so by output.

    Raises
    ------
    SweepError
        The cube has no design that the method can read, lacks derivatives, or an option is wrong.

    Sources: of each measure at the top of its file in ``sensitivity`` and ``sensitivity.given``.
    """
    if method_held(dataset) and method in (None, method_held(dataset)):
        asked = {"keep": (keep, None), "confidence": (confidence, 0.95), "resamples": (resamples, 100)}
        part = _selected(dataset, selections, "elasticity")
        return indices_held(part, names, asked | {"seed": (seed, 0)})
    require_samples(dataset, method)
    part, grid = _selected(dataset, selections, method), None
    if method in METHODS and METHODS[method].given and DIM not in part.dims:
        part, grid = as_points(part)
    samples = Samples(part, keep, grid)
    method = _require_method(method, samples)
    if method == "elasticity":
        return elasticity(samples, samples.outputs(names, classes=False), bool(names))
    design, how = _require_design(samples, method), METHODS[method]
    _require_options(confidence, resamples, seed)
    rows = design.samples if how.grouped else len(independent(samples, design))
    wanted = samples.outputs(names, classes=not how.differentiates)
    parameters = design.moved if how.grouped else list(design.distributions)
    if method == "shapley" and len(parameters) > MOST_SHAPLEY:
        wrong = (
            f": {len(parameters)} parameters have too many groups: give kucherenko, or at most {MOST_SHAPLEY}"
        )
        raise SweepError(Argument("method", method), wrong)
    if method == "regional":
        wanted = _classes_alone(samples, wanted, names)
    if how.differentiates:
        parameters = [name for name, one in design.distributions.items() if one.continuous]
        wanted = _with_derivatives(samples, parameters, wanted, bool(names))
    task = Task(samples, design, parameters, Resampler(rows, resamples, seed, confidence), confidence)
    cells = _MOST_NUMBERS // how.numbers_per_cell(design, rows, resamples)
    result: dict[str, xr.DataArray] = {}
    notes = {name: Withheld() for name in wanted}
    for name in wanted:
        result |= _over_cells(task, name, how, cells, notes[name])
    return labelled(
        samples, result, parameters, method, rows=rows, confidence=confidence, resamples=resamples,
        intervals=how.intervals.format(resamples=resamples),
        withheld={name: note.left_out for name, note in notes.items() if note.left_out},
        does_not_vary={name: note.does_not_vary for name, note in notes.items() if note.does_not_vary},
    )  # fmt: skip


def _selected(dataset: "xr.Dataset", selections: Selections, method: str | None) -> "xr.Dataset":
    """The part of a cube that is asked about, which has all samples where they are read together."""
    given = selections if isinstance(selections, str | Mapping) else list(selections)
    for wanted in parse_selections(given):
        name = wanted.name
        if method != "elasticity" and name in dataset.coords and dataset.coords[name].dims == (DIM,):
            raise SweepError(wanted.argument, f": {name} is sampled, and all samples are needed")
    return select(dataset, given)


def _require_method(method: str | None, samples: Samples) -> str:
    """The method asked for, or that of the design."""
    if method is None and samples.design:
        return NATURAL[samples.design.kind]
    if method not in _ALL:
        wrong = "is missing; this cube has no design" if method is None else f"{method!r} is no method"
        raise SweepError(Argument("method"), f": {wrong}{nearest(method or '', _ALL)}")
    return method


def _require_options(confidence: float, resamples: int, seed: int) -> None:
    if seed < 0:
        raise SweepError(Argument("seed", seed), ": should not be negative")
    if not 0 < confidence < 1 or resamples < 2:
        given = Argument("confidence", confidence), ", ", Argument("resamples", resamples)
        raise SweepError(*given, ": between 0 and 1, and at least 2")


def _over_cells(task: Task, name: str, how: Method, cells: int, note: Withheld) -> dict[str, "xr.DataArray"]:
    """Every measure of one output, block by block."""
    import xarray as xr

    samples, result = task.samples, {}
    own, shape = samples.dims(name), samples.shape(name)
    for region in samples.regions(name, cells):
        block = [part.stop - part.start for part in region.values()]
        read = task.read(name, region)
        measures = _measured(task, how, read)
        note.apply(task, read, how, measures)
        for kind, values in measures.items():
            front = values.shape[:-1]
            if kind not in result:
                none = np.nan if values.dtype.kind == "f" else 0  # where other blocks have no such measure
                result[kind] = np.full((*front, *shape), none, values.dtype)
            result[kind][(..., *region.values())] = values.reshape((*front, *block))
    attributes = samples.attributes(name)
    arrays = {}
    for kind, values in result.items():
        first = ("parameter", "parameter_2")[: values.ndim - len(own)]
        arrays[f"{name}_{kind}"] = xr.DataArray(values, dims=(*first, *own), attrs=about(kind, attributes))
    return arrays


def _measured(task: Task, how: Method, block: Block) -> dict[str, np.ndarray]:
    """What a method says of a block, whatever the size of its values."""
    power = powers(block.values, block.usable)
    if not (how.squares and power.any()):
        return how.measure(task, block)
    shares = replace(block, values=np.ldexp(block.values, -power))
    return in_units(how.measure(task, shares), power)


def _require_design(samples: Samples, method: str) -> Design:
    usable = METHODS[method].designs
    if samples.design is not None and samples.design.correlation and METHODS[method].independent_only:
        raise SweepError(
            Argument("method", method),
            ": is of independent parameters, and these depend on each other ([design] correlation); give "
            "shapley or kucherenko",
        )
    if samples.design is None or samples.design.kind not in usable:
        held = f"a design of kind {samples.design.kind}" if samples.design else "no design"
        raise SweepError(
            Argument("method", method),
            f": needs a sampled design of kind {' or '.join(usable)}, and this cube has {held}; "
            f'put a [design] with kind = "{usable[0]}" into its sweep file',
        )
    if samples.dataset.sizes.get(DIM) != samples.design.points:
        held = samples.dataset.sizes.get(DIM, 1)
        raise SweepError(
            f"dataset: holds {held:,} of the design's {samples.design.points:,} points; give all"
        )
    return samples.design


def _classes_alone(samples: Samples, wanted: list[str], asked: Sequence[str]) -> list[str]:
    """The outputs that are classes; SweepError where there are none, or another is asked for."""
    classes = [name for name in wanted if samples.is_class(name)]
    if (asked and len(classes) < len(wanted)) or not classes:
        number = next((name for name in wanted if not samples.is_class(name)), "status")
        raise SweepError(
            Argument("method", "regional"),
            f": compares a class with the rest, and {number} is none; give pawn or delta, or name classes",
        )
    return classes


def _with_derivatives(samples: Samples, needed: list[str], wanted: list[str], asked: bool) -> list[str]:
    """The outputs that have all derivatives needed; SweepError that says what to add where there are none."""
    if not needed:
        integers = ": all sampled parameters are whole numbers, which have no derivatives"
        raise SweepError(Argument("method", "dgsm"), integers)
    lacking = {name: [one for one in needed if one not in samples.derivatives(name)] for name in wanted}
    complete = [name for name, gaps in lacking.items() if not gaps]
    if (asked and len(complete) < len(wanted)) or not complete:
        name = next(name for name in wanted if lacking[name])
        advice = what_to_add(name, lacking[name], needed)
        raise SweepError(Argument("method", "dgsm"), f": {advice}")
    return complete
