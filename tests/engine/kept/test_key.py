"""Every part of what a function is made of is in its key, as what it holds."""

import os
import subprocess
import sys
from dataclasses import replace
from functools import partial

import jax
import numpy as np
import pytest
from equisweep.engine.device import pick_device
from equisweep.engine.kept import code, process
from equisweep.engine.kept import key as keys
from equisweep.engine.kept.content import Unknown, content_of
from equisweep.engine.ode import method
from equisweep.kernels.games.registry import MODELS
from equisweep.sweeps import Sweep
from helpers.imports import FOLDERS
from helpers.small_sweeps import LEAST, OTHERS, small_sweep

CPU = pick_device("cpu")


def key_of(space, native=True):
    coordinates = [dict(axis.values) for axis in space.axes if not axis.static]
    return keys.key_of_kept(space, space.choices, coordinates, CPU, native)


def parts():
    space = small_sweep(**LEAST).space()
    coordinates = [dict(axis.values) for axis in space.axes]
    of_space = keys.parts_of(space, space.choices, coordinates, True)
    return of_space | keys.process_parts(CPU) | {"code": code.code_digest()}


@pytest.mark.parametrize("name", parts())
def test_every_part_changes_the_key(name):
    known = parts()
    assert keys.digest_of_parts(known) == key_of(small_sweep(**LEAST).space())
    assert keys.digest_of_parts(known | {name: "another"}) != keys.digest_of_parts(known)
    assert keys.digest_of_parts({k: v for k, v in known.items() if k != name}) != keys.digest_of_parts(known)


@pytest.mark.parametrize("what", OTHERS)
def test_another_sweep_has_another_key(what):
    assert key_of(small_sweep(**LEAST | OTHERS[what]).space()) != key_of(small_sweep(**LEAST).space())


def test_values_and_lengths_of_axes_do_not_enter():
    longer = {"axes": {"alpha": [0.3, 0.4, 0.5], "beta": [0.9]}}
    assert key_of(small_sweep(**LEAST | longer).space()) == key_of(small_sweep(**LEAST).space())


def test_paths_their_times_and_methods_have_keys_of_their_own():
    every = [{}, {"times": [0.0, 1.0]}, {"times": [0.0, 2.0]}, {"integrator": {"rtol": 1e-7}}]
    result = {key_of(Sweep("supervision", axes={"r": [0.0, 2.0]}, **changes).space()) for changes in every}
    assert len(result) == len(every)


def test_settings_the_environment_packages_and_processors_enter(monkeypatch):
    space = small_sweep(**LEAST).space()
    result = [key_of(space), key_of(space, native=False)]
    with jax.enable_x64(False):
        result.append(key_of(space))
    with jax.default_matmul_precision("highest"):
        result.append(key_of(space))
    flags = os.environ.get("XLA_FLAGS", "") + " --xla_cpu_enable_fast_math=true"
    monkeypatch.setenv("XLA_FLAGS", flags)
    assert key_of(space) is None  # who knows whether XLA has read it
    monkeypatch.setattr(process, "variables_read", process.variables)
    result.append(key_of(space))
    monkeypatch.setattr(process, "_loaded_version", partial(str.format, "{} 99"))
    result.append(key_of(space))
    monkeypatch.setattr(process, "threads_of_xla", partial(int, 77))
    result.append(key_of(space))
    assert None not in result
    assert len(set(result)) == len(result)


def test_what_is_computed_elsewhere_or_cannot_be_read_has_no_key():
    space = small_sweep(**LEAST).space()
    model = replace(space.model, kernel=object())
    assert key_of(replace(space, model=model)) is None
    assert key_of(replace(space, model_digest="0" * 64)) is None
    device = type("Gpu", (), {"platform": "gpu"})()
    assert keys.key_of_kept(space, space.choices, [], device, True) is None


PROGRAM = """
from equisweep.engine.kept.content import content_of
from equisweep.kernels.games.registry import MODELS
print(*map(content_of, MODELS.values()), sep="\\n", end="")
"""


def test_models_hold_the_same_in_another_process_whatever_the_order_of_its_sets():
    environment = os.environ | {"PYTHONHASHSEED": "1"}
    command = [sys.executable, "-c", PROGRAM]
    output = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    assert output.splitlines() == [content_of(model) for model in MODELS.values()]
    assert len(set(output.splitlines())) == len(MODELS)


def factory(constant, default=1):
    def function(p, more=default):
        return p * constant + more + len({"a", "b"} & {str(p)})

    return function


HELD = [
    0, 0.0, -0.0, 1, 1.0, True, "1", b"1", None, (1, 2), [1, 2], {1: 2}, frozenset({1, 2}), np.float32(1),
    np.arange(3), np.arange(3.0), np.arange(3.0)[::-1], factory(1), factory(2), factory(1, 2),
    len, np.exp, jax.numpy.exp, jax.jit(factory(1)), jax.jit(factory(3)), np.dtype("f4"),
    slice(1, 3), slice(1, 3, 1), range(1, 3), range(2, 3),
]  # fmt: skip


def test_different_values_hold_different_things():
    assert len({content_of(value) for value in HELD}) == len(HELD)
    assert content_of(factory(1)) == content_of(factory(1))
    with pytest.raises(Unknown):
        content_of(factory(object()))


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """Sources of their own, older than this process."""
    file = tmp_path / "engine" / "inside" / "one.py"
    file.parent.mkdir(parents=True)
    file.write_text("A = 1\n")
    monkeypatch.setattr(code, "_ROOT", tmp_path)
    monkeypatch.setattr(code, "_started", lambda: float("inf"))
    monkeypatch.setattr(code, "replaced", list)
    code.digest_of_sources.cache_clear()
    yield file
    code.digest_of_sources.cache_clear()


def test_a_source_that_changed_gives_another_digest_and_one_that_changes_now_none(tree, monkeypatch):
    def digest():
        code.digest_of_sources.cache_clear()  # as in another process
        return code.code_digest()

    digests = [digest()]
    for change in (
        lambda: tree.write_text("A = 2\n"),
        lambda: tree.rename(tree.with_name("two.py")),
        lambda: tree.write_text("A = 2\n"),
        lambda: tree.with_name("three.py").write_text(""),
    ):
        change()
        digests.append(digest())
    assert None not in digests
    assert len(set(digests)) == len(digests)
    before = tree.stat()
    monkeypatch.setattr(code, "_started", lambda: before.st_ctime + 1e-3)
    os.utime(tree, (0, 0))  # its time set back does not make it older
    assert digest() is None


def test_all_of_our_code_is_ours():
    """A command that begins elsewhere has functions that nobody replaced."""
    assert sorted(code.FOLDERS) == sorted(FOLDERS)
    program = "import equisweep.entry, equisweep.engine.kept.code as code; print(code.code_digest())"
    command = [sys.executable, "-c", program]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert output.strip() == code.code_digest()


def test_what_was_replaced_in_memory_has_no_key(monkeypatch):
    monkeypatch.setattr(method, "Tolerance", type("Tolerance", (), {"__module__": __name__}))
    assert key_of(small_sweep(**LEAST).space()) is None


def test_a_file_that_comes_into_a_folder_that_is_old_is_seen(tree):
    os.utime(tree.parent, (1, 1))
    assert [*code._python_files(str(tree.parent))] == [str(tree)]
    assert str(tree.parent) in code._LISTED
    other = tree.with_name("other.py")
    other.write_text("")
    assert {*code._python_files(str(tree.parent))} == {str(tree), str(other)}
    assert code._LISTED.pop(str(tree.parent)).at == 1  # no folder that has just changed is taken as listed
