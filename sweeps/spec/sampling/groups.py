"""Groups of sampled parameters, which a design moves together."""

from collections.abc import Mapping, Sequence
from typing import Any

from ....engine.errors import SweepError
from ....engine.gate.text import shown
from ...text import nearest
from ..distributions.distribution import Distribution
from ..inputs import Inputs
from ..vectors import require_names

_OF = ("sobol", "morris")


def read_groups(
    where: str, stated: Any, names: Sequence[str], kind: str, inputs: Inputs
) -> dict[str, tuple[str, ...]]:
    """The groups of ``[design.groups]``, such as ``city = ["alpha", "beta"]``; none for None.

    Raises SweepError, beginning with `where`: for another kind of design, a parameter that is not sampled or
    stands in two groups, and a group that is called like a parameter.
    """
    if stated is None:
        return {}
    if kind not in _OF:
        raise SweepError(
            f"{where}: are of {' and '.join(_OF)} designs; a {kind} design moves all parameters at once"
        )
    if not isinstance(stated, Mapping) or not stated:
        raise SweepError(f'{where}: {shown(stated)} should be a table, such as city = ["alpha", "beta"]')
    result: dict[str, tuple[str, ...]] = {}
    for group, members in stated.items():
        if (
            not isinstance(group, str)
            or group in names
            or group in (one.name for one in inputs.model.parameters)
        ):
            raise SweepError(f"{where}.{group}: is the name of a parameter; call the group something else")
        if not group.strip():
            raise SweepError(f"{where}: {shown(group)} should be a name")
        require_names(where, [group])
        if not isinstance(members, Sequence) or isinstance(members, str) or not members:
            raise SweepError(f"{where}.{group}: {shown(members)} should be a list of sampled parameters")
        for name in members:
            if name not in names:
                raise SweepError(
                    f"{where}.{group}: {shown(name)} is not sampled{nearest(str(name), list(names))}"
                )
            if list(members).count(name) > 1 or any(name in others for others in result.values()):
                raise SweepError(f"{where}.{group}: {name} stands in a group already")
        result[group] = tuple(members)
    return result


def require_equal_steps(
    where: str, groups: Mapping[str, Sequence[str]], drawn: Mapping[str, Distribution], levels: int
) -> None:
    """Refuse groups of a Morris design whose parameters move by different shares of their ranges at a step.

    Whole numbers do, where levels fall between them; the effect of such a group has no length of step to be
    divided by. Raises SweepError, beginning with `where`.
    """
    for group, names in groups.items():
        for name in names if len(names) > 1 else ():
            one = drawn[name]
            if one.kind == "integers" and (one.high - one.low) % (levels - 1):
                raise SweepError(
                    f"{where}.{group}: {name} has whole numbers that lie on no {levels} levels, and moves by "
                    "another share of its range than others; take levels = 2, or leave it out of the group"
                )


def owners(names: Sequence[str], groups: Mapping[str, Sequence[str]]) -> list[int]:
    """For each parameter the number of what it moves with: of its group, or its own."""
    grouped = {name: group for group, members in groups.items() for name in members}
    moved = list(dict.fromkeys(grouped.get(name, name) for name in names))
    return [moved.index(grouped.get(name, name)) for name in names]
