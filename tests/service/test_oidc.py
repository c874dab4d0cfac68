"""A workflow's token for a key: every bad token, the issuer's keys, and what is bought."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Final

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from hypothesis import given, settings
from hypothesis import strategies as st

from s2r_ci.errors import ConfigurationError
from s2r_ci.signing import read_secret
from s2r_service.assembly import assembled
from s2r_service.core import answer
from s2r_service.keyring import SESSION_S, read_keys, session_kid
from s2r_service.messages import Request
from s2r_service.oidc.issuer import (
    AGAIN_S,
    FRESH_S,
    LAST_GOOD_S,
    Issuer,
    IssuerUnavailableError,
    KeySetError,
    fetching,
)
from s2r_service.oidc.issuer import read_keys as read_set
from s2r_service.oidc.sessions import EVENTS, Oidc, Policy
from s2r_service.oidc.token import PublicKey, Token, TokenError, is_signed, read_token
from s2r_service.parts import Parts
from tests.service.callers import AUD, KEYS, NOW, Clock, ask, convert, deployment, document, envelope, problem, raw
from tests.service.tokens import (
    OWNER,
    REPOSITORY,
    IssuerServer,
    claims,
    encoded,
    jwk,
    part,
    private_key,
    signature,
    token,
)

NOW_S: Final = NOW // 10**9
ISSUER: Final = "https://issuer.example"
ISSUING: Final = b"made-up-issuing-secret-0123456789abcdef"


class Steady:
    """A clock that is moved."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def policy(**changed: Any) -> Policy:
    made = Policy(ISSUER, frozenset({AUD}), frozenset({REPOSITORY}), frozenset(), frozenset(EVENTS))
    return made._replace(**changed)


def taking(now: Callable[[], int] | None = None, *, keys: Any = None, limit: int = 100, **changed: Any) -> Parts:
    """A deployment that takes tokens of ISSUER."""
    made = deployment(now=now, keys=KEYS._replace(issuers=(ISSUING,)), daily_limit=limit, repository_limit=limit)
    data = json.dumps({"keys": keys or [jwk()]}).encode()
    return made._replace(oidc=Oidc(policy(**changed), Issuer(lambda: data, Steady())))


def bearing(text: str, *more: str) -> Request:
    return Request("POST", "/v1/session", {"authorization": (f"Bearer {text}", *more)}, b"")


def good(**changed: Any) -> str:
    return token(claims(ISSUER, AUD, NOW_S, **changed))


def bought(parts: Parts, **changed: Any) -> tuple[str, bytes]:
    """A key id and its secret."""
    made = answer(bearing(good(**changed)), parts)
    assert made.status == 200, made.body
    said = document(made)
    assert said["not_after"] == parts.now_ns() // 10**9 + SESSION_S
    return said["kid"], said["secret"].encode()


# --- what a session is good for --------------------------------------------------------------------------------


def test_a_token_buys_a_key_that_converts() -> None:
    parts = taking()
    kid, secret = bought(parts)
    assert read_secret(secret, where="here") == secret
    made = answer(convert_with(kid, secret), parts)
    assert made.status == 200
    assert document(made)["runai_config"]


def convert_with(kid: str, secret: bytes, **members: Any) -> Request:
    from tests.service.callers import SCRIPT

    return ask(envelope(kid=kid, script=members.pop("script", SCRIPT), **members), kid=kid, secret=secret)


def test_a_key_dies_after_fifteen_minutes() -> None:
    clock = Clock()
    parts = taking(clock)
    kid, secret = bought(parts)
    from s2r_ci.signing import timestamp_of

    clock.now_ns = NOW + (SESSION_S + 1) * 10**9
    late = raw(kid=kid, secret=secret, at=timestamp_of(clock.now_ns))
    assert problem(answer(late, parts)) == "key-expired"


