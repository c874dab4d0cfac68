"""What an explanation says of a script's reading: every option, what is not read, other releases, the program."""

import pytest

from s2r_ci.model import Script
from s2r_ci.render import Style
from s2r_ci.render.asked import request_words
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
    assert row(lines, "22.05") == "22.05  sends 8 tasks (num_tasks)"
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
        "line 12: $OUTDIR/model.pt",
        "line 12: train.log",
        "slurm-%j.out (the job's output and errors, Slurm's default)",
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
        ("--mem=2000", "2,000 MiB a node"),
        ("--mem=2000M", "2,000 MiB a node"),
        ("--mem=180gb", "184,320 MiB a node"),
        ("--time=90", "= 01:30:00"),
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


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ("-N 2", "2 nodes (min_nodes, max_nodes)"),
        ("-N 2-4", "2 to 4 nodes (min_nodes, max_nodes)"),
        ("-n 1", "1 task (num_tasks)"),
        ("-n 4", "4 tasks (num_tasks)"),
        ("--ntasks-per-node=2", "2 tasks on each node (ntasks_per_node)"),
        ("-c 8", "8 CPUs for each task (cpus_per_task)"),
        ("--mem=0", "all memory of each node (min_mem_per_node)"),
        ("--mem=1500M", "1,500 MiB on each node (min_mem_per_node)"),
        ("--mem-per-cpu=2G", "2 GiB for each CPU (min_mem_per_cpu)"),
        ("--tmp=10G", "10 GiB of disk on each node (pn_min_tmp_disk)"),
        ("-N 2 --gres=gpu:a100:4", "4 GPUs of type a100 on each of 2 nodes (tres_per_node)"),
        ("--gres=gpu:4", "4 GPUs on each node (tres_per_node)"),
        ("--gres=gpu", "1 GPU on each node (tres_per_node)"),
        ("--gres=gpu:a100", "1 GPU of type a100 on each node (tres_per_node)"),
        ("--gres=shard:2", "2 shard on each node (tres_per_node)"),
        ("--gpus=v100:3", "3 GPUs of type v100 for the whole job (tres_per_job)"),
        ("-n 2 --gpus-per-task=1", "1 GPU for each task (tres_per_task)"),
        ("--gpus=2 --cpus-per-gpu=6", "6 CPUs for each GPU (cpus_per_tres)"),
        ("-t 90", "at most 1 h 30 min (time_limit)"),
        ("-t 90 --time-min=30", "at least 30 min (time_min)"),
        ("-p gpu", "partition gpu"),
        ("-A lab", "account lab"),
        ("-C ib", "only nodes with ib (features)"),
        ("-w n[1-2]", "on n[1-2] in any case (req_nodes)"),
        ("-x n3", "never on n3 (exc_nodes)"),
        ("--exclusive", "nodes of its own (shared)"),
        ("--oversubscribe", "nodes shared with others (shared)"),
        ("-H", "held until it is released (priority)"),
        ("--no-requeue", "never queued again (requeue)"),
        ("--requeue", "queued again after a node failed (requeue)"),
        ("-a 0-9%3", "10 ids from 0 to 9, 3 at once (array_inx)"),
        ("-d afterok:12", "waits for afterok:12 (dependency)"),
        ("-o a.log", "output to a.log (std_out)"),
        ("-e a.err", "errors to a.err (std_err)"),
        ("-D /scratch/x", "starts in /scratch/x (work_dir)"),
        ("--mail-user=a@b.org --mail-type=END,FAIL", "mail at END,FAIL (mail_type)"),
        ("--mail-user=a@b.org", "mail to a@b.org (mail_user)"),
        ("-L matlab:2", "licences matlab:2 (licenses)"),
    ],
)
def test_what_the_controller_is_asked_is_told_in_words(option: str, told: str) -> None:
    reading = read_script(Script(path="a.sh", data=f"#!/bin/bash\n#SBATCH {option}\nsrun x\n".encode()))
    assert told in request_words(reading.header.components[0].request)


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("tres_per_node", "gres/gpu:2K", "gres/gpu:2K on each node (tres_per_node)"),
        ("tres_per_task", "cpu=2,gres/gpu:a100=1", "2 CPUs and 1 GPU of type a100 for each task (tres_per_task)"),
        ("pn_min_cpus", 4, "at least 4 CPUs on each node (pn_min_cpus)"),
        ("mail_type", "ALL", "mail_type ALL"),
        ("shared", 3, "shared 3"),
        ("site_factor", 12, "site_factor 12"),
        ("min_nodes", "many", "many to None nodes (min_nodes)"),
        ("time_limit", 0, "at most 0 min (time_limit)"),
    ],
)
def test_a_field_without_words_keeps_its_name(field: str, value: object, told: str) -> None:
    assert request_words({field: value}) == [told]


