"""A small function for every primitive of JAX that has a lowering rule, by the primitive's name.

Each takes two real numbers, two integers and a boolean.
"""

import jax
import jax.numpy as jnp
from equisweep.kernels.numerics.forward_only import forward_only
from jax import lax

from .objects import BEFORE_0_11, as_object


def row(x, y):
    return jnp.stack([x, y, x - y])


def table(x, y):
    return jnp.stack([row(x, y), row(y, x)])


def raw_bits(i, j):
    """Random bits of a key given as two numbers: what stands behind `jax.random.bits`."""
    generator = jax.random.key(0).dtype._impl
    return generator.random_bits(jnp.stack([i, j]).astype(jnp.uint32), 64, (3,))


@jax.custom_jvp
def own_jvp(x):
    return 2 * x


own_jvp.defjvp(lambda p, t: (own_jvp(*p), 2 * t[0]))


@jax.custom_vjp
def own_vjp(x):
    return 3 * x


own_vjp.defvjp(lambda x: (own_vjp(x), None), lambda _, g: (3 * g,))


def evaluated(function, x):
    """As JAX itself evaluates a jaxpr within a trace."""
    from jax._src.lax.eval_jaxpr import eval_jaxpr_p

    closed = jax.make_jaxpr(function)(jax.ShapeDtypeStruct((), x.dtype))
    return eval_jaxpr_p.bind(x, **{"jaxpr" if BEFORE_0_11 else "call_jaxpr": closed})[0]


# What this release of JAX has not, among what others have.
ABSENT = {name for name in ("log2", "one_minus_square", "polynomial") if not hasattr(lax, name)}
ABSENT |= {"eval_jaxpr" if BEFORE_0_11 else "closed_call"}


def positive(x):
    return jnp.abs(x) + 0.01


