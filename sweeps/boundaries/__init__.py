"""Where a class changes along an axis."""

from .boundaries import boundaries

__all__ = ["boundaries"]
