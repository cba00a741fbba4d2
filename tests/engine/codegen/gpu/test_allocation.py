"""Numbers in registers and in cells: what is computed stays, and few are in registers at the same time."""

import numpy as np
import pytest
from equisweep.engine.codegen.ends import End
from equisweep.engine.codegen.gpu.allocation import registers
from equisweep.engine.codegen.gpu.instructions import Compute, Load, Repeat, Store, Write
from equisweep.engine.codegen.gpu.planning import FEW, MANY, SOME, occupancy_of, planned, spills
from equisweep.engine.codegen.ir import Graph, order_of
from equisweep.engine.codegen.ordering import ordered

INPUTS = 12


class Thread:
    """Does the instructions, in Python's floats; what is in no register when it is needed is an error."""

    def __init__(self, cells, inputs):
        self.cells, self.inputs, self.homes = dict(cells), inputs, set(cells)
        self.now, self.written = {}, {}

    def run(self, moves):
        for move in moves:
            self.one(move)

    def one(self, move):
        s = move.scalar
        match move:
            case Compute():
                self.now[s] = self.value(s)
            case Load(cell=None):
                self.now[s] = self.inputs[s]
            case Load(cell=cell):
                self.now[s] = self.cells[cell]
            case Store(cell=cell):
                self.cells[cell] = self.now[s]
            case Write(end=end):
                self.written[end] = self.of(s)
                if end in self.homes:
                    self.cells[end] = self.of(s)
            case Repeat():
                self.repeat(move)

    def of(self, s):
        return s.value if s.constant else self.now[s]

    def value(self, s):
        a = [self.of(a) for a in s.args]
        return {"add": lambda: a[0] + a[1], "mul": lambda: a[0] * a[1], "lt": lambda: a[0] < a[1]}[s.op]()

    def repeat(self, move):
        loop = move.scalar.value
        state = [self.of(a) for a in move.scalar.args[: len(loop.carried)]]
        outside = {**self.now}
        while True:
            self.now = {**outside, **dict(zip(loop.carried, state, strict=True))}
            self.run(move.cond)
            if not self.of(loop.cond):
                break
            self.run(move.body)
            state = [self.of(b) for b in loop.body]
        self.now = {**outside, **{result: state[result.value] for result in move.results}}


def most_alive(moves, after=()):
    """The most registers that are needed at once, from the last move to the first."""
    alive, most = set(after), 0
    for move in reversed(moves):
        alive.discard(move.scalar) if isinstance(move, Compute | Load) else alive.add(move.scalar)
        if isinstance(move, Compute):
            alive |= set(move.scalar.args)
        most = max(most, sum(registers(s) for s in alive))
    return most


def drawn(seed, count=150):
    """Inputs, and twelve numbers of a random graph, of which some are inputs themselves."""
    random, graph = np.random.default_rng(seed), Graph()
    inputs = list(graph.inputs((INPUTS,), "f64", 0))
    there = [*inputs, graph.constant(0.25, "f64")]
    for _ in range(count):
        a, b = random.choice(len(there), 2)
        there.append(graph.apply(str(random.choice(["add", "mul"])), there[a], there[b]))
    ends = [there[k] for k in random.choice(len(there), INPUTS)]
    return inputs, [*ends[:-3], inputs[3], inputs[2], inputs[0]]


def by_hand(inputs, scalars, values):
    known = dict(zip(inputs, values, strict=True))
    thread = Thread({}, {})
    thread.now = known
    for s in order_of(scalars):
        if s.op not in ("input", "constant"):
            known[s] = thread.value(s)
    return [thread.of(s) for s in scalars]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("room", [8, 14, 1000])
def test_inputs_become_the_ends_in_few_registers_though_these_take_their_places(seed, room):
    """As in a step of a lane; of the last three ends, which are other inputs, two take each other's place."""
    inputs, scalars = drawn(seed)
    ends = [End(s, k, inputs[k]) for k, s in enumerate(scalars) if s is not inputs[k]]
    plan = planned(ends, {s: k for k, s in enumerate(inputs)}, INPUTS, room)
    values = np.random.default_rng(seed).uniform(-1, 1, INPUTS)
    thread = Thread(dict(enumerate(values)), {})
    thread.run(plan.instructions)
    assert [thread.cells[k] for k in range(INPUTS)] == by_hand(inputs, scalars, values)
    assert most_alive(plan.instructions) <= room
    assert plan.most <= room
    assert plan.cells >= INPUTS
    stores = [move for move in plan.instructions if isinstance(move, Store)]
    assert bool(stores) == (room < 20)


