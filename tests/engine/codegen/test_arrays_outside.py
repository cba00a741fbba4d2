"""Saved times are read and paths written where XLA has them: records are as small as without them."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.codegen import lane_loop as loops
from equisweep.engine.codegen.gpu import launch
from equisweep.engine.codegen.lane_call import lane_call
from equisweep.engine.codegen.lane_loop import lane_loop
from equisweep.engine.codegen.lane_route import lane_route
from equisweep.engine.codegen.route.route import Outside, Put
from equisweep.engine.ode.integration import Integration
from equisweep.engine.ode.method import Method
from equisweep.engine.ode.trajectory import integrated
from helpers.codegen.captured import Captured
from helpers.flows import DECAY
from jax import lax

from .test_lane_route import same


def captured(function, *given):
    """The route of a function of one lane."""
    back_end = Captured(routes=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loops, "lane_backends", lambda: [back_end])
        jax.eval_shape(function, *(jax.ShapeDtypeStruct(np.shape(g), np.result_type(g)) for g in given))
    (route,) = back_end.programs
    return route


def orbit(times):
    def function(k):
        p = {"horizon": 4.0 + 0 * k, "k": k, "z0": 1.0 + 0 * k}
        return integrated(Integration(DECAY, p, Method("tsit5"), {}, partial(lane_loop)), times)

    return captured(function, 1.0)


def test_what_an_orbit_carries_does_not_grow_with_its_saved_times():
    few, many = (orbit(np.linspace(0, 4, count)) for count in (3, 5000))
    assert few.bytes == many.bytes < 4000
    (path,) = [k for k, one in enumerate(many.results) if one.shape == (5000,)]
    assert many.results[path].buffer.outside == Outside(True, path)
    assert [one.buffer.outside for one in many.inputs if one.size > 1] == [
        Outside(False, len(many.inputs) - 1)
    ]
    # The end is one more time of which no row is left.
    rows = [step.rows for block in many.blocks for step in block.steps if isinstance(step, Put)]
    assert rows == [5000]


def paths(loop, given):
    """Paths that are returned and nothing else, cut, filled or whole, and such of which something is read."""
    x, times, other = given

    def seen(x):
        return {"one": x, "pair": jnp.stack([x, -x]), "below": x < 0.3, "count": (x * 50).astype(jnp.int16)}

    def saved(at, rows):
        time, pair = rows
        later = lane_call(loop, lambda g: jnp.sin(g[0] * g[1]) + g[2][0], (at, time, pair))
        return later, lane_call(loop, seen, later)

    end, path = lax.scan(saved, x, (times, other))
    again = lax.scan(saved, end, (times, other))[1]
    late = lane_call(loop, lambda g: g > 0.4, end)
    filled = {
        "one": lax.select(late, jnp.full(4, jnp.nan), path["one"][:-1]),
        "pair": lax.select(late, jnp.full((4, 2), -0.0), path["pair"][:4]),
        "count": lax.select(late, jnp.full(5, 7, jnp.int16), path["count"]),
        "below": lax.select(late, jnp.full(5, True), path["below"]),
    }
    # Two ends of one path, and one of which a call reads a part.
    some = again["one"][1:3], again["one"][:2], again["below"], again["below"]
    read = lane_call(loop, lambda g: g[0] + g[1], (again["pair"][0], again["pair"][3]))
    return end, late, filled, some, read, again["pair"], times


def given_paths(lanes=40):
    rng = np.random.default_rng(5)
    return rng.normal(size=lanes), rng.normal(size=(lanes, 5)), rng.normal(size=(lanes, 5, 2))


def test_paths_have_the_bits_that_they_have_in_a_record():
    late = same(paths, *given_paths())[1]
    assert 5 < late.sum() < 35


def test_only_what_is_written_by_rows_and_read_by_nobody_lies_outside():
    route = captured(lambda *given: lane_route(lane_loop, paths, given), *(g[0] for g in given_paths()))
    inputs = [value.buffer.outside for value in route.inputs]
    assert inputs == [None, None, Outside(False, 2)]  # the times are returned, too
    results = [value for value in route.results if value.shape]
    outside = [value.shape for value in results if value.buffer.outside is not None]
    assert sorted(outside) == [(4,), (4, 2), (5,), (5,)]


class _Bound:
    """Keeps what the primitive of lanes is bound to."""

    def bind(self, *arrays, kernel):
        self.arrays, self.outer = arrays, kernel.outer(arrays)
        return []


@pytest.mark.parametrize("axis", [None, 0, 1])
@pytest.mark.parametrize("before", [(), (3,), (2, 3)])
def test_what_lanes_have_in_common_is_one_array_on_a_gpu(monkeypatch, before, axis):
    """Until each has its own, however many axes lanes had before; what is in a record is each lane's own."""
    bound = _Bound()
    monkeypatch.setattr(launch, "_LANES", bound)
    kernel = launch.Kernel("k", "", (1, 0), (), 5, shareable=(0,))
    size, own = 4, np.arange(np.prod(before, dtype=int), dtype=float).reshape(before)
    times = np.arange(7.0) if axis is None else np.arange(28.0).reshape((7, 4) if axis else (4, 7))
    alone = axis == 0
    launch._batched(
        [times, own if alone else np.stack([own] * size)], [axis, None if alone else 0], kernel=kernel
    )
    assert bound.outer == (size, *before)
    np.testing.assert_array_equal(bound.arrays[1], np.broadcast_to(own, (size, *before)))
    if axis is None:
        assert bound.arrays[0].shape == (7,)
        assert kernel.shared(bound.arrays[0], 0)
    else:
        each = np.moveaxis(times, axis, 0).reshape(size, *(1 for _ in before), 7)
        np.testing.assert_array_equal(bound.arrays[0], np.broadcast_to(each, (size, *before, 7)))
