"""Random numbers in machine code are JAX's own, bit for bit, whatever the keys went through."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.codegen.lower.special import erf_inv
from helpers.codegen.grids import by_jax, computed, reason_for_xla
from helpers.products import costs_seconds
from jax import lax, random
from scipy import special

EPS = np.finfo(float).eps
SEEDS = np.random.default_rng(3).integers(0, 2**40, 30)
POINTS = [{"seed": SEEDS, "n": np.arange(30), "x": np.linspace(0, 1, 30)}]


def enciphered(key, block):
    """Threefry-2x32 of Salmon et al. (2011) with 20 rounds, in Python's integers."""
    mask = 2**32 - 1
    keys = [*key, key[0] ^ key[1] ^ 0x1BD11BDA]
    x, y = [(b + k) & mask for b, k in zip(block, key, strict=True)]
    for turn in range(20):
        by = [13, 15, 26, 6, 17, 29, 16, 24][turn % 8]
        x = (x + y) & mask
        y = ((y << by | y >> (32 - by)) & mask) ^ x
        if turn % 4 == 3:
            step = turn // 4 + 1
            x, y = (x + keys[step % 3]) & mask, (y + keys[(step + 1) % 3] + step) & mask
    return x, y


def test_the_cipher_is_that_of_the_paper():
    # Its reference implementation's known answers.
    assert enciphered((0, 0), (0, 0)) == (0x6B200159, 0x99BA4EFE)
    ones = (2**32 - 1, 2**32 - 1)
    assert enciphered(ones, ones) == (0x1CB996FC, 0xBB002BE7)


def test_random_bits_are_counters_enciphered_by_the_seed():
    bits = computed(lambda c: {"bits": random.bits(random.key(c["seed"]), (3,), jnp.uint64)}, POINTS)["bits"]
    for seed, row in zip(POINTS[0]["seed"].tolist(), bits.tolist(), strict=True):
        blocks = [enciphered((seed >> 32, seed & (2**32 - 1)), (0, i)) for i in range(3)]
        assert row == [high << 32 | low for high, low in blocks]


def key_of(c):
    return random.key(c["seed"])


WAYS = {
    "two keys of one": lambda c: sum(random.uniform(k) for k in random.split(key_of(c))),
    "old keys": lambda c: random.uniform(random.split(random.PRNGKey(c["seed"]))[1], (2,)),
    "folded in": lambda c: random.uniform(random.fold_in(key_of(c), c["n"])),
    "integers": lambda c: random.randint(key_of(c), (2,), 0, 7),
    "booleans": lambda c: random.bernoulli(key_of(c), c["x"]),
    "an order": lambda c: random.permutation(key_of(c), 4),
    "counted": lambda c: random.poisson(key_of(c), 3.0),
    "a loop that keeps the key": lambda c: lax.fori_loop(
        0, 40, lambda i, total: total + random.uniform(random.fold_in(key_of(c), i)), 0.0
    ),
    "a loop that carries the key": lambda c: lax.fori_loop(
        0, 40, lambda i, s: (random.split(s[0])[0], s[1] + random.uniform(s[0])), (key_of(c), 0.0)
    )[1],
    "a scan over keys": lambda c: lax.scan(
        lambda total, key: (total + random.uniform(key), total), 0.0, random.split(key_of(c), 3)
    ),
    "vmap over keys": lambda c: jax.vmap(random.uniform)(random.split(key_of(c), (2, 2)).reshape(4)),
    "a choice of keys": lambda c: random.uniform(
        lax.cond(c["x"] > 0.5, lambda: key_of(c), lambda: random.key(c["n"]))
    ),
    "a choice at each point": lambda c: random.uniform(
        jnp.where(c["x"] > 0.5, key_of(c), random.key(c["n"]))
    ),
    "a choice of many keys": lambda c: jax.vmap(random.uniform)(
        jnp.where(jnp.arange(3) < 3 * c["x"], random.split(key_of(c), 3), random.key(c["n"]))
    ),
    "a choice by number": lambda c: random.uniform(
        lax.select_n(c["n"].astype(jnp.int32) % 3, key_of(c), random.key(5), random.fold_in(key_of(c), 5))
    ),
    "a computed place": lambda c: random.uniform(random.split(key_of(c), 5)[c["n"] % 5]),
    "several computed places": lambda c: jax.vmap(random.uniform)(
        lax.dynamic_slice(random.split(key_of(c), (6,)), (c["n"] % 5,), (2,))
    ),
    "one replaced": lambda c: jax.vmap(random.uniform)(
        random.split(key_of(c), 3).at[c["n"] % 3].set(random.key(7))
    ),
    "a clone": lambda c: random.uniform(random.clone(key_of(c))),
    "keys placed": lambda c: random.uniform(jnp.stack([key_of(c), random.key(c["n"])])[::-1][None][0, 1]),
}


