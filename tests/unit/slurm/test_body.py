# ruff: noqa: E501 - tables, one idiom a line
"""What single idioms mean: a line of shell, and what of it has to reach the ledger."""

from typing import Final

import pytest

from s2r_ci.model import Body, Finding, Item, ItemKind, Script
from s2r_ci.slurm.body import GRAMMAR_LIMIT, language_of, read_body


def read(text: str, first: str = "#!/bin/bash") -> tuple[Body, tuple[Item, ...], tuple[Finding, ...]]:
    return read_body(Script(path="job.sh", data=f"{first}\n{text}\n".encode()))


def shown(items: tuple[Item, ...], *kinds: ItemKind) -> list[str]:
    wanted = [item for item in items if not kinds or item.kind in kinds]
    return [f"{item.kind.value} {item.name}" + (f" | {item.value}" if item.value else "") for item in wanted]


LAUNCHERS: Final = {
    "srun": ("srun -n 4 ./a -x", ["srun|./a -x"]),
    "srun of torchrun": ("srun torchrun --nnodes 2 t.py", ["srun|torchrun --nnodes 2 t.py", "torchrun|t.py"]),
    "mpirun with pairs": ("mpirun -np 2 -mca btl self ./a", ["mpirun|./a"]),
    "hydra": ("mpiexec.hydra -ppn 4 -genv A B ./a", ["mpiexec|./a"]),
    "orterun": ("orterun --oversubscribe -n 3 ./a", ["mpirun|./a"]),
    "torchrun of a module": ("torchrun --standalone --nproc_per_node 4 -m pkg.fit --lr 1", ["torchrun|-m pkg.fit --lr 1"]),
    "torch.distributed.run": ("python -u -m torch.distributed.run --nproc-per-node=2 t.py", ["torch.distributed|t.py"]),
    "torch.distributed.launch": ("python3 -m torch.distributed.launch --use_env t.py", ["torch.distributed|t.py"]),
    "another module": ("python -m torch.utils.collect_env", []),
    "accelerate": ("accelerate launch --multi_gpu --num_processes 2 t.py", ["accelerate|t.py"]),
    "accelerate config": ("accelerate config", []),
    "deepspeed": ("deepspeed --num_gpus 4 t.py --deepspeed", ["deepspeed|t.py --deepspeed"]),
    "ray start": ("ray start --head --block", ["ray|"]),
    "ray status": ("ray status", []),
    "horovodrun": ("horovodrun -np 4 python t.py", ["horovodrun|python t.py"]),
    "behind wrappers": ("time nohup env A=1 timeout 60 srun ./a", ["srun|./a"]),
    "in a container": ("apptainer exec --nv a.sif mpirun -n 2 ./a", ["mpirun|./a"]),
    "in a string for bash": ("bash -lc 'cd x && srun ./a'", ["srun|./a"]),
    "in a string of a string": ("srun bash -c \"bash -c 'torchrun t.py'\"", ["srun|bash -c \"bash -c 'torchrun t.py'\"", "torchrun|t.py"]),
    "in a string for parallel": ("parallel -j 2 'srun -n1 ./a {}; ./b' ::: 1 2", ["srun|./a {}"]),
    "in a string for parallel through a pipe": ('ls | parallel --delay 1 "srun ./a {}"', ["srun|./a {}"]),
    "in a string behind parallel": ("parallel ./a ::: 'srun ./b'", []),
    "in eval": ("eval 'srun ./a'", ["srun|./a"]),
    "in a here-document for bash": ("bash <<EOF\nsrun ./a\nEOF", ["srun|./a"]),
    "in a here-document through a pipe": ("cat <<EOF | bash\nsrun ./a\nEOF", ["srun|./a"]),
    "in a here-document that is data": ("cat > x.sh <<EOF\nsrun ./a\nEOF", []),
    "in a comment": ("# srun ./a", []),
    "in a text that is printed": ("echo 'srun ./a'", []),
    "in a variable": ('L="srun -n 2"\n$L ./a', ["srun|./a"]),
    "in an array": ('L=(srun -n 2)\n"${L[@]}" ./a', ["srun|./a"]),
    "in a loop, a test and a function": (
        "f() { srun ./a; }\nfor x in 1; do srun ./b; done\nif srun ./c; then f; fi",
        ["srun|./a", "srun|./b", "srun|./c"],
    ),
    "in a substitution": ("ip=$(srun hostname -I)", ["srun|hostname -I"]),
    "over several lines": ("srun \\\n  -n 2 \\\n  ./a", ["srun|./a"]),
    "two programs of one srun": ("srun ./a -x : --het-group=1 -n 2 ./b", ["srun|./a -x", "srun|./b"]),
    "a launcher in the second": ("srun --het-group=0 ./a : --het-group=1 torchrun t.py", ["srun|./a", "srun|torchrun t.py", "torchrun|t.py"]),
    "three programs": ("time srun ./a : ./b : bash -c 'srun ./d' &", ["srun|./a", "srun|./b", "srun|bash -c 'srun ./d'", "srun|./d"]),
    "a colon of the program's own": ("srun ./a x:y :z", ["srun|./a x:y :z"]),
    "asked for only": ("command -v srun; which mpirun", []),
}  # fmt: skip


