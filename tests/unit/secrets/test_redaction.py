"""A redacted text has no secret, keeps its lines, and never confuses its placeholders with others."""

import re
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s2r_ci.secrets import Placeholder, Redacted, find_secrets, redact
from tests.unit.secrets.planted import PLANTED, T, W, made_up

ONE, TWO = made_up(30, salt="1"), made_up(30, salt="2")
KEY: Final = PLANTED["private key"][2]


def test_equal_values_get_equal_placeholders_and_others_do_not() -> None:
    redacted = redact(f"A_TOKEN={ONE}\nB_TOKEN={TWO}\n X=é C_TOKEN={ONE}\n")
    assert redacted == Redacted(
        text="A_TOKEN=S2R_REDACTED_1__\nB_TOKEN=S2R_REDACTED_2__\n X=é C_TOKEN=S2R_REDACTED_1__\n",
        placeholders=(
            Placeholder(text="S2R_REDACTED_1__", kind="token", line=1, column=9),
            Placeholder(text="S2R_REDACTED_2__", kind="token", line=2, column=9),
            Placeholder(text="S2R_REDACTED_1__", kind="token", line=3, column=14),
        ),
    )


def test_a_text_without_a_secret_is_the_same_object() -> None:
    text = "#!/bin/bash\nsrun ./a\n"
    assert redact(text).text is text
    assert redact(text).placeholders == ()


def test_placeholders_that_stand_there_already_keep_their_numbers_for_themselves() -> None:
    redacted = redact(f"A=S2R_REDACTED_1__ S2R_REDACTED_3__\nA_TOKEN={ONE}\nB_TOKEN={TWO}\n")
    assert redacted.text == (
        "A=S2R_REDACTED_1__ S2R_REDACTED_3__\nA_TOKEN=S2R_REDACTED_2__\nB_TOKEN=S2R_REDACTED_4__\n"
    )
    assert [(each.text, each.line) for each in redacted.placeholders] == [
        ("S2R_REDACTED_2__", 2),
        ("S2R_REDACTED_4__", 3),
    ]


def test_a_placeholder_of_an_attacker_with_a_number_of_any_length_is_left_alone() -> None:
    text = f"A=S2R_REDACTED_{'9' * 40}__\nA_TOKEN={ONE}\n"
    assert redact(text).text == f"A=S2R_REDACTED_{'9' * 40}__\nA_TOKEN=S2R_REDACTED_1__\n"


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\\\n"], ids=["lines", "dos", "continued"])
def test_what_stands_behind_a_secret_of_many_lines_keeps_its_line(ending: str) -> None:
    text = "cat > key <<E\n" + KEY.replace("\n", ending) + "\nE\nsrun ./a\n"
    redacted = redact(text)
    assert redacted.text.split("\n")[-2] == "srun ./a"
    assert redacted.text.count("\n") == text.count("\n")
    assert redacted.text.count("\\\n") == text.count("\\\n")
    assert [(each.kind, each.line) for each in redacted.placeholders] == [("private-key", 2)]


def test_nothing_that_is_handed_out_holds_the_value() -> None:
    assert ONE not in repr(redact(f"A_TOKEN={ONE}\n"))


def test_octets_that_are_no_text_come_through() -> None:
    text = b"\xff\xfe A_TOKEN=".decode("utf-8", "surrogateescape") + ONE
    assert redact(text).text.encode("utf-8", "surrogateescape") == b"\xff\xfe A_TOKEN=S2R_REDACTED_1__"


FRAGMENTS: Final = st.sampled_from(
    ["token=", "password: ", "--api-key ", "://", "a:b", "@h", '"', "'", "\\\n", " ", "\n", "Bearer ",
     "-----BEGIN PRIVATE ", "KEY-----", "-----END", "curl -u ", "ey" + "J", ".", "S2R_REDACTED_1__", "S2R_REDACTED_",
     "2", "__", "$", "=", "sshpass -p ", T, W, "gh" + "p_" + made_up(36)]
)  # fmt: skip


@given(st.lists(FRAGMENTS, max_size=30).map("".join))
@settings(max_examples=500)
def test_redaction_settles_leaves_nothing_and_keeps_the_lines(text: str) -> None:
    once = redact(text)
    assert redact(once.text) == Redacted(text=once.text)
    assert find_secrets(once.text) == ()
    assert once.text.count("\n") == text.count("\n")


@given(st.lists(FRAGMENTS, max_size=30).map("".join))
@settings(max_examples=300)
def test_every_placeholder_is_where_it_is_said_to_be_and_was_not_there_before(text: str) -> None:
    before = set(re.findall(r"S2R_REDACTED_\d+__", text))
    redacted = redact(text)
    lines = redacted.text.split("\n")
    for each in redacted.placeholders:
        assert lines[each.line - 1][each.column - 1 :].startswith(each.text)
        assert each.text not in before


@given(st.text(max_size=200))
@settings(max_examples=200)
def test_a_redacted_text_is_bounded_in_length(text: str) -> None:
    assert len(redact(text).text) <= len(text) + 24 * (1 + len(text) // 5)
