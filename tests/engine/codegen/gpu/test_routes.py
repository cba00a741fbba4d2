"""A lane's whole way as one kernel, without a GPU: the CPU's bits, valid for the assembler, launched."""

import re
from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.codegen import lane_loop as loops
from equisweep.engine.codegen.cpu.backend import Cpu
from equisweep.engine.codegen.gpu import launch
from equisweep.engine.codegen.gpu.backend import Gpu
from equisweep.engine.codegen.gpu.launch import threads_of
from equisweep.engine.codegen.gpu.ptx import ptx
from equisweep.engine.codegen.gpu.route_code import route_kernel
from equisweep.engine.codegen.gpu.route_program import GpuRouteProgram
from equisweep.engine.codegen.ir import Unsupported
from equisweep.engine.codegen.lane_loop import lane_loop
from equisweep.engine.codegen.route.route import Buffer
from equisweep.engine.ode.integration import Integration
from equisweep.engine.ode.method import Method
from equisweep.engine.ode.trajectory import integrated
from equisweep.engine.xla.between_calls import computed_between
from helpers.codegen.gpu import (
    CARDS,
    RouteOnThisProcessor,
    assembled,
    assert_offsets_in_local_memory,
)
from helpers.codegen.routes import RoutesSideBySide, assert_same_bits
from helpers.flows import DECAY
from helpers.products import some

TIMES = (0.0, 0.3, 0.8, 5.0)
# As they are handed to an orbit, which goes on to its end after them.
PADDED = np.array([*TIMES, np.inf])
METHOD = Method("tsit5", rtol=1e-4, max_steps=900)
MOST_THREADS = 65536


def orbits(flow=DECAY, method=METHOD, times=TIMES):
    return jax.vmap(lambda p: integrated(Integration(flow, p, method, {}, partial(lane_loop)), times))


def decays(lanes):
    """Horizons that differ, one at which nothing is left to do, two that are none; an infinite rate."""
    end, rate = np.geomspace(0.2, 20.0, lanes), np.geomspace(0.01, 8.0, lanes)
    end[3:6] = [0.0, np.nan, -1.0][: len(end[3:6])]
    rate[6:7] = np.inf
    return {"horizon": end, "k": rate, "z0": np.linspace(-1, 1, lanes)}


@pytest.fixture(scope="module")
def decaying():
    """Orbits with a path: the route, a processor's program, threads each alone, and threads beside others."""
    both = RoutesSideBySide(
        partial(RouteOnThisProcessor, threads=3), partial(RouteOnThisProcessor, threads=3, others=True)
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loops, "lane_backends", lambda: [both])
        jax.make_jaxpr(orbits())(decays(7))
    ((programs, shapes),), (route,) = both.taken, both.routes_taken
    return route, programs, shapes


# With a work of 1 a thread passes one block, or takes one step, in each launch.
@pytest.mark.parametrize(
    ("lanes", "threads", "work"),
    [(0, 3, 9), (1, 1, 1), (1, 40, 10**6), (7, 1, 3), (37, 5, 20), (100, 33, 10**6), (100, 33, 1)],
)
@pytest.mark.parametrize("others", [False, True])
def test_lanes_have_the_cpus_bits_whoever_takes_them_and_wherever_a_launch_ends(
    decaying, lanes, threads, work, others
):
    _, (vectors, *ways), shapes = decaying
    given = [*decays(lanes).values(), np.broadcast_to(PADDED, (lanes, len(PADDED)))]
    expected = jax.jit(jax.vmap(lambda *a: vectors(a, shapes)))(*given)
    way = ways[others]
    way.threads, way.work = threads, work
    for times in (PADDED, given[-1]):  # those of all lanes, and each lane's own
        assert_same_bits(way.run([*given[:-1], times], shapes), [*map(np.asarray, expected)])
    assert (way.launches > 10) == (lanes > 0 and work < 100)
    assert (way.launches == 1) == (lanes > 0 and work > 100)
    if lanes == 100:
        assert len(np.unique(expected[3])) > 10