@pytest.mark.parametrize(("text", "steps"), LAUNCHERS.values(), ids=LAUNCHERS)
def test_a_launcher_is_found_wherever_a_shell_would_run_it(text: str, steps: list[str]) -> None:
    body, items, _ = read(text)
    assert [f"{step.launcher}|{' '.join(step.program)}" for step in body.steps] == steps
    assert len([item for item in items if item.kind is ItemKind.LAUNCHER]) == len(steps)


def test_a_launcher_inside_another_names_it() -> None:
    body, _, _ = read("srun --mpi=pmix apptainer exec a.sif torchrun t.py")
    assert [(step.launcher, step.within) for step in body.steps] == [("srun", ""), ("torchrun", "srun")]


BACKGROUND: Final = {
    "alone": ("srun ./a &", True),
    "with redirection": ("srun ./a > o 2>&1 &", True),
    "in a subshell": ("(cd x; srun ./a) &", True),
    "a pipeline": ("srun ./a | tee log &", True),
    "in front": ("srun ./a; sleep 1 &", False),
    "and-list": ("srun ./a && sleep 1", False),
}


@pytest.mark.parametrize(("text", "background"), BACKGROUND.values(), ids=BACKGROUND)
def test_a_step_knows_whether_it_runs_in_the_background(text: str, background: bool) -> None:
    body, _, _ = read(text)
    assert [step.background for step in body.steps] == [background]


V, M, C, P, A, K = (
    ItemKind.VARIABLE,
    ItemKind.MODULE,
    ItemKind.CONTAINER,
    ItemKind.PATH,
    ItemKind.ARGUMENT,
    ItemKind.COMMAND,
)

