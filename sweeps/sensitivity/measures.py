"""Global sensitivity of a cube's outputs, for every output and every other dimension at once."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import Argument, SweepError
from ..cube.select import Selections, parse_selections, select, selection
from ..spec.design import DIM, Design
from ..text import nearest
from .bootstrap import Resampler
from .dgsm import dgsm
from .elasticity import elasticity, what_to_add
from .labels import about, labelled
from .morris import morris_measures
from .prcc import partial_rank_correlations
from .samples import ANSWERED, Region, Samples
from .sobol import sobol_indices

if TYPE_CHECKING:
    import xarray as xr

METHODS = ("sobol", "morris", "dgsm", "prcc", "elasticity")
# The kinds of design that each method can read; the first is the one to advise.
_DESIGNS = {"sobol": ("sobol",), "morris": ("morris",), "dgsm": ("lhs", "sobol"), "prcc": ("lhs", "sobol")}
_NATURAL = {"sobol": "sobol", "morris": "morris", "lhs": "prcc"}
_MOST_NUMBERS = 2**25  # in all arrays of one block together: 256 MB


def sensitivity(
    dataset: "xr.Dataset",
    method: str | None = None,
    names: Sequence[str] = (),
    *,
    selections: Selections = (),
    keep: Sequence[str] = ANSWERED,
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
        One of `METHODS`; that of the cube's design if None. "elasticity" is local and reads any cube.
    names
        Outputs; all that are numbers if empty.
    selections
        Like ``["mechanism=sharing"]``, of dimensions that are not sampled.
    keep
        Statuses of points that count; all other points are left out.
    confidence, resamples, seed
        Of the intervals, by bootstrap over samples (of PRCC by Fisher's transformation).

    Returns
    -------
    xarray.Dataset
        Variables ``<output>_<measure>`` (see `labels.MEANINGS`) and ``_low``, ``_high`` of their
        intervals, over ``parameter`` (and ``parameter_2``) and the dimensions of the output that are not
        sampled; ``<output>_left_out`` counts the samples left out. Attribute ``status_counts`` by name.

    Raises
    ------
    SweepError
        The cube has no design that the method can read, lacks derivatives, or an option is wrong.
    """
    chosen = parse_selections(selections)
    for name, value in chosen.items():
        if method != "elasticity" and name in dataset.coords and dataset.coords[name].dims == (DIM,):
            raise SweepError(selection(name, value), f": {name} is sampled, and all samples are needed")
    samples = Samples(select(dataset, chosen), keep)
    if method is None and samples.design:
        method = _NATURAL[samples.design.kind]
    if method not in METHODS:
        wrong = "is missing; this cube has no design" if method is None else f"{method!r} is no method"
        raise SweepError(Argument("method"), f": {wrong}{nearest(method or '', list(METHODS))}")
    if method == "elasticity":
        return elasticity(samples, samples.outputs(names), bool(names))
    design = _require_design(samples, method)
    if seed < 0:
        raise SweepError(Argument("seed", seed), ": should not be negative")
    if not 0 < confidence < 1 or resamples < 2:
        given = Argument("confidence", confidence), ", ", Argument("resamples", resamples)
        raise SweepError(*given, ": between 0 and 1, and at least 2")
    rows = design.samples if method in ("sobol", "morris") else len(_independent(samples, design))
    resampler = Resampler(rows, resamples, seed, confidence)
    wanted = samples.outputs(names)
    if method == "dgsm":
        wanted = _with_derivatives(samples, design, wanted, bool(names))
    parameters = _parameters(samples, design, method)
    measure = _measure(method, samples, design, parameters, resampler, confidence)
    cells = _MOST_NUMBERS // _numbers_per_cell(method, design, rows, resamples)
    result: dict[str, xr.DataArray] = {}
    for name in wanted:
        result |= _over_cells(samples, name, parameters, measure, cells)
    return labelled(
        samples, result, parameters, method, rows=rows, confidence=confidence, resamples=resamples
    )


