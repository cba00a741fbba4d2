"""Hold a paper's conclusions against every point of a dense cube: the declarations, and the evaluator.

A cube is read slab by slab, so memory is bounded whatever its size. Points without a result are left
out and counted; a conclusion that has a premise is silent where the premise does not hold, and such points
are counted too.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from math import ceil, prod
from typing import TYPE_CHECKING, Any

import numpy as np

from ...engine.feedback.progress import Progress, Silence
from ...kernels.status import Status
from ..spec.sweep import Sweep
from .tally import Tally

if TYPE_CHECKING:
    import xarray as xr

# A slab of a study's cube to a number at each of its points.
Margin = Callable[["xr.Dataset"], Any]

_SLAB_POINTS = 2**18
_RESULT = (Status.ok, Status.corner, Status.several_equilibria)


@dataclass(frozen=True)
class Conclusion:
    """One conclusion of a paper, checkable at a point.

    Attributes
    ----------
    number, claim
        Its number in the paper (with a word where it is one part of several), and what it says in our words.
    margin
        Dataset (one formulation, a slab of the grid) to the margin by which the claim holds at each point:
        positive where it holds, negative where it does not, NaN where there is nothing to compare.
    premise, condition
        Where the claim says anything (Dataset to bool), and that in words.
    weak
        Equality is what is claimed, or is enough: it counts as holding.
    unit, tolerance
        Of the margin; margins within the tolerance of 0 are equalities.
    remark
        What a reader should know: an ambiguity, a contradiction, how it was read.
    only
        The formulations it is about; all of the study's if empty.
    """

    number: str
    claim: str
    margin: Margin
    premise: Margin | None = None
    condition: str = ""
    weak: bool = False
    unit: str = "money"
    tolerance: float = 1e-9
    remark: str = ""
    only: tuple[str, ...] = ()


def evenly(start: float, stop: float, num: int) -> dict[str, float]:
    """An axis of `num` even steps, as a sweep file states it and `Study.sized` makes it longer."""
    return {"start": start, "stop": stop, "num": num}


@dataclass(frozen=True)
class Study:
    """One cube, and the conclusions that are held against it.

    `sweep` holds the axes as ranges with `num`; `sized` makes them finer or coarser together. Each value of
    the static choice `split` is a formulation of its own; without it there is one, called `label`.
    """

    name: str
    sweep: Sweep
    conclusions: tuple[Conclusion, ...]
    slab: str
    split: str = ""
    label: str = "exact"
    result: tuple[Status, ...] = _RESULT
    points: int = 1_000_000

    @property
    def size(self) -> int:
        """Points of the grid, static choices not counted."""
        return prod(_length(spec) for spec in self.sweep.axes.values() if not _is_static(spec))

    def sized(self, points: int) -> "Study":
        """The same study on a grid of at least `points` points, ranges made longer or shorter alike."""
        low, high = 0.0, 1.0
        while self._scaled(high).size < points and high < 1e6:
            low, high = high, 2 * high
        for _ in range(40):
            middle = (low + high) / 2
            low, high = (low, middle) if self._scaled(middle).size >= points else (middle, high)
        return self._scaled(high)

    def _scaled(self, factor: float) -> "Study":
        axes = {
            name: spec | {"num": max(2, ceil(spec["num"] * factor))} if isinstance(spec, dict) else spec
            for name, spec in self.sweep.axes.items()
        }
        return replace(self, sweep=replace(self.sweep, axes=axes))


@dataclass(frozen=True)
class Finding:
    """What became of one conclusion in one formulation."""

    conclusion: Conclusion
    formulation: str
    tally: Tally
    study: str = ""


@dataclass(frozen=True)
class Result:
    """A study's findings, and how many points of its cube have each status, by formulation."""

    study: Study
    findings: list[Finding]
    statuses: dict[str, dict[str, int]] = field(default_factory=dict)


def evaluate(study: Study, cube: "xr.Dataset", progress: bool = False) -> Result:
    """Hold every conclusion of `study` against its cube, slab by slab."""
    shown = (Progress if progress else Silence)(cube["status"].size)
    formulations = cube[study.split].values.tolist() if study.split else [study.label]
    findings, statuses = [], {}
    for formulation in formulations:
        part = cube.sel({study.split: formulation}) if study.split else cube
        mine = [c for c in study.conclusions if not c.only or formulation in c.only]
        tallies = [Tally() for _ in mine]
        counts = np.zeros(len(Status), int)
        for slab, offset in _slabs(part, study.slab):
            shown.add(slab["status"].size)
            counts += np.bincount(slab["status"].values.ravel(), minlength=len(Status))
            known = _blanked(slab, study.result)
            for conclusion, tally in zip(mine, tallies, strict=True):
                _judge(conclusion, known, tally, {study.slab: offset})
        findings += [Finding(c, str(formulation), t, study.name) for c, t in zip(mine, tallies, strict=True)]
        statuses[str(formulation)] = {s.name: int(counts[s]) for s in Status if counts[s]}
    shown.close()
    return Result(study, findings, statuses)


def _judge(conclusion: Conclusion, slab: "xr.Dataset", tally: Tally, offset: dict[str, int]) -> None:
    margin = conclusion.margin(slab)
    said = None
    if conclusion.premise is not None:
        said = conclusion.premise(slab)
        # A margin of steps along an axis has one value less there.
        said = said.sel({dim: margin[dim] for dim in said.dims if dim in margin.dims})
        said = said.broadcast_like(margin).transpose(*margin.dims)
    tally.add(margin, said, conclusion.tolerance, conclusion.weak, offset)


def _slabs(cube: "xr.Dataset", dim: str) -> Iterator[tuple["xr.Dataset", int]]:
    """Parts of a cube along `dim`, loaded, each with where it begins."""
    step = max(_SLAB_POINTS * cube.sizes[dim] // prod(cube["status"].shape), 1)
    for start in range(0, cube.sizes[dim], step):
        yield cube.isel({dim: slice(start, start + step)}).load(), start


def _blanked(slab: "xr.Dataset", result: tuple[Status, ...]) -> "xr.Dataset":
    """NaN wherever a point has no result; its status stays."""
    has = slab["status"].isin([int(status) for status in result])
    blank = {name: slab[name].where(has) for name in slab.data_vars if name != "status"}
    return slab.assign(blank)


def _is_static(spec: Any) -> bool:
    return not isinstance(spec, dict) and isinstance(spec[0], str)


def _length(spec: Any) -> int:
    return spec["num"] if isinstance(spec, dict) else len(spec)
