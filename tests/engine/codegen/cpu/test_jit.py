"""What the machine code takes for granted: XLA's structures, and that a kept object is whole."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import jax
import pytest
from equisweep.engine import compile_cache
from equisweep.engine.codegen.cpu import ffi
from equisweep.engine.codegen.cpu import jit as machine_code
from helpers.project import ROOT

WIDTHS = ROOT / "tests" / "helpers" / "programs" / "by_width.py"
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
    monkeypatch.setattr(compile_cache, "kept_folder", lambda: tmp_path)
    good = machine_code._object(TEXT)
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    assert whole[compile_cache._DIGEST :] == good
    file.write_bytes(whole[:-9] if damage is None else damage)
    assert machine_code._object(TEXT) == good
    assert file.read_bytes() == whole


def test_vectors_of_either_width_give_the_same_bytes():
    """Processors with AVX-512 compute 16 numbers side by side, others 8."""
    output = [
        subprocess.run([sys.executable, WIDTHS, width], check=True, capture_output=True, text=True).stdout
        for width in ("8", "16")
    ]
    assert "grid" in output[0]
    assert "lanes" in output[0]
    assert output[0] == output[1]
