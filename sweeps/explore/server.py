"""A server for one page, on this machine alone: whoever has its address, with the token in it, is served.

A page of somebody else's cannot ask it: it does not know the token, and requests that name another host, or
come from another page, are refused (a name that was made to lead here is another host).
"""

import hmac
import json
import secrets
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ...engine.errors import CubeError, SweepError, UserError
from ...engine.gate.text import said
from .answers import JSON, Answers
from .assets import Asset, page_assets

HOSTS = ("127.0.0.1", "localhost")
_SECONDS = 60  # within which a request has to come
_MOST_KEYS = 300
# Nothing from elsewhere, no script but the page's own; Bokeh sets styles in its elements.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors {frames}"
)


class Refused(UserError):
    """A request that is not served."""


class Server(ThreadingHTTPServer):
    """Serves the page of some cubes at `url`.

    Parameters
    ----------
    answers : to what the page asks.
    port : 0 for any that is free.
    framed : whether other pages may show it within them, as notebooks do.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, answers: Answers, port: int = 0, framed: bool = False) -> None:
        self.answers, self.token, self.framed = answers, secrets.token_urlsafe(24), framed
        self.assets: dict[str, Asset] = page_assets()
        super().__init__((HOSTS[0], port), _Handler)

    @property
    def url(self) -> str:
        """Its address, with the token."""
        return f"http://{HOSTS[0]}:{self.server_port}/{self.token}/"

    @property
    def origins(self) -> list[str]:
        """What a browser may call it: host and port."""
        return [f"{host}:{self.server_port}" for host in HOSTS]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a browser that has gone is none of anybody's business."""

    def in_background(self) -> None:
        """Serve in a thread of its own, until `stop`."""
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()

    def stop(self) -> None:
        """Serve no more, and give the port back."""
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: Server  # pyright: ignore[reportIncompatibleVariableOverride]
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "equisweep", ""
    timeout = _SECONDS

    def do_GET(self) -> None:
        """Serve the page, a part of it, or an answer."""
        try:
            self._require_own_page()
            self._serve(*self._path())
        except Refused as error:
            self._send(403, "text/plain; charset=utf-8", f"{error}\n".encode())
        except (SweepError, CubeError) as error:
            self._send_json(400, {"error": str(error)})
        except (BrokenPipeError, ConnectionError):
            self.close_connection = True
        except Exception as error:
            self._send_json(500, {"error": f"{said(error)}. This should not be: please report it"})

    do_HEAD = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: addresses have the token in them."""

    def _require_own_page(self) -> None:
        """Refuse a request that calls this machine by another name, or was sent by another page."""
        hosts = self.headers.get_all("Host") or []
        if len(hosts) != 1 or hosts[0].lower() not in self.server.origins:
            raise Refused("this page is served under its own address alone: another host was asked for")
        allowed = [f"http://{origin}" for origin in self.server.origins]
        for origin in self.headers.get_all("Origin") or []:
            if origin.lower() not in allowed:
                raise Refused("another page asked for this one")
        for site in self.headers.get_all("Sec-Fetch-Site") or []:
            if site == "cross-site" and self.headers.get("Sec-Fetch-Mode") != "navigate":
                raise Refused("another page asked for this one")

    def _path(self) -> tuple[str, dict[str, list[str]]]:
        """What is asked for, and the values of the address; Refused without the token."""
        parts = urlsplit(self.path)
        token, _, name = parts.path.removeprefix("/").partition("/")
        if not hmac.compare_digest(token.encode(errors="replace"), self.server.token.encode()):
            raise Refused("the address lacks its token: open the one that equisweep printed")
        try:
            values = parse_qs(parts.query, keep_blank_values=True, max_num_fields=_MOST_KEYS)
        except ValueError:
            raise SweepError(f"the address has more than {_MOST_KEYS} values") from None
        return name, values

    def _serve(self, name: str, values: dict[str, list[str]]) -> None:
        if name in self.server.assets:
            asset = self.server.assets[name]
            self._send(200, asset.kind, asset.read(), keep=asset.keeps)
        elif self.server.answers.knows(name):
            kind, body = self.server.answers(name, values)
            self._send(200, kind, body, download="" if kind == JSON else name)
        else:
            self._send(404, "text/plain; charset=utf-8", b"there is no such part of the page\n")

    def _send_json(self, code: int, answer: Any) -> None:
        self._send(code, JSON, json.dumps(answer).encode())

    def _send(self, code: int, kind: str, body: bytes, download: str = "", keep: bool = False) -> None:
        self.send_response(code)
        frames = "*" if self.server.framed else "'none'"
        headers = {
            "Content-Type": kind,
            "Content-Length": str(len(body)),
            "Content-Security-Policy": _POLICY.format(frames=frames),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Cache-Control": "private, max-age=3600" if keep else "no-store",
        }
        if download:
            headers["Content-Disposition"] = f'attachment; filename="{download}"'
        for header, value in headers.items():
            self.send_header(header, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
