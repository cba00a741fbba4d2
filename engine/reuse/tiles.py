"""Tiles of a sweep, some of whose points another cube has: these are read, and the rest is computed."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from itertools import groupby, product
from typing import Any

import numpy as np

from ..codegen.how_compiled import all_native, in_words
from ..errors import Argument, Call, MessagePart, SweepError
from ..feedback.stop_flag import stop_if_requested
from ..grid.evaluate import Computed, Evaluator, computed_tiles
from ..grid.made_before import own_models_too
from ..grid.windows import Started
from ..tiles import Tile
from .box import Boxes
from .old_points import OldPoints, Taken, boxes

_CODE = "code_sha256"
_PACKAGES = ("jax", "jaxlib")


class Tiles:
    """Gives tiles, all of whose points it computes.

    Attributes
    ----------
    taken
        How many points were taken over from another cube so far.
    """

    taken = 0

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator

    @property
    def compilations(self) -> int:
        """How many programs were compiled."""
        return self.evaluator.compilations

    def tiles(self, todo: Iterable[Tile], ahead: int) -> Iterator[Computed]:
        """The tiles in order, `ahead` of them always under way."""
        return computed_tiles(self.evaluator, todo, ahead)

    def close(self) -> None:
        """Drop what has been started and is not wanted any more."""
        self.evaluator.batches.close()


def source_of_tiles(evaluator: Evaluator, old: OldPoints | None, attributes: Mapping[str, str]) -> Tiles:
    """What gives the tiles of a run, whose cube gets these attributes; `old` has some of their points."""
    return Tiles(evaluator) if old is None else ReusedTiles(evaluator, old, attributes)


class ReusedTiles(Tiles):
    """Takes over those of their points that another cube has."""

    def __init__(self, evaluator: Evaluator, old: OldPoints, attributes: Mapping[str, str]) -> None:
        super().__init__(evaluator)
        self.old, self.versions, self._tried = old, attributes.get("versions", ""), False
        held = old.reader.cube.attributes.get(_CODE)
        # What other code computed is compared in every tile: its points may differ here and there only.
        self._other_code = held is None or held != attributes.get(_CODE)
        self.boxes = Boxes(evaluator.space, evaluator.layout, evaluator.device)
        self._open = ExitStack()
        self._open.enter_context(own_models_too())  # the same functions, over grids of several lengths

    @property
    def compilations(self) -> int:
        """How many programs were compiled, those of parts of tiles among them."""
        return super().compilations + self.boxes.compilations

    def close(self) -> None:
        """Drop what has been started and is not wanted any more."""
        self._open.close()
        super().close()
        self.boxes.close()

    def tiles(self, todo: Iterable[Tile], ahead: int) -> Iterator[Computed]:
        """The tiles in order, `ahead` of those always under way of which nothing is taken."""
        pairs = ((tile, self.old.take(tile)) for tile in todo)
        for none, some in groupby(pairs, lambda pair: pair[1] is None):
            if none:
                yield from computed_tiles(self.evaluator, (tile for tile, _ in some), ahead)
                continue
            for tile, taken in some:
                assert taken is not None
                stop_if_requested()
                yield self._composed(tile, taken)

    def _composed(self, tile: Tile, taken: Taken) -> Computed:
        self._require_same_bits(tile, taken)
        space = self.evaluator.space
        values = {
            v.name: np.empty(tile.shape + tuple(len(space.labels[dim]) for dim in v.inner_dims), v.dtype)
            for v in space.variables
        }
        for name, whole in values.items():
            whole[np.ix_(*taken.ours)] = self.old.read(name, taken)
        for positions in boxes(taken.ours, tile.shape):
            for name, part in self.boxes.compute(tile, positions).items():
                values[name][np.ix_(*positions)] = part
        self.taken += taken.points
        return tile, Started({}), values | self.evaluator.columns(tile)

    def _require_same_bits(self, tile: Tile, taken: Taken) -> None:
        """Compute some points again: SweepError where one has other bits than in the other cube.

        First, and once, those at the ends of all that is common, with every static choice. Where other code
        computed the other cube, those at the ends of every tile, too.
        """
        if not self._tried:
            self._tried = True
            compared = [self._compare(*one) for one in self._ends()]
            if not any(compared):  # none of them is computed there
                self._compare(tile, _ends_of(taken))
            self._require_same_packages()
        if self._other_code:
            self._compare(tile, _ends_of(taken))

    def _ends(self) -> Iterator[tuple[Tile, Taken]]:
        """The ends of all that is common, in tiles of their own: one for each choice of static positions."""
        axes = zip(self.evaluator.space.axes, self.evaluator.layout.tile, self.old.along, strict=True)
        choices = [one.ends(axis.static, alone=axis.static or size == 1) for axis, size, one in axes]
        for chosen in product(*choices):
            ours = tuple(here for here, _ in chosen)
            start = tuple(int(here[0]) for here in ours)
            stop = tuple(int(here[-1]) + 1 for here in ours)
            relative = tuple(here - first for here, first in zip(ours, start, strict=True))
            yield Tile(start, start, stop), Taken(relative, tuple(there for _, there in chosen))

    def _compare(self, tile: Tile, some: Taken) -> bool:
        """Compute these points of a tile: whether there were any. SweepError as of `_require_same_bits`."""
        some = self.old.computed(some)
        if not some.points:
            return False
        for name, values in self.boxes.compute(tile, some.ours).items():
            if not _same_bits(values, self.old.read(name, some).astype(values.dtype)):
                raise SweepError(*self._other_bits(name))
        return True

    def _other_bits(self, name: str) -> tuple[MessagePart, ...]:
        root = self.old.reader.root
        said = (
            f"{root}: {name}: has other bits than this machine computes at the same points "
            f"({in_words(self.boxes.computed)}), and what is computed would not fit what is taken; "
        )
        if self.taken:
            said += "what was taken already may not either: give up the new cube and compute all anew; "
        return said, Call("verify", root, Argument("recompute", "1%")), " says by how much"

    def _require_same_packages(self) -> None:
        """What goes through XLA has the bits of one version of it."""
        if all_native(self.boxes.computed):
            return
        held, now = (
            _versions(text) for text in (self.old.reader.cube.attributes.get("versions"), self.versions)
        )
        other = [
            f"{name} {held[name]} there, {now[name]} now" for name in held if held[name] != now.get(name)
        ]
        if other:
            raise SweepError(
                f"{self.old.reader.root}: its points were computed through XLA by other versions "
                f"({', '.join(other)}), whose last bits may differ; compute them anew"
            )


def _ends_of(taken: Taken) -> Taken:
    """Of the points the first and last along each axis."""
    few = [np.unique([0, len(one) - 1]) for one in taken.ours]
    ours, theirs = (
        tuple(one[at] for one, at in zip(all_of, few, strict=True)) for all_of in (taken.ours, taken.theirs)
    )
    return Taken(ours, theirs)


def _same_bits(ours: np.ndarray, theirs: np.ndarray) -> bool:
    """Whether numbers are the same; any NaN is as good as another."""
    if ours.dtype.kind != "f":
        return bool((ours == theirs).all())
    same = (ours == theirs) & (np.signbit(ours) == np.signbit(theirs))
    return bool((same | (np.isnan(ours) & np.isnan(theirs))).all())


def _versions(text: Any) -> dict[str, str]:
    """Versions of the packages that numbers through XLA depend on, by a cube's attribute."""
    try:
        held = json.loads(text)
        return {name: str(held[name]) for name in _PACKAGES}
    except (TypeError, ValueError, KeyError):
        return {}
