"""Whether a sweep is computed sooner by the processor's cores or by a GPU.

How many cores a card stands for is what the same orbits took on both: a trial's kernel on one H100, and the
steps of today on a core. What a core takes is measured by points that are tried (`Amount.core_seconds`),
where a card is there and the sweep is not small; before that by rates. The code of today has not been
measured on a card. Where both estimates are close either will do.
"""

from dataclasses import dataclass, field
from functools import cache
from typing import Any

# The supervision game to T = 20 by taylor at 1e-6, seconds an orbit: 2^19 of them on the H100, and on a core,
# with AVX-512 and without (docs/benchmarks).
_ON_CARD, _ON_CORE = 11.4e-9, {True: 1.9e-6, False: 8.7e-6}
# On the H100 through XLA, which is as fast as 16 cores: so it was of version 0.1.0, which had no other way.
_THROUGH_XLA = _ON_CORE[True] / 16
# On a core with AVX-512, by the time of the processor: points of `external` with all outputs; orbits to
# T = 200 by tsit5 at 1e-6, what they reach included; those of a preset that mathematics decides.
_POINTS, _ORBITS, _DECIDED = 16e6, 1.4e4, 1.3e5
# To start CUDA, to load kernels into the card, to copy the first tile [s]: the demo of 52,488 points took the
# H100 4.7 s where all had been compiled before, and 16 cores 2.1 s with compiling.
GPU_START = 3.0
# From the card's memory to the host's, bytes a second: a tenth of what pinned memory should give.
_BUS = 5e9
# Multiprocessors of the card of the trial.
_MULTIPROCESSORS = 132
# How many products of doubles a multiprocessor begins in each cycle, by compute capability; those that are
# not named are made for pictures.
_PRODUCTS, _FOR_PICTURES = {"6.0": 32, "7.0": 32, "8.0": 32, "9.0": 64, "10.0": 64}, 2


@cache
def has_wide_vectors() -> bool:
    """Whether this processor has AVX-512."""
    import llvmlite.binding as llvm

    return bool(llvm.get_host_cpu_features().get("avx512f"))


def units_for_doubles(capability: str) -> int:
    """How many products of doubles a multiprocessor begins in a cycle, by the card's compute capability."""
    return _PRODUCTS.get(capability, _FOR_PICTURES)


@dataclass(frozen=True)
class Amount:
    """How much there is to compute.

    Attributes
    ----------
    points, bytes
        Points of the grid, and bytes of what is computed at all of them.
    orbits, decided
        Whether an orbit is integrated at each point, and whether mathematics decides where it ends.
    cores
        How many cores of the processor compute.
    single
        Whether in numbers of 32 bits.
    wide
        Whether the processor has AVX-512.
    core_seconds
        How long one core would compute, by points that were tried; None: by rates.
    through_xla
        Whether XLA computes on a GPU, as this project has no machine code for it there.
    """

    points: int
    bytes: int
    orbits: bool
    decided: bool
    cores: int
    single: bool = False
    wide: bool = field(default_factory=has_wide_vectors)
    core_seconds: float | None = None
    through_xla: bool = False

    @property
    def one_core(self) -> float:
        """About how long one core computes."""
        if self.core_seconds is not None:
            return self.core_seconds
        rate = _POINTS if not self.orbits else _DECIDED if self.decided else _ORBITS
        return self.points / rate * _ON_CORE[self.wide] / _ON_CORE[True]

    @property
    def cpu_seconds(self) -> float:
        """About how long the processor computes."""
        return self.one_core / self.cores

    def gpu_seconds(self, gpu: Any = None) -> float:
        """About how long a GPU takes, its start included; one of JAX's devices, or the card of the trial."""
        cards = getattr(gpu, "each", (gpu,))
        share = 1.0 if gpu is None else _share(cards[0], self.single)
        on_card = _THROUGH_XLA if self.through_xla else _ON_CARD
        computing = self.one_core * on_card / _ON_CORE[self.wide] / share
        return GPU_START + (computing + self.bytes / _BUS) / len(cards)


def _share(gpu: Any, single: bool) -> float:
    """How fast a card computes, that of the trial being 1."""
    multiprocessors = getattr(gpu, "core_count", _MULTIPROCESSORS)
    most = units_for_doubles("9.0")
    # All cards have as many units for numbers of 32 bits as that one has for doubles, or twice as many.
    products = most if single else units_for_doubles(str(getattr(gpu, "compute_capability", "")))
    return multiprocessors * products / (_MULTIPROCESSORS * most)
