"""A sweep as the cube that is there was begun: its design drawn in the same way."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...engine.errors import SweepError
from ...engine.store.metadata import identity_at
from .design import Design
from .sweep import Sweep


def as_begun(sweep: Sweep, identity: Mapping[str, str]) -> Sweep:
    """The sweep, its design drawn as a cube of this identity began it, in hypercubes of the same size.

    That size is the first number of samples, unless the design states another: without it no Latin hypercube
    could grow. Raises SweepError for a number of samples that does not hold whole hypercubes.
    """
    return replace(sweep, design=_design(sweep.design, identity, f"{sweep.origin}: design"))


def as_begun_at(path: Path, sweep: Sweep) -> Sweep:
    """The same, of the cube at a path; the sweep as it is where there is none, or it has no design."""
    return as_begun(sweep, identity_at(path)) if sweep.design else sweep


def _design(stated: Mapping[str, Any], identity: Mapping[str, str], where: str) -> Mapping[str, Any]:
    """A design as it is stated, drawn as a cube of this identity began it."""
    try:
        held = Design.from_identity(identity)
    except (KeyError, TypeError, ValueError):  # whoever opens the cube says better what is damaged
        return stated
    if held is None or held.kind != stated.get("kind"):
        return stated
    stated, samples = {"drawn_as": held.drawn_as, **stated}, stated.get("samples")
    if held.kind != "lhs" or stated.get("batch") is not None:
        return stated
    if not isinstance(samples, int) or samples == held.option:
        return stated
    if samples % held.option:
        if samples < held.samples:  # which no design does, and the cube says so
            return stated
        near = samples // held.option * held.option
        raise SweepError(
            f"{where}.samples: {samples:,}: the cube is made of hypercubes of {held.option:,} points each, "
            f"and grows by whole ones; give {near:,} or {near + held.option:,}, or choose another output"
        )
    return {**stated, "batch": held.option}
