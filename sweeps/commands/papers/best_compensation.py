"""`equisweep best-compensation`: the compensation under which a city loses least."""

import argparse

from ..command import Command
from .critical_cities import arguments, run_over_axes


def run(options: argparse.Namespace) -> int:
    from ...papers.external.best_compensation import best_compensation

    return run_over_axes(options, best_compensation)


COMMAND = Command(
    "best-compensation",
    "find the compensation coefficient of least loss (external model)",
    ("equisweep best-compensation --axis n=3,4 --axis alpha=0.1:0.9:9 --set beta=0.1",),
    arguments,
    run,
)