EXACT = {
    "add": lambda x, y, i, j, b: (x + y, i + j),
    "sub": lambda x, y, i, j, b: (x - y, i - j),
    "mul": lambda x, y, i, j, b: (x * y, i * j),
    "div": lambda x, y, i, j, b: (x / y, lax.div(i, j)),
    "rem": lambda x, y, i, j, b: (lax.rem(i, j), i % 7),
    "neg": lambda x, y, i, j, b: (-x, -i),
    "max": lambda x, y, i, j, b: (jnp.maximum(x, y), jnp.maximum(i, j)),
    "min": lambda x, y, i, j, b: (jnp.minimum(x, y), jnp.minimum(i, j)),
    "and": lambda x, y, i, j, b: (i & j, b & (x > 0)),
    "or": lambda x, y, i, j, b: (i | j, b | (x > 0)),
    "xor": lambda x, y, i, j, b: (i ^ j, b ^ (x > 0)),
    "not": lambda x, y, i, j, b: (~i, ~b, ~jnp.asarray(True) | b),
    "eq": lambda x, y, i, j, b: (x == y, i == j),
    "ne": lambda x, y, i, j, b: (x != y, i != j),
    "lt": lambda x, y, i, j, b: (x < y, i < j),
    "lt_to": lambda x, y, i, j, b: lax.lt_to_p.bind(x, y),
    "le_to": lambda x, y, i, j, b: lax.le_to_p.bind(x, y),
    "le": lambda x, y, i, j, b: (x <= y, i <= j),
    "gt": lambda x, y, i, j, b: (x > y, i > j),
    "ge": lambda x, y, i, j, b: (x >= y, i >= j),
    "abs": lambda x, y, i, j, b: (jnp.abs(x), jnp.abs(i), jnp.abs(i.astype(jnp.uint8))),
    "sign": lambda x, y, i, j, b: (jnp.sign(x), jnp.sign(i)),
    "floor": lambda x, y, i, j, b: jnp.floor(x),
    "ceil": lambda x, y, i, j, b: jnp.ceil(x),
    "round": lambda x, y, i, j, b: (jnp.round(x), lax.round(x)),
    "is_finite": lambda x, y, i, j, b: jnp.isfinite(x),
    "clamp": lambda x, y, i, j, b: (lax.clamp(-1.0, x, 1.0), lax.clamp(-3, i.astype(int), 3)),
    "square": lambda x, y, i, j, b: lax.square(x),
    "sqrt": lambda x, y, i, j, b: jnp.sqrt(x),
    "select_n": lambda x, y, i, j, b: (lax.select_n(b, x, y), lax.select_n(i % 3, x, y, x + 1)),
    "convert_element_type": lambda x, y, i, j, b: (
        x.astype(jnp.int32), x.astype(bool), x.astype(jnp.float32), b.astype(float), i.astype(jnp.int8),
        i.astype(jnp.uint16), i.astype(jnp.int64), i.astype(float),
    ),
    "bitcast_convert_type": lambda x, y, i, j, b: (
        lax.bitcast_convert_type(x, jnp.int64), lax.bitcast_convert_type(i, jnp.float32),
        lax.bitcast_convert_type(i, jnp.uint32),
    ),
    "shift_left": lambda x, y, i, j, b: (lax.shift_left(i, j), i.astype(jnp.uint8) << 3),
    "shift_right_logical": lambda x, y, i, j, b: (
        lax.shift_right_logical(i, j), i.astype(jnp.uint32) >> j.astype(jnp.uint32),
    ),
    "shift_right_arithmetic": lambda x, y, i, j, b: (
        lax.shift_right_arithmetic(i, j), i >> 3, lax.shift_right_arithmetic(i, i * 0 + 40),
    ),
    "nextafter": lambda x, y, i, j, b: (
        lax.nextafter(x, y), lax.nextafter(x.astype(jnp.float32), y.astype(jnp.float32)),
    ),
    "threefry2x32": lambda x, y, i, j, b: raw_bits(i, j),
    "iota_2x32_shape": lambda x, y, i, j, b: raw_bits(i, j),
    "random_seed": lambda x, y, i, j, b: jax.random.key_data(jax.random.key(i)),
    "random_wrap": lambda x, y, i, j, b: jax.random.uniform(jax.random.PRNGKey(i)),
    "random_unwrap": lambda x, y, i, j, b: jax.random.key_data(jax.random.key(i)),
    "random_split": lambda x, y, i, j, b: jax.random.key_data(jax.random.split(jax.random.key(i), (2, 1))),
    "random_fold_in": lambda x, y, i, j, b: jax.random.uniform(jax.random.fold_in(jax.random.key(i), j)),
    "random_bits": lambda x, y, i, j, b: jax.random.bits(jax.random.key(i), (2, 1), jnp.uint8),
    "random_clone": lambda x, y, i, j, b: jax.random.uniform(jax.random.clone(jax.random.key(i))),
    "forward_only": lambda x, y, i, j, b: forward_only(x, "not backwards"),
    "stop_gradient": lambda x, y, i, j, b: lax.stop_gradient(x),
    "copy": lambda x, y, i, j, b: jnp.copy(x),
    "device_put": lambda x, y, i, j, b: jax.device_put((x, y)),
    "optimization_barrier": lambda x, y, i, j, b: lax.optimization_barrier((x, i)),
    "add_any": lambda x, y, i, j, b: jax.grad(lambda x: x * y + x)(x),
    "iota": lambda x, y, i, j, b: (lax.broadcasted_iota(int, (2, 3), 1), lax.iota(jnp.float32, 3)),
    "reshape": lambda x, y, i, j, b: (table(x, y).reshape(3, 2), lax.reshape(table(x, y), (6,), (1, 0))),
    "squeeze": lambda x, y, i, j, b: lax.squeeze(row(x, y)[:1], [0]),
    "broadcast_in_dim": lambda x, y, i, j, b: jnp.broadcast_to(row(x, y)[:, None], (3, 2)),
    "slice": lambda x, y, i, j, b: (table(x, y)[1:, ::2], table(x, y)[:, 1:3], lax.slice(x, (), ())),
    "transpose": lambda x, y, i, j, b: table(x, y).T,
    "rev": lambda x, y, i, j, b: (table(x, y)[::-1], jnp.flip(x)),
    "concatenate": lambda x, y, i, j, b: jnp.concatenate([table(x, y), table(y, x)], axis=1),
    "stack": lambda x, y, i, j, b: jnp.stack([row(x, y), row(y, x)], axis=1),
    "split": lambda x, y, i, j, b: jnp.split(row(x, y), [1]),
    "unstack": lambda x, y, i, j, b: jnp.unstack(table(x, y), axis=1),
    "tile": lambda x, y, i, j, b: jnp.tile(table(x, y), (1, 2)),
    "pad": lambda x, y, i, j, b: lax.pad(row(x, y), x, [(1, -1, 2)]),
    "dynamic_slice": lambda x, y, i, j, b: (
        lax.dynamic_slice(table(x, y), (i, j), (1, 2)), lax.dynamic_slice(row(x, y), (9,), (2,)),
        lax.dynamic_slice(x, (), ()),
    ),
    "dynamic_update_slice": lambda x, y, i, j, b: (
        lax.dynamic_update_slice(table(x, y), table(y, x)[:1, :2], (i, j)),
        lax.dynamic_update_slice(row(x, y), row(y, x)[:2], (-9,)), lax.dynamic_update_slice(x, y, ()),
    ),
    "gather": lambda x, y, i, j, b: (
        row(x, y)[jnp.array([2, 0])], jnp.take(row(x, y), i, mode="clip"),
        jnp.take(table(x, y), j, mode="fill", axis=1),
        row(x, y).at[jnp.array([1, 9])].get(mode="fill", fill_value=7.0),
    ),
    "scatter": lambda x, y, i, j, b: (
        row(x, y).at[jnp.array([2, 0])].set(x), row(x, y).at[i].set(y), table(x, y).at[:, j].set(x),
    ),
    "scatter-add": lambda x, y, i, j, b: (row(x, y).at[jnp.array([2, 2])].add(x), row(x, y).at[i % 3].add(y)),
    "scatter-sub": lambda x, y, i, j, b: row(x, y).at[i % 3].subtract(y),
    "scatter-mul": lambda x, y, i, j, b: row(x, y).at[i % 3].multiply(y),
    "scatter-min": lambda x, y, i, j, b: row(x, y).at[i % 3].min(y),
    "scatter-max": lambda x, y, i, j, b: row(x, y).at[i % 3].max(y),
    "reduce_max": lambda x, y, i, j, b: (table(x, y).max(axis=0), jnp.stack([i, j]).max()),
    "reduce_min": lambda x, y, i, j, b: (table(x, y).min(axis=1), jnp.stack([i, j]).min()),
    "reduce_and": lambda x, y, i, j, b: (jnp.all(row(x, y) > 0), lax.reduce_and(jnp.stack([i, j]), [0])),
    "reduce_or": lambda x, y, i, j, b: (jnp.any(row(x, y) > 0), lax.reduce_or(jnp.stack([i, j]), [0])),
    "argmax": lambda x, y, i, j, b: (jnp.argmax(table(x, y), axis=0), jnp.argmax(jnp.stack([i, j, i]))),
    "argmin": lambda x, y, i, j, b: (jnp.argmin(table(x, y), axis=1), jnp.argmin(jnp.stack([i, j, i]))),
    "cummax": lambda x, y, i, j, b: lax.cummax(table(x, y), axis=1),
    "cummin": lambda x, y, i, j, b: lax.cummin(table(x, y), axis=0, reverse=True),
    "sort": lambda x, y, i, j, b: (
        jnp.sort(table(x, y), axis=0), jnp.argsort(row(x, y)), jnp.sort(jnp.stack([i, j])),
    ),
    "cond": lambda x, y, i, j, b: (
        lax.cond(b, lambda a: a + 1, lambda a: -a, x), lax.switch(i % 3, [jnp.abs, jnp.negative, jnp.sign], y)
    ),
    "platform_index": lambda x, y, i, j, b: lax.platform_dependent(
        x, cpu=lambda a: a + 1, default=lambda a: a
    ),
    "while": lambda x, y, i, j, b: lax.while_loop(
        lambda s: s[0] < i % 9, lambda s: (s[0] + 1, s[1] + x), (0, y)
    ),
    "scan": lambda x, y, i, j, b: (
        lax.scan(lambda c, a: (c + a, c - a), x, row(x, y), reverse=True),
        lax.fori_loop(0, 20, lambda _, c: c + x, y),
    ),
    "jit": lambda x, y, i, j, b: jax.jit(lambda a: (a + y, b))(x),
    "remat2": lambda x, y, i, j, b: jax.checkpoint(lambda a: (a + y, b))(x),
    "closed_call": lambda x, y, i, j, b: evaluated(lambda a: a + 1, x),
    "eval_jaxpr": lambda x, y, i, j, b: evaluated(lambda a: a + 1, x),
    "custom_jvp_call": lambda x, y, i, j, b: own_jvp(x),
    "custom_vjp_call": lambda x, y, i, j, b: own_vjp(x),
    "call_hi_primitive": lambda x, y, i, j, b: as_object(lambda a: 2 * a)(x),
}  # fmt: skip
ROUNDED = {
    "random_gamma": lambda x, y, i, j, b: jax.random.gamma(jax.random.key(i), 1.5 + j % 2, (2,)),
    "erf_inv": lambda x, y, i, j, b: lax.erf_inv(x / 4),
    "digamma": lambda x, y, i, j, b: lax.digamma(jnp.where(x == 0, 0.5, x)),  # jax 0.11: -inf of a pole
    "rsqrt": lambda x, y, i, j, b: lax.rsqrt(x),  # XLA rounds twice on some processors
    "exp": lambda x, y, i, j, b: jnp.exp(x),
    "exp2": lambda x, y, i, j, b: jnp.exp2(x),
    "expm1": lambda x, y, i, j, b: jnp.expm1(x),
    "log": lambda x, y, i, j, b: jnp.log(x),
    "log2": lambda x, y, i, j, b: lax.log2(x),
    "log1p": lambda x, y, i, j, b: jnp.log1p(x),
    "logistic": lambda x, y, i, j, b: lax.logistic(x),
    "sin": lambda x, y, i, j, b: jnp.sin(x),
    "cos": lambda x, y, i, j, b: jnp.cos(x),
    "tan": lambda x, y, i, j, b: jnp.tan(x),
    "asin": lambda x, y, i, j, b: jnp.arcsin(x),
    "acos": lambda x, y, i, j, b: jnp.arccos(x),
    "atan": lambda x, y, i, j, b: jnp.arctan(x),
    "atan2": lambda x, y, i, j, b: jnp.arctan2(x, y),
    "sinh": lambda x, y, i, j, b: jnp.sinh(x),
    "cosh": lambda x, y, i, j, b: jnp.cosh(x),
    "tanh": lambda x, y, i, j, b: jnp.tanh(x),
    "asinh": lambda x, y, i, j, b: jnp.arcsinh(x),
    "acosh": lambda x, y, i, j, b: jnp.arccosh(x),
    "atanh": lambda x, y, i, j, b: jnp.arctanh(x),
    "erf": lambda x, y, i, j, b: lax.erf(x),
    "erfc": lambda x, y, i, j, b: lax.erfc(x),
    "lgamma": lambda x, y, i, j, b: lax.lgamma(positive(x)),
    "cbrt": lambda x, y, i, j, b: jnp.cbrt(x),
    "integer_pow": lambda x, y, i, j, b: (x**5, x**-3, lax.integer_pow(x, 0), i**3),
    "pow": lambda x, y, i, j, b: (positive(x) ** y, lax.pow(x, jnp.clip(i, -3, 3)), lax.pow(x, 3.0)),
    "one_minus_square": lambda x, y, i, j, b: lax.one_minus_square(x),
    # A product beyond all numbers plus infinity depends on whether it is rounded, which XLA leaves open.
    "polynomial": lambda x, y, i, j, b: (
        lax.polynomial(x, [1.0, jnp.clip(y, -1e300, 1e300), 2.0, -0.5]), lax.polynomial(i, [j, i, 2 * j])),
    "reduce_sum": lambda x, y, i, j, b: (table(x, y).sum(axis=0), jnp.stack([i, j]).sum()),
    "reduce_prod": lambda x, y, i, j, b: (table(x, y).prod(axis=1), jnp.stack([i, j]).prod()),
    "cumsum": lambda x, y, i, j, b: jnp.cumsum(table(x, y), axis=1),
    "cumprod": lambda x, y, i, j, b: jnp.cumprod(table(x, y), axis=0),
    "dot_general": lambda x, y, i, j, b: (
        table(x, y) @ row(x, y), table(x, y) @ table(x, y).T, jnp.stack([i, j]) @ jnp.stack([j, i]),
        jnp.einsum("ij,ij->i", table(x, y), table(y, x)),
    ),
    "conv_general_dilated": lambda x, y, i, j, b: jnp.convolve(jnp.stack([jnp.tanh(x)] * 2), jnp.ones(2)),
}  # fmt: skip


def matrix(x, y):
    """A symmetric matrix that is well conditioned whatever the numbers are."""
    a, b = (jnp.clip(jnp.nan_to_num(v), -1, 1) for v in (x, y))
    return jnp.stack([jnp.stack([4 + a, b]), jnp.stack([b, 5 - a])])


ROUNDED |= {
    "lu": lambda x, y, i, j, b: lax.linalg.lu(matrix(x, y)),
    "lu_pivots_to_permutation": lambda x, y, i, j, b: lax.linalg.lu_pivots_to_permutation(
        jnp.stack([abs(i % 3), 1 + abs(j % 2), jnp.int32(2)]), 3
    ),
    "triangular_solve": lambda x, y, i, j, b: lax.linalg.triangular_solve(
        matrix(x, y), matrix(y, x), left_side=True
    ),
    "custom_linear_solve": lambda x, y, i, j, b: jnp.linalg.solve(matrix(x, y), jnp.ones(2)),
    "cholesky": lambda x, y, i, j, b: jnp.linalg.cholesky(matrix(x, y)),
    "eigh": lambda x, y, i, j, b: jnp.linalg.eigvalsh(matrix(x, y)),
}
