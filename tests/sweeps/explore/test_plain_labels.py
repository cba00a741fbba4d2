"""Labels of pictures as text on a page."""

import pytest
from equisweep.sweeps.explore.plain_labels import page_text
from equisweep.sweeps.plots.look.symbols import typeset


@pytest.mark.parametrize(
    ("symbol", "text"),
    [
        ("c_1", "c₁"),
        ("β[12]", "β₁₂"),
        ("v[data]", "v_data"),
        ("x_0_1", "x_0_1"),
        ("c_²", "c_²"),
        ("US$", "US$"),
        ("x^*", "x^*"),
        ("K_{max}^2", "K_max²"),
        ("a_{i, j}", "a_i, j"),
    ],
)
def test_digits_below_have_letters_of_their_own(symbol, text):
    assert page_text(typeset(symbol)) == text
