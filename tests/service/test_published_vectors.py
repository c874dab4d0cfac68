"""Published known answers of HMAC-SHA-256: what is signed here is the standard's function and nothing of our own.

The cases are those of RFC 4231, section 4: facts, written down by hand. Where a standard's own frame lies around the
MAC (a header's grammar, a base of several parts), the frame is the standard's and the MAC ours.
"""

import base64
from typing import Final, NamedTuple

import pytest

from s2r_ci.signing import is_mac_of, is_signature, mac_of


class Case(NamedTuple):
    """One case of RFC 4231: key, data, and the MAC in hexadecimal digits (the fifth is cut to 128 bits)."""

    key: bytes
    data: bytes
    mac: str


RFC_4231: Final = (
    Case(b"\x0b" * 20, b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
    Case(
        b"Jefe",
        b"what do ya want for nothing?",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    ),
    Case(b"\xaa" * 20, b"\xdd" * 50, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
    Case(bytes(range(1, 26)), b"\xcd" * 50, "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
    Case(b"\x0c" * 20, b"Test With Truncation", "a3b6167473100ee06e0c796c2955552b"),
    Case(
        b"\xaa" * 131,
        b"Test Using Larger Than Block-Size Key - Hash Key First",
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    ),
    Case(
        b"\xaa" * 131,
        b"This is a test using a larger than block-size key and a larger than block-size data. The key needs to be "
        b"hashed before being used by the HMAC algorithm.",
        "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
    ),
)
WHOLE: Final = tuple(case for case in RFC_4231 if len(case.mac) == 64)


@pytest.mark.parametrize("case", RFC_4231, ids=[f"RFC 4231 case {n}" for n in range(1, 8)])
def test_the_mac_is_that_of_the_standard(case: Case) -> None:
    assert mac_of(case.key, case.data).startswith(case.mac)
    assert is_mac_of(case.key, case.data, case.mac) == (len(case.mac) == 64), "a MAC that is cut short is none"
    assert is_signature(case.mac) == (len(case.mac) == 64)


def _tampered(mac: str) -> dict[str, str]:
    """What published collections try: single bits at the edges of words, octets and halves, and whole tags."""
    octets = bytes.fromhex(mac)
    flips = [0, 1, 7, 8, 31, 32, 33, 63, 64, 71, 77, 80, 96, 97, 103, 248, 249, 254, 255]
    found = {f"bit {at}": _flipped(octets, at).hex() for at in flips}
    return found | {
        "bits 0 and 255": _flipped(_flipped(octets, 0), 255).hex(),
        "all bits": bytes(each ^ 255 for each in octets).hex(),
        "the first bit of each octet": bytes(each ^ 128 for each in octets).hex(),
        "zeros": "00" * 32,
        "ones": "ff" * 32,
        "the first half": mac[:32],
        "the last half": mac[32:],
        "one digit less": mac[:-1],
        "one octet more": mac + "00",
        "twice": mac + mac,
        "reversed": octets[::-1].hex(),
        "capitals": mac.upper(),
        "octets": octets.decode("latin-1"),
        "nothing": "",
    }


def _flipped(octets: bytes, at: int) -> bytes:
    found = bytearray(octets)
    found[at // 8] ^= 1 << at % 8
    return bytes(found)


@pytest.mark.parametrize("case", WHOLE, ids=lambda case: case.mac[:8])
def test_every_tampered_mac_is_refused(case: Case) -> None:
    accepted = [how for how, mac in _tampered(case.mac).items() if is_mac_of(case.key, case.data, mac)]
    assert accepted == []
    assert is_mac_of(case.key, case.data, case.mac)


SLACK: Final = (
    "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
    "&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
    "&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
    "&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)
RFC_9421_KEY: Final = "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ=="
RFC_9421_BASE: Final = (
    '"date": Tue, 20 Apr 2021 02:07:55 GMT\n"@authority": example.com\n"content-type": application/json\n'
    '"@signature-params": ("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"'
)


def _hex(text: str) -> str:
    return base64.b64decode(text).hex()


@pytest.mark.parametrize(
    ("key", "message", "mac"),
    [
        pytest.param(
            b"It's a Secret to Everybody",
            b"Hello, World!",
            "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
            id="GitHub, validating webhook deliveries",
        ),
        pytest.param(
            b"8f742231b10e8888abcd99yyyzzz85a5",
            f"v0:1531420618:{SLACK}".encode(),
            "a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
            id="Slack, verifying requests",
        ),
        pytest.param(
            base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
            b'msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}',
            _hex("g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
            id="Standard Webhooks, sign",
        ),
        pytest.param(
            base64.b64decode(RFC_9421_KEY),
            RFC_9421_BASE.encode(),
            _hex("pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8="),
            id="RFC 9421 B.2.5",
        ),
        pytest.param(
            b"test-secret",
            b"1234567890.0:test payload",
            "3247e98fc9ccda6c23e65ad2d2d87e10ccf9ba920b776e7c95f4b20e607fc276",
            id="the first s2r's own test",
        ),
    ],
)
def test_what_others_have_published_comes_out(key: bytes, message: bytes, mac: str) -> None:
    assert mac_of(key, message) == mac
    assert is_mac_of(key, message, mac)
