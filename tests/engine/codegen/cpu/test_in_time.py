"""Orders in which a processor waits little: the same scalars, sums side by side, and few numbers alive."""

from itertools import pairwise

import numpy as np
from equisweep.engine.codegen.cpu.in_time import in_time
from equisweep.engine.codegen.ir import Graph, order_of


def size(scalar):
    return 0 if scalar.op == "input" or scalar.dtype == "i1" else 8


def timed(ends, room=10**6, kept=()):
    """The order of a program, which is one: each scalar stands once, behind what it needs."""
    scalars = order_of(ends)
    order = in_time(scalars, kept, size, room)
    place = {s: k for k, s in enumerate(order)}
    assert len(place) == len(order)
    assert set(place) == set(scalars)
    assert all(place[a] < place[s] for s in order for a in s.args)
    return order, place


def sums(graph, count, terms):
    """So many sums of products, one behind the other."""
    given = graph.inputs((count, terms), "f64", 0)
    ends, steps = [], []
    for row in given:
        steps.append([row[0]])
        for x in row[1:]:
            steps[-1].append(graph.apply("fma", x, x, steps[-1][-1]))
        ends.append(steps[-1][-1])
    return ends, steps


def most_alive(order, ends=()):
    """How many numbers are needed later, at most."""
    last = {a: k for k, s in enumerate(order) for a in s.args} | dict.fromkeys(ends, len(order))
    alive = [sum(size(a) > 0 and last.get(a, -1) > k for a in order[: k + 1]) for k in range(len(order))]
    return max(alive)


def test_sums_that_do_not_wait_for_each_other_go_on_side_by_side():
    ends, steps = sums(Graph(), 4, 12)
    products = [s for s in timed(ends)[0] if s.op == "fma"]
    for row in steps:
        indices = [products.index(s) for s in row[1:]]
        assert all(b - a == 4 for a, b in pairwise(indices))


def test_the_longest_way_comes_first():
    graph = Graph()
    a, b = graph.inputs((2,), "f64", 0)
    short, long = [graph.apply("mul", a, b)], graph.apply("div", a, b)
    for _ in range(3):
        short.append(graph.apply("add", a, short[-1]))
    for _ in range(9):
        long = graph.apply("div", long, b)
    order, _ = timed([*short, graph.apply("add", short[-1], long)])
    assert next(s for s in order if s.args).op == "div"


def test_no_more_numbers_are_alive_than_there_is_room_for():
    """Thirty products could all be made at once; each sum of two lets go of one."""
    graph = Graph()
    given = graph.inputs((30,), "f64", 0)
    numbers = [graph.apply("mul", x, x) for x in given]
    while len(numbers) > 1:
        numbers = [graph.apply("add", *numbers[k : k + 2]) for k in range(0, len(numbers) - 1, 2)] + (
            [numbers[-1]] if len(numbers) % 2 else []
        )
    wide, narrow = (most_alive(timed(numbers, room)[0]) for room in (10**6, 48))
    assert wide > 9
    assert narrow <= 7


def test_what_is_wanted_at_the_end_stays_alive():
    graph = Graph()
    ends, _ = sums(graph, 12, 3)
    products = [graph.apply("mul", end, end) for end in ends]
    order, place = timed(products, 32, ends)
    free, place_free = timed(products, 32)
    assert set(order) == set(free)
    # Without room for all, a sum that nobody keeps gives its register to its product at once.
    assert sum(place_free[p] - place_free[e] for e, p in zip(ends, products, strict=True)) <= sum(
        place[p] - place[e] for e, p in zip(ends, products, strict=True)
    )


def test_masks_come_right_before_who_needs_them_first():
    graph = Graph()
    ends, _ = sums(graph, 2, 12)
    x = graph.inputs((), "f64", 99).item()
    low, high = (graph.apply("lt", x, graph.constant(c, "f64"), dtype="i1") for c in (0.0, 1.0))
    mask = graph.apply("and", low, graph.apply("not", high))
    chosen = graph.apply("select", mask, *ends)
    order, place = timed([chosen, mask])
    assert [s.op for s in order[place[chosen] - 4 : place[chosen]]].count("fma") == 0
    assert place[low] > max(place[end] for end in ends)
    # One that nobody needs is an end.
    assert timed([low])[0][-1] is low


def test_random_programs_are_the_same_scalars():
    for seed in range(20):
        random, graph = np.random.default_rng(seed), Graph()
        numbers = list(graph.inputs((6,), "f64", 0))
        masks = [graph.apply("lt", *numbers[:2], dtype="i1")]
        for _ in range(150):
            a, b = (numbers[k] for k in random.choice(len(numbers), 2))
            kind = random.integers(4)
            if kind == 0:
                masks.append(graph.apply("lt", a, b, dtype="i1"))
            elif kind == 1:
                masks.append(graph.apply("and", masks[-1], masks[random.integers(len(masks))]))
            elif kind == 2:
                numbers.append(graph.apply("select", masks[random.integers(len(masks))], a, b))
            else:
                numbers.append(graph.apply("mul", a, b))
        ends = [*numbers[-5:], *masks[-3:]]
        orders = [timed(ends, room, kept)[0] for room in (8, 64, 10**6) for kept in ((), ends)]
        assert orders[0] == timed(ends, 8)[0]
