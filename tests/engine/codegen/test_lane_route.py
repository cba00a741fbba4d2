"""A lane's whole way as one program: the numbers of one call after another, to the last bit."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.codegen import lane_loop as loops
from equisweep.engine.codegen.cpu import jit
from equisweep.engine.codegen.cpu.route_lanes import route_code
from equisweep.engine.codegen.ir import Unsupported
from equisweep.engine.codegen.lane_call import lane_call
from equisweep.engine.codegen.lane_loop import lane_loop
from equisweep.engine.codegen.lane_route import lane_route
from equisweep.engine.codegen.route.route import Buffer, Route
from helpers.codegen.gpu import OnThisProcessor
from jax import lax


def bits(values):
    return [np.atleast_1d(np.asarray(v)).view(np.uint8) for v in jax.tree.leaves(values)]


def routed(function, *given):
    return lane_route(lane_loop, function, given)


def on_threads(function, *given):
    """The same by a GPU's threads, which this processor runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loops, "lane_backends", lambda: [OnThisProcessor()])
        return jax.jit(jax.vmap(partial(routed, function)))(*given)


def same(function, *given):
    """Its results by one call, which are those of call after call by XLA, and those of a GPU's threads."""
    lowered = jax.jit(jax.vmap(partial(routed, function))).lower(*given)
    assert lowered.as_text().count("stablehlo.custom_call") == 1
    assert "stablehlo.while" not in lowered.as_text()
    actual = lowered.compile()(*given)
    expected = jax.jit(jax.vmap(lambda *given: function(lane_loop, given)))(*given)
    for other in (expected, on_threads(function, *given)):
        for one, two in zip(bits(actual), bits(other), strict=True):
            np.testing.assert_array_equal(one, two)
    return actual


def doubled(x, limit, loop):
    """Doublings until a limit is passed, and how many."""
    return loop(
        lambda at, limit: (at[0] < limit) & (at[1] < 60),
        lambda at, _: (at[0] * 2 + jnp.sin(at[0]), at[1] + 1),
        (x, jnp.int32(0)),
        limit,
    )


def journey(loop, given):
    """Turns, each of a loop and a call, whose number and lengths differ from lane to lane; a path; arrays."""
    x, turns, times = given

    def square(given):
        return {"root": jnp.sqrt(jnp.abs(given[0])), "pair": jnp.stack([given[0], given[1]]) * 0.1}

    def turn(at):
        limit = lane_call(loop, lambda k: 100.0 + k, at[2])
        reached, count = doubled(at[0], limit, loop)
        called = lane_call(loop, square, (reached, limit))
        # One is carried on as the other.
        return called["root"], at[0], at[2] + 1, at[3] + count, called["pair"]

    begin = (x, jnp.zeros(()), jnp.int32(0), jnp.int32(0), jnp.zeros(2))
    last = lax.while_loop(lambda at: at[2] < turns, turn, begin)

    def saved(at, time):
        later = doubled(at, time, loop)[0]
        seen = lane_call(loop, lambda given: jnp.exp(-given[0] / given[1]), (later, time))
        return later, {"seen": seen, "pair": jnp.stack([later, at])}

    end, path = lax.scan(saved, last[0], jnp.append(times, 50.0))
    beside = jax.vmap(lambda y: lane_call(loop, lambda g: g[0] * g[1] + 1, (y, end)))(last[4])
    return last, path["seen"][:-1], path["pair"], beside, jnp.arange(3), x


