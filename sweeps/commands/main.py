"""The command line: ``equisweep COMMAND``."""

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from importlib import import_module
from typing import NoReturn, TextIO, cast

from ...engine.errors import SweepInterrupted, UserError
from ...engine.feedback.at_work import still_computing
from ...engine.feedback.stop_flag import stop_if_requested, stop_requested
from ...engine.gate.shortage import shortage
from ...engine.gate.text import MESSAGE, clean, said
from ...engine.kept.constants import in_a_command
from ..light_imports import import_lightly
from .address_space import guard_address_space
from .command import Command, in_shell
from .ctrl_c import ignore_stopping, quiet_once_stopped, say_stopped, stop_on_signals
from .streams import Complaints, PlainStream, let_go, quiet_libraries

# Every command is a file in a folder here that ends in its `COMMAND`, and a name in this list. In the order
# of --help: the road from a sweep file to a picture, then analysis, then papers.
_FILES = (
    "running.init",
    "running.models",
    "running.plan",
    "running.run",
    "asking.info",
    "asking.query",
    "asking.sql",
    "asking.verify",
    "asking.diff",
    "asking.merge",
    "asking.export",
    "asking.pack",
    "running.slurm",
    "analysing.plot",
    "analysing.explore",
    "analysing.sensitivity",
    "analysing.boundary",
    "analysing.discover",
    "papers.critical_cities",
    "papers.best_compensation",
    "papers.audit",
    "papers.reproduce",
    "papers.offers",
    "papers.structure",
    "doctor",
)

# Set in the environment, it shows where an error came from that should never have come.
TRACEBACK = "EQUISWEEP_TRACEBACK"


def _command(file: str) -> Command:
    return import_module(f".{file}", __package__).COMMAND


def __getattr__(name: str) -> tuple[Command, ...]:
    """`COMMANDS`, all of them: loading them takes longer than a small question to a cube."""
    if name != "COMMANDS":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return tuple(map(_command, _FILES))


def _asked(arguments: Sequence[str]) -> tuple[Command, ...]:
    """The command that is asked for, alone; all of them where none is."""
    named = [
        file for file in _FILES if file.rpartition(".")[2].replace("_", "-") == next(iter(arguments), "")
    ]
    return tuple(map(_command, named or _FILES))


_EXAMPLES = """examples:
  equisweep init study
  equisweep models external
  equisweep plan sweep.toml
  equisweep run sweep.toml -o cube.zarr
  equisweep query cube.zarr --var investment --sel n=3 --sel mechanism=sharing
"""


def main(arguments: Sequence[str] | None = None, last: bool = False) -> int:
    """Run one command; returns the exit code: 0 done, 1 a check failed, 2 wrong input, 130 stopped; and 70
    for what should not be.

    `last`: the process ends afterwards.
    """
    heard = cast(TextIO, PlainStream(sys.stdout)), cast(TextIO, Complaints(sys.stderr))
    # Signals are heard until it is said how the command ended: a second one would end it without a word.
    with redirect_stdout(heard[0]), redirect_stderr(heard[1]), stop_on_signals(last):
        return _main(arguments)


def _main(arguments: Sequence[str] | None) -> int:
    try:
        options = _parser(_asked(sys.argv[1:] if arguments is None else arguments)).parse_args(arguments)
        result = options.run(options)
        stop_if_requested()
        sys.stdout.flush()
        return result
    except SweepInterrupted as stopped:
        print(
            f"equisweep: stopped; {stopped}. The same command goes on where this one stopped.",
            file=sys.stderr,
        )
        return 130
    except KeyboardInterrupt:
        return _stopped()
    except UserError as error:
        if stop_requested():
            return _stopped()
        print(f"equisweep: {error.spelt(in_shell)}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader (head, less) has gone: nothing more to say
        return 0
    except Exception as error:
        # What is stopped amid an import or a library's callback may fail in any way.
        if stop_requested():
            return _stopped()
        if os.environ.get(TRACEBACK):
            raise
        return _failed(error)


def _failed(error: Exception) -> int:
    """Say what the system refused; or, of what should never come here, where it came from."""
    reason = shortage(error)
    if isinstance(error, OSError) and error.filename is not None:
        reason = f"{error.filename}: {error.strerror}"
    if not reason:
        print(
            f"equisweep: {said(error)}. This should not be: please report it with what "
            f"{TRACEBACK}=1 in the environment shows",
            file=sys.stderr,
        )
        return 70
    print(f"equisweep: {clean(reason, MESSAGE)}", file=sys.stderr)
    return 2


def entry(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command as a process of its own, which ends with its exit code.

    A signal that comes while it ends already changes nothing any more. `equisweep.entry` comes before this.
    """
    quiet_once_stopped()
    quiet_libraries(tracebacks=TRACEBACK in os.environ)
    import_lightly()
    in_a_command()
    guard_address_space()
    # Pictures are drawn into files here, and hold no date: rubbish in these would end matplotlib.
    os.environ["MPLBACKEND"] = "agg"
    os.environ.pop("SOURCE_DATE_EPOCH", None)
    # What a callback in a model raised is said in a line; jax would log its traceback besides.
    logging.getLogger("jax._src.callback").addFilter(lambda _: False)
    try:
        code = main(arguments, last=True)
    except KeyboardInterrupt:  # when all but this was done
        code = say_stopped()
    except SystemExit as end:  # --help
        code = end.code
    ignore_stopping()
    unwritten = let_go()
    if unwritten and not code:  # --help again: others have said it
        Complaints(sys.stderr).write(f"equisweep: {unwritten}\n")
        code = 2
    if code == 130 and still_computing():  # Python would wait for these threads, and they may never end
        os._exit(130)
    sys.exit(code)


def _stopped() -> int:
    print("equisweep: stopped; the same command starts anew, or goes on where it was", file=sys.stderr)
    return 130


class _Parser(argparse.ArgumentParser):
    """A parser whose errors repeat what was typed in a clean and short form."""

    def error(self, message: str) -> NoReturn:
        super().error(clean(message, MESSAGE))


class _Version(argparse.Action):
    """Prints the version, which takes a look at installed packages that other commands can do without."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        from importlib.metadata import version

        print(f"equisweep {version('equisweep')}")
        parser.exit()


def _parser(commands: Sequence[Command]) -> argparse.ArgumentParser:
    parser = _Parser(
        prog="equisweep",
        description="Sweep game-theoretic models of security investment into labelled cubes.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in commands:
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
    entry()
