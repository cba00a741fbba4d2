"""Whether a cube and a sweep are of one kind: the same sweep, or another."""

from importlib.metadata import version

from ..errors import Argument, CubeError
from ..space import Space
from .cube import Cube, differences


def identity(space: Space) -> dict[str, str]:
    """What a cube and a sweep must share: the space, and the version whose kernels computed it."""
    return {"equisweep": version("equisweep")} | space.identity()


def require_same_sweep(cube: Cube, space: Space) -> None:
    """Refuse, with the difference, a cube of another sweep; and one whose coordinates are damaged."""
    old, new = cube.identity, identity(space)
    different = differences(old, new)
    # What is drawn follows from how it is drawn: seeds say more than digests of samples.
    drawn = {f"axes.{key.partition('parameters.')[2]}" for key in {*old, *new} if "design.param" in key}
    told = [one for one in different if one.partition(":")[0] not in drawn] or different
    batch = old.get("design.batch")
    # Latin hypercubes are drawn whole: more samples are more hypercubes of the size of the first.
    hint = f"; batch = {batch} in [design] adds to it" if any("design.batch" in d for d in different) else ""
    if different:
        raise CubeError(
            f"{cube.root}: holds another sweep ({'; '.join(told)}); "
            "choose another output, or overwrite it with ",
            Argument("overwrite", True),
            hint,
        )
    require_sound_coordinates(cube)


def require_sound_coordinates(cube: Cube) -> None:
    """Refuse a cube whose coordinates are not what its sweep says."""
    damaged = cube.damaged_coordinate()
    if damaged:
        advice = "choose another output, or overwrite it with "
        raise CubeError(f"{cube.root}: {damaged}; {advice}", Argument("overwrite", True))
