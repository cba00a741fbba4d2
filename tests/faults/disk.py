"""A disk as it may be after a power cut: what was synced is there, of the rest as much as chance has it.

Every folder keeps what it was when it was last synced, and of its later changes as many as chance has it,
in order, each folder for itself. Every file keeps the bytes that were synced, or some state it had later, or
such a state cut short, or zeros. No file system loses more.
"""

import os
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Operation = tuple[Any, ...]
LOOSE = ("investment", "equilibrium_count", "status")  # variables, whose shards a run may leave unsynced


@dataclass(eq=False)
class File:
    """Bytes as they are, and all states since they were last synced; and the number that the system knew."""

    inode: int
    states: list[bytes] = field(default_factory=lambda: [b""])

    @property
    def now(self) -> bytes:
        """The bytes that a program reads."""
        return self.states[-1]

    def sync(self) -> None:
        """From now on no less than this is there."""
        del self.states[:-1]


@dataclass(eq=False)
class Folder:
    """Names as they are, as they were when they were synced, and what has changed since."""

    now: dict[str, Any] = field(default_factory=dict)
    synced: dict[str, Any] = field(default_factory=dict)
    changes: list[dict[str, Any]] = field(default_factory=list)

    def put(self, nodes: dict[str, Any]) -> None:
        """Give names to nodes, in one step; None takes a name away."""
        self.changes.append(nodes)
        _put(self.now, nodes)

    def sync(self) -> None:
        """From now on no less than this is there."""
        self.synced, self.changes = dict(self.now), []

    def survivors(self, chance: random.Random) -> dict[str, Any]:
        """The names that are there after a power cut."""
        names = dict(self.synced)
        for change in self.changes[: _some(len(self.changes), chance)]:
            _put(names, change)
        return names


def _put(names: dict[str, Any], nodes: dict[str, Any]) -> None:
    for name, node in nodes.items():
        if node is None:
            names.pop(name, None)
        else:
            names[name] = node


def _some(count: int, chance: random.Random) -> int:
    """None, all, or some of so many."""
    return chance.choice([0, count, chance.randint(0, count)])


class Disk:
    """A folder and all that lies in it; operations are applied to it, and it may lose power at any time."""

    def __init__(self, root: Path, synced: bool = True) -> None:
        """Begin with what is there, `synced` or, its shards, not."""
        self.root = str(root)
        self.open: dict[int, Any] = {}
        self.top = _load(root, synced, root)

    def apply(self, operation: Operation) -> None:
        """Do what one recorded call did."""
        name, *given = operation
        getattr(self, f"_{name}")(*given)

    def after_a_power_cut(self, place: Path, chance: random.Random) -> dict[Path, int]:
        """Write what is left of it to a folder; returns the inode that each file had until then."""
        inodes: dict[Path, int] = {}
        _write(self.top, place, chance, inodes)
        return inodes

    def _find(self, path: str) -> Any:
        node: Any = self.top
        for part in self._parts(path):
            node = node.now[part]
        return node

    def _parts(self, path: str) -> list[str]:
        relative = os.path.relpath(path, self.root)
        return [] if relative == "." else relative.split("/")

    def _at(self, path: str) -> tuple[Folder, str]:
        *above, name = self._parts(path)
        return self._find("/".join([self.root, *above])), name

    def _open(self, number: int, path: str, creates: bool, truncates: bool, inode: int) -> None:
        folder, name = self._at(path) if path != self.root else (self.top, "")
        node = folder.now.get(name) if name else folder
        if node is None and creates:
            node = File(inode)
            folder.put({name: node})
        if truncates and node.now:
            node.states.append(b"")
        self.open[number] = node

    def _close(self, number: int) -> None:
        self.open.pop(number, None)

    def _write(self, number: int, place: int, data: bytes) -> None:
        node = self.open[number]
        node.states.append(node.now[:place].ljust(place, b"\0") + data + node.now[place + len(data) :])

    def _ftruncate(self, number: int, length: int) -> None:
        node = self.open[number]
        node.states.append(node.now[:length].ljust(length, b"\0"))

    def _rename(self, old: str, new: str) -> None:
        node = self._find(old)
        source, target = self._at(old), self._at(new)
        if source[0] is target[0]:
            source[0].put({source[1]: None, target[1]: node})
            return
        target[0].put({target[1]: node})
        source[0].put({source[1]: None})

    def _exchange(self, one: str, other: str) -> None:
        nodes = self._find(one), self._find(other)
        (folder, name), (_, other_name) = self._at(one), self._at(other)
        folder.put({name: nodes[1], other_name: nodes[0]})

    def _link(self, old: str, new: str) -> None:
        folder, name = self._at(new)
        folder.put({name: self._find(old)})

    def _unlink(self, path: str) -> None:
        folder, name = self._at(path)
        folder.put({name: None})

    def _mkdir(self, path: str) -> None:
        folder, name = self._at(path)
        folder.put({name: Folder()})

    def _fsync(self, number: int) -> None:
        self.open[number].sync()

    def _syncfs(self) -> None:
        waiting: list[Any] = [self.top]
        while waiting:
            node = waiting.pop()
            node.sync()
            if isinstance(node, Folder):
                waiting += node.now.values()


def _load(path: Path, synced: bool, root: Path) -> Any:
    if path.is_dir():
        names = {one.name: _load(one, synced, root) for one in path.iterdir()}
        return Folder(dict(names), names)
    loose = not synced and path.name.isdigit() and path.relative_to(root).parts[1] in LOOSE
    return File(path.stat().st_ino, [b"", path.read_bytes()] if loose else [path.read_bytes()])


def _write(node: Any, place: Path, chance: random.Random, inodes: dict[Path, int]) -> None:
    if isinstance(node, Folder):
        place.mkdir()
        for name, inside in node.survivors(chance).items():
            _write(inside, place / name, chance, inodes)
        return
    place.write_bytes(_bytes(node, chance))
    inodes[place] = node.inode


def _bytes(node: File, chance: random.Random) -> bytes:
    if len(node.states) == 1:
        return node.now
    state = node.states[_some(len(node.states) - 1, chance)]
    harm = chance.randrange(4)
    if harm == 0 and state and state != node.states[0]:
        return state[: chance.randrange(len(state))]
    return bytes(len(state)) if harm == 1 and state != node.states[0] else state
