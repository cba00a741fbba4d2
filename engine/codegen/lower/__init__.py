"""What each primitive of JAX becomes as scalars: a registry of rules, a file for each family of them.

Importing this package fills the registry. A new primitive is one function in the file of its family.
"""

from . import calls, control_flow, elementwise, indexing, linear_algebra, reductions, sort, structural

__all__ = [
    "calls",
    "control_flow",
    "elementwise",
    "indexing",
    "linear_algebra",
    "reductions",
    "sort",
    "structural",
]
