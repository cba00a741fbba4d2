"""A grid on a GPU's threads, run by this processor, beside its vectors; its kernels assembled."""

from copy import copy

import numpy as np
from equisweep.engine.codegen.gpu.ptx import ptx
from equisweep.engine.codegen.grid_loop import GridLoop
from equisweep.engine.codegen.schedule import scheduled

from helpers.codegen.avx2 import Avx2
from helpers.codegen.bits import assert_bits
from helpers.codegen.gpu import CARDS, OnThisProcessor, assembled
from helpers.codegen.grids import filled, lengths


def assert_same_bits(actual, expected):
    assert actual.keys() == expected.keys()
    for name, values in actual.items():
        assert_bits(np.asarray(values), expected[name], name)


def on_threads(loop, coordinates, threads):
    """The same scalars on a GPU's threads: neither traced nor lowered again."""
    return with_backend(loop, coordinates, OnThisProcessor(threads))


def with_backend(loop, coordinates, backend):
    """The same by this back end."""
    other = copy(loop)
    other.__dict__.pop("_program", None)
    other.backend = backend
    other.grid = scheduled(loop.grid.along, loop.grid.fields, lengths(coordinates), backend.width)
    return other


def assert_as_on_the_cpu(point, coordinates, folder, threads=3, *, every_card=False):
    """The bits of both; what the assembler says of each kernel, none of whose registers it spills.

    A list for each kernel: for one card, which is another for the next kernel, or for `every_card`.
    """
    loop = GridLoop(point, coordinates)
    expected = filled(loop, coordinates)
    loop = on_threads(loop, coordinates, threads)
    assert_same_bits(loop(*coordinates), expected)
    by_avx2 = with_backend(loop, coordinates, Avx2())
    assert_same_bits(filled(by_avx2, coordinates), expected)
    kernels = loop._program.kernels
    cards = [CARDS if every_card else [CARDS[k % len(CARDS)]] for k in range(len(kernels))]
    made = [
        [assembled(ptx(kernel), card, folder) for card in its]
        for kernel, its in zip(kernels, cards, strict=True)
    ]
    assert not any(one.spilled for of_kernel in made for one in of_kernel)
    return made
