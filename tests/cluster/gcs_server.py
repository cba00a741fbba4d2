"""A server on loopback that speaks Google's XML interface as its documentation has it, objects in memory.

No package of a registry does so far enough: each object has a generation, and a PUT may ask for the one that
is there (`x-goog-if-generation-match`; 0: none), which is refused with 412 where it is another one.
"""

import hashlib
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from itertools import count
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

from cluster.loopback import serving

BUCKET = "bucket"
_MISSING = "<?xml version='1.0'?><Error><Code>{}</Code><Message>Not there.</Message></Error>"


@contextmanager
def gcs_server() -> Iterator[str]:
    """Serve one bucket as long as the context lasts; yields the address."""
    with serving(_handler()) as own:
        yield own


def settings(address: str) -> dict[str, str]:
    """The variable by which all programs reach it."""
    return {"STORAGE_EMULATOR_HOST": address}


def _handler() -> type[BaseHTTPRequestHandler]:
    objects: dict[str, tuple[bytes, int, float]] = {}
    generations, lock = count(1), threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize, disable_nagle_algorithm = -1, True

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

        def _asked(self) -> tuple[str, dict[str, list[str]]]:
            url = urlsplit(self.path)
            bucket, _, key = unquote(url.path[1:]).partition("/")
            return (key if bucket == BUCKET else "\0"), parse_qs(url.query)

        def do_PUT(self) -> None:
            body, (key, _) = self.rfile.read(int(self.headers.get("Content-Length") or 0)), self._asked()
            wanted = self.headers.get("x-goog-if-generation-match")
            with lock:
                there = objects.get(key, (b"", 0, 0.0))[1]
                if key == "\0":
                    self._answer(404, _MISSING.format("NoSuchBucket").encode())
                elif wanted is not None and int(wanted) != there:
                    self._answer(412, _MISSING.format("PreconditionFailed").encode())
                else:
                    objects[key] = body, next(generations), time.time()
                    self._answer(200, b"", objects[key])

        def do_GET(self) -> None:
            key, query = self._asked()
            if not key:
                with lock:
                    there = dict(objects)
                self._answer(200, _listing(there, query))
            elif key not in objects:
                self._answer(404, _MISSING.format("NoSuchBucket" if key == "\0" else "NoSuchKey").encode())
            else:
                self._part(objects[key])

        do_HEAD = do_GET

        def do_DELETE(self) -> None:
            with lock:
                actual = objects.pop(self._asked()[0], None)
            self._answer(204 if actual else 404, b"" if actual else _MISSING.format("NoSuchKey").encode())

        def _part(self, actual: tuple[bytes, int, float]) -> None:
            raw = actual[0]
            asked = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range") or "")
            if asked is None or not raw:
                self._answer(200, raw, actual)
                return
            first, last = asked.groups()
            start = int(first) if first else max(len(raw) - int(last), 0)
            stop = min(int(last) + 1, len(raw)) if first and last else len(raw)
            self._answer(206, raw[start:stop], actual, f"bytes {start}-{stop - 1}/{len(raw)}")

        def _answer(self, status: int, body: bytes, of: Any = None, part: str = "") -> None:
            self.send_response_only(status)
            if of is not None:
                self.send_header("ETag", _tag(of))
                self.send_header("x-goog-generation", str(of[1]))
                self.send_header("Last-Modified", formatdate(of[2], usegmt=True))
            if part:
                self.send_header("Content-Range", part)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

    return Handler


def _tag(of: tuple[bytes, int, float]) -> str:
    return f'"{hashlib.md5(of[0]).hexdigest()}-{of[1]}"'


def _listing(objects: dict[str, tuple[bytes, int, float]], query: dict[str, list[str]]) -> bytes:
    """A page of a listing, the folders among it where a delimiter is asked for."""
    prefix, delimiter, after = (
        query.get(name, [""])[0] for name in ("prefix", "delimiter", "continuation-token")
    )
    result, folders = [], set()
    for key in sorted(objects):
        rest = key.removeprefix(prefix)
        if not key.startswith(prefix) or key <= after or key not in objects:
            continue
        if delimiter and delimiter in rest:
            folders.add(prefix + rest.partition(delimiter)[0] + delimiter)
        else:
            result.append(key)
    page = result[:1000]
    said = ["<?xml version='1.0'?><ListBucketResult>"]
    for key in page:
        of = objects[key]
        when = datetime.fromtimestamp(of[2], UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        said.append(
            f"<Contents><Key>{escape(key)}</Key><Generation>{of[1]}</Generation><Size>{len(of[0])}</Size>"
            f"<LastModified>{when}</LastModified><ETag>{escape(_tag(of))}</ETag></Contents>"
        )
    said += [f"<CommonPrefixes><Prefix>{escape(one)}</Prefix></CommonPrefixes>" for one in sorted(folders)]
    if len(result) > len(page):
        said.append(f"<NextContinuationToken>{escape(page[-1])}</NextContinuationToken>")
    return "".join([*said, "</ListBucketResult>"]).encode()
