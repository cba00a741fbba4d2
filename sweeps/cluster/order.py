"""What a worker is told once: the sweep, the files that it reads, by content, and what has to be the same."""

import atexit
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ...engine.errors import SweepError

if TYPE_CHECKING:
    from ..spec.sweep import Sweep

# Packages whose versions numbers depend on, and the code of equisweep itself.
_PACKAGES = ("jax", "jaxlib", "numpy")


@dataclass(frozen=True)
class Order:
    """A sweep on its way to workers. Every part is plain: texts, numbers and bytes.

    Attributes
    ----------
    token
        A name for it.
    sweep, origin
        The sweep as its cube will hold it, and what messages about it begin with.
    files
        Contents of the files that it reads, its model among them, by their paths below its folder.
    root, device, durable, reuse
        As of `run`.
    alike
        What has to be the same where it is computed.
    """

    token: str
    sweep: str
    origin: str
    files: Mapping[str, bytes]
    root: str
    device: str
    durable: bool
    reuse: str | None
    alike: Mapping[str, str]

    @contextmanager
    def at_hand(self) -> Iterator["Sweep"]:
        """The sweep, its files there as long as it is read."""
        sweep = self.unpacked()
        try:
            yield sweep
        finally:
            if self.files:
                shutil.rmtree(sweep.folder, ignore_errors=True)

    def unpacked(self) -> "Sweep":
        """The sweep, its files in a folder of this process' host that is named by what they hold."""
        from ...engine.gate.documents import parse_table
        from ..spec.sweep import Sweep

        stated = Sweep.from_table(parse_table(self.sweep), origin=self.origin, text=self.sweep)
        return replace(stated, folder=_written(self.files))


def order(sweep: "Sweep", root: Path, device: str, durable: bool, reuse: Path | None) -> Order:
    """The order to compute a sweep into the cube at `root`, which every worker sees under this path.

    Raises SweepError where a file of the sweep cannot be read, or lies elsewhere than below its folder.
    """
    from ...engine.gate.files import TEXT, read_regular
    from ...engine.store.iced.at import is_iced_in_a_folder
    from ...engine.store.shared.owner import where
    from ..provenance import provenance

    text, files = provenance(sweep)["sweep"], {}
    for file in _files(sweep):
        name = os.path.relpath(file, sweep.folder)
        if name.startswith(".."):
            raise SweepError(
                f"{sweep.origin}: {file}: lies outside of {sweep.folder.absolute()}, whose files travel to "
                "workers; move it there"
            )
        try:
            files[name] = read_regular(file, TEXT)
        except OSError as error:
            raise SweepError(f"{sweep.origin}: cannot read {file} ({error.strerror})") from None
    alike = facts() | {"sweep": hashlib.sha256(text.encode()).hexdigest(), "dtype": sweep.dtype}
    alike |= {"host": where()} if is_iced_in_a_folder(root) else {}
    there = _everywhere(root)
    token = hashlib.sha256(repr((text, there, os.getpid(), os.urandom(8))).encode()).hexdigest()[:12]
    return Order(
        token, text, sweep.origin, files, there, device, durable,
        None if reuse is None else _everywhere(reuse), alike,
    )  # fmt: skip


def facts() -> dict[str, str]:
    """What numbers depend on besides the sweep, in this process."""
    from importlib.metadata import version

    import jax

    from ...engine.grid import evaluate  # noqa: F401  (what computes sets 64 bits as it is loaded)
    from ...engine.kept.code import digest_of_sources

    said = {name: version(name) for name in _PACKAGES} | {"code of equisweep": digest_of_sources()[:12]}
    return said | {"x64": str(bool(jax.config.jax_enable_x64))}  # pyright: ignore[reportAttributeAccessIssue]


def _everywhere(path: Path) -> str:
    """A path, or an address in object storage, as other processes know it."""
    from ...engine.store.storage.place import is_url

    return str(path) if is_url(path) else str(path.absolute())


def _files(sweep: "Sweep") -> Iterator[Path]:
    """Files that a sweep reads: its model's own, and those of data."""
    from ..spec.data_files import data_files
    from ..spec.load_model import find_model

    if ":" in sweep.model or sweep.model.endswith(".py"):
        model, _ = find_model(f"{sweep.origin}: model", sweep.model, sweep.folder)
        yield sweep.folder / sweep.model.rpartition(":")[0]
        yield from map(Path, model.files)
    for text in data_files(sweep):
        with suppress(OSError, ValueError):
            if (sweep.folder / text).is_file():
                yield sweep.folder / text


def _written(files: Mapping[str, bytes]) -> Path:
    """A folder with these files, which ends with the process: it holds a copy of the user's data."""
    if not files:
        return Path()
    for name in files:
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise SweepError(f"{name}: is no file below the sweep's folder")
    named = json.dumps({name: hashlib.sha256(raw).hexdigest() for name, raw in sorted(files.items())})
    folder = Path(tempfile.mkdtemp(prefix=f"equisweep-{hashlib.sha256(named.encode()).hexdigest()[:12]}-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for name, raw in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(raw)
    return folder
