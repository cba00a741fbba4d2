"""Arrays of a lane that lie in no record: saved times are read, and paths written, row by row where they are.

A record as long as a path would be read and written once more for it, and memory would hold one of few lanes.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from .route import Apply, Block, Buffer, Choose, Copy, Fill, Outside, Put, Repeat, Take, Value


def shortened(blocks: Sequence[Block], results: Sequence[Value]) -> list[Block]:
    """The blocks, where of arrays that are written row by row nothing is left behind what somebody reads."""
    steps = [step for block in blocks for step in block.steps]
    used: dict[Buffer, int] = {}
    for value in [
        *results,
        *(v for block in blocks for step in (*block.steps, block.end) for v in _seen(step)),
    ]:
        used[value.buffer] = max(used.get(value.buffer, 0), value.first + value.size)
    for step in steps:
        if isinstance(step, Put) and step.target.whole and step.target.buffer in used:
            row = step.source.size
            step.target.buffer.size = -(-used[step.target.buffer] // row) * row

    def cut(step: Any) -> Any:
        if not isinstance(step, Put) or step.target.size <= step.target.buffer.size:
            return step
        return Put(step.source, step.index, step.target.part(0, (step.target.buffer.size,)))

    return [Block([cut(step) for step in block.steps], block.end) for block in blocks]


def outside(
    blocks: Sequence[Block],
    inputs: Sequence[Value],
    results: Sequence[Value],
    together: Mapping[Buffer, Sequence[Buffer]],
) -> list[tuple[Sequence[Buffer], Outside]]:
    """Buffers that need not lie in the record, and the array that they are instead.

    `together` are for each buffer those that lie in the same place.
    """
    steps = [step for block in blocks for step in (*block.steps, block.end)]
    within = {buffer for step in steps for buffer in _in_the_record(step, together)}
    read = {step.source.buffer for step in steps if isinstance(step, Take)}
    written = {step.target.buffer for step in steps if isinstance(step, Put | Fill)}
    ends = [(v, Outside(False, k)) for k, v in enumerate(inputs)]
    ends += [(v, Outside(True, k)) for k, v in enumerate(results)]
    classes = [together[value.buffer][0] for value, _ in ends]
    arrays = []
    for value, array in ends:
        members = together[value.buffer]
        by_rows, never = (written, read) if array.is_result else (read, written)
        only = value.whole and classes.count(members[0]) == 1 and never.isdisjoint(members)
        if only and not by_rows.isdisjoint(members) and within.isdisjoint(members):
            arrays.append((members, array))
    return arrays


def _in_the_record(step: Any, together: Mapping[Buffer, Sequence[Buffer]]) -> list[Buffer]:
    """The buffers that a step, or the end of a block, needs in the record."""
    match step:
        case Copy():
            apart = [(a, b) for a, b in step.pairs if not _stays(a, b, together)]
            return [v.buffer for pair in apart for v in pair]
        case Take() if step.source.whole:
            return [step.index.buffer, step.target.buffer]
        case Put() if step.target.whole:
            return [step.source.buffer, step.index.buffer]
        case Fill() if step.target.whole:
            return [step.on.buffer]
        case _:
            return [v.buffer for v in _touched(step)]


def _stays(source: Value, target: Value, together: Mapping[Buffer, Sequence[Buffer]]) -> bool:
    """Whether what is copied lies in the same place already."""
    return source.buffer in together[target.buffer] and source.whole and target.whole


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
