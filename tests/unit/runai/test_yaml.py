"""Reading YAML as Kubernetes reads it. The ids Y-01 to Y-30 are those of the design's list of bad inputs."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2r_ci.errors import MalformedReplyError
from s2r_ci.runai.yaml import read_yaml

ONE_LINE_LIMIT = 400


def value_of(text: str) -> Any:
    return read_yaml(f"x: {text}\n".encode()).body["x"]


# What a Kubernetes API server (1.20) answered for each of these.
AS_KUBERNETES = [
    ("no", False),
    ("NO", False),
    ("on", True),
    ("Yes", True),
    ("off", False),
    ("y", True),
    ("n", False),
    ("Y", True),
    ("yES", "yES"),
    ("010", 8),
    ("0o10", 8),
    ("0x10", 16),
    ("0b11", 3),
    ("-0b11", -3),
    ("08", 8),
    ("+12", 12),
    ("1e3", 1000),
    ("1.0e3", 1000),
    ("1.0", 1),
    ("1.10", 1.1),
    (".5", 0.5),
    ("0e123", 0),
    ("12:30", "12:30"),
    ("12:30:00", "12:30:00"),
    ("90:00", "90:00"),
    ("1:2:3:4", "1:2:3:4"),
    ("2024-01-01", "2024-01-01"),
    ("2024-01-01T10:00:00Z", "2024-01-01T10:00:00Z"),
    ("1_000", 1000),
    ("_1", "_1"),
    ("1.2.3", "1.2.3"),
    ("32Gi", "32Gi"),
    ("+", "+"),
    (".", "."),
    ("0x", "0x"),
    ("=", "="),
    ("~", None),
    ("", None),
    ("null", None),
    ("nULL", "nULL"),
    ('"yes"', "yes"),
    ("'010'", "010"),
    ('"\\u0041\\x42\\n"', "AB\n"),
    ("|-\n  yes", "yes"),
    ("9007199254740992", 2**53),
    ("-9007199254740992", -(2**53)),
    ("1e300", 1e300),
]


@pytest.mark.parametrize(
    ("text", "value"), [pytest.param(*case, id=case[0] or "nothing") for case in AS_KUBERNETES]
)
def test_a_scalar_is_what_kubernetes_makes_of_it(text: str, value: Any) -> None:
    found = value_of(text)
    assert (found, type(found)) == (value, type(value))


ALIAS_BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{new}: &{new} [{','.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)

REFUSED: list[tuple[str, bytes | str]] = [
    ("Y-01 alias bomb", ALIAS_BOMB),
    ("Y-02 anchor that holds itself", "a: &a [*a]"),
    ("Y-02 anchor alone", "a: &a x"),
    ("Y-03 merge key", "base: {image: good}\nspec:\n  <<: {image: evil}"),
    ("Y-03 merge key in quotes", 'spec:\n  "<<": {image: evil}'),
    ("Y-03 merge as a value", "a: <<"),
    ("Y-04 key twice", "image: a\nimage: b"),
    ("Y-04 key twice after quotes", "image: a\n'image': b"),
    ("Y-04 key twice after escape", 'image: a\n"im\\u0061ge": b'),
    ("Y-05 second document", "kind: Job\n---\nkind: ClusterRoleBinding"),
    ("Y-05 empty second document", "kind: Job\n---\n"),
    ("Y-06 TAG directive", "%TAG ! tag:evil,2024:\n---\na: b"),
    ("Y-06 YAML directive", "%YAML 1.1\n---\na: b"),
    ("Y-07 python object", "a: !!python/object/apply:os.system [id]"),
    ("Y-08 unknown tag", "a: !x b"),
    ("Y-08 binary", "a: !!binary aGk="),
    ("Y-08 set", "a: !!set {b}"),
    ("Y-08 omap", "a: !!omap [b: c]"),
    ("Y-08 string tag", "a: !!str 1"),
    ("Y-08 non-specific tag", "a: ! 1"),
    ("Y-09 complex key", "? [a, b]\n: c"),
    ("Y-09 mapping as key", "{a: b}: c"),
    ("Y-09 boolean key", "on: x"),
    ("Y-09 key n", "n: x"),
    ("Y-09 integer key", "1: x"),
    ("Y-09 null key", "~: x"),
    ("Y-09 empty key", ": x"),
    ("Y-13 infinity", "a: .inf"),
    ("Y-13 minus infinity", "a: -.INF"),
    ("Y-13 not a number", "a: .NaN"),
    ("Y-14 git hash that is a number", "a: 12e4567"),
    ("Y-16 4,300 digits", "a: " + "1" * 4300),
    ("Y-16 4,301 digits", "a: " + "1" * 4301),
    ("Y-16 beyond 2^53", "a: 9007199254740993"),
    ("Y-16 hexadecimal beyond 2^53", "a: 0xFFFFFFFFFFFFFFFF"),
    ("Y-16 10^309", "a: 1" + "0" * 309),
    ("Y-16 float too large", "a: 1.5e308000"),
    ("Y-17 depth 41", "a: " + "[" * 40 + "]" * 40),
    ("Y-17 depth 500", "a: " + "[" * 500 + "]" * 500),
    ("Y-17 depth 5,000", "a: " + "[" * 5000),
    ("Y-17 depth 5,000 by lines", "a: " + "[\n" * 5000),
    ("Y-17 mappings 100,000 deep", "{a: " * 60000),
    ("Y-17 indent 2,000", "".join(" " * n + "a:\n" for n in range(600))),
    ("Y-18 spaces", b" " * 100_000_000),
    ("Y-18 a million comments", b"#\n" * 1_000_000),
    ("Y-18 blanks below the limit", b" " * 262_000),
    ("Y-18 comments below the limit", b"#\n" * 131_000),
    ("Y-18 too many nodes", "a:\n" + "-\n" * 60_000),
    ("Y-18 too many nodes in flow", "a: [" + "x," * 60_000 + "]"),
    ("Y-19 NUL", b"a: \x00"),
    ("Y-19 DEL", b"a: x\x7f"),
    ("Y-19 ESC", b"a: x\x1b[31m"),
    ("Y-19 C1", "a: x\u0080"),
    ("Y-19 next line", "a: x\u0085b: c"),
    ("Y-19 line separator", "a: x\u2028b: c"),
    ("Y-19 paragraph separator", "a: x\u2029b: c"),
    ("Y-19 half a surrogate pair", 'a: "\\ud800"'),
    ("Y-19 beyond Unicode", 'a: "\\U00110000"'),
    ("Y-20 UTF-16", "a: b".encode("utf-16")),
    ("Y-20 UTF-16 without mark", "a: b".encode("utf-16-le")),
    ("Y-20 UTF-32", "a: b".encode("utf-32")),
    ("Y-20 UTF-7", "+AGE-: b".encode("ascii") + b"\n- x"),
    ("Y-20 octets", b"a: \xff\xfe"),
    ("Y-20 overlong", b"a: \xc0\xaf"),
    ("Y-20 mark in the middle", "a: b\n\ufeffc: d"),
    ("Y-20 two marks", "\ufeff\ufeffa: b"),
    ("Y-21 tab indentation", "a:\n\tb: c"),
    ("Y-21 CR only", b"a: b\rc: d\r"),
    ("Y-21 CRLF", b"a: b\r\nc: d\r\n"),
    ("Y-23 explicit key", "? a\n: b"),
    ("Y-23 explicit key below", "x:\n  ? a\n  : b"),
    ("Y-23 explicit key alone on its line", "x:\n  ?\n    a\n  : b"),
    ("Y-23 explicit key in flow", "x: {? a : b}"),
    ("Y-23 explicit key in a sequence", "x:\n- ? a\n  : b"),
    ("Y-23 explicit key behind a block", "x: |\n  ? a\n? b\n: c"),
    ("Y-23 explicit key behind a folded block", "x:\n- >-\n    a ?\n\n- ? b\n  : c"),
    ("Y-24 key twice in flow", "{image: x, image: y}"),
    ("Y-24 flow left open", "{image: x"),
    ("Y-24 flow over block", "a: {b: c\nd: e}\nf"),
    ("Y-25 blank behind the key", '"image ": x'),
    ("Y-25 no-break space", "image\u00a0: x"),
    ("Y-25 zero-width", "im\u200bage: x"),
    ("Y-25 other normal form", "e\u0301: x"),
    ("Y-25 full width", "\uff49mage: x"),
    ("Y-26 in backticks", "```yaml\na: b\n```"),
    ("Y-26 prose before", "Here is your manifest!\n\napiVersion: batch/v1"),
    ("Y-26 two blocks", "a: b\n```\n```yaml\na: b"),
    ("Y-27 nothing", b""),
    ("Y-27 only a mark", "\ufeff"),
    ("Y-27 comments", "# a\n# b\n"),
    ("Y-27 scalar", "Job"),
    ("Y-27 list", "- a\n- b"),
    ("Y-27 null document", "---\n"),
    ("Y-28 JSON with a key twice", '{"a": 1, "a": 2}'),
    ("quote left open", 'a: "b'),
    ("alias of nothing", "a: *b"),
    ("colon twice", "a: b: c"),
]


@pytest.mark.parametrize("text", [pytest.param(case[1], id=case[0]) for case in REFUSED])
def test_what_readers_could_understand_differently_is_refused(text: bytes | str) -> None:
    data = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(MalformedReplyError) as caught:
        read_yaml(data, where="x.yaml")
    assert "\n" not in caught.value.what
    assert len(caught.value.what) < ONE_LINE_LIMIT
    name, _, line = caught.value.where.rpartition(":")
    assert name == "x.yaml"
    assert int(line) >= 1


READ: list[tuple[str, str, Any]] = [
    ("Y-20 mark at the start", "\ufeffa: b", {"a": "b"}),
    ("Y-22 indentation indicator", "a: |1\n  text\n  image: evil\n", {"a": " text\n image: evil\n"}),
    ("Y-23 question mark in a value", "a: why? b\nc: '? d'\n", {"a": "why? b", "c": "? d"}),
    ("Y-23 key that begins with one", "?a: b\n", {"?a": "b"}),
    ("Y-23 question mark in a block", "a: |\n  ? b\n  : c\n", {"a": "? b\n: c\n"}),
    ("Y-24 flow with trailing comma", "a: [b, c,]\nd: {e: f,}\n", {"a": ["b", "c"], "d": {"e": "f"}}),
    ("Y-28 JSON", '{"a": [1, 2.5, "x", null, true]}', {"a": [1, 2.5, "x", None, True]}),
    ("Y-30 sexagesimal of 50,000 parts", "a: " + ":".join(["1"] * 50_000), {"a": ":".join(["1"] * 50_000)}),
    ("depth 40", "a: " + "[" * 39 + "]" * 39, None),
    ("document marks", "---\na: b\n...\n", {"a": "b"}),
    ("comments everywhere", "# 1\na: # 2\n  - b # 3\n", {"a": ["b"]}),
    ("empty collections", "a: {}\nb: []\n", {"a": {}, "b": []}),
    ("equal keys in two mappings", "a: {x: 1}\nb: {x: 2}\n", {"a": {"x": 1}, "b": {"x": 2}}),
]


@pytest.mark.parametrize(("text", "body"), [pytest.param(*case[1:], id=case[0]) for case in READ])
def test_plain_yaml_and_json_are_read(text: str, body: Any) -> None:
    found = read_yaml(text.encode()).body
    assert found == body if body is not None else isinstance(found, dict)


def test_every_node_knows_its_line() -> None:
    text = "kind: Job\nspec:\n  a:\n  - x\n  - b: |\n      1\n      2\n    c: {d: [e,\n      f]}\n"
    manifest = read_yaml(text.encode())
    assert manifest.lines == {
        (): 1,
        ("kind",): 1,
        ("spec",): 2,
        ("spec", "a"): 3,
        ("spec", "a", 0): 4,
        ("spec", "a", 1): 5,
        ("spec", "a", 1, "b"): 5,
        ("spec", "a", 1, "c"): 8,
        ("spec", "a", 1, "c", "d"): 8,
        ("spec", "a", 1, "c", "d", 0): 8,
        ("spec", "a", 1, "c", "d", 1): 9,
    }


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param("a: 1\nb:\n  c: 2\n  c: 3\n", 4, id="key twice"),
        pytest.param("a: 1\n\n\nb: .inf\n", 4, id="number"),
        pytest.param("a: 1\nb: c: d\n", 2, id="grammar"),
        pytest.param("a: 1\nb:\n- ? c\n", 3, id="explicit key"),
        pytest.param("a: 1\nb: \x01\n", 2, id="character"),
        pytest.param("a: 1\n---\nb: 2\n", 2, id="second document"),
    ],
)
def test_a_refusal_names_the_line(text: str, line: int) -> None:
    with pytest.raises(MalformedReplyError) as caught:
        read_yaml(text.encode(), where="m.yaml")
    assert caught.value.where == f"m.yaml:{line}"


def test_a_refusal_without_a_name_still_names_the_line() -> None:
    with pytest.raises(MalformedReplyError) as caught:
        read_yaml(b"a: 1\na: 2\n")
    assert caught.value.where == "line 2"


WORDS = "a: |b:\n|- |  |\n|[|]|{|}|,|>|? |: |&a |*a|!x |%T|---\n|...\n|'|\"|\\u|\\ud800|<<|#|yes|1e9|0o7"
PIECES = st.sampled_from([*WORDS.split("|"), "|", "\t", "é", "\u200b", "\ufeff", "\x00"])


@given(st.one_of(st.binary(max_size=200), st.lists(PIECES, max_size=30).map("".join).map(str.encode)))
def test_any_octets_give_a_manifest_or_our_error(data: bytes) -> None:
    try:
        found = read_yaml(data)
    except MalformedReplyError:
        return
    assert isinstance(found.body, dict)
    assert found.lines[()] >= 1
