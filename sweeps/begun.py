"""A sweep as the cube that is there was begun."""

from dataclasses import replace
from pathlib import Path

from ..engine.store.metadata import identity_at
from .spec.design import as_begun as design_as_begun
from .spec.sweep import Sweep


def as_begun(sweep: Sweep, path: Path) -> Sweep:
    """The sweep, with hypercubes of the size of those in the cube that is there; see `design.as_begun`."""
    identity = identity_at(path) if sweep.design else {}
    return replace(sweep, design=design_as_begun(sweep.design, identity, f"{sweep.origin}: design"))
