"""Kernels on a GPU as operations of JAX: XLA takes the PTX as it is and launches it with the arrays.

XLA's custom call for PTX is not a documented interface: it stands in this file alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import ShapedArray
from jax.extend.core import Primitive
from jax.interpreters import batching, mlir

from ..ir import Unsupported
from .kernel import BLOCK
from .ptx import OLDEST
from .record import WARP, WORD

Array = Any

_TARGET = "__gpu$xla.gpu.ptx"
# Releases of JAX whose XLA takes the call as it is made here.
_KNOWN = ((0, 10), (0, 13))
# More threads than an H100 holds at once; those that find no lane end at once.
_MOST_BLOCKS = 2048
# The same of threads that each have a record: of 128 registers an H100 holds 67,584, of 255 half as many. And
# bytes of all records.
_MOST_ON_ROUTES, _MOST_RECORDS = 65_536, 2**29
# Operations, by 256, that a thread computes in one launch of a route. A step of 2,000 takes a thread of an
# H100 5 us if all units for doubles are at work, and a launch a third of a second.
WORK = 2**19


@dataclass(frozen=True)
class Kernel:
    """A compiled loop over lanes.

    Attributes
    ----------
    name, ptx : the kernel's name, and its text.
    ranks : dims of each array that it is given, for one lane.
    results : shape and dtype, for one lane, of each array that it returns.
    words : of a lane's record, where lanes go a route; 0 of a loop.
    shareable : the arrays that may be one for all lanes, of one lane's dims.
    """

    name: str
    ptx: str
    ranks: tuple[int, ...]
    results: tuple[tuple[tuple[int, ...], Any], ...]
    words: int = 0
    shareable: tuple[int, ...] = ()

    def outer(self, arrays: Sequence[Any]) -> tuple[int, ...]:
        """The dims of the arrays that count lanes."""
        own = next(k for k in range(len(arrays)) if k not in self.shareable)
        shape = arrays[own].shape
        return tuple(shape[: len(shape) - self.ranks[own]])

    def shared(self, array: Any, number: int) -> bool:
        """Whether all lanes have this array in common."""
        return number in self.shareable and len(array.shape) == self.ranks[number]


def require_takes_ptx() -> None:
    """Unsupported where this release of JAX may not take PTX, or a card is older than what it is made for."""
    release = tuple(int(part) for part in jax.__version__.split(".")[:2])
    if not _KNOWN[0] <= release < _KNOWN[1]:
        raise Unsupported(f"jax {jax.__version__} is not known to take PTX")
    oldest = min((_capability(gpu) for gpu in _gpus()), default=OLDEST)
    if oldest < OLDEST:
        wanted, present = (".".join(map(str, one)) for one in (OLDEST, oldest))
        raise Unsupported(f"a GPU of compute capability {present}, below {wanted}")


def _capability(gpu: Any) -> tuple[int, ...]:
    said = str(gpu.compute_capability)
    if not said.replace(".", "").isdigit():
        raise Unsupported(f"a GPU that is not NVIDIA's, {said}")
    return tuple(int(part) for part in said.split("."))


def _gpus() -> list[Any]:
    try:
        return jax.devices("gpu")
    except RuntimeError:
        return []


def launch(
    name: str,
    ptx: str,
    threads: int,
    arrays: Sequence[Array],
    results: Sequence[jax.ShapeDtypeStruct],
    aliases: Mapping[int, int] | None = None,
) -> list[Array]:
    """What a kernel writes; `threads` have work at most. Only what is compiled for a GPU can hold this.

    `aliases`: which array becomes which result, in its place.
    """
    one = np.int32(1)
    call = jax.ffi.ffi_call(_TARGET, list(results), input_output_aliases=dict(aliases or {}))
    return list(call(
        *arrays, name=name, kernel_type="ptx", kernel_data=ptx,
        grid_x=np.int32(min(-(-threads // BLOCK), _MOST_BLOCKS)), grid_y=one, grid_z=one,
        block_x=np.int32(BLOCK), block_y=one, block_z=one, shared_mem_bytes=np.int32(0),
    ))  # fmt: skip


def run_lanes(kernel: Kernel, arrays: Sequence[Array]) -> list[Array]:
    """What the kernel returns for these arrays; under `jax.vmap` of many lanes, all in one launch."""
    return _LANES.bind(*arrays, kernel=kernel)


_LANES = Primitive("gpu_lanes")
_LANES.multiple_results = True


def _shapes(*arrays: Any, kernel: Kernel) -> list[Any]:
    outer = kernel.outer(arrays)
    return [ShapedArray((*outer, *shape), np.dtype(dtype)) for shape, dtype in kernel.results]


def _batched(
    arrays: Sequence[Array], axes: Sequence[Any], *, kernel: Kernel
) -> tuple[list[Array], list[int]]:
    """One more leading dim, the same for all arrays but those that lanes have in common."""
    pairs = [*zip(arrays, axes, strict=True)]
    size = next(a.shape[axis] for a, axis in pairs if axis is not None)
    moved = [(a, False) if axis is None else (jnp.moveaxis(a, axis, 0), True) for a, axis in pairs]
    inner = kernel.outer([a[0] if leads else a for a, leads in moved])

    def leading(number: int, array: Array, leads: bool) -> Array:
        own = array.shape[len(array.shape) - kernel.ranks[number] :]
        if not leads and kernel.shared(array, number):
            return array
        if leads and len(array.shape) == 1 + len(own):  # it was shared
            array = array.reshape(size, *(1 for _ in inner), *own)
        return jnp.broadcast_to(array, (size, *inner, *own))

    results = _LANES.bind(*(leading(k, *one) for k, one in enumerate(moved)), kernel=kernel)
    return results, [0] * len(results)


def _launched(*arrays: Array, kernel: Kernel) -> list[Array]:
    """The call as XLA is to have it."""
    outer = kernel.outer(arrays)
    shapes = [jax.ShapeDtypeStruct((*outer, *shape), dtype) for shape, dtype in kernel.results]
    lanes = prod(outer)
    if lanes == 0:
        return [jnp.zeros(s.shape, s.dtype) for s in shapes]
    if kernel.words:
        return _taken_up(kernel, lanes, arrays, shapes)
    counts = [jnp.full(1, lanes, jnp.int32), jnp.zeros(1, jnp.int32)]
    # The counter becomes an output, for it is written.
    counter = jax.ShapeDtypeStruct((1,), np.int32)
    aliases = {len(arrays) + 1: 0}
    return launch(kernel.name, kernel.ptx, lanes, [*arrays, *counts], [counter, *shapes], aliases)[1:]


def _taken_up(
    kernel: Kernel, lanes: int, arrays: Sequence[Array], shapes: Sequence[jax.ShapeDtypeStruct]
) -> list[Array]:
    """Launches, of which each goes on where the one before ended, until all lanes are done."""
    threads = threads_of(kernel.words, lanes)
    own = [0 if kernel.shared(arrays[k], k) else 1 for k in kernel.shareable]
    counts = jnp.asarray([lanes, WORK, *own], jnp.int32)
    records, *known = carried(kernel.words, threads)
    begin = [_anything(records), *(jnp.zeros(one.shape, one.dtype) for one in known), *map(_anything, shapes)]
    given = [array for array in arrays if array.size]

    def one(carries: list[Array]) -> list[Array]:
        written = [k for k, carry in enumerate(carries) if carry.size]
        there = [jax.ShapeDtypeStruct(carries[k].shape, carries[k].dtype) for k in written]
        aliases = {len(given) + 1 + k: k for k in range(len(written))}
        later = launch(
            kernel.name, kernel.ptx, threads, [*given, counts, *(carries[k] for k in written)], there, aliases
        )
        return [*(dict(zip(written, later, strict=True)).get(k, carry) for k, carry in enumerate(carries))]

    def is_open(carries: list[Array]) -> Array:
        return carries[2][1] < lanes

    return jax.lax.while_loop(is_open, one, begin)[3:]


def _anything(like: jax.ShapeDtypeStruct) -> Array:
    """Memory that is written before it is read, so that nothing need be written there now."""
    return jax.lax.empty(like.shape, like.dtype)


def threads_of(words: int, lanes: int) -> int:
    """How many threads take so many lanes along a route: one each, if that is not too many; whole blocks."""
    most = min(_MOST_ON_ROUTES, _MOST_RECORDS // (words * WORD))
    return max(min(-(-lanes // BLOCK), most // BLOCK), 1) * BLOCK


def carried(words: int, threads: int) -> list[jax.ShapeDtypeStruct]:
    """What a launch of a route hands to the next: records, where each thread is, and counts of lanes."""
    return [
        jax.ShapeDtypeStruct((threads // WARP, words, WARP), np.int64),
        jax.ShapeDtypeStruct((2, threads), np.int32),
        jax.ShapeDtypeStruct((2,), np.int32),
    ]


def _at_once(*arrays: Array, kernel: Kernel) -> list[Array]:
    return jax.jit(lambda *a: _LANES.bind(*a, kernel=kernel))(*arrays)


_LANES.def_abstract_eval(_shapes)
_LANES.def_impl(_at_once)
batching.primitive_batchers[_LANES] = _batched
mlir.register_lowering(_LANES, mlir.lower_fun(_launched, multiple_results=True), platform="cuda")
