"""What each primitive of JAX becomes as scalars: a registry of rules, a file for each family of them.

Importing this package fills the registry. A new primitive is one function in the file of its family.
"""

from . import (
    bits,
    calls,
    control_flow,
    convolution,
    elementwise,
    indexing,
    linear_algebra,
    random,
    reductions,
    sort,
    special,
    structural,
)

__all__ = [
    "bits",
    "calls",
    "control_flow",
    "convolution",
    "elementwise",
    "indexing",
    "linear_algebra",
    "random",
    "reductions",
    "sort",
    "special",
    "structural",
]
