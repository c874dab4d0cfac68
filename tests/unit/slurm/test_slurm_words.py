"""Which lines are directives, and the words sbatch cuts out of them."""

import pytest

from s2r_ci.slurm.options import DEFAULT_RELEASE, parse_release
from s2r_ci.slurm.troubles import Troubles
from s2r_ci.slurm.words import Header, read_words

NOW = parse_release(DEFAULT_RELEASE)


def cut(text: str, release: tuple[int, int] = NOW) -> tuple[Header, Troubles]:
    troubles = Troubles("job.sh")
    return read_words(text.encode(), release, troubles, lambda raw, line: None), troubles


def words(line: str, release: tuple[int, int] = NOW) -> list[str]:
    return [word.text for word in cut(f"#!/bin/sh\n#SBATCH{line}\n", release)[0].components[0]]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (" --nodes=2 -n 4", ["--nodes=2", "-n", "4"]),
        ("--nodes=2", ["--nodes=2"]),
        ("ING is fun", ["ING", "is", "fun"]),
        ("", []),
        ("    ", []),
        ("\t-N\v2\f-n\r4", ["-N", "2", "-n", "4"]),
        (' --job-name="alpha beta" -n 2', ["--job-name=alpha beta", "-n", "2"]),
        (" 'alpha beta'", ["alpha beta"]),
        (' al"pha be"ta', ["alpha beta"]),
        (" \"a\"'b'c", ["abc"]),
        (' "say \\"hi\\""', ['say "hi"']),
        (" 'it\\'s'", ["it's"]),
        (' "it\'s"', ["it's"]),
        (" C:\\new a\\tb", ["C:new", "atb"]),
        (' "C:\\\\new"', ["C:\\new"]),
        (" alpha\\ beta", ["alpha beta"]),
        (' \\"a b\\"', ['"a', 'b"']),
        (" $HOME ~/x `date` ${X}", ["$HOME", "~/x", "`date`", "${X}"]),
        (" -N 2 # two", ["-N", "2"]),
        (" -N 2# two", ["-N", "2"]),
        (" --comment=a#b -n 4", ["--comment=a"]),
        (" a\\#b", ["a#b"]),
        (' "a # b"', ["a # b"]),
        (" -n 2 # it's", ["-n", "2"]),
        (' -J "" -n 2', ["-J"]),
        (' --job-name="" -n 2', ["--job-name=", "-n", "2"]),
        (" ; , =", [";", ",", "="]),
        (" --nodes \\", ["--nodes"]),
        (" a\u00a0b", ["a\u00a0b"]),
        (" --job-name hetjob --mem=3G", ["--job-name"]),
        (' --job-name "hetjob"', ["--job-name", "hetjob"]),
        (" --job-name=hetjob", ["--job-name=hetjob"]),
        (" -J hetjobs", ["-J", "hetjobs"]),
    ],
)
def test_a_line_is_cut_as_sbatch_cuts_it(line: str, expected: list[str]) -> None:
    assert words(line) == expected


def test_an_escaped_blank_cuts_the_word_up_to_23_11() -> None:
    assert words(" alpha\\ beta", (23, 11)) == ["alpha", "beta"]


@pytest.mark.parametrize(
    ("line", "what"),
    [(" -t :30", "colon"), (" :", "colon"), (" --comment=it's -n 2", "never closed"), (' "open', "never closed")],
)
def test_sbatch_stops_at_a_line_it_cannot_cut(line: str, what: str) -> None:
    header, troubles = cut(f"#!/bin/sh\n#SBATCH{line}\n#SBATCH -n 3\n")
    assert header.fatal
    assert what in troubles.found[0].message
    assert troubles.found[0].location.line == 2


@pytest.mark.parametrize(
    "line",
    [" #SBATCH -N 4", "\t#SBATCH -N 4", "#sbatch -N 4", "# SBATCH -N 4", "##SBATCH -N 4", "", "   ", "# a comment"],
)
def test_a_comment_is_no_directive_and_does_not_end_the_reading(line: str) -> None:
    header, _ = cut(f"#!/bin/sh\n{line}\n#SBATCH -n 2\n")
    assert [word.text for word in header.components[0]] == ["-n", "2"]


@pytest.mark.parametrize(
    "line", ["set -e", ":", "{", "X=1", "f() {", "<<<<<<<", "if true; then #SBATCH -n 2", '"""']
)
def test_the_first_command_ends_the_reading(line: str) -> None:
    header, _ = cut(f"#!/bin/sh\n#SBATCH -n 2\n{line}\n#SBATCH -N 4\n")
    assert [word.text for word in header.components[0]] == ["-n", "2"]
    assert header.end_line == 3


def test_every_word_keeps_its_line_and_column_counted_in_characters() -> None:
    header, _ = cut('#!/bin/sh\n\n#SBATCH --comment=\u00e4\u00f6 -n 2 "-c" 3\n')
    assert [(word.text, word.line, word.column) for word in header.components[0]] == [
        ("--comment=\u00e4\u00f6", 3, 9), ("-n", 3, 22), ("2", 3, 25), ("-c", 3, 27), ("3", 3, 32),
    ]  # fmt: skip


def test_hetjob_begins_a_component_and_drops_the_rest_of_its_line() -> None:
    header, troubles = cut("#!/bin/sh\n#SBATCH -n 1\n#SBATCH HetJob -N 2\n#SBATCH -n 2\n#SBATCH packjob # third\n")
    assert [[word.text for word in words] for words in header.components] == [["-n", "1"], ["-n", "2"], []]
    assert [(found.rule.id, found.location.line) for found in troubles.found] == [("directive-cut-short", 3)]
    assert "-N 2" in troubles.found[0].message


@pytest.mark.parametrize(
    ("line", "lost"),
    [
        (" --comment=run#7 -n 9", "#7 -n 9"),
        (" -N 2 #SBATCH -n 4", "#SBATCH -n 4"),
        (' --comment "" --nodes=4', "--nodes=4"),
        (" --time=1:00:00#SBATCH -c 8", "#SBATCH -c 8"),
        (" -N 1 hetjob -n 2", "hetjob"),
    ],
)
def test_a_line_that_is_cut_short_is_told(line: str, lost: str) -> None:
    _, troubles = cut(f"#!/bin/sh\n#SBATCH{line}\n")
    assert [found.rule.id for found in troubles.found] == ["directive-cut-short"]
    assert lost in troubles.found[0].message


@pytest.mark.parametrize(
    "line", [" -N 2 # two", " -N 2# two", " -n 1 ## -c 4", " # only a comment", " hetjob # second"]
)
def test_an_ordinary_comment_is_not_told(line: str) -> None:
    assert not cut(f"#!/bin/sh\n#SBATCH{line}\n")[1].found
