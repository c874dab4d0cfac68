"""Words that the grammar tears apart, and redirections that it takes over the end of a line."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s2r_ci import rules
from s2r_ci.model import ItemKind, Script
from s2r_ci.slurm.body import read_body
from s2r_ci.slurm.shell import ShellReader


def arguments(text: str) -> list[str]:
    """What the program part takes from outside."""
    _, items, _ = read_body(Script(path="a.sh", data=text.encode()))
    return [item.name for item in items if item.kind is ItemKind.ARGUMENT]


@pytest.mark.parametrize(
    ("text", "sets", "commands", "outside"),
    [
        pytest.param("A=$B/c/$D.txt\necho $A", ("A",), ("echo",), ["B", "D"], id="a path of two variables"),
        pytest.param("A=$PWD/$B/$C\necho $A", ("A",), ("echo",), ["B", "C"], id="a path of three"),
        pytest.param('A=$B/c/"$D"\necho $A', ("A",), ("echo",), ["B", "D"], id="the last in quotes"),
        pytest.param("A=d$B-$1\necho $A", ("A",), ("echo",), ["B", "$1"], id="an argument at the end"),
        pytest.param("A=1 E=$B/c/$D\necho $A $E", ("A", "E"), ("echo",), ["B", "D"], id="two on a line"),
        pytest.param("A=$B/c/$D; echo $A", ("A",), ("echo",), ["B", "D"], id="a command behind a semicolon"),
        pytest.param("A=$B/c/$D prog", (), ("prog",), ["B", "D"], id="for one command alone"),
        pytest.param('echo $"a" b', (), ("echo",), [], id="a string to translate is a word of its own"),
    ],
)
def test_a_value_of_several_pieces_is_one_value(
    text: str, sets: tuple[str, ...], commands: tuple[str, ...], outside: list[str]
) -> None:
    body, _, findings = read_body(Script(path="a.sh", data=text.encode()))
    assert (body.sets, body.commands, arguments(text), findings) == (sets, commands, outside, ())


_PIECES = st.sampled_from(["$a", "${b}", "/", "x", ".y", "-", "_", ":", "1", "$1", '"q $c"', "'s'", ",", "@", "="])


@given(st.lists(_PIECES, min_size=1, max_size=5).map("".join).filter(":".__ne__))  # alone, it parts two programs
@settings(max_examples=300)
def test_a_word_without_blanks_stays_one_word(word: str) -> None:
    reader = ShellReader("a.sh", f"Z={word}\nsrun -n 2 prog {word} end\n".encode())
    reader.read()
    assert [step.words for step in reader.found.steps] == [("srun", "-n", "2", "prog", word, "end")]
    assert tuple(reader.found.sets) == ("Z",)
    assert tuple(reader.found.commands) == ("srun", "prog")


@given(st.lists(_PIECES, min_size=1, max_size=5).map("".join))
@settings(max_examples=100)
def test_an_argument_is_seen_wherever_it_stands_in_a_word(word: str) -> None:
    assert ("$1" in arguments(f"prog {word}")) is ("$1" in word)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("conda activate <name>\n\nsrun python a.py\n", id="a placeholder in angle brackets"),
        pytest.param("module load mpi/<x.y>  # choose one\nsrun python a.py\n", id="with a comment behind it"),
        pytest.param("cat a >\nsrun python a.py\n", id="a file forgotten"),
    ],
)
def test_a_redirection_that_ends_with_its_line_is_reported_and_swallows_no_step(text: str) -> None:
    body, _, (finding,) = read_body(Script(path="a.sh", data=text.encode()))
    assert finding.rule is rules.BODY_NOT_UNDERSTOOD
    assert finding.location.line == 1
    assert not body.understood
    assert "srun" in [step.launcher for step in body.steps]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("srun a > log 2>&1\n", id="two on a line"),
        pytest.param("srun a >\\\n log\n", id="a line that goes on"),
        pytest.param("srun a > >(tee\n log)\n", id="a process with lines of its own"),
        pytest.param("srun a > $(echo\n log)\n", id="a name that is worked out over two lines"),
        pytest.param("cat > f <<EOF\na\nEOF\nsrun a\n", id="a here-document"),
        pytest.param("srun a <<< 'one\ntwo'\n", id="a here-string"),
        pytest.param("srun a > 'odd\nname'\n", id="a name with a line break in quotes"),
    ],
)
def test_a_redirection_that_a_shell_takes_is_read(text: str) -> None:
    body, _, findings = read_body(Script(path="a.sh", data=text.encode()))
    assert (body.understood, findings) == (True, ())