def test_limits_belong_to_the_repository_whatever_the_session_says() -> None:
    parts = taking(limit=2)
    first, second = bought(parts), bought(parts)
    assert first[0] != second[0]
    from s2r_ci.envelope import Repo

    scripts = [f"#!/bin/bash\n#SBATCH --mem=4G\npython train.py {number}\n" for number in range(3)]
    other = Repo("123", "somebody/else")
    codes = [
        answer(convert_with(*key, script=script, repo=other), parts).status
        for key, script in zip((first, second, first), scripts, strict=True)
    ]
    assert codes == [200, 200, 429]
    assert answer(convert(), parts).status == 200, "the deployment's own keys have their own limits"


def test_a_later_session_of_the_repository_gets_the_kept_answer() -> None:
    parts = taking(limit=1)
    assert answer(convert_with(*bought(parts), idem="same"), parts).status == 200
    again = answer(convert_with(*bought(parts), idem="same"), parts)
    assert again.header("S2R-Idempotent-Replay") == "true"


def test_a_session_belongs_to_its_repository_alone() -> None:
    parts = taking(owners=frozenset({OWNER}))
    mine, others = bought(parts), bought(parts, repository_id="800002")
    session = document(answer(convert_with(*mine), parts))["session_id"]
    asked = {"path": f"/v1/history/{session}", "method": "GET"}
    kid, secret = others
    assert problem(answer(ask(envelope(**asked, kid=kid), kid=kid, secret=secret), parts)) == "not-found"
    kid, secret = bought(parts)
    assert answer(ask(envelope(**asked, kid=kid), kid=kid, secret=secret), parts).status == 200


@pytest.mark.parametrize(
    "kid",
    [
        session_kid(REPOSITORY, NOW_S + SESSION_S, "A" * 22),
        session_kid("1", NOW_S + 10 * SESSION_S, "A" * 22),
        "oidc-1-2-3",
        "oidc",
    ],
)
def test_a_key_id_that_was_not_bought_signs_nothing_and_asks_no_store(kid: str) -> None:
    from tests.service.test_strangers import Untouched

    parts = taking()._replace(store=Untouched())
    assert problem(answer(raw(kid=kid), parts)) == "invalid-signature"


def test_who_revokes_the_issuing_secret_ends_all_sessions() -> None:
    parts = taking()
    key = bought(parts)
    rotated = parts._replace(keyring=lambda: KEYS._replace(issuers=(b"n" * 20 + ISSUING, ISSUING)))
    assert answer(convert_with(*key), rotated).status == 200, "the old one is still there"
    gone = parts._replace(keyring=lambda: KEYS)
    assert problem(answer(convert_with(*key), gone)) == "invalid-signature"
    assert problem(answer(bearing(good()), gone)) == "not-found"


# --- J: bad tokens ---------------------------------------------------------------------------------------------


def forged(head: dict[str, Any], said: Any = None, signed_by: str = "one") -> str:
    body = f"{part(head)}.{part(said if said is not None else claims(ISSUER, AUD, NOW_S))}"
    return f"{body}.{encoded(signature(body.encode(), private_key(signed_by)))}"


HEAD: Final = {"typ": "JWT", "alg": "RS256", "kid": "one"}
SHA_512: Final = f"{part(HEAD)}.{part(claims(ISSUER, AUD, NOW_S))}"


def by_hs256() -> str:
    import hashlib
    import hmac

    body = f"{part({**HEAD, 'alg': 'HS256'})}.{part(claims(ISSUER, AUD, NOW_S))}"
    return f"{body}.{encoded(hmac.new(json.dumps(jwk()).encode(), body.encode(), hashlib.sha256).digest())}"


def pointing(name: str) -> Callable[[], str]:
    return lambda: forged({**HEAD, name: "https://evil.example"})


