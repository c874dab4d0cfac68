"""What an explanation says of a script's reading: every option, what is not read, other releases, the program."""

import pytest

from s2r_ci.model import Script
from s2r_ci.render import Style
from s2r_ci.render.explain import render_explanation
from s2r_ci.slurm.driver import sbatch_calls
from s2r_ci.slurm.job import read_script

TEXT = """#!/bin/bash
#SBATCH -J train -N 2 --ntasks-per-node=4  # two nodes
#SBATCH --time=1:30
#SBATCH --mem=64G --cons=ib --gres=gpu:a100:4
#SBATCH --time=12:00:00 --mail-type=END
#SBATCH --mail-type=FAIL
##SBATCH --requeue
# SBATCH --hold
module load cuda/12
#SBATCH --qos=high
cp in.csv data/
srun python train.py --out $OUTDIR/model.pt > train.log &
nvidia-smi -l 60 &
wait
"""


def explained(text: str, release: str = "24.11") -> list[str]:
    script = Script(path="jobs/train.sh", data=text.encode())
    reading = read_script(script, release=release)
    return render_explanation(script, reading, (), "", reading.findings, Style()).splitlines()


def row(lines: list[str], beginning: str) -> str:
    return next(line.strip() for line in lines if line.strip().startswith(beginning))


@pytest.mark.parametrize(
    ("words", "becomes"),
    [
        ("line 2  -J train", "--job-name=train"),
        ("line 2  -N 2", "--nodes=2"),
        ("line 3  --time=1:30", "does not count: line 5 says it again"),
        ("line 4  --mem=64G", "65,536 MiB a node"),
        ("line 4  --cons=ib", "--constraint=ib"),
        ("line 4  --gres=gpu:a100:4", "= gres/gpu:a100:4"),
        ("line 5  --time=12:00:00", "720 minutes"),
        ("line 5  --mail-type=END", "added to what line 6 says"),
    ],
    ids=lambda text: str(text),
)
def test_each_option_has_its_line_its_words_and_what_becomes_of_it(words: str, becomes: str) -> None:
    assert row(explained(TEXT), words).removeprefix(words).strip() == becomes


def test_the_job_is_summed_up_in_a_line() -> None:
    assert row(explained(TEXT), "in all") == (
        "in all  2 nodes, 8 tasks, 4 CPUs a node, 4 GPUs a100 a node, 64 GiB a node, at most 12 h"
    )


def test_what_slurm_does_not_read_is_listed_with_the_reason() -> None:
    lines = explained(TEXT)
    place = lines.index("Not read by Slurm")
    assert [line.strip() for line in lines[place + 1 : place + 4]] == [
        "line 7  ##SBATCH --requeue  (switched off by the second #)",
        "line 8  # SBATCH --hold  (a comment to sbatch)",
        "line 10  #SBATCH --qos=high  (behind the first command)",
    ]


def test_a_script_that_slurm_reads_whole_has_no_list_of_what_it_does_not_read() -> None:
    assert "Not read by Slurm" not in explained("#!/bin/bash\n#SBATCH -N 2\n# a remark\nsrun x\n")


def test_other_releases_say_what_differs() -> None:
    lines = explained(TEXT)
    assert row(lines, "22.05") == "22.05  num_tasks is 8"
    assert row(lines, "26.05").startswith("26.05  sbatch refuses a directive (--cons is ambiguous")
    same = explained("#!/bin/bash\n#SBATCH -n 2\nsrun x\n")
    assert (row(same, "22.05"), row(same, "26.05")) == ("22.05  the same", "26.05  the same")


@pytest.mark.parametrize(
    "told",
    [
        "steps  line 12: srun: python train.py --out $OUTDIR/model.pt (in the background)",
        "software  line 9: module cuda/12",
        "background  line 13: nvidia-smi -l 60",
        "reads  line 11: in.csv",
        "writes  line 11: data/",
        "line 12: train.log",
        "from outside  line 12: OUTDIR",
    ],
)
def test_the_program_is_laid_open(told: str) -> None:
    assert told in [line.strip() for line in explained(TEXT)]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("--open-mode=append", "adds to the log"),
        ("--open-mode=truncate", "writes the log anew"),
        ("--signal=B:USR1@180", "SIGUSR1 to the batch shell alone, 180 s before the end"),
        ("--signal=TERM", "SIGTERM to the steps, not the batch shell, 60 s before the end"),
        (
            "--signal=R:10@5",
            "SIGUSR1 to the steps, not the batch shell, 5 s before the end, and the job may overlap a reservation",
        ),
        ("--array=0-9%3", "10 ids from 0 to 9, 3 at once"),
        ("--array=7", "the id 7"),
        ("--mem=0", "all memory of the node"),
        ("--mem=4G", "4,096 MiB a node"),
        ("--mem-per-cpu=2G", "2,048 MiB a CPU"),
        ("--requeue", ""),
        ("--hold", ""),
    ],
)
def test_an_option_says_what_it_means(line: str, told: str) -> None:
    assert (
        row(explained(f"#!/bin/bash\n#SBATCH {line}\npython x.py\n"), "line 2") == f"line 2  {line}  {told}".strip()
    )


@pytest.mark.parametrize("line", ["--signal=NONE", "--array=5-1", "--array=a", "--open-mode=write"])
def test_a_value_that_says_nothing_is_explained_by_nothing(line: str) -> None:
    told = row(explained(f"#!/bin/bash\n#SBATCH {line}\npython x.py\n"), "line 2")
    assert told in (f"line 2  {line}", f"line 2  {line}  refused")


def test_the_program_that_a_script_runs_is_named() -> None:
    lines = explained("#!/bin/bash\npython x.py --a 1\nsrun ./y\n./z\n")
    assert [line.strip() for line in lines if "line 2:" in line] == ["runs  line 2: python x.py --a 1"]
    assert "line 4: ./z" in [line.strip() for line in lines]


def test_a_refused_option_is_marked_and_the_job_is_the_one_that_was_meant() -> None:
    lines = explained("#!/bin/bash\n#SBATCH -N=2 -n 4\nsrun x\n")
    assert row(lines, "line 2  -N=2").endswith("refused")
    assert row(lines, "in all") == "in all  2 nodes, 4 tasks, 2 CPUs a node, as it is meant"


def test_the_program_of_a_refused_script_is_laid_open_too() -> None:
    lines = [line.strip() for line in explained("#!/bin/bash\n#SBATCH --mem=1G --mem-per-gpu=1G\nsrun x > y\n")]
    assert "steps  line 3: srun: x" in lines
    assert "writes  line 3: y" in lines


def test_other_releases_say_what_they_refuse_and_what_they_take() -> None:
    lines = explained("#!/bin/bash\n#SBATCH --bogus\n#SBATCH --resources=lake --tres-bind=gres/gpu:none\nsrun x\n")
    assert row(lines, "22.05") == "22.05  line 3: sbatch 22.05 does not know --tres-bind"
    assert row(lines, "26.05") == "26.05  line 3: resources is taken"


def test_words_of_options_that_add_up_all_count() -> None:
    lines = explained("#!/bin/bash\n#SBATCH --mem-bind=verbose\n#SBATCH --mem-bind=local\nsrun x\n")
    assert row(lines, "line 2  --mem-bind=verbose") == "line 2  --mem-bind=verbose  = verbose,local"
    assert row(lines, "line 3  --mem-bind=local") == "line 3  --mem-bind=local    = verbose,local"


def test_each_component_of_a_heterogeneous_job_has_its_table() -> None:
    lines = explained("#!/bin/bash\n#SBATCH -n 2\n#SBATCH hetjob\n#SBATCH -n 3\nsrun x\n")
    assert "What Slurm reads, component 1" in lines
    assert "What Slurm reads, component 2" in lines


def test_a_driver_lists_what_each_call_sends() -> None:
    driver = Script(path="send.sh", data=b"sbatch -N 4 --time=30 train.sh $s\nsbatch --wrap='date'\nsbatch $X\n")
    calls = sbatch_calls(driver.text)
    sends = read_script(Script(path="train.sh", data=TEXT.encode()), arguments=calls[0].options)
    every = [(calls[0], sends), (calls[1], None), (calls[2], None)]
    lines = render_explanation(driver, read_script(driver), (), "", (), Style(), every).splitlines()
    place = lines.index("Jobs it sends")
    assert [line.strip() for line in lines[place + 1 : place + 7]] == [
        "line 1  sends train.sh with -N 4 --time=30",
        "decided only when it runs: $s",
        "4 nodes, 16 tasks, 4 CPUs a node, 4 GPUs a100 a node, 64 GiB a node, at most 30 min",
        "line 2  sends the command `date` with no options of its own",
        "line 3  sends a script whose name is decided when it runs with no options of its own",
        "decided only when it runs: $X",
    ]
