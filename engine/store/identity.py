"""Whether a cube holds a sweep or another one, and whether its coordinates still are what its sweep says."""

from collections.abc import Mapping

import numpy as np

from ..errors import Argument, CubeError
from ..space import Space
from ..values.columns import describe_values
from .cube import Cube

# The version since which numbers are what they are: a cube that an earlier one began is not gone on with.
# Whoever changes numbers, of kernels or of orbits, raises it; or that of one model, where it is its own.
# It only rises: set to a release's version it would be that of cubes that were begun before its last changes.
KERNELS_SINCE, ORBITS_SINCE = "0.1.0", "0.2.0.dev1"
MODELS_SINCE = {"external_combined": "0.2.0.dev1", "supervision_shares": "0.2.0.dev1"}


def identity(space: Space, held: Mapping[str, str] | None = None) -> dict[str, str]:
    """What a cube and a sweep must share: the space, and the version since which its numbers are the same.

    `held` is that of a cube which it is to be compared with.
    """
    return {"equisweep": _since(space)} | space.identity(held)


def _since(space: Space) -> str:
    """The version since which the numbers of a space are what they are."""
    if space.needs_ode:
        return ORBITS_SINCE
    is_ours = not space.model_digest  # a user's own may have the name of one of ours
    return MODELS_SINCE.get(space.model.name, KERNELS_SINCE) if is_ours else KERNELS_SINCE


def differences(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """Where two sweeps differ, one text each: "fixed.L: 400.0 in the cube, 500.0 now"."""
    keys = list(dict.fromkeys([*old, *new]))
    return [
        f"{key}: {old.get(key, 'absent')} in the cube, {new.get(key, 'absent')} now"
        for key in keys
        if old.get(key) != new.get(key)
    ]


def require_same_sweep(cube: Cube, space: Space) -> None:
    """Refuse, with the difference, a cube of another sweep; and one whose coordinates are damaged."""
    old, new = cube.identity, identity(space, cube.identity)
    new = {key: text for key, text in new.items() if key in old or key not in gained(space)}
    different = differences(old, new)
    # What is drawn follows from how it is drawn: seeds say more than digests of samples.
    drawn = {f"axes.{key.partition('parameters.')[2]}" for key in {*old, *new} if "design.param" in key}
    shown = [one for one in different if one.partition(":")[0] not in drawn] or different
    if old.get("equisweep") != new["equisweep"]:
        shown.append(f"its numbers are computed otherwise since version {new['equisweep']}")
    if different:
        keys = {text.partition(":")[0] for text in different}
        # Points that stand in a table are those of an axis: nothing else follows from how they are drawn.
        given = old.get("design.kind") == new.get("design.kind") == "given"
        which = ("axes.", "design.") if given else ("axes.", "design.samples", "dims")
        other = all(key == "dims" or key.startswith(which) for key in keys)
        takes = (", which takes over common points with ", Argument("reuse", cube.root)) if other else ()
        raise CubeError(
            f"{cube.root}: holds another sweep ({'; '.join(shown)}); choose another output",
            *takes,
            ", or overwrite it with ",
            Argument("overwrite", True),
            _batch_that_adds(old, new),
        )
    require_sound_coordinates(cube)


def _batch_that_adds(old: Mapping[str, str], new: Mapping[str, str]) -> str:
    """How a Latin hypercube would grow into more samples; empty where that is not why it does not.

    They are drawn whole: more samples are more hypercubes of the size of the first.
    """
    batch, (before, now) = old.get("design.batch"), (one.get("design.samples", "") for one in (old, new))
    more = (len(before), before) < (len(now), now)  # what a damaged cube says need not be a number
    if batch is None or new.get("design.batch") in (None, batch) or not more:
        return ""
    return f"; batch = {batch} in [design] adds to it"


def gained(space: Space) -> set[str]:
    """Keys of parameters and choices at which nothing changes by default.

    A cube that an earlier version began may lack them: its model has gained them since.
    """
    still = {c.name for c in space.model.choices if space.choices.get(c.name) == c.default}
    for parameter in space.model.parameters:
        usual = parameter.default if parameter.dim is None else parameter.fill
        if usual is None or parameter.name not in space.fixed:
            continue
        # As a number of the sweep's type, which an axis' components, NaN here, never are.
        if np.all(np.asarray(space.fixed[parameter.name]) == np.asarray(usual, space.dtype)):
            still.add(parameter.name)
    return {f"fixed.{name}" for name in still}


def require_sound_coordinates(cube: Cube) -> None:
    """Refuse a cube whose coordinates are not what its sweep says."""
    damaged = damaged_coordinate(cube)
    if damaged:
        advice = "choose another output, or overwrite it with "
        raise CubeError(f"{cube.root}: {damaged}; {advice}", Argument("overwrite", True))


def damaged_coordinate(cube: Cube) -> str:
    """What is wrong with a coordinate, as a sentence; empty where all are as the sweep says.

    Columns, which are written tile by tile, are looked at as the shards that they are.
    """
    for key, expected in cube.identity.items():
        part, _, name = key.partition(".")
        if part not in ("axes", "labels") or (part == "labels" and name not in cube.coordinates):
            continue  # no coordinate, or a dimension that no variable of this cube has
        if name in cube.columns:
            continue
        try:
            values = cube.open_array(name).values()
            held = (
                describe_values(values, expected) if part == "axes" else ", ".join(map(str, values.tolist()))
            )
        except Exception as error:  # whatever a codec raises on broken bytes
            return f"the coordinate {name} cannot be read ({type(error).__name__})"
        if held != expected:
            return f"the coordinate {name} is damaged: it holds {held}, and should hold {expected}"
    return ""
