"""Callers of the service, honest and not, and deployments for them to call."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, Final

from s2r_ci import signing
from s2r_ci.envelope import Envelope, default_idem, envelope_header, write_envelope
from s2r_service.conversion import ModelError, Prompt, Reply, Usage
from s2r_service.core import answer
from s2r_service.keyring import Key, Keyring
from s2r_service.messages import Request, Response
from s2r_service.model.catalogue import shipped
from s2r_service.parts import Brake, Parts
from s2r_service.settings import ServiceSettings
from s2r_service.store import Store
from s2r_service.store.embedded import EmbeddedStore

SECRET: Final = b"made-up-secret-0123456789abcdef-0123456789"
OTHER: Final = b"another-made-up-secret-9876543210-fedcba98"
AUD: Final = "https://service.example"
NOW: Final = 1763650000 * 10**9
SCRIPT: Final = "#!/bin/bash\n#SBATCH --job-name=a\n#SBATCH --gres=gpu:1\n#SBATCH --mem=4G\npython train.py\n"
KEYS: Final = Keyring(
    {
        "ci-1": Key("ci-1", SECRET, client="ci", default=True),
        "ci-2": Key("ci-2", OTHER, client="other"),
        "old": Key("old", SECRET, client="old", not_after_ns=NOW - 86_400 * 10**9),
        "soon": Key("soon", SECRET, client="soon", not_before_ns=NOW + 86_400 * 10**9),
    }
)
_NONCES = count()


class Clock:
    """A clock that stands still until it is told."""

    def __init__(self, now_ns: int = NOW) -> None:
        self.now_ns = now_ns

    def __call__(self) -> int:
        return self.now_ns


@dataclass
class Asked:
    """A model that counts its calls, and answers that it decided nothing, or what it is told to."""

    calls: int = 0
    problem: str = ""
    usage: Usage = field(default_factory=lambda: Usage(1000, 50, 1))

    def decide(self, prompt: Prompt, *, model_id: str, timeout_s: float, attempts: int = 2) -> Reply:
        self.calls += 1
        if self.problem:
            raise ModelError(self.problem, usage=self.usage, detail="arn:aws:canary:123456789012")
        return Reply(tool_input=self.answer(), usage=self.usage, model_id=model_id)

    def answer(self) -> Any:
        return {}


def deployment(
    store: Store | None = None,
    *,
    model: Any = None,
    now: Callable[[], int] | None = None,
    keys: Keyring = KEYS,
    observe: Callable[[Mapping[str, Any]], None] | None = None,
    **settings: Any,
) -> Parts:
    """A deployment whose clock stands still at NOW and whose store is in memory."""
    made = ServiceSettings(audiences=frozenset({AUD}), **settings)
    return Parts(
        settings=made,
        keyring=lambda: keys,
        store=store or EmbeddedStore(),
        model=model,
        catalogue=shipped(),
        brake=Brake(made.failure_limit),
        now_ns=now or Clock(),
        clock=time.monotonic,
        observe=observe or (lambda record: None),
    )


def nonce() -> str:
    """A nonce that no test has used."""
    return f"{next(_NONCES):022d}"


def envelope(path: str = "/v1/convert", method: str = "POST", **members: Any) -> Envelope:
    """An envelope of key ci-1."""
    made = Envelope(**{"aud": AUD, "method": method, "path": path, "kid": "ci-1", "nonce": nonce(), **members})
    return made if made.idem or method == "GET" else replace(made, idem=default_idem(made))


def headers(
    payload: bytes, *, secret: bytes = SECRET, kid: str | None = "ci-1", at: str = ""
) -> dict[str, tuple[str, ...]]:
    """The headers of a signature."""
    at = at or signing.timestamp_of(NOW)
    found: dict[str, tuple[str, ...]] = {
        signing.TIMESTAMP_HEADER.lower(): (at,),
        signing.SIGNATURE_HEADER.lower(): (signing.sign(secret, at, payload),),
    }
    return found if kid is None else {**found, signing.KEY_ID_HEADER.lower(): (kid,)}


def post(body: bytes, path: str = "/v1/convert", **signature: Any) -> Request:
    """A signed POST of these octets."""
    return Request("POST", path, headers(body, **signature), body)


def ask(made: Envelope, **signature: Any) -> Request:
    """A signed request with an envelope, as its method carries it."""
    if made.method == "GET":
        header = envelope_header(made)
        found = headers(header.encode(), **signature)
        return Request("GET", made.path, {**found, signing.ENVELOPE_HEADER.lower(): (header,)})
    return post(write_envelope(made), made.path, **signature)


def convert(script: str = SCRIPT, path: str = "/v1/convert", **members: Any) -> Request:
    """A signed conversion of key ci-1."""
    return ask(envelope(path, script=script, **members))


def raw(script: bytes = SCRIPT.encode(), **signature: Any) -> Request:
    """A conversion as clients of the first s2r ask for it."""
    return post(script, "/", **{"kid": None, **signature})


def document(made: Response) -> Any:
    """The body of an answer."""
    return json.loads(made.body)


def problem(made: Response) -> str:
    """The code of a problem; empty for an answer that is none."""
    if made.status < 400:
        return ""
    assert made.header("content-type") == "application/problem+json"
    found = document(made)
    assert found["status"] == made.status
    return str(found["type"]).removeprefix("urn:s2r-ci:problem:")


def told(request: Request, parts: Parts) -> str:
    """``200``, or the code of the problem that a request meets."""
    made = answer(request, parts)
    return problem(made) or str(made.status)
