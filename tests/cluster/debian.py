"""Programs that Debian brings, in a folder of their own: nothing is installed, and no service is started."""

import os
import re
import shutil
import subprocess
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from helpers.project import ROOT

_WITHIN = 180
_NEW = re.compile(r"^Inst (\S+) \(", re.M)  # not what is there and would be brought up to date


@dataclass(frozen=True)
class Unpacked:
    """Packages, below a folder as they would lie below the root of the system."""

    folder: Path

    @property
    def libraries(self) -> Path:
        """The folder of the system's libraries."""
        return self.folder / "usr/lib" / (sysconfig.get_config_var("MULTIARCH") or "")

    def program(self, name: str) -> str:
        """The path of a program: of the system's own, where that has it."""
        everywhere = f"{os.environ['PATH']}:/usr/sbin:{self.search_path}"
        # Of a name that several packages would have, an installed one is a link to the other name.
        for one in (name, f"{name}-wlm"):
            result = shutil.which(one, path=everywhere)
            if result is not None:
                return result
        raise FileNotFoundError(f"{name} is in none of the packages")

    @property
    def search_path(self) -> str:
        """Where programs are looked for."""
        return f"{self.folder}/usr/sbin:{self.folder}/usr/bin"

    @property
    def environment(self) -> dict[str, str]:
        """The variables of a process that is to find these programs and their libraries."""
        path = f"{self.search_path}:{os.environ['PATH']}"
        libraries = f"{self.libraries}:{self.libraries}/slurm-wlm"
        return {**os.environ, "PATH": path, "LD_LIBRARY_PATH": libraries}


def unpacked(name: str, *packages: str) -> Unpacked | str:
    """Packages, with all that they need and the system has not; or why they are not here.

    They are fetched once, into ``build/debian``.
    """
    there = Unpacked(ROOT / "build" / "debian" / name)
    if (there.folder / "whole").exists():
        return there
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        return "there is no apt-get here"
    try:
        _fetch(there.folder, packages)
    except subprocess.TimeoutExpired:
        return f"apt-get did not bring {name} within {_WITHIN} s"
    except subprocess.CalledProcessError as error:
        return f"apt-get could not bring {name}: {error.stderr.decode()[-200:]!r}"
    return there


def _fetch(folder: Path, packages: tuple[str, ...]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    fetched = folder / "packages"
    fetched.mkdir(parents=True)
    simulated = ["apt-get", "--simulate", "--no-install-recommends", "install", *packages]
    try:
        said = _done(simulated, fetched)
    except subprocess.CalledProcessError:  # its lists are empty, or old
        _done(["apt-get", "update"], fetched)
        said = _done(simulated, fetched)
    _done(["apt-get", "download", *_NEW.findall(said)], fetched)
    for one in fetched.glob("*.deb"):
        _done(["dpkg-deb", "--extract", str(one), str(folder)], fetched)
    shutil.rmtree(fetched)
    (folder / "whole").touch()


def _done(words: list[str], folder: Path) -> str:
    ended = subprocess.run(words, cwd=folder, capture_output=True, timeout=_WITHIN, check=True)
    return ended.stdout.decode()
