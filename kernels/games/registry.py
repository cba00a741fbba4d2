"""Every game that ships, by name.

A game of your own that belongs to the project is one file beside this one (or a folder, where it needs
several), which ends in its `Model`; import that here and list it in `_GAMES`.
"""

from ..model import Model
from .combined.model import EXTERNAL_COMBINED
from .contract import CONTRACT
from .external.model import EXTERNAL
from .internal.model import INTERNAL
from .menu.model import MENU
from .network.model import NETWORK
from .supervision.model import SUPERVISION
from .supervision_noise.model import SUPERVISION_NOISE
from .supervision_regulator.model import SUPERVISION_REGULATOR
from .supervision_shapes.model import SUPERVISION_SHAPES
from .supervision_shares.model import SUPERVISION_SHARES

# In the order in which `equisweep models` lists them.
_GAMES = (
    EXTERNAL,
    INTERNAL,
    SUPERVISION,
    SUPERVISION_SHAPES,
    SUPERVISION_SHARES,
    SUPERVISION_REGULATOR,
    SUPERVISION_NOISE,
    CONTRACT,
    MENU,
    NETWORK,
    EXTERNAL_COMBINED,
)

MODELS: dict[str, Model] = {game.name: game for game in _GAMES}
