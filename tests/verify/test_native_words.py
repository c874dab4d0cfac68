"""The words of a text as a shell has them: what the judge's own splitting gives is what ``shlex`` gives."""

import shlex

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s2r_ci.verify.native_pod import split


def standard(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return [text]


@given(st.text(alphabet="ab '\"\\\n\t\r #$;\x0b\N{LATIN SMALL LETTER E WITH ACUTE}\N{NO-BREAK SPACE}", max_size=24))
@settings(deadline=None, max_examples=400)
def test_the_words_are_those_of_the_standard_library(text: str) -> None:
    assert split(text) == standard(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("''", [""]),
        ("a''b", ["ab"]),
        ("a '' b", ["a", "", "b"]),
        ('"a\\b\\"c\\\\"', ['a\\b"c\\']),
        ("'a", ["'a"]),
        ('"a', ['"a']),
        ("a\\", ["a\\"]),
        ("'it'\"'\"'s'", ["it's"]),
    ],
)
def test_the_corners(text: str, words: list[str]) -> None:
    assert split(text) == words == standard(text)


def test_what_is_no_text_stays_one_word() -> None:
    assert split(7) == [7]


def test_a_carried_script_is_split_and_put_together_again() -> None:
    script = "#!/bin/sh\n" + "echo \"it's\" 'x' \\\n  $HOME\n" * 200
    assert split(shlex.join(["-c", script, "a b", ""])) == ["-c", script, "a b", ""]
