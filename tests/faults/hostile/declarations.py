"""Metadata that declare what no cube can hold, or are not what metadata are."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from copy import deepcopy
from itertools import product
from pathlib import Path
from shutil import rmtree
from typing import Any

from .case import Case
from .made import Made, change, seal
from .places import COMMANDS

Change = Callable[[dict[str, Any]], Any]


def _set(*place: Any, to: Any) -> Change:
    def changes(document: dict[str, Any]) -> None:
        inner: Any = document
        for key in place[:-1]:
            inner = inner[key]
        inner[place[-1]] = to

    return changes


def _without(*place: Any) -> Change:
    def changes(document: dict[str, Any]) -> None:
        inner: Any = document
        for key in place[:-1]:
            inner = inner[key]
        del inner[place[-1]]

    return changes


def _shaped(shape: list[int], chunk: list[int]) -> Change:
    def changes(document: dict[str, Any]) -> None:
        document["shape"], document["chunk_grid"]["configuration"]["chunk_shape"] = shape, chunk

    return changes


def _text(text: str) -> Change:
    return lambda document: text


_SHARD = ("chunk_grid", "configuration", "chunk_shape")
_CHUNK = ("codecs", 0, "configuration", "chunk_shape")
_LENGTHS: dict[str, Any] = {
    "1e18": 10**18, "1e9": 10**9, "2^63": 2**63, "1e100": 10**100, "1e5000": 1e308, "a fraction": 2.5,
    "infinity": float("inf"), "NaN": float("nan"), "0": 0, "-1": -1, "a text": "12", "true": True,
    "null": None, "a list": [12],
}  # fmt: skip
_WHOLE = {
    "all 1e18": [10**18] * 3,
    "a number": 480,
    "null": None,
    "a text": "2,12,20",
    "empty": [],
    "1,000 axes": [1] * 1000,
    "one axis": [480],
}
# Of a variable: what every reader has to refuse.
ARRAYS: dict[str, Change] = {
    **{f"shape with {name}": _set("shape", 2, to=value) for name, value in _LENGTHS.items()},
    **{f"shape {name}": _set("shape", to=value) for name, value in _WHOLE.items()},
    **{f"shard with {name}": _set(*_SHARD, 2, to=value) for name, value in _LENGTHS.items() if name != "1e9"},
    **{f"shard {name}": _set(*_SHARD, to=value) for name, value in _WHOLE.items()},
    "no shape": _without("shape"),
    "no codecs": _without("codecs"),
    "codecs a text": _set("codecs", to="bytes"),
    "codecs numbers": _set("codecs", to=[1, 2]),
    "codecs 10^5 deep": _text('{"node_type": "array", "codecs": ' + "[" * 10**5 + "]" * 10**5 + "}"),
    "an unknown codec": _set("codecs", 0, "name", to="lzma_bomb"),
    "vlen-utf8": _set("codecs", to=[{"name": "vlen-utf8"}]),
    "gzip": _set("codecs", to=[{"name": "bytes"}, {"name": "gzip", "configuration": {"level": 5}}]),
    "zstd": _set("codecs", to=[{"name": "bytes"}, {"name": "zstd", "configuration": {"level": 1}}]),
    "type text": _set("data_type", to="string"),
    "type raw": _set("data_type", to="r800000000000"),
    "type unknown": _set("data_type", to="float4096"),
    "type a table": _set("data_type", to={"name": "struct"}),
    "fill a text": _set("fill_value", to="x" * 10**6),
    "fill a list": _set("fill_value", to=[0] * 100),
    "no names of dimensions": _without("dimension_names"),
    "names alike": _set("dimension_names", to=["alpha"] * 3),
    "names null": _set("dimension_names", to=[None] * 3),
    "a name too few": _set("dimension_names", to=["mechanism", "alpha"]),
    "a group": _set("node_type", to="group"),
    "zarr 2": _set("zarr_format", to=2),
    "zarr 999": _set("zarr_format", to=999),
    "a list": _text("[]"),
    "a number": _text("1e999"),
    "cut short": _text('{"shape": ['),
    "no text in UTF-8": _text("\udcff\udcfe"),
    "10^5 deep": _text("[" * 10**5),
    "10^7 values": _text("[" + "1," * 10**7 + "1]"),
    "10^6 tables": _text("[" + "{}," * 10**6 + "{}]"),
    "a number of 10^5 digits": _text('{"shape": [' + "9" * 10**5 + "]}"),
}
# Of a variable whose tiles are shards with an index, as in the old cube; and of one of plain chunks.
SHARDS: dict[str, Change] = {
    **{f"chunk with {name}": _set(*_CHUNK, 2, to=value) for name, value in _LENGTHS.items()},
    "sharding in sharding": lambda d: d["codecs"][0]["configuration"].update(codecs=deepcopy(d["codecs"])),
}
PLAIN: dict[str, Change] = {
    "no checksum": lambda d: d["codecs"].pop(),
    "two checksums": lambda d: d["codecs"].append(d["codecs"][-1]),
    "compressed twice": lambda d: d["codecs"].insert(1, d["codecs"][1]),
    "not compressed": lambda d: d["codecs"].pop(1),
    "the other endian": _set("codecs", 0, to={"name": "bytes", "configuration": {"endian": "big"}}),
    "a shard without configuration": _set("codecs", to=[{"name": "sharding_indexed"}]),
}
COORDINATES: dict[str, Change] = {
    **{f"shape {name}": _set("shape", 0, to=value) for name, value in _LENGTHS.items() if name != "NaN"},
    **{f"chunk {name}": _set(*_SHARD, 0, to=value) for name, value in _LENGTHS.items()},
    "10^6 files": _shaped([10**6], [1]),
    "two axes": _shaped([12, 1], [12, 1]),
    "gzip": _set("codecs", to=[{"name": "bytes"}, {"name": "gzip", "configuration": {"level": 5}}]),
    "blosc": _set("codecs", to=[{"name": "bytes"}, {"name": "blosc", "configuration": {}}]),
    "raw": _set("data_type", to="r8000000000"),
}
_CUBE: dict[str, Change] = {
    **{
        f"attribute {key} {name}": _set("attributes", key, to=value)
        for key in ("identity", "variables", "sweep", "versions")
        for name, value in {
            "a table": {"a": 1}, "a number": 1, "null": None, "[1]": "[1]", "deep": "[" * 10**5, "empty": "",
            "20 MB": "x" * (2 * 10**7), "digits": '{"a": ' + "9" * 10**5 + "}", "names": '["status/../../x"]',
        }.items()
        if not (key in ("sweep", "versions") and name == "null")
    },
    **{
        f"format {name}": _set("attributes", "equisweep_format", to=value)
        for name, value in {"999": 999, "3": 3, "-1": -1, "a text": "2", "1e400": float("inf"), "a list": [2],
                            "a table": {}, "null": None, "0": 0}.items()
    },
    "no attributes": _without("attributes"),
    "attributes a list": _set("attributes", to=[]),
    "attributes a text": _set("attributes", to="x"),
    "consolidated a list": _set("consolidated_metadata", to=[1]),
    "consolidated a text": _set("consolidated_metadata", to="x"),
    "consolidated empty": _set("consolidated_metadata", to={"metadata": {}, "kind": "inline"}),
    "consolidated a number": _set("consolidated_metadata", "metadata", to=7),
    "an array of another name": lambda d: d["consolidated_metadata"]["metadata"].update({"../../etc": {}}),
    "a hidden array": lambda d: d["consolidated_metadata"]["metadata"].update({".x": {}}),
    "an array of numbers": lambda d: d["consolidated_metadata"]["metadata"].update({"x": 5}),
    "an array": _set("node_type", to="array"),
    "zarr 3.5": _set("zarr_format", to=3.5),
}  # fmt: skip


def cases(made: Made) -> Iterator[Case]:
    """Each change of metadata, of a cube with a seal of its own and of one without."""
    commands = ("info", "query", "sql", "verify")
    for array, changes in (("investment", ARRAYS), ("status", ARRAYS), ("alpha", COORDINATES), ("", _CUBE)):
        for number, (name, one) in enumerate(changes.items()):
            for shift, age in enumerate(("new", "old")):
                yield _case(made, age, array, name, one, commands[(number + shift) % len(commands)])
            if number % 3 == 0:
                yield _case(made, "new", array, name, one, "run")
    for array, (age, changes) in product(("investment", "status"), (("old", SHARDS), ("new", PLAIN))):
        for (name, one), command in product(changes.items(), commands[:3]):
            yield _case(made, age, array, name, one, command)
    for name, size in {"1.6 GB": 1_600_000_000, "2 GB": 2**31 - 1, "all": 2**32 - 1}.items():
        for command, age in product(("query", "sql", "verify"), ("old", "new")):
            said = f"{command}: a blosc header of {name} ({age})"
            yield Case("sizes", said, _bomb(made, age, size, command))


def _case(made: Made, age: str, array: str, name: str, one: Change, command: str) -> Case:
    def prepare(folder: Path) -> list[str]:
        root = made.copy(age, folder)
        change(root, array, one)
        with suppress(UnicodeError):
            seal(root)
        return COMMANDS[command]

    return Case(
        "sizes",
        f"{command}: {array or 'cube'}: {name} ({age})",
        prepare,
        right=_harmless(array, name, command),
    )


def _harmless(array: str, name: str, command: str) -> Callable[[str], bool] | None:
    """What only concerns what a command does not read may pass."""
    passes = (
        (array == "" and name.startswith(("attribute versions", "attribute sweep")))
        or name in ("fill a text", "fill a list", "consolidated a number")
        or (array == "" and command == "run")
    )
    return (lambda out: True) if passes else None


def _bomb(made: Made, age: str, size: int, command: str) -> Callable[[Path], list[str]]:
    """Every chunk of a variable says that it holds so much, under checksums that are right.

    A new cube knows the digests of its files, and loses them here, as where another program stored it again.
    """

    def prepare(folder: Path) -> list[str]:
        import numpy as np
        from equisweep.engine.store.shard import checksum

        root = made.copy(age, folder)
        if age == "new":
            rmtree(root / "status" / "manifest")
        for path in (root / "investment" / "c").rglob("*"):
            if path.is_file():
                raw = bytearray(path.read_bytes())
                start, length = np.frombuffer(raw[-20:-4], "<u8").tolist() if age == "old" else (0, len(raw))
                raw[start + 4 : start + 8] = size.to_bytes(4, "little")
                raw[start + length - 4 : start + length] = checksum(bytes(raw[start : start + length - 4]))
                path.write_bytes(bytes(raw))
        return COMMANDS[command]

    return prepare
