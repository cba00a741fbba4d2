"""What a library would raise at a point is NaN at that point, and no exception that ends the run.

Optimistix, lineax and diffrax check their results by `equinox.error_if`: a Python function that is called
back raises for all points of a batch together. Where ``EQX_ON_ERROR=nan`` puts NaN in place of that, it does
so at all of them, too. So each check is replaced in the trace of one point, before this is vmapped, by a
choice between NaN and what was computed. Nothing is called back then, and what XLA compiles can be kept.

What NaN cannot be put into, integers that somebody looks at, makes the point's status `not_finite`, and so
does NaN of which something else is made, as by a comparison (`where_nan_ends`). In a loop or a branch a check
of integers stays as it is.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
from jax.extend import core

from ...kernels.status import WITHOUT_RESULT, Status
from ..called import called
from ..codegen.live_code import live
from .equations import bound, computed, retraced, with_inner
from .foreign import opened
from .live_bytes import inner_jaxprs
from .where_nan_ends import through

Array = Any

# What leaves a truth value as it is, whatever its dtype becomes.
_SAME = frozenset({"convert_element_type", "clamp", "copy"})
_WITHOUT_RESULT = sorted(map(int, WITHOUT_RESULT))
_OF_EQUINOX = "equinox._errors"


def checks_as_nan(closed: core.ClosedJaxpr, status: int | None) -> core.ClosedJaxpr:
    """The same program of one point, differentiated already and not yet vmapped, whose checks raise nothing.

    `status`: which of its results is the point's status; None where there is none.
    """
    if not _Checks().inside(closed.jaxpr, _is_of_a_batch):
        return closed
    # What nobody looks at is left out first, so that a check is of what somebody does look at.
    visible = live(_Checks().rewritten(closed))
    return live(_Replaced(status).rewritten(visible))


class _Checks:
    """Opens whatever calls a check: functions, and primitives that a library defines."""

    def __init__(self) -> None:
        self.opened: dict[int, tuple[Any, core.ClosedJaxpr | None]] = {}

    def inside(self, jaxpr: core.Jaxpr, sought: Callable[[Any], bool] | None = None) -> bool:
        """Whether a part of a check, or what is `sought`, stands anywhere in a program."""
        return any(self._holds(equation, sought or _is_part) for equation in jaxpr.eqns)

    def _holds(self, equation: Any, sought: Callable[[Any], bool]) -> bool:
        if sought(equation) or any(self.inside(j, sought) for j in inner_jaxprs(equation.params)):
            return True
        function = self._opened(equation)
        return function is not None and self.inside(function.jaxpr, sought)

    def _opened(self, equation: Any) -> core.ClosedJaxpr | None:
        if id(equation) not in self.opened:  # with the equation itself, whose id no other one gets so
            self.opened[id(equation)] = equation, opened(equation)
        return self.opened[id(equation)][1]

    def rewritten(self, closed: core.ClosedJaxpr) -> core.ClosedJaxpr:
        return retraced(self._run, closed)

    def _run(self, jaxpr: core.Jaxpr, consts: Sequence[Array], *arguments: Array) -> list[Array]:
        return computed(jaxpr, consts, self.results, *arguments)

    def results(self, equation: Any, operands: list[Array]) -> Sequence[Array]:
        if _is_part(equation) or not self._holds(equation, _is_part):
            return bound(equation, operands, equation.params)
        function = called(equation)
        if function is not None:
            return self._run(function.jaxpr, function.consts, *operands)
        function = self._opened(equation)
        if function is not None:
            return computed(function.jaxpr, function.consts, self._of_a_library, *operands)
        return bound(equation, operands, with_inner(equation.params, self.inside, self.rewritten))

    def _of_a_library(self, equation: Any, operands: list[Array]) -> Sequence[Array]:
        """One equation within a primitive of a library, all of whose values come from its operands.

        It makes sure of that itself by an identity that refuses to be vmapped.
        """
        return operands if equation.primitive.name == "nontraceable" else self.results(equation, operands)


class _Replaced:
    """A program whose checks are all in sight, each replaced."""

    def __init__(self, status: int | None, within: bool = False) -> None:
        self.status, self.within = status, within
        self.of_points: dict[int, tuple[Array, Array]] = {}
        self.raised: list[Array] = []
        # Of numbers that are NaN where checks have failed: when these have.
        self.lost: dict[int, tuple[Array, list[Array]]] = {}

    def rewritten(self, closed: core.ClosedJaxpr) -> core.ClosedJaxpr:
        return retraced(self._run, closed)

    def _run(self, jaxpr: core.Jaxpr, consts: Sequence[Array], *arguments: Array) -> list[Array]:
        results = computed(jaxpr, consts, self.results, *arguments)
        if self.status is not None and self.raised:
            own = results[self.status]
            counts = jnp.stack(self.raised).any() & ~jnp.isin(own, jnp.asarray(_WITHOUT_RESULT, own.dtype))
            results[self.status] = jnp.where(counts, int(Status.not_finite), own).astype(own.dtype)
        return results

    def results(self, equation: Any, operands: list[Array]) -> Sequence[Array]:
        if _compares_points(equation):
            return operands
        which = which_stops(equation)
        if which is not None:
            return self._checked(equation, operands, which)
        inner = _Replaced(None, within=True).rewritten
        results = bound(equation, operands, with_inner(equation.params, _Checks().inside, inner))
        self._follow(equation, operands, results)
        if _is_of_a_batch(equation):
            self._note(results[0], jnp.any(operands[0]))
        elif equation.primitive.name in _SAME:
            for value in operands:
                if id(value) in self.of_points:
                    self._note(results[0], self.of_points[id(value)][1])
        return results

    def _follow(self, equation: Any, operands: list[Array], results: Sequence[Array]) -> None:
        """Note where NaN of checks that have failed goes on, and where it ends."""
        if self.status is None:
            return
        failed = self._failed(operands)
        ends, lost = through(equation, [id(value) in self.lost for value in operands])
        if ends:
            self.raised += failed
        if any(map(_Checks().inside, inner_jaxprs(equation.params))):
            real = [r for r in results if _may_be_nan(r)]
            failed, lost = [*failed, *(jnp.isnan(r).any() for r in real)], [*map(_may_be_nan, results)]
        for result, is_lost in zip(results, lost, strict=True):
            if is_lost:
                self.lost[id(result)] = result, failed

    def _failed(self, operands: list[Array]) -> list[Array]:
        """When these numbers are NaN, each reason once."""
        every = [failed for value in operands for failed in self.lost.get(id(value), (value, []))[1]]
        return list({id(failed): failed for failed in every}.values())

    def _note(self, result: Array, of_point: Array) -> None:
        self.of_points[id(result)] = result, of_point

    def _checked(self, equation: Any, operands: list[Array], which: int) -> Sequence[Array]:
        """What the check passes on: NaN where it would raise."""
        index, *rest = operands
        if id(index) not in self.of_points:  # a choice of the model's own
            return bound(equation, operands, equation.params)
        failed = self.of_points[id(index)][1].astype(bool) == bool(which)
        values = core.jaxpr_as_fun(equation.params["branches"][1 - which])(*rest)
        if not all(map(_may_be_nan, values)):
            if self.within or self.status is None:
                return bound(equation, operands, equation.params)
            self.raised.append(failed)
        checked = [jnp.where(failed, jnp.nan, v).astype(v.dtype) if _may_be_nan(v) else v for v in values]
        self.lost |= {id(v): (v, [failed, *self._failed(rest)]) for v in checked if _may_be_nan(v)}
        return checked


def _may_be_nan(value: Array) -> bool:
    return jnp.issubdtype(value.dtype, jnp.inexact)


def _is_of_a_batch(equation: Any) -> bool:
    """Whether an equation asks whether something holds at any point of a batch."""
    return equation.primitive.name == "unvmap_any"


def _is_part(equation: Any) -> bool:
    return _is_of_a_batch(equation) or _compares_points(equation) or which_stops(equation) is not None


def _compares_points(equation: Any) -> bool:
    """Whether an equation, once it is vmapped, makes sure that a number is the same at all points.

    It need not be: where loops of some points are done others go on.
    """
    return equation.primitive.name == "nonbatchable" and equation.params["allow_constant_across_batch"]


def which_stops(equation: Any) -> int | None:
    """Which branch of a choice raises or, with ``EQX_ON_ERROR=nan``, is NaN; None of what is no check."""
    if equation.primitive.name != "cond" or len(equation.params["branches"]) != 2:
        return None
    first, second = (branch.jaxpr for branch in equation.params["branches"])
    if not first.eqns and (_raises(second) or not second.eqns):
        return 1
    return 0 if not second.eqns and _raises(first) else None


def _raises(jaxpr: core.Jaxpr) -> bool:
    return any(_calls_back(e) or any(map(_raises, inner_jaxprs(e.params))) for e in jaxpr.eqns)


def _calls_back(equation: Any) -> bool:
    """Whether an equation calls the function of equinox that raises."""
    callback = equation.params.get("callback")
    function = getattr(callback, "callback_func", callback)
    return equation.primitive.name == "pure_callback" and getattr(function, "__module__", "") == _OF_EQUINOX