@pytest.mark.parametrize("lanes", some([1, 1000, 10**6], {10**6}))
def test_xla_launches_the_kernel_until_all_lanes_are_done(monkeypatch, lanes):
    """Records and results are written in place, launch after launch."""
    monkeypatch.setattr(loops, "lane_backends", lambda: [Gpu()])
    shapes = jax.eval_shape(lambda: {name: jnp.zeros(lanes) for name in decays(1)})
    lowered = jax.jit(orbits()).trace(shapes).lower(lowering_platforms=("cuda",)).as_text()
    (call,) = [line for line in lowered.splitlines() if launch._TARGET in line]
    assert lowered.count("stablehlo.while") == 1
    threads = min(-(-lanes // 64) * 64, MOST_THREADS)
    assert f"grid_x = {threads // 64} : i32" in call
    assert "block_x = 64 : i32" in call
    assert 'name = "equisweep_route"' in call
    assert ".entry equisweep_route(" in call
    given, made = (
        re.findall(r"tensor<([^>]*)>", part) for part in re.search(r": \((.*)\) -> (.*)$", call).groups()
    )
    # Rate, horizon, start, the times of all lanes; how many lanes, how much work, that there is one array of
    # times; then what is carried on.
    assert given[:5] == [*[f"{lanes}xf64"] * 3, "5xf64", "3xi32"]
    assert given[5:] == made
    words = int(made[0].split("x")[1])
    assert made[:3] == [f"{threads // 32}x{words}x32xi64", f"2x{threads}xi32", "2xi32"]
    for k in range(len(made)):
        assert re.search(rf"output_tuple_indices = \[{k}\], operand_index = {5 + k},", call)
    # Records and results are written by the kernel alone.
    assert lowered.count("@AllocateBuffer()") == len(made) - 2
    # As many parameters as there are arrays.
    (head,) = re.findall(r"\.entry equisweep_route\((.*?)\)", call)
    assert head.count(".param") == len(given) + len(made)


def test_large_records_have_fewer_threads_and_still_larger_ones_go_through_xla(decaying):
    few = threads_of(4000, 10**6)
    assert few % 64 == 0
    assert few * 4000 * 8 <= 2**29 < (few + 64) * 4000 * 8
    assert [threads_of(10, lanes) for lanes in (1, 64, 65, 10**7)] == [64, 64, 128, MOST_THREADS]
    route, *_ = decaying
    large = replace(route, buffers=[*route.buffers, Buffer(1, "f64", offset=32 * 1024)])
    with pytest.raises(Unsupported, match="an orbit of more than 32768 bytes"):
        GpuRouteProgram(large)


def test_where_both_kinds_of_devices_are_an_orbit_is_one_call_on_either(monkeypatch):
    """And XLA computes nothing between, so that a cube is portable."""
    monkeypatch.setattr(loops, "lane_backends", lambda: [Cpu(8), Gpu()])
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    traced = jax.jit(orbits()).trace(decays(5))
    assert computed_between(traced.jaxpr.jaxpr) == set()
    for platform, target in (("cpu", "equisweep_"), ("cuda", launch._TARGET)):
        calls = re.findall(r"custom_call @(\S+?)\(", traced.lower(lowering_platforms=(platform,)).as_text())
        (call,) = [call for call in calls if call != "AllocateBuffer"]
        assert call.startswith(target)


def test_its_kernel_is_valid_for_the_assembler_and_spills_nothing(tmp_path, decaying):
    """Of a short loop as many blocks are on a multiprocessor as it leaves registers for."""
    route, *_ = decaying
    text = ptx(route_kernel(route, "kernel"))
    made = assembled(text, CARDS[0], tmp_path)
    assert made.spilled == 0
    assert made.registers <= 128
    assert made.shared == 0
    assert made.local > 40  # where the looks have what their registers do not hold
    assert_offsets_in_local_memory(text)
    assert not re.findall(r"\b(?:add|sub|mul|fma)\.f(?:32|64)", text)
    for said in ("activemask", "vote.sync.ballot", "redux.sync.max.u32"):
        assert said in text
