"""Azurite, which stands for Azure's blobs, on loopback in a process of its own; npm brings it."""

import base64
import hashlib
import hmac
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from pathlib import Path

from helpers.project import ROOT

_VERSION = "3.37.0"
_FOLDER = ROOT / "build" / "azurite"
_PROGRAM = _FOLDER / "node_modules" / ".bin" / "azurite-blob"
# Its one account, whose key stands in its documentation.
ACCOUNT = "devstoreaccount1"
_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
_STARTS_WITHIN = 60.0


def why_not() -> str:
    """Why it is not here, once it was tried to install it; empty where it is."""
    if _PROGRAM.exists():
        return ""
    if not shutil.which("npm"):
        return "there is no npm here"
    words = ["npm", "install", "--no-audit", "--no-fund", "--silent", "--prefix", str(_FOLDER)]
    _FOLDER.mkdir(parents=True, exist_ok=True)
    try:
        ended = subprocess.run([*words, f"azurite@{_VERSION}"], capture_output=True, timeout=180, check=False)
    except subprocess.TimeoutExpired:
        return "npm did not install azurite within 180 s"
    return "" if ended.returncode == 0 else f"npm could not install azurite: {ended.stderr.decode()[-200:]!r}"


def settings(address: str) -> dict[str, str]:
    """The variables by which obstore reaches it."""
    return {"AZURE_STORAGE_USE_EMULATOR": "true", "AZURITE_BLOB_STORAGE_URL": address}


@contextmanager
def azurite(folder: Path) -> Iterator[str]:
    """Serve a container `bucket`, its files in a folder, as long as the context lasts; yields the address."""
    port = free_port()
    words = [str(_PROGRAM), "--silent", "--skipApiVersionCheck", "--disableTelemetry"]
    words += ["--location", str(folder), "--blobHost", "127.0.0.1", "--blobPort", str(port)]
    with subprocess.Popen(
        words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        try:
            address = f"http://127.0.0.1:{port}"
            _make_container(address, "bucket")
            yield address
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def _make_container(address: str, name: str) -> None:
    """Ask for it until somebody answers: with a signature, as no program does it without."""
    end = time.monotonic() + _STARTS_WITHIN
    while True:
        when, version = formatdate(usegmt=True), "2021-08-06"
        headers = f"x-ms-date:{when}\nx-ms-version:{version}\n"
        resource = f"/{ACCOUNT}/{ACCOUNT}/{name}\nrestype:container"
        signed = "PUT\n" + "\n" * 11 + headers + resource
        digest = hmac.new(base64.b64decode(_KEY), signed.encode(), hashlib.sha256).digest()
        sent = {
            "x-ms-date": when,
            "x-ms-version": version,
            "Content-Length": "0",
            "Authorization": f"SharedKey {ACCOUNT}:{base64.b64encode(digest).decode()}",
        }
        url = f"{address}/{ACCOUNT}/{name}?restype=container"
        try:
            urllib.request.urlopen(urllib.request.Request(url, headers=sent, method="PUT")).close()
            return
        except urllib.error.HTTPError:
            raise
        except urllib.error.URLError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
