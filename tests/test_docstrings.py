"""Public functions have docstrings. What these and comments name between single backquotes is there.

Names of others stand between two. A name stands for what its own file says of it, for a definition anywhere
in the project, or for a file. Of ``file.name`` and ``Class.name`` the second part must be in the first.
"""

import ast
import re
from functools import cache

import pytest
from helpers.imports import FOLDERS, sources
from helpers.project import ROOT

NAME = re.compile(r"(?<!`)`([A-Za-z_][\w.]*)`(?!`)")
# Of these alone a file is taken apart: Python's own tokens of all files took 2 s.
STRING_OR_COMMENT = re.compile(
    r'"""(?:\\.|[^\\])*?"""|' + r"'''(?:\\.|[^\\])*?'''|"
    r'"(?:\\.|[^"\\\n])*"|' + r"'(?:\\.|[^'\\\n])*'|#[^\n]*",
    re.DOTALL,
)
SOURCES = {file: file.read_text(encoding="utf-8") for folder in FOLDERS for file in sources(folder)}


def bound(body):
    """Names that the statements of a module or class bind, those under `if` and `try` too."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from ((alias.asname or alias.name) for alias in node.names)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (n.id for target in targets for n in ast.walk(target) if isinstance(n, ast.Name))
        elif isinstance(node, ast.If | ast.Try | ast.With):
            yield from bound(node.body)


@cache  # and asked for by tests: every worker imports this file, and one runs it
def definitions():
    """Of every file and folder, by its name, and of every class: what is in it."""
    inside = {}
    for file, text in SOURCES.items():
        tree = ast.parse(text)
        inside.setdefault(file.stem, set()).update(bound(tree.body))
        *folders, stem = file.relative_to(ROOT).with_suffix("").parts
        for folder, within in zip(folders, [*folders[1:], stem], strict=True):
            inside.setdefault(folder, set()).update((within, *bound(tree.body)))
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                fields = {n.attr for n in ast.walk(node) if isinstance(n, ast.Attribute)}
                inside.setdefault(node.name, set()).update(bound(node.body), fields)
    return inside


@cache
def defined():
    """All names of files, folders and classes, and of what is in them."""
    return set(definitions()).union(*definitions().values())


def documented(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module) and ast.get_docstring(node):
            yield node.body[0].value


def said(file):
    """Docstrings and comments of a file, and every word of its code outside them."""
    text = SOURCES[file]
    tree = ast.parse(text)
    docs = list(documented(tree))
    lines = [0, *(match.end() for match in re.finditer("\n", text))]
    where = {lines[node.lineno - 1] + node.col_offset for node in docs}  # before it stand spaces alone
    comments = []

    def code(match):
        if match[0].startswith("#"):
            comments.append(match[0])
            return ""
        # Of a raw docstring an r stands before it.
        return "" if {match.start(), match.start() - 1} & where else match[0]

    words = set(re.findall(r"\w+", STRING_OR_COMMENT.sub(code, text)))
    return [node.value for node in docs] + comments, words


def is_there(name, words):
    first, *rest = name.removeprefix("equisweep.").split(".")
    if rest and first in definitions():
        return rest[0] in definitions()[first]
    return first in words or first in defined()


@pytest.mark.parametrize("folder", FOLDERS)
def test_what_is_named_in_backquotes_is_there(folder):
    missing = []
    for file in sources(folder):
        texts, words = said(file)
        names = {name for text in texts for name in NAME.findall(text)}
        missing += [f"{file.relative_to(ROOT)}: {name}" for name in names if not is_there(name, words)]
    assert not missing


def test_a_name_that_is_not_there_is_seen():
    file = ROOT / "engine" / "codegen" / "backends.py"
    _, words = said(file)
    assert is_there("backends.BACKENDS", words)
    assert is_there("backend", words)
    assert not is_there("backends.devices", words)
    assert not is_there("nowhere_defined", words)


def public(body):
    """Functions, classes and methods without an underscore, but for those that a Protocol only demands."""
    for node in body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield node
            yield from public(node.body)
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            demanded = isinstance(node.body[-1], ast.Expr) and getattr(node.body[-1].value, "value", 0) is ...
            if not demanded and not any(ast.unparse(one).endswith(".setter") for one in node.decorator_list):
                yield node


@pytest.mark.parametrize("folder", FOLDERS)
def test_what_is_public_has_a_docstring(folder):
    missing = []
    for file, text in SOURCES.items():
        if file.is_relative_to(ROOT / folder):
            nodes = public(ast.parse(text).body)
            if file.is_relative_to(ROOT / "sweeps" / "commands"):  # `Command` says what these two are
                nodes = (node for node in nodes if node.name not in ("arguments", "run"))
            bare = (node.name for node in nodes if not ast.get_docstring(node))
            missing += [f"{file.relative_to(ROOT)}: {name}" for name in bare]
    assert not missing
