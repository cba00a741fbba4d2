"""Derivatives of a function of scalar parameters beside central differences, by one program."""

import jax
import jax.numpy as jnp
import numpy as np


def slopes_and_differences(function, p, among, step):
    """Of each output the derivative in each parameter named, and the difference over two steps.

    `function` maps parameters, all of them scalars, to outputs by name; so does the result, to pairs of
    arrays (parameters named, ...) in the order of `among`.
    """
    count = len(among)
    columns = {name: np.full(3 * count, float(value)) for name, value in p.items()}
    moved = {name: np.zeros(3 * count) for name in p}
    for k, name in enumerate(among):  # at the point, a step below and a step above
        columns[name][[count + k, 2 * count + k]] += [-step, step]
        moved[name][k] = 1.0
    push = jax.jit(jax.vmap(lambda p, t: jax.jvp(function, (p,), (t,))))
    values, slopes = push(*jax.tree.map(jnp.asarray, (columns, moved)))
    return {
        name: (
            np.asarray(slopes[name][:count]),
            np.asarray(at[2 * count :] - at[count : 2 * count]) / (2 * step),
        )
        for name, at in values.items()
    }
