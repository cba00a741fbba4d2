"""Records held without what is zero in all of them come back whole."""

import numpy as np
from equisweep.engine.store.manifest import STATUSES, record_type
from equisweep.engine.store.storage.records import Records

TYPE = record_type(3, 2)


def test_records_come_back_byte_by_byte_whichever_statuses_they_count():
    chance, held, parts = np.random.default_rng(0), Records(TYPE, 300), []
    for length, codes in ((100, [1]), (0, []), (1, [1, 7]), (99, []), (60, [0, 31]), (40, range(STATUSES))):
        raw = chance.integers(0, 256, length * TYPE.itemsize, np.uint8)
        part = np.frombuffer(raw.tobytes(), TYPE).copy()
        for field in ("statuses", "spare"):
            part[field] = 0
        for code in codes:
            part["statuses"][:, code] = chance.integers(0, 2**32, length, np.uint32)
        held.append(part)
        parts.append(part)
    every = np.concatenate(parts)
    assert len(held) == 300
    rows = chance.permutation(300)
    assert held.at(rows).tobytes() == every[rows].tobytes()
    assert held.at(rows[:0]).tobytes() == b""
    for name in ("what", "key", "shards"):
        assert held[name].tobytes() == np.ascontiguousarray(every[name]).tobytes()


def test_of_a_cube_of_few_statuses_half_the_bytes_are_held():
    held, part = Records(TYPE, 1000), np.zeros(1000, TYPE)
    part["statuses"][:, 1] = 9
    held.append(part)
    assert held._kept.nbytes + held._counts.nbytes < 0.6 * part.nbytes
