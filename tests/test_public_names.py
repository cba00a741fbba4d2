"""The walls: what users may rely on imports, and says what it takes and what it raises."""

import inspect
import os
import re
import subprocess
import sys
from enum import EnumType
from importlib import import_module
from pathlib import Path

import pytest
from helpers.products import some

WALLS = ("equisweep.kernels", "equisweep.engine", "equisweep.sweeps")


def public_names(wall: str) -> list[str]:
    return list(import_module(wall).__all__)


def public_things():
    """Every wall's names, and those of the packages among them."""
    for wall in WALLS:
        for name in public_names(wall):
            yield f"{wall}.{name}", getattr(import_module(wall), name)
            package = f"{wall}.{name}"
            for inner in getattr(sys.modules.get(package), "__all__", ()):
                yield f"{package}.{inner}", getattr(import_module(package), inner)


@pytest.mark.parametrize("thing", [pytest.param(thing, id=name) for name, thing in public_things()])
def test_a_public_name_says_what_it_takes_and_what_it_raises(thing):
    text = inspect.getdoc(thing)
    assert text
    assert not text.startswith(f"{getattr(thing, '__name__', '')}("), "made by dataclass itself"
    if inspect.ismodule(thing) or isinstance(thing, EnumType):
        return
    if inspect.isclass(thing) and issubclass(thing, Exception):  # which users catch, and do not make
        return
    for parameter in inspect.signature(thing).parameters:
        assert re.search(rf"\b{parameter}\b", text), parameter
    if inspect.isfunction(thing):
        assert re.search(r"\b[Rr]aises\b", text)


def test_what_takes_a_path_takes_its_text_too():
    taken = {
        f"{name} {parameter.name}": str(parameter.annotation)
        for name, thing in public_things()
        if inspect.isfunction(thing) and name.startswith("equisweep.sweeps.")
        for parameter in inspect.signature(thing).parameters.values()
        if "Path" in str(parameter.annotation)
    }
    assert len(taken) > 10
    assert [what for what, types in taken.items() if "str" not in types] == []


@pytest.mark.parametrize("wall", WALLS)
def test_dir_lists_what_is_public(wall):
    assert set(public_names(wall)) <= set(dir(import_module(wall)))


@pytest.mark.parametrize("wall", ["equisweep.engine", "equisweep.sweeps"])
def test_no_file_takes_the_name_of_what_is_loaded_when_asked_for(wall):
    """Importing the file would put its module where the name stood."""
    package = import_module(wall)
    files = {file.stem for file in Path(package.__file__).parent.glob("*.py")}
    assert not files & set(package._MODULES)


def test_what_is_no_public_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        import_module("equisweep.sweeps").nothing  # noqa: B018


def test_import_paths_of_the_first_version_go_on_working():
    from equisweep.sweeps.offers import Infrastructure, allocate
    from equisweep.sweeps.sensitivity import sensitivity

    sweeps = import_module("equisweep.sweeps")
    assert (sweeps.Infrastructure, sweeps.allocate) == (Infrastructure, allocate)
    assert sweeps.sensitivity.sensitivity is sensitivity


def test_the_decorators_of_models_say_what_they_take():
    from equisweep.kernels import declare

    for decorator in (declare.model, declare.flow_model):
        text = inspect.getdoc(decorator)
        for parameter in inspect.signature(decorator).parameters:
            assert re.search(rf"\b{parameter}\b", text), parameter
        assert "raises" in text


@pytest.mark.parametrize("first", some(["jax", "equisweep.kernels"], ["jax"]))
def test_numbers_are_double_whichever_is_imported_first(first):
    program = (
        f"import {first}; import equisweep.kernels, jax.numpy as jnp; "
        "assert jnp.asarray(1.0).dtype == 'float64'"
    )
    environment = {name: value for name, value in os.environ.items() if name != "JAX_ENABLE_X64"}
    subprocess.run([sys.executable, "-c", program], check=True, env=environment)
