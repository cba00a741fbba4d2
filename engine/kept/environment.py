"""Variables of the environment that decide what compilers make: what is kept is of these."""

import os
from functools import cache

from ..cores import xla_has_begun

# Variables that JAX, XLA, LLVM and equinox read, each when it is first used.
_VARIABLES = ("JAX_", "XLA_", "TF_", "LLVM", "OMP_", "EQX_")
# How JAX takes a GPU's memory decides nothing of what is compiled.
_OF_MEMORY = ("XLA_PYTHON_CLIENT_", "XLA_CLIENT_MEM_")


def variables() -> dict[str, str]:
    """Those variables of the environment that decide what compilers make, as they are now."""
    return {
        name: value
        for name, value in os.environ.items()
        if name.startswith(_VARIABLES) and not name.startswith(_OF_MEMORY)
    }


_AT_THE_START = variables()


@cache
def variables_read() -> dict[str, str]:
    """The same as they were when XLA read them, so far as that is known; asked before it does."""
    return _AT_THE_START if xla_has_begun() else variables()
