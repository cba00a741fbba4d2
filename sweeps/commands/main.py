"""The command line: ``equisweep COMMAND``. Each command is a file of its own, ``command_<name>.py``."""

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import version

from ...engine.errors import CubeError, SweepError, SweepInterrupted
from .audit import COMMAND as AUDIT
from .boundary import COMMAND as BOUNDARY
from .critical import BEST_COMPENSATION, CRITICAL_CITIES
from .info import COMMAND as INFO
from .models import COMMAND as MODELS
from .plan import COMMAND as PLAN
from .plot import COMMAND as PLOT
from .query import COMMAND as QUERY
from .reproduce import COMMAND as REPRODUCE
from .run import COMMAND as RUN
from .sensitivity import COMMAND as SENSITIVITY
from .signals import stop_on_signals
from .sql import COMMAND as SQL
from .structure import COMMAND as STRUCTURE
from .verify import COMMAND as VERIFY

# In the order of --help: the road from a sweep file to a picture.
COMMANDS = (
    *(MODELS, PLAN, RUN, INFO, QUERY, SQL, VERIFY, PLOT),
    *(SENSITIVITY, BOUNDARY, CRITICAL_CITIES, BEST_COMPENSATION),
    *(AUDIT, REPRODUCE, STRUCTURE),
)

_EXAMPLES = """examples:
  equisweep models external
  equisweep plan sweep.toml
  equisweep run sweep.toml -o cube.zarr
  equisweep query cube.zarr --var investment --sel n=3 --sel mechanism=sharing
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0 done, 1 a check failed, 2 wrong input, 130 stopped."""
    options = _parser().parse_args(arguments)
    try:
        with stop_on_signals():
            return options.run(options)
    except (SweepError, CubeError) as error:
        print(f"equisweep: {error}", file=sys.stderr)
        return 2
    except SweepInterrupted as stopped:
        print(
            f"equisweep: stopped; {stopped.done} of {stopped.total} tiles are committed. "
            "The same command goes on where this one stopped.",
            file=sys.stderr,
        )
        return 130
    except KeyboardInterrupt:
        print("equisweep: stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:
        sys.stderr.close()  # the reader (head, less) has gone: nothing more to say
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="equisweep",
        description="Sweep game-theoretic models of security investment into labelled cubes.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"equisweep {version('equisweep')}")
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        sub = subparsers.add_parser(
            command.name,
            help=command.what,
            description=command.what[0].upper() + command.what[1:] + ".",
            epilog="examples:\n" + "\n".join(f"  {line}" for line in command.examples),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.arguments(sub)
        sub.set_defaults(run=command.run)
    return parser


if __name__ == "__main__":
    sys.exit(main())
