"""What a model's own flow does at one point of a cube, computed now: a trajectory, and a phase portrait."""

import threading
from base64 import b64encode
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from ...engine.errors import Argument, SweepError
from ..cube.source import own_model, space_of
from ..cube.statuses import status_names
from ..plots import labels
from ..plots.look.style import Style
from ..plots.look.symbols import with_unit
from ..plots.phase.portrait import draw_phase
from ..plots.phase.scenario import scenario
from ..plots.save import save
from .page_data import array
from .plain_labels import page_text

if TYPE_CHECKING:
    import xarray as xr

    from ...engine.space import Space

# Times at which a trajectory is seen, evenly spread from 0 to the horizon.
TIMES = 2001
_DOTS, _INCHES = 150, (4.4, 5.0)
_ONE_AT_A_TIME = threading.Lock()  # a compiler takes all cores


def space_to_ask(dataset: Any, model: str | None) -> "Space":
    """The space of a cube, whose kernel may be asked again.

    A model of the user's own is code outside the cube, and runs only where `model` says where it lies.
    Raises SweepError where it does not, and as `cube.source.space_of` does.
    """
    own = own_model(dataset)
    if own and model is None:
        raise SweepError(
            f"the model {own} is your own code, and no part of the cube; "
            "say where it lies, and it will run: ",
            Argument("model", f"path/to/{Path(own).name}"),
        )
    return space_of(dataset, model=model if own else None, origin="explore")


def motion_at(dataset: "xr.Dataset", point: "xr.Dataset", model: str | None) -> dict[str, Any]:
    """The trajectory and the phase portrait of one point of a cube.

    Parameters
    ----------
    dataset : the cube.
    point : the point, every axis selected to one value.
    model : of a model of the user's own, where it lies; its code runs.

    Returns
    -------
    ``times`` and ``curves`` (label and numbers of each observable, in its unit), ``status`` of the orbit, and
    ``portrait``, a PNG, or ``no_portrait``, why there is none. Raises SweepError where the model does not
    move, or is the user's own and nothing says where it lies.
    """
    import jax

    space = space_to_ask(dataset, model)
    flow = space.model.flow
    if flow is None:
        raise SweepError(f"the model {space.model.name} has no dynamics: there is no trajectory")
    with _ONE_AT_A_TIME, jax.enable_x64(True):
        result, times = _orbit(space, point)
        paths = {name: values for name, values in result.items() if name.endswith("_path")}
        curves = [
            curve for o in flow.observables
            for curve in _curves(space, paths[f"{o.name}_path"], o)
        ]  # fmt: skip
        status = status_names([int(result["status"])])[0].replace("_", " ")
        answer = {"times": array(times), "curves": curves, "status": status}
        try:
            return answer | {"portrait": _portrait(point, space, paths, times, int(result["status"]), model)}
        except SweepError as error:
            return answer | {"no_portrait": str(error)}


def _orbit(space: "Space", point: "xr.Dataset") -> tuple[dict[str, np.ndarray], np.ndarray]:
    """The outputs of the flow at a point, along the times to its horizon."""
    from ...engine.ode.trajectory import lanes
    from ...engine.point import method_of

    flow = space.model.flow
    assert flow is not None
    p, static = scenario(space, point)
    times = np.linspace(0.0, float(p[flow.horizon]), TIMES)
    run = lanes(flow, method_of(space), tuple(times.tolist()), **static)
    outputs = run({name: np.asarray(value)[None] for name, value in p.items()})
    return {name: np.asarray(values)[0] for name, values in outputs.items()}, times


def _curves(space: "Space", path: np.ndarray, observable: Any) -> list[dict[str, Any]]:
    """One observable along the times: a curve, or one for each of its components."""
    label = page_text(
        labels.observable_label(observable.symbol or observable.name, observable.meaning, observable.unit)
    )
    name = page_text(with_unit(labels.spoken(observable.name), observable.unit))
    flat = path.reshape(len(path), -1)
    several = [space.labels[dim] for dim in observable.dims]
    names = [""] if not several else [", ".join(map(str, place)) for place in product(*several)]
    return [
        {"name": name, "label": label, "part": page_text(part), "values": array(flat[:, i])}
        for i, part in enumerate(names)
    ]


def _portrait(
    point: "xr.Dataset", space: "Space", paths: dict[str, np.ndarray], times: np.ndarray, status: int,
    model: str | None,
) -> str:  # fmt: skip
    """The phase portrait at a point with its trajectory, as `plot` draws it: a PNG in base 64."""
    flow = space.model.flow
    assert flow is not None
    alone = point[["status"]].assign(status=point["status"].copy(data=np.asarray(status, np.uint8)))
    alone = alone.assign_coords(time=times)
    for o in flow.observables:
        alone[f"{o.name}_path"] = (("time", *o.dims), paths[f"{o.name}_path"])
    own, style = own_model(point), Style(title="", figsize=_INCHES)
    figure, _ = draw_phase(alone, None, None, None, frozenset(), model if own else None, style)
    with TemporaryDirectory() as folder:
        save(figure, Path(folder) / "portrait.png", _DOTS)
        return b64encode((Path(folder) / "portrait.png").read_bytes()).decode()
