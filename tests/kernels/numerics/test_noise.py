"""Heun's method with additive noise: its strong and weak order against closed forms."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.kernels.numerics.noise import heun_step
from helpers.products import some
from scipy.interpolate import CubicSpline
from scipy.special import expit

RATE, SIGMA = 1.3, 0.8


def order(steps, errors):
    """Slope of the logarithms."""
    return np.polyfit(np.log(steps), np.log(errors), 1)[0]


def test_strong_order_is_1_on_the_process_of_ornstein_and_uhlenbeck():
    """For a Brownian path W it is x(T) = x0 e^(-kT) + s [W(T) - k integral of e^(-k(T-t)) W dt]."""
    rng, fine, end, paths = np.random.default_rng(1), 2**13, 1.0, 400
    dw = rng.normal(size=(paths, fine)) * np.sqrt(end / fine)
    w = np.concatenate([np.zeros((paths, 1)), np.cumsum(dw, axis=1)], axis=1)
    t = np.linspace(0, end, fine + 1)
    integral = np.trapezoid(np.exp(-RATE * (end - t)) * w, t, axis=1)
    exact = np.exp(-RATE * end) + SIGMA * (w[:, -1] - RATE * integral)
    steps, errors = [], []
    for count in (8, 16, 32, 64):
        x, step = np.ones(paths), end / count
        for shock in SIGMA * dw.reshape(paths, count, -1).sum(axis=2).T:
            x = heun_step(lambda x: -RATE * x, x, step, shock)
        steps.append(step)
        errors.append(np.sqrt(np.mean((x - exact) ** 2)))
    assert order(steps, errors) == pytest.approx(1.0, abs=0.15)


def test_weak_order_is_2_on_the_stationary_variance_of_that_process():
    """A step is linear, x -> m x + n shock: the variance n^2 s^2 h / (1 - m^2) tends to s^2 / (2k)."""
    steps, errors = [0.4, 0.2, 0.1, 0.05], []
    for step in steps:
        m = heun_step(lambda x: -RATE * x, 1.0, step, 0.0)
        n = heun_step(lambda x: -RATE * x, 0.0, step, 1.0)
        errors.append(abs(n**2 * SIGMA**2 * step / (1 - m**2) - SIGMA**2 / (2 * RATE)))
    assert order(steps, errors) == pytest.approx(2.0, abs=0.15)


@pytest.mark.parametrize("moment", some([1, 2], [2]))
def test_weak_order_is_2_on_the_beta_law_of_a_share(moment):
    """The logit, dw = (b + s y) dt + sigma dW, y = 1/(1+e^-w), tends to Beta(2b/sigma^2, -2(b+s)/sigma^2).

    The law of the steps comes from backward iteration of the mean of y^k, by quadrature: nothing is drawn.
    """
    b, s, sigma = 2.0, -5.0, 1.2
    one, two = 2 * b / sigma**2, -2 * (b + s) / sigma**2
    exact = one / (one + two)
    exact = exact if moment == 1 else exact * (one + 1) / (one + two + 1)
    nodes, weights = np.polynomial.hermite_e.hermegauss(24)
    w = np.linspace(-14, 14, 1201)
    steps, errors = [0.4, 0.2, 0.1], []
    for step in steps:
        ahead = heun_step(
            lambda w: b + s * expit(w), w[:, None], step, sigma * np.sqrt(step) * nodes[None]
        ).clip(-14, 14)
        mean = expit(w) ** moment
        for _ in range(int(40 / step)):
            mean = CubicSpline(w, mean)(ahead) @ weights / weights.sum()
        assert np.ptp(mean[300:900]) < 1e-9
        errors.append(abs(mean[600] - exact))
    assert order(steps, errors) == pytest.approx(2.0, abs=0.3)


def test_without_noise_it_is_heuns_method_of_order_2():
    step = jax.jit(lambda x, h: heun_step(lambda x: -x, x, h, 0.0))
    errors = []
    for count in (10, 20, 40):
        x = jnp.ones(())
        for _ in range(count):
            x = step(x, 1 / count)
        errors.append(abs(float(x) - np.exp(-1)))
    assert order([1 / 10, 1 / 20, 1 / 40], errors) == pytest.approx(2.0, abs=0.1)
