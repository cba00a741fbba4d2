"""What the folder of a paper declares, in its paper.py."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from .conclusions import Study


class Reproduction(NamedTuple):
    """A text that sets what a paper publishes beside what is computed here, and whether all is as it should.

    Attributes
    ----------
    text
        For a terminal.
    agrees
        Every published number agrees, and every claim holds, or fails where the paper's own equations say
        that it must.
    """

    text: str
    agrees: bool


@dataclass(frozen=True)
class Paper:
    """One paper.

    Attributes
    ----------
    source
        Title, authors and where it was published, or what of that is known.
    studies
        The cubes of its audit, and the conclusions that are held against them.
    reproduce
        ``reproduce(folder)`` computes its published numbers and claims anew; pictures go to `folder`.
    elsewhere
        Conclusions that no cube can test, each with the reason.
    """

    source: str
    studies: tuple[Study, ...]
    reproduce: Callable[[Path], Reproduction]
    elsewhere: tuple[str, ...] = ()
