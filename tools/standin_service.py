"""A stand-in for the conversion service: real HTTP on loopback, rules as its model, and faults on demand.

For the tests and benchmarks of the client, which have to see answers that no healthy service gives. It keeps the wire
format (signature, envelope, problems, idempotency, quota) with the shared code of ``s2r_ci`` and counts what it
charges. ``python -m tools.standin_service --latency 1`` runs it alone and prints its address.
"""

import argparse
import hashlib
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from s2r_ci.convert.rules import RulesConverter
from s2r_ci.envelope import Envelope, content_digest, read_envelope, read_envelope_header
from s2r_ci.envelope.context import target_of
from s2r_ci.model import Script, Target
from s2r_ci.pipeline import convertible
from s2r_ci.problems import MEDIA_TYPE, PROBLEMS, problem_document
from s2r_ci.runai.yaml import write_yaml
from s2r_ci.signing import (
    ENVELOPE_HEADER,
    REPLAY_HEADER,
    RESPONSE_HEADER,
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    response_signature,
    timestamp_ns,
    verify,
    within_window,
)

SECRET = b"standin-secret-made-up-for-tests-0123456789"


@dataclass
class Reply:
    """An answer before it is signed."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


Fault = Callable[["Handler", Envelope | None], bool]
"""Answers in the service's place and returns True; or does something first and returns False."""


