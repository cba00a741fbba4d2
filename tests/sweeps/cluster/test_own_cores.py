"""Cores are shared out evenly among workers of this host; nobody is bound where there are too few."""

import os
from types import SimpleNamespace

import pytest
from equisweep.sweeps.cluster import own_cores as own
from equisweep.sweeps.cluster.own_cores import OwnCores, own_cores


@pytest.mark.parametrize("workers", [1, 2, 3, 4, 7])
def test_every_worker_has_as_many_and_no_core_two(workers):
    usable = [0, 1, 4, 5, 6, 9, 12]
    shares = [own_cores(slot, workers, usable) for slot in range(workers)]
    assert {len(share) for share in shares} == {7 // workers}
    assert len(set().union(*shares)) == workers * (7 // workers)
    assert own_cores(workers, workers, usable) == shares[0]  # the one that takes the place of the first


def test_more_workers_than_cores_share_them_all():
    assert own_cores(1, 3, [0, 1]) == {0, 1}


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="LEFT OUT: this system binds no process")
def test_who_cannot_be_bound_runs_where_it_may(monkeypatch):
    def refused(*_):
        raise PermissionError

    monkeypatch.setattr(own.os, "sched_setaffinity", lambda *_: pytest.fail("bound"))
    OwnCores(2).setup(SimpleNamespace(name="of a cluster of its own"))
    monkeypatch.setattr(own.os, "sched_setaffinity", refused)
    OwnCores(2).setup(SimpleNamespace(name=1))
    monkeypatch.delattr(own.os, "sched_setaffinity")
    OwnCores(2).setup(SimpleNamespace(name=1))
