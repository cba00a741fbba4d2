"""A design whose samples are not stored: which indices are kept of them, and with what intervals."""

from collections.abc import Mapping
from typing import Any

from ...engine.errors import SweepError
from ...engine.gate.text import shown
from ...engine.reduce.counting import Statuses
from ...engine.reduce.measure import Measure
from ...engine.reduce.reduction import Reduction
from ...engine.space import Space, Variable
from ...engine.values.columns import Values
from ..cube.statuses import counted_for, status_names
from ..sensitivity.measures import NATURAL
from ..sensitivity.noise import floor_for
from ..sensitivity.samples import ANSWERED
from ..spec.checks import count
from ..spec.design import STREAMED, Design
from ..spec.sampling.points import DIM
from .blocks import BLOCKS, Blocks
from .dgsm import Dgsm
from .morris import Morris
from .prcc import Prcc
from .sampled import Measured
from .sobol import Sobol
from .until import Until, read_until

_CALLED = {"sobol": "Sobol' indices", "morris": "Morris effects", "prcc": "rank correlations"}
# What else than its natural measure may be kept of a kind of design.
_OTHER = {"lhs": "dgsm"}

# Values of a design that ranks are taken of: 256 MB, and several times as much while they are ranked.
_MOST_VALUES = 2**25


def stored(where: str, stated: Mapping[str, Any]) -> bool:
    """Whether a design as it is stated stores its points; SweepError, beginning with `where`."""
    result = stated.get("store", True)
    if not isinstance(result, bool):
        raise SweepError(f"{where}.store: {shown(result)} should be true or false")
    for key in STREAMED:
        if result and key != "store" and key in stated:
            raise SweepError(
                f"{where}.{key}: is of indices that are computed as points are; add store = false"
            )
    return result


def read_indices(where: str, stated: Mapping[str, Any], space: Space) -> Reduction:
    """What is kept of a design that is not stored; SweepError, beginning with `where`, for what is wrong."""
    identity = space.identity()
    design = Design.from_identity(identity)
    assert design is not None  # `stated` was read before
    natural = NATURAL[design.kind]
    if natural not in _CALLED:
        raise SweepError(f"{where}.store: false is of designs that are drawn; store these points")
    method = _method(f"{where}.method", stated.get("method", natural), design.kind)
    if method == "dgsm":
        _require_derivatives(f"{where}.method", space, design)
    elif space.derivatives:
        raise SweepError(
            f"{where}.store: false keeps {_CALLED[method]}, which need no [derivatives]; leave them out"
            + (', or take method = "dgsm"' if design.kind in _OTHER else "")
        )
    confidence = stated.get("confidence", 0.95)
    if isinstance(confidence, bool) or not isinstance(confidence, int | float) or not 0 < confidence < 1:
        raise SweepError(f"{where}.confidence: {shown(confidence)} should lie between 0 and 1")
    resamples = count(f"{where}.resamples", stated.get("resamples", 100), 2)
    until = read_until(f"{where}.until", stated.get("until"), design)
    columns = next(axis.values for axis in space.axes if axis.dim == DIM)
    measures, codes = [], set()
    for output in space.variables:
        if output.name in space.outputs and not (method == "dgsm" and "flag_values" in output.attributes):
            for one in _wanted(space, output, identity):
                measures.append(_measure(method, one, design, resamples, float(confidence), columns, until))
                codes |= one.codes
    measures.append(Statuses(next(one for one in space.variables if one.name == "status"), frozenset(codes)))
    _require_own_names(where, space, measures)
    held = sum(measure.numbers for measure in measures if measure.grows)
    if held > _MOST_VALUES:
        raise SweepError(
            f"{where}.store: false ranks all {held:,} values of a cell at once; at most {_MOST_VALUES:,} are "
            "held: keep fewer outputs or samples, or take a sobol design"
        )
    text = {
        "over": DIM,
        "measures": method,
        "confidence": str(float(confidence)),
        "resamples": str(resamples),
        "blocks": str(min(BLOCKS, design.samples)),
        "keep": ", ".join(dict.fromkeys([*ANSWERED, *status_names(sorted(codes))])),
    }
    order = Blocks(design.samples, design.seed) if method == "sobol" else None
    if until is None:
        return Reduction((DIM,), tuple(measures), text, order=order)
    asked = until.counts[0] * design.points_per_sample
    return Reduction((DIM,), tuple(measures), text | until.text, asked, order)


def _method(where: str, stated: Any, kind: str) -> str:
    """The measure that is kept; SweepError, beginning with `where`, for one that a design does not give."""
    known = [NATURAL[kind], *([_OTHER[kind]] if kind in _OTHER else [])]
    if stated not in known:
        more = "; dgsm is of lhs designs, of which every point counts" if stated == "dgsm" else ""
        raise SweepError(
            f"{where}: {shown(stated)} is not kept of a {kind} design: {' or '.join(known)}{more}"
        )
    return stated


def _require_derivatives(where: str, space: Space, design: Design) -> None:
    """Refuse parameters that are correlated or have no derivatives, and outputs without any of theirs."""
    if design.correlation:
        raise SweepError(f"{where}: dgsm is of independent parameters; leave the correlation out")
    parameters = _continuous(design)
    if not parameters:
        raise SweepError(
            f"{where}: dgsm needs a parameter with derivatives; all of these are whole or single values"
        )
    reals = [
        one.name
        for one in space.variables
        if one.name in space.outputs and "flag_values" not in one.attributes
    ]
    if not reals:
        raise SweepError(f"{where}: dgsm is of real outputs; add one to outputs")
    for name in reals:
        lacking = [one for one in parameters if (name, one) not in space.derivatives]
        if lacking:
            raise SweepError(
                f"{where}: dgsm needs derivatives of {name} in {', '.join(lacking)}; add them to "
                "[derivatives], or leave that output out"
            )


def _continuous(design: Design) -> list[str]:
    return [name for name, one in design.distributions.items() if one.continuous]


def _measure(
    method: str,
    wanted: Measured,
    design: Design,
    resamples: int,
    confidence: float,
    columns: Mapping[str, Values],
    until: Until | None,
) -> Measure:
    """What is measured of one output."""
    if method == "dgsm":
        return Dgsm(wanted, design, resamples, confidence, _continuous(design), until)
    if method == "prcc":
        return Prcc(wanted, design, confidence, columns, until)
    how = Sobol if method == "sobol" else Morris
    return how(wanted, design, resamples, confidence, design.moved, until)


def _wanted(space: Space, output: Variable, identity: Mapping[str, str]) -> list[Measured]:
    """The output itself, or each of its classes."""
    inner = tuple(len(space.labels[dim]) for dim in output.inner_dims)
    needs = str(output.attributes.get("needs", ""))
    codes = frozenset(counted_for(needs, None, ANSWERED))
    floor = floor_for(output.dtype, needs, identity)
    if "flag_values" not in output.attributes:
        return [Measured(output, inner, output.name, None, codes, floor)]
    names = str(output.attributes["flag_meanings"]).split()
    return [
        Measured(output, inner, f"{output.name}_is_{name}", int(number), codes, floor)
        for number, name in zip(output.attributes["flag_values"], names, strict=True)
    ]


def _require_own_names(where: str, space: Space, measures: list[Measure]) -> None:
    taken = [name for axis in space.axes if axis.dim != DIM for name in (axis.dim, *axis.values)]
    taken += list(space.labels)
    for measure in measures:
        for name in (*(one.name for one in measure.variables), *measure.labels):
            if name in taken:
                raise SweepError(f"{where}: two things in the cube would be called {shown(name)}")
        taken += [one.name for one in measure.variables]
