"""``while going(lane): lane = step(lane)`` for many lanes, each as long as it needs.

Under vmap `lax.while_loop` steps all lanes until the last one is done, and XLA's CPU code for a step of many
small operations is slow. On a CPU the loop here becomes machine code of its own, made from the trace of the
same two functions (`scalarise`, `lane_code`); on other devices, and where the trace holds something that has
no such form, it is `lax.while_loop`.
"""

import ctypes
import hashlib
import threading
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from .lane_code import Leaf, Loop, lane_code
from .scalarise import scalarise
from .scalars import Graph, Untranslatable, inputs_of, kind_of

Array = Any
Going = Callable[[Any, Any], Array]
Step = Callable[[Any, Any], Any]
Function = Callable[..., Any]

_LOCK = threading.Lock()
_LINKED: dict[str, Any] = {}


def lane_loop(going: Going, step: Step, lane: Any, fixed: Any, *, native: bool = True) -> Any:
    """The lane after as many steps as it goes on; `fixed` is what it needs and does not change.

    Parameters
    ----------
    going : going(lane, fixed) -> whether another step is wanted.
    step : step(lane, fixed) -> the lane after it, of the same shapes and dtypes.
    lane, fixed : trees of arrays.
    native : False asks for `lax.while_loop` everywhere.
    """
    leaves, tree = jax.tree.flatten(lane)
    bound, fixed_tree = jax.tree.flatten(fixed)
    split = len(leaves)

    def tell(*arrays: Array) -> Array:
        return going(jax.tree.unflatten(tree, arrays[:split]), jax.tree.unflatten(fixed_tree, arrays[split:]))

    def move(*arrays: Array) -> list[Array]:
        after = step(jax.tree.unflatten(tree, arrays[:split]), jax.tree.unflatten(fixed_tree, arrays[split:]))
        return jax.tree.leaves(after)

    arrays = [jnp.asarray(a) for a in (*leaves, *bound)]
    return jax.tree.unflatten(tree, _loop(tell, move, arrays, split, native))


def _loop(tell: Function, move: Function, arrays: list[Array], split: int, native: bool) -> list[Array]:
    """The loop over a flat list of arrays, of which the first `split` change."""

    def plain(*arrays: Array) -> list[Array]:
        fixed = arrays[split:]
        return lax.while_loop(lambda a: tell(*a, *fixed), lambda a: move(*a, *fixed), list(arrays[:split]))

    made = _native(tell, move, arrays, split) if native else None
    if made is None:
        return plain(*arrays)
    target, used = made
    shapes = [jax.ShapeDtypeStruct(a.shape, a.dtype) for a in arrays[:split]]

    def compiled(*arrays: Array) -> list[Array]:
        given = [arrays[i] for i in used]
        return list(jax.ffi.ffi_call(target, shapes, vmap_method="broadcast_all")(*given))

    @jax.custom_jvp
    def either(*arrays: Array) -> list[Array]:
        if jax.default_backend() == "cpu":  # the only one there is: spare the other its tracing
            return compiled(*arrays)
        return lax.platform_dependent(*arrays, cpu=compiled, default=plain)

    @either.defjvp
    def _(primals: Sequence[Array], tangents: Sequence[Array]) -> tuple[list[Array], list[Array]]:
        # Both: what does not move must not depend on the tangents, of which there may be a batch.
        return either(*primals), _tangents(tell, move, primals, tangents, split)

    return either(*arrays)


def _tangents(
    tell: Function, move: Function, primals: Sequence[Array], tangents: Sequence[Array], split: int
) -> list[Array]:
    """The loop's derivative along `tangents`: by a loop again, of the numbers and their derivatives."""
    count = len(primals)
    real = [i for i in range(count) if jnp.issubdtype(primals[i].dtype, jnp.inexact)]
    # In order: what changes, its derivatives, what does not, its derivatives.
    moving = [i for i in real if i < split]
    still = [i for i in real if i >= split]
    arrays = [
        *primals[:split], *(tangents[i] for i in moving), *primals[split:], *(tangents[i] for i in still)
    ]  # fmt: skip
    first = split + len(moving)

    def halves(arrays: Sequence[Array]) -> tuple[list[Array], list[Any]]:
        values = [*arrays[:split], *arrays[first : first + count - split]]
        slopes: list[Any] = [np.zeros(jnp.shape(v), jax.dtypes.float0) for v in values]
        given = [*arrays[split:first], *arrays[first + count - split :]]
        for i, slope in zip([*moving, *still], given, strict=True):
            slopes[i] = slope
        return values, slopes

    def tell_too(*arrays: Array) -> Array:
        return tell(*halves(arrays)[0])

    def move_too(*arrays: Array) -> list[Array]:
        values, slopes = halves(arrays)
        after, change = jax.jvp(lambda *a: move(*a), values, slopes)
        return [*after, *(change[i] for i in moving)]

    found = _loop(tell_too, move_too, arrays, first, native=True)
    change: list[Any] = [np.zeros(jnp.shape(v), jax.dtypes.float0) for v in primals[:split]]
    for i, slope in zip(moving, found[split:], strict=True):
        change[i] = slope
    return change


def _native(tell: Function, move: Function, arrays: list[Array], split: int) -> tuple[str, list[int]] | None:
    """The name of the loop's machine code, and which arrays it wants; None where it cannot be made."""
    shapes = [jax.ShapeDtypeStruct(a.shape, a.dtype) for a in arrays]
    try:
        graph, inputs, first = Graph(), [], 0
        for a in arrays:
            inputs.append(graph.inputs(a.shape, kind_of(a.dtype), first))
            first += inputs[-1].size
        found = []
        for function in (tell, move):
            trace = jax.make_jaxpr(function)(*shapes)
            found.append(scalarise(graph, trace.jaxpr, trace.consts, inputs))
        going, after = found[0][0].item(), tuple(s for array in found[1] for s in array.ravel())
        wanted = inputs_of([going, *after])
        leaves = [
            Leaf(a.size, kind_of(s.dtype), len(s.shape), i < split or any(x in wanted for x in a.ravel()))
            for i, (a, s) in enumerate(zip(inputs, shapes, strict=True))
        ]
        loop = Loop(tuple(leaves), split, going, after)
        return _link(loop), [i for i, leaf in enumerate(leaves) if leaf.used]
    except Untranslatable:
        return None


def _link(loop: Loop) -> str:
    """Compile the loop, unless an equal one is known, and tell XLA."""
    text = lane_code(loop, "NAME")
    name = "equisweep_" + hashlib.sha256(text.encode()).hexdigest()[:16]
    with _LOCK:
        if name not in _LINKED:
            from .machine_code import link

            address, keep = link(text.replace("@NAME(", f"@{name}("), name)
            jax.ffi.register_ffi_target(name, _capsule(address), platform="cpu")
            _LINKED[name] = keep
    return name


def _capsule(address: int) -> Any:
    new = ctypes.pythonapi.PyCapsule_New
    new.restype, new.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
    return new(address, None, None)
