"""How hard XLA's compiler for CPUs tries: less where its work gains nothing, or takes more than there is."""

import os
from collections.abc import Mapping
from functools import cache
from typing import Any

import jax

_LEVEL = "xla_backend_optimization_level"
_HURRIED = {_LEVEL: 0}
# Of orbits in machine code XLA moves numbers between calls, or does what has no such form. Compiled like this
# in a third of the time, maps of 2,000 to 100,000 orbits and 3,600 paths took no longer to compute.
_SELDOM = {**_HURRIED, "xla_cpu_use_fusion_emitters": False}
# Without fusion emitters a chain of 6,000 equations overflows the stack; one of 3,000 does not. With them a
# program of orbits takes three times as long (2.2 CPU s instead of 0.7 for 2,400 equations, 250 in a chain).
_DEEP = 2_000
# A chain of 1,100 equations with a constant each takes over 20 GB at the usual level 2, and 0.25 GB at level
# 1, at which programs of 1,200 and 4,000 equations were computed as fast and to the same bits.
_CALM = {_LEVEL: 1}
_MANY = 500


def effort(equations: int, chain: int, seldom: bool) -> dict[str, Any]:
    """Options of a program of so many equations, which takes little of the time if it is `seldom` at work.

    `chain`: how many of them each take the result of another at most.
    """
    if seldom:
        return _known(_SELDOM if chain < _DEEP else _HURRIED)
    return _known(_CALM) if equations > _MANY and not _hurries_anyway() else {}


def _hurries_anyway() -> bool:
    """Whether the user has asked XLA to optimise nothing, which takes as little memory and less time."""
    return f"--{_LEVEL}=0" in os.environ.get("XLA_FLAGS", "").split()


def hurried() -> dict[str, Any]:
    """Options of what would be compiled for very long."""
    return _known(_HURRIED)


def _known(options: Mapping[str, Any]) -> dict[str, Any]:
    """Those options that this XLA knows."""
    return {name: value for name, value in options.items() if _knows(name, value)}


@cache
def _knows(name: str, value: Any) -> bool:
    try:
        jax.jit(lambda: 0, compiler_options={name: value}).lower().compile()
    except jax.errors.JaxRuntimeError:
        return False
    return True