def test_inputs_without_a_cell_are_read_once_where_they_lie():
    inputs, scalars = drawn(7)
    plan = planned([End(s, k) for k, s in enumerate(scalars)], dict.fromkeys(inputs), 0, 8)
    values = np.linspace(-1, 1, INPUTS)
    thread = Thread({}, dict(zip(inputs, values, strict=True)))
    thread.run(plan.instructions)
    assert [thread.written[k] for k in range(INPUTS)] == by_hand(inputs, scalars, values)
    read = [move.scalar for move in plan.instructions if isinstance(move, Load) and move.cell is None]
    assert len(read) == len({*read})
    assert most_alive(plan.instructions) <= 8


def looped(rounds=3):
    """A loop in a loop: x <- x a + b until y is large; around it numbers that wait meanwhile."""
    graph = Graph()
    inputs = list(graph.inputs((INPUTS,), "f64", 0))
    total = inputs[0]
    before = [total := graph.apply("add", total, graph.apply("mul", a, a)) for a in inputs[1:]]
    x, y, n = graph.carried(["f64"] * 3)
    inner, m = graph.carried(["f64"] * 2)
    deep = graph.loop(
        [x, graph.constant(0.0, "f64")], [inner, m], graph.apply("lt", m, inputs[3]),
        [graph.apply("add", graph.apply("mul", inner, inputs[1]), before[2]),
         graph.apply("add", m, inputs[4])],
    )  # fmt: skip
    body = [graph.apply("mul", deep[0], before[5]), x, graph.apply("add", n, inputs[5])]
    loop = graph.loop([inputs[1], inputs[2], inputs[6]], [x, y, n], graph.apply("lt", n, inputs[7]), body)
    ends = [graph.apply("mul", loop[0], b) for b in before] + [loop[1], inputs[7]]
    return inputs, ends[:INPUTS]


@pytest.mark.parametrize("room", [12, 16, 30, 1000])
def test_numbers_wait_for_loops_in_cells_or_in_registers(room):
    inputs, scalars = looped()
    values = [0.5, 0.3, 0.7, 2.5, 1.0, 1.0, 0.0, 3.5, 0.1, 0.2, 0.3, 0.4]
    plan = planned(
        [End(s, k, inputs[k]) for k, s in enumerate(scalars)],
        {s: k for k, s in enumerate(inputs)},
        INPUTS,
        room,
    )
    thread = Thread(dict(enumerate(values)), {})
    thread.run(plan.instructions)
    before, total = [], values[0]
    for a in values[1:]:
        before.append(total := total + a * a)
    x, y = values[1], values[2]
    for _ in range(4):
        old = x
        for _ in range(3):
            x = x * values[1] + before[2]
        x, y = x * before[5], old
    np.testing.assert_array_equal(
        [thread.written[k] for k in range(INPUTS)], [*(x * b for b in before), y][:INPUTS]
    )
    assert plan.most <= max(room, 16)


def test_an_order_of_few_numbers_is_found_and_keeps_what_comes_before_what():
    """Leaves of a tree first, as they stand, are all alive at once; branch by branch two or three are."""
    graph = Graph()
    level = leaves = [graph.apply("mul", a, a) for a in graph.inputs((64,), "f64", 0)]
    while len(level) > 1:
        level = [graph.apply("add", a, b) for a, b in zip(level[::2], level[1::2], strict=True)]
    rest = [s for s in order_of(level) if s not in leaves and s.op != "input"]
    order = ordered([*leaves, *rest], level, registers)
    assert sorted(map(id, order)) == sorted(map(id, [*leaves, *rest]))
    place = {s: k for k, s in enumerate(order)}
    assert all(place[a] < place[s] for s in rest for a in s.args)
    computations = [Compute(s) for s in order if s not in leaves]
    assert most_alive([*(Compute(s) for s in [*leaves, *rest])]) >= 128
    assert most_alive([Load(s, 0) if s in leaves else Compute(s) for s in order]) <= 20
    assert len(computations) == 63


@pytest.mark.parametrize("count", [90, 110])
def test_what_fits_the_registers_is_not_planned(count):
    graph = Graph()
    inputs = list(graph.inputs((count,), "f64", 0))
    total = inputs[0]
    for a in inputs[1:]:
        total = graph.apply("add", total, a)
    assert spills([End(total, 0)], inputs) == (count > 100)


@pytest.mark.parametrize(
    ("count", "operations", "expected"),
    [(50, 49, MANY), (50, 1_100, SOME), (70, 69, SOME), (90, 89, FEW)],
)
def test_as_many_blocks_suit_a_kernel_as_its_longest_and_widest_loops_leave_registers_for(
    count, operations, expected
):
    graph = Graph()
    inputs = list(graph.inputs((count,), "f64", 0))
    total = inputs[0]
    for k in range(operations):
        total = graph.apply("add", total, inputs[(k + 1) % count])
    narrow = [End(inputs[0], 0)], inputs[:1]
    assert occupancy_of([narrow, ([End(total, 0)], inputs)]) is expected
    assert occupancy_of([narrow]) is MANY
    assert occupancy_of([]) is FEW
