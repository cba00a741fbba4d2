"""Arrays of a lane that lie in no record: saved times are read, and paths written, row by row where they are.

A record as long as a path would be read and written once more for it, and few lanes would have room for one.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from .route import Apply, Block, Choose, Copy, Fill, Outside, Put, Repeat, Room, Take, Value


def shortened(blocks: Sequence[Block], results: Sequence[Value]) -> list[Block]:
    """The blocks, where of arrays that are written row by row nothing is left behind what somebody reads."""
    steps = [step for block in blocks for step in block.steps]
    used: dict[Room, int] = {}
    for value in [
        *results,
        *(v for block in blocks for step in (*block.steps, block.end) for v in _seen(step)),
    ]:
        used[value.room] = max(used.get(value.room, 0), value.first + value.size)
    for step in steps:
        if isinstance(step, Put) and step.target.whole and step.target.room in used:
            row = step.source.size
            step.target.room.size = -(-used[step.target.room] // row) * row

    def cut(step: Any) -> Any:
        if not isinstance(step, Put) or step.target.size <= step.target.room.size:
            return step
        return Put(step.source, step.index, step.target.part(0, (step.target.room.size,)))

    return [Block([cut(step) for step in block.steps], block.end) for block in blocks]


def outside(
    blocks: Sequence[Block],
    inputs: Sequence[Value],
    results: Sequence[Value],
    together: Mapping[Room, Sequence[Room]],
) -> list[tuple[Sequence[Room], Outside]]:
    """Rooms that need not lie in the record, and the array that they are instead.

    `together` are for each room those that lie in the same place.
    """
    steps = [step for block in blocks for step in (*block.steps, block.end)]
    within = {room for step in steps for room in _in_the_record(step, together)}
    read = {step.source.room for step in steps if isinstance(step, Take)}
    written = {step.target.room for step in steps if isinstance(step, Put | Fill)}
    ends = [(v, Outside(False, k)) for k, v in enumerate(inputs)]
    ends += [(v, Outside(True, k)) for k, v in enumerate(results)]
    taken = [together[value.room][0] for value, _ in ends]
    found = []
    for value, array in ends:
        members = together[value.room]
        by_rows, never = (written, read) if array.is_result else (read, written)
        only = value.whole and taken.count(members[0]) == 1 and never.isdisjoint(members)
        if only and not by_rows.isdisjoint(members) and within.isdisjoint(members):
            found.append((members, array))
    return found


def _in_the_record(step: Any, together: Mapping[Room, Sequence[Room]]) -> list[Room]:
    """The rooms that a step, or the end of a block, needs in the record."""
    match step:
        case Copy():
            apart = [(a, b) for a, b in step.pairs if not _stays(a, b, together)]
            return [v.room for pair in apart for v in pair]
        case Take() if step.source.whole:
            return [step.index.room, step.target.room]
        case Put() if step.target.whole:
            return [step.source.room, step.index.room]
        case Fill() if step.target.whole:
            return [step.on.room]
        case _:
            return [v.room for v in _touched(step)]


def _stays(source: Value, target: Value, together: Mapping[Room, Sequence[Room]]) -> bool:
    """Whether what is copied lies in the same place already."""
    return source.room in together[target.room] and source.whole and target.whole


def _seen(step: Any) -> list[Value]:
    """The arrays that a step touches, but for one of which it writes a row."""
    return [step.source, step.index] if isinstance(step, Put) else _touched(step)


def _touched(step: Any) -> list[Value]:
    match step:
        case Apply():
            return [*step.inputs, *step.results]
        case Copy():
            return [v for pair in step.pairs for v in pair]
        case Take() | Put():
            return [step.source, step.index, step.target]
        case Fill():
            return [step.on, step.target]
        case Choose():
            return [step.on]
        case Repeat():
            return [*step.state, *step.fixed]
        case _:
            return []
