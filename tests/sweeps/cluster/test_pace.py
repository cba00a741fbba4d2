"""How many tiles go out as one task."""

from equisweep.engine.store.iced.at import commit_every
from equisweep.sweeps.cluster.pace import Pace, pace_of
from equisweep.sweeps.file_paths import cube_path


def test_a_task_grows_to_what_a_second_holds_and_shrinks_by_half_at_most():
    pace, size, sizes = Pace(), 1, []
    for rate in (100.0, 100.0, 100.0, 100.0, 100.0, 100.0, 100.0, 100.0, 10.0, 10.0, 10.0, 10.0):
        size = pace.wanted(size, rate, 2)
        sizes.append(size)
    assert sizes == [2, 4, 8, 16, 32, 64, 100, 100, 50, 25, 12, 10]
    assert pace.wanted(4000, 1e6, 2) == 1000
    assert pace.wanted(1, 1e-3, 2) == 1


def test_tasks_of_very_many_workers_are_longer_for_the_process_that_leads_to_keep_up():
    assert [Pace().wanted(100, 10.0, workers) for workers in (2, 250, 4096)] == [50, 50, 164]


def test_tasks_become_smaller_at_the_end_so_that_all_workers_end_together():
    pace, left, dealt = Pace(), 1000, []
    while left:
        dealt.append(pace.dealt(300, left, 2))
        left -= dealt[-1]
    assert dealt[:4] == [167, 139, 116, 97]
    assert dealt[-6:] == [1] * 6
    assert Pace().dealt(10, 10**6, 64) == 10


def test_a_task_that_ends_with_a_commit_takes_longer_and_the_longer_the_more_wait_for_it(tmp_path):
    assert pace_of(tmp_path / "cube.zarr") == Pace()
    repo = cube_path(tmp_path / "repo.icechunk")
    pace = pace_of(repo)
    assert [pace.wanted(100, 5.0, workers) for workers in (2, 32)] == [50, 160]
    commit_every(repo, 7)
    assert pace_of(repo).wanted(100, 5.0, 2) == 7
