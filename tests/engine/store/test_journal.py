"""The journal of runs, which any number of parts write to."""

import json

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
    for number in (200, 201):
        log_run(tmp_path, {"started": number}, beside_others=True)
    merge_journals(tmp_path)
    assert own_journals(tmp_path) == []
    assert not (tmp_path / FOLDER).exists()
    assert [entry["started"] for entry in logged_runs(tmp_path)][-3:] == [199, 200, 201]
    lines = (tmp_path / JOURNAL).read_text().split()
    assert (
        len({json.loads(line)["started"] for line in "".join(lines).replace("}{", "}\n{").splitlines()})
        == 202
    )


def test_bytes_that_are_no_text_spoil_no_line(tmp_path):
    (tmp_path / "status").mkdir()
    log_run(tmp_path, {"started": 1})
    with (tmp_path / JOURNAL).open("ab") as file:
        file.write(b"\n\xff\xfe\x00{")
    log_run(tmp_path, {"started": 2})
    assert [entry["started"] for entry in logged_runs(tmp_path)] == [1, 2]
