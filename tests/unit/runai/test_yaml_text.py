"""Writing YAML that no reader can misread."""

import io
import math
from datetime import date
from typing import Any

import pytest
import yaml as pyyaml
from hypothesis import example, given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from s2r_ci.errors import MalformedReplyError
from s2r_ci.runai.yaml import read_yaml, write_yaml

NASTY = [
    "", " ", "  lead", "trail ", "y", "N", "yes", "On", "off", "TRUE", "null", "~", "010", "0o10", "0x1F",
    "0b1", "1e3", "1.", ".5", "-", "+", ".", "=", "<<", "12:30", "2024-01-01", "1_000", ".inf", ".NaN", "nan",
    "Infinity", "32Gi", "a: b", "a:", ":a", "a #b", "#a", "- a", "? a", "[a]", "{a}", "&a", "*a", "!a", "%a",
    "@a", "`a`", "|", ">", "'", '"', "\\", "a\\nb", "---", "...", "\t", "a\tb", "\n", "\n\n", "a\n", "a\nb",
    "a\nb\n", "a\nb\n\n", "\na", "\n a", " a\nb\n", "\ta\nb", "a\n b\n  \n", "a\n  ", "a\n\n\nb", "a\r\nb",
    "a\rb", "a\x00b", "\x1b[31m", "\x7f", "\x85", "\u2028", "\ufeff", "é", "日本語\nx", "😀\nx", "\u200b",
    "\u202eabc", "\U000e0041", "#!/bin/sh\necho 1\n", "# a\nb\n", "---\na\n", "a\n...\n", "a\n  b\n    c\n",
    "x" * 500, "word " * 100, "1Ki", "0Ki", "e3", "0", "00", "-1", "1e", "T", "F", "a,b", "a]", "::", "a::b",
]  # fmt: skip

SIGNS = st.sampled_from(list("aZ019 \n\t-:#?,[]{}&*!|>'\"%@`\\/.=<~_+éx日😀\x00\x07\r\x85\u2028\u200b\ufeff\u3000"))
STRINGS = st.one_of(st.sampled_from(NASTY), st.text(SIGNS, max_size=20), st.text(max_size=20))
STRINGS = STRINGS.filter(lambda text: not any("\ud800" <= char <= "\udfff" for char in text))
KEYS = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=12)
KEYS = st.one_of(KEYS, st.sampled_from(["n", "on", "1", "null", "a: b", "#", "?", "-", "=", "kai.scheduler/queue"]))
KEYS = KEYS.filter(lambda key: key == key.strip() and key != "<<")
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**53), 2**53),
    st.floats(allow_nan=False, allow_infinity=False),
    STRINGS,
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)
BODIES = st.dictionaries(KEYS, VALUES, max_size=4)


@given(BODIES)
@example({"x": NASTY})
@example({"x": [[["a\nb", " c\nd\n\n"], {"y": "1"}], [], {}]})
@example({"x": [-0.0, 1e16, 1e-7, 5e-324, 1.7976931348623157e308, 123456789.125]})
def test_what_is_written_is_read_back(body: dict[str, Any]) -> None:
    text = write_yaml(body)
    assert read_yaml(text.encode()).body == body
    assert write_yaml(body) == text


def of_yaml_1_1(text: str) -> Any:
    return pyyaml.safe_load(text)


