"""Find a model by name, or load a user's own from "file.py:name"."""

import hashlib
import importlib.util
from collections.abc import Sequence
from dataclasses import replace
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType

from ...engine.errors import SweepError
from ...engine.gate.files import TEXT, digest_of, read_regular
from ...engine.gate.text import said, shown
from ...engine.user_model.check import require_declared
from ...engine.user_model.files_read import files_read
from ...engine.user_model.raised_at import PREFIX, raised_at
from ...engine.user_model.self_contained import note
from ...kernels.model import Model
from ..paths import path_of
from ..text import nearest
from .declared import require_sound_declaration


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
    loader = _Loader(f"{PREFIX}{path.stem}", path, source)
    spec = importlib.util.spec_from_file_location(loader.name, path, loader=loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    try:
        with files_read() as opened:
            loader.exec_module(module)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # sys.exit and what else a file may raise end the file, not the command
        raise SweepError(f"{where}: {path} fails on import{raised_at(error)}: {said(error)}") from error
    model = getattr(module, attribute, None)
    if not isinstance(model, Model):
        known = [key for key, value in vars(module).items() if isinstance(value, Model)]
        raise SweepError(f"{where}: {path} has no Model called {shown(attribute)}{nearest(attribute, known)}")
    require_sound_declaration(f"{where}: {path}", model)
    model = replace(model, files=tuple(str(path.parent / path_of(one)) for one in model.files))
    require_declared(f"{where}: {path}", opened, model)
    digest = _digest(f"{where}: {path}", source, model.files)
    note(digest, source)
    return model, digest


class _Loader(SourceFileLoader):
    """Runs the text that was read, and not what has the file's name by now."""

    def __init__(self, name: str, path: Path, source: bytes) -> None:
        super().__init__(name, str(path))
        self.source = source

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(self.source, self.path)


def _digest(where: str, source: bytes, files: Sequence[str]) -> str:
    """Digest of a model's text and, if it reads any, of its files."""
    digest = hashlib.sha256(source)
    for file in files:
        try:
            digest.update(bytes.fromhex(digest_of(file)))
        except OSError as error:
            raise SweepError(f"{where}: files: cannot read {file} ({error.strerror})") from None
    return digest.hexdigest()
