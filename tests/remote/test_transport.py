"""One request over the wire (C-02, C-03, C-09, C-10, F-32 to F-34): real sockets that misbehave."""

import gzip
import threading
import time
import tracemalloc
from pathlib import Path

import pytest

from s2r_ci.errors import ConversionError, MalformedReplyError
from s2r_ci.remote.transport import Answer, Transport, TransportError
from tests.remote.wires import Answer as Wire
from tests.remote.wires import Certificates, certificates, dripping, endless, says, wire

OK = b"HTTP/1.1 200 OK\r\n"
SECRET_HEADERS = {"X-S2R-Signature": "canary-signature", "X-S2R-Key-Id": "ci"}


def ask(port: int, *, within_s: float = 10.0, scheme: str = "http") -> Answer:
    return Transport(f"{scheme}://127.0.0.1:{port}").send(
        "POST", "/v1/convert", SECRET_HEADERS, b"{}", within_s=within_s
    )


def test_an_answer_comes_whole() -> None:
    body = b'{"a": 1}'
    with wire(says(OK, b"Content-Type: application/json\r\nContent-Length: 8\r\n\r\n", body)) as (port, heads):
        assert ask(port) == Answer(200, {"content-type": "application/json", "content-length": "8"}, body)
    assert b"Accept-Encoding: identity" in heads[0]
    assert b"User-Agent: s2r-ci/" in heads[0]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    """C-02, F-33: the other host would get the signature and the script."""
    with wire(says(OK)) as (other, others):
        location = f"Location: http://127.0.0.1:{other}/\r\nContent-Length: 0\r\n\r\n".encode()
        moved = says(b"HTTP/1.1 %d Moved\r\n" % status, location)
        with wire(moved) as (port, _), pytest.raises(MalformedReplyError, match="redirect"):
            ask(port)
        assert not others


BIG = b"x" * 65_536
TOO_MUCH: list[object] = [
    pytest.param(endless(OK + b"Content-Length: 300000000\r\n\r\n", BIG), "larger than 262,144", id="300 MB, said"),
    pytest.param(endless(OK + b"\r\n", BIG), "larger than 262,144", id="300 MB, not said"),
    pytest.param(
        endless(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + BIG + b"\r\n"), "larger than 262,144",
        id="chunks without end",
    ),
    pytest.param(
        says(OK, b"Content-Encoding: gzip\r\n\r\n", gzip.compress(bytes(50_000_000))), "compressed", id="gzip bomb"
    ),
    pytest.param(says(OK, b"Content-Length: 100\r\n\r\n", b"short"), "cut off|cannot be", id="length lies, short"),
    pytest.param(says(OK, b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"), "cannot be", id="chunk is none"),
    pytest.param(says(b"HTTP/1.1 200 OK\r\nContent-Le"), "cut off|cannot be", id="head cut off"),
    pytest.param(says(b"SSH-2.0-x\r\n\r\n"), "cannot be", id="no HTTP"),
    pytest.param(says(OK, b"X: " + b"y" * 200_000 + b"\r\n\r\n"), "cannot be", id="header of 200 kB"),
    pytest.param(says(b""), "cannot be", id="nothing"),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "said"), TOO_MUCH)
def test_an_answer_that_is_not_right_is_refused_in_little_memory(answer: Wire, said: str) -> None:
    """C-03, F-34."""
    with wire(answer) as (port, _):
        tracemalloc.start()
        try:
            with pytest.raises(ConversionError, match=said):
                ask(port)
            assert tracemalloc.get_traced_memory()[1] < 16 * 262_144
        finally:
            tracemalloc.stop()


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        pytest.param(OK + b"Content-Length: 1000\r\n\r\n", b"x", id="body"),
        pytest.param(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n", id="chunks"),
        pytest.param(OK, b"X: y\r\n", id="headers"),
        pytest.param(b"", b"H", id="status line"),
        pytest.param(b"", b"", id="silence"),
    ],
)
def test_an_answer_that_drips_ends_in_time(head: bytes, piece: bytes) -> None:
    """A socket's own timeout counts from octet to octet; what counts here is the whole request."""
    stop = threading.Event()
    with wire(dripping(head, piece, stop)) as (port, _):
        began = time.monotonic()
        with pytest.raises(TransportError, match=r"in time|cannot be"):
            ask(port, within_s=0.5)
        assert time.monotonic() - began < 15  # not the 65 s of one read, and far from endless
    stop.set()


def test_a_connection_is_used_again() -> None:
    body = OK + b"Content-Length: 2\r\n\r\n{}"

    def answer(connection: object) -> None:
        for _ in range(3):
            connection.sendall(body)  # type: ignore[attr-defined]
            if not connection.recv(4096):  # type: ignore[attr-defined]
                return

    with wire(answer) as (port, heads):
        transport = Transport(f"http://127.0.0.1:{port}")
        for _ in range(3):
            assert transport.send("GET", "/healthz", {}, b"", within_s=5).body == b"{}"
        assert len(heads) == 1


# --- the surroundings: proxies, netrc, certificates -----------------------------------------------------------


def test_a_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with wire(says(OK, b"Content-Length: 2\r\n\r\n{}")) as (port, heads):
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("NO_PROXY", "")
        Transport("http://service.invalid").send("GET", "/healthz", {}, b"", within_s=5)
        assert heads[0].startswith(b"GET http://service.invalid/healthz ")
        monkeypatch.setenv("NO_PROXY", "service.invalid")
        with pytest.raises(TransportError, match="cannot be reached"):
            Transport("http://service.invalid").send("GET", "/healthz", {}, b"", within_s=5)
        assert len(heads) == 1


def test_a_netrc_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login canary password canary\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with wire(says(OK, b"Content-Length: 2\r\n\r\n{}")) as (port, heads):
        ask(port)
    assert b"Authorization" not in heads[0]


@pytest.fixture(scope="module")
def certs(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return certificates(tmp_path_factory.mktemp("certificates"))


def test_a_certificate_authority_of_the_environment_counts(
    certs: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certs.authority))
    with wire(says(OK, b"Content-Length: 2\r\n\r\n{}"), certs.context("good")) as (port, heads):
        assert ask(port, scheme="https").body == b"{}"
        assert heads


@pytest.mark.parametrize("name", ["old", "other", "own"])
def test_a_certificate_that_is_not_right_ends_it(
    name: str, certs: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    """C-10, F-32: nothing is sent, and nobody tries without checks."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certs.authority))
    with wire(says(OK, b"Content-Length: 2\r\n\r\n{}"), certs.context(name)) as (port, heads):
        with pytest.raises(TransportError, match="certificate of the service cannot be trusted") as caught:
            ask(port, scheme="https")
        assert not caught.value.again
        assert not heads


def test_an_authority_that_nobody_named_is_not_trusted(certs: Certificates) -> None:
    with wire(says(OK), certs.context("good")) as (port, heads):
        with pytest.raises(TransportError, match="cannot be trusted"):
            ask(port, scheme="https")
        assert not heads


@pytest.mark.parametrize("origin", ["http://service.invalid", "http://127.0.0.1:1"])
def test_a_host_that_is_not_there_is_told_with_its_cause(origin: str) -> None:
    """F-32."""
    with pytest.raises(TransportError, match="cannot be reached: ") as caught:
        Transport(origin).send("POST", "/v1/convert", SECRET_HEADERS, b"{}", within_s=5)
    assert "canary" not in str(caught.value)
    assert "HTTPConnection" not in str(caught.value)