ITEMS: Final = {
    "a variable twice on a line": (V, "echo $SLURM_JOB_ID ${SLURM_JOB_ID}", ["variable SLURM_JOB_ID"]),
    "a variable on two lines": (V, "a $SLURM_X\nb $SLURM_X", ["variable SLURM_X", "variable SLURM_X"]),
    "arithmetic": (V, "for ((i = 0; i < SLURM_NNODES; i++)); do :; done", ["variable SLURM_NNODES"]),
    "escaped for later": (V, 'L="a \\$SLURM_PROCID"', ["variable SLURM_PROCID"]),
    "single quotes for a shell": (V, "srun bash -c 'a $SLURM_PROCID'", ["variable SLURM_PROCID"]),
    "inside Python": (V, "python -c 'import os; os.environ[\"SLURM_PROCID\"]'", ["variable SLURM_PROCID"]),
    "in a here-document for Python": (V, "python - <<'E'\nos.environ['SLURM_PROCID']\nE", ["variable SLURM_PROCID"]),
    "expanded in data": (V, "cat > x <<E\n$SLURM_JOB_ID \\$SLURM_PROCID\nE", ["variable SLURM_JOB_ID"]),
    "quoted data": (V, "cat > x <<'E'\n$SLURM_JOB_ID\nE", []),
    "set and unset": (V, "export SLURM_CPU_BIND=none\nunset SLURM_MEM", ["variable SLURM_CPU_BIND", "variable SLURM_MEM"]),
    "of slurmd and sbatch": (V, "a $SLURMD_NODENAME $SBATCH_ACCOUNT $MY_SLURM_X", ["variable SLURMD_NODENAME", "variable SBATCH_ACCOUNT"]),
    "module load": (M, "module load gcc/12 openmpi", ["module module | gcc/12", "module module | openmpi"]),
    "module purge and use": (M, "module purge; module use /a", ["module module | purge", "module module | use /a"]),
    "ml": (M, "ml gcc -intel\nml purge", ["module module | gcc", "module module | unload intel", "module module | purge"]),
    "module swap": (M, "module swap gcc intel", ["module module | intel"]),
    "spack": (M, "spack load hdf5 fftw", ["module spack | hdf5", "module spack | fftw"]),
    "conda": (M, "conda activate a; mamba activate; source activate b", ["module conda | a", "module conda | base", "module conda | b"]),
    "conda run": (M, "conda run -n e python x.py", ["module conda | e"]),
    "miniconda's activate": (M, "source m3/bin/activate e", ["module conda | e"]),
    "venv": (M, ". v/bin/activate", ["module venv | v/bin/activate"]),
    "another file": (M, "source ~/.bashrc", ["module source | ~/.bashrc"]),
    "apptainer exec": (C, "apptainer exec --nv --bind /a:/b x.sif cmd", ["container apptainer | x.sif"]),
    "singularity run": (C, "singularity run -B /a docker://o/i:1", ["container singularity | docker://o/i:1"]),
    "singularity pull": (C, "singularity pull x.sif docker://o/i:1", ["container singularity | docker://o/i:1"]),
    "docker run": (C, "docker run --rm -it -v /a:/b --gpus all o/i:1 cmd", ["container docker | o/i:1"]),
    "docker ps": (C, "docker ps", []),
    "podman": (C, "podman run -e A=1 o/i", ["container podman | o/i"]),
    "shifter": (C, "shifter --image=docker:o/i cmd", ["container shifter | docker:o/i"]),
    "pyxis": (C, "srun --container-image=o/i#x:1 --container-mounts=/a:/b ./r", ["container pyxis | o/i#x:1"]),
    "enroot": (C, "enroot start -m /a:/b img cmd", ["container enroot | img"]),
    "charliecloud": (C, "ch-run -b /a /var/img -- cmd", ["container charliecloud | /var/img"]),
    "a path": (P, "cp /data/a b", ["path /data/a"]),
    "redirections": (P, "a < /in/x > /out/y", ["path /in/x", "path /out/y"]),
    "an assignment": (P, "D=/data/$USER/x", ["path /data/$USER/x"]),
    "in an option": (P, "a --data=/d/x -L/lib/y", ["path /d/x", "path /lib/y"]),
    "characters replaced": (P, "I=${I/:/_}.sif\nJ=${J// /_}; L=$L:/data/x", ["path /data/x"]),
    "a default": (P, "D=${D:-/data/x}", ["path /data/x"]),
    "a list": (P, "export PATH=/a/bin:/b/bin:$PATH", ["path /a/bin", "path /b/bin"]),
    "a mount": (P, "docker run -v /host/a:/inside o/i", ["path /host/a | /inside"]),
    "the program": (P, "/opt/x/run", ["path /opt/x/run"]),
    "no places": (P, "a > /dev/null 2> /dev/stderr; /bin/bash x; /usr/bin/env python", []),
    "on another host": (P, "rsync -a u@h:/remote/x .; wget https://h/a/b", []),
    "patterns": (P, "sed -n '/a/p' f | awk '/b/ {print}'", []),
    "in printed prose": (P, 'echo "see and/or use"', []),
    "arguments": (A, 'a "$1" "${2:-x}" "$@" $# $0', ["argument $1", "argument $2 | x", "argument $@"]),
    "arguments of a function": (A, "f() { a $1; }", []),
    "arguments after set": (A, "set -- a b\necho $1", []),
    "getopts": (A, "while getopts a: o; do :; done", ["argument $@"]),
    "from outside": (A, "a $DATA $HOME $TMPDIR $RANDOM", ["argument DATA"]),
    "set before": (A, "DATA=x\na $DATA", []),
    "set by itself": (A, "SEED=${SEED:-7}\na $SEED", ["argument SEED | 7"]),
    "set by default": (A, ': "${CONT:=o/i}"\na $CONT', ["argument CONT | o/i"]),
    "required": (A, ': "${DATA:?set DATA}"', ["argument DATA"]),
    "read, loops, mapfile": (A, "read -r a\nfor b in 1; do :; done\nmapfile -t c\necho $a $b $c", []),
    "a default with a hyphen": (A, "b ${X:-left-right/c} ${Y:+on-off} ${Z/a-b/c-d}", ["argument X | left-right/c",
                                "argument Y", "argument Z"]),
    "names that begin alike": (A, "unset ${!LAB_@} ${!RUN_*}; echo ${!X}", ["argument X"]),
    "a part that is computed": (A, "b ${X:I-1:J} ${Y:-a-$K}",
                                ["argument X", "argument I", "argument J", "argument Y | a-$K", "argument K"]),
    "the first use, with the default of any": (A, "a $X\nb ${X:-1}", ["argument X | 1"]),
    "cluster commands": (
        K,
        'sbatch a.sh\nscontrol requeue 1\nssh n1 date\nscp a b:',
        ["command sbatch | sbatch a.sh", "command scontrol | scontrol requeue 1", "command ssh | ssh n1 date", "command scp | scp a b:"],
    ),
    "in a trap": (K, "trap 'scontrol requeue 1' USR1", ["command scontrol | scontrol requeue 1"]),
    "a workflow that stays": (K, "snakemake -j 4\nnextflow run x.nf", []),
    "a workflow that sends jobs": (K, "snakemake --profile slurm\nnextflow run x.nf -profile cluster",
        ["command snakemake | snakemake --profile slurm", "command nextflow | nextflow run x.nf -profile cluster"]),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "text", "expected"), ITEMS.values(), ids=ITEMS)
