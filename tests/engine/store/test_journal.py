"""The journal of runs, which any number of parts write to."""

from equisweep.engine.store import journal
from equisweep.engine.store.journal import FOLDER, JOURNAL, log_run, logged_runs, merge_journals, own_journals


def test_of_a_journal_longer_than_anybody_reads_the_last_runs_are_there(tmp_path, monkeypatch):
    (tmp_path / "status").mkdir()
    monkeypatch.setattr(journal, "MOST", 5_000)
    for number in range(200):
        log_run(tmp_path, {"started": number, "seconds": 1.0, "host": "h" * 20})
    assert (tmp_path / JOURNAL).stat().st_size > 2 * 5_000
    last = [entry["started"] for entry in logged_runs(tmp_path)]
    assert 50 < len(last) < 120
    assert last == list(range(200 - len(last), 200))


def test_a_journal_is_kept_short_and_says_how_many_runs_there_were(tmp_path, monkeypatch):
    (tmp_path / "status").mkdir()
    monkeypatch.setattr(journal, "MOST", 5_000)
    of = {"seconds": 1.0, "of": 2, "host": "h" * 20}
    for number in range(200):
        log_run(tmp_path, {"started": number, "tiles": 2, **of})
    for k in range(2):  # a journal of before is read whole once, and so is one that was kept short
        for number in range(200 + 200 * k, 400 + 200 * k):
            done = number % 100 != 7  # parts that were stopped, and those among them that went on
            part = {"part": f"{number % 250}/250", "tiles": 2 if done else 1}
            log_run(tmp_path, {"started": number, **part, **of}, beside_others=True)
        merge_journals(tmp_path)
        assert own_journals(tmp_path) == []
        assert not (tmp_path / FOLDER).exists()
        assert (tmp_path / JOURNAL).stat().st_size <= 2_500 + 100
        first, *rest = logged_runs(tmp_path)
        runs = 400 + 200 * k
        assert first["started"] == 0
        assert first["earlier"] + len(rest) == runs
        assert first["seconds"] + sum(entry["seconds"] for entry in rest) == runs
        assert [entry["started"] for entry in rest][-3:] == [runs - 3, runs - 2, runs - 1]
        stopped = {entry["part"] for entry in rest if entry["tiles"] < entry["of"]}
        assert stopped == ({"207/250", "57/250"} if k == 0 else {"157/250", "7/250"})
    before = (tmp_path / JOURNAL).read_bytes()
    merge_journals(tmp_path)
    assert (tmp_path / JOURNAL).read_bytes() == before


def test_bytes_that_are_no_text_spoil_no_line(tmp_path):
    (tmp_path / "status").mkdir()
    log_run(tmp_path, {"started": 1})
    with (tmp_path / JOURNAL).open("ab") as file:
        file.write(b"\n\xff\xfe\x00{")
    log_run(tmp_path, {"started": 2})
    assert [entry["started"] for entry in logged_runs(tmp_path)] == [1, 2]
