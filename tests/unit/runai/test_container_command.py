"""How the script travels: byte for byte, after the kubelet's own expansion."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2r_ci.model import Target
from s2r_ci.runai.command import arguments, delivery, escaped
from s2r_ci.runai.distribution import plan
from s2r_ci.verify.shapes import arrives
from tests.jobs import job, request

WAYS = [
    pytest.param(b"#!/bin/sh\n\techo \xc3\xa9\n", "text", id="text"),
    pytest.param(b"#!/bin/sh\necho \xff\n", "base64", id="not-utf-8"),
    pytest.param(b"#!/bin/sh\r\n", "base64", id="carriage-return"),
    pytest.param(b"#!/bin/sh\necho \xe2\x80\xae\n", "base64", id="bidirectional-mark"),
    pytest.param(b"#!/bin/sh\n" + b"#" * 98_294, "text", id="longest-text"),
    pytest.param(b"#!/bin/sh\n" + b"#" * 98_295, "base64", id="one-more"),
]


@pytest.mark.parametrize(("data", "way"), WAYS)
def test_text_travels_as_text_and_the_rest_as_base64(data: bytes, way: str) -> None:
    made = plan(request(job(), data))
    words = arguments(made, [])
    assert delivery(made) == way
    assert ("base64 -d" in words[0]) == (way == "base64")
    assert (base64.b64decode(words[2]) if way == "base64" else words[2].encode()) == data


def test_name_body_and_arguments_stand_in_their_places() -> None:
    made = plan(request(job(), "#!/bin/sh\n", Target(arguments=("a b", "$$"))))
    assert arguments(made, [])[1:] == ["train.sh", "#!/bin/sh\n", "a b", "$$$$"]


def test_a_mounted_script_is_named_by_its_path() -> None:
    made = plan(request(job(), "#!/bin/sh\n", Target(body_delivery="mounted", arguments=("x",))))
    assert arguments(made, [])[1:] == ["jobs/train.sh", "x"]


@pytest.mark.parametrize("text", ["$(echo $$)", "$($é)", "$$$", "$$(A)", "$(A)$(B)", "$", "$(", "$(A", "a$é$$(AB)"])
def test_dollars_in_every_company_arrive(text: str) -> None:
    assert arrives(escaped(text, ["A", "AB"]), {"A": "1", "AB": "2"}) == text


@given(st.text(alphabet="$()AB é\n", max_size=40))
def test_what_the_kubelet_hands_over_is_what_was_meant(text: str) -> None:
    assert arrives(escaped(text, ["A", "AB"]), {"A": "1", "AB": "2"}) == text
