"""What is replaced in memory is seen, however it is held: nothing is kept then."""

import builtins
import py_compile
import sys
from functools import cache, cached_property, partial
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType

import pytest
from equisweep.engine.kept import code, constants, replaced
from equisweep.engine.ode import attractor, method
from helpers.project import ROOT


def test_a_function_that_is_replaced_in_memory_keeps_everything_from_being_kept(monkeypatch):
    from equisweep.engine.grid import function as grid_function

    assert code.replaced() == []
    monkeypatch.setattr(grid_function, "point_function", lambda *_: None)
    assert code.replaced() == ["equisweep.engine.grid.function.point_function"]
    monkeypatch.undo()
    monkeypatch.setitem(method.SOLVERS, "mine", partial(lambda field, control: None))
    assert code.replaced() == ["equisweep.engine.ode.method.SOLVERS"]
    monkeypatch.undo()
    monkeypatch.setattr(builtins, "mine", lambda: None, raising=False)
    assert code.replaced() == ["builtins.mine"]
    monkeypatch.undo()
    monkeypatch.setattr(method.Method, "tolerance", lambda self: None)
    assert code.replaced() == ["equisweep.engine.ode.method.Method.tolerance"]
    monkeypatch.undo()
    monkeypatch.setattr(grid_function.point_function, "__code__", (lambda *_: None).__code__)
    assert "equisweep.engine.grid.function.point_function" in code.replaced()
    monkeypatch.undo()
    assert code.replaced() == []
    monkeypatch.setattr(method, "Tolerance", type("Tolerance", (), {"__module__": __name__}))
    assert code.replaced() == ["equisweep.engine.ode.method.Tolerance"]
    assert code.code_digest() is None


HOLDERS = """
from functools import cache, cached_property, partial
from types import ModuleType
def plain(size=1, *, most=2): ...
@cache
def cached(size=1): ...
def bound(): ...
def listed(): ...
def named(): ...
class Own:
    def method(self): ...
    @property
    def length(self): ...
    @cached_property
    def width(self): ...
    @classmethod
    def made(cls): ...
    @staticmethod
    def told(): ...
TUPLE, LIST, DICT, NUMBERS = (partial(partial(bound)),), [listed], {"name": named}, {}
del bound, listed, named
"""


@pytest.fixture
def holders(monkeypatch):
    """A module of ours that holds functions in every way, and in which nothing was foreign when asked."""
    module = ModuleType("equisweep.engine.of_a_test")
    exec(compile(HOLDERS, str(ROOT / "engine" / "of_a_test.py"), "exec"), vars(module))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    assert code.replaced() == code.replaced() == []
    return module


def foreign():
    """A function of no package."""


def test_a_function_with_another_code_is_seen_wherever_it_is_held(holders, monkeypatch):
    functions = {
        "plain": holders.plain, "TUPLE": holders.TUPLE[0].func, "LIST": holders.LIST[0],
        "DICT": holders.DICT["name"], "Own.method": holders.Own.method,
    }  # fmt: skip
    for where, function in functions.items():
        monkeypatch.setattr(function, "__code__", foreign.__code__)
        assert code.replaced() == [f"{holders.__name__}.{where}"]
        monkeypatch.setattr(function, "__code__", (lambda: None).__code__)
        assert code.replaced() == [f"{holders.__name__}.{where}"]
        monkeypatch.undo()
        monkeypatch.setitem(sys.modules, holders.__name__, holders)
        assert code.replaced() == []


def test_what_is_put_in_the_place_of_a_member_of_any_kind_is_seen(holders, monkeypatch):
    kinds = {"length": property, "width": cached_property, "made": classmethod, "told": staticmethod}
    for where, kind in kinds.items():
        monkeypatch.setattr(holders.Own, where, kind(foreign))
        assert code.replaced() == [f"{holders.__name__}.Own.{where}"]
        monkeypatch.undo()
        monkeypatch.setitem(sys.modules, holders.__name__, holders)
        assert code.replaced() == []
    monkeypatch.setattr(holders, "cached", cache(foreign))
    assert code.replaced() == [f"{holders.__name__}.cached"]


def test_other_defaults_are_seen_and_seen_to_be_gone(holders):
    plain, cached = holders.plain, holders.cached.__wrapped__
    changes = {
        "plain": [
            (lambda: setattr(plain, "__defaults__", (3,)), lambda: setattr(plain, "__defaults__", (1,))),
            (lambda: setattr(plain, "__kwdefaults__", {"most": 3}), lambda: None),
            (lambda: plain.__kwdefaults__.update(most=4), lambda: plain.__kwdefaults__.update(most=2)),
        ],
        "cached": [
            (lambda: setattr(cached, "__defaults__", ()), lambda: setattr(cached, "__defaults__", (1,)))
        ],
    }
    for where, pairs in changes.items():
        for change, undo in pairs:
            change()
            assert code.replaced() == code.replaced() == [f"{holders.__name__}.{where}"]
            undo()
    assert code.replaced() == []


def test_another_constant_is_seen_before_anything_was_asked_too(monkeypatch):
    """A script that changes one and then sweeps: what its module says is known from the bytecode."""
    py_compile.compile(attractor.__file__)  # which an environment may have forbidden
    constants._constants_of.cache_clear()
    names = constants._constants_of(attractor.__name__)
    assert "SAME_TIME" in names
    for name in names:
        replaced._SOUND.clear()
        replaced._WHOLE.clear()
        monkeypatch.setattr(attractor, name, object())
        assert code.replaced() == [f"{attractor.__name__}.{name}"]
        monkeypatch.undo()
        assert code.replaced() == []


def test_constants_are_what_files_say_and_only_what_they_say_once(tmp_path, monkeypatch):
    many = "".join(f"n{i} = 'text {i}'\n" for i in range(300))
    text = f"A = 1\nB = -2.5\nC = ('x', 2)\nlow = 3\nD = [1]\nE = A + 1\n{many}F = 7777\nG = 8\nG = 9\n"
    (tmp_path / "of_a_test.py").write_text(text)
    spec = spec_from_file_location("equisweep.engine.of_a_test", tmp_path / "of_a_test.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    py_compile.compile(module.__file__)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    constants._constants_of.cache_clear()
    known = {"A": "int 1", "B": "float -2.5", "C": "tuple ('x', 2)", "F": "int 7777"}
    assert constants._constants_of(module.__name__) == known
    other = {"A": True, "B": 2.5, "C": ("x", 2.0), "F": 7776}
    for name in constants._constants_of(module.__name__):
        changed = {**vars(module), name: other[name]}
        assert constants.other_constants(module.__name__, changed) == [name]
    assert constants.other_constants(module.__name__, vars(module)) == []
    constants._constants_of.cache_clear()


def test_what_is_put_into_a_registry_is_seen_and_seen_to_be_gone(holders):
    puts = {
        "LIST": (holders.LIST.append, holders.LIST.pop),
        "NUMBERS": (partial(holders.NUMBERS.__setitem__, 1), partial(holders.NUMBERS.pop, 1)),
    }
    for where, (put, take) in puts.items():
        for value in (foreign, partial(foreign), type("Mine", (), {"__module__": __name__})):
            put(value)
            assert code.replaced() == [f"{holders.__name__}.{where}"]
            take()
            assert code.replaced() == []
    holders.NUMBERS[1] = 1
    assert code.replaced() == []