def test_a_line_gives_its_items(kind: ItemKind, text: str, expected: list[str]) -> None:
    _, items, _ = read(text)
    assert shown(items, kind) == expected


def test_directives_are_comments_here() -> None:
    _, items, _ = read("#SBATCH --output=/data/%j.out\n#SBATCH --chdir=$SLURM_X")
    assert items == ()


def test_columns_count_characters_and_not_octets() -> None:
    _, items, _ = read("é ü $SLURM_JOB_ID")
    assert [(item.location.line, item.location.column) for item in items] == [(2, 6)]


def test_items_above_the_first_line_are_not_reported() -> None:
    script = Script(path="x", data=b"#!/bin/bash\nsrun ./a\nsrun ./b\n")
    _, items, _ = read_body(script, first_line=3)
    assert [item.value for item in items] == ["srun ./b"]


LANGUAGES: Final = {
    "/bin/bash -l": "shell",
    "/bin/sh": "shell",
    "/usr/bin/env zsh": "shell",
    "/usr/bin/env -S bash -e": "shell",
    "/opt/site/bin/jobshell": "shell",
    "": "shell",
    "/bin/tcsh": "csh",
    "/usr/bin/env python3.11": "python",
    "/usr/bin/env Rscript": "r",
    "/usr/bin/perl -w": "perl",
    "/usr/bin/env julia": "julia",
    "/usr/bin/env node": "other",
}


@pytest.mark.parametrize(("interpreter", "language"), LANGUAGES.items())
def test_the_first_line_names_the_language(interpreter: str, language: str) -> None:
    assert language_of(interpreter) == language


OTHERS: Final = {
    "python": (
        "#!/usr/bin/env python3",
        'import os, sys\njob = os.environ["SLURM_JOB_ID"]\nd = os.environ.get("DATA", "x")\n'
        'open("/data/in")\nsubprocess.run(["srun", "./a"])\nprint(sys.argv[1])',
        ["variable SLURM_JOB_ID", "argument DATA | x", "path /data/in",
         'launcher srun | subprocess.run(["srun", "./a"])', "argument $@"],
    ),
    "r": ("#!/usr/bin/env Rscript", 'n <- Sys.getenv("SLURM_NTASKS", "1")\na <- commandArgs(TRUE)',
          ["variable SLURM_NTASKS", "argument $@"]),
    "perl": ("#!/usr/bin/perl", 'my $n = $ENV{SLURM_NTASKS};\nsystem("sbatch x.sh");\nprint $ENV{DATA};',
             ["variable SLURM_NTASKS", 'command sbatch | system("sbatch x.sh");', "argument DATA"]),
    "julia": ("#!/usr/bin/env julia", 'n = ENV["SLURM_NTASKS"]\nrun(`srun ./a`)\nARGS[1]',
              ["variable SLURM_NTASKS", "launcher srun | run(`srun ./a`)", "argument $@"]),
    "csh": ("#!/bin/tcsh", "setenv A 1\nset d = /data/x\nmodule load gcc\nsrun -n 2 ./a $SLURM_JOB_ID $A $OTHER\n",
            ["path /data/x", "module module | gcc", "launcher srun | srun -n 2 ./a $SLURM_JOB_ID $A $OTHER",
             "variable SLURM_JOB_ID", "argument OTHER"]),
}  # fmt: skip