def of_yaml_1_2(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(io.StringIO(text))


@given(BODIES)
@example({"x": NASTY})
@example({"a": "\n a\n", "b": "x\n\n", "c": "y"})
def test_readers_of_yaml_1_1_and_1_2_read_the_same(body: dict[str, Any]) -> None:
    text = write_yaml(body)
    assert of_yaml_1_1(text) == body
    assert of_yaml_1_2(text) == body


@pytest.mark.parametrize("text", NASTY, ids=ascii)
def test_a_nasty_string_stays_a_string(text: str) -> None:
    written = write_yaml({"x": text})
    for read in (of_yaml_1_1, of_yaml_1_2, lambda each: read_yaml(each.encode()).body):
        assert read(written) == {"x": text}
    assert all(char == "\n" or char == "\t" or char.isprintable() for char in written)


PLAIN = [
    ("registry.example.com/ml/train:1.0", "registry.example.com/ml/train:1.0"),
    ("/data/proj", "/data/proj"),
    ("python train.py", "python train.py"),
    ("h100 default", "h100 default"),
    ("32Gi", "32Gi"),
    ("non-preemptible", "non-preemptible"),
    ("8", '"8"'),
    ("y", '"y"'),
    ("None", "None"),
    ("1500m", '"1500m"'),
    ("-c", '"-c"'),
    ("a: b", '"a: b"'),
    ("host:", '"host:"'),
    ('say "hi"\\', '"say \\"hi\\"\\\\"'),
    ("\u202e", '"\\u202e"'),
    ("\U000e0041", '"\\U000e0041"'),
    ("é", '"é"'),
]


@pytest.mark.parametrize(("text", "written"), PLAIN, ids=[ascii(case[0]) for case in PLAIN])
def test_a_string_is_plain_only_where_all_readers_agree(text: str, written: str) -> None:
    assert write_yaml({"x": text}) == f"x: {written}\n"


BLOCKS = [
    ("a\nb\n", "x: |\n  a\n  b\n"),
    ("a\nb", "x: |-\n  a\n  b\n"),
    ("a\n\n\n", "x: |+\n  a\n\n\n"),
    (" a\nb\n", "x: |2\n   a\n  b\n"),
    ("\ta\nb", "x: |2-\n  \ta\n  b\n"),
    ("\na\n", "x: |\n\n  a\n"),
    ("a\r\n", 'x: "a\\r\\n"\n'),
    ("a\n  ", 'x: "a\\n  "\n'),
    ("\n\n", 'x: "\\n\\n"\n'),
]


@pytest.mark.parametrize(("text", "written"), BLOCKS, ids=[ascii(case[0]) for case in BLOCKS])
def test_several_lines_become_a_block_where_that_keeps_every_octet(text: str, written: str) -> None:
    assert write_yaml({"x": text}) == written


def test_the_layout_is_that_of_kubectl() -> None:
    body = {
        "kind": "Job",
        "spec": {"list": [{"name": "a", "args": ["x\ny\n", ["b"]]}, {"e": {}, "z": None}], "on": True},
    }
    assert write_yaml(body) == (
        "kind: Job\nspec:\n  list:\n  - name: a\n    args:\n    - |\n      x\n      y\n    - - b\n"
        '  - e: {}\n    z: null\n  "on": true\n'
    )


def test_comments_stand_behind_a_line_and_above_a_block() -> None:
    body = {"a": "b", "c": {"d": [1, {"e": "x\ny\n"}]}}
    comments: dict[tuple[str | int, ...], str] = {
        ("a",): "line 3",
        ("c",): "a block",
        ("c", "d", 1): "an entry",
        ("c", "d", 1, "e"): "a text",
    }
    text = write_yaml(body, comments=comments)
    assert text == (
        "a: b  # line 3\n# a block\nc:\n  d:\n  - 1\n  # an entry\n    # a text\n  - e: |\n      x\n      y\n"
    )
    assert read_yaml(text.encode()).body == body


@given(BODIES, st.text(max_size=300))
@example({"a": "x\n\n", "b": "y"}, "evil\nkind: Secret\u2028z\u0085\x00")
def test_no_comment_changes_what_is_read(body: dict[str, Any], comment: str) -> None:
    comments = dict.fromkeys(_paths(body, ()), comment)
    text = write_yaml(body, comments=comments)
    assert read_yaml(text.encode()).body == body
    assert of_yaml_1_1(text) == body


def _paths(value: Any, path: tuple[str | int, ...]) -> list[tuple[str | int, ...]]:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(deeper for step, child in children for deeper in _paths(child, (*path, step)))]


def deep(levels: int) -> Any:
    value: Any = "x"
    for _ in range(levels):
        value = {"a": value}
    return value


UNWRITABLE: list[tuple[str, Any]] = [
    ("list", []),
    ("text", "x"),
    ("number as key", {1: "x"}),
    ("merge key", {"<<": "x"}),
    ("key beyond ASCII", {"é": "x"}),
    ("key with blank at its end", {"a ": "x"}),
    ("infinity", {"a": math.inf}),
    ("not a number", {"a": math.nan}),
    ("beyond 2^53", {"a": 2**53 + 1}),
    ("date", {"a": date(2024, 1, 1)}),
    ("octets", {"a": b"x"}),
    ("half a surrogate pair", {"a": "\udc80"}),
    ("half a surrogate pair in a block", {"a": "x\n\udc80\n"}),
    ("depth 41", deep(41)),
    ("depth 5,000", deep(900)),
    ("size", {"a": "x" * 262_144}),
    ("size in octets", {"a": "é" * 140_000}),
]


@pytest.mark.parametrize("body", [pytest.param(case[1], id=case[0]) for case in UNWRITABLE])
def test_what_no_manifest_can_hold_is_refused(body: Any) -> None:
    with pytest.raises(MalformedReplyError):
        write_yaml(body)


def test_the_deepest_body_that_is_written_can_be_read() -> None:
    body = deep(40)
    assert read_yaml(write_yaml(body).encode()).body == body
