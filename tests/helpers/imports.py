"""Which file of the project imports which, read from the text: nothing is run."""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from helpers.project import ROOT

FOLDERS = ("kernels", "engine", "sweeps", "entry")


def sources(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def name_of(file: Path) -> str:
    """``engine/store/cube`` of .../engine/store/cube.py."""
    return str(file.relative_to(ROOT).with_suffix(""))


@cache
def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


@cache
def imports(file: Path) -> set[str]:
    """What a file imports, within functions and for type checkers too: files of ours by name, or packages."""
    files = set()
    for node in ast.walk(parsed(file)):
        if isinstance(node, ast.Import):
            files |= {_file_or_package(alias.name.split(".")) for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            module = [*_base(file, node.level), *(node.module or "").split(".")]
            files |= {_file_or_package([*filter(None, module), alias.name]) for alias in node.names}
    return files


def done_at_import(file: Path) -> Iterator[ast.AST]:
    """What runs when a file is imported: all but the bodies of its functions."""
    waiting: list[ast.AST] = [parsed(file)]
    while waiting:
        node = waiting.pop()
        yield node
        inside = ast.iter_child_nodes(node)
        if isinstance(node, ast.Lambda):
            inside = iter([node.args])
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            inside = iter([node.args, *node.decorator_list])
        waiting += inside


def _base(file: Path, dots: int) -> list[str]:
    folder = list(file.relative_to(ROOT).parent.parts)
    return folder[: len(folder) - dots + 1] if dots else []


def _file_or_package(path: list[str]) -> str:
    """The file of ours that a dotted path leads to; of other packages, the first word."""
    path = path[1:] if path[0] == "equisweep" else path
    for end in range(len(path), 0, -1):
        for name in ("/".join(path[:end]), "/".join([*path[:end], "__init__"])):
            if path[0] in FOLDERS and (ROOT / f"{name}.py").is_file():
                return name
    return path[0]


def of_others(names: set[str]) -> set[str]:
    """The packages among these that belong neither to Python nor to the project."""
    return {name for name in names if "/" not in name} - set(sys.stdlib_module_names) - {""}


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Groups of files that import each other, if by way of others."""
    reached = {name: _reached(graph, name) for name in graph}
    groups = {tuple(sorted(n for n in reached[name] if name in reached.get(n, ()))) for name in graph}
    return [list(group) for group in sorted(groups) if group]


def _reached(graph: dict[str, set[str]], start: str) -> set[str]:
    files: set[str] = set()
    ahead = [start]
    while ahead:
        new = graph.get(ahead.pop(), set()) - files
        files |= new
        ahead += new
    return files
