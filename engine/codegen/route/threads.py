"""A block that costs next to nothing is passed together with the one before: nobody waits in front of it."""

from collections.abc import Mapping, Sequence

from .route import Apply, Block, Choose, Finish, Go, Repeat, Step

# Steps that a block may take over from those that follow.
_MOST = 64


def threaded(blocks: Sequence[Block]) -> list[Block]:
    """The same way in fewer blocks, of which those that nobody comes to are left out."""
    longer = [_with_next(blocks, block) for block in blocks]
    seen, waiting = {0}, [0]
    while waiting:
        for to in following(longer[waiting.pop()]):
            if to not in seen:
                seen.add(to)
                waiting.append(to)
    numbers = {old: new for new, old in enumerate(sorted(seen))}
    return [renumbered(longer[k], numbers) for k in sorted(seen)]


def _with_next(blocks: Sequence[Block], block: Block) -> Block:
    steps, end = list(block.steps), block.end
    passed: set[int] = set()
    while isinstance(end, Go) and end.to not in passed and _is_quick(blocks[end.to]):
        passed.add(end.to)
        if len(steps) + len(blocks[end.to].steps) > _MOST:
            break
        steps, end = [*steps, *blocks[end.to].steps], blocks[end.to].end
    return Block(steps, end)


def _is_quick(block: Block) -> bool:
    if isinstance(block.end, Repeat | Finish):
        return False
    return all(_is_cheap(step) for step in block.steps)


def _is_cheap(step: Step) -> bool:
    """Whether it only moves and compares: calls of a kernel or solver are made for many lanes at once."""
    return not isinstance(step, Apply) or not step.part.shapes


def following(block: Block) -> list[int]:
    """The blocks that lanes may come to from there."""
    match block.end:
        case Go() | Repeat():
            return [block.end.to]
        case Choose():
            return [block.end.yes, block.end.no]
        case _:
            return []


def renumbered(block: Block, numbers: Mapping[int, int] | Sequence[int]) -> Block:
    """The same block where the blocks that follow have other numbers."""
    match block.end:
        case Go():
            return Block(block.steps, Go(numbers[block.end.to]))
        case Choose():
            return Block(block.steps, Choose(block.end.on, numbers[block.end.yes], numbers[block.end.no]))
        case Repeat():
            end = block.end
            return Block(block.steps, Repeat(end.part, end.state, end.fixed, numbers[end.to]))
        case _:
            return block
