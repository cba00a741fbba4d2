"""A proxy before a server on loopback that drops, delays, refuses and repeats some requests."""

import http.client
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import urlsplit

from cluster.loopback import serving

# What becomes of a request. Of the last two the server has done what was asked, and its client cannot know.
FAULTS = ("refused", "cut before", "late", "twice", "cut after")


class Faults:
    """Which requests fail, and how many of each kind have; `share` of all of them, one kind after another."""

    def __init__(self, share: float, seed: int = 0, late: float = 0.0) -> None:
        self.share, self.late = share, late
        self.counts = dict.fromkeys(FAULTS, 0)
        self.requests = 0
        self._random, self._lock = random.Random(seed), threading.Lock()

    def next(self) -> str:
        """What becomes of the next request; empty where nothing does."""
        with self._lock:
            self.requests += 1
            if self._random.random() >= self.share:
                return ""
            fault = FAULTS[sum(self.counts.values()) % len(FAULTS)]
            self.counts[fault] += 1
            return fault


@contextmanager
def faulty_proxy(address: str, faults: Faults) -> Iterator[str]:
    """Pass requests on to a server; yields the address of the proxy."""
    with serving(_handler(urlsplit(address).netloc, faults)) as own:
        yield own


def _handler(netloc: str, faults: Faults) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

        def _pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            fault = faults.next()
            if fault == "refused":
                self._answer(503, {}, b"")
                return
            if fault == "cut before":
                self._cut()
                return
            if fault == "late":
                time.sleep(faults.late)
            for _ in range(2 if fault == "twice" else 1):
                status, headers, answer = self._ask(body)
            if fault == "cut after":
                self._cut()
                return
            self._answer(status, headers, answer)

        do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = _pass_on

        def _ask(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
            connection = http.client.HTTPConnection(netloc, timeout=30)
            try:
                connection.request(self.command, self.path, body or None, dict(self.headers))
                answer = connection.getresponse()
                return answer.status, dict(answer.getheaders()), answer.read()
            finally:
                connection.close()

        def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response_only(status)
            kept = {n: v for n, v in headers.items() if n.lower() not in ("connection", "transfer-encoding")}
            if self.command != "HEAD":
                kept = {n: v for n, v in kept.items() if n.lower() != "content-length"}
                kept["Content-Length"] = str(len(body))
            for name, value in kept.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def _cut(self) -> None:
            self.close_connection = True

    return Handler
