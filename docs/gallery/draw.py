"""Make the gallery: run the commands of its page, the cubes in a folder that goes again.

``make gallery``, or from the root of the repository ``python docs/gallery/draw.py [FOLDER]``.
"""

import re
import shlex
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
# Enough for a screen; `equisweep plot` itself writes 300 dots per inch.
DOTS_PER_INCH = 110


def commands() -> list[list[str]]:
    """The command lines of index.md in their order, without the word equisweep."""
    text = (HERE / "index.md").read_text(encoding="utf-8")
    lines = [line for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) for line in block.splitlines()]
    return [shlex.split(line, comments=True)[1:] for line in lines]


def placed(words: list[str], cubes: Path, pictures: Path) -> list[str]:
    """A command with its cube and its picture in these folders, and repository paths made whole."""

    def place(word: str) -> str:
        if word.endswith(".zarr"):
            return str(cubes / word)
        if word.endswith(".png"):
            return str(pictures / word)
        return str(ROOT / word) if word.startswith(("docs/", "examples/")) else word

    return [place(word) for word in words]


def main(pictures: Path) -> None:
    """Run every command; stops at the first that fails."""
    from equisweep.sweeps.commands.analysing import plot as command_plot
    from equisweep.sweeps.commands.main import COMMANDS, _parser
    from equisweep.sweeps.commands.main import main as equisweep
    from equisweep.sweeps.plots.save import save

    with tempfile.TemporaryDirectory() as cubes:
        for words in commands():
            line = placed(words, Path(cubes), pictures)
            if line[0] == "plot":
                options = _parser(COMMANDS).parse_args(line)
                save(command_plot.picture_of(options).figure, options.output, DOTS_PER_INCH)
                print(options.output)
            elif equisweep([*line, "--quiet"]):
                sys.exit(f"failed: {shlex.join(words)}")


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE
    main(target)