class StandIn:
    """The service's state: what was seen, stored and charged. ``faults`` are taken one a conversion, in order."""

    def __init__(
        self, *, limit: int = 100, latency_s: float = 0.0, faults: list[Fault] | None = None,
        skew_s: int = 0, manifest: Callable[[Envelope, str], str] | None = None, always: Fault | None = None,
    ) -> None:  # fmt: skip
        self.limit = limit
        self.latency_s = latency_s
        self.faults = list(faults or [])
        self.always = always
        self.skew_s = skew_s
        self.manifest = manifest
        self.answers: dict[str, Any] = {}  # what a chat makes of its instruction, in the names of the settings
        self.rejected: list[str] = []  # sessions, as feedback named them
        self.chats: list[Envelope] = []
        self.seen: list[Envelope] = []
        self.bodies: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self.charged: list[str] = []  # idempotency keys
        self.most_in_flight = 0
        self._in_flight = 0
        self._stored: dict[str, tuple[str, Reply]] = {}
        self._macs: set[str] = set()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.standin = self  # type: ignore[attr-defined]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> "StandIn":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def now_ns(self) -> int:
        """The service's clock."""
        return time.time_ns() + self.skew_s * 10**9

    # --- one request

    def answer(self, handler: "Handler", body: bytes) -> Reply | None:
        """The reply to a request; None where a fault has answered already."""
        if handler.path == "/healthz":
            return _json(200, {"s2r": [1], "time": self.now_ns() // 10**9})
        header = handler.headers.get(ENVELOPE_HEADER, "")
        payload = header.encode() if handler.command == "GET" else body
        timestamp = handler.headers.get(TIMESTAMP_HEADER, "")
        mac = handler.headers.get(SIGNATURE_HEADER, "")
        then = timestamp_ns(timestamp)
        if then is None:
            return _problem("malformed-authentication")
        if not verify(SECRET, timestamp, payload, mac):
            return _problem("invalid-signature")
        if not within_window(then, self.now_ns()):
            return _problem("clock-skew", server_time=self.now_ns() / 1e9)
        envelope = read_envelope_header(header) if handler.command == "GET" else read_envelope(body)
        if (envelope.aud, envelope.method, envelope.path) != (self.address, handler.command, handler.path):
            return _problem("wrong-audience")
        with self._lock:
            if mac in self._macs:
                return _problem("replayed-signature")
            self._macs.add(mac)
        if envelope.path == "/v1/quota":
            return _json(200, {"limit": self.limit, "remaining": self.limit - len(self.charged), "resets_in": 3600})
        if envelope.path == "/v1/chat":
            return self._chat(envelope)
        if envelope.path.startswith("/v1/history/"):
            turns = [{"verdict": "rejected"}] * self.rejected.count(envelope.path.rpartition("/")[2])
            return _json(200, {"s2r": 1, "session_id": envelope.path.rpartition("/")[2], "turns": turns})
        if envelope.path == "/v1/feedback":
            self.rejected.append(envelope.session_id)
            return _json(200, {"s2r": 1, "session_id": envelope.session_id})
        return self._conversion(handler, envelope, body)

    def _chat(self, envelope: Envelope) -> Reply:
        """The first conversion of a session once more, with the answers that a test has put here."""
        self.chats.append(envelope)
        about = next((each for each in self.seen if session_of(each) == envelope.session_id), None)
        if about is None:
            return _problem("not-found")
        target = target_of(about)
        target = replace(target, options=(*target.options, *self.answers.get("options", ())))
        target = replace(target, image=self.answers.get("image", target.image))
        return self._made(about, target, answers=self.answers)

    def _conversion(self, handler: "Handler", envelope: Envelope, body: bytes) -> Reply | None:
        with self._lock:
            self.seen.append(envelope)
            self.bodies.append(body)
            self.headers.append(dict(handler.headers.items()))
            fault = self.faults.pop(0) if self.faults else self.always
            self._in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self._in_flight)
        try:
            if fault is not None and fault(handler, envelope):
                return None
            return self._convert(envelope)
        finally:
            with self._lock:
                self._in_flight -= 1

    def _convert(self, envelope: Envelope) -> Reply:
        content = content_digest(envelope)
        with self._lock:
            if envelope.idem in self._stored:
                known, reply = self._stored[envelope.idem]
                if known != content:
                    return _problem("idempotency-key-reused")
                return Reply(reply.status, reply.body, {**reply.headers, REPLAY_HEADER: "true"})
            if len(self.charged) >= self.limit:
                return _problem("quota-exceeded", headers={"Retry-After": "3600"})
            self.charged.append(envelope.idem)
        if self.latency_s:
            time.sleep(self.latency_s)
        reply = self._made(envelope)
        with self._lock:
            self._stored[envelope.idem] = (content, reply)
        return reply

    def _made(self, envelope: Envelope, target: Target | None = None, **members: Any) -> Reply:
        script = Script(path=envelope.name or "job.sh", data=envelope.script.encode())
        request = convertible(script, target or target_of(envelope))
        if request is None:
            return _problem("script-rejected")
        text = write_yaml(RulesConverter().convert(request).manifest.body)
        if self.manifest is not None:
            text = self.manifest(envelope, text)
        return _json(200, conversion(envelope, text, **members))


def session_of(envelope: Envelope) -> str:
    """The session that a conversion begins."""
    return f"-session-{envelope.idem[:16]}"  # begins as an option does: one of the service's may


def conversion(envelope: Envelope, text: str, **members: Any) -> dict[str, Any]:
    """The body of an answer 200."""
    return {
        "runai_config": text,
        "s2r": 1,
        "request_id": "r-1",
        "model": None,
        "prompt_version": None,
        "usage": {"input_tokens": 1000, "output_tokens": 100, "calls": 1},
        "script_sha256": hashlib.sha256(envelope.script.encode()).hexdigest(),
        "warnings": [],
        "questions": [],
        "session_id": session_of(envelope),
        **members,
    }


def _json(status: int, value: Any) -> Reply:
    return Reply(status, json.dumps(value).encode(), {"Content-Type": "application/json"})


def _problem(code: str, headers: dict[str, str] | None = None, **members: Any) -> Reply:
    body = json.dumps(problem_document(code, "r-1", **members)).encode()
    return Reply(PROBLEMS[code].status, body, {"Content-Type": MEDIA_TYPE, **(headers or {})})


class Handler(BaseHTTPRequestHandler):
    """Speaks HTTP for the stand-in."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    @property
    def standin(self) -> StandIn:
        """The state behind it."""
        found: StandIn = self.server.standin  # type: ignore[attr-defined]
        return found

    def do_POST(self) -> None:
        """Any request."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        reply = self.standin.answer(self, body)
        if reply is not None:
            self.send(reply, signed=b"authentication" not in reply.body and b"invalid-signature" not in reply.body)

    def do_GET(self) -> None:
        """The same."""
        self.do_POST()

    def send(self, reply: Reply, *, signed: bool = True) -> None:
        """Send an answer in one piece, signed as the service signs."""
        headers = {**reply.headers, "Content-Length": str(len(reply.body))}
        if signed:
            mac = self.headers.get(SIGNATURE_HEADER, "")
            headers[RESPONSE_HEADER] = response_signature(SECRET, mac, reply.status, reply.body)
        self.raw(reply.status, headers, reply.body)

    def raw(self, status: int, headers: dict[str, str], body: bytes) -> None:
        """Send octets as they are."""
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self.wfile.write(f"HTTP/1.1 {status} Answer\r\n{head}\r\n".encode() + body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


# --- faults ------------------------------------------------------------------------------------------------


def problem(code: str, *, retry_after: str = "", signed: bool = True, **members: Any) -> Fault:
    """Answer with a problem."""

    def fault(handler: Handler, envelope: Envelope | None) -> bool:
        headers = {"Retry-After": retry_after} if retry_after else {}
        handler.send(_problem(code, headers, **members), signed=signed)
        return True

    return fault


def says(value: Any, *, status: int = 200, signed: bool = True, kind: str = "application/json") -> Fault:
    """Answer with a body of one's own: octets, or a value written as JSON."""

    def fault(handler: Handler, envelope: Envelope | None) -> bool:
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        handler.send(Reply(status, body, {"Content-Type": kind}), signed=signed)
        return True

    return fault


def conversion_with(**members: Any) -> Fault:
    """Answer 200, with members of one's own; None takes a member away."""

    def fault(handler: Handler, envelope: Envelope | None) -> bool:
        assert envelope is not None
        made = handler.standin._made(envelope)
        body = {**json.loads(made.body), **members}
        handler.send(_json(200, body))
        return True

    return fault


def lost(handler: Handler, envelope: Envelope | None) -> bool:
    """Convert and charge, and drop the answer."""
    assert envelope is not None
    handler.standin._convert(envelope)
    handler.close_connection = True
    return True


def twice(handler: Handler, envelope: Envelope | None) -> bool:
    """As if the network had sent the request twice and its second answer came back."""
    assert envelope is not None
    handler.standin._convert(envelope)
    handler.send(_problem("replayed-signature"))
    return True


def dropped(handler: Handler, envelope: Envelope | None) -> bool:
    """Close the connection without a word."""
    handler.close_connection = True
    return True


def nothing(handler: Handler, envelope: Envelope | None) -> bool:
    """No fault."""
    return False


def main() -> None:
    """Run alone until standard input ends."""
    import sys

    parser = argparse.ArgumentParser(prog="python -m tools.standin_service")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds")
    parser.add_argument("--limit", type=int, default=1_000_000)
    given = parser.parse_args()
    with StandIn(limit=given.limit, latency_s=given.latency) as standin:
        print(standin.address, flush=True)
        sys.stdin.read()
        print(len(standin.charged), standin.most_in_flight, flush=True)


if __name__ == "__main__":
    main()
