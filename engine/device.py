"""Which device computes, and how many points a tile may have there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from .errors import Argument, SweepError
from .gpus.estimate import GPU_START, Amount
from .gpus.missing import has_driver, heard, why_no_gpu
from .gpus.neighbour import leave_gpus_alone, share_memory
from .tiles import MOST_POINTS

DEVICES = ("auto", "cpu", "gpu", "all")

# A tile's outputs and the temporaries of its kernel must fit beside the next tile's.
_GPU_POINTS = 2**24
_TEMPORARIES = 32

# Lanes of a flow take long: small tiles lose little to an interruption. Of very many lanes tiles are larger:
# a cube of more tiles than this takes long to begin and to list.
_CPU_LANES, _GPU_LANES = 2**14, 2**20
_TILES_OF_LANES = 10**5


@dataclass(frozen=True)
class SeveralGpus:
    """The GPUs of one machine, which share the tiles of a sweep: to whoever asks it is like each of them."""

    each: tuple[Any, ...]
    platform = "gpu"

    @property
    def device_kind(self) -> str:
        """What they are."""
        return f"{len(self.each)} of {self.each[0].device_kind}"

    @property
    def id(self) -> str:
        """Their numbers."""
        return "+".join(str(one.id) for one in self.each)

    def memory_stats(self) -> dict[str, int]:
        """What JAX may take of the memory of that which has least."""
        limits = [(one.memory_stats() or {}).get("bytes_limit", 0) for one in self.each]
        return {"bytes_limit": min(limits)} if all(limits) else {}

    def __str__(self) -> str:
        return ", ".join(map(str, self.each))


def each_of(device: Any) -> Sequence[Any]:
    """The devices of JAX that it is."""
    return device.each if isinstance(device, SeveralGpus) else (device,)


@dataclass(frozen=True)
class Choice:
    """A device of JAX, or several GPUs, and in a line why it is that one; empty where it was asked for.

    `remark`: what is to be said of it by itself, as a card is there that cannot be used.
    """

    device: Any
    why: str = ""
    remark: str = ""


def pick_device(wanted: str, amount: Amount | None = None, begun: str = "") -> Any:
    """A device of JAX, or several GPUs as one.

    Parameters
    ----------
    wanted
        "cpu"; "gpu"; "all" for all GPUs that JAX sees; or "auto" for what is sooner done.
    amount
        How much there is to compute. Of "auto" without it a GPU is taken wherever there is one.
    begun
        The kind of device, "cpu" or "gpu", that alone can go on with what is there: "auto" is that one.

    Raises
    ------
    SweepError
        `wanted` is none of these, or a GPU that is not there.
    """
    return choose_device(wanted, amount, begun).device


def choose_device(
    wanted: str,
    amount: Amount | None = None,
    begun: str = "",
    measured: Callable[[Amount], Amount] = lambda amount: amount,
) -> Choice:
    """The device that is `wanted`.

    Parameters
    ----------
    wanted, amount, begun
        As of `pick_device`.
    measured
        The amount with what a core takes for it, and whether XLA computes it on a GPU; asked where one is
        there, and the sweep is not small.

    Raises SweepError where `wanted` is none of these, or a GPU that is not there.
    """
    if wanted not in DEVICES:
        raise SweepError(f"device: {wanted!r} is none of {', '.join(DEVICES)}")
    share_memory()
    if wanted == "cpu":
        return Choice(_cpu())
    if wanted == "auto":
        return _begun_on(begun) if begun else _sooner(amount, measured)
    gpus, reason = _gpus()
    if not gpus:
        raise SweepError(f"device: no GPU can be used: {reason}; use ", Argument("device", "cpu"))
    return Choice(SeveralGpus(tuple(gpus)) if wanted == "all" and len(gpus) > 1 else gpus[0])


def _begun_on(kind: str) -> Choice:
    gpus = [] if kind == "cpu" else _gpus()[0]
    return Choice(gpus[0] if gpus else _cpu(), "as what is there was computed, for it is not portable")


def _sooner(amount: Amount | None, measured: Callable[[Amount], Amount]) -> Choice:
    if amount is not None and amount.cpu_seconds < GPU_START:
        return Choice(_cpu(), f"about {amount.cpu_seconds:.2g} s, and a GPU takes {GPU_START:g} s to start")
    gpus, reason = _gpus()
    if not gpus:
        said = f"no GPU: {reason}"
        return Choice(_cpu(), said, said if has_driver() else "")
    if amount is None:
        return Choice(gpus[0])
    amount = measured(amount)
    cpu, gpu = amount.cpu_seconds, amount.gpu_seconds(gpus[0])
    how = "by points tried" if amount.core_seconds is not None else "by rates"
    way = " through XLA" if amount.through_xla else ""
    if cpu <= gpu:
        return Choice(_cpu(), f"about {cpu:.2g} s, and on the GPU{way} {gpu:.2g} s, {how}")
    return Choice(gpus[0], f"about {gpu:.2g} s{way}, and on the processor {cpu:.2g} s, {how}")


def _cpu() -> Any:
    leave_gpus_alone()
    import jax  # which takes a second to load

    return jax.devices("cpu")[0]


def _gpus() -> tuple[Sequence[Any], str]:
    """The GPUs that JAX sees, and why there are none."""
    import jax

    with heard() as logged:
        try:
            return jax.devices("gpu"), ""
        except RuntimeError as error:
            return (), why_no_gpu(logged.said or str(error))


class UnseenGpu:
    """What stands for a GPU of another host, of which nothing is known: for `most_points` a small one."""

    platform = "gpu"

    def memory_stats(self) -> None:
        """Nothing."""


def most_points(device: Any, bytes_per_point: int, needs_ode: bool, of: int = 0) -> int:
    """Most points of a tile on `device`, of a sweep of so many points: on a GPU, by its memory.

    `needs_ode`: a flow is integrated.
    """
    if device.platform == "cpu":
        lanes = max(_CPU_LANES, -(-of // _TILES_OF_LANES))
        return min(lanes, MOST_POINTS) if needs_ode else MOST_POINTS
    memory = (device.memory_stats() or {}).get("bytes_limit", 2**33)
    fitting = memory // (_TEMPORARIES * bytes_per_point)
    most = _GPU_LANES if needs_ode else _GPU_POINTS
    return max(min(most, 1 << max(int(fitting).bit_length() - 1, 0)), 1)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the runtime says that device memory ran out."""
    text = str(error)
    return "RESOURCE_EXHAUSTED" in text or "Out of memory" in text
