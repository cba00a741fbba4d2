"""`equisweep plan`: what a sweep will take."""

import argparse

from ....engine.feedback.progress import clock
from ....engine.gate.text import size_text
from ....engine.gpus.neighbour import plugin
from ...plan import Plan
from ..command import Command, add_device, add_reuse, add_tile_points, path_argument

# So much longer, as a part of the time, a run without what is kept is worth a word.
_WORTH_A_WORD = 0.3


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("sweep", type=path_argument, help="a sweep file (TOML)")
    add_device(parser)
    parser.add_argument(
        "--no-trial", action="store_true", help="try no points: time and memory from rough rates"
    )
    add_tile_points(parser)
    add_reuse(parser)


def run(options: argparse.Namespace) -> int:
    from ...plan import plan
    from ...spec.sweep import Sweep

    sweep = Sweep.from_file(options.sweep)
    result = plan(
        sweep,
        options.device,
        trial=not options.no_trial,
        reuse=options.reuse,
        tile_points=options.tile_points,
    )
    print(describe_plan(result))
    return 0


UNSEEN = (
    "some may stand in loops, callbacks or long chains of comparisons: steps ask for the field inside them"
)


def describe_plan(plan: Plan) -> str:
    """What a sweep will take, as text."""
    from ....engine.trial import WAITS

    grid = " x ".join(f"{name} {size:,}" for name, size in plan.shape.items())
    tile = " x ".join(map(str, plan.tile_shape))
    if plan.kept_tiles is not None:
        tile += f", folded into {plan.kept_tiles:,} of the cube"
    compiled = f"{plan.compilations} compilation{'s' if plan.compilations > 1 else ''}"
    if plan.compile_seconds > WAITS:
        compiled += f" of about {clock(plan.compile_seconds)}"
    if plan.kept_seconds > _WORTH_A_WORD * plan.seconds:
        included = f"included ({clock(plan.seconds + plan.kept_seconds)} on a machine that has kept none)"
    else:
        included = "included"
    where = "by points tried here" if plan.tried else "on two cores; no point tried"
    steps = (
        f"at most 1/{plan.least_steps} of the horizon, as the field depends on time; max_step says otherwise"
    )
    order = "of order {}, as compiling those of order {} would take minutes".format(*plan.orders or (0, 0))
    gpus = plugin() is not None or plan.device.startswith("cuda")
    return "\n".join(
        (
            f"points     {plan.points:,} ({grid})",
            *([] if plan.reused is None else [f"reused     {_reused(plan)}"]),
            *([f"design     {plan.design}"] if plan.design else []),
            f"tiles      {plan.tiles:,} of {tile}",
            *([f"device     {plan.device}"] if gpus else []),
            f"computed   {plan.computed}",
            f"portable   {f'no: {plan.not_portable}' if plan.not_portable else 'yes'}",
            *([f"steps      {steps}"] if plan.least_steps else []),
            *([f"switches   {UNSEEN}"] if plan.switches_unseen else []),
            *([f"steps      {order}"] if plan.orders else []),
            *(
                [f"horizon    extended until orbits are decided, up to {plan.latest:g}"]
                if plan.latest
                else []
            ),
            *([f"reduced    over {', '.join(plan.over)}, {_folded(plan)}"] if plan.over else []),
            f"variables  {', '.join(plan.variables)}",
            f"size       {size_text(plan.bytes)} before compression; {size_text(plan.free)} are free here",
            f"memory     about {size_text(plan.memory)}",
            f"time       about {clock(plan.seconds)} {where}; {compiled} {included}",
        )
    )


def _folded(plan: Plan) -> str:
    if plan.written:
        return f"tile by tile from its values ({plan.written})"
    return "by the machine code that computes it"


def _reused(plan: Plan) -> str:
    assert plan.reused is not None
    return f"{plan.reused:,} of the points are there already, {plan.points - plan.reused:,} are computed"


COMMAND = Command(
    "plan",
    "say what a sweep will take, from some of its points",
    ("equisweep plan sweep.toml", "equisweep plan finer.toml --from coarse.zarr"),
    arguments,
    run,
)