@pytest.mark.parametrize("lanes", [0, 1, 5, 700])
def test_each_lane_goes_its_own_way_and_has_the_bits_of_one_call_after_another(lanes):
    """More lanes than records, fewer than a vector, none; some end at once, and one is no number."""
    rng = np.random.default_rng(lanes)
    x, turns = rng.uniform(0.1, 150.0, lanes), rng.integers(0, 9, lanes).astype(np.int32)
    x[lanes // 2 : lanes // 2 + 1] = np.nan
    times = np.sort(rng.uniform(1.0, 40.0, (lanes, 4)), axis=1)
    last = same(journey, x, turns, times)[0]
    np.testing.assert_array_equal(last[2], turns)
    if lanes > 5:
        assert len(np.unique(last[3])) > 10


def test_loops_within_loops_and_carries_that_change_places():
    def function(loop, given):
        (x,) = given

        def outer(at):
            a, b, k, fixed = at

            def inner(at):
                later = lane_call(loop, lambda g: (g[0] + g[1], g[0] * 0.5), at[:2])
                return later[1], later[0], at[2] + 1

            a, b, _ = lax.while_loop(lambda at: at[2] < k, inner, (b, a, jnp.int32(0)))
            return b, a, k + 1, fixed

        begin = lane_call(loop, lambda x: (x, 1 - x, jnp.int32(0), x * 3), x)
        return lax.while_loop(lambda at: at[2] < 5, outer, begin)

    result = same(function, np.linspace(-1, 1, 40))
    np.testing.assert_array_equal(result[3], np.linspace(-1, 1, 40) * 3)


def test_arrays_of_any_dtype_go_along():
    def function(loop, given):
        x, n = given
        single = lane_call(loop, lambda x: x.astype(jnp.float32), x)
        kinds = {"b": n > 3, "u": n.astype(jnp.uint8), "f": single, "i": n.astype(jnp.int64)}

        def body(at):
            later = lane_call(loop, lambda g: {**g, "f": g["f"] * 2, "b": ~g["b"], "u": g["u"] + 1}, at[0])
            return later, at[1] + 1

        return lax.while_loop(lambda at: at[1] < n, body, (kinds, jnp.int32(0)))

    same(function, np.linspace(0, 1, 9), np.arange(9, dtype=np.int32))


def test_numbers_change_places_within_an_array_that_nobody_needs_afterwards():
    def function(loop, given):
        def turned(at):
            array = lane_call(loop, lambda a: a * 1.5 + jnp.arange(7.0), at[0])
            turned = jnp.concatenate([array[::-1][1:], array[6:]])
            later = lane_call(loop, lambda a: a - 1, jnp.roll(turned.reshape(7), 2))
            return later, at[1] + 1

        return lax.while_loop(lambda at: at[1] < given[1], turned, (given[0], jnp.int32(0)))

    same(function, np.random.default_rng(0).normal(size=(20, 7)), np.arange(20, dtype=np.int32) % 6)


def test_numbers_change_places_within_what_a_loop_carries():
    """The turned array goes on as the one that was turned: not even then do both lie in one place."""

    def function(loop, given):
        def turned(at):
            back, rolled, total, k = at
            back, rolled = back[::-1], jnp.roll(rolled, 2)
            total = lane_call(loop, lambda g: g[0] + g[1][0] * g[2][1], (total, back, rolled))
            return back, rolled, total, k + 1

        x, n = given
        return lax.while_loop(lambda at: at[3] < n, turned, (x, x, x[0], jnp.int32(0)))

    x, n = np.random.default_rng(0).normal(size=(20, 5)), np.arange(20, dtype=np.int32)
    back, rolled, *_ = same(function, x, n)
    for lane in range(20):
        np.testing.assert_array_equal(back[lane], x[lane][::-1] if lane % 2 else x[lane])
        np.testing.assert_array_equal(rolled[lane], np.roll(x[lane], 2 * lane))


@pytest.mark.parametrize("seed", range(2))
def test_whatever_is_moved_between_calls_comes_to_its_place(seed):
    """Pieces of arrays go from one to another at random, and on in loops around each other."""
    draws = np.random.default_rng(seed).integers(0, 12, (3, 3, 4))

    def moved(arrays, draw):
        arrays = [*arrays]
        for k, order in enumerate(draw):
            whole = jnp.concatenate(arrays)
            arrays[k] = jnp.stack([whole[place] for place in order.tolist()])
        return arrays

    def function(loop, given):
        x, n = given

        def inner(at):
            one, two, three = moved(at[0], draws[0])
            return [one, lane_call(loop, lambda a: a * 0.5 + 1, two), three], at[1] + 1

        def outer(at):
            begin = moved(at[0], draws[1]), jnp.int32(0)
            (one, two, _), _ = lax.while_loop(lambda at: at[1] < n, inner, begin)
            return moved([one, two, lane_call(loop, jnp.sin, at[0][2])], draws[2]), at[1] + 1

        return lax.while_loop(lambda at: at[1] < 3, outer, ([*x], jnp.int32(0)))

    rng = np.random.default_rng(seed)
    same(function, rng.normal(size=(9, 3, 4)), np.arange(9, dtype=np.int32) % 4)


def test_derivatives_are_those_of_one_call_after_another():
    def total(run, x):
        return jnp.sum(run(journey, x, jnp.int32(3), jnp.asarray([5.0, 20.0, 30.0]))[1])

    actual = jax.jacfwd(partial(total, routed))(0.3)
    expected = jax.jacfwd(partial(total, lambda function, *given: function(lane_loop, given)))(0.3)
    assert actual == expected != 0


def test_what_has_no_such_form_goes_through_xla_with_the_same_numbers():
    def function(loop, given):
        solved = jnp.linalg.eigvals(jnp.diag(given[0][:1] + jnp.arange(20.0)) + 0.1).real.sum()
        return doubled(solved, 1e6, loop)

    reports = []
    x = np.arange(3.0)[:, None]
    run = partial(lane_route, partial(lane_loop, report=reports.append), function)
    outputs = jax.jit(jax.vmap(lambda x: run((x,))))(x)
    assert np.all(np.asarray(outputs[0]) > 1e6)
    assert [str(way) for way in reports] == ["machine code"]
    assert jax.jit(jax.vmap(lambda x: run((x,)))).lower(x).as_text().count("custom_call") > 1


def test_a_function_that_closes_over_what_is_traced_goes_through_xla():
    def beside(x, y):
        return routed(lambda loop, given: jnp.stack([doubled(given[0], 1e3, loop)[0], y]), x)

    x = np.arange(1.0, 4.0)
    np.testing.assert_array_equal(jax.jit(jax.vmap(beside))(x, -x)[:, 1], -x)


def test_what_xla_might_round_otherwise_between_calls_stays_with_xla():
    """So `plan`, which reads what stands between them, and a run agree whether a cube is portable."""

    def function(loop, given):
        return doubled(given[0] * 0.1 + 1, 1e3, loop)

    lowered = jax.jit(jax.vmap(partial(routed, function))).lower(np.arange(3.0))
    assert "stablehlo.multiply" in lowered.as_text()


def chosen_arrays(loop, given):
    """Arrays of which a condition of the lane chooses one or another, or NaN."""
    x, one, other = given
    late = doubled(x, 100.0, loop)[1] > 2
    return jnp.where(late, jnp.nan, one), jnp.where(late, one, other), late


def test_arrays_that_a_condition_chooses_have_their_bits():
    def more(loop, given):
        nan, some, late = chosen_arrays(loop, given)
        return nan, some, late, jnp.where(late, some[::-1], nan), jnp.where(~late, -0.0, some)

    rng = np.random.default_rng(3)
    late = same(more, rng.uniform(0.1, 150.0, 40), *rng.normal(size=(2, 40, 20)))[2]
    assert 5 < late.sum() < 35


def codes_of(monkeypatch, function, *shapes):
    """The code of each part of a route and, last, of its blocks, in lines."""
    texts, begun = [], jit.begun
    with monkeypatch.context() as patch:
        patch.setattr(jit, "begun", lambda text: (texts.append(text), begun(text))[1])
        jax.eval_shape(partial(routed, function), *(jax.ShapeDtypeStruct(s, "float64") for s in shapes))
    return texts


def test_to_choose_a_longer_array_takes_no_more_code(monkeypatch):
    codes = [codes_of(monkeypatch, chosen_arrays, (), (n,), (n,))[-1] for n in (20, 80)]
    assert "@block0" in codes[0]
    assert codes[0].count("\n") == codes[1].count("\n")


def test_routes_that_differ_in_their_parts_alone_share_the_code_between_them(monkeypatch):
    def route(factor):
        def function(loop, given):
            end, count = doubled(given[0], 100.0, loop)
            return lane_call(loop, lambda e: e * factor, end), count

        return function

    one, other = (codes_of(monkeypatch, route(factor), ()) for factor in (2.0, 3.0))
    assert one[-1] == other[-1]
    assert sum(a != b for a, b in zip(one, other, strict=True)) == 1
    x = np.linspace(0.5, 70.0, 20)
    results = [same(route(factor), x)[0] for factor in (2.0, 3.0)]
    np.testing.assert_allclose(results[0] * 1.5, results[1], rtol=1e-15)


def test_records_too_large_for_the_stack_lie_elsewhere(monkeypatch):
    shapes = ((), (2500,), (2500,))
    assert any("@malloc" in code for code in codes_of(monkeypatch, chosen_arrays, *shapes))
    rng = np.random.default_rng(4)
    same(chosen_arrays, rng.uniform(0.1, 150.0, 40), *rng.normal(size=(2, 40, 2500)))


def test_records_of_a_megabyte_go_call_after_call():
    with pytest.raises(Unsupported, match="more than 1048576 bytes"):
        route_code(Route([], (), (), [Buffer(2**17 + 1, "f64", offset=0)]), lambda _: 8, 1)
