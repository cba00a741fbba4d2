"""The peers solve the same problems: those that the tests can rely on agree on tiny sizes."""

import diffrax
import numpy as np
import pytest
import replicator
from equisweep.kernels.games.supervision.game import payoffs
from equisweep.kernels.games.supervision.model import SUPERVISION
from equisweep.kernels.replicator import advantages
from helpers.products import costs_seconds
from helpers.tolerance import assert_close
from peers import field_baselines as field
from peers import lorenz
from peers import loss_sweep as loss
from peers import replicator as peer_lanes
from tools import tsit5

# What the lanes draw: one of them.
DRAWN = {"r": 7.0, "f": 11.0, "c1": 3.0}


def test_the_benchmarks_state_every_parameter_of_the_model():
    drawn = replicator.problem("even", 3)
    whole = replicator.whole_case(drawn)
    assert set(whole) == {q.name for q in SUPERVISION.parameters}
    assert set(replicator.FIXED).isdisjoint(drawn)
    # Published results are of these numbers; the model's defaults may change.
    assert {name: whole[name].tolist() for name in ("p1", "p2", "Le")} == {
        "p1": [0.05] * 3, "p2": [0.1] * 3, "Le": [50.0] * 3
    }  # fmt: skip


def test_the_hand_written_field_is_the_models():
    p = replicator.FIXED | DRAWN
    for x, y in ((0.2, 0.3), (0.9, 0.6)):
        a, b = advantages(payoffs(p, "dynamic", "dynamic"), x, y)
        assert_close(replicator.field_logits(x, y, 7.0, 11.0, 3.0), (a, b))
        assert_close(replicator.field_shares(x, y, 7.0, 11.0, 3.0), (x * (1 - x) * a, y * (1 - y) * b))


def test_the_bimatrix_game_is_the_models():
    game = {name: np.array([value]) for name, value in DRAWN.items()}
    rows, columns = field.matrices("bimatrix", game, 0)
    p = replicator.FIXED | DRAWN
    x, y = 0.2, 0.3
    a, b = advantages(payoffs(p, "static", "static"), x, y)
    assert_close((rows[0] - rows[1]) @ [y, 1 - y], np.asarray(a), floor=10)
    assert_close([x, 1 - x] @ (columns[:, 0] - columns[:, 1]), np.asarray(b), floor=10)


def test_the_tableau_is_diffrax():
    theirs = diffrax.Tsit5.tableau
    mine = (tsit5.A2, tsit5.A3, tsit5.A4, tsit5.A5, tsit5.A6, tsit5.B)
    for row, theirs_row in zip(mine, theirs.a_lower, strict=True):
        assert_close(row, theirs_row)
    assert_close(tsit5.E, theirs.b_error)


@pytest.mark.parametrize("kind", ["even", "uneven"])
def test_problems_repeat_and_sorting_only_reorders(kind):
    first, again = replicator.problem(kind, 50), replicator.problem(kind, 50)
    assert all((first[k] == again[k]).all() for k in first)
    ordered = replicator.problem("sorted", 50)
    if kind == "uneven":
        assert first["horizon"].max() / first["horizon"].min() == pytest.approx(100)
        assert set(zip(*first.values(), strict=True)) == set(zip(*ordered.values(), strict=True))


@costs_seconds
def test_replicator_peers_agree():
    method = {"solver": "tsit5", "rtol": 1e-10, "atol": 1e-10, "settle": 0.0}
    # Blocks of 3: the last one is padded.
    out = replicator.ours("even", 4, method, 3)[0]()
    ours = np.stack([out["x_final"], out["y_final"]], 1)
    theirs = peer_lanes.diffrax_vmap("even", 4, "Tsit5", 1e-10, "logits")[0]()["end"]
    loop = peer_lanes.scipy_loop("even", 4, "DOP853", 1e-12, 4)[0]()
    # Measured global errors at this tolerance: below 1e-8.
    np.testing.assert_allclose(ours, loop, rtol=0, atol=1e-7)
    np.testing.assert_allclose(theirs, loop, rtol=0, atol=1e-7)


def test_our_bimatrix_games_end_where_the_peers_do():
    run, check = field.ours("bimatrix", 3, "tsit5", 1e-10)
    # Measured: 2e-11.
    assert check(run())["error"] < 1e-9


def test_lorenz_by_hand_agrees_with_scipy():
    run, check = lorenz.jax_rk4(3)
    assert check(run())["error"] < 1e-7  # RK4 with steps of 0.001


def test_grids_agree():
    # The oracle is Newton in long double; the loop uses brentq, NumPy broadcasts.
    for run, check in (
        loss.numpy_grid(12, factored=False),
        loss.numpy_grid(12, factored=True, blocks=5),
        loss.ours(12),
        field.plain_grid(12),
    ):
        result = check(run())
        assert result["error"] < 1e-11
        assert "statuses that differ" not in result
