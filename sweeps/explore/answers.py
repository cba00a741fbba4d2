"""What a page asks, and what it is answered: each question a name and the values of its address."""

import json
from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from typing import Any

from ...engine.errors import CubeError, SweepError
from ...engine.gate.text import shown
from ..cube.select import select
from ..cube.source import own_model
from ..spec.sampling.points import DIM
from .controls import controls_of, has_flow
from .copy_as import FILES, TABLE, condition_of, copies_of, file_of, query_command
from .cost import FULL, QUICK
from .page_data import page_data
from .point import point_of
from .shown import most_of, views_of
from .source import Source
from .state import State

Values = Mapping[str, list[str]]
JSON = "application/json"


class Answers:
    """Answers questions about one cube, or two; threads may share it.

    Parameters
    ----------
    sources : the cube, and perhaps a second one.
    model : where a model of the user's own lies, which consents to its code being run; None if it is not to.
    """

    def __init__(self, sources: Sequence[Source], model: str | None = None) -> None:
        self.sources, self.model = list(sources), _whole_name(sources[0].dataset, model)
        self._questions: dict[str, Callable[[State, Values], Any]] = {
            "cube": self._cube,
            "view": self._view,
            "point": self._point,
            "motion": self._motion,
            "boundary": self._boundary,
            "copy": self._copy,
            "box": self._box,
        }

    def knows(self, question: str) -> bool:
        """Whether there is such a question."""
        return question in self._questions or question in FILES or question == TABLE

    def __call__(self, question: str, values: Values) -> tuple[str, bytes]:
        """The type of an answer, and the answer. Raises SweepError or CubeError where there is none."""
        own = {key: list(texts) for key, texts in values.items() if not key.startswith("_")}
        state = State.from_lists(own)
        try:
            return self._answered(question, state, values)
        except CubeError:
            for source in self.sources:  # it may have been replaced, or extended, since it was opened
                source.forget()
            return self._answered(question, state, values)

    def _answered(self, question: str, state: State, values: Values) -> tuple[str, bytes]:
        if question in FILES or question == TABLE:
            return FILES.get(question, "text/csv"), file_of(self.sources, state, question)
        answer = self._questions[question](state, values)
        return JSON, json.dumps(answer, allow_nan=False).encode()

    def _cube(self, _state: State, _values: Values) -> dict[str, Any]:
        dataset = self.sources[0].dataset
        own = own_model(dataset) if dataset.attrs.get("sweep") else ""
        return controls_of(dataset) | {
            "cubes": [source.name for source in self.sources],
            "has_flow": has_flow(dataset),
            "own_model": own,
            "consent": self.model is not None,
            "can_ask_kernel": bool(dataset.attrs.get("sweep")),
        }

    def _view(self, state: State, values: Values) -> dict[str, Any]:
        quick = "_quick" in values
        views = views_of(self.sources, state, QUICK if quick else FULL)
        named = [source.name for source in self.sources] if len(views) > 1 else [""]
        finished = all(source.finished for source in self.sources)
        return {
            "views": [page_data(view, name) for view, name in zip(views, named, strict=True)],
            "finished": finished,
            "coarse": quick and self._is_coarse(state),
        }

    def _is_coarse(self, state: State) -> bool:
        """Whether more would be drawn with more time."""
        chosen = select(self.sources[0].dataset, state.sel)
        return most_of(chosen, state, QUICK) != most_of(chosen, state, FULL)

    def _point(self, state: State, values: Values) -> dict[str, Any]:
        source = self.sources[self._number(values, "_cube", 0)]
        selections, at = state.sel, _positions(values)
        if state.point and not at:
            selections = state.point
        result = point_of(source.dataset, selections, at)
        names = [one["name"] for one in result["outputs"]]
        return result | {
            "query": query_command(source, [], [*source.selections, *result["sel"]]),
            "names": names,
        }

    def _motion(self, state: State, _values: Values) -> dict[str, Any]:
        from .motion import motion_at

        whole = self.sources[0].xarray
        point = select(whole, state.point)
        point = point.isel({dim: 0 for dim in point["status"].dims if point.sizes[dim] == 1 or dim == DIM})
        if point["status"].dims:
            raise SweepError("a trajectory is of one point; click on one")
        return motion_at(whole, point, self.model)

    def _boundary(self, state: State, values: Values) -> dict[str, Any]:
        from .overlay import boundary_on

        text = values.get("_level", [""])[0]
        try:
            level = float(text) if text else None
        except ValueError:
            raise SweepError(f"the level {shown(text)} is no number") from None
        along = values.get("_along", ["x"])[0]
        return boundary_on(self.sources[0].xarray, state, along, level, self.model)

    def _copy(self, state: State, _values: Values) -> dict[str, str]:
        return copies_of(self.sources, state)

    def _box(self, state: State, values: Values) -> dict[str, str]:
        box = {key: self._float(values, f"_{key}") for key in ("x0", "x1", "y0", "y1")}
        source = self.sources[0]
        condition = condition_of(source.dataset, state, box)
        command = query_command(source, state.var, [*source.selections, *state.sel], condition)
        return {"where": condition, "query": command}

    def _number(self, values: Values, key: str, usual: int) -> int:
        text = values.get(key, [str(usual)])[0]
        if not text.isdecimal() or int(text) >= len(self.sources):
            raise SweepError(f"the address: {key}: {shown(text)}: there are {len(self.sources)} cubes")
        return int(text)

    def _float(self, values: Values, key: str) -> float:
        text = values.get(key, [""])[0]
        try:
            number = float(text)
        except ValueError:
            number = float("nan")
        if not isfinite(number):
            raise SweepError(f"the address: {key}: {shown(text)} is no finite number")
        return number


def _positions(values: Values) -> dict[str, int]:
    """Positions along dimensions: each value of ``_at`` is a dimension, a colon and a number."""
    result = {}
    for text in values.get("_at", []):
        dim, _, number = text.rpartition(":")
        if not number.isdecimal():
            raise SweepError(f"the address: _at: {shown(text)} should be a dimension and a position, alpha:3")
        result[dim] = int(number)
    return result


def _whole_name(dataset: Any, model: str | None) -> str | None:
    """Where a model lies with its name, which the cube knows: "game.py" is "game.py:game" as it was swept."""
    if model is None or ".py:" in model or not dataset.attrs.get("sweep"):
        return model
    own = own_model(dataset)
    return f"{model}:{own.rpartition(':')[2]}" if own else model
