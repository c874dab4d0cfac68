"""The signature: known answers, what is refused, and what a secret may be."""

import pytest

from s2r_ci.errors import ConfigurationError
from s2r_ci.signing import (
    WINDOW_NS,
    is_key_id,
    is_signature,
    read_secret,
    response_signature,
    sign,
    timestamp_ns,
    timestamp_of,
    verify,
    verify_response,
    within_window,
)

SECRET = b"kat-secret-0123456789abcdef-0123456789"
E = (
    rb'{"s2r":1,"aud":"https://example.lambda-url.us-west-2.on.aws","method":"POST","path":"/v1/convert",'
    rb'"kid":"ci-2026-11","nonce":"AAAAAAAAAAAAAAAAAAAAAA","idem":"kat-1","model":"sonnet",'
    rb'"script":"#!/bin/bash\n#SBATCH --gres=gpu:1\necho h\u00e9\n"}'
)
E1 = "868d01268a136d485e6ecfd19bb1297f4f39aceaea8deacdfac15329cbbb56b1"
NOW = 1763650000 * 10**9

KNOWN = [
    pytest.param(SECRET, "1763650000", E, E1, id="E1"),
    pytest.param(
        SECRET, "1763650000.250000", E, "96354786bf0a0673397d82da4558793e504e927395eddfd79701ea0b49863f8f", id="E2"
    ),
    pytest.param(
        SECRET, "1763650000", b"#!/bin/bash\n#SBATCH --gres=gpu:1\n",
        "6bf835d0d1ce1bf21548ecf2c06f4e4b6f9ec4faa413784851ea1670641533cd", id="L1",
    ),
    pytest.param(
        SECRET, "1763650000", b"#!/bin/bash\r\n#SBATCH --gres=gpu:1\r\n",
        "47813248862d223bcef6c1dbb11096e7b4d0ebbd921195035a8bfb145561a6f4", id="L2",
    ),
    pytest.param(
        SECRET, "1763650000.5", "#SBATCH --comment=é中😀\n".encode(),
        "35161415982a65f11d12c0a083af7ed6009158b677fb5b8dccf678606fecddae", id="L3",
    ),
    pytest.param(
        SECRET, "1763650000", bytes(range(256)),
        "ad13b4ef9fa66f1cbcf06ba4ffb9adcf2ab4244f44b8b36f9ee1adedc74c3e6c", id="L4",
    ),
    pytest.param(
        b"test-secret", "1234567890.0", b"test payload",
        "3247e98fc9ccda6c23e65ad2d2d87e10ccf9ba920b776e7c95f4b20e607fc276", id="D1",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("secret", "timestamp", "payload", "mac"), KNOWN)
def test_a_known_answer_is_given(secret: bytes, timestamp: str, payload: bytes, mac: str) -> None:
    assert sign(secret, timestamp, payload) == mac
    assert verify(secret, timestamp, payload, mac)
    assert timestamp_ns(timestamp) is not None


def test_the_right_mac_over_nan_is_no_signature_because_nan_is_no_timestamp() -> None:
    mac = "6c4c2806d301d76bf856016ce46217d854ac37d78d43eff48b998e70447c918a"
    assert verify(SECRET, "nan", b"x", mac)  # N1: the MAC itself is right
    assert timestamp_ns("nan") is None


def test_an_answer_is_tied_to_its_request() -> None:
    body = b'{"runai_config":"kind: TrainingWorkload\\n","s2r":1}'
    made = response_signature(SECRET, E1, 200, body)
    assert made == "bbd4ccac6e50e768bd4138d994523081e6f432f9172051fefae34726414629f4"  # R1
    assert verify_response(SECRET, E1, 200, body, made)
    assert not verify_response(SECRET, E1, 201, body, made)
    assert not verify_response(SECRET, E1.replace("8", "9"), 200, body, made)
    assert not verify_response(SECRET, E1, 200, body + b" ", made)
    assert not verify_response(SECRET, E1, 200, body, "é")


@pytest.mark.parametrize(
    "text",
    [
        "nan", "NaN", "-nan", "+nan",  # S-01
        "inf", "-inf", "1e999",  # S-02
        " 1763650000", "1763650000 ", "\t1763650000", "1763650000\n",  # S-03
        "+1763650000", "-1763650000",  # S-04
        "1763650000e0", "1.76365e9",  # S-05
        "1_763_650_000",  # S-06
        "١٧٦٣٦٥٠٠٠٠", "１７６３６５００００", "¹763650000",  # S-07
        "01763650000", "1763650000.", ".5", "1763650000.0000000001",  # S-08
        "1763650000." + "1" * 5000, "1" * 65536,  # S-09
        "1763650000000",  # S-10
        "2025-11-20T14:46:40Z",  # S-11
        "", "1763650000,1763650000",  # S-13
        "0x691f2a50", "1763650000:", "1763650000:5",  # S-14
    ],
)  # fmt: skip
def test_what_is_no_timestamp_is_refused(text: str) -> None:
    assert timestamp_ns(text) is None


@pytest.mark.parametrize(
    "text", [E1.upper(), E1[:-1], E1 + "0", "sha256=" + E1, "v0=" + E1, "hoAe", "é" * 64, E1[:63] + "\0", ""]
)
def test_what_is_no_signature_is_refused(text: str) -> None:
    assert not is_signature(text)
    assert not verify(SECRET, "1763650000", E, text)


@pytest.mark.parametrize("text", ["../x", "a" * 65, "", "ci-2026-11,ci-2026-11", "-a", "é", "a b", "a\n"])
def test_what_is_no_key_id_is_refused(text: str) -> None:
    assert not is_key_id(text)
    assert is_key_id("ci-2026-11")


def test_the_window_is_exact_to_the_nanosecond() -> None:
    assert within_window(NOW - WINDOW_NS, NOW)
    assert within_window(NOW + WINDOW_NS, NOW)
    assert not within_window(NOW - WINDOW_NS - 1, NOW)
    assert not within_window(NOW + WINDOW_NS + 1, NOW)


@pytest.mark.parametrize("now_ns", [NOW, NOW + 1, NOW + 999_999_999])
def test_a_moment_survives_its_spelling(now_ns: int) -> None:
    assert timestamp_ns(timestamp_of(now_ns)) == now_ns


def test_every_flipped_bit_of_a_signature_is_noticed() -> None:
    for at in range(256):
        flipped = bytearray(bytes.fromhex(E1))
        flipped[at // 8] ^= 1 << at % 8
        assert not verify(SECRET, "1763650000", E, flipped.hex())
    assert not verify(SECRET, "1763650000", E, E1[:32] + "0" * 32)  # S-17


@pytest.mark.parametrize(
    ("secret", "says"),
    [
        pytest.param("x" * 16 + "y" * 15, "31 octets", id="31 octets"),
        pytest.param("", "0 octets", id="empty"),
        pytest.param("ab" * 129, "258 octets", id="too long"),
        pytest.param("a" * 40, "repeated", id="all equal"),
        pytest.param("s2r-shared-secret-change-this-in-production", "first s2r", id="the default"),
        pytest.param("0123456789abcdef0123456789abcdef\n\n", "control", id="two line feeds"),
        pytest.param("0123456789abcdef\r0123456789abcdef", "control", id="a carriage return"),
    ],
)
def test_a_weak_secret_is_refused_and_never_shown(secret: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says) as caught:
        read_secret(secret, where="S2R_SHARED_SECRET")
    assert not secret.strip() or secret not in str(caught.value)


@pytest.mark.parametrize("end", ["", "\n"])
def test_one_line_feed_from_a_file_is_dropped(end: str) -> None:
    assert read_secret("0123456789abcdef0123456789abcdef" + end, where="file") == b"0123456789abcdef" * 2
