"""Special functions by formulas, against SciPy's."""

import jax
import numpy as np
from equisweep.engine.codegen.lower.special import digamma
from scipy import special

EPS = np.finfo(float).eps


def test_digamma_is_right_to_rounding_on_both_sides_of_its_poles():
    x = np.linspace(-20.3, 20.3, 4001)
    between = x[np.abs(x - np.round(x)) > 1e-3]
    x = np.concatenate([between, 10.0 ** np.arange(-300, 301, 3), -(10.0 ** np.arange(-300, -1, 3))])
    poles = [0.0, -0.0, -1.0, -7.0, np.nan, -np.inf]
    result, expected = np.asarray(jax.jit(digamma)(np.append(x, [np.inf, *poles]))), special.digamma(x)
    # Beside a pole the rounding of the angle counts, as that of x itself does.
    angle = np.abs(x) * EPS / np.where(x < -0.5, x - np.round(x), np.inf) ** 2
    wrong = np.abs(result[: x.size] - expected)
    assert (wrong <= 64 * EPS * np.maximum(1, np.abs(expected)) + angle).all()
    assert result[x.size] == np.inf
    assert np.isnan(result[x.size + 1 :]).all()
