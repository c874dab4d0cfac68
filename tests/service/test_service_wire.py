"""The wire: every bad input of the specification's tables S and R, put to the core; and what a good request gets."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from s2r_ci import signing
from s2r_ci.envelope import Envelope, write_envelope
from s2r_service.core import ROUTES, answer
from s2r_service.messages import Request
from s2r_service.openapi import document as openapi
from tests.service.callers import (
    AUD,
    KEYS,
    NOW,
    OTHER,
    SCRIPT,
    SECRET,
    Clock,
    ask,
    convert,
    deployment,
    document,
    envelope,
    headers,
    post,
    problem,
    raw,
    told,
)

MALFORMED, INVALID = "malformed-authentication", "invalid-signature"


def bare(script: str = SCRIPT, **members: Any) -> bytes:
    return write_envelope(envelope(script=script, **members))


def with_headers(request: Request, **changes: tuple[str, ...] | None) -> Request:
    merged = dict(request.headers)
    for name, value in changes.items():
        key = name.replace("_", "-")
        if value is None:
            merged.pop(key)
        else:
            merged[key] = value
    return request._replace(headers=merged)


def at(timestamp: str) -> Request:
    return post(bare(), at=timestamp)


def mac_of(request: Request) -> str:
    return request.headers["x-s2r-signature"][0]


def signed_as(value: str | Callable[[str], str]) -> Request:
    request = convert()
    made = value if isinstance(value, str) else value(mac_of(request))
    return with_headers(request, x_s2r_signature=(made,))


def flipped(bit: int) -> Callable[[str], str]:
    return lambda mac: f"{int(mac, 16) ^ (1 << bit):064x}"


def body_changed(change: Callable[[bytes], bytes]) -> Request:
    request = raw(SCRIPT.encode() + "# é\n".encode())
    assert request.body is not None
    return request._replace(body=change(request.body))


def sized(octets: int) -> bytes:
    """A script of characters of four octets each, and so many octets."""
    head = b"#!/bin/sh\n#SBATCH -n 1\n#"
    emoji, rest = divmod(octets - len(head) - 1, 4)
    return head + b" " * rest + "😀".encode() * emoji + b"\n"


CASES: list[tuple[str, Callable[[], Request], str]] = [
    *[(f"S-0{n}", lambda t=t: at_any(t), MALFORMED) for n, ts in {
        1: ("nan", "NaN", "-nan", "+nan"), 2: ("inf", "-inf", "1e999"),
        3: (" 1763650000", "1763650000 ", "\t1763650000", "1763650000\n"), 4: ("+1763650000", "-1763650000"),
        5: ("1763650000e0", "1.76365e9"), 6: ("1_763_650_000",), 7: ("١٧٦٣٦٥٠٠٠٠", "１７６３６５００００"),
        8: ("01763650000", "1763650000.", ".5", "1763650000.0000000001"), 9: ("1763650000." + "1" * 5000, "1" * 65536),
    }.items() for t in ts],
    *[("S-10", lambda t=t: at_any(t), MALFORMED) for t in ("1763650000000", "2025-11-20T14:46:40Z", "0x691f2a50",
        "1763650000:", "1763650000:5", "", "1763650000,1763650000")],
    ("S-12 edge before", lambda: at("1763649700"), "200"),
    ("S-12 edge after", lambda: at("1763650300"), "200"),
    ("S-12 before", lambda: at("1763649699.999999999"), "clock-skew"),
    ("S-12 after", lambda: at("1763650300.000000001"), "clock-skew"),
    ("S-13 no timestamp", lambda: with_headers(convert(), x_s2r_timestamp=None), MALFORMED),
    ("S-13 no signature", lambda: with_headers(convert(), x_s2r_signature=None), MALFORMED),
    ("S-13 repeated", lambda: with_headers(convert(), x_s2r_timestamp=("1763650000", "1763650000")), MALFORMED),
    ("S-15 capitals", lambda: signed_as(str.upper), MALFORMED),
    ("S-15 63 digits", lambda: signed_as(lambda mac: mac[:-1]), MALFORMED),
    ("S-15 65 digits", lambda: signed_as(lambda mac: mac + "0"), MALFORMED),
    ("S-15 prefix", lambda: signed_as(lambda mac: "sha256=" + mac), MALFORMED),
    ("S-15 v0", lambda: signed_as(lambda mac: "v0=" + mac), MALFORMED),
    ("S-16 e acute", lambda: signed_as("é" * 64), MALFORMED),
    ("S-16 NUL", lambda: signed_as(lambda mac: mac[:63] + "\0"), MALFORMED),
    ("S-16 line feed", lambda: signed_as(lambda mac: mac + "\r\nx: y"), MALFORMED),
    ("S-16 surrogate", lambda: signed_as("\udcff" * 64), MALFORMED),
    ("S-17 half right", lambda: signed_as(lambda mac: mac[:32] + "0" * 32), INVALID),
    *[(f"S-18 bit {bit}", lambda bit=bit: signed_as(flipped(bit)), INVALID) for bit in range(0, 256, 5)],
    ("S-19 no secret", lambda: post(bare(), secret=b""), INVALID),
    ("S-19 default secret", lambda: post(bare(), secret=b"s2r-shared-secret-change-this-in-production"), INVALID),
    ("S-19 key id as secret", lambda: post(bare(), secret=b"ci-1"), INVALID),
    ("S-20 unknown key", lambda: post(bare(), kid="nobody"), INVALID),
    ("S-20 another's key", lambda: post(bare(), kid="ci-2"), INVALID),
    ("S-20 path", lambda: post(bare(), kid="../x"), MALFORMED),
    ("S-20 65 characters", lambda: post(bare(), kid="a" * 65), MALFORMED),
    ("S-20 empty", lambda: post(bare(), kid=""), MALFORMED),
    ("S-20 twice", lambda: post(bare(), kid="ci-1,ci-1"), MALFORMED),
    ("S-20 repeated", lambda: with_headers(convert(), x_s2r_key_id=("ci-1", "ci-1")), MALFORMED),
    ("S-21 expired", lambda: post(bare(kid="old"), kid="old"), "key-expired"),
    ("S-21 not yet", lambda: post(bare(kid="soon"), kid="soon"), "key-expired"),
    ("S-22 CRLF", lambda: body_changed(lambda b: b.replace(b"\n", b"\r\n", 1)), INVALID),
    ("S-22 newline", lambda: body_changed(lambda b: b + b"\n"), INVALID),
    ("S-22 BOM", lambda: body_changed(lambda b: b"\xef\xbb\xbf" + b), INVALID),
    ("S-22 NFD", lambda: body_changed(lambda b: b.replace("é".encode(), "e\u0301".encode())), INVALID),
    ("S-23 no UTF-8", lambda: raw(b"\xff\xfe\x00"), "script-rejected"),
    ("S-24 undecodable", lambda: convert()._replace(body=None), "malformed-request"),
    ("S-27 as text", lambda: with_headers(convert(), content_type=("text/plain",)), "200"),
    ("S-28 raw with a brace", lambda: raw(b"{\n#SBATCH -n 1\n"), "malformed-request"),
    ("S-29 GET", lambda: Request("GET", "/v1/convert"), "method-not-allowed"),
    ("S-29 PUT", lambda: Request("PUT", "/"), "method-not-allowed"),
    ("S-29 DELETE", lambda: Request("DELETE", "/v1/convert"), "method-not-allowed"),
    *[(f"S-29 {path}", lambda path=path: Request("POST", path), "not-found") for path in (
        "/admin", "//v1/convert", "/v1/convert/", "/%2e%2e", "/v1/%63onvert", "", "*", "/v1/history/", "é",
        "/v1/history/a/b", "/v1/history/{session_id}", "/V1/convert", "/v1/convert;x", "http://x/v1/convert")],
    ("S-30 slash", lambda: convert(aud=AUD + "/"), "wrong-audience"),
    ("S-30 case", lambda: convert(aud=AUD.upper()), "wrong-audience"),
    ("S-30 region", lambda: convert(aud="https://service.eu.example"), "wrong-audience"),
    ("S-30 method", lambda: convert(method="post"), "wrong-audience"),
    ("S-30 path", lambda: ask(envelope("/", script=SCRIPT))._replace(target="/v1/convert"), "wrong-audience"),
    ("S-30 query", lambda: convert()._replace(target="/v1/convert?dry_run=true"), "wrong-audience"),
    ("S-30 kid", lambda: convert(kid="ci-2"), "wrong-audience"),
    ("S-30 no kid of a key that is none of the default ones",
     lambda: post(bare(kid=""), secret=OTHER, kid="ci-2"), "wrong-audience"),
    ("no kid of a default key", lambda: post(bare(kid=""), kid=None), "200"),
    ("S-31 NaN", lambda: post(bare()[:-1] + b',"x":NaN}'), "malformed-request"),
    ("S-31 twice", lambda: post(bare()[:-1] + b',"model":"sonnet","model":"opus"}'), "malformed-request"),
    ("S-31 1e400", lambda: post(bare()[:-1] + b',"x":1e400}'), "malformed-request"),
    ("S-31 5,000 deep", lambda: post(b'{"a":' * 5000), "malformed-request"),
    ("S-31 surrogate", lambda: post(bare()[:-1] + rb',"name":"\ud800"}'), "malformed-request"),
    ("S-31 unknown member", lambda: post(bare()[:-1] + b',"extra":1}'), "malformed-request"),
    ("S-31 BOM", lambda: post(b"\xef\xbb\xbf" + bare()), "malformed-request"),
    ("S-32 short nonce", lambda: post(bare().replace(b'"nonce":"0', b'"nonce":"')), "malformed-request"),
    ("S-35 raw at the limit", lambda: raw(sized(51_200)), "200"),
    ("S-35 raw above", lambda: raw(sized(51_201)), "payload-too-large"),
    ("S-35 envelope above", lambda: post(bare() + b" " * 131_072), "payload-too-large"),
    ("S-36 gzip", lambda: with_headers(convert(), content_encoding=("gzip",)), "unsupported-media-type"),
    ("S-36 identity", lambda: with_headers(convert(), content_encoding=("identity",)), "200"),
    ("no idem", lambda: post(write_envelope(replace(envelope(), idem="", script=SCRIPT))), "malformed-request"),
    ("unknown alias", lambda: convert(model="gpt"), "malformed-request"),
    ("unknown target", lambda: convert(target="nomad"), "malformed-request"),
    ("wrong answers", lambda: convert(answers={"gpus": "many"}), "malformed-request"),
    ("unknown query", lambda: convert(path="/v1/convert?x=1"), "malformed-request"),
    ("raw to the envelope's route", lambda: post(SCRIPT.encode(), "/v1/convert"), "malformed-request"),
    ("empty raw", lambda: raw(b""), "script-rejected"),
    ("no directive", lambda: convert("#!/bin/bash\necho\n"), "script-rejected"),
    ("no script", lambda: ask(envelope()), "script-rejected"),
    ("NUL", lambda: convert("#SBATCH -n 1\n\0"), "script-rejected"),
    ("a secret", lambda: convert(SCRIPT + "export AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzzzzzzKEY\n"),
     "script-rejected"),
    ("sbatch refuses it", lambda: convert("#!/bin/bash\n#SBATCH --gres=gpu:x:y:z --nodes=-3\n"), "script-rejected"),
]  # fmt: skip


def at_any(timestamp: str) -> Request:
    """Signed correctly over whatever the timestamp is."""
    body = bare()
    import hashlib
    import hmac

    mac = hmac.new(SECRET, timestamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    return with_headers(post(body), x_s2r_timestamp=(timestamp,), x_s2r_signature=(mac,))


@pytest.mark.parametrize(("make", "expected"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_a_request_gets_what_the_table_says(make: Callable[[], Request], expected: str) -> None:
    assert told(make(), deployment()) == expected


def test_the_edges_of_the_window_are_exact_to_the_nanosecond() -> None:
    for edge in ("1763649700", "1763650300"):
        assert told(at(edge), deployment()) == "200"
        assert told(at(edge), deployment(now=Clock(NOW + (1 if edge == "1763649700" else -1)))) == "clock-skew"


def test_a_wrong_clock_is_told_the_right_time_and_nothing_else_is_told_to_strangers() -> None:
    made = answer(at("1763640000"), deployment())
    assert document(made)["server_time"] == NOW // 10**9
    stranger = answer(post(bare(), at="1763640000", secret=OTHER), deployment())
    assert problem(stranger) == INVALID
    assert "server_time" not in document(stranger)


def test_a_signature_is_good_once_also_after_a_restart_and_never_after_its_window() -> None:
    parts, clock = deployment(), Clock()
    parts = parts._replace(now_ns=clock)
    request = convert()
    assert told(request, parts) == "200"
    assert told(request, parts) == "replayed-signature"
    assert told(request, deployment(parts.store)) == "replayed-signature"
    clock.now_ns += signing.WINDOW_NS + 10**9
    assert told(request, parts) == "clock-skew"
    clock.now_ns -= 2 * signing.WINDOW_NS  # F-26: the server's clock jumps back
    assert told(request, parts) == "replayed-signature"


def test_a_retry_gets_the_kept_answer_and_is_not_charged_again() -> None:
    parts = deployment()
    first, second = answer(convert(), parts), answer(convert(), parts)
    assert (first.header("s2r-idempotent-replay"), second.header("s2r-idempotent-replay")) == (None, "true")
    assert document(first)["runai_config"] == document(second)["runai_config"]
    assert document(first)["request_id"] != document(second)["request_id"]
    assert first.header("ratelimit") == second.header("ratelimit") == '"day";r=99;t=33200'
    assert first.header("ratelimit-policy") == '"day";q=100;w=86400'


def test_the_same_key_with_other_content_is_refused_and_another_key_is_independent() -> None:
    parts = deployment()
    assert told(convert(idem="x"), parts) == "200"
    assert told(convert(SCRIPT + "#\n", idem="x"), parts) == "idempotency-key-reused"  # S-33
    other = envelope(script=SCRIPT, idem="x", kid="ci-2")
    made = answer(ask(other, secret=OTHER, kid="ci-2"), parts)  # S-34
    assert (made.status, made.header("s2r-idempotent-replay")) == (200, None)


def test_the_nonce_alone_makes_another_request() -> None:
    parts, again = deployment(), envelope(script=SCRIPT)
    assert told(ask(again), parts) == "200"
    assert told(ask(again, at="1763650001"), parts) == "200"  # S-32: the MAC differs, idem decides


def test_an_unsigned_model_is_ignored_with_a_warning() -> None:
    made = answer(with_headers(convert(), x_s2r_model=("opus",)), deployment())  # S-38
    assert any("X-S2R-Model" in each for each in document(made)["warnings"])


@pytest.mark.parametrize("forwarded", ["127.0.0.1", "1.1.1.1, 2.2.2.2", "fe80::1%eth0", "9" * 10_240])
def test_a_forwarded_address_changes_nothing(forwarded: str) -> None:
    parts = deployment(limit_subject="ip", daily_limit=1)
    assert (
        told(with_headers(convert("#!/bin/sh\n#SBATCH -n 1\ntrue\n"), x_forwarded_for=("8.8.8.8",)), parts) == "200"
    )
    assert told(with_headers(convert(), x_forwarded_for=(forwarded,)), parts) == "quota-exceeded"  # S-37


def test_a_rotation_refuses_nobody_and_a_revoked_key_is_dead() -> None:
    made = {**KEYS.keys, "ci-3": KEYS.keys["ci-1"]._replace(kid="ci-3", secret=OTHER)}
    both = deployment(keys=KEYS._replace(keys=made))
    assert told(convert(), both) == "200"
    assert told(ask(envelope(script=SCRIPT, kid="ci-3"), secret=OTHER, kid="ci-3"), both) == "200"
    assert told(post(SCRIPT.encode(), "/", kid=None, secret=OTHER), both) == "200"
    del made["ci-1"]
    assert told(convert(), both) == INVALID


def test_the_answer_to_a_good_signature_is_signed_whatever_it_says() -> None:
    parts = deployment()
    for request, status in ((convert(), 200), (convert(aud="https://x.example"), 401), (convert("x"), 422)):
        made = answer(request, parts)
        assert made.status == status
        signature = made.header("x-s2r-response-signature") or ""
        assert signing.verify_response(SECRET, mac_of(request), status, made.body, signature)
    assert answer(post(bare(), secret=OTHER), parts).header("x-s2r-response-signature") is None


def test_raw_scripts_can_be_switched_off() -> None:
    assert told(raw(), deployment(legacy_raw=False)) == "malformed-request"
    assert told(convert(), deployment(legacy_raw=False)) == "200"


# --- limits ------------------------------------------------------------------------------------------------


def scripts(number: int) -> Request:
    return convert(f"#!/bin/sh\n#SBATCH -n 1\n#SBATCH --job-name=j{number}\ntrue\n")


def test_the_first_request_of_a_new_key_is_admitted_and_the_limit_is_exact() -> None:
    parts = deployment(daily_limit=3)
    assert [told(scripts(n), parts) for n in range(5)] == ["200"] * 3 + ["quota-exceeded"] * 2
    made = answer(scripts(9), parts)
    assert made.header("retry-after") == "33200"
    assert made.header("ratelimit") == '"day";r=0;t=33200'
    assert told(scripts(0), parts) == "200", "what was converted before costs nothing"


def test_a_limit_of_nothing_admits_nobody() -> None:
    assert told(convert(), deployment(daily_limit=0)) == "quota-exceeded"


def test_days_change_at_midnight_in_utc() -> None:
    clock = Clock((NOW // 10**9 // 86_400 + 1) * 86_400 * 10**9 - 10**6)
    parts = deployment(daily_limit=1)._replace(now_ns=clock)

    def asked(number: int) -> str:
        return told(
            ask(envelope(script=f"#!/bin/sh\n#SBATCH -n 1\ntrue {number}\n"), at=signing.timestamp_of(clock())),
            parts,
        )

    assert [asked(1), asked(2)] == ["200", "quota-exceeded"]
    clock.now_ns += 2 * 10**6
    assert [asked(3), asked(4)] == ["200", "quota-exceeded"]


def test_two_keys_from_one_address_do_not_share_a_limit() -> None:
    parts = deployment(daily_limit=1)
    assert told(scripts(1)._replace(address="1.1.1.1"), parts) == "200"
    other = ask(envelope(script=SCRIPT, kid="ci-2"), secret=OTHER, kid="ci-2")._replace(address="1.1.1.1")
    assert told(other, parts) == "200"


def test_key_and_repository_limits_hold_together() -> None:
    parts = deployment(daily_limit=3, repository_limit=2)

    def asked(number: int, repo: str) -> str:
        from s2r_ci.envelope import Repo

        return told(convert(f"#!/bin/sh\n#SBATCH -n 1\ntrue {number}\n", repo=Repo(repo)), parts)

    assert [asked(n, "a") for n in range(3)] == ["200", "200", "quota-exceeded"]
    assert [asked(n, "b") for n in range(3, 5)] == ["200", "quota-exceeded"], (
        "a forged repository keeps the key's"
    )


def test_quota_says_what_is_left_and_costs_nothing() -> None:
    parts = deployment(daily_limit=5)
    assert told(convert(), parts) == "200"
    for _ in range(2):
        made = answer(ask(envelope("/v1/quota", "GET")), parts)
        assert document(made) | {"request_id": ""} == {
            "s2r": 1, "request_id": "", "limit": 5, "remaining": 4, "resets_in": 33200, "subject": "key",
        }  # fmt: skip
        assert made.header("ratelimit") == '"day";r=4;t=33200'


def test_a_dry_run_does_everything_but_ask_and_charge() -> None:
    parts = deployment(daily_limit=1)
    for _ in range(3):
        made = answer(convert(path="/v1/convert?dry_run=true"), parts)
        assert (made.status, document(made)["dry_run"], document(made)["model"]) == (200, True, None)
    assert told(convert(), parts) == "200"
    assert told(convert(path="/v1/convert?dry_run=true"), parts) == "quota-exceeded"


def test_failed_authentications_are_braked_and_never_those_that_are_good() -> None:
    parts = deployment(failure_limit=3)
    bad = [told(post(bare(), secret=OTHER)._replace(address="6.6.6.6"), parts) for _ in range(5)]
    assert bad == [INVALID] * 3 + ["too-many-failures"] * 2
    assert told(convert()._replace(address="6.6.6.6"), parts) == "200"
    assert told(post(bare(), secret=OTHER)._replace(address="7.7.7.7"), parts) == INVALID


# --- pages -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/"), ("GET", "/healthz"), ("GET", "/health"), ("GET", "/v1/models"),
                         ("POST", "/models/list"), ("GET", "/openapi.json")]
)  # fmt: skip
def test_a_page_is_open_and_touches_no_store(method: str, path: str) -> None:
    made = answer(Request(method, path), deployment()._replace(store=None))  # type: ignore[arg-type]
    assert made.status == 200
    assert document(made)


def test_health_tells_versions_and_time() -> None:
    assert document(answer(Request("GET", "/healthz"), deployment())) == {"s2r": [1], "time": NOW // 10**9}


def test_models_are_listed_with_the_default() -> None:
    found = document(answer(Request("GET", "/v1/models"), deployment()))["models"]
    (default,) = [each for each in found if each["default"]]
    assert default["alias"] == "sonnet"
    assert default["id"] == "us.anthropic.claude-sonnet-4-5-20250929-v1:0"


def test_the_docs_page_is_off_unless_it_is_asked_for() -> None:
    assert told(Request("GET", "/docs"), deployment()) == "not-found"
    made = answer(Request("GET", "/docs"), deployment(docs=True))
    assert b"clock-skew" in made.body
    assert b"<script" not in made.body


def test_the_document_names_every_route() -> None:
    from openapi_spec_validator import validate

    validate(openapi())
    assert {(path, method.upper()) for path, each in openapi()["paths"].items() for method in each} == {
        (path, method) for path, methods in ROUTES.items() for method in methods
    }


def test_other_origins_get_no_permission() -> None:
    parts = deployment(cors_origins=frozenset({"https://ui.example"}))
    good = answer(Request("OPTIONS", "/v1/convert", {"origin": ("https://ui.example",)}), parts)
    assert (good.status, good.header("access-control-allow-origin")) == (204, "https://ui.example")
    for origin in ("https://ui.example.evil", "null", "https://UI.example"):
        made = answer(Request("OPTIONS", "/v1/convert", {"origin": (origin,)}), parts)
        assert (problem(made), made.header("access-control-allow-origin")) == ("method-not-allowed", None)
    assert answer(Request("GET", "/", {"origin": ("https://ui.example",)}), deployment()).header("vary") is None


def test_a_wrong_method_is_told_the_right_ones() -> None:
    assert answer(Request("PUT", "/"), deployment()).header("allow") == "GET, POST"


# --- what leaves -------------------------------------------------------------------------------------------


def test_no_word_of_an_exception_or_a_secret_leaves() -> None:
    """B11: canaries in exceptions reach neither the answer nor the log."""

    class Broken:
        def __getattr__(self, name: str) -> Any:
            raise RuntimeError("canary arn:aws:iam::123456789012 " + SECRET.decode())

    seen: list[Any] = []
    parts = deployment(observe=seen.append)._replace(store=Broken())
    made = answer(convert(), parts)
    assert problem(made) == "internal"
    for text in (made.body.decode(), json.dumps(seen), repr(parts), repr(KEYS)):
        assert "canary" not in text
        assert "123456789012" not in text
        assert SECRET.decode() not in text


def test_the_log_holds_no_script() -> None:
    seen: list[Any] = []
    parts = deployment(observe=seen.append)
    assert told(convert(SCRIPT + "# canary-in-the-script\n"), parts) == "200"
    assert told(convert("canary-that-is-refused"), parts) == "script-rejected"
    assert seen
    assert "canary" not in json.dumps(seen)


def test_an_envelope_without_a_member_that_is_needed_names_it() -> None:
    assert document(answer(convert(answers={"gpus": -1}), deployment()))["member"] == "answers"


@pytest.mark.parametrize("form", [Envelope(aud=AUD, method="GET", path="/v1/quota", nonce="A" * 22, kid="ci-1")])
def test_a_get_carries_its_envelope_once(form: Envelope) -> None:
    good = ask(form)
    assert told(good, deployment()) == "200"
    assert told(with_headers(good, s2r_envelope=good.headers["s2r-envelope"] * 2), deployment()) == MALFORMED
    assert told(with_headers(good, s2r_envelope=None), deployment()) == MALFORMED
    assert told(with_headers(good, s2r_envelope=("a" * 200_000,)), deployment()) == MALFORMED
    assert told(good._replace(body=b"x"), deployment()) == "malformed-request"
    odd = "é"
    broken = Request("GET", "/v1/quota", {**headers(odd.encode()), "s2r-envelope": (odd,)})
    assert told(broken, deployment()) == MALFORMED
