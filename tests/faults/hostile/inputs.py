"""Sweep files and structures that are hostile."""

from collections.abc import Callable, Iterator
from pathlib import Path

from .case import Case
from .made import SWEEP, Made

_HEAD = 'model = "external"\n'
_AXES = _HEAD + "[axes]\n"
_SOBOL, _LHS, _MORRIS = (_HEAD + f'[design]\nkind = "{kind}"\n' for kind in ("sobol", "lhs", "morris"))
_DRAWN = "\n[design.parameters]\nalpha = { uniform = [0.1, 0.9] }"
_GOES = 'model = "supervision"\n'
_SOLVED = _GOES + "[axes]\nr = [1]\n[integrator]\n"
_SWEEPS: dict[str, str] = {
    "2,000 nested arrays": _AXES + "alpha = " + "[" * 2000 + "1" + "]" * 2000,
    "10^5 nested arrays": _AXES + "alpha = " + "[" * 10**5,
    "5,000 nested tables": _AXES + "alpha = " + "{a = " * 5000 + "1" + "}" * 5000,
    "a key of 10^5 dots": ".".join(["a"] * 10**5) + " = 1",
    "a key of 10^5 quoted parts": ".".join(['"a"'] * 10**5) + " = 1",
    "a key of 10^5 parts in single quotes": ".".join(["'a'"] * 10**5) + " = 1",
    "a key of 10^5 parts and blanks": " . ".join(["a"] * 10**5) + " = 1",
    "a table of 10^5 dots": "[" + ".".join(["a"] * 10**5) + "]",
    "an array of tables of 10^5 dots": "[[" + ".".join(["a"] * 10**5) + "]]",
    "a key of 10^5 dots inside": "axes = {" + ".".join(["a"] * 10**5) + " = 1}",
    "200 keys of 200 dots": "\n".join(".".join([f"a{i}"] * 200) + " = 1" for i in range(200)),
    "20,000 tables": "\n".join(f"[a{i}]" for i in range(20_000)),
    "a key of 5 MB": "a" * 5_000_000 + " = 1",
    "a key of 1 MB": "a" * 1_000_000 + " = 1",
    "num = 10^5000": _AXES + "alpha = {start = 0.1, stop = 0.9, num = " + "1" + "0" * 5000 + "}",
    "num = 10^4000": _AXES + "alpha = {start = 0.1, stop = 0.9, num = " + "1" + "0" * 4000 + "}",
    "num of 10^5 hexadecimal digits": _AXES + "alpha = {start = 0, stop = 1, num = 0x" + "f" * 10**5 + "}",
    "num = 10^7": _AXES + "alpha = {start = 0.1, stop = 0.1, num = 10000000}",
    "num = -1": _AXES + "alpha = {start = 0.1, stop = 0.9, num = -1}",
    "num = true": _AXES + "alpha = {start = 0.1, stop = 0.9, num = true}",
    "num = inf": _AXES + "alpha = {start = 0.1, stop = 0.9, num = inf}",
    "step = 1e-300": _AXES + "alpha = {start = 0.1, stop = 0.9, step = 1e-300}",
    "step = 5e-324": _AXES + "alpha = {start = 0, stop = 1, step = 5e-324}",
    "start = 1e400": _AXES + "alpha = {start = 1e400, stop = 0.9, num = 3}",
    "stop of 10^5 hexadecimal digits": _AXES + "alpha = {start = 0.1, stop = 0x" + "f" * 10**5 + ", num = 3}",
    "a value of 10^5 hexadecimal digits": _AXES + "alpha = [0x" + "f" * 10**5 + "]",
    "a fixed value of 10^5 hexadecimal digits": _AXES + "alpha = [0.1]\n[fixed]\nL = 0x" + "f" * 10**5,
    "a whole number of 10^5 hexadecimal digits": _AXES + "alpha = [0.1]\nn = [0x" + "f" * 10**5 + "]",
    "10^6 numbers": _AXES + "alpha = [" + ", ".join(f"0.{i:07d}" for i in range(10**6)) + "]",
    "3 10^5 numbers that are one": _AXES + "alpha = [" + "1," * 300_000 + "]",
    "2 10^5 names": _AXES + "mechanism = [" + '"a",' * 200_000 + "]",
    "a name of 1 MB": _AXES + 'mechanism = ["' + "a" * 10**6 + '"]',
    "a model of 1 MB": 'model = "' + "a" * 10**6 + '"',
    "a model file of 1 MB": 'model = "' + "a" * 10**6 + '.py:x"',
    "a model of a zero byte": 'model = "\\u0000.py:x"',
    "a model without name": 'model = ".py:"',
    "a model that is a folder": 'model = "..:x"',
    "a model in /dev": 'model = "/dev/zero:x"',
    "a model in /proc": 'model = "/proc/self/mem:x"',
    "a model at home": 'model = "~/nothing.py:x"',
    "a model of somebody": 'model = "~nobody_here/nothing.py:x"',
    "a model with escapes": 'model = "\\u001b[31m.py:x"',
    "an output of 1 MB": _HEAD + 'outputs = ["' + "x" * 10**6 + '"]\n[axes]\nalpha=[0.1]',
    "10^5 outputs": _HEAD + "outputs = [" + '"investment",' * 10**5 + "]\n[axes]\nalpha=[0.1]",
    "outputs of a list": _HEAD + "outputs = [[1]]\n[axes]\nalpha=[0.1]",
    "outputs of a table": _HEAD + "outputs = [{a = 1}]\n[axes]\nalpha=[0.1]",
    "a dtype with escapes": _HEAD + 'dtype = "\\u001b[31m"\n[axes]\nalpha=[0.1]',
    "an unknown key with escapes": _HEAD + '"\\u001b[31m" = 1',
    "a date": _AXES + "alpha = [1979-05-27]",
    "a date alone": _AXES + "alpha = 1979-05-27",
    "nan": _AXES + "alpha = [nan]",
    "inf": _AXES + "alpha = [inf]",
    "axes a list": _HEAD + "axes = [1]",
    "axes a text": _HEAD + 'axes = "x"',
    "fixed a list": _HEAD + "fixed = [1]\n[axes]\nalpha=[0.1]",
    "fixed 10^4 names": _AXES + "alpha=[0.1]\n[fixed]\n" + "\n".join(f"a{i} = 1" for i in range(10**4)),
    "1,000 axes": _AXES + "\n".join(f"a{i} = [1]" for i in range(1000)),
    "zip a number": _AXES + "alpha=[0.1]\n[zip]\na = 1",
    "zip of 10^5": _HEAD + "zip = [" + '["alpha","beta"],' * 30_000 + "]\n[axes]\nalpha=[0.1]\nbeta=[0.1]",
    "zip of lists": _HEAD + "zip = [[[1],[2]]]\n[axes]\nalpha=[0.1]",
    "derivatives of lists": _AXES + "alpha=[0.1]\n[derivatives]\ninvestment=[[1]]",
    "derivatives of a table": _AXES + "alpha=[0.1]\n[derivatives]\ninvestment={a=1}",
    "10^12 samples": _SOBOL + "samples = 1099511627776" + _DRAWN,
    "10^400 samples": _LHS + "samples = 1" + "0" * 400 + _DRAWN,
    "10^19 samples": _LHS + "samples = 10000000000000000000" + _DRAWN,
    "10^30 levels": _MORRIS + "samples = 4\nlevels = 1" + "0" * 30 + _DRAWN,
    "2^62 levels": _MORRIS + "samples = 4\nlevels = 4611686018427387904" + _DRAWN,
    "a seed of 10^5 digits": _LHS + "samples = 4\nseed = 0x" + "f" * 10**5 + _DRAWN,
    "bounds of 10^5 digits": _LHS + "samples = 4" + _DRAWN.replace("0.9", "0x" + "f" * 10**5),
    "a distribution of nothing": _LHS + "samples = 4" + _DRAWN.replace("0.1, 0.9", ""),
    "a distribution of lists": _LHS + "samples = 4" + _DRAWN.replace("0.1, 0.9", "[0], [1]"),
    "a design of text": _HEAD + 'design = "x"',
    "a batch of 10^30": _LHS + "samples = 4\nbatch = 1" + "0" * 30 + _DRAWN,
    "rtol of text": _SOLVED + 'rtol = "x"',
    "rtol of a list": _SOLVED + "rtol = [1]",
    "rtol of 10^5 digits": _SOLVED + "rtol = 0x" + "f" * 10**5,
    "max_steps of 10^5 digits": _SOLVED + "max_steps = 0x" + "f" * 10**5,
    "a solver of 1 MB": _SOLVED + 'solver = "' + "x" * 10**6 + '"',
    "times of 10^9": _GOES + "times = {start = 0, stop = 1, num = 1000000000}\n[axes]\nr = [1]",
    "times a table": _GOES + "times = {a = 1}\n[axes]\nr = [1]",
    "times of tables": _GOES + "times = [{a = 1}]\n[axes]\nr = [1]",
    "10^18 points": _AXES + "\n".join(
        f"{name} = {{start = 0.1, stop = 0.9, num = 1000000}}" for name in ("alpha", "beta", "v")),
    "zero bytes": "\0" * 1000,
    "a byte order mark twice": "\ufeff\ufeff" + SWEEP,
    "escapes in the TOML": "model = \x1b[31m",
    "a surrogate": 'model = "\\ud800"',
    "a character beyond Unicode": 'model = "\\UFFFFFFFF"',
    "nothing": "",
    "one quote": '"',
    "a text of 1.9 MB that does not end": 'model = "' + "x" * 1_900_000,
    "10^5 comments": "# x\n" * 10**5,
}  # fmt: skip
_NAMES = [f"a{i}" for i in range(5000)]
_STRUCTURES: dict[str, tuple[str, str]] = {
    "5,000 names": ("csv", "\n".join(["," + ",".join(_NAMES), *_NAMES])),
    "5,000 names alone": ("csv", ",".join(_NAMES)),
    "one name 5,000 times": ("csv", ",".join(["a"] * 5000)),
    "1,900 by 1,900": ("csv", "\n".join(",".join("0" * 1900) for _ in range(1900))),
    "a name of 7 MB": ("csv", "a" * 7_000_000),
    "7 MB of quotes": ("csv", '"' * 7_000_000),
    "7 MB of commas": ("csv", "," * 7_000_000),
    "7 MB of lines": ("csv", "\n" * 7_000_000),
    "7 MB of comments": ("csv", "#\n" * 3_500_000),
    "7 MB of tabs": ("csv", "a\t" * 3_500_000),
    "7 MB of each": ("csv", "a,b;c\td|" * 800_000),
    "a quote that does not end": ("csv", ',a,b\na,"0' + "\n1,0" * 10**6),
    "3 MB of digits": ("csv", "a,b\n" + "1" * 3_000_000 + ",0\n0,0"),
    "3 MB of stars": ("csv", "a,b\n1" + "*" * 3_000_000 + "x,0\n0,0"),
    "3 MB of a cell": ("csv", ",a,b\na," + "x" * 3_000_000 + ",0\nb,0,0"),
    "a cell with escapes": ("csv", ",a,b\na,\x1b[31m,0\nb,0,0"),
    "a row called otherwise, with escapes": ("csv", ",a,b\n\x9b31m,1,0\nb,0,0"),
    "zero bytes": ("csv", "\0" * 1000),
    "half of UTF-16": ("csv", "\udcff\udcfea"),
    "a separator of quotes": ("csv", 'sep="\na"b'),
    "2,000 nested lists": ("toml", "factors = " + "[" * 2000 + "]" * 2000),
    "10^5 dots": ("toml", ".".join(["a"] * 10**5) + " = 1"),
    "factors that are numbers": ("toml", "factors = [1, 2]"),
    "factors a text": ("toml", 'factors = "abc"'),
    "factors of 1 MB": ("toml", 'factors = ["' + "a" * 10**6 + '", "b"]\n[influences]\nb = ["c"]'),
    "5,000 factors": ("toml", "factors = [" + ",".join(f'"a{i}"' for i in range(5000)) + "]"),
    "10^5 influences": ("toml", 'factors = ["a"]\n[influences]\na = [' + '"b",' * 10**5 + "]"),
    "influences of lists": ("toml", 'factors = ["a"]\n[influences]\na = [[1]]'),
    "influences of tables": ("toml", 'factors = ["a"]\n[influences]\na = [{b = 1}]'),
    "a key with escapes": ("toml", '"\\u001b[31m" = 1'),
}  # fmt: skip


def cases(made: Made) -> Iterator[Case]:
    """Each of these files, for the command that reads it."""
    for name, text in _SWEEPS.items():
        yield Case("sweeps", name, file("s.toml", text, ["plan", "s.toml"]))
    for name in ("2,000 nested arrays", "num = 10^5000", "a model in /dev", "10^18 points"):
        yield Case("sweeps", f"run: {name}", file("s.toml", _SWEEPS[name], ["run", "s.toml", "-o", "c.zarr"]))
    for name, (ending, text) in _STRUCTURES.items():
        yield Case("structures", name, file(f"f.{ending}", text, ["structure", f"f.{ending}"]))


def file(name: str, text: str, arguments: list[str]) -> Callable[[Path], list[str]]:
    """Puts a file into a folder, for a command."""

    def prepare(folder: Path) -> list[str]:
        (folder / name).write_bytes(text.encode("utf-8", "surrogateescape"))
        return arguments

    return prepare
