"""Where a sweep is computed: on the device that was asked for, or where it is likely to be sooner done."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ..codegen.backends import backend_of
from ..codegen.how_compiled import Compiled
from ..codegen.ir import Unsupported, dtype_name
from ..cores import cores
from ..device import Choice, choose_device
from ..errors import CubeError, SweepError
from ..gpus.estimate import Amount
from ..gpus.neighbour import plugin
from ..space import Space
from ..store.cube import open_cube_for_reading
from ..trial import TooLong, tried
from .begin import plan_space
from .portable import DEVICE, is_portable, platform_of, said_by


def amount_of(space: Space, points: int | None = None) -> Amount:
    """How much there is to compute in a space, or at so many of its points."""
    points = space.points if points is None else points
    return Amount(
        points, points * space.bytes_per_point, space.needs_ode, space.needs_ode and space.decided, cores(),
        single=space.dtype == np.float32,
    )  # fmt: skip


def where(
    wanted: str,
    space: Space,
    *cubes: Path | None,
    points: int | None = None,
    replaced: bool = False,
    trial: bool = True,
) -> Choice:
    """The device for a sweep, and why it is that one.

    Parameters
    ----------
    wanted
        As of `choose_device`.
    space
        What is swept.
    cubes
        What is to go on, or is taken from: where its numbers are not portable, "auto" is where they were
        computed.
    points
        How many points are computed, if not all.
    replaced
        Whether the first of the cubes is to be deleted.
    trial
        Whether points may be tried; else "auto" goes by rates.

    Raises SweepError as `choose_device`.
    """
    begun = ""
    if wanted == "auto" and plugin() is not None:
        left = cubes[1:] if replaced else cubes
        begun = next(filter(None, (begun_on(cube) for cube in left if cube is not None)), "")
    return choose_device(
        wanted,
        amount_of(space, points),
        begun,
        lambda amount: measured(amount, space) if trial else on_gpus(amount, space),
    )


def measured(amount: Amount, space: Space) -> Amount:
    """The same amount, and how long a core would compute it: some points of the space are tried.

    By rates, as it was, where they cannot be, or compiling for the processor takes long. What a GPU has no
    machine code for is known from them, too.
    """
    import jax

    processor = jax.devices("cpu")[0]
    try:
        trial = tried(space, plan_space(space, processor), processor)
    except (TooLong, SweepError):  # a run says what is wrong
        return on_gpus(amount, space)
    part = amount.points / max(space.points, 1)
    amount = replace(amount, core_seconds=trial.compute_seconds * amount.cores * part)
    return on_gpus(amount, space, trial.computed)


def on_gpus(amount: Amount, space: Space, ways: Iterable[Compiled] = ()) -> Amount:
    """The same amount, and whether XLA computes it on a GPU; `ways`: how a processor does, if that is known.

    So it does where JAX or a card takes no machine code, where a processor has none, and where a GPU lacks a
    function that there is the C library's.
    """
    gpu, dtype = backend_of("gpu"), dtype_name(space.dtype)
    assert gpu is not None
    try:
        gpu.require(None)
    except Unsupported:
        return replace(amount, through_xla=True)
    native = all(way.native and all(gpu.supports(op, dtype) for op in way.library) for way in ways)
    return replace(amount, through_xla=not native)


def begun_on(root: Path) -> str:
    """The kind of device on which alone a cube may go on; empty where any may, and where there is no cube."""
    try:
        cube: Any = open_cube_for_reading(root)
    except (CubeError, OSError):
        return ""
    if said_by(cube) is None or is_portable(cube):
        return ""
    kind = platform_of(str(cube.attributes.get(DEVICE, "")))
    return kind if kind in ("cpu", "gpu") else ""
