"""Files of data that a sweep names, without reading them."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from .distributions.empirical import NAME

if TYPE_CHECKING:
    from .sweep import Sweep


def data_files(sweep: "Sweep") -> Iterator[str]:
    """The files as they are stated: a design's points, measured values, and the networks asked for."""
    design: Any = sweep.design  # unchecked as yet
    if isinstance(design, Mapping):
        if isinstance(design.get("samples"), str):
            yield design["samples"]
        yield from _measured(design.get("parameters"))
    if sweep.networks:
        from .networks.resolve import files_asked

        yield from files_asked({"networks": sweep.networks, "axes": sweep.axes, "fixed": sweep.fixed})


def _measured(stated: Any) -> Iterator[str]:
    """Files of measured values anywhere in the parameters of a design."""
    if not isinstance(stated, Mapping):
        return
    for key, value in stated.items():
        if key == NAME and isinstance(value, str):
            yield value
        yield from _measured(value)
