"""Blocks that do the same are one: lanes that come there by different ways are computed together.

A loop whose first turn is written before it, as that over an orbit's steps, stands twice in a trace. Once
arrays have their places, and most copies are gone, both are the same code on the same bytes. It is found as
states of an automaton are: all are the same that look alike, but for those of which the next ones differ
(Moore, "Gedanken-experiments on sequential machines", 1956).
"""

from collections.abc import Hashable, Sequence
from typing import Any

from .route import Apply, Block, Choose, Copy, Fill, Put, Repeat, Take, Value
from .threads import following, renumbered


def joined(blocks: Sequence[Block]) -> list[Block]:
    """The same way in fewer blocks, of which the first stays the first; every array has its place."""
    kinds = _numbered([(*map(_looks, block.steps), _looks(block.end)) for block in blocks])
    while True:
        finer = _numbered([(kinds[k], *(kinds[to] for to in following(b))) for k, b in enumerate(blocks)])
        if finer == kinds:
            break
        kinds = finer
    return [renumbered(blocks[kinds.index(kind)], kinds) for kind in range(max(kinds) + 1)]


def _numbered(keys: Sequence[Hashable]) -> list[int]:
    """Each key's number, in the order in which they come first."""
    numbers: dict[Hashable, int] = {}
    return [numbers.setdefault(key, len(numbers)) for key in keys]


def _looks(thing: Any) -> Hashable:
    """What a step, or the end of a block, does with which bytes, but for where lanes go from there."""
    match thing:
        case Value():
            return _numbers(thing)
        case tuple():
            return tuple(map(_looks, thing))
        case Apply():
            return Apply, thing.part, thing.inner, _looks(thing.inputs), _looks(thing.results)
        case Copy():
            return Copy, _looks(thing.pairs)
        case Take() | Put():
            return type(thing), _looks((thing.source, thing.index, thing.target))
        case Fill():
            return Fill, _looks((thing.on, thing.target)), thing.number.tobytes()
        case Choose():
            return Choose, _looks(thing.on)
        case Repeat():
            return Repeat, thing.part, _looks(thing.state), _looks(thing.fixed)
        case _:
            return type(thing)


def _numbers(value: Value) -> Hashable:
    """Which bytes of a record, or of an array outside, they are; constants need not lie in one."""
    buffer = value.buffer
    if buffer.outside is not None:
        return buffer.outside, value.first, value.size
    if buffer.constant is None:
        return value.offset, value.size, buffer.dtype
    return buffer.constant[value.first : value.first + value.size].tobytes(), value.size, buffer.dtype
