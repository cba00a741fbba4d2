"""Where version 0.1.0 documents `allocate`; it lives in `papers.contract.offers`."""

from .papers.contract.design import Infrastructure
from .papers.contract.offers import allocate

__all__ = ["Infrastructure", "allocate"]
