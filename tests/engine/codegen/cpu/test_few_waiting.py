"""Steps in which few numbers wait: written soon, in an order that LLVM keeps, and the same numbers."""

import ctypes
import re

import llvmlite.binding as llvm
import numpy as np
from equisweep.engine.codegen.cpu import jit
from equisweep.engine.codegen.cpu.few_waiting import FewWaiting
from equisweep.engine.codegen.ir import Graph
from equisweep.engine.codegen.llvm.builder import VectorCode

WIDTH, COUNT = 2, 40


def advanced(kind, body):
    """The lines of a step, and what it makes of `COUNT` numbers in each slot."""
    code = kind(WIDTH, [f"%n{k}" for k in range(COUNT)])
    code.block("entry")
    for k in range(COUNT):
        code.emit_as(f"%n{k}", f"getelementptr i8, ptr %given, i64 {64 * k}")
    code.advance(body)
    code.add("ret void")
    _, address = jit.link(code.function("define void @NAME(ptr %given)"))
    given = np.zeros(64 * (COUNT + 1), np.uint8)
    given = given[-given.ctypes.data % 64 :][: 64 * COUNT].view(float).reshape(COUNT, 8)
    given[:, :WIDTH] = np.linspace(0.5, 1.5, COUNT * WIDTH).reshape(COUNT, WIDTH)
    ctypes.CFUNCTYPE(None, ctypes.c_void_p)(address)(given.ctypes.data)
    return code.lines, given.tobytes()


def lines_of(body):
    """Of both ways, which make the same bits."""
    (plain, expected), (lines, actual) = (advanced(kind, body) for kind in (VectorCode, FewWaiting))
    assert actual == expected
    return plain, lines


def chained(graph, given):
    """Products of neighbours, each added to the sum of those before: every input is read three times."""
    total, body = given[0], []
    for k in range(COUNT):
        total = graph.apply("fma", given[k], given[(k + 1) % COUNT], total)
        body.append(total)
    return body


def test_a_number_is_written_as_soon_as_nobody_needs_the_one_before():
    graph = Graph()
    plain, lines = lines_of(chained(graph, graph.inputs((COUNT,), "f64", 0)))
    first_store = [
        next(k for k, line in enumerate(ls) if " store " in line) / len(ls) for ls in (plain, lines)
    ]
    assert first_store[0] > 0.6
    assert first_store[1] < 0.3
    labels = [k for k, line in enumerate(lines) if "annotation" in line]
    assert len(labels) == COUNT // 16
    reads = [re.search(r"%n\d+", line)[0] for line in lines if " load " in line]
    assert len(reads) > len({*reads}) == COUNT  # again behind a label
    assert not any("annotation" in line for line in plain)


def test_numbers_that_change_places_are_read_before_any_is_written():
    graph = Graph()
    given = graph.inputs((COUNT,), "f64", 0)
    turned = [*given[1:], given[0]]
    lines_of(turned)
    lines_of(given[::-1].tolist())
    # Beside such that are computed of them, before and behind labels.
    mixed = [a if k % 3 else b for k, (a, b) in enumerate(zip(turned, chained(graph, given), strict=True))]
    lines_of(mixed)


def test_random_steps_have_the_same_bits():
    for seed in range(5):
        random, graph = np.random.default_rng(seed), Graph()
        numbers = list(graph.inputs((COUNT,), "f64", 0))
        for _ in range(150):
            op, args = random.choice(["add", "mul", "sub"]), random.choice(len(numbers), 2)
            numbers.append(graph.apply(str(op), *(numbers[k] for k in args)))
        body = [numbers[k] for k in random.choice(len(numbers), COUNT)]
        lines_of(body)


def test_the_text_is_the_same_whenever_it_is_written():
    """What is compiled is kept under its digest: other processes would compile it again."""
    texts = set()
    for _ in range(3):
        given = Graph().inputs((COUNT,), "f64", 0)
        texts.add("\n".join(advanced(FewWaiting, [*given[1:], given[0]])[0]))
    assert len(texts) == 1


def test_labels_are_no_instructions():
    """They name places for the scheduler alone: nothing is left of them in machine code."""
    counts = []
    for kind in (VectorCode, FewWaiting):
        graph = Graph()
        x, y = graph.inputs((2,), "f64", 0)
        for _ in range(COUNT):
            x = graph.apply("mul", x, y)  # a chain has one order
        code = kind(WIDTH, ["%a", "%b"])
        code.block("entry")
        code.compute([x])
        code.add(f"ret <{WIDTH} x double> {code.value(x)}")
        text = code.function(f"define <{WIDTH} x double> @f(ptr %a, ptr %b)")
        lines = jit._target(3).emit_assembly(llvm.parse_assembly(text)).splitlines()
        counts.append([sum(bool(re.match(r"\s+v?f?mul", line)) for line in lines), len(lines)])
    assert counts[0][0] == counts[1][0] == COUNT
    assert counts[1][1] - counts[0][1] < 3 * (COUNT // 16) + 4  # labels, and reads of `y` again
