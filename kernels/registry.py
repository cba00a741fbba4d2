"""Every model that ships, by name. A new model is one line here."""

from .external import EXTERNAL
from .model import Model
from .supervision_model import SUPERVISION

MODELS: dict[str, Model] = {model.name: model for model in (EXTERNAL, SUPERVISION)}
