"""Whether the points of another cube have the numbers that a sweep would compute."""

from collections.abc import Collection, Iterable, Mapping
from itertools import chain
from pathlib import Path

from ..errors import SweepError
from ..space import Space
from ..store.identity import differences, gained, identity
from ..store.read import Reader
from ..store.storage.place import is_url
from .along import names_along

# What only says which points there are, and which numbers of them are kept.
_WHICH = ("axes.", "design.", "outputs", "derivatives", "dims")


def require_apart(reuse: Path, root: Path) -> None:
    """Refuse to take points from the cube at `reuse` where it is the one that the sweep is run into."""
    apart = is_url(root) or is_url(reuse)
    if str(root) == str(reuse) if apart else root.exists() and reuse.exists() and root.samefile(reuse):
        raise SweepError(f"{reuse}: is the cube that the sweep is run into; choose another output")


def require_agreement(reader: Reader, space: Space) -> None:
    """Refuse, with the reason, a cube whose points have other numbers, lack some, or lie along other axes."""
    root, held = reader.root, reader.cube.identity
    if any(key.startswith("reduce.") for key in held):
        raise SweepError(f"{root}: holds statistics of its points and not the points: none can be taken over")
    ours = {axis.dim: sorted(axis.values) for axis in space.axes}
    theirs = {dim: names_along(reader, dim) for dim in reader.cube.array("status").dims}
    # What is an axis of one alone is said of the axes; what a model has gained since has its default.
    apart = {f"fixed.{name}" for name in set(chain(*ours.values())) ^ set(chain(*theirs.values()))}
    left_out = apart | (gained(space) - held.keys())
    wrong = differences(*(_numbers(one, left_out) for one in (held, identity(space, held))))
    if wrong:
        raise SweepError(
            f"{root}: its points have other numbers than those of the sweep "
            f"({'; '.join(text.replace(' in the cube', ' there') for text in wrong)}); compute them anew"
        )
    _require_variables(reader, space)
    if sorted(ours.values()) != sorted(theirs.values()):
        raise SweepError(
            f"{root}: its axes are {_listed(theirs.values())}, those of the sweep {_listed(ours.values())}; "
            "points are taken over along the same axes, in whatever order: one of them may have one value"
        )


def _numbers(identity: Mapping[str, str], left_out: Collection[str]) -> dict[str, str]:
    """The part of an identity that numbers at a point depend on, but for some keys."""
    return {key: text for key, text in identity.items() if not key.startswith(_WHICH) and key not in left_out}


def _require_variables(reader: Reader, space: Space) -> None:
    """Refuse a cube that lacks a variable; of orbits one that kept others, for which it may have gone on."""
    names = [variable.name for variable in space.variables]
    lacking = [name for name in names if name not in reader.cube.names]
    if lacking:
        raise SweepError(f"{reader.root}: lacks {', '.join(lacking)}, which the sweep asks for")
    more = [name for name in reader.cube.names if name not in names]
    if more and space.needs_ode:
        raise SweepError(
            f"{reader.root}: holds {', '.join(more)}, which the sweep does not ask for, and orbits go as "
            "far as what is asked for needs: ask for the same outputs"
        )


def _listed(axes: Iterable[list[str]]) -> str:
    return ", ".join("+".join(names) for names in axes)