BAD: Final[dict[str, Callable[[], str]]] = {
    "J-01 alg none": lambda: f"{part({**HEAD, 'alg': 'none'})}.{part(claims(ISSUER, AUD, NOW_S))}.",
    "J-01 alg none, signed": lambda: forged({**HEAD, "alg": "none"}),
    "J-02 HS256 with the public key": by_hs256,
    "J-03 an unknown key": lambda: token(claims(ISSUER, AUD, NOW_S), key="two"),
    "J-03 another key under a known id": lambda: forged(HEAD, signed_by="two"),
    **{f"J-04 {name}": pointing(name) for name in ("jku", "x5u", "jwk", "x5c", "cty", "zip")},
    "J-05 crit": lambda: forged({**HEAD, "crit": ["b64"], "b64": False}),
    "J-06 no audience": lambda: good(aud=None),
    "J-06 a list with another": lambda: good(aud=[AUD, "https://other.example"]),
    "J-06 a prefix": lambda: good(aud=AUD[:-1]),
    "J-06 longer": lambda: good(aud=AUD + "/"),
    "J-06 the owner's default": lambda: good(aud="https://github.com/team"),
    "J-06 an empty list": lambda: good(aud=[]),
    "J-07 a slash": lambda: good(iss=ISSUER + "/"),
    "J-07 another host": lambda: good(iss="https://issuer.example.evil"),
    "J-07 http": lambda: good(iss="http://issuer.example"),
    "J-07 a list": lambda: good(iss=[ISSUER]),
    "J-08 expired 61 s ago": lambda: good(exp=NOW_S - 61),
    "J-08 good in 61 s": lambda: good(nbf=NOW_S + 61),
    "J-08 issued in 61 s": lambda: good(iat=NOW_S + 61),
    "J-08 no exp": lambda: good(exp=None),
    "J-08 no iat": lambda: good(iat=None),
    "J-08 exp a text": lambda: good(exp=str(NOW_S + 300)),
    "J-08 exp a truth": lambda: good(exp=True),
    "J-08 exp a fraction": lambda: good(exp=NOW_S + 0.5),
    "J-08 exp without end": lambda: good(exp=10**400),
    "no jti": lambda: good(jti=None),
    "an empty jti": lambda: good(jti=""),
    "no repository id": lambda: good(repository_id=None),
    "a repository id that is none": lambda: good(repository_id="1 OR 1"),
    "Arabic digits": lambda: good(repository_id="٧٠٠"),
    "J-16 100 kB": lambda: good(x="a" * 100_000),
    "J-16 deep": lambda: forged(HEAD, b"[" * 4_000),
    "J-16 not ASCII": lambda: good() + "é",
    "J-16 two parts": lambda: good().rpartition(".")[0],
    "J-16 padding": lambda: good() + "=",
    "J-16 a name twice": lambda: forged(HEAD, b'{"iss":"a","iss":"b"}'),
    "J-16 a list": lambda: forged(HEAD, []),
    "J-16 white space": lambda: good().replace(".", " ."),
    "bits left over": lambda: good()[:-1] + chr(ord(good()[-1]) + 1),
    "no signature": lambda: good().rpartition(".")[0] + ".",
    "half a signature": lambda: good()[:-171],
    "SHA-512": lambda: f"{SHA_512}.{encoded(signature(SHA_512.encode(), private_key(), hashes.SHA512()))}",
    "zero": lambda: f"{SHA_512}.{encoded(bytes(256))}",
    "no typ": lambda: forged({"alg": "RS256", "kid": "one"}),
    "no kid": lambda: forged({"alg": "RS256", "typ": "JWT"}),
    "claims changed": lambda: ".".join((good().split(".")[0], part(claims(ISSUER, AUD, NOW_S)), good().split(".")[2])),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_bad_token_buys_nothing(name: str) -> None:
    from tests.service.test_strangers import Untouched

    parts = taking()._replace(store=Untouched())
    assert problem(answer(bearing(BAD[name]()), parts)) == "invalid-token"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": ("Basic eDp5",)},
        {"authorization": ("Bearer",)},
        {"authorization": ("Bearer ",)},
        {"authorization": ("Bearer a.b.c", "Bearer a.b.c")},
    ],
    ids=str,
)
def test_a_header_that_bears_no_token_buys_nothing(headers: Any) -> None:
    assert problem(answer(Request("POST", "/v1/session", headers, b""), taking())) == "invalid-token"


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": [AUD]},
        {"exp": NOW_S - 59},
        {"nbf": NOW_S + 59},
        {"sub": "repo:o@1/n@2:x"},
        {"repository": "a%3Ab/c@d"},
    ],
    ids=str,
)
def test_what_is_only_odd_is_taken(changed: dict[str, Any]) -> None:
    bought(taking(), **changed)


