"""Processes that are sent signals."""

import subprocess
import sys

# Signals as in the foreground of a terminal: a background job begins with some of them ignored.
HEARS = """
import signal
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_DFL if number != signal.SIGINT else signal.default_int_handler)
"""


def waiting(program: str, *arguments: object) -> "subprocess.Popen[str]":
    """A process that runs this program, which says "ready" first, and hears signals as in a terminal."""
    child = subprocess.Popen(
        [sys.executable, "-c", HEARS + program, *map(str, arguments)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert child.stdout.readline() == "ready\n"
    return child
