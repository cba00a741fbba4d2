"""What outputs depend on: a file for each measure."""

from .measures import sensitivity

__all__ = ["sensitivity"]