def test_a_token_is_good_once_however_many_bring_it() -> None:
    parts, text = taking(), good()
    with ThreadPoolExecutor(16) as pool:
        codes = list(pool.map(lambda _: answer(bearing(text), parts).status, range(50)))
    assert sorted(codes) == [200, *[401] * 49]


@pytest.mark.parametrize(
    ("claims_changed", "policy_changed"),
    [
        ({"repository_id": "700002"}, {}),  # J-10: the name is right, the id is not
        ({"event_name": "pull_request_target"}, {}),  # J-13
        ({"event_name": None}, {}),
        ({"event_name": ["push"]}, {}),
        ({"ref": {"refs/heads/main": 1}}, {"refs": frozenset({"refs/heads/main"})}),
        ({}, {"refs": frozenset({"refs/heads/release"})}),
        ({}, {"environments": frozenset({"production"})}),
        ({"job_workflow_ref": "a/b/.github/workflows/x.yml@main"}, {"workflows": frozenset({"other"})}),
        ({}, {"repositories": frozenset(), "owners": frozenset({"1"})}),
    ],
)
def test_a_good_token_of_somebody_else_is_forbidden(claims_changed: Any, policy_changed: Any) -> None:
    parts = taking(**policy_changed)
    assert problem(answer(bearing(good(**claims_changed)), parts)) == "forbidden-repository"


def test_what_the_policy_names_is_allowed() -> None:
    bought(taking(events=frozenset({"pull_request_target"})), event_name="pull_request_target")
    bought(taking(refs=frozenset({"refs/heads/main"})))
    bought(taking(repositories=frozenset(), owners=frozenset({OWNER})))


def test_without_a_policy_there_is_no_such_route() -> None:
    assert problem(answer(bearing(good()), deployment())) == "not-found"


def test_failed_tokens_are_braked_as_failed_signatures_are() -> None:
    parts = taking()
    codes = {problem(answer(bearing("a.b.c"), parts)) for _ in range(70)}
    assert codes == {"invalid-token", "too-many-failures"}


def test_no_word_of_a_token_reaches_the_log() -> None:
    told: list[Any] = []
    parts = taking()._replace(observe=told.append)
    text = good()
    secret = document(answer(bearing(text), parts))["secret"]
    answer(bearing(text[:-9] + "canary-xx"), parts)
    said = json.dumps(told, default=str)
    assert secret not in said
    assert not [each for each in text.split(".") if each in said]
    assert "canary" not in said


# --- the signature, held against a library ---------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(flip=st.integers(0, 2047), message=st.binary(max_size=64))
def test_the_signature_is_the_library_s(flip: int, message: bytes) -> None:
    key = private_key()
    public = PublicKey(key.public_key().public_numbers().n)
    made = signature(message, key)
    changed = (int.from_bytes(made) ^ (1 << flip)).to_bytes(256)
    for candidate in (made, changed):
        try:
            key.public_key().verify(candidate, message, padding.PKCS1v15(), hashes.SHA256())
            good_there = True
        except InvalidSignature:
            good_there = False
        assert is_signed(Token("one", {}, message, candidate), public) == good_there


