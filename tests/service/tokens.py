"""An issuer of workflow tokens on loopback: real RS256 by a well-known library, a key set and a runner over HTTP."""

import json
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

REPOSITORY: Final = "700001"
OWNER: Final = "900001"
RUNNER: Final = "a-made-up-runner-token"


@cache
def private_key(name: str = "one", bits: int = 2048) -> rsa.RSAPrivateKey:
    """A key pair; the same one for the same name."""
    return rsa.generate_private_key(public_exponent=65_537, key_size=bits)


def encoded(data: bytes) -> str:
    """base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def part(value: Any) -> str:
    """A part of a token."""
    return encoded(value if isinstance(value, bytes) else json.dumps(value).encode())


def signature(signed: bytes, key: rsa.RSAPrivateKey, digest: hashes.HashAlgorithm | None = None) -> bytes:
    """RSASSA-PKCS1-v1_5."""
    return key.sign(signed, padding.PKCS1v15(), digest or hashes.SHA256())


def jwk(name: str = "one", bits: int = 2048, **changed: Any) -> dict[str, Any]:
    """The public half as a key set holds it."""
    numbers = private_key(name, bits).public_key().public_numbers()
    made = {"kty": "RSA", "alg": "RS256", "use": "sig", "kid": name}
    made |= {"n": _number(numbers.n), "e": _number(numbers.e)}
    return {each: value for each, value in (made | changed).items() if value is not None}


def _number(value: int) -> str:
    return encoded(value.to_bytes((value.bit_length() + 7) // 8))


def claims(issuer: str, audience: Any, now_s: int, **changed: Any) -> dict[str, Any]:
    """What a workflow's token says; None takes a claim away."""
    made: dict[str, Any] = {
        "iss": issuer, "aud": audience, "jti": f"jti-{time.monotonic_ns()}", "iat": now_s, "nbf": now_s - 5,
        "exp": now_s + 300, "sub": "repo:team/repo:ref:refs/heads/main", "repository": "team/repo",
        "repository_id": REPOSITORY, "repository_owner_id": OWNER, "event_name": "push", "ref": "refs/heads/main",
    }  # fmt: skip
    return {name: value for name, value in (made | changed).items() if value is not None}


def token(said: Mapping[str, Any], *, key: str = "one", bits: int = 2048, **header: Any) -> str:
    """A token as GitHub makes it."""
    head = {"typ": "JWT", "alg": "RS256", "kid": key, "x5t": key} | header
    signed = f"{part({name: value for name, value in head.items() if value is not None})}.{part(said)}"
    return f"{signed}.{encoded(signature(signed.encode(), private_key(key, bits)))}"


class IssuerServer:
    """Serves ``/.well-known/jwks``, and ``/token`` as a runner does for a job with ``id-token: write``."""

    def __init__(self, *keys: dict[str, Any], **changed: Any) -> None:
        self.keys = list(keys) or [jwk()]
        self.changed = changed
        self.status = 200
        self.asked: list[tuple[str, str]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        """The issuer."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def environ(self) -> dict[str, str]:
        """What a runner sets for a job that may have tokens."""
        return {
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{self.url}/token?api-version=2.0",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": RUNNER,
        }

    def __enter__(self) -> "IssuerServer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, path: str, authorization: str) -> tuple[int, Any]:
        """Status and body."""
        self.asked.append((path, authorization))
        if path.startswith("/.well-known/jwks"):
            return self.status, {"keys": self.keys}
        if authorization != f"bearer {RUNNER}":
            return 401, {"message": "no"}
        (audience,) = parse_qs(urlsplit(path).query)["audience"]
        return 200, {"value": token(claims(self.url, audience, int(time.time()), **self.changed))}


def _handler_of(server: IssuerServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            status, said = server.answer(self.path, self.headers.get("Authorization", ""))
            data = json.dumps(said).encode()
            head = (
                f"HTTP/1.1 {status} Answer\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
            )
            self.wfile.write(head.encode() + data)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler
