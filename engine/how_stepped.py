"""How the steps of a sweep's trajectories are computed: in machine code, or through XLA, and why."""

from itertools import product
from typing import Any

import jax
import jax.numpy as jnp

from ..kernels.flow import Flow
from .evaluate import method_of, parameters_at
from .integrate import Run
from .lane_loop import why_plain
from .space import Space
from .stepping import Method


def how_stepped(space: Space, device: Any) -> str:
    """In words, for the plan and the run's log: "machine code" or "XLA (...)" with the reason.

    A flow is traced for each static choice, nothing is compiled. Through XLA the numbers are the same up to
    rounding, and take several times as long.
    """
    if device.platform != "cpu":
        return f"XLA (on {device.platform})"
    assert space.model.flow is not None
    method, first = method_of(space), []
    for axis in space.axes:
        if not axis.static:
            first.append({n: jnp.asarray(v[0], space.dtype) for n, v in axis.values.items()})
    p = parameters_at(space, first)
    static = [
        [{n: str(v[i]) for n, v in axis.values.items()} for i in range(len(next(iter(axis.values.values()))))]
        for axis in space.axes
        if axis.static
    ]
    told = set()
    for chosen in product(*static):
        choices = dict(space.choices)
        for part in chosen:
            choices |= part
        reason = why_not_machine_code(space.model.flow, p, method, **choices)
        told.add("machine code" if reason is None else f"XLA ({reason})")
    return ", ".join(sorted(told))


def why_not_machine_code(flow: Flow, p: Any, method: Method, **static: str) -> str | None:
    """Why the steps of `trajectory` of the same would go through XLA on a CPU; None where they do not."""
    if not method.native:
        return "native = false"
    lane = jax.eval_shape(lambda p: Run(flow, p, method, static).start(), p)
    return why_plain(*Run(flow, p, method, static).loop(), lane, (lane.t, p))