def test_a_signature_that_only_a_lax_verifier_takes_is_refused() -> None:
    """Padding cut short, other octets behind the digest, and the digest's parameters left out: the encodings that
    verifiers have taken which look for the digest instead of comparing the whole.
    """
    key, message = private_key(), b"message"
    numbers = key.private_numbers()
    n, size = numbers.public_numbers.n, 256
    import hashlib

    digest = hashlib.sha256(message).digest()
    info = bytes.fromhex("3031300d060960864801650304020105000420") + digest
    bare = bytes.fromhex("302f300b0609608648016503040201") + b"\x04\x20" + digest
    encodings = {
        "right": b"\0\1" + b"\xff" * (size - len(info) - 3) + b"\0" + info,
        "short padding": b"\0\1" + b"\xff" * 8 + b"\0" + info + bytes(size - len(info) - 11),
        "no parameters": b"\0\1" + b"\xff" * (size - len(bare) - 3) + b"\0" + bare,
        "another block type": b"\0\2" + b"\xff" * (size - len(info) - 3) + b"\0" + info,
        "a hole in the padding": b"\0\1" + b"\xff" * (size - len(info) - 4) + b"\0\0" + info,
    }
    taken = [
        name
        for name, block in encodings.items()
        if is_signed(Token("", {}, message, pow(int.from_bytes(block), numbers.d, n).to_bytes(size)), PublicKey(n))
    ]
    assert taken == ["right"]
    made = int.from_bytes(signature(message, key))
    assert not is_signed(Token("", {}, message, (made + n).to_bytes(size + 1)), PublicKey(n)), (
        "one more than modulus"
    )


@settings(max_examples=200, deadline=None)
@given(
    text=st.one_of(st.text(max_size=200), st.from_regex(r"[\w-]{0,40}\.[\w-]{0,40}\.[\w-]{0,40}", fullmatch=True))
)
def test_reading_is_total(text: str) -> None:
    with suppress(TokenError):
        assert read_token(text).kid


# --- the issuer's keys -----------------------------------------------------------------------------------------


def test_a_thousand_unknown_key_ids_ask_once_a_minute() -> None:  # J-14
    clock = Steady()
    asked: list[float] = []

    def fetch() -> bytes:
        asked.append(clock.now)
        return json.dumps({"keys": [jwk()]}).encode()

    issuer = Issuer(fetch, clock)
    for number in range(1_000):
        assert issuer.key(f"unknown-{number}") is None
        clock.now += 0.1
    assert len(asked) == 2
    assert asked[1] - asked[0] >= AGAIN_S


def test_a_set_is_kept_while_it_is_fresh_and_a_day_when_the_issuer_is_down() -> None:
    clock, data = Steady(), [json.dumps({"keys": [jwk()]}).encode()]
    issuer = Issuer(lambda: data[0], clock)
    assert issuer.key("one")
    clock.now += FRESH_S - 1
    assert issuer.key("one")
    assert issuer.fetches == 1
    data[0] = b"<html>"
    clock.now += FRESH_S
    assert issuer.key("one")
    assert issuer.fetches == 2
    clock.now += LAST_GOOD_S
    with pytest.raises(IssuerUnavailableError):
        issuer.key("one")


def test_an_issuer_that_is_down_from_the_beginning_is_said() -> None:
    parts = taking()
    assert parts.oidc
    down = parts._replace(oidc=parts.oidc._replace(issuer=Issuer(fetching("http://127.0.0.1:9/keys"), Steady())))
    made = answer(bearing(good()), down)
    assert problem(made) == "issuer-unavailable"
    assert made.header("Retry-After")


