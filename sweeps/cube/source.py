"""From a cube back to the sweep behind it: the attributes hold it all."""

import json
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from ...engine.errors import CubeError, SweepError
from ..spec.sweep import Sweep

if TYPE_CHECKING:
    import xarray as xr

    from ...engine.space import Space


def sweep_of(dataset: "xr.Dataset") -> Sweep:
    """The sweep that a cube was computed from; CubeError where its attributes do not hold one."""
    text = dataset.attrs.get("sweep")
    if not isinstance(text, str):
        raise CubeError("the dataset holds no sweep (attribute 'sweep'): open a cube with equisweep.sweeps")
    try:
        table = json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except (json.JSONDecodeError, tomllib.TOMLDecodeError) as error:
        raise CubeError(f"the cube's attribute 'sweep' cannot be read: {error}") from None
    return Sweep.from_table(table, origin="the cube's sweep", text=text)


def space_of(dataset: "xr.Dataset", sweep_file: str | Path | None = None) -> "Space":
    """The space of a cube, from which its kernel can be asked at other points.

    A model from a Python file is code, and opening its cube never runs it: `sweep_file` names the sweep
    file to load it from. Raises SweepError where that is needed, and CubeError where cube and sweep differ.
    """
    from ...engine.store.cube import differences

    sweep = Sweep.from_file(sweep_file) if sweep_file else sweep_of(dataset)
    if not sweep_file and (":" in sweep.model or sweep.model.endswith(".py")):
        raise SweepError(
            f"the cube's model {sweep.model!r} is a Python file, which reading a cube never runs; "
            "if you trust it, name its sweep file: --sweep sweep.toml"
        )
    space = sweep.space()
    told = dict(json.loads(dataset.attrs.get("identity", "{}")))
    told.pop("equisweep", None)  # another version of equisweep may read it
    different = differences(told, space.identity())
    if different:
        more = f" and {len(different) - 2} more" if len(different) > 2 else ""
        raise CubeError(f"the cube holds another sweep than {sweep.origin}: {'; '.join(different[:2])}{more}")
    return space
