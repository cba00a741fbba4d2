"""The walls: what users may rely on imports, and says what it takes and what it raises."""

import inspect
import re
from enum import EnumType
from importlib import import_module

import pytest

WALLS = ("equisweep.kernels",)


def public_names(wall: str) -> list[str]:
    return list(import_module(wall).__all__)


@pytest.mark.parametrize(("wall", "name"), [(wall, name) for wall in WALLS for name in public_names(wall)])
def test_a_public_name_imports_and_says_what_it_takes(wall, name):
    thing = getattr(import_module(wall), name)
    text = inspect.getdoc(thing)
    assert text
    assert not text.startswith(f"{name}("), "the text that a dataclass makes of its own"
    if inspect.ismodule(thing) or isinstance(thing, EnumType):
        return
    for parameter in inspect.signature(thing).parameters:
        assert re.search(rf"\b{parameter}\b", text), parameter
    if inspect.isfunction(thing):
        assert re.search(r"\b[Rr]aises\b", text)


@pytest.mark.parametrize("wall", WALLS)
def test_dir_lists_what_is_public(wall):
    assert set(public_names(wall)) <= set(dir(import_module(wall)))


def test_the_decorators_of_models_say_what_they_take():
    from equisweep.kernels import declare

    for decorator in (declare.model, declare.flow_model):
        text = inspect.getdoc(decorator)
        for parameter in inspect.signature(decorator).parameters:
            assert re.search(rf"\b{parameter}\b", text), parameter
        assert "raises" in text
