"""Modules of a user's own that a model file imports relatively, as ``from .payoffs import share``.

They lie beside the file or, where its folder is a package, anywhere in that. Each load reads them anew, from
their text: what an earlier one left in memory, or Python in its caches, may be of another text by now.
"""

import hashlib
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType

from ..gate.files import TEXT, read_regular
from .raised_at import PREFIX

_one_at_a_time = threading.RLock()


class ModulesBeside(MetaPathFinder):
    """The modules around one model file, under a name of their own; `texts` holds those that were read."""

    def __init__(self, path: Path) -> None:
        inside, folder = [path.stem], path.absolute().parent
        while (folder / "__init__.py").is_file() and folder != folder.parent:
            inside.insert(0, folder.name)
            folder = folder.parent
        self.folder = folder
        self.top = f"{PREFIX}{hashlib.sha256(str(folder).encode()).hexdigest()[:12]}"
        self.name = ".".join([self.top, *inside])
        self.texts: dict[Path, bytes] = {}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """What `importlib` asks for: a module or a package of this folder; None for every other."""
        top, *inside = fullname.split(".")
        if top != self.top:
            return None
        place = self.folder.joinpath(*inside)
        if inside and (file := place.with_name(f"{place.name}.py")).is_file():
            return self._spec(fullname, file)
        if inside and (file := place / "__init__.py").is_file():
            return self._spec(fullname, file, [str(place)])
        if not place.is_dir():
            return None
        spec = ModuleSpec(fullname, None, is_package=True)
        spec.submodule_search_locations = [str(place)]
        return spec

    def _spec(self, name: str, file: Path, inside: list[str] | None = None) -> ModuleSpec | None:
        self.texts[file] = read_regular(file, TEXT)
        loader = TextLoader(name, file, self.texts[file])
        return spec_from_file_location(name, file, loader=loader, submodule_search_locations=inside)


class TextLoader(SourceFileLoader):
    """Runs the text that was read, and not what has the file's name by now."""

    def __init__(self, name: str, path: Path, source: bytes) -> None:
        super().__init__(name, str(path))
        self.source = source

    def get_code(self, fullname: str) -> CodeType:
        """The code of the text that was read; SyntaxError where it is no Python."""
        return self.source_to_code(self.source, self.path)


@contextmanager
def loaded_alone(name: str, path: Path, source: bytes) -> Iterator[ModuleType]:
    """The module of a file's text, not yet run, in Python's table of modules while this lasts.

    Classes look there for the module that defines them.
    """
    loader = TextLoader(name, path, source)
    spec = spec_from_file_location(name, path, loader=loader)
    assert spec is not None
    module = module_from_spec(spec)
    with _one_at_a_time:
        before = sys.modules.get(name)
        sys.modules[name] = module
        try:
            yield module
        finally:
            sys.modules.pop(name, None)
            if before is not None:
                sys.modules[name] = before


@contextmanager
def modules_beside(path: Path) -> Iterator[ModulesBeside]:
    """Within it what lies around a model file can be imported relatively; nothing of that stays."""
    beside = ModulesBeside(path)
    with _one_at_a_time:
        sys.meta_path.insert(0, beside)
        try:
            yield beside
        finally:
            sys.meta_path.remove(beside)
            for name in [one for one in sys.modules if one.partition(".")[0] == beside.top]:
                del sys.modules[name]