def test_the_environment_is_not_told_and_nothing_twice() -> None:
    assert request_words({"environment": "long", "cpu_freq_min": 1}) == []
    twice = {"cpus_per_task": 2, "tres_per_task": "cpu=2"}
    assert request_words(twice) == ["2 CPUs for each task (cpus_per_task)"]


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("python x.py", "writes  slurm-%j.out (the job's output and errors, Slurm's default)"),
        ("#SBATCH -a 1-3\npython x.py", "writes  slurm-%A_%a.out (the job's output and errors, Slurm's default)"),
        ("#SBATCH -o a.%j\npython x.py", "writes  line 2: a.%j (the job's output and errors)"),
        ("#SBATCH -o a -e b\npython x.py", "writes  line 2: a (the job's output)"),
        ("#SBATCH -o a -e b\npython x.py", "line 2: b (the job's errors)"),
        ("#SBATCH -o a -e a\npython x.py", "writes  line 2: a (the job's output and errors)"),
        ("#SBATCH -i a.in\npython x.py", "reads  line 2: a.in (the job's input)"),
        ("OUT=res\npython x.py > $OUT/a.txt", "writes  line 3: $OUT/a.txt = res/a.txt"),
        ("A=/data\nB=$A/run\n./x -o ${B}/y.csv", "writes  line 4: ${B}/y.csv = /data/run/y.csv"),
        (f"A=/{'a' * 74}\nsrun x > $A/b", f"writes  line 3: /{'a' * 74}/b"),
        ("A=1\nA=2\n./x > $A.txt", "writes  line 4: $A.txt"),
        ("A=$(date)\n./x > $A.txt", "writes  line 3: $A.txt"),
        ("A=$A\n./x > $A.txt", "writes  line 3: $A.txt"),
        ("samtools view in.bam > $A/$B.bam", "writes  line 2: $A/$B.bam"),
        ("hisat2 -x idx -U reads.fq.gz -S out.sam", "runs  line 2: hisat2 -x idx -U reads.fq.gz -S out.sam"),
        ("hisat2 -x idx -U reads.fq.gz -S out.sam", "names  line 2: out.sam"),
        ("hisat2 -x idx -U reads.fq.gz -S out.sam", "line 2: reads.fq.gz"),
        ("python x.py --config=conf.yaml --output out.h5", "reads  line 2: conf.yaml"),
        ("python x.py --config=conf.yaml --output out.h5", "writes  line 2: out.h5"),
        ("sed -n '1p' list.txt", "reads  line 2: list.txt"),
        ("awk '{print $1}' $LIST", "reads  line 2: $LIST"),
    ],
)
def test_files_are_told_with_what_becomes_of_them(lines: str, told: str) -> None:
    assert told in [line.strip() for line in explained(f"#!/bin/bash\n{lines}\n")]


@pytest.mark.parametrize(
    ("line", "never"),
    [
        ("source activate env", "reads"),
        ("read -r A < <(find . -name a)", "reads"),
        ("deactivate", "runs"),
        ("conda activate && source deactivate", "reads"),
        ("echo a.txt", "names"),
        ("apptainer exec /images/a.sif python b", "names"),
        ("module list; module avail", "software"),
        ("curl -O https://host.org/a.tar.gz", "names"),
        ("srun python a.py", "names"),
        ("./x 2.5 v1.2 host.com", "names"),
        ("echo done; hostname; module list; cd a", "runs"),
    ],
)
def test_what_is_no_file_and_no_program_of_its_own_is_not_told(line: str, never: str) -> None:
    assert not any(told.strip().startswith(f"{never} ") for told in explained(f"#!/bin/bash\n{line}\n"))


def test_a_long_list_ends() -> None:
    lines = explained("#!/bin/bash\n" + "".join(f"./x{number} > y{number}\n" for number in range(60)))
    assert sum(": y" in line for line in lines) <= 60
    assert [line.strip() for line in lines].count("and more") == 2


def test_whole_nodes_are_summed_up_as_whole() -> None:
    lines = explained("#!/bin/bash\n#SBATCH -N 2 --exclusive -n 4\nsrun x\n")
    assert row(lines, "in all") == "in all  2 nodes, 4 tasks, all CPUs of each node, at least 2"
