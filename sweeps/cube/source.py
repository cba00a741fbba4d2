"""From a cube back to the sweep and the space behind it: the attributes hold it all."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ...engine.errors import Argument, CubeError, SweepError
from ...engine.gate.documents import parse_json, parse_table
from ..spec.begun import as_begun
from ..spec.sweep import Sweep

if TYPE_CHECKING:
    import xarray as xr

    from ...engine.space import Space


def sweep_of(dataset: "xr.Dataset", origin: str = "the cube's sweep") -> Sweep:
    """The sweep that a cube was computed from; messages about it will begin with `origin`.

    Raises CubeError where the attributes of the Dataset do not hold one.
    """
    text = dataset.attrs.get("sweep")
    if not isinstance(text, str):
        raise CubeError("the dataset holds no sweep (attribute 'sweep'): open a cube with equisweep.sweeps")
    try:
        table = parse_table(text)
    except ValueError as error:
        raise CubeError(f"the cube's attribute 'sweep' cannot be read: {error}") from None
    return Sweep.from_table(table, origin=origin, text=text)


def own_model(dataset: "xr.Dataset") -> str:
    """The model of a cube where it is its user's own, "file.py:name"; empty where it ships.

    Raises CubeError as `sweep_of` does.
    """
    model = sweep_of(dataset).model
    return model if ":" in model or model.endswith(".py") else ""


def space_of(
    dataset: "xr.Dataset",
    *,
    sweep_file: str | Path | None = None,
    model: str | None = None,
    origin: str = "the cube's sweep",
) -> "Space":
    """The space of a cube, from which its kernel can be asked at other points.

    Parameters
    ----------
    dataset : a cube, or a part of one.
    sweep_file, model : a model from a Python file is code, and opening its cube never runs it. It runs only
        where one of these says where it lies: its sweep file, or the model itself as "file.py:name".
    origin : what messages about the sweep begin with, where there is no `sweep_file`.

    Raises
    ------
    SweepError
        The model is the user's own and nothing says where it lies, or it is not the one that was swept.
    CubeError
        The Dataset holds no sweep, or another one than it was computed from.
    """
    if sweep_file is not None:
        sweep = Sweep.from_file(sweep_file)
    else:
        sweep = sweep_of(dataset, origin)
        if model is not None:
            sweep = replace(sweep, model=model)
        elif own_model(dataset):
            raise SweepError(
                f"the cube's model {sweep.model!r} is a Python file, which reading a cube never runs; "
                "if you trust it, name its sweep file: ",
                Argument("sweep_file", "sweep.toml"),
            )
    identity = parse_json(dataset.attrs.get("identity", "{}"))
    space = as_begun(sweep, identity).space()
    _require_same(dataset, space, sweep, model)
    return space


def _require_same(dataset: "xr.Dataset", space: "Space", sweep: Sweep, model: str | None) -> None:
    """Refuse a space that the cube was not computed from."""
    from ...engine.store.identity import differences

    held = dict(parse_json(dataset.attrs.get("identity", "{}")))
    held.pop("equisweep", None)  # another version of equisweep may read it
    if model is not None and space.model_digest != held.get("model file", ""):
        name = model.rpartition(":")[2]
        different = f": is not the file that this cube was swept with ({name}; its text differs)"
        raise SweepError(f"{sweep.origin}: ", Argument("model", model), different)
    different = differences(held, space.identity(held))
    if different:
        more = f" and {len(different) - 2} more" if len(different) > 2 else ""
        raise CubeError(f"the cube holds another sweep than {sweep.origin}: {'; '.join(different[:2])}{more}")