@pytest.mark.parametrize(("first", "text", "expected"), OTHERS.values(), ids=OTHERS)
def test_other_languages_are_read_line_by_line(first: str, text: str, expected: list[str]) -> None:
    body, items, findings = read(text, first)
    assert shown(items) == expected
    assert body.understood
    assert findings == ()


def test_a_csh_script_has_steps_and_exports() -> None:
    body, _, _ = read("setenv A 1\nsrun -n 2 ./a", "#!/bin/csh")
    assert dict(body.exports) == {"A": "1"}
    assert [step.program for step in body.steps] == [("./a",)]


EXPORTS: Final = {
    "literals": ("export A=1 B='x y' C=\"z\"", {"A": "1", "B": "x y", "C": "z"}),
    "later": ("A=1\nexport A", {"A": "1"}),
    "declare -x": ("declare -x A=1", {"A": "1"}),
    "not exported": ("A=1\nlocal B=2", {}),
    "expansions": ("export A=$B C=$(date) D=~/x E=`date`", {}),
    "two values": ("if x; then export A=1; else export A=2; fi", {}),
    "appended": ("export A=1\nA+=2", {}),
    "empty": ("export A= B=''", {"A": "", "B": ""}),
}


@pytest.mark.parametrize(("text", "exports"), EXPORTS.values(), ids=EXPORTS)
def test_only_literals_with_one_value_are_exports(text: str, exports: dict[str, str]) -> None:
    body, _, _ = read(text)
    assert dict(body.exports) == exports


OUTSIDE: Final = {
    "a step and set-up": ("set -e\nmodule load a\ncd x\nexport M=$(scontrol show hostnames | head -n 1)\nsrun ./a", False),
    "a step piped on": ("srun ./a 2>&1 | tee log", False),
    "a program": ("srun ./a\npython x.py", True),
    "a program in bash": ("bash -c 'python x.py'", True),
    "a step in bash": ("bash -c 'srun ./a'", False),
    "a function that runs a step": ("f() { srun ./a; }\nf", False),
    "nothing": ("echo hello", False),
}  # fmt: skip


@pytest.mark.parametrize(("text", "outside"), OUTSIDE.values(), ids=OUTSIDE)
def test_what_runs_outside_every_step_is_seen(text: str, outside: bool) -> None:
    body, _, _ = read(text)
    assert body.runs_outside_steps is outside


GPU: Final = {
    "nvidia-smi": ("nvidia-smi", True),
    "apptainer --nv": ("apptainer exec --nv a.sif x", True),
    "docker --gpus": ("docker run --gpus all o/i", True),
    "srun --gpus": ("srun --gpus-per-task=1 ./a", True),
    "visible devices": ("CUDA_VISIBLE_DEVICES=0,1 python x.py", True),
    "no visible devices": ("CUDA_VISIBLE_DEVICES= python x.py\nexport CUDA_VISIBLE_DEVICES=''", False),
    "in a comment": ("# nvidia-smi", False),
    "a module": ("module load cuda\nsrun ./a", False),
}


@pytest.mark.parametrize(("text", "gpu"), GPU.values(), ids=GPU)
def test_the_use_of_a_gpu_is_seen(text: str, gpu: bool) -> None:
    body, _, _ = read(text)
    assert body.uses_gpu is gpu


def test_sets_and_commands_come_in_order_without_repeats() -> None:
    body, _, _ = read("b=1\na=2\nb=3\nsrun ./x\nls | wc -l\nls\nf() { :; }\nf")
    assert body.sets == ("b", "a")
    assert body.commands == ("srun", "./x", "ls", "wc", ":")


