"""The shipped examples, run as a user runs them, obey the laws that people of their fields know."""

import numpy as np
import pytest
from equisweep.kernels.flow import Attractor
from equisweep.kernels.status import Status
from equisweep.sweeps import Sweep, run
from helpers.products import costs_seconds
from helpers.project import ROOT
from scipy.integrate import quad, solve_ivp
from scipy.optimize import linprog
from scipy.stats import norm

EXAMPLES = ROOT / "examples"


def cube_of(name, folder):
    return run(Sweep.from_file(EXAMPLES / f"{name}.toml"), folder / "cube.zarr").load()


def test_every_example_has_a_sweep_file():
    assert {p.stem for p in EXAMPLES.glob("*.py")} == {p.stem for p in EXAMPLES.glob("*.toml")}


def test_gordon_loeb_investment_never_exceeds_one_e_th_of_the_expected_loss(tmp_path):
    cube = cube_of("gordon_loeb", tmp_path)
    assert cube["status"].size > 20_000
    assert set(np.unique(cube["status"])) == {Status.ok, Status.corner}
    share = cube["share_of_expected_loss"]
    assert float(share.max()) <= np.exp(-1)
    assert float(share.sel(breach_class="class_2").max()) > 0.36  # 1/e is the best such bound
    invested = cube["status"] == Status.ok
    assert (cube["net_benefit"].where(invested, 1) > 0).all()
    assert (cube["d_investment_d_L"].where(invested, 1) > 0).all()
    # Gordon and Loeb's other result: under class II the most vulnerable are not worth the most.
    by_v = cube.sel(breach_class="class_2", b=1).sel(L=1e6, method="nearest")
    assert by_v["investment"].sel(v=0.5) > by_v["investment"].sel(v=0.95) == 0
    assert by_v["d_investment_d_v"].sel(v=0.2) > 0 > by_v["d_investment_d_v"].sel(v=0.8)


def test_hawks_end_at_the_evolutionarily_stable_share(tmp_path):
    cube = cube_of("hawk_dove", tmp_path)
    stable = np.minimum(cube["V"] / cube["C"], 1)
    # Where V = C the stable share is approached as 1/t only, and the status says so.
    assert ((cube["status"] == Status.ok) == (cube["V"] != cube["C"])).all()
    settled = cube["status"] == Status.ok
    np.testing.assert_allclose(cube["hawks_final"].where(settled), stable.where(settled), atol=1e-6)
    assert np.isfinite(cube["settle_time"].where(settled, 0)).all()


@costs_seconds
def test_rock_paper_scissors_goes_inward_round_or_outward(tmp_path):
    cube = cube_of("rock_paper_scissors", tmp_path)
    assert (cube["status"] == Status.ok).all()
    assert cube["share_final"].dims == ("win", "start_share.rock", "strategy")
    kind = {win: set(np.unique(cube["attractor"].sel(win=win))) for win in cube["win"].values.tolist()}
    assert kind[0.5] == kind[0.8] == {Attractor.boundary_cycle}
    assert kind[1.0] == {Attractor.closed_orbit}
    assert kind[1.25] == kind[2.0] == {Attractor.rest_point}
    np.testing.assert_allclose(cube["share_final"].sel(win=[1.25, 2.0]), 1 / 3, atol=1e-6)
    # The product of the shares is constant on a closed orbit, and vanishes towards the boundary.
    product = cube["share_final"].prod("strategy")
    start = np.array([[r, 0.3, 0.2] for r in cube["start_share.rock"].values])
    start /= start.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(product.sel(win=1.0), start.prod(axis=1), rtol=1e-6)
    assert (product.sel(win=[0.5, 0.8]) < 1e-12).all()
    # Small closed orbits around the centre turn once in 2 pi / (1/sqrt 3); larger ones take longer.
    assert (cube["period"].sel(win=1.0) > 2 * np.pi * np.sqrt(3)).all()


@pytest.mark.parametrize("name", ["gordon_loeb", "hawk_dove", "rock_paper_scissors"])
def test_an_example_names_its_source(name):
    model = Sweep.from_file(EXAMPLES / f"{name}.toml").space().model
    assert any(year in model.source for year in ("1973", "1998", "2002"))
    assert model.name == name


def test_a_contest_ends_where_tullock_says(tmp_path):
    cube = cube_of("contest", tmp_path)
    assert (cube["status"] == Status.ok).all()
    v_x, v_y, r = cube["v_x"], 50.0, cube["r"]
    # In equilibrium spending is in proportion to the values; the rest is closed form (Nti 1999).
    ratio = (v_x / v_y) ** r
    both = r * ratio / (1 + ratio) ** 2
    np.testing.assert_allclose(cube["x"], (v_x * both).transpose(*cube["x"].dims), rtol=1e-9)
    np.testing.assert_allclose(cube["y"], (v_y * both).transpose(*cube["y"].dims), rtol=1e-9)
    # A rival spends most where the prize is worth the same to both.
    assert (cube["d_y_d_v_x"].sel(v_x=slice(None, 48)) > 0).all()
    assert (cube["d_y_d_v_x"].sel(v_x=slice(52, None)) < 0).all()


