"""The checks and the benchmark that need a GPU, tried small on a processor: they cannot rot meanwhile."""

from functools import partial

import on_a_gpu
import pytest
from equisweep.sweeps import SweepError
from gpu import check_card
from gpu.check_card import *  # noqa: F403
from gpu.check_card import Card
from peers import card as card_module
from tools import card_goals


@pytest.fixture(scope="module")
def card():
    return Card("cpu", 8, 16, 1)


@pytest.fixture
def solvers():
    return ["tsit5"]


def test_without_a_card_the_checks_end_with_the_reason_in_a_line(monkeypatch):
    def refused(_):
        raise SweepError("device: no GPU can be used: no driver of NVIDIA's is installed")

    monkeypatch.setattr(check_card, "pick_device", refused)
    with pytest.raises(pytest.exit.Exception, match="no driver of NVIDIA's is installed"):
        check_card.require_a_card()


def test_the_benchmark_writes_its_page_and_all_its_rows_can_be_made(tmp_path, monkeypatch, capsys):
    names = [row.name for row in on_a_gpu.rows(8, 8, 8, 8, tmp_path, "cpu") if callable(row.make())]
    arguments = ["--device", "cpu", "--size", "8", "--output", str(tmp_path / "gpu.md"), "--only", "losses"]
    assert on_a_gpu.main(arguments) == 0
    lines = (tmp_path / "gpu.md").read_text().splitlines()
    (line,) = [one for one in lines if one.startswith("| losses on the GPU")]
    first, steady = map(float, line.split("|")[2:4])
    assert 0 < steady < first + 60
    verdict = next(one for one in lines if one.startswith("| losses, GPU over processor | 1 or less"))
    assert verdict.split("|")[4].strip() in ("reached", "**missed**")
    assert sum("not measured" in one for one in lines) == 13
    broken = on_a_gpu.Row("broken", lambda: 1 / 0)
    assert on_a_gpu.measured([broken], 9, 1).lines[0][2] == "ZeroDivisionError: division by zero"
    assert on_a_gpu.measured([broken], -1, 1).lines[0][2] == "no time was left"
    monkeypatch.setattr(on_a_gpu, "rows", lambda *_: [])
    assert on_a_gpu.main([*arguments[:-1], "nothing"]) == 1
    assert on_a_gpu.main(["--output", str(tmp_path / "gpu.md")]) == 1
    assert "no GPU can be used" in capsys.readouterr().err
    # Every goal is asked of rows that there are.
    asked = {value for name, value in vars(card_goals).items() if name.isupper() and isinstance(value, str)}
    assert asked <= {*names}


def test_goals_are_reached_missed_or_not_measured():
    seconds = {
        card_goals.LORENZ: 1.2e-9, card_goals.LORENZ_PEER: 137e-9, card_goals.FIXED: 11e-9,
        card_goals.UNEVEN: 12e-9, card_goals.SORTED: 10e-9, card_goals.PINNED: 0.02, card_goals.COPIED: 0.04,
    }  # fmt: skip
    h100 = card_goals.Card(132, 64, 1.755e9)
    result = {
        line[0]: line[3]
        for line in card_goals.verdicts(card_goals.goals_of(seconds, {card_goals.FIRST: 1.5}, h100, 130))
    }
    assert len(result) == 14
    kinds = {name: {k for k, v in result.items() if v == name} for name in ("reached", "**missed**")}
    assert kinds["reached"] == {
        "Lorenz, adaptive, ns", "Lorenz, adaptive, times diffrax under vmap",
        "Lorenz, 1,000 steps, share of the card's rate of doubles", "first kernel of a new model, s",
    }  # fmt: skip
    assert kinds["**missed**"] == {
        "Lorenz, 1,000 steps, ns", "uneven horizons over the same sorted",
        "the bus, share of its rate from pinned memory",
    }  # fmt: skip
    # 130 operations a step in 11 ns a thousand of them, of 14,826 a nanosecond: 0.797; no clock, no share.
    unknown = card_goals.goals_of(seconds, {}, card_goals.Card(132, 64, None), 130)
    assert [g["value"] for g in unknown if "share of the card's" in g["name"]] == [None]


def test_operations_on_doubles_of_a_step_are_counted():
    count = card_goals.operations_of(partial(card_module.lorenz_lanes, 8, fixed=True))
    # Six stages of a field of eight operations, five of which are two fused ones, and their sums.
    assert 100 < count < 160
