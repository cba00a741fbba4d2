"""Pages of the documentation as tests read them: their blocks of code, run in order in a folder of their own.

A page is Markdown. Its fenced blocks mean, by language:

toml    a file: its first line is its name, as a comment. "# added to NAME" checks that table with the rest.
python  a file where the first line is such a name; otherwise run, in one namespace a page.
sh      lines that begin with ``equisweep``, run in this process.
text    what the block before it prints. "..." stands for anything; numbers agree to five digits.

An error that is shown ("equisweep: ...") must occur; below a sweep file, when it is read. A comment before
a block, ``<!-- not run: why -->`` or ``<!-- output varies: why -->``, takes it out; ``<!-- after: PAGE -->``
at the top of a page lends it the files that the blocks of another one made.
"""

import contextlib
import io
import os
import re
import shlex
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from math import isclose
from pathlib import Path
from typing import Any

from equisweep.sweeps import Sweep, SweepError
from equisweep.sweeps.commands.main import main

from .project import ROOT

README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").rglob("*.md"))]
_FENCE = re.compile(r"^(?:<!-- (?P<mark>[^>]*) -->\n)?```(?P<language>\w+)\n(?P<code>.*?)^```$", re.M | re.S)
_NAME = re.compile(r"# (?:added to )?([\w./-]+\.(?:toml|py))\b")
# A number is not the tail of a word: that of `beta2` belongs to the name.
_NUMBER = re.compile(r"(?<![\w.])[-+]?\d[\d,]*\.?\d*(?:e[-+]?\d+)?(?![\w.])")


@dataclass(frozen=True)
class Block:
    """One fenced block: what its first characters are on the page, and what is shown as its output."""

    language: str
    code: str
    mark: str
    at: int
    shown: str | None = None

    @property
    def name(self) -> str:
        """The file that it is, from its first line; empty where it is none."""
        match = _NAME.match(self.code)
        return match[1] if match else ""


def blocks(page: Path) -> list[Block]:
    """The blocks of a page, each with the output that follows it."""
    text = page.read_text(encoding="utf-8")
    result: list[Block] = []
    end = 0
    for match in _FENCE.finditer(text):
        block = Block(match["language"], match["code"], match["mark"] or "", match.start("code"))
        if block.language == "text" and result and not text[end : match.start()].strip():
            last = result[-1]
            result[-1] = Block(last.language, last.code, last.mark, last.at, block.code)
        else:
            result.append(block)
        end = match.end()
    return result


def page_before(page: Path) -> Path | None:
    """The page whose files this one goes on with."""
    match = re.search(r"^<!-- after: (\S+) -->$", page.read_text(encoding="utf-8"), re.M)
    return (page.parent / match[1]).resolve() if match else None


def run_page(page: Path, folder: Path) -> Iterator[tuple[Block, int, str, str]]:
    """Run the blocks of a page in `folder`; each with its exit code, what it printed and its complaints."""
    for name in ("docs", "examples", "sweeps"):
        (folder / name).symlink_to(ROOT / name)
    names: dict[str, Any] = {"__name__": "page"}
    for block in blocks(page):
        if block.language not in ("toml", "python", "sh") or block.mark.startswith("not run"):
            continue
        with (
            contextlib.chdir(folder),
            contextlib.redirect_stdout(io.StringIO()) as printed,
            contextlib.redirect_stderr(io.StringIO()) as complaints,
        ):
            code = _run(block, names)
        yield block, code, printed.getvalue(), complaints.getvalue()


def _run(block: Block, names: dict[str, Any]) -> int:
    try:
        return _run_or_refuse(block, names)
    except SweepError as error:
        print(f"equisweep: {error}", file=sys.stderr)
        return 2


def _run_or_refuse(block: Block, names: dict[str, Any]) -> int:
    if block.language == "sh":
        lines = block.code.replace("\\\n", " ").splitlines()
        for words in filter(None, (shlex.split(line, comments=True) for line in lines)):
            assert words[0] == "equisweep", words
            if code := main(words[1:]):
                return code
    elif block.code.startswith("# added to "):
        _with_the_rest(block).space()
    elif block.name:
        Path(block.name).write_text(block.code, encoding="utf-8")
        if block.language == "toml" and "model" in tomllib.loads(block.code):
            Sweep.from_file(block.name).space()
    else:
        assert block.language == "python", f"a file needs its name in the first line: {block.code[:60]!r}"
        exec(compile(block.code, "page", "exec"), names)
    return 0


def _with_the_rest(block: Block) -> Sweep:
    table = tomllib.loads(Path(block.name).read_text(encoding="utf-8"))
    for key, value in tomllib.loads(block.code).items():
        table[key] = {**table.get(key, {}), **value} if isinstance(value, dict) else value
    return Sweep.from_table(table, folder=Path())


def check_page(page: Path, folder: Path) -> None:
    """Run a page in `folder`: every block ends as it should, and prints what is shown."""
    for block, code, printed, complaints in run_page(page, folder):
        where = place(page, block)
        refused = (block.shown or "").startswith("equisweep: ")
        assert code == (2 if refused else 0), f"{where}: exit code {code}: {complaints}"
        assert "note:" not in complaints, f"{where}: {complaints}"
        if block.shown is not None and not block.mark.startswith("output varies"):
            output = complaints if refused else printed
            assert agree(block.shown, output), f"{where} shows\n{block.shown}\nand prints\n{output}"


def place(page: Path, block: Block) -> str:
    """Where a block stands, as file and line."""
    line = page.read_text(encoding="utf-8").count("\n", 0, block.at) + 1
    return f"{page.relative_to(ROOT)}:{line}"


def agree(shown: str, printed: str) -> bool:
    """Whether a page shows what is printed, but for spaces, rules of tables and the last digits."""
    pattern = [_pattern(line) for line in shown.rstrip().splitlines()]
    match = re.fullmatch("\n".join(pattern), "\n".join(map(_even, printed.rstrip().splitlines())), re.S)
    if match is None:
        return False
    stated = [part for line in shown.splitlines() for part in _even(line).split("...")]
    wanted = [number for part in stated for number in _NUMBER.findall(part)]
    return all(_close(a, b) for a, b in zip(wanted, match.groups(), strict=True))


def _pattern(line: str) -> str:
    parts = []
    for part in _even(line).split("..."):
        texts = _NUMBER.split(part)
        parts.append(f"({_NUMBER.pattern})".join(map(re.escape, texts)))
    return ".*?".join(parts)


def _even(line: str) -> str:
    """One space between words, and one dash for the rule below a table's head."""
    return re.sub(r"(^| )-+(?= |$)", r"\1-", " ".join(line.split()))


def _close(one: str, other: str) -> bool:
    a, b = (float(text.replace(",", "")) for text in (one, other))
    return isclose(a, b, rel_tol=1e-5, abs_tol=1e-8)


os.environ.setdefault("COLUMNS", "100")
