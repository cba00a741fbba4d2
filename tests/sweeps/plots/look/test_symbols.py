"""Labels as a journal prints them: one symbol, one pair of brackets; units of ratios that can be read."""

import numpy as np
import pytest
import xarray as xr
from equisweep.kernels.unit_quotient import unit_quotient
from equisweep.sweeps.plots import labels
from equisweep.sweeps.plots.look.symbols import same, typeset, unit_text, value_with_unit, with_unit

SUB = r"$\mathregular{%s_{%s}}$"


@pytest.mark.parametrize(
    ("name", "symbol", "unit", "label", "setting"),
    [
        ("alpha", "α", "1", "α", "α = 0.5"),
        ("alpha", "alpha", "1", "α", "α = 0.5"),
        ("alpha", "", "1", "alpha", "alpha = 0.5"),
        ("lambda_", "λ", "1/s", "λ [1/s]", "λ = 0.5/s"),
        ("phi", "ϕ", "1", "ϕ", "ϕ = 0.5"),
        ("kappa_1", "κ₁", "1", "κ₁", "κ₁ = 0.5"),
        ("kappa_1", "κ_1", "1", SUB % ("κ", "1"), SUB % ("κ", "1") + " = 0.5"),
        ("Gamma", "Γ", "1", "Γ", "Γ = 0.5"),
        ("c1", "c_1", "money", SUB % ("c", "1") + " [money]", SUB % ("c", "1") + " = 0.5 money"),
        ("x0", "x_0", "1", SUB % ("x", "0"), SUB % ("x", "0") + " = 0.5"),
        ("investment", "e", "money", "investment e [money]", "investment = 0.5 money"),
        ("expected_loss", "C", "[money]", "expected loss C [money]", "expected loss = 0.5 money"),
        ("v.data", "v[data]", "1", SUB % ("v", "data"), SUB % ("v", "data") + " = 0.5"),
        ("beta.1", "β[1]", "1", SUB % ("β", "1"), SUB % ("β", "1") + " = 0.5"),
        ("beta.1", "beta[1]", "1/s", SUB % ("β", "1") + " [1/s]", SUB % ("β", "1") + " = 0.5/s"),
        ("cost.old town", "c[old town]", "1", "cost.old town c[old town]", "cost.old town = 0.5"),
        ("d_e_d_beta.1", "∂e/∂β[1]", "1", "d e d beta.1 ∂e/∂" + SUB % ("β", "1"), "d e d beta.1 = 0.5"),
        ("E", "E", "1/(100 million CNY)", "E [1/(100 million CNY)]", "E = 0.5/(100 million CNY)"),
        ("M", "M", "(100 million CNY)", "M [100 million CNY]", "M = 0.5 × 100 million CNY"),
        ("share", "", "%", "share [%]", "share = 0.5%"),
        ("cost", "$", "US$", r"cost \$ [US\$]", r"cost = 0.5 US\$"),
        ("alphabet", "a", "1", "alphabet a", "alphabet = 0.5"),
        ("r", "r", "(a)/(b)", "r [(a)/(b)]", "r = 0.5 (a)/(b)"),
        ("a", "a", "10^6 EUR/(km^2 year)", "a [10⁶ EUR/(km² year)]", "a = 0.5 × 10⁶ EUR/(km² year)"),
        ("s", "s", "kg m^2/s^{-1}", "s [kg m²/s⁻¹]", "s = 0.5 kg m²/s⁻¹"),
        ("q", "q", "kg^0.5 m^2/3 t^n", "q [kg^0.5 m^2/3 t^n]", "q = 0.5 kg^0.5 m^2/3 t^n"),
        ("k", "K_{max}", "1", "k " + SUB % ("K", "max"), "k = 0.5"),
        ("v", "x^*", "1", r"v $\mathregular{x^{*}}$", "v = 0.5"),
        ("v", "alpha_{i, j}^+", "t", r"v $\mathregular{α_{i,\ j}^{+}}$ [t]", "v = 0.5 t"),
        ("w", "a_b_c^2", "1", r"w $\mathregular{a_{b\_c}^{2}}$", "w = 0.5"),
        ("w", "v^(E x) {_} ^", "1", "w v^(E x) {_} ^", "w = 0.5"),
    ],
)
def test_a_label_says_a_thing_once(name, symbol, unit, label, setting):
    array = xr.DataArray(np.zeros(2), attrs={"symbol": symbol, "units": unit}, name=name)
    assert labels.axis_label(array, name) == label
    assert labels.setting(name, 0.5, array) == setting


def test_names_and_symbols_that_are_the_same_and_that_are_not():
    assert same("β_2", "beta2")
    assert same("c_{1}", "c1")
    assert not same("b", "beta")
    assert not same("α", "alpha_1")
    assert with_unit("x", "") == with_unit("x", "1") == "x"
    assert value_with_unit("3", " [(1/s)] ") == "3/s"


@pytest.mark.parametrize(
    ("top", "bottom", "ratio"),
    [
        ("money", "1", "money"),
        ("money", "money", "1"),
        ("money", "time", "money/time"),
        ("1", "100 million CNY", "1/(100 million CNY)"),
        ("100 million CNY", "time", "(100 million CNY)/time"),
        ("1", "1/(100 million CNY)", "100 million CNY"),
        ("money", "1/(100 million CNY)", "money·(100 million CNY)"),
        ("1/time", "money", "1/(time·money)"),
        ("1/(100 million CNY)", "time", "1/((100 million CNY)·time)"),
        ("money", "money/time", "money/(money/time)"),
    ],
)
def test_the_unit_of_a_derivative_can_be_read_in_one_way(top, bottom, ratio):
    assert unit_quotient(top, bottom) == ratio


def test_a_symbol_or_unit_of_megabytes_is_cut_before_it_is_looked_at():
    for text in ("x" * 5_000_000, "(" * 5_000_000, "alpha_1 " * 600_000):
        assert len(typeset(text)) < 3000
        assert len(unit_text(text)) <= 200
