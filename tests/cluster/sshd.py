"""A server of SSH on loopback, as long as a context lasts, with a key of its own."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cluster.azurite import free_port
from cluster.debian import Unpacked, unpacked

_STARTS_WITHIN = 20.0
_CONFIGURATION = """
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
AuthorizedKeysFile {folder}/user.pub
PidFile {folder}/sshd.pid
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
"""
# The server wants a user `sshd` and a folder for it, which the package would make: here they are in a mount
# namespace of its own, and the system stays as it is.
_AS_INSTALLED = """
mount --bind "$0/passwd" /etc/passwd
mount -t tmpfs tmpfs /run
mkdir /run/sshd
exec "$@"
"""


@dataclass(frozen=True)
class Server:
    """Where it listens, and the user's key."""

    port: int
    key: Path


def programs() -> Unpacked | str:
    """The server's program; or why it is not here."""
    if os.getuid():
        return "a server of SSH that takes its programs from a folder is run by root"
    if not shutil.which("unshare") or not shutil.which("ssh-keygen"):
        return "there is no unshare (util-linux), or no ssh-keygen here"
    return unpacked("ssh", "openssh-server")


@contextmanager
def sshd(there: Unpacked, folder: Path) -> Iterator[Server]:
    """Run it; whoever has the key may do anything that this user may."""
    port = free_port()
    for name in ("host", "user"):
        words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
        subprocess.run(words, check=True)
    (folder / "sshd_config").write_text(_CONFIGURATION.format(port=port, folder=folder))
    users = Path("/etc/passwd").read_text()
    (folder / "passwd").write_text(f"{users.rstrip()}\nsshd:x:65533:65534::/run/sshd:/usr/sbin/nologin\n")
    server = [there.program("sshd"), "-D", "-e", "-f", str(folder / "sshd_config")]
    words = ["unshare", "--mount", "bash", "-ec", _AS_INSTALLED, str(folder), *server]
    with (
        (folder / "sshd.log").open("w") as log,
        subprocess.Popen(words, env=there.environment, stdout=log, stderr=log) as process,
    ):
        try:
            _wait_for(port, folder / "sshd.log")
            yield Server(port, folder / "user")
        finally:
            process.terminate()


def _wait_for(port: int, log: Path) -> None:
    end = time.monotonic() + _STARTS_WITHIN
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            if time.monotonic() > end:
                raise TimeoutError(log.read_text()[-1000:]) from None
            time.sleep(0.1)
