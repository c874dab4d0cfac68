"""Project Wycheproof's vectors of HMAC-SHA-256: made to catch a verifier that compares too little.

66 of the 174 tags are right, 108 are changed in the ways that broken verifiers have missed. In half of the groups tags
are cut to 128 bits: as MACs of the standard they are right, as signatures of ours they are none, because only 64
digits are a signature.
"""

from collections import Counter
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from s2r_ci import signing
from s2r_ci.signing import is_mac_of, is_signature, mac_of, sign, verify
from s2r_service.authentication import Refused, signed
from s2r_service.keyring import Key, Keyring
from s2r_service.messages import Request

FILE: Final = Path(__file__).parents[1] / "vendor" / "wycheproof" / "hmac-sha256.tsv"
TIME: Final = "1763650000"
NOW_NS: Final = int(TIME) * 10**9
DIGITS: Final = 64


class Vector(NamedTuple):
    """One test: ``tag`` in hexadecimal digits, 64 or 32 of them."""

    number: int
    valid: bool
    comment: str
    key: bytes
    message: bytes
    tag: str

    @property
    def changed(self) -> bytes:
        """What the vector does to the right tag: the bits that differ."""
        right = bytes.fromhex(mac_of(self.key, self.message))
        return bytes(a ^ b for a, b in zip(right, bytes.fromhex(self.tag), strict=False))


def _vectors() -> list[Vector]:
    rows = [line.split("\t") for line in FILE.read_text(encoding="ascii").splitlines()[1:]]
    return [
        Vector(int(number), result == "valid", comment, bytes.fromhex(key), bytes.fromhex(message), tag)
        for number, result, _, comment, key, message, tag in rows
    ]


VECTORS: Final = _vectors()
WHOLE: Final = [each for each in VECTORS if len(each.tag) == DIGITS]
CUT: Final = [each for each in VECTORS if len(each.tag) != DIGITS]
each_vector = pytest.mark.parametrize("vector", VECTORS, ids=lambda each: f"{each.number} {each.comment}".strip())


def test_all_174_vectors_are_here() -> None:
    assert [each.number for each in VECTORS] == list(range(1, 175))
    assert Counter(each.valid for each in VECTORS) == {True: 66, False: 108}
    assert Counter((len(each.key) * 8, len(each.tag) * 4, each.valid) for each in VECTORS) == {
        (256, 256, True): 27, (256, 256, False): 54, (256, 128, True): 27, (256, 128, False): 54,
        (128, 256, True): 3, (128, 128, True): 3, (520, 256, True): 3, (520, 128, True): 3,
    }  # fmt: skip


@each_vector
def test_the_mac_itself_agrees_with_every_vector(vector: Vector) -> None:
    made = mac_of(vector.key, vector.message)
    assert (made[: len(vector.tag)] == vector.tag) == vector.valid
    assert any(vector.changed) != vector.valid


@each_vector
def test_only_a_whole_right_tag_is_a_signature(vector: Vector) -> None:
    whole = len(vector.tag) == DIGITS
    assert is_signature(vector.tag) == whole
    assert is_mac_of(vector.key, vector.message, vector.tag) == (vector.valid and whole)


def _changed(right: str, vector: Vector) -> str:
    """Our own right signature, changed as the vector changes its tag, and cut where it cuts."""
    octets = bytes.fromhex(right)
    return bytes(a ^ b for a, b in zip(octets, vector.changed, strict=False)).hex()


def _asked(vector: Vector, signature: str) -> str:
    """What the service says to a request whose body is the vector's message: its word, or nothing for yes."""
    headers = {signing.TIMESTAMP_HEADER.lower(): (TIME,), signing.SIGNATURE_HEADER.lower(): (signature,)}
    keyring = Keyring({"default": Key("default", vector.key, default=True)})
    try:
        found = signed(Request("POST", "/", headers, vector.message), keyring, NOW_NS)
    except Refused as refused:
        return refused.code
    assert found.mac == sign(vector.key, TIME, vector.message)
    return ""


@each_vector
def test_the_service_takes_the_right_signature_and_refuses_what_the_vector_makes_of_it(vector: Vector) -> None:
    right = sign(vector.key, TIME, vector.message)
    changed = _changed(right, vector)
    whole = len(vector.tag) == DIGITS
    assert _asked(vector, right) == ""
    assert (changed == right) == (vector.valid and whole)
    assert verify(vector.key, TIME, vector.message, changed) == (vector.valid and whole)
    if not whole:
        assert _asked(vector, changed) == "malformed-authentication"
    else:
        assert _asked(vector, changed) == ("" if vector.valid else "invalid-signature")


def test_a_cut_tag_is_refused_also_where_it_is_filled_up() -> None:
    assert len(CUT) == 87
    for vector in CUT:
        for filled in (vector.tag * 2, vector.tag + "0" * 32, "0" * 32 + vector.tag):
            assert not is_mac_of(vector.key, vector.message, filled), vector.number


def test_every_tag_is_refused_for_another_message() -> None:
    for vector in WHOLE:
        assert not is_mac_of(vector.key, vector.message + b"\0", vector.tag), vector.number
        assert not is_mac_of(vector.key + b"\1", vector.message, vector.tag), vector.number
