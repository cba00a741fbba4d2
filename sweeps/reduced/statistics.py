"""The [reduce] of a sweep: over which axes, and which statistics are kept of each output."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from math import prod
from typing import Any

from ...engine.errors import SweepError
from ...engine.gate.text import shown
from ...engine.reduce.counting import Classes, Histogram, Statuses
from ...engine.reduce.extremes import Extreme
from ...engine.reduce.measure import Counted, Measure
from ...engine.reduce.moments import Moments
from ...engine.reduce.quantiles import Quantiles
from ...engine.reduce.reduction import Reduction
from ...engine.space import Space, Variable, derivative_name
from ...kernels.status import Status
from ..cube.statuses import counted_for
from ..spec.outputs import output_names
from ..text import nearest
from .statistic_text import Statistic, read_statistic

_OWN_KEYS = ("over", "keep")
# Values of a cell that quantiles are taken of: 256 MB, and as much again while they are sorted.
_MOST_VALUES = 2**25


def read_statistics(
    origin: str, stated: Mapping[str, Any], outputs: tuple[str, ...], space: Space
) -> tuple[Space, Reduction]:
    """The space with the outputs that are needed, and what a [reduce] table makes of it.

    `outputs` are those that the sweep states itself. SweepError, beginning with `origin`, for what is wrong.
    """
    where = f"{origin}: reduce"
    over = _over(f"{where}.over", stated.get("over"), space)
    keep = _keep(f"{where}.keep", stated.get("keep"))
    wanted = {name: given for name, given in stated.items() if name not in _OWN_KEYS}
    if not wanted:
        raise SweepError(f'{where}: keeps nothing; name an output, such as expected_loss = ["mean"]')
    space = _with_outputs(origin, wanted, outputs, space)
    text, measures, codes = {"over": ", ".join(over)}, [], set()
    variables = {one.name: one for one in space.variables}
    points = prod(axis.size for axis in space.axes if axis.dim in over)
    for name, given in wanted.items():
        statistics = _statistics(f"{where}.{name}", given, variables[name])
        counts = frozenset(counted_for(str(variables[name].attributes.get("needs", "")), keep))
        codes |= counts
        text[name] = ", ".join(map(str, statistics))
        of = Counted(variables[name], _inner(space, variables[name]), counts, points)
        measures += _measures(of, statistics, over, space)
    if keep is not None:
        text["keep"] = ", ".join(keep)
    measures.append(Statuses(variables["status"], frozenset(codes)))
    reduction = Reduction(over, tuple(measures), text)
    _require_own_names(where, space, reduction)
    values = sum(one.numbers for one in measures if one.grows)
    if values > _MOST_VALUES:
        raise SweepError(
            f"{where}: quantiles are exact, and need all {values:,} values of a cell in memory; at most "
            f"{_MOST_VALUES:,} are held: histogram(low, high, bins) tells them to the width of a bin"
        )
    return space, reduction


def _measures(
    of: Counted, statistics: Sequence[Statistic], over: Sequence[str], space: Space
) -> list[Measure]:
    names = {one.name for one in statistics}
    if "counts" in names:
        return [Classes(of)]
    result: list[Measure] = [Moments(of, names)]
    reduced = [axis for axis in space.axes if axis.dim in over]
    for sign, wanted in ((1, {"min", "argmin"}), (-1, {"max", "argmax"})):
        if wanted & names:
            result.append(Extreme(of, sign, wanted & names, reduced, space))
    for one in statistics:
        if one.name == "histogram":
            low, high, bins = one.numbers
            result.append(Histogram(of, low, high, int(bins)))
        elif one.name == "quantiles":
            result.append(Quantiles(of, one.numbers))
    return result


def _over(where: str, stated: Any, space: Space) -> tuple[str, ...]:
    """The dimensions that are reduced, in the order of the grid."""
    if stated is None:
        raise SweepError(f'{where}: is missing; give the axes that go, such as over = ["beta"]')
    names = [stated] if isinstance(stated, str) else stated
    if not isinstance(names, Sequence) or not names or not all(isinstance(name, str) for name in names):
        raise SweepError(f"{where}: {shown(stated)} should be a list of axes")
    dims = {axis.dim: axis.dim for axis in space.axes}
    for axis in space.axes:
        dims |= {name: axis.dim for name in axis.values if not axis.group}
    for name in names:
        if name not in dims:
            own = (
                "; it is an output's own dimension, and only axes are reduced" if name in space.labels else ""
            )
            raise SweepError(f"{where}: {shown(name)} is no axis{own or nearest(name, list(dims))}")
        if list(names).count(name) > 1:
            raise SweepError(f"{where}: {shown(name)} stands there twice")
    wanted = {dims[name] for name in names}
    return tuple(axis.dim for axis in space.axes if axis.dim in wanted)


def _keep(where: str, stated: Any) -> list[str] | None:
    """Names of the statuses that count; None where that is left to what each output needs."""
    if stated is None:
        return None
    known = [one.name for one in Status if one != Status.not_computed]
    names = [stated] if isinstance(stated, str) else stated
    if not isinstance(names, Sequence) or not names:
        raise SweepError(f"{where}: {shown(stated)} should be a list of statuses")
    for name in names:
        if name not in known:
            raise SweepError(f"{where}: {shown(name)} is no status{nearest(str(name), known)}")
    return list(dict.fromkeys(names))


def _with_outputs(origin: str, wanted: Collection[str], stated: tuple[str, ...], space: Space) -> Space:
    """The space that computes what is kept, and nothing else."""
    derivatives = {derivative_name(*pair): pair for pair in space.derivatives}
    if "status" in wanted:
        raise SweepError(f"{origin}: reduce.status: is counted always, as status_counts; leave it out")
    named = [name for name in wanted if name not in derivatives]
    outputs = output_names(f"{origin}: reduce", named, space.model, bool(space.times)) if named else ()
    idle = next((name for name in stated if name not in outputs), None)
    if idle is not None:
        raise SweepError(
            f"{origin}: outputs: {idle} is not in [reduce], and would be thrown away; leave it out"
        )
    idle = next((name for name in derivatives if name not in wanted), None)
    if idle is not None:
        raise SweepError(
            f"{origin}: derivatives.{derivatives[idle][0]}: {idle} is not in [reduce], and would be thrown "
            "away; leave it out"
        )
    return replace(space, outputs=outputs)


def _statistics(where: str, given: Any, output: Variable) -> list[Statistic]:
    if isinstance(given, str):
        given = [given]
    if not isinstance(given, Sequence) or not given:
        raise SweepError(f'{where}: {shown(given)} should be a list of statistics, such as ["mean", "max"]')
    statistics = [read_statistic(where, one) for one in given]
    classes = "flag_values" in output.attributes
    for one in statistics:
        if [other.name for other in statistics].count(one.name) > 1:
            raise SweepError(f"{where}: {one.name} stands there twice")
        if classes and one.name != "counts":
            raise SweepError(f'{where}: {output.name} is a class and has no {one.name}; give ["counts"]')
        if not classes and one.name == "counts":
            raise SweepError(
                f"{where}: counts is of classes, and {output.name} is a number; give count, or "
                "histogram(low, high, bins)"
            )
    return statistics


def _inner(space: Space, variable: Variable) -> tuple[int, ...]:
    return tuple(len(space.labels[dim]) for dim in variable.inner_dims)


def _require_own_names(where: str, space: Space, reduction: Reduction) -> None:
    """Refuse what would be called like something else in the cube."""
    axes = [
        name for axis in space.axes if axis.dim not in reduction.over for name in (axis.dim, *axis.values)
    ]
    taken = dict.fromkeys([*axes, *space.labels], "")
    for measure in reduction.measures:
        for name in (*measure.labels, *(variable.name for variable in measure.variables)):
            if name in taken:
                raise SweepError(f"{where}: two things in the cube would be called {shown(name)}")
            taken[name] = ""
