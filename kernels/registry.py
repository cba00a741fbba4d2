"""Every model that ships, by name. A new model is one line here."""

from .contract import CONTRACT
from .external import EXTERNAL
from .internal import INTERNAL
from .model import Model
from .supervision_model import SUPERVISION

MODELS: dict[str, Model] = {model.name: model for model in (EXTERNAL, INTERNAL, SUPERVISION, CONTRACT)}
