"""One contract, three doors: the core itself, FastAPI on uvicorn over real HTTP, and Lambda through AWS's own runtime
client, which is given events by a small stand-in of the Runtime API.
"""

import base64
import http.client
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from s2r_ci import signing
from s2r_ci.envelope import Envelope, default_idem, envelope_header, write_envelope
from s2r_service.core import answer
from s2r_service.handler import request_of
from s2r_service.messages import Request, Response
from tests.service.callers import deployment, document, nonce, problem, told

SECRET = "made-up-secret-for-the-doors-0123456789abcdef"
SCRIPT = "#!/bin/bash\n#SBATCH --gres=gpu:1\n#SBATCH --mem=4G\npython train.py # é😀\n"
ROOT = Path(__file__).parents[2]
ENVIRON = {
    "PATH": "/usr/bin:/bin",
    "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'lambda'}",
    "S2R_SHARED_SECRET": SECRET,
    "S2R_CONVERTER": "rules",
    "S2R_AUDIENCES": "https://service.example",
    "S2R_DOCS": "true",
}
Door = Callable[[Request], Response]


# --- the doors ---------------------------------------------------------------------------------------------


@contextmanager
def on_uvicorn(folder: Path) -> Iterator[Door]:
    """``python -m s2r_service`` as a process of its own, asked over HTTP."""
    command = [sys.executable, "-m", "s2r_service", "--port", "0", "--folder", str(folder)]
    server = subprocess.Popen(command, env=ENVIRON, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert server.stdout is not None
        address = server.stdout.readline().split()[1].removeprefix("http://")
        yield lambda request: over_http(address, request)
    finally:
        server.terminate()
        server.communicate()


def over_http(address: str, request: Request) -> Response:
    connection = http.client.HTTPConnection(address, timeout=60)
    connection.putrequest(request.method, request.target, skip_accept_encoding=True)
    for name, values in request.headers.items():
        for value in values:
            connection.putheader(name, value.encode("latin-1", "replace"))
    if request.body and "content-length" not in request.headers:
        connection.putheader("Content-Length", str(len(request.body)))
    connection.endheaders(request.body or None)
    found = connection.getresponse()
    made = Response(found.status, tuple(found.getheaders()), found.read())
    connection.close()
    return made


class Runtime(ThreadingHTTPServer):
    """The Lambda Runtime API, as far as its client asks for it."""

    def __init__(self) -> None:
        self.events: queue.Queue[Any] = queue.Queue()
        self.results: queue.Queue[Any] = queue.Queue()
        super().__init__(("127.0.0.1", 0), _Invocations)

    def __call__(self, request: Request) -> Response:
        self.events.put(event_of(request))
        found = self.results.get(timeout=60)
        return Response(found["statusCode"], tuple(found["headers"].items()), found["body"].encode())


class _Invocations(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Runtime

    def do_GET(self) -> None:
        event = self.server.events.get()
        body = json.dumps(event).encode()
        self.send_response(200)
        for name, value in {
            "Lambda-Runtime-Aws-Request-Id": "00000000-0000-0000-0000-000000000000",
            "Lambda-Runtime-Deadline-Ms": "99999999999999",
            "Lambda-Runtime-Trace-Id": "Root=1-00000000-000000000000000000000000",
            "Content-Type": "application/json",
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-west-2:123456789012:function:s2r",
            "Content-Length": str(len(body)),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        found = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.results.put(
            found if self.path.endswith("/response") else {"statusCode": 599, "headers": {}, "body": str(found)}
        )
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *arguments: Any) -> None:
        return


def event_of(request: Request) -> dict[str, Any]:
    """The event of a Function URL; what is no UTF-8 arrives as base64."""
    path, _, query = request.target.partition("?")
    body = request.body or b""
    try:
        text, encoded = body.decode("utf-8"), False
    except UnicodeDecodeError:
        text, encoded = base64.b64encode(body).decode("ascii"), True
    return {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {name: ",".join(values) for name, values in request.headers.items()},
        "requestContext": {"http": {"method": request.method, "path": path, "sourceIp": "203.0.113.5"}},
        **({"body": text} if body else {}),
        "isBase64Encoded": encoded,
    }


@contextmanager
def on_lambda(folder: Path) -> Iterator[Door]:
    """The handler under ``awslambdaric``, the runtime client that Lambda itself uses."""
    runtime = Runtime()
    threading.Thread(target=runtime.serve_forever, daemon=True).start()
    environ = {
        **ENVIRON,
        "S2R_STORE": f"file:{folder / 'store.sqlite3'}",
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{runtime.server_port}",
        "AWS_LAMBDA_FUNCTION_NAME": "s2r",
        "AWS_LAMBDA_FUNCTION_VERSION": "1",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_REGION": "us-west-2",
        "LAMBDA_TASK_ROOT": str(ROOT / "lambda"),
        "_HANDLER": "s2r_service.handler.handler",
    }
    command = [sys.executable, "-m", "awslambdaric", "s2r_service.handler.handler"]
    process = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield runtime
    finally:
        process.kill()
        process.communicate()
        runtime.shutdown()
        runtime.server_close()


@pytest.fixture(scope="module", params=["core", "uvicorn", "lambda"])
def door(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    if request.param == "core":
        import time

        from s2r_service.keyring import single_key

        parts = deployment(keys=single_key(SECRET, where="test"), now=time.time_ns, docs=True)
        yield lambda asked: answer(asked, parts)
        return
    folder = tmp_path_factory.mktemp(request.param)
    with (on_uvicorn if request.param == "uvicorn" else on_lambda)(folder) as found:
        yield found


# --- the contract ------------------------------------------------------------------------------------------


def ask(path: str = "/v1/convert", method: str = "POST", **members: Any) -> Request:
    import time

    made = Envelope(
        **{"aud": "https://service.example", "method": method, "path": path, "nonce": nonce()[-22:], **members}
    )
    if method == "POST" and not made.idem:
        made = Envelope(**{**{f: getattr(made, f) for f in made.__dataclass_fields__}, "idem": default_idem(made)})
    octets = envelope_header(made).encode() if method == "GET" else write_envelope(made)
    at = signing.timestamp_of(time.time_ns())
    headers = {"x-s2r-timestamp": (at,), "x-s2r-signature": (signing.sign(SECRET.encode(), at, octets),)}
    if method == "GET":
        return Request("GET", path, {**headers, "s2r-envelope": (octets.decode(),)})
    return Request("POST", path, {**headers, "content-type": ("application/json",)}, octets)


def raw(script: bytes) -> Request:
    import time

    at = repr(time.time())
    signature = signing.sign(SECRET.encode(), at, script)
    headers = {"x-s2r-timestamp": (at,), "x-s2r-signature": (signature,), "content-type": ("text/plain",)}
    return Request("POST", "/", headers, script)


def test_a_conversion_is_answered_and_signed(door: Door) -> None:
    request = ask(script=SCRIPT, name="jobs/a.sh")
    made = door(request)
    assert made.status == 200, made.body
    assert "kind: " in document(made)["runai_config"]
    mac = request.headers["x-s2r-signature"][0]
    assert signing.verify_response(
        SECRET.encode(), mac, 200, made.body, made.header("x-s2r-response-signature") or ""
    )
    assert problem(door(request)) == "replayed-signature"


def test_a_conversation_goes_on(door: Door) -> None:
    session = document(door(ask(script=SCRIPT, name="chat.sh")))["session_id"]
    lost = door(ask("/v1/chat", session_id=session, instruction="make it nicer"))
    assert problem(lost) == "instruction-rejected"
    refined = door(ask("/v1/chat", session_id=session, instruction="use 4 GPUs"))
    assert refined.status == 200, refined.body
    assert document(refined)["session_id"] == session
    assert door(ask("/v1/feedback", session_id=session, verdict="rejected", reason="too many")).status == 200
    turns = document(door(ask(f"/v1/history/{session}", "GET")))["turns"]
    assert [turn.get("instruction", turn.get("verdict")) for turn in turns] == ["", "use 4 GPUs", "rejected"]


def test_a_raw_script_of_the_first_s2r_is_answered(door: Door) -> None:
    made = door(raw(SCRIPT.encode()))
    assert made.status == 200
    assert isinstance(document(made)["runai_config"], str)


def test_octets_that_are_no_text_are_refused_and_not_a_fault(door: Door) -> None:
    assert problem(door(raw(b"\xff\xfe\x00"))) == "script-rejected"  # S-23


def test_quota_is_told(door: Door) -> None:
    assert document(door(ask("/v1/quota", "GET")))["limit"] == 100


def test_a_dry_run_is_free(door: Door) -> None:
    before = document(door(ask("/v1/quota", "GET")))["remaining"]
    assert document(door(ask("/v1/convert?dry_run=true", script=SCRIPT)))["dry_run"]
    assert document(door(ask("/v1/quota", "GET")))["remaining"] == before


@pytest.mark.parametrize("path", ["/", "/healthz", "/health", "/v1/models", "/openapi.json", "/docs"])
def test_pages_are_open(door: Door, path: str) -> None:
    assert door(Request("GET", path)).status == 200


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (Request("GET", "/nowhere"), "not-found"),
        (Request("POST", "//v1/convert"), "not-found"),
        (Request("POST", "/v1/%63onvert"), "not-found"),
        (Request("PUT", "/v1/convert"), "method-not-allowed"),
        (Request("POST", "/v1/convert"), "malformed-authentication"),
        (Request("POST", "/v1/convert", {"x-s2r-timestamp": ("1763650000",) * 2}), "malformed-authentication"),
        (Request("POST", "/", {"content-encoding": ("gzip",)}, b"x"), "unsupported-media-type"),
        (Request("POST", "/", {}, b"{" + b" " * 131_072), "payload-too-large"),
        (Request("POST", "/", {}, b"x" * 51_201), "payload-too-large"),
        (Request("POST", "/", {"x-s2r-timestamp": ("1763650000",), "x-s2r-signature": ("\xe9" * 64,)}, b"x"),
         "malformed-authentication"),
    ],
    ids=lambda value: str(value)[:40] if isinstance(value, str) else "",
)  # fmt: skip
def test_a_problem_is_the_same_through_every_door(door: Door, request_: Request, expected: str) -> None:
    assert problem(door(request_)) == expected


# --- Lambda's events ---------------------------------------------------------------------------------------

GOOD: dict[str, Any] = {
    "rawPath": "/",
    "rawQueryString": "",
    "headers": {"X-S2R-Timestamp": "1763650000"},
    "requestContext": {"http": {"method": "POST", "sourceIp": "203.0.113.5"}},
    "body": "x",
    "isBase64Encoded": False,
}


@pytest.mark.parametrize(
    "change",
    [
        {"body": None}, {"body": 5}, {"body": {}}, {"headers": None}, {"headers": {"a": ["b"]}}, {"headers": []},
        {"isBase64Encoded": "true"}, {"isBase64Encoded": True, "body": "YQ"},
        {"isBase64Encoded": True, "body": "Y Q=="},
        {"isBase64Encoded": True, "body": "_-8="}, {"isBase64Encoded": True, "body": "YQ==x"},
        {"isBase64Encoded": True, "body": "é"}, {"body": "\ud800"}, {"requestContext": None}, {"requestContext": {}},
        {"requestContext": {"http": None}}, {"rawPath": None}, {"rawPath": 5}, {"rawQueryString": 5},
        {"requestContext": {"http": {"method": None}}}, {"rawPath": "/\ud800"}, {"headers": {"\ud800": "\ud800"}},
    ],
    ids=repr,
)  # fmt: skip
def test_an_odd_event_is_refused_and_no_fault(change: dict[str, Any]) -> None:
    found = told(request_of({**GOOD, **change}), deployment())  # S-24, S-25
    assert found in ("malformed-request", "malformed-authentication", "not-found", "method-not-allowed")


@pytest.mark.parametrize("event", [None, [], "x", 5, {}])
def test_what_is_no_event_is_refused(event: Any) -> None:
    assert told(request_of(event), deployment()) in ("malformed-request", "method-not-allowed")


def test_the_address_is_the_peer_and_never_a_header() -> None:
    event = {**GOOD, "headers": {"X-Forwarded-For": "9.9.9.9"}}
    assert request_of(event).address == "203.0.113.5"


def test_base64_is_decoded_before_anything_is_signed() -> None:
    assert request_of({**GOOD, "isBase64Encoded": True, "body": "//4A"}).body == b"\xff\xfe\x00"


def test_a_connection_of_the_container_sends_at_once() -> None:
    import socket

    from s2r_service.__main__ import listener

    with listener("127.0.0.1", 0) as listening, socket.create_connection(listening.getsockname()):
        accepted, _ = listening.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
