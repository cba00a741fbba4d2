"""Whether a sweep is computed sooner by the processor's cores or by a GPU, from rates alone.

The GPU's rates are those of a trial on one H100: its kernels by themselves, and what a run of version 0.1.0
took besides. The code of today has not been measured on a card. Where both estimates are close either will
do; they are to send small sweeps to the processor and millions of orbits to the card.
"""

from dataclasses import dataclass
from typing import Any

# On each core: points of a grid, orbits at 1e-6 with tsit5 to T = 200, and those that mathematics decides.
_POINTS, _ORBITS, _DECIDED = 50e6, 2e3, 5e4
# To start CUDA, to load kernels into the card, to copy the first tile [s].
GPU_START = 3.0
# The same points and orbits on the card of the trial, and bytes a second from its memory to the host's.
_ON_CARD = 2e9, 1e7, 2e8
_BUS = 5e9
# Its multiprocessors, and how many products of doubles one of them begins in each cycle.
_MULTIPROCESSORS, _PRODUCTS = 132, 64
# The same of other cards by compute capability; of those that are not named, which are made for pictures, 2.
_PRODUCTS_BY_CAPABILITY = {"6.0": 32, "7.0": 32, "8.0": 32, "9.0": 64, "10.0": 64}


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
    """

    points: int
    bytes: int
    orbits: bool
    decided: bool
    cores: int
    single: bool = False

    def _of(self, rates: tuple[float, float, float]) -> float:
        return rates[0] if not self.orbits else rates[2] if self.decided else rates[1]

    @property
    def cpu_seconds(self) -> float:
        """About how long the processor computes."""
        return self.points / (self._of((_POINTS, _ORBITS, _DECIDED)) * self.cores)

    def gpu_seconds(self, gpu: Any = None) -> float:
        """About how long a GPU takes, its start included; one of JAX's devices, or the card of the trial."""
        cards = len(getattr(gpu, "each", (gpu,)))
        share = 1.0 if gpu is None else _share(getattr(gpu, "each", (gpu,))[0], self.single)
        return GPU_START + (self.points / (self._of(_ON_CARD) * share) + self.bytes / _BUS) / cards


def _share(gpu: Any, single: bool) -> float:
    """How fast a card computes, that of the trial being 1."""
    multiprocessors = getattr(gpu, "core_count", _MULTIPROCESSORS)
    products = _PRODUCTS_BY_CAPABILITY.get(str(getattr(gpu, "compute_capability", "")), 2)
    if single:  # all cards have as many units for these, or twice as many
        products = _PRODUCTS
    return multiprocessors * products / (_MULTIPROCESSORS * _PRODUCTS)
