"""The checks and the benchmark that need a GPU, tried small on a processor: they cannot rot meanwhile."""

import on_a_gpu
import pytest
from gpu.check_card import *  # noqa: F403
from gpu.check_card import Card


@pytest.fixture(scope="module")
def card():
    return Card("cpu", 8, 16, 1)


@pytest.fixture
def solvers():
    return ["tsit5"]


def test_the_benchmark_writes_its_page_and_all_its_rows_can_be_made(tmp_path, monkeypatch, capsys):
    for row in on_a_gpu.rows(8, 8, 8, tmp_path, "cpu"):
        assert callable(row.make())
    arguments = ["--device", "cpu", "--size", "8", "--output", str(tmp_path / "gpu.md"), "--only", "losses"]
    assert on_a_gpu.main(arguments) == 0
    (line,) = [one for one in (tmp_path / "gpu.md").read_text().splitlines() if one.startswith("| losses")]
    first, steady = map(float, line.split("|")[2:4])
    assert 0 < steady < first + 60
    broken = on_a_gpu.Row("broken", lambda: 1 / 0)
    assert [line[2] for line in on_a_gpu.measured([broken], 9, 1)] == ["ZeroDivisionError: division by zero"]
    assert [line[2] for line in on_a_gpu.measured([broken], -1, 1)] == ["no time was left"]
    monkeypatch.setattr(on_a_gpu, "rows", lambda *_: [])
    assert on_a_gpu.main([*arguments[:-1], "nothing"]) == 1
    assert on_a_gpu.main(["--output", str(tmp_path / "gpu.md")]) == 1
    assert "no GPU can be used" in capsys.readouterr().err
