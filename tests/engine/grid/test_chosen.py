"""Static choices point by point: which program computes which points."""

from typing import ClassVar

import numpy as np
from equisweep.engine.grid import chosen


def test_no_point_is_computed_by_a_program_that_is_not_its_own(monkeypatch):
    """Of all points together each is computed once: by machine code exactly, by XLA but for what fills up."""
    computed = []

    class Counting:
        outputs: ClassVar = {"y": ((), np.dtype(float))}

        def __init__(self, scale):
            self.scale = scale

        def fill(self, outputs, coordinates):
            computed.append(len(coordinates[1]["a"]))
            outputs["y"][...] = self.scale * coordinates[0]["n"][:, None] * coordinates[1]["a"]

    rng = np.random.default_rng(0)
    n, a, c = np.arange(3.0), rng.random(1000), rng.integers(0, 2, 1000).astype(np.int8)
    right = n[:, None] * a * np.where(c == 0, 1.0, 10.0)
    for exact in (True, False):
        computed.clear()
        if exact:
            monkeypatch.setattr(chosen, "GridLoop", Counting)
        one = chosen.Chosen([Counting(1.0), Counting(10.0)], 1, {"c": 2})
        out = {"y": np.empty((3, 1000))}
        one.fill(out, [{"n": n}, {"a": a, "c": c}])
        np.testing.assert_array_equal(out["y"], right)
        assert sum(computed) == 1000 if exact else sum(computed) <= 1000 + 2 * chosen.batch_size(1000)
        assert exact or set(computed) == {125}
        monkeypatch.undo()
    begun = chosen.Chosen([Begun(1.0), Begun(10.0)], 1, {"c": 2}).begin([{"n": n}, {"a": a, "c": c}])
    np.testing.assert_array_equal(begun["y"], right)


class Begun:
    """A function of a device other than a CPU, as far as `begin` goes."""

    outputs: ClassVar = {"y": ((), np.dtype(float))}

    def __init__(self, scale):
        self.scale = scale

    def begin(self, coordinates, _device):
        return {"y": self.scale * coordinates[0]["n"][:, None] * coordinates[1]["a"]}
