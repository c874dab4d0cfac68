"""The HTTP side: Converse as botocore speaks it, a list of faults to set, and a count of what was asked."""

import json
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import unquote

from s2r_service.standin.converse import Answer, answer_of, error_of, wrong_request
from s2r_service.standin.faults import LINES, REFUSALS, Fault, Script, WrongScriptError, read_fault

HEADER: Final = "X-S2R-Standin"
_MOST_OCTETS: Final = 4_194_304
_NEVER_S: Final = 600.0


class Standin(ThreadingHTTPServer):
    """The stand-in on loopback. ``with Standin() as bedrock: ... bedrock.url`` starts and stops it."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, *, host: str = "127.0.0.1", port: int = 0, mind: str = "sensible", faults: str = "") -> None:
        super().__init__((host, port), _Handler)
        self.mind = mind
        self.script = Script(faults)
        self.stopping = threading.Event()
        self._lock = threading.Lock()
        self._asked: list[dict[str, Any]] = []
        self._systems: set[str] = set()

    @property
    def url(self) -> str:
        """Where it listens, for AWS_ENDPOINT_URL_BEDROCK_RUNTIME."""
        return f"http://{self.server_address[0]!s}:{self.server_address[1]}"

    @property
    def calls(self) -> int:
        """How many questions have reached it since the last ``forget``."""
        with self._lock:
            return len(self._asked)

    @property
    def asked(self) -> list[dict[str, Any]]:
        """The questions themselves: ``modelId`` and the body of each."""
        with self._lock:
            return list(self._asked)

    def forget(self, faults: str = "", *, mind: str = "") -> None:
        """Begin anew: no questions, another list of faults, another mind."""
        with self._lock:
            self._asked.clear()
        self.script.replace(faults)
        self.mind = mind or self.mind

    def seen(self, model_id: str, body: dict[str, Any]) -> bool:
        """Remember a question; whether its system text has come before, so that it is in the cache."""
        system = json.dumps(body.get("system"), sort_keys=True)
        with self._lock:
            self._asked.append({"modelId": model_id, **body})
            known = system in self._systems
            self._systems.add(system)
        return known

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is none of our troubles."""

    def __enter__(self) -> "Standin":
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: Standin
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 60
    wbufsize = 65_536  # head and body leave in one piece

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is printed: a script may stand in a request."""

    def do_GET(self) -> None:
        if self.path == "/standin/calls":
            self._send(Answer(200, {"calls": self.server.calls}))
        else:
            self._send(error_of(404, "UnknownOperationException", "no such path"))

    def do_PUT(self) -> None:
        if self.path != "/standin/faults":
            self._send(error_of(404, "UnknownOperationException", "no such path"))
            return
        try:
            self.server.forget((self._body() or b"").decode("utf-8", "replace"))
        except WrongScriptError as error:
            self._send(error_of(400, "ValidationException", str(error)))
        else:
            self._send(Answer(200, {"calls": 0}))

    def do_POST(self) -> None:
        raw = self._body()
        steps = self.path.split("/")
        if len(steps) != 4 or steps[1] != "model" or steps[3] != "converse":
            self._send(error_of(404, "UnknownOperationException", "only Converse is spoken here"))
            return
        if raw is None:
            self._send(error_of(413, "ValidationException", "too long"))
            return
        self._converse(unquote(steps[2]), raw)

    def _converse(self, model_id: str, raw: bytes) -> None:
        if "AWS4-HMAC-SHA256" not in self.headers.get("Authorization", ""):
            self._send(error_of(403, "AccessDeniedException", "the request is not signed"))
            return
        body = _json(raw)
        cached = self.server.seen(model_id, body)
        try:
            given = self.headers.get(HEADER)
            fault = read_fault(given) if given else self.server.script.next()
        except WrongScriptError as error:
            self._send(error_of(400, "ValidationException", str(error)))
            return
        if wrong := wrong_request(body):
            self._send(error_of(400, "ValidationException", wrong))
        elif fault.name in REFUSALS:
            self._send(error_of(*REFUSALS[fault.name]))
        elif fault.name in LINES:
            self._broken_line(fault, body, cached)
        else:
            self._send(answer_of(body, fault.name, self.server.mind, cached))

    def _broken_line(self, fault: Fault, body: dict[str, Any], cached: bool) -> None:
        ordinary = answer_of(body, "ok", self.server.mind, cached)
        strict = any(tool.get("toolSpec", {}).get("strict") for tool in body["toolConfig"]["tools"])
        match fault.name:
            case "slow":
                self._wait(float(fault.argument or 1))
                self._send(ordinary)
            case "strict-slow":
                self._wait(float(fault.argument or 180) if strict else 0.0)
                self._send(ordinary)
            case "strict-refused" if strict:
                self._send(error_of(400, "ValidationException", "strict is not supported by this model"))
            case "never":
                self._wait(_NEVER_S)
                self.close_connection = True
            case "drip":
                self._drip(ordinary, float(fault.argument or 1))
            case "cut" | "reset":
                self._break_off(ordinary, hard=fault.name == "reset")
            case "garbage":
                self._send(Answer(200, b"<html><body>Sign in to the network</body></html>", "text/html"))
            case "garbage-json":
                self._send(Answer(200, b'{"output": [1, 2', "application/json"))
            case _:
                self._send(ordinary)

    def _wait(self, seconds: float) -> None:
        self.server.stopping.wait(seconds)

    def _drip(self, answer: Answer, pause: float) -> None:
        """Head at once, then one octet after the other, so that no single wait is long."""
        self.wfile.write(self._head(answer))
        for octet in answer.octets:
            self.wfile.write(bytes([octet]))
            self.wfile.flush()
            if self.server.stopping.wait(pause):
                return

    def _break_off(self, answer: Answer, *, hard: bool) -> None:
        self.wfile.write(self._head(answer) + answer.octets[: len(answer.octets) // 2])
        self.wfile.flush()
        if hard:  # a reset instead of an end
            linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.connection.close()
        self.close_connection = True

    def _body(self) -> bytes | None:
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > _MOST_OCTETS:
            self.close_connection = True
            return None
        return self.rfile.read(int(length))

    def _head(self, answer: Answer) -> bytes:
        lines = [
            f"HTTP/1.1 {answer.status} {'OK' if answer.status == 200 else 'Error'}",
            f"Content-Type: {answer.content_type}",
            f"Content-Length: {len(answer.octets)}",
            f"x-amzn-RequestId: standin-{time.monotonic_ns():x}",
        ]
        lines += [f"x-amzn-ErrorType: {answer.error}"] if answer.error else []
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    def _send(self, answer: Answer) -> None:
        self.wfile.write(self._head(answer) + answer.octets)
        self.wfile.flush()


def _json(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
