"""Find a model by name, or load a user's own from "file.py:name"."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import ModuleType

from ...engine.errors import SweepError
from ...engine.gate.files import TEXT, digest_of, read_regular
from ...engine.gate.text import said, shown
from ...engine.user_model.check import require_declared
from ...engine.user_model.data_files_read import files_read
from ...engine.user_model.modules_beside import loaded_alone, modules_beside
from ...engine.user_model.raised_at import PREFIX, raised_at
from ...engine.user_model.self_contained import note
from ...kernels.model import Model
from ..file_paths import path_of
from ..text import nearest
from .declared import require_sound_declaration

_RELATIVE = re.compile(rb"^\s*from\s*\.", re.MULTILINE)


def find_model(where: str, name: str, folder: Path) -> tuple[Model, str]:
    """The model called `name`, and a digest of its file (empty for the models that ship).

    A name with a colon, ``my_game.py:my_game``, is a Python file (relative to `folder`) and the name of
    a `Model` in it. Raises SweepError, beginning with `where`.
    """
    if ":" in name or name.endswith(".py"):
        return _load(where, name, folder)
    from ...kernels.games.registry import MODELS

    if name not in MODELS:
        raise SweepError(f"{where}: unknown model {shown(name)}{nearest(name, list(MODELS))}")
    return MODELS[name], ""


def _load(where: str, name: str, folder: Path) -> tuple[Model, str]:
    file, _, attribute = name.rpartition(":")
    if not file or not attribute:
        raise SweepError(f"{where}: {shown(name)} names no model; write file.py:name")
    path = folder / path_of(file)
    try:
        source = read_regular(path, TEXT)
    except OSError as error:
        raise SweepError(f"{where}: cannot read {path} ({error.strerror})") from None
    if path.suffix != ".py":
        raise SweepError(f"{where}: {path} is not a Python file")
    try:
        with files_read() as opened:
            module, texts = _run(path, source)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # sys.exit and what else a file may raise end the file, not the command
        advice = _advice(path, error)
        raise SweepError(
            f"{where}: {path} fails on import{raised_at(error)}: {said(error)}{advice}"
        ) from error
    model = getattr(module, attribute, None)
    if not isinstance(model, Model):
        known = [key for key, value in vars(module).items() if isinstance(value, Model)]
        raise SweepError(f"{where}: {path} has no Model called {shown(attribute)}{nearest(attribute, known)}")
    require_sound_declaration(f"{where}: {path}", model)
    model = replace(model, files=tuple(str(path.parent / path_of(one)) for one in model.files))
    require_declared(f"{where}: {path}", opened, model)
    digest = _digest(f"{where}: {path}", source, model.files, list(texts.values()))
    model = replace(model, files=(*model.files, *map(str, texts)))
    note(digest, source)
    return model, digest


def _run(path: Path, source: bytes) -> tuple[ModuleType, dict[Path, bytes]]:
    """The module that a file's text makes, and the texts of those of the user's own that it imports."""
    if not _RELATIVE.search(source):
        with loaded_alone(f"{PREFIX}{path.stem}", path, source) as module:
            _execute(module)
        return module, {}
    with modules_beside(path) as beside:
        package = beside.name.rpartition(".")[0]
        if package != beside.top:
            import_module(package)
        with loaded_alone(beside.name, path, source) as module:
            _execute(module)
    return module, {file: beside.texts[file] for file in sorted(beside.texts) if file != path.absolute()}


def _advice(path: Path, error: BaseException) -> str:
    """How to import what lies beside the file, where it was looked for elsewhere."""
    name = error.name if isinstance(error, ModuleNotFoundError) else None
    if name is None or not name.isidentifier():
        return ""
    beside = (path.parent / f"{name}.py").is_file() or (path.parent / name / "__init__.py").is_file()
    return (
        f"; it lies beside the file: write from .{name} import ..., or from . import {name}" if beside else ""
    )


def _execute(module: ModuleType) -> None:
    spec = module.__spec__
    assert spec is not None
    assert spec.loader is not None
    spec.loader.exec_module(module)


def _digest(where: str, source: bytes, files: Sequence[str], modules: Sequence[bytes]) -> str:
    """Digest of a model's text and, if there are any, of the files it reads and the modules it imports."""
    digest = hashlib.sha256(source)
    for text in modules:
        digest.update(hashlib.sha256(text).digest())
    for file in files:
        try:
            digest.update(bytes.fromhex(digest_of(file)))
        except OSError as error:
            raise SweepError(f"{where}: files: cannot read {file} ({error.strerror})") from None
    return digest.hexdigest()
