"""Derivatives of a function of scalar parameters beside central differences, by one program."""

from functools import partial

import jax
import numpy as np

from helpers.codegen.grids import of_many


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
    result = of_many(partial(_pushed, function))(columns | {f"d {name}": moved[name] for name in p})
    return {
        name: (
            result[f"d {name}"][:count],
            (at[2 * count :] - at[count : 2 * count]) / (2 * step),
        )
        for name, at in result.items()
        if not name.startswith("d ")
    }


def _pushed(function, numbers):
    """Outputs, and as "d name" their derivatives along "d parameter"."""
    p = {name: x for name, x in numbers.items() if not name.startswith("d ")}
    values, slopes = jax.jvp(function, (p,), ({name: numbers[f"d {name}"] for name in p},))
    return {**values, **{f"d {name}": slope for name, slope in slopes.items()}}
