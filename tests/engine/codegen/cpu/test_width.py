"""How many lanes are computed side by side: more of short steps, and always with the same bits."""

import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.codegen.cpu import backend
from equisweep.engine.codegen.cpu.backend import Cpu
from equisweep.engine.codegen.cpu.lane_program import CpuLaneProgram
from equisweep.engine.codegen.ir import Graph
from equisweep.engine.codegen.lanes import Leaf, Loop


def growing(numbers, looped=False, once=False):
    """Numbers that are multiplied until the first is large; `looped`: by a loop within the step."""
    graph = Graph()
    given = graph.inputs((numbers,), "f64", 0)
    factor = graph.constant(1.7, "f64")
    body = [graph.apply("fma", x, factor, x) for x in given]
    if looped:
        (x,) = graph.carried(["f64"])
        end = graph.apply("mul", given[0], graph.constant(4.0, "f64"))
        grown = graph.loop([given[0]], [x], graph.apply("lt", x, end), [graph.apply("mul", x, factor)])
        body[0] = grown[0]
    on = graph.apply("lt", given[0], graph.constant(1e4, "f64"))
    return Loop((Leaf(numbers, "f64", 1),), 1, on, tuple(body), once)


@pytest.mark.parametrize(
    ("loop", "width"),
    [
        (growing(5), 32),
        (growing(33), 16),
        (growing(5, looped=True), 16),
        (growing(5, once=True), 16),
        (growing(1001, once=True), 8),
    ],
    ids=["short", "many numbers", "a loop inside", "a call", "a long call"],
)
def test_with_avx512_short_steps_are_wider_and_long_calls_narrower(monkeypatch, loop, width):
    widths = []
    monkeypatch.setattr(backend, "CpuLaneProgram", lambda _, width: widths.append(width))
    monkeypatch.setattr(backend, "_best_width", lambda: 16)
    Cpu().lanes(loop)
    Cpu(16).lanes(loop)
    monkeypatch.setattr(backend, "_best_width", lambda: 8)
    Cpu().lanes(loop)
    assert widths == [width, 16, 8]


@pytest.mark.parametrize("lanes", [1, 31, 32, 33, 100])
def test_lanes_by_32_have_the_bits_of_lanes_by_8(lanes):
    begin = jnp.asarray(np.random.default_rng(lanes).uniform(0.1, 1e4, (lanes, 5)))
    loop = growing(5)
    wide, narrow = (np.asarray(CpuLaneProgram(loop, width)([begin])[0]) for width in (32, 8))
    assert (wide[:, 0] >= 1e4).all()
    assert wide.tobytes() == narrow.tobytes()
