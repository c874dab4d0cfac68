"""A small server of the first s2r on loopback: real HTTP, its wire, its habits, and a model that a test hands in.

It looks at neither method nor path, reads the timestamp as a number, counts requests before it works on them and never
gives one back, and answers without a signature.
"""

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

LARGEST = 50 * 1024  # characters, as it counts them
WINDOW_S = 300

Model = Callable[[str], str]


class Asked(NamedTuple):
    """One request that came."""

    method: str
    path: str
    headers: dict[str, str]
    body: str


class FirstServer:
    """The server's state: every request, and how many were charged. ``behind_gateway``: API Gateway knows one path."""

    def __init__(
        self, model: Model, *, secret: bytes, limit: int = 100, skew_s: int = 0, behind_gateway: bool = False
    ) -> None:
        self.model = model
        self.secret = secret
        self.limit = limit
        self.skew_s = skew_s
        self.behind_gateway = behind_gateway
        self.asked: list[Asked] = []
        self.charged = 0
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def scripts(self) -> list[str]:
        """The bodies of what was asked with POST."""
        return [asked.body for asked in self.asked if asked.method == "POST"]

    def __enter__(self) -> "FirstServer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, asked: Asked) -> tuple[int, dict[str, Any]]:
        """Status and body, in the order in which it looks: size, signature, limit, model."""
        with self._lock:
            self.asked.append(asked)
        if self.behind_gateway and asked.path != "/":
            return 404, {"message": "Not Found"}
        if len(asked.body) > LARGEST:
            return 413, {"error": "too large"}
        if not self._signed(asked):
            return 401, {"error": "wrong signature or time"}
        with self._lock:
            if self.charged >= self.limit:
                return 429, {"error": f"more than {self.limit} requests a day"}
            self.charged += 1
        try:
            return 200, {"runai_config": self.model(asked.body)}
        except RuntimeError as error:
            return 500, {"error": str(error)}

    def _signed(self, asked: Asked) -> bool:
        stamp = asked.headers.get("x-s2r-timestamp", "")
        try:
            then = float(stamp)
        except ValueError:
            return False
        made = hmac.new(self.secret, f"{stamp}:{asked.body}".encode(), hashlib.sha256).hexdigest()
        fresh = abs(time.time() + self.skew_s - then) <= WINDOW_S
        return fresh and hmac.compare_digest(made, asked.headers.get("x-s2r-signature", ""))


def _handler_of(server: FirstServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, said = server.answer(Asked(self.command, self.path, headers, body))
            data = json.dumps(said).encode()
            head = (
                f"HTTP/1.1 {status} Answer\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
            )
            self.wfile.write(head.encode() + data)

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler
