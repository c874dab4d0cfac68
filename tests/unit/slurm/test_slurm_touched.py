"""Files that a program names, and what it starts in the background."""

import pytest

from s2r_ci.slurm.driver import sbatch_calls
from s2r_ci.slurm.touched import touched

FILES = [
    ("cat a.txt > b.txt", [("reads", "a.txt"), ("writes", "b.txt")]),
    ("./x < in >> out 2> err", [("reads", "in"), ("writes", "err"), ("writes", "out")]),
    ("cp a b c/", [("reads", "a"), ("reads", "b"), ("writes", "c/")]),
    ("mkdir -p d && tee log", [("writes", "d"), ("writes", "log")]),
    ("x > /dev/null 2>&1", []),
    ("echo hello", []),
    ("source env.sh", [("reads", "env.sh")]),
    ("head -n 5 list", [("reads", "list")]),
    ("", []),
]


@pytest.mark.parametrize(("text", "files"), FILES, ids=[text for text, _ in FILES])
def test_files_are_named_with_what_happens_to_them(text: str, files: list[tuple[str, str]]) -> None:
    assert sorted((each.how, each.name) for each in touched(text)[0]) == files


@pytest.mark.parametrize(
    ("text", "files"),
    [
        ("srun python a.py --out runs/$N --config c.yaml", [("reads", "c.yaml"), ("writes", "runs/$N")]),
        ("python a.py --out=runs/x --data team/set in.csv", [("names", "in.csv"), ("writes", "runs/x")]),
        ("python a.py --out https://x.test/y --lr 1/2", []),
    ],
)
def test_words_that_look_like_files_are_told_by_their_options(text: str, files: list[tuple[str, str]]) -> None:
    assert sorted((each.how, each.name) for each in touched(text).named) == files


def test_a_file_is_named_once_at_its_first_line() -> None:
    assert [(each.line, each.name) for each in touched("x >> log\ny >> log\n")[0]] == [(1, "log")]


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("python3 train.py --lr 1", ["python3 train.py --lr 1"]),
        ("./model \\\n  in", ["./model in"]),
        ("../bin/x; /opt/y z", ["../bin/x", "/opt/y z"]),
        ("x=$(Rscript a.R) && make all", ["Rscript a.R", "make all"]),
        ("for i in 1 2; do julia run.jl $i | tee log; done", ["julia run.jl $i"]),
        ("python a.py &", []),
        ("echo python a.py\nexport R=1\nmodule load python", []),
        ("hisat2 -x a; samtools view b | head; mkdir c; source d", ["hisat2 -x a", "samtools view b"]),
        ("", []),
    ],
)
def test_programs_that_run_in_the_foreground_are_named(text: str, runs: list[str]) -> None:
    assert sorted(each.command for each in touched(text).runs) == sorted(runs)


def test_background_commands_are_found_and_others_are_not() -> None:
    assert touched("a  b &\nc && d\n(e; f) &\nwait\n").behind == ((1, "a b"), (3, "(e; f)"))


def test_lines_count_from_the_beginning_of_the_text_and_not_of_the_program() -> None:
    text = "#!/bin/bash\n#SBATCH -n 2\n# a remark\n\na > b\nsbatch c.sh\n"
    assert [each.line for each in touched(text).files] == [5]
    assert [call.line for call in sbatch_calls(text)] == [6]