def test_a_text_the_grammar_cannot_read_is_reported_at_its_line_and_loses_no_launcher() -> None:
    body, items, findings = read('module load a\ncd "x\nif [ 1 ; then\n  srun ./a $SLURM_JOB_ID\n')
    assert not body.understood
    assert [(finding.rule.id, finding.location.line) for finding in findings] == [("body-not-understood", 3)]
    assert "srun ./a $SLURM_JOB_ID" in [item.value for item in items]
    assert [step.program for step in body.steps] == [("./a", "$SLURM_JOB_ID")]


@pytest.mark.parametrize(
    ("head", "line"),
    [
        ("#!/bin/bash\n#SBATCH -n 1\n# note (\n\n", 5),
        ("#!/bin/bash\n#PBS -l nodes=(\n  # `\n", 4),
        ("\ufeff#!/bin/bash\n\t\n", 3),
        ("#!/bin/bash\r\n#SBATCH -n 1\r\n", 3),
    ],
)
def test_comments_at_the_beginning_are_no_part_of_what_is_not_understood(head: str, line: int) -> None:
    body, items, findings = read_body(Script(path="a.sh", data=f"{head}if [ -f a ; then srun x\n".encode()))
    assert [finding.location.line for finding in findings] == [line]
    assert [(item.name, item.location.line) for item in items] == [("srun", line)]
    assert "PBS" not in body.commands


def test_an_error_of_the_whole_program_part_does_not_begin_at_the_first_line() -> None:
    text = '#!/bin/bash\n#SBATCH -n 1\n\nsrun a &\nsrun b (hostname):5" &\nwait\n'
    _, _, findings = read_body(Script(path="a.sh", data=text.encode()))
    assert [finding.location.line for finding in findings] == [4]


def test_a_text_that_is_understood_has_no_finding() -> None:
    body, _, findings = read("srun ./a")
    assert body.understood
    assert findings == ()


def test_a_script_too_long_for_the_grammar_is_scanned() -> None:
    body, items, findings = read("srun ./a\n" + "echo padding\n" * (GRAMMAR_LIMIT // 13 + 1))
    assert not body.understood
    assert [finding.rule.id for finding in findings] == ["body-not-understood"]
    assert shown(items) == ["launcher srun | srun ./a"]


HOSTILE: Final = {
    "nested arrays": "a=(",
    "pipes": "a | ",
    "launchers": "srun ",
    "brackets": "))",
    "expansions": "${",
    "substitutions": '"$(',
    "strings for shells": "bash -c '",
    "here-documents": "cat <<A\n",
    "a delimiter of 5,000 letters": "<<" + "A" * 5000 + "\n",
    "octets": "\udcff",
    "NUL": "\0",
}


@pytest.mark.parametrize("unit", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_is_given_up_and_still_scanned(unit: str) -> None:
    text = "#!/bin/bash\nsrun ./first\n" + unit * (100_000 // len(unit))
    _, items, _ = read_body(Script(path="x", data=text.encode("utf-8", "surrogateescape")))
    assert "srun ./first" in [item.value for item in items]


def test_a_text_that_expands_again_and_again_comes_to_an_end() -> None:
    lines = ['A="srun ' + "word " * 5000 + '"', *["$A"] * 400]
    body, _, findings = read("\n".join(lines))
    assert not body.understood
    assert [finding.rule.id for finding in findings] == ["body-not-understood"]


def test_a_byte_order_mark_and_carriage_returns_hide_nothing() -> None:
    script = Script(path="x", data=b"\xef\xbb\xbf#!/bin/bash\r\nsrun ./a\r\n")
    body, items, _ = read_body(script)
    assert (body.interpreter, [item.location.line for item in items]) == ("/bin/bash", [2])


def test_each_program_of_one_srun_has_its_own_place_and_words() -> None:
    body, items, _ = read("srun ./a : --het-group=1 ./b : &")
    assert [(step.words, step.location.column, step.background) for step in body.steps] == [
        (("srun", "./a"), 1, True),
        (("srun", "--het-group=1", "./b"), 12, True),
    ]
    assert shown(items, ItemKind.LAUNCHER) == [
        "launcher srun | srun ./a",
        "launcher srun | srun --het-group=1 ./b",
    ]
    assert "./b" in body.commands