def test_a_new_key_of_the_issuer_is_found() -> None:
    with IssuerServer() as server:
        clock = Steady()
        issuer = Issuer(fetching(f"{server.url}/.well-known/jwks"), clock)
        assert issuer.key("one")
        server.keys = [jwk("two")]
        assert issuer.key("two") is None, "asked a moment ago"
        clock.now += AGAIN_S
        assert issuer.key("two")
        server.status = 500
        clock.now += FRESH_S
        assert issuer.key("two")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(json.dumps({"keys": [jwk()] * 1000}).encode(), id="J-15 many keys"),
        pytest.param(b" " * 5_000_000, id="J-15 5 MB"),
        pytest.param(json.dumps({"keys": [jwk("short", 1024)]}).encode(), id="J-15 1,024 bits"),
        pytest.param(json.dumps({"keys": [jwk(), jwk("two", kid="one")]}).encode(), id="J-15 an id twice"),
        pytest.param(json.dumps({"keys": [jwk(kty="EC")]}).encode(), id="J-15 another kind"),
        pytest.param(json.dumps({"keys": [jwk(alg="RS512")]}).encode(), id="another algorithm"),
        pytest.param(json.dumps({"keys": [jwk(use="enc")]}).encode(), id="for encryption"),
        pytest.param(json.dumps({"keys": [jwk(e="Aw")]}).encode(), id="exponent 3"),
        pytest.param(json.dumps({"keys": [jwk(n="AAAA")]}).encode(), id="a small modulus"),
        pytest.param(json.dumps({"keys": [jwk(n=7), 7, None]}).encode(), id="no texts"),
        pytest.param(b"[" * 60_000, id="deep"),
        pytest.param(b"{}", id="nothing"),
        pytest.param(b"\xff", id="no JSON"),
    ],
)
def test_a_set_that_cannot_be_used_is_refused(data: bytes) -> None:
    with pytest.raises(KeySetError):
        read_set(data)


def test_a_key_without_algorithm_or_use_is_taken_and_others_beside_it_are_passed_over() -> None:
    mixed = {"keys": [jwk(alg=None, use=None), {"kty": "EC", "kid": "e"}, jwk("short", 1024)]}
    assert read_set(json.dumps(mixed).encode()).keys() == {"one"}


# --- settings ----------------------------------------------------------------------------------------------------

ENTRY: Final = {"kid": "issuer", "secret": ISSUING.decode(), "state": "issuer"}
ENVIRON: Final = {
    "S2R_SERVICE_KEYS": json.dumps([ENTRY]),
    "S2R_OIDC_REPOSITORIES": REPOSITORY,
    "S2R_AUDIENCES": AUD,
    "S2R_STORE": "memory",
    "S2R_CONVERTER": "rules",
}


def test_a_deployment_needs_no_other_key_than_the_issuing_one() -> None:
    parts = assembled(ENVIRON)
    assert parts.oidc
    assert parts.oidc.policy.issuer == "https://token.actions.githubusercontent.com"
    assert parts.oidc.policy.events == frozenset(EVENTS)
    assert "pull_request_target" not in EVENTS


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"S2R_SERVICE_KEYS": json.dumps([{**ENTRY, "state": "active"}])}, "issues"),
        ({"S2R_AUDIENCES": ""}, "audience"),
        ({"S2R_OIDC_REPOSITORIES": "team/repo"}, "ids"),
        ({"S2R_OIDC_ISSUER": "http://issuer.example"}, "S2R_OIDC_ISSUER"),
        ({"S2R_SERVICE_KEYS": json.dumps([{**ENTRY, "secret": "short"}])}, "octets"),
        ({"S2R_SERVICE_KEYS": json.dumps([{**ENTRY, "default": True}])}, "nothing else"),
        ({"S2R_SERVICE_KEYS": json.dumps([ENTRY, {"kid": "oidc-1", "secret": "x" * 16 + "y" * 30}])}, "oidc-"),
    ],
)
def test_settings_that_could_not_work_stop_the_start(changed: dict[str, str], says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        assembled({**ENVIRON, **changed})


def test_an_issuing_entry_signs_nothing_itself() -> None:
    keyring = read_keys(json.dumps([ENTRY]), where="here")
    assert keyring.candidates("issuer") == ()
    assert keyring.candidates(None) == ()


def test_the_document_says_what_the_route_takes() -> None:
    from s2r_service.openapi import document as described
    from s2r_service.openapi import page

    route = described()["paths"]["/v1/session"]["post"]
    assert route["security"] == [{"token": []}]
    assert "requestBody" not in route
    assert "a token" in page()
