"""The library that draws random networks and reads GraphML; it need not be installed for anything else."""

from typing import Any

from ....engine.errors import SweepError


def networkx(where: str) -> Any:
    """The library networkx; SweepError, beginning with `where`, that says how to install it."""
    try:
        import networkx as library
    except ImportError:
        raise SweepError(
            f"{where}: random networks and GraphML need networkx, which is not installed: "
            "pip install 'equisweep[networks]'"
        ) from None
    return library
