"""The quick reader reads what the full reader reads, values and lines, or hands over."""

import random
from typing import Final

import pytest

from benchmarks.judge.corpus import good
from benchmarks.judge.yaml_fuzz import mutants
from s2r_ci.errors import MalformedReplyError
from s2r_ci.runai.yaml import read_by_events, read_yaml, write_yaml
from s2r_ci.runai.yaml_lines import read_lines

READS = [
    ("a mapping", "a: b\n"),
    ("a mapping in a mapping", "a:\n  b: c\nd: e\n"),
    ("a sequence at its key's column", "a:\n- b\n- c\nd: e\n"),
    ("a sequence two blanks deeper", "a:\n  - b\n  - c: d\n    e: f\ng: h\n"),
    ("numbers as Kubernetes", "a: 010\nb: 1e3\nc: 12:30\nd: 1_000\ne: y\n"),
    ("quotes with short escapes", 'a: "b\\n\\"c\\"\\\\ \\t"\nb: "x: y # z"\n'),
    ("a quoted entry that holds a colon", 'a:\n- "b: c"\n- http://x\n'),
    ("quoted keys", '"y": a\n"010": b\n'),
    ("empty collections", "a: {}\nb: []\n"),
    ("comments above and behind", "# a\na: b  # c\n    # d\nb:\n  # e\n  c: d\n"),
    ("a literal text", "a: |\n  b\n\n    c # d\nb: c\n"),
    ("a literal text that keeps its line ends", "a: |+\n  b\n\n\nb: c\n"),
    ("a literal text without its last line end", "a:\n- |-\n  b\n  c\n\n- d\n"),
    ("a literal text that starts with blanks", "a: |2\n    b\n  c\n"),
    ("a literal text after empty lines", "a: |\n\n\n  b\n"),
    ("a literal line of blanks", "a: |\n  b\n     \n  \n  c\n"),
]
HANDS_OVER = [
    ("nothing", ""),
    ("a comment only", "# a\n"),
    ("no line end", "a: b"),
    ("a key that stands twice", "a: b\na: c\n"),
    ("a key that is no string", "y: a\n"),
    ("a merge key", '"<<": a\n'),
    ("an anchor", "a: &b c\n"),
    ("an alias", "a: *b\n"),
    ("a tag", "a: !!str b\n"),
    ("a second document", "a: b\n---\na: c\n"),
    ("a directive", "%YAML 1.1\n---\na: b\n"),
    ("a text over two lines", "a: b\n  c\n"),
    ("an entry over two lines", "a:\n- b\n  c\n"),
    ("single quotes", "a: 'b'\n"),
    ("a flow mapping", "a: {b: c}\n"),
    ("a folded text", "a: >\n  b\n"),
    ("a literal text indented by four", "a: |\n    b\n"),
    ("a literal text with a short line of blanks", "a: |\n  b\n \n  c\n"),
    ("a literal text of nothing", "a: |\n\n"),
    ("a tab", "a:\tb\n"),
    ("a key without a value", "a:\nb: c\n"),
    ("a key without a value at the end", "a:\n"),
    ("an entry in a mapping", "a: b\n- c\n"),
    ("a mapping entry that is too deep", "a: b\n  c: d\n"),
    ("a mapping entry between two columns", "a:\n    b: c\n  d: e\n"),
    ("a number beyond all readers", f"a: {2**60}\n"),
    ("an explicit key", "? a\n: b\n"),
    ("too deep", "".join(f"{'  ' * depth}a:\n" for depth in range(60)) + "  " * 60 + "a: b\n"),
    ("too many nodes", "a:\n" + "- b\n" * 20_000),
]
PIECES: Final = (
    *(
        "",
        "  ",
        " ",
        "\n",
        "\n\n",
        "\n  \n",
        "#",
        "# x",
        " #",
        "- ",
        "-",
        ": ",
        ":",
        "\t",
        '"',
        "'",
        "{}",
        "[]",
        "\\",
        "\\n",
    ),
    *(
        "|",
        "|-",
        "|+",
        "|2",
        "|2+",
        ">",
        "y",
        "1e3",
        "010",
        "null",
        "~",
        "5.",
        "=",
        "\u00e9",
        "?",
        "? ",
        "%",
        "<<: x\n",
    ),
    *("---\n", "...\n", "a: b\n", "- a\n", "&a ", "!!str "),
)


def agrees(text: str) -> bool:
    """Was the text read by the quick reader? Then the full one must have read the same."""
    quick = read_lines(text)
    if quick is None:
        return False
    full = read_by_events(text)
    assert repr(quick.body) == repr(full.body)  # 1, 1.0 and true are equal, and not the same
    assert quick.lines == full.lines
    return True


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in READS])
def test_it_reads(text: str) -> None:
    assert agrees(text)


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in HANDS_OVER])
def test_it_hands_over(text: str) -> None:
    assert read_lines(text) is None


def test_it_reads_every_good_manifest_itself() -> None:
    for one in good():
        assert agrees(write_yaml(one.body))


def changed(lines: list[str], rng: random.Random) -> None:
    """One line moved to another column, cut, or with a piece put in: what octets changed at random seldom hit."""
    at = rng.randrange(len(lines))
    line, piece = lines[at], rng.choice(PIECES)
    column = rng.randrange(len(line) + 1)
    match rng.randrange(6):
        case 0:
            lines[at] = " " * rng.randrange(12) + line.lstrip()
        case 1:
            lines[at] = line[:column] + piece + line[column:]
        case 2:
            lines[at] = line[:column]
        case 3:
            lines[at] = line + piece
        case 4:
            lines.insert(at, " " * rng.randrange(14) + piece)
        case 5:
            lines[at] = line.partition(": ")[0] + ": " + piece


@pytest.mark.parametrize("count", [1_000, pytest.param(100_000, marks=pytest.mark.slow)])
def test_it_reads_mutated_manifests_as_the_full_reader_does(count: int) -> None:
    rng = random.Random(5)
    texts = [write_yaml(one.body) for one in good()]
    passed = 0
    for _ in range(count):
        lines = rng.choice(texts).split("\n")
        for _ in range(rng.choice((1, 1, 2, 3))):
            changed(lines, rng)
        passed += agrees("\n".join(lines))
    assert passed > count // 10  # the comparison compares something


@pytest.mark.parametrize("count", [500, pytest.param(100_000, marks=pytest.mark.slow)])
def test_octets_changed_at_random_are_read_as_the_full_reader_reads_them(count: int) -> None:
    passed = 0
    for _, data in mutants(count, seed=9):
        try:
            read_yaml(data)
            text = data.decode().removeprefix("\ufeff")
        except MalformedReplyError:
            continue
        passed += agrees(text)
    assert passed > count // 10
