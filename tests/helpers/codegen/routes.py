"""Routes that a processor takes in its vectors and a GPU's threads take as well, to compare their bits."""

from functools import partial

import jax
import numpy as np
from equisweep.engine.codegen.cpu.backend import Cpu

from helpers.codegen.gpu import RouteOnThisProcessor


class RoutesSideBySide(Cpu):
    """A processor that takes each route in its vectors, and in all other ways: results are the first's.

    `taken` has, for each call, the programs and the shapes of results; `results` what all came to.
    """

    def __init__(self, *ways):
        super().__init__(8)
        self.ways = ways or (partial(RouteOnThisProcessor, threads=3),)
        self.routes_taken, self.taken, self.results = [], [], []

    def route(self, route):
        self.routes_taken.append(route)
        programs = [super().route(route), *(way(route) for way in self.ways)]

        def seen(results):
            self.results.append([[np.array(a) for a in arrays] for arrays in results])
            return results[0]

        def program(arrays, shapes):
            self.taken.append((programs, shapes))
            results = [program(arrays, shapes) for program in programs]
            return jax.pure_callback(seen, list(shapes), results, vmap_method="broadcast_all")

        return program

    def assert_same_bits(self):
        """Of all that was found."""
        assert self.results
        for expected, *others in self.results:
            for actual in others:
                assert_same_bits(actual, expected)


def assert_same_bits(actual, expected):
    """Of several arrays each, NaN included."""
    for one, other in zip(actual, expected, strict=True):
        assert (one.shape, one.dtype) == (other.shape, other.dtype)
        assert np.ascontiguousarray(one).tobytes() == np.ascontiguousarray(other).tobytes()