@pytest.mark.parametrize("way", WAYS)
def test_what_keys_go_through_changes_no_bit(way):
    def point(c):
        return {str(i): leaf for i, leaf in enumerate(jax.tree.leaves(WAYS[way](c)))}

    assert reason_for_xla(point, POINTS) is None
    results, expected = computed(point, POINTS), by_jax(point, POINTS)
    for name, values in expected.items():
        np.testing.assert_array_equal(results[name], values)


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (lambda c: random.uniform(random.key(c["seed"], impl="rbg")), "random numbers of key<rbg>"),
        (lambda c: random.gamma(random.key(c["seed"], impl="rbg"), 1.0), "random numbers of key<rbg>"),
    ],
)
def test_other_generators_go_through_xla(function, reason):
    assert reason_for_xla(lambda c: {"y": function(c)}, POINTS) == reason


@costs_seconds
def test_numbers_found_by_rejection_are_accepted_and_refused_as_by_jax():
    def point(c):
        shapes = jnp.stack([0.05 + c["x"], 3.0 + c["n"]])
        return {
            "gamma": random.gamma(key_of(c), shapes),
            "logarithm": random.loggamma(key_of(c), shapes),
            "beta": random.beta(key_of(c), 0.5, 2 + c["x"]),
        }

    assert reason_for_xla(point, POINTS) is None
    results, expected = computed(point, POINTS), by_jax(point, POINTS)
    for name, values in expected.items():
        np.testing.assert_allclose(results[name], values, rtol=1e-13, atol=1e-300)


def test_normal_numbers_agree_to_rounding():
    def point(c):
        return {"y": random.normal(key_of(c), (20,))}

    result, expected = computed(point, POINTS)["y"], by_jax(point, POINTS)["y"]
    np.testing.assert_allclose(result, expected, rtol=1e-13, atol=1e-15)


def test_single_precision_is_rounded_once():
    def point(c):
        return {"y": lax.erf_inv((2 * c["x"] - 1).astype(jnp.float32))}

    x = np.float32(2 * POINTS[0]["x"] - 1)
    np.testing.assert_allclose(computed(point, POINTS)["y"], special.erfinv(np.float64(x)), rtol=6e-8)


def test_the_inverse_error_function_is_right_to_rounding_from_end_to_end():
    tails = 1 - 10.0 ** -np.arange(1, 17)
    x = np.concatenate([np.linspace(-1, 1, 2001), tails, -tails, 10.0 ** -np.arange(1, 320, 20)])
    *result, outside, below, unknown = np.asarray(jax.jit(erf_inv)(np.append(x, [1.5, -2.0, np.nan])))
    result, expected = np.array(result), special.erfinv(x)
    near = EPS / np.maximum(1 - x**2, EPS)  # x^2 is rounded
    inside = np.abs(x) < 1
    # 23 terms by Horner's rule lose some roundings.
    error = np.abs(result[inside] - expected[inside])
    assert (error <= (16 * EPS + near[inside]) * np.abs(expected[inside])).all()
    assert (result[~inside] == expected[~inside]).all()
    assert np.isnan([outside, below, unknown]).all()
