"""Writer and judge read the options of srun apart from each other, and say the same."""

import pytest

from s2r_ci.model import Step
from s2r_ci.runai.srun_options import GROUPS
from s2r_ci.runai.srun_use import use
from s2r_ci.verify.prelude_options import MEANT, options
from tests.jobs import place


def call(words: str) -> Step:
    """The call, whose program is ``x``."""
    return Step(launcher="srun", words=("srun", *words.split(), "x"), program=("x",), location=place())


def test_both_know_the_same_options() -> None:
    assert GROUPS.keys() == MEANT


@pytest.mark.parametrize(
    ("words", "meant", "ignored", "flags"),
    [
        pytest.param("", "", "", "", id="none"),
        pytest.param("-n 4 -N2", "ntasks nodes", "", "", id="letters"),
        pytest.param("--ntasks=4 --nodes 2 --", "ntasks nodes", "", "", id="long"),
        pytest.param("--exclusive -c4", "exact cpus-per-task", "", "--exclusive", id="another name"),
        pytest.param("--jobid $SLURM_JOB_ID -u", "", "--jobid | -u", "", id="means nothing"),
        pytest.param(
            "--unbuffered --no-kill -K1", "kill-on-bad-exit", "--no-kill | --unbuffered", "both", id="flags"
        ),
        pytest.param(
            "-o $OUT --label --output=-n", "output label", "", "--label", id="a value looks like an option"
        ),
        pytest.param("--x11 -J name -p gpu", "", "--x11 | -J | -p", "--x11", id="values of what means nothing"),
    ],
)
def test_both_read_the_same(words: str, meant: str, ignored: str, flags: str) -> None:
    flags = ignored if flags == "both" else flags
    written, judged = use([call(words)]), options([call(words)])
    assert written is not None
    assert judged is not None
    assert written.groups == judged.meant == set(meant.split())
    assert " | ".join(written.ignored) == judged.ignored == ignored
    assert " | ".join(written.flags) == judged.flags == flags


@pytest.mark.parametrize("words", ["$OPTIONS", '"$A" -n1', "`cat options`", "--$NAME=4", "-lu", "-n1 y -N1"])
def test_neither_guesses(words: str) -> None:
    assert (use([call("-n1"), call(words)]), options([call("-n1"), call(words)])) == (None, None)


@pytest.mark.parametrize("program", [(), ("$PROGRAM",), ('"$@"',), ("-x",)])
def test_a_program_that_may_be_an_option_says_nothing(program: tuple[str, ...]) -> None:
    step = Step(launcher="srun", words=("srun", "-n1", *program), program=program, location=place())
    assert (use([step]), options([step])) == (None, None)
