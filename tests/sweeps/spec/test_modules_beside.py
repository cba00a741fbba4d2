"""A model of several files: modules that it imports relatively belong to its sweep as its own text does."""

import sys

import pytest
from equisweep.sweeps import Sweep, SweepError
from equisweep.sweeps.cluster.order import _files
from equisweep.sweeps.run import run_in_memory

MODEL = """
from __future__ import annotations
from dataclasses import dataclass
from equisweep.kernels.declare import model
from equisweep.kernels.model import Domain, Output, Parameter
{imports}

@dataclass
class Share:
    value: float

@model(parameters=[Parameter("x", "x", "1", 1.0, Domain(), "x")], outputs=[Output("y", "y", "1", "y")])
def mine(p):
    return {{"y": Share({call}).value}}
"""


def written(folder, files):
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def swept(folder, file):
    return Sweep(f"{file}:mine", axes={"x": [1.0, 2.0]}, folder=folder)


def own_modules():
    return {name for name in sys.modules if name.startswith("equisweep_user_")}


def test_a_model_in_a_package_imports_what_is_around_it(tmp_path):
    imports = "from .inner import twice\nfrom ..common import SHIFT\nfrom .. import deep"
    files = {
        "games/__init__.py": "from .contests import mine\n",
        "games/common.py": "SHIFT = 10.0\n",
        "games/deep.py": "def square(x):\n    return x * x\n",
        "games/contests/__init__.py": "from .model import mine\n",
        "games/contests/inner.py": "def twice(x):\n    return 2 * x\n",
        "games/contests/model.py": MODEL.format(imports=imports, call='twice(deep.square(p["x"])) + SHIFT'),
        "games/unused.py": "raise ValueError\n",
    }
    written(tmp_path, files)
    before = own_modules()
    sweep = swept(tmp_path, "games/contests/model.py")
    assert run_in_memory(sweep)["y"].values.tolist() == [12, 18]
    assert own_modules() == before
    needed = {str(file.relative_to(tmp_path)) for file in _files(sweep)}
    assert needed == set(files) - {"games/unused.py"}
    digest = sweep.space().model_digest
    written(tmp_path, {"games/common.py": "SHIFT = 20.0\n"})  # as long as before, and within the same second
    later = swept(tmp_path, "games/contests/model.py")
    assert later.space().model_digest != digest
    assert run_in_memory(later)["y"].values.tolist() == [22, 28]
    written(tmp_path, {"games/unused.py": "raise KeyError\n"})
    assert later.space().model_digest == swept(tmp_path, "games/contests/model.py").space().model_digest


def test_files_in_one_folder_need_no_package(tmp_path):
    written(tmp_path, {"rates.py": "K = 3.0\n", "b.py": "from .rates import K\n"})
    written(tmp_path, {"mine.py": MODEL.format(imports="from . import b", call='p["x"] * b.K')})
    assert run_in_memory(swept(tmp_path, "mine.py"))["y"].values.tolist() == [3, 6]


def test_what_is_wrong_in_a_module_is_said_with_its_line(tmp_path):
    imports, call = "from .other import f", 'f(p["x"])'
    written(tmp_path, {"mine.py": MODEL.format(imports=imports, call=call)})
    with pytest.raises(SweepError, match=r"mine.py fails on import at mine.py, line 6: .*other"):
        swept(tmp_path, "mine.py").space()
    written(tmp_path, {"other.py": "\ndef f(x):\n    return 1 if x > 0 else 2\n"})
    with pytest.raises(SweepError, match=r"needs the value of something traced at other.py, line 3"):
        swept(tmp_path, "mine.py").space()
    written(tmp_path, {"mine.py": MODEL.format(imports="import other", call='other.f(p["x"])')})
    with pytest.raises(
        SweepError, match=r"No module named 'other'; it lies beside the file: write from .other"
    ):
        swept(tmp_path, "mine.py").space()
    late = MODEL.format(imports="", call="1.0").replace("    return", "    from .other import f\n    return")
    written(tmp_path, {"mine.py": late})
    with pytest.raises(
        SweepError, match=r"fails at mine.py, line 14: a module .* import it at the file's head"
    ):
        swept(tmp_path, "mine.py").space()
