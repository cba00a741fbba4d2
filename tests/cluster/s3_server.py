"""A real S3 server on loopback, in a process of its own: moto's."""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

# Looks for a free port, serves on it, and says which.
_SERVER = """
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()
print(port, flush=True)
sys.stdin.read()
"""
_STARTS_WITHIN = 30.0


@contextmanager
def s3_server() -> Iterator[str]:
    """Serve S3 as long as the context lasts; yields its address, such as http://127.0.0.1:41873."""
    environment = os.environ | {"AWS_ACCESS_KEY_ID": "server", "AWS_SECRET_ACCESS_KEY": "server"}
    with subprocess.Popen(
        [sys.executable, "-c", _SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            address = f"http://127.0.0.1:{int(process.stdout.readline())}"
            _wait_for(address)
            yield address
        finally:
            process.kill()


def settings(address: str, key: str = "key", secret: str = "secret") -> dict[str, str]:
    """The variables of a process by which all programs reach that server."""
    return {
        "AWS_ENDPOINT_URL": address,
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def make_bucket(address: str, name: str) -> None:
    """Make a bucket, which an S3 server does not make by itself."""
    urllib.request.urlopen(urllib.request.Request(f"{address}/{name}", b"", method="PUT")).close()


def _wait_for(address: str) -> None:
    end = time.monotonic() + _STARTS_WITHIN
    while True:
        try:
            urllib.request.urlopen(address).close()
            return
        except urllib.error.URLError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
