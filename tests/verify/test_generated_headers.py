"""Whatever a header computes with: what we write for it has nothing against it, from schema to judge."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from s2r_ci.convert.rules import RulesConverter
from s2r_ci.errors import ConversionError
from s2r_ci.model import ConversionRequest, Disposition, Script, Service, Site, Target, Volume
from s2r_ci.runai.backlinks import resolve
from s2r_ci.runai.yaml import read_yaml, write_yaml
from s2r_ci.slurm.job import read_script
from s2r_ci.validate import validate
from s2r_ci.verify import verify

SMALL = st.integers(1, 9).map(str)
COUNT = st.integers(1, 70).map(str)
SIZE = st.builds("{}{}".format, st.integers(1, 9000), st.sampled_from(["", "K", "M", "G", "T", "GB", "g"]))
MODEL = st.sampled_from(["", "a100:", "v100:", "A100:"])
TIME = st.one_of(
    st.integers(1, 5000).map(str),
    st.builds("{}:{:02}".format, st.integers(0, 90), st.integers(1, 59)),
    st.builds("{}:{:02}:{:02}".format, st.integers(0, 30), st.integers(0, 59), st.integers(1, 59)),
    st.builds("{}-{}".format, st.integers(0, 9), st.integers(1, 23)),
    st.sampled_from(["UNLIMITED", "0", "1-12:30", "2-03:04:05"]),
)
PIECE = st.one_of(
    COUNT, st.builds(lambda a, n: f"{a}-{int(a) + n}", COUNT, st.integers(0, 30)),
    st.builds(lambda a, n, s: f"{a}-{int(a) + n}:{s}", COUNT, st.integers(0, 30), st.integers(1, 7)),
)  # fmt: skip
ARRAY = st.builds(
    lambda pieces, most: ",".join(pieces) + most,
    st.lists(PIECE, min_size=1, max_size=3),
    st.sampled_from(["", "%1", "%4", "%100"]),
)
RANGE = st.builds(
    "[{}]".format,
    st.lists(st.sampled_from(["1", "07-09", "1-3", "10", "001-003"]), min_size=1, max_size=2).map(",".join),
)
HOST = st.one_of(
    st.sampled_from(["n1", "gpu-a.example.com", "login"]),
    st.builds("n{}".format, RANGE),
    st.builds("r{}n{}".format, RANGE, RANGE),
    st.builds("r{}n{}-ib".format, RANGE, RANGE),
)
HOSTS = st.lists(HOST, min_size=1, max_size=3).map(",".join)
NAME = st.one_of(
    st.sampled_from(["Train A", "it's", "1-2", "x" * 90, "s_p.q", "näme", "a'b'c", "--", "%x"]),
    st.text(
        st.characters(codec="ascii", categories=["L", "N", "P"], exclude_characters="\"'\\#`$%"),
        min_size=1,
        max_size=12,
    ),
)

OPTIONS: dict[str, st.SearchStrategy[str]] = {
    "job-name": NAME,
    "nodes": st.one_of(SMALL, st.just("1"), st.builds("{}-{}".format, st.just("2"), st.just("4"))),
    "ntasks": COUNT,
    "ntasks-per-node": SMALL,
    "cpus-per-task": COUNT,
    "mincpus": SMALL,
    "mem": st.one_of(SIZE, st.just("0")),
    "mem-per-cpu": SIZE,
    "mem-per-gpu": SIZE,
    "tmp": SIZE,
    "gpus": st.builds("{}{}".format, MODEL, SMALL),
    "gpus-per-node": st.builds("{}{}".format, MODEL, SMALL),
    "gpus-per-task": st.builds("{}{}".format, MODEL, st.integers(1, 4)),
    "cpus-per-gpu": SMALL,
    "ntasks-per-gpu": st.integers(1, 3).map(str),
    "gres": st.one_of(
        st.builds("gpu:{}{}".format, MODEL, SMALL), st.builds("nvme:{}".format, SMALL), st.just("gpu:2,nvme:1")
    ),
    "time": TIME,
    "array": ARRAY,
    "requeue": st.just(""),
    "no-requeue": st.just(""),
    "hold": st.just(""),
    "exclusive": st.just(""),
    "signal": st.builds(
        "{}{}{}".format,
        st.sampled_from(["", "B:", "R:", "BR:"]),
        st.sampled_from(["USR1", "SIGTERM", "10", "INT"]),
        st.sampled_from(["", "@60", "@0", "@600", "@65535"]),
    ),
    "constraint": st.sampled_from(["ib", "ib&nvme", "ib,nvme", "ib|nvme", "[ib|nvme]", "ib*2", "unknown"]),
    "nodelist": HOSTS,
    "exclude": HOSTS,
    "partition": st.sampled_from(["gpu", "gpu,cpu", "cpu,unknown", "unknown"]),
    "qos": st.sampled_from(["normal", "spot", "unknown"]),
    "account": st.sampled_from(["lab", "unknown"]),
    "chdir": st.sampled_from(["/vols/lab", "/old/x", "sub", ".", "/elsewhere"]),
    "export": st.sampled_from(["ALL", "NONE", "ALL,LR=0.1", "RUN", "LR=1,PATH"]),
    "open-mode": st.sampled_from(["append", "truncate"]),
    "output": st.just("%x-%j.out"),
}
BODY = st.sampled_from(
    [
        "python fit.py",
        "srun ./x $SLURM_NTASKS $SLURM_CPUS_PER_TASK $SLURM_TASKS_PER_NODE $SLURM_JOB_CPUS_PER_NODE",
        "srun -n 1 ./x\nsrun --mpi=pmix ./y",
        "mpirun -np $SLURM_NTASKS ./x $SLURM_MEM_PER_NODE $SLURM_MEM_PER_CPU",
        "srun torchrun --nnodes=$SLURM_NNODES t.py $SLURM_JOB_NODELIST $SLURM_SUBMIT_DIR",
        "echo $SLURM_ARRAY_TASK_ID $SLURM_ARRAY_TASK_STEP $SLURM_ARRAY_JOB_ID $SLURM_JOB_ID $SLURM_JOB_END_TIME",
        "nvidia-smi\necho $CUDA_VISIBLE_DEVICES $SLURM_GPUS $SLURM_GPUS_ON_NODE $SLURM_GPUS_PER_NODE $TMPDIR",
        "module load cuda\nscontrol show hostnames $SLURM_NODELIST\napptainer exec docker://team/x:1 y $1 $LR $RUN",
        "echo '$(HOME) $$ $é' > /old/y; cat /vols/lab/z; ENVIRONMENT=$ENVIRONMENT",
    ]
)
FIRST = st.sampled_from(["#!/bin/bash", "#!/bin/bash -l", "#!/bin/sh", "#!/usr/bin/env python3", "#!/bin/tcsh"])

SITE = Site(
    partitions={"gpu": ("a100", "l40s"), "cpu": ("cpu",)},
    accounts={"lab": "vision"},
    qos={"normal": Service(priority="medium"), "spot": Service(preemptibility="preemptible")},
    gpus={"a100": {"nvidia.com/gpu.product": "A100"}},
    features={"ib": {"net": "ib"}, "nvme": {"disk": "nvme"}},
    modules={"cuda": "team/cuda:12"},
    volumes={"/vols/lab": Volume(claim="lab"), "/old": Volume(claim="old", mount_path="/new", read_only=True)},
    gres={"nvme": "example.com/nvme"},
)
TARGETS = st.sampled_from(
    [
        Target(),
        Target(
            image="team/x:1", memory_mib=4096, working_directory="/vols/lab", project="vision", gpus=2,
            arguments=("a", "$(LR)"), variables={"RUN": "1"}, site=SITE,
        ),
        Target(site=SITE),
        Target(image="team/x:1", body_delivery="mounted", working_directory="/old/run", site=SITE),
    ]
)  # fmt: skip


@st.composite
def headers(draw: st.DrawFn) -> dict[str, str]:
    names = draw(st.lists(st.sampled_from(sorted(OPTIONS)), unique=True, max_size=10))
    return {name: draw(OPTIONS[name]) for name in names}


def script_of(header: dict[str, str], body: str, first: str) -> Script:
    lines = [f'#SBATCH --{name}="{value}"' if value else f"#SBATCH --{name}" for name, value in header.items()]
    return Script(path="jobs/a.sh", data="\n".join([first, *lines, body, ""]).encode())


def complaints(script: Script, target: Target) -> list[str] | None:
    """What schema and judge say of what we write; None where sbatch would refuse, or no one workload can be it."""
    reading = read_script(script)
    if reading.refused or len(reading.jobs) != 1:
        return None
    request = ConversionRequest(script=script, job=reading.jobs[0], target=target)
    try:
        result = RulesConverter().convert(request)
    except ConversionError:
        return None
    manifest = read_yaml(write_yaml(result.manifest.body).encode())
    assert manifest.body == result.manifest.body
    found = [*validate(manifest, "m.yaml"), *verify(request, manifest, "m.yaml")]
    said = [f"{finding.rule.id}: {finding.message}" for finding in found]
    for entry in result.ledger:
        if entry.field and not resolve(entry.field, manifest.body):
            said.append(
                f"ledger: {entry.item} ended in {entry.field} ({entry.disposition.value}), which is not there"
            )
        if entry.disposition is Disposition.NEEDS_ANSWER and not result.questions:
            said.append(f"ledger: {entry.item} needs an answer, and no question is open")
    return said


@given(headers(), BODY, FIRST, TARGETS)
@settings(
    deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
def test_what_we_write_for_a_header_is_beyond_reproach(
    header: dict[str, str], body: str, first: str, target: Target
) -> None:
    assert complaints(script_of(header, body, first), target) in (None, [])


def convertible(**header: Any) -> list[str] | None:
    names = {name.replace("_", "-"): value for name, value in header.items()}
    return complaints(script_of(names, "srun ./x $SLURM_TASKS_PER_NODE", "#!/bin/bash"), Target())


def test_tasks_that_do_not_spread_evenly_are_no_reproach() -> None:
    assert convertible(nodes="2", ntasks="5") == []
    assert convertible(nodes="3", ntasks="7", cpus_per_task="2") == []


def test_tasks_that_follow_from_the_gpus_are_no_reproach() -> None:
    assert convertible(gpus="8", gpus_per_task="1") == []
    assert convertible(gpus="8", ntasks_per_gpu="2") == []


def test_hosts_with_two_groups_of_brackets_are_no_reproach() -> None:
    assert convertible(nodelist="r[1-2]n[01-03],login") == []
    assert convertible(exclude="r[1-2]n[01-03]-ib") == []
