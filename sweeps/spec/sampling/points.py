"""The points of a design in the unit cube, each kind as functions of a sample's number.

A sample is one point or some. Within one a parameter takes one value or two: of Sobol' matrices those of A
and of B, along a trajectory of Morris those before and after its step.
"""

from abc import ABC, abstractmethod

import numpy as np

DIM = "sample"  # the dimension of a cube's samples


class Points(ABC):
    """A design in the unit cube.

    Attributes
    ----------
    points_per_sample
        How many points a sample has.
    """

    points_per_sample: int

    @abstractmethod
    def two(self, dim: int, samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The one and the other value that dimension `dim` takes in each of these samples (uint32).

        Both are the same array where it takes one only.
        """

    @abstractmethod
    def other(self, dim: int, samples: np.ndarray) -> np.ndarray:
        """At which of its points a sample has the other value.

        Shape (samples or 1, points of each), booleans.
        """