def test_insurance_is_worth_what_integrals_by_scipy_say(tmp_path):
    cube = cube_of("insurance", tmp_path)
    assert (cube["status"] == Status.ok).all()
    np.testing.assert_allclose(cube["premium"].sel(r=0), cube["lost"].sel(r=0), rtol=1e-12)
    assert (cube["premium"].diff("r").sel(s=slice(0.1, None)) > 0).all()

    def premium(m, s, r):
        def mean(of):
            return quad(
                lambda z: of(1 / (1 + np.exp(m + s * z))) * norm.pdf(z), -9, 16, epsabs=1e-13, limit=200
            )[0]

        return 1 - (np.exp(mean(np.log)) if r == 1 else mean(lambda left: left ** (1 - r)) ** (1 / (1 - r)))

    for m, s, r in ((-3, 0.5, 0.5), (-2, 1.0, 1), (-1, 2.0, 4), (-1, 1.5, 2)):
        point = cube.sel(m=m, r=r).sel(s=s, method="nearest")
        assert point["premium"].item() == pytest.approx(premium(m, s, r), rel=1e-7)
        slope = (premium(m, s, r + 1e-3) - premium(m, s, r - 1e-3)) / 2e-3
        assert point["d_premium_d_r"].item() == pytest.approx(slope, rel=1e-4)


def test_losses_of_a_year_average_to_walds_identity(tmp_path):
    cube = cube_of("breach_losses", tmp_path)
    assert (cube["status"] == Status.ok).all()
    mean = 0.7 * np.exp(2 + cube["sigma"] ** 2 / 2)
    over_seeds = cube["mean_loss"].sel(limit=30)
    error = over_seeds.std("seed") / np.sqrt(cube["seed"].size)
    assert (np.abs(over_seeds.mean("seed") - mean) < 4 * error).all()
    np.testing.assert_array_equal(over_seeds, cube["mean_loss"].sel(limit=100))
    assert (cube["beyond"].diff("limit") <= 0).all()


@costs_seconds
def test_stiff_reactions_agree_with_scipys_radau(tmp_path):
    cube = cube_of("robertson", tmp_path)
    for k1, k3 in ((0.01, 1e5), (0.16, 1e3)):

        def rates(_t, z, k1=k1, k3=k3):
            slow, fast, back = k1 * z[0], 3e7 * z[1] ** 2, k3 * z[1] * z[2]
            return [back - slow, slow - back - fast, fast]

        end = solve_ivp(rates, (0, 1e5), [1, 0, 0], method="Radau", rtol=1e-10, atol=1e-14).y[:, -1]
        here = cube.sel(k1=k1, k3=k3)
        result = np.array([here["A_final"], here["B_final"], here["C_final"]])
        # rtol = 1e-8 and atol = 1e-10 a step, of which there are a hundred.
        assert (np.abs(result - end) < 1e-8 + 1e-6 * end).all()
        assert result[1] == pytest.approx(end[1], rel=1e-4)
    assert (cube["steps"] < 500).all()


@costs_seconds
def test_a_year_of_a_worm_costs_what_small_steps_say(tmp_path):
    cube = cube_of("patching", tmp_path)
    fine = cube["status"] == Status.ok
    assert set(np.unique(cube["status"])) <= {Status.ok, Status.not_steady, Status.sliding}
    assert fine.sum() > 20
    for u, alarm in ((0.04, 0.02), (0.2, 0.3)):

        def rates(s, i, u=u, alarm=alarm):
            patched = u * (1.0 if i > alarm else 0.2) * s
            caught = 0.8 * s * i
            return 0.02 * (1 - s - i) - caught - patched, caught - 0.1 * i, i + 0.1 * patched

        assert fine.sel(alarm=alarm).sel(u=u, method="nearest")
        # Steps of Runge and Kutta, a hundredth of a day each, are wrong by 1e-5 of the cost.
        now, h = (0.99, 0.01, 0.0), 0.01
        for _ in range(36_500):
            a = rates(now[0], now[1])
            b = rates(now[0] + h / 2 * a[0], now[1] + h / 2 * a[1])
            c = rates(now[0] + h / 2 * b[0], now[1] + h / 2 * b[1])
            d = rates(now[0] + h * c[0], now[1] + h * c[1])
            slopes = zip(now, a, b, c, d, strict=True)
            now = tuple(z + h / 6 * (p + 2 * q + 2 * r + s) for z, p, q, r, s in slopes)
        cost = cube["cost_final"].sel(alarm=alarm).sel(u=u, method="nearest").item()
        assert cost == pytest.approx(now[2], rel=1e-4)


def test_average_play_tends_to_the_value_of_the_game(tmp_path):
    cube = cube_of("table_game", tmp_path)
    table = np.genfromtxt(EXAMPLES / "payoffs.csv", delimiter=",", skip_header=1)[:, 1:]
    for loss in (0.0, 1.0, 4.0):
        payoffs = np.where(table < 0, loss * table, table)
        program = linprog(
            [0, 0, 0, -1], A_ub=np.c_[-payoffs.T, np.ones(3)], b_ub=np.zeros(3),
            A_eq=[[1, 1, 1, 0]], b_eq=[1], bounds=[(0, None)] * 3 + [(None, None)],
        )  # fmt: skip
        here = cube.sel(loss=loss, rounds=10000)
        assert float(here["worst"]) <= -program.fun <= float(here["best"])
        assert float(here["best"] - here["worst"]) < 0.1
