"""What outputs depend on: a file for each measure."""

from .analysis import sensitivity

__all__ = ["sensitivity"]
