"""Every model that ships, by name. A new model is one line here."""

from ..model import Model
from .contract import CONTRACT
from .external.model import EXTERNAL
from .internal.model import INTERNAL
from .supervision.model import SUPERVISION

MODELS: dict[str, Model] = {model.name: model for model in (EXTERNAL, INTERNAL, SUPERVISION, CONTRACT)}