def _measure(
    method: str,
    samples: Samples,
    design: Design,
    parameters: list[str],
    resampler: Resampler,
    confidence: float,
) -> Callable[[str, Region], dict[str, np.ndarray]]:
    """The function from an output and a block of its cells to arrays whose last axis is cells."""
    group, x = design.group, samples.positions()
    rows = _independent(samples, design)

    def read(name: str, region: Region) -> tuple[np.ndarray, np.ndarray]:
        values = samples.table(name, region)
        return values, samples.usable(name, region, values)

    def of_sobol(name: str, region: Region) -> dict[str, np.ndarray]:
        y, usable = (part.reshape(design.samples, group, -1) for part in read(name, region))
        return sobol_indices(y, usable, len(parameters), bool(design.option), resampler)

    def of_morris(name: str, region: Region) -> dict[str, np.ndarray]:
        y, usable = (part.reshape(design.samples, group, -1) for part in read(name, region))
        return morris_measures(y, usable, x.reshape(design.samples, group, -1), design.option, resampler)

    def of_prcc(name: str, region: Region) -> dict[str, np.ndarray]:
        y, usable = read(name, region)
        return partial_rank_correlations(x[rows], y[rows], usable[rows], confidence)

    def of_dgsm(name: str, region: Region) -> dict[str, np.ndarray]:
        y, usable = (part[rows] for part in read(name, region))
        own = samples.derivatives(name)
        slopes = np.stack([samples.table(own[one], region)[rows] for one in parameters], axis=1)
        usable &= np.isfinite(slopes).all(axis=1)
        columns = [list(design.distributions).index(one) for one in parameters]
        distributions = [design.distributions[one] for one in parameters]
        return dgsm(x[rows][:, columns], y, slopes, usable, distributions, resampler)

    return {"sobol": of_sobol, "morris": of_morris, "prcc": of_prcc, "dgsm": of_dgsm}[method]


def _over_cells(
    samples: Samples,
    name: str,
    parameters: list[str],
    measure: Callable[[str, Region], dict[str, np.ndarray]],
    cells: int,
) -> dict[str, "xr.DataArray"]:
    """Every measure of one output, block by block."""
    import xarray as xr

    own, shape, result = samples.dims(name), samples.shape(name), {}
    for region in samples.regions(name, cells):
        block = [part.stop - part.start for part in region.values()]
        for kind, values in measure(name, region).items():
            front = values.shape[:-1]
            if kind not in result:
                result[kind] = np.empty((*front, *shape), values.dtype)
            result[kind][(..., *region.values())] = values.reshape((*front, *block))
    attributes = samples.dataset[name].attrs
    arrays = {}
    for kind, values in result.items():
        first = ("parameter", "parameter_2")[: values.ndim - len(own)]
        arrays[f"{name}_{kind}"] = xr.DataArray(values, dims=(*first, *own), attrs=about(kind, attributes))
    return arrays


def _require_design(samples: Samples, method: str) -> Design:
    usable = _DESIGNS[method]
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


def _independent(samples: Samples, design: Design) -> np.ndarray:
    """Points that are drawn independently of each other: of a Sobol' design the matrices A and B."""
    points = np.arange(samples.points)
    inside = points % design.group
    return points[(inside == 0) | (inside == design.group - 1)] if design.kind == "sobol" else points


def _parameters(samples: Samples, design: Design, method: str) -> list[str]:
    """Sampled parameters; for DGSM those that are continuous."""
    names = design.distributions.items()
    return [name for name, one in names if method != "dgsm" or one.kind != "integers"]


def _with_derivatives(samples: Samples, design: Design, wanted: list[str], asked: bool) -> list[str]:
    """The outputs that have all derivatives; SweepError telling what to add where there are none."""
    needed = _parameters(samples, design, "dgsm")
    if not needed:
        whole = ": all sampled parameters are whole numbers, which have no derivatives"
        raise SweepError(Argument("method", "dgsm"), whole)
    lacking = {name: [one for one in needed if one not in samples.derivatives(name)] for name in wanted}
    whole = [name for name, gaps in lacking.items() if not gaps]
    if (asked and len(whole) < len(wanted)) or not whole:
        name = next(name for name in wanted if lacking[name])
        advice = what_to_add(name, lacking[name], needed)
        raise SweepError(Argument("method", "dgsm"), f": {advice}")
    return whole


def _numbers_per_cell(method: str, design: Design, rows: int, resamples: int) -> int:
    d = len(design.distributions)
    kinds = {"sobol": 2 * d + 4, "morris": 3 * d + 1, "dgsm": 4 * d + 3, "prcc": 2}
    moments = kinds[method] + (d * (d - 1) // 2 if method == "sobol" and design.option else 0)
    own = design.points * (d + 1 if method == "dgsm" else 2)
    return own + 2 * rows * moments + 3 * resamples * moments
