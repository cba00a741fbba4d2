"""Errors that speak Python to a caller, and the shell's language on the command line."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from equisweep.sweeps import SweepError
from equisweep.sweeps.commands.command import in_shell


@contextmanager
def refused(python: str, shell: str) -> Iterator[None]:
    """The block raises a SweepError that matches `python` as a text, and `shell` as a command prints it."""
    with pytest.raises(SweepError, match=python) as caught:
        yield
    assert re.search(shell, caught.value.spelt(in_shell))
