"""Blocks of a route that do the same become one, and lanes do what they did before."""

import numpy as np
from equisweep.engine.codegen.ir import Graph
from equisweep.engine.codegen.lanes import Leaf, Loop
from equisweep.engine.codegen.route.alike import joined
from equisweep.engine.codegen.route.part import Part
from equisweep.engine.codegen.route.route import Apply, Block, Buffer, Choose, Copy, Finish, Go, Repeat, Value


def value(offset):
    return Value(Buffer(1, "f64", offset=offset), (1,))


def constant(number):
    return Value(Buffer(1, "f64", np.array([number])), (1,))


def a_part():
    graph = Graph()
    return Part(Loop((Leaf(1, "f64", 0),), 1, graph.constant(False, "i1"), (graph.constant(0.0, "f64"),)), ())


STEPS, LOOK = a_part(), a_part()
COUNT = 9


def stepped(at, to, part=STEPS):
    """A loop on the number at this byte, as if read from the trace anew."""
    return Block([], Repeat(part, (value(at),), (value(64),), to))


def route_with(second, first=None):
    """A loop whose first turn stands before it."""
    look = Apply(LOOK, (value(8),), (value(16),))
    decides = Block([], Choose(value(32), 3, 5))
    return [Block([], Go(1)), first or stepped(8, 2), decides, Block([look], Go(4)), second, Block()]


def ends(blocks):
    return [type(block.end) for block in blocks]


def test_a_loop_whose_first_turn_stands_before_it_is_written_once():
    outputs = joined(route_with(stepped(8, 2)))
    assert ends(outputs) == [Go, Repeat, Choose, Go, Finish]
    assert [outputs[0].end.to, outputs[1].end.to, outputs[3].end.to] == [1, 2, 1]
    assert (outputs[2].end.yes, outputs[2].end.no) == (3, 4)


def test_what_differs_in_a_byte_a_part_a_step_or_where_it_leads_stays_apart():
    for other in (stepped(16, 2), stepped(8, 2, LOOK), stepped(8, 5)):
        assert len(joined(route_with(other))) == 6
    copied = Block([Copy(((constant(1.0), value(16)),))], stepped(8, 2).end)
    assert len(joined(route_with(copied))) == 6


def test_constants_are_the_same_by_their_numbers():
    def copied(number):
        return Block([Copy(((constant(number), value(16)),))], stepped(8, 2).end)

    assert len(joined(route_with(copied(1.0), copied(1.0)))) == 5
    assert len(joined(route_with(copied(1.0), copied(2.0)))) == 6
    assert len(joined(route_with(copied(0.0), copied(-0.0)))) == 6


def ways(blocks, bits):
    """What a lane does on its way, if its conditions are these."""
    here, done = 0, []
    for bit in bits:
        done.append(
            [(step.part, *(v.offset for v in (*step.inputs, *step.results))) for step in blocks[here].steps]
        )
        end = blocks[here].end
        done.append(type(end))
        match end:
            case Choose():
                here = (end.yes, end.no)[bit]
            case Go() | Repeat():
                here = end.to
            case _:
                return done
    return done


def test_every_way_through_random_blocks_stays_as_it_is_and_none_of_two_are_alike():
    rng = np.random.default_rng(3)
    fewer = 0
    for _ in range(200):

        def one():
            steps = [Apply(LOOK, (value(8),), (value(8 * rng.integers(1, 3)),))] * rng.integers(0, 2)
            a, b = (int(k) for k in rng.integers(0, COUNT, 2))
            return Block(
                steps, [Go(a), Choose(value(32), a, b), stepped(8, a).end, Finish()][rng.integers(0, 4)]
            )

        blocks = [one() for _ in range(COUNT)]
        outputs = joined(blocks)
        fewer += len(outputs) < len(blocks)
        for bits in rng.integers(0, 2, (30, 2 * COUNT)):
            assert ways(outputs, bits) == ways(blocks, bits)
        assert len(joined(outputs)) == len(outputs)
    assert fewer > 20
