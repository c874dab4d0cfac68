"""Calls of sbatch in shell programs, and what each sends."""

import pytest

from s2r_ci.slurm.driver import Call, read_call, sbatch_calls

CALLS = [
    ("sbatch job.sh", Call(line=1, script="job.sh")),
    ("sbatch -N 2 --mem=4G job.sh a b", Call(
        line=1, script="job.sh", options=("-N", "2", "--mem=4G"), arguments=("a", "b"))),
    ("/usr/bin/sbatch --job-name 'my job' job.sh", Call(line=1, script="job.sh", options=("--job-name", "my job"))),
    ('ID=$(sbatch --parsable "job.sh")', Call(line=1, script="job.sh", options=("--parsable",))),
    ("for i in 1 2; do\n  sbatch --export=I=$i job.sh $i\ndone", Call(
        line=2, script="job.sh", left_open=("--export=I=$i", "$i"))),
    ("sbatch --array=1-$N -p gpu job.sh", Call(
        line=1, script="job.sh", options=("-p", "gpu"), left_open=("--array=1-$N",))),
    ("sbatch -p $PART job.sh", Call(line=1, script="job.sh", left_open=("-p $PART",))),
    ("sbatch $OPTIONS job.sh", Call(line=1, script="job.sh", left_open=("$OPTIONS",))),
    ("sbatch -n1 \"$script\"", Call(line=1, options=("-n1",), left_open=('"$script"',))),
    ("sbatch -c 4 --wrap='python x.py'", Call(line=1, options=("-c", "4"), wrapped="python x.py")),
    ("sbatch < job.sh", Call(line=1, script="job.sh")),
    ("SBATCH_PARTITION=gpu sbatch job.sh", Call(line=1, script="job.sh", environ={"SBATCH_PARTITION": "gpu"})),
    ("if sbatch job.sh; then echo yes; fi", Call(line=1, script="job.sh")),
    ("exec sbatch -H job.sh", Call(line=1, script="job.sh", options=("-H",))),
    ("sbatch --cpus-per-t 3 job.sh", Call(line=1, script="job.sh", options=("--cpus-per-t", "3"))),
    ("sbatch --exclusive job.sh", Call(line=1, script="job.sh", options=("--exclusive",))),
    ("sbatch -HN 2 job.sh", Call(line=1, script="job.sh", options=("-HN", "2"))),
]  # fmt: skip
NO_CALLS = ["echo sbatch job.sh", "# sbatch job.sh", "squeue -u me", "", "cat <<'E'\nsbatch job.sh\nE", "\0\xff("]


@pytest.mark.parametrize(("text", "call"), CALLS, ids=[text for text, _ in CALLS])
def test_a_call_is_taken_apart(text: str, call: Call) -> None:
    assert sbatch_calls(text) == (call,)


@pytest.mark.parametrize("text", NO_CALLS)
def test_what_is_no_call_gives_none(text: str) -> None:
    assert sbatch_calls(text) == ()


def test_calls_stand_in_the_order_of_their_lines() -> None:
    text = "sbatch a.sh\nif x; then sbatch b.sh; fi\n(sbatch c.sh)\n"
    assert [(call.line, call.script) for call in sbatch_calls(text)] == [(1, "a.sh"), (2, "b.sh"), (3, "c.sh")]


def test_the_options_of_a_call_win_over_the_header_and_the_environment() -> None:
    (call,) = sbatch_calls("SBATCH_TIMELIMIT=20 SBATCH_PARTITION=gpu sbatch -N 4 -t 30 job.sh")
    header = read_call(call, b"#!/bin/bash\n#SBATCH -N 2 -c 3 -t 10\n")
    assert header.stage == "accepted"
    assert dict(header.components[0].options) == {
        "nodes": "4", "cpus-per-task": "3", "time": "00:30:00", "partition": "gpu",
    }  # fmt: skip


def test_a_call_that_sbatch_refuses_says_so() -> None:
    (call,) = sbatch_calls("sbatch --mem-per-cpu=2G job.sh")
    assert read_call(call, b"#!/bin/bash\n#SBATCH --mem=4G\n").stage == "verify"
