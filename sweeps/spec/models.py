"""Find a model by name, or load a user's own from "file.py:name"."""

import hashlib
import importlib.util
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ...engine.check_model import require_declared
from ...engine.errors import SweepError
from ...engine.files_read import files_read
from ...engine.model_file import PREFIX, raised_at
from ...kernels.model import Model
from ..text import nearest


def find_model(where: str, name: str, folder: Path) -> tuple[Model, str]:
    """The model called `name`, and a digest of its file (empty for the models that ship).

    A name with a colon, ``my_game.py:my_game``, is a Python file (relative to `folder`) and the name of
    a `Model` in it. Raises SweepError, beginning with `where`.
    """
    if ":" in name or name.endswith(".py"):
        return _load(where, name, folder)
    from ...kernels.games.registry import MODELS

    if name not in MODELS:
        raise SweepError(f"{where}: unknown model {name!r}{nearest(name, list(MODELS))}")
    return MODELS[name], ""


def _load(where: str, name: str, folder: Path) -> tuple[Model, str]:
    file, _, attribute = name.rpartition(":")
    if not file or not attribute:
        raise SweepError(f"{where}: {name!r} names no model; write file.py:name")
    path = folder / file
    try:
        source = path.read_bytes()
    except OSError as error:
        raise SweepError(f"{where}: cannot read {path} ({error.strerror})") from None
    spec = importlib.util.spec_from_file_location(f"{PREFIX}{path.stem}", path)
    if spec is None or spec.loader is None:
        raise SweepError(f"{where}: {path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    try:
        with files_read() as opened:
            spec.loader.exec_module(module)
    except Exception as error:
        what = f"{type(error).__name__}: {error}"
        raise SweepError(f"{where}: {path} fails on import{raised_at(error)}: {what}") from error
    model = getattr(module, attribute, None)
    if not isinstance(model, Model):
        known = [key for key, value in vars(module).items() if isinstance(value, Model)]
        raise SweepError(f"{where}: {path} has no Model called {attribute!r}{nearest(attribute, known)}")
    model = replace(model, files=tuple(str(path.parent / one) for one in model.files))
    require_declared(f"{where}: {path}", opened, model)
    return model, _digest(f"{where}: {path}", source, model.files)


def _digest(where: str, source: bytes, files: Sequence[str]) -> str:
    """Digest of a model's text and, if it reads any, of its files."""
    digest = hashlib.sha256(source)
    for file in files:
        try:
            read = Path(file).read_bytes()
        except OSError as error:
            raise SweepError(f"{where}: files: cannot read {file} ({error.strerror})") from None
        digest.update(hashlib.sha256(read).digest())
    return digest.hexdigest()
