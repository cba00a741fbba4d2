"""What the machine code takes for granted: XLA's structures, and that a kept object is whole."""

import re
import shutil
import subprocess
from pathlib import Path

import jax
import jax.numpy as jnp
import llvmlite.binding as llvm
import numpy as np
import pytest
from equisweep.engine.codegen.cpu import ffi
from equisweep.engine.codegen.cpu import jit as machine_code
from equisweep.engine.codegen.cpu.backend import Cpu
from equisweep.engine.codegen.grid_loop import GridLoop
from equisweep.engine.kept import folder
from helpers.codegen.avx2 import compiled_for_avx2

TEXT = "define i64 @NAME() {\n  ret i64 7\n}\n"


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
def test_offsets_are_those_of_the_header_that_comes_with_jaxlib(tmp_path):
    """The compiler says where each field lies in XLA's own header."""
    lines = []
    for name in ffi.OFFSETS:
        structure, _, fields = name.partition(".")
        lines.append(f'printf("%zu\\n", offsetof({structure}, {fields}));')
    code = [
        "#include <stdio.h>",
        "#include <stddef.h>",
        '#include "xla/ffi/api/c_api.h"',
        "int main() {",
        *lines,
    ]
    source, program = tmp_path / "offsets.cc", tmp_path / "offsets"
    source.write_text("\n".join([*code, "return 0; }"]), encoding="utf-8")
    subprocess.run(
        ["cc", "-x", "c++", "-I", jax.ffi.include_dir(), source, "-o", program, "-lstdc++"], check=True
    )
    output = subprocess.run([program], check=True, capture_output=True, text=True).stdout.split()
    assert dict(zip(ffi.OFFSETS, map(int, output), strict=True)) == ffi.OFFSETS


def test_the_version_is_one_this_code_knows():
    text = Path(jax.ffi.include_dir(), "xla/ffi/api/c_api.h").read_text(encoding="utf-8")
    major, minor = (int(re.search(rf"XLA_FFI_API_{word} (\d+)", text)[1]) for word in ("MAJOR", "MINOR"))
    assert major == 0
    assert minor >= 3


@pytest.mark.parametrize("damage", [b"", b"short", None])
def test_a_damaged_object_is_compiled_again(tmp_path, monkeypatch, damage):
    monkeypatch.setattr(folder, "kept_folder", lambda: tmp_path)
    good = machine_code._object(TEXT, "code.o")
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    assert whole[folder._DIGEST :] == good
    file.write_bytes(whole[:-9] if damage is None else damage)
    assert machine_code._object(TEXT, "code.o") == good
    assert file.read_bytes() == whole


def point(a, b):
    x, y = a["x"], b["y"]
    return {"real": jnp.exp(-x) * jnp.log1p(y), "row": jnp.stack([x**y, jnp.floor(x * y)]), "less": x < y}


@pytest.mark.parametrize("shape", [(3, 41), (7, 9), (33, 2), (1, 1)])
def test_grids_of_either_width_have_the_same_bytes_however_far_they_are_optimised(monkeypatch, shape):
    """Processors with AVX-512 compute 16 numbers side by side, others 8."""
    given = [{name: np.linspace(0.1, 3, n)} for name, n in zip("xy", shape, strict=True)]

    def computed(width, optimise=3):
        monkeypatch.setattr(machine_code, "OPTIMISE", optimise)
        loop = GridLoop(point, given, Cpu(width))
        result = {name: np.empty((*shape, *inner), dtype) for name, (inner, dtype) in loop.outputs.items()}
        loop.fill(result, given)
        return {name: values.tobytes() for name, values in result.items()}

    assert computed(8) == computed(16) == computed(16, optimise=0) == computed(8, optimise=0)


def test_long_code_is_optimised_less(monkeypatch):
    monkeypatch.setattr(machine_code, "OPTIMISE", 3)
    levels = [machine_code._level(lines * "  x\n") for lines in (11_999, 12_000, 29_999, 30_000)]
    assert levels == [3, 1, 1, 0]


def test_tests_of_avx2_are_of_other_code():
    """Both add eight numbers: one register of AVX-512, and two of AVX2."""
    if not all(llvm.get_host_cpu_features().get(name) for name in ("avx2", "avx512f")):
        pytest.skip("needs AVX-512: elsewhere all code is for AVX2")
    v = "<8 x double>"
    text = f"define {v} @add({v} %a, {v} %b) #0 {{\n  %c = fadd {v} %a, %b\n  ret {v} %c\n}}\n"
    text += 'attributes #0 = { "min-legal-vector-width"="512" }\n'
    own = machine_code._compile(text)
    with compiled_for_avx2():
        assert machine_code._compile(text) != own
    assert machine_code._compile(text) == own
