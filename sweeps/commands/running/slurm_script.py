"""A job script for SLURM: one sweep as an array of parts, each of which may be killed and begun again."""

import math
import re
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ....engine.cores import usable_cores
from ....engine.errors import Argument, SweepError

if TYPE_CHECKING:
    from ...plan import Plan
    from ...spec.sweep import Sweep

# A plan is within a factor of two, and other machines may be slower than the one that made it.
_TIMES, _LEAST_MINUTES, _STEP_MINUTES = 4.0, 10, 5
_MEMORY, _STEP_MEMORY = 1.5, 100 * 10**6
_NOTICE = 120  # seconds before the end of its time in which a job is told to stop


def job_script(
    sweep_file: Path,
    cube: Path,
    parts: int,
    plan: "Plan",
    *,
    cpus: int | None = None,
    gpu: bool = False,
    at_once: int | None = None,
    more: Sequence[str] = (),
    program: Sequence[str] = (),
) -> str:
    """The script of an array of jobs, to be given to ``sbatch`` as it is.

    Parameters
    ----------
    sweep_file, cube
        What is swept, and into which cube, on storage that all hosts see; written as whole paths.
    parts
        How many jobs.
    plan
        What the sweep takes on this machine, with all its `usable_cores`.
    cpus
        Cores of a job; as many as here if None, at most 16.
    gpu
        Whether a job is to have a GPU.
    at_once
        How many jobs run at a time at most; as many as the cluster lets if None.
    more
        Further options of ``equisweep run``.
    program
        How equisweep is started there; as here if empty.

    Raises
    ------
    SweepError
        A name has a control character, which a script cannot show.
    """
    cpus = cpus or min(usable_cores(), 16)
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", sweep_file.stem).strip("-") or "sweep"
    array = f"1-{parts}" + (f"%{at_once}" if at_once else "")
    begun = program or (sys.executable, "-m", "equisweep.sweeps.commands.main")
    paths = str(sweep_file.absolute()), "-o", str(cube.absolute())
    if not all(path.isprintable() for path in paths):
        raise SweepError("the names of sweep and cube may have no control characters in a job script")
    command = shlex.join([*begun, "run", *paths, "-q", *more])
    lines = [
        f"--job-name=equisweep-{name}",
        f"--array={array}",
        "--ntasks=1",
        f"--cpus-per-task={cpus}",
        f"--mem={_memory(plan)}M",
        f"--time={_time(plan, parts, cpus)}",
        *(["--gres=gpu:1"] if gpu else []),
        "--requeue",
        "--open-mode=append",
        f"--output=equisweep-{name}-%A_%a.log",
        f"--signal=B:TERM@{_NOTICE}",
    ]
    return "\n".join(
        [
            "#!/bin/bash",
            *(f"#SBATCH {line}" for line in lines),
            "",
            "# A part that is requeued, or submitted again, computes only what is missing of it.",
            f'exec {command} --part "${{SLURM_ARRAY_TASK_ID}}/{parts}"',
            "",
        ]
    )


def require_tiles(sweep: "Sweep", parts: int, gpu: bool, tile_points: int | None) -> int | None:
    """How many points a tile is to have at most, where the jobs are to be told; None where they know.

    The first job cuts the cube, a GPU by its own memory: they are told, so that what is counted here holds.
    SweepError where there are more parts than tiles, so that some would have nothing to do.
    """
    tiles, points = _tiles(sweep, gpu, tile_points)
    if parts > tiles:
        said = f"parts: {parts:,} parts of a cube of {tiles:,} tiles would leave some without any; "
        said += f"ask for at most {tiles:,}"
        smaller = _smaller(sweep, parts, gpu, points)
        if smaller is None:
            raise SweepError(said)
        raise SweepError(f"{said}, or for smaller tiles with ", Argument("tile_points", smaller))
    return points if gpu else tile_points


def _smaller(sweep: "Sweep", parts: int, gpu: bool, points: int) -> int | None:
    """Most points of tiles of which there are enough for so many parts; None where no tiles are so small."""
    while points > 1:
        points //= 2
        if _tiles(sweep, gpu, points)[0] >= parts:
            return points
    return None


def _tiles(sweep: "Sweep", gpu: bool, tile_points: int | None) -> tuple[int, int]:
    """How many tiles a cube will have, and most points of one."""
    from ....engine.device import UnseenGpu, most_points, pick_device
    from ....engine.reduce.reduction import plan_layouts, reduced_last, reduced_space
    from ....engine.run.begin import plan_space
    from ...reduced.reduced import resolved

    resolved_sweep, device = resolved(sweep), UnseenGpu() if gpu else pick_device("cpu")
    space = (
        resolved_sweep.space
        if resolved_sweep.reduction is None
        else reduced_last(resolved_sweep.space, resolved_sweep.reduction.over)
    )
    most = tile_points or most_points(device, space.bytes_per_point, space.needs_ode, space.points)
    if resolved_sweep.reduction is None:
        return len(plan_space(space, device, most)), most
    stored = reduced_space(resolved_sweep.space, resolved_sweep.reduction)
    return len(plan_layouts(space, stored, device, most).cube), most


def _memory(plan: "Plan") -> int:
    """Megabytes of a job."""
    return math.ceil(_MEMORY * plan.memory / _STEP_MEMORY) * _STEP_MEMORY // 10**6


def _time(plan: "Plan", parts: int, cpus: int) -> str:
    """Hours, minutes and seconds of a job, generously: what is not used costs nothing."""
    computing = (plan.seconds - plan.compile_seconds) * usable_cores() / cpus
    compiling = plan.compile_seconds + plan.kept_seconds  # the nodes may have kept nothing
    minutes = _TIMES * (compiling + computing / parts) / 60 + _NOTICE / 60
    whole = max(math.ceil(minutes / _STEP_MINUTES) * _STEP_MINUTES, _LEAST_MINUTES)
    days, minutes_left = divmod(whole, 1440)
    clock = f"{minutes_left // 60:02d}:{minutes_left % 60:02d}:00"
    return f"{days}-{clock}" if days else clock
