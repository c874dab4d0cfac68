"""What reaches outside of the pod is a question; what only looks like it is none."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from s2r_ci.convert.questions import every_question, questions
from s2r_ci.convert.rules import RulesConverter
from s2r_ci.judging import outcome_of
from s2r_ci.model import ConversionRequest, Disposition, Level, Outcome, Script, Target
from s2r_ci.pipeline import walk
from s2r_ci.runai.distribution import plan
from s2r_ci.settings import resolve
from s2r_ci.slurm.job import read_script

EXAMPLES = Path(__file__).parents[2] / "examples" / "slurm"
READY = Target(image="team/x:1", memory_mib=1024, working_directory="/w")
NEED_A_PERSON = {
    "arguments-and-environment.sh": "arguments",
    "self-chain.sh": "submits",
    "hetjob.sh": "",
    "workflow-head-job.sh": "workflow",
    "notebook-service.sh": "service",
    "inline-secret.sh": "",
    "variable-in-directive.sh": "",
    "directives-too-late.sh": "",
    "malformed.sh": "",
    "crlf.sh": "",
}


def asked(body: str, header: str = "-n 1", target: Target = READY, first: str = "#!/bin/bash") -> dict[str, Any]:
    script = Script(path="x.sh", data=f"{first}\n#SBATCH {header}\n{body}\n".encode())
    (job,) = read_script(script).jobs
    return dict(questions(plan(ConversionRequest(script=script, job=job, target=target))))


FIRES: list[Any] = [
    pytest.param('sbatch "$0"', "-n 1", "submits", id="sends itself"),
    pytest.param("for i in 1 2; do sbatch --wrap 'x'; done", "-n 1", "submits", id="sends many"),
    pytest.param("salloc -n 1 ./x", "-n 1", "submits", id="salloc"),
    pytest.param("qsub next.pbs", "-n 1", "submits", id="another scheduler"),
    pytest.param("snakemake --profile slurm", "-n 1", "workflow", id="snakemake"),
    pytest.param("nextflow run main.nf -profile slurm", "-n 1", "workflow", id="nextflow"),
    pytest.param("ssh node1 ./x", "-n 1", "remote-shell", id="ssh"),
    pytest.param("pdsh -w n1,n2 ./x", "-n 1", "remote-shell", id="pdsh"),
    pytest.param("scp out.tar login:/data/", "-n 1", "remote-shell", id="scp"),
    pytest.param("deepspeed --num_nodes 2 --hostfile hosts.txt t.py", "-N 2", "remote-shell", id="deepspeed"),
    pytest.param("deepspeed --num_nodes=2 t.py", "-N 2", "remote-shell", id="deepspeed by its number of nodes"),
    pytest.param("python -m deepspeed.launcher.runner -H h t.py", "-N 2", "remote-shell", id="deepspeed as module"),
    pytest.param("horovodrun -np 8 -H a:4,b:4 python t.py", "-N 2", "remote-shell", id="horovodrun"),
    pytest.param('scontrol requeue "$SLURM_JOB_ID"', "-n 1", "requeue", id="requeue"),
    pytest.param("scontrol update JobId=1 TimeLimit=60", "-n 1", "requeue", id="update"),
    pytest.param("while squeue -j 1 | grep -q R; do sleep 60; done", "-n 1", "cluster-state", id="squeue"),
    pytest.param("sacct -j 1 --format=State", "-n 1", "cluster-state", id="sacct"),
    pytest.param("scontrol show node n1", "-n 1", "cluster-state", id="scontrol of a node"),
    pytest.param("docker run team/x:1 ./y", "-n 1", "container-engine", id="docker"),
    pytest.param("podman run team/x:1 ./y", "-n 1", "container-engine", id="podman"),
    pytest.param("srun ray start --head --block &\npython t.py", "-N 2", "ray-cluster", id="ray"),
    pytest.param("srun dask-worker --scheduler-file s.json", "-N 2", "dask-cluster", id="dask"),
    pytest.param("$SPARK_HOME/sbin/start-master.sh\nsrun ./worker.sh", "-N 2", "spark-cluster", id="spark"),
    pytest.param("jupyter lab --no-browser", "-n 1", "service", id="jupyter"),
    pytest.param("jupyter-notebook --port 1", "-n 1", "service", id="jupyter by its old name"),
    pytest.param("python -m notebook", "-n 1", "service", id="module"),
    pytest.param("apptainer exec a.sif jupyter lab", "-n 1", "service", id="within a container"),
    pytest.param("tensorboard --logdir x &\npython fit.py", "-n 1", "service", id="tensorboard"),
    pytest.param("code-server --bind-addr 0.0.0.0:1", "-n 1", "service", id="code-server"),
    pytest.param("vncserver :1", "-n 1", "service", id="vnc"),
    pytest.param("python train.py", "-N 2", "steps", id="nothing starts on the other nodes"),
]  # fmt: skip

SILENT: list[Any] = [
    pytest.param("echo sbatch next.sh", "-n 1", id="only said"),
    pytest.param("# sbatch next.sh\n# jupyter lab\npython fit.py", "-n 1", id="comment"),
    pytest.param("snakemake --cores 8", "-n 1", id="workflow inside the job"),
    pytest.param("scontrol show hostnames $SLURM_JOB_NODELIST", "-n 1", id="host names"),
    pytest.param("scontrol show job $SLURM_JOB_ID", "-n 1", id="the job itself"),
    pytest.param("apptainer exec docker://team/x:1 ./y", "-n 1", id="apptainer"),
    pytest.param("jupyter nbconvert --execute a.ipynb", "-n 1", id="notebook as a program"),
    pytest.param("python plot.py --tensorboard-dir logs", "-n 1", id="an option of that name"),
    pytest.param("ray start --head\npython t.py", "-n 1", id="ray on one node"),
    pytest.param("srun ./flow", "-N 2", id="mpi"),
    pytest.param("srun torchrun t.py", "-N 2", id="all within srun"),
    pytest.param("deepspeed --num_gpus 4 t.py", "-n 1", id="deepspeed on one node"),
    pytest.param("deepspeed --hostfile h t.py", "-n 1", id="a list of hosts and one node"),
    pytest.param("srun deepspeed --num_nodes 1 t.py", "-N 2", id="deepspeed in each pod by itself"),
    pytest.param("srun deepspeed --no_ssh --hostfile h t.py", "-N 2", id="deepspeed without logins"),
    pytest.param("python prepare.py\nsrun torchrun t.py", "-N 2", id="lines outside of srun run once"),
    pytest.param("torchrun t.py", "-N 2", id="launcher outside of srun runs once"),
    pytest.param('scontrol requeue "$SLURM_JOB_ID"', "--requeue", id="a job that may be requeued"),
]


@pytest.mark.parametrize(("body", "header", "key"), FIRES)
def test_what_reaches_outside_is_asked_once_and_can_be_accepted(body: str, header: str, key: str) -> None:
    found = asked(body, header)
    assert key in found
    assert found[key].text
    assert key not in asked(body, header, replace(READY, accepted=(key,)))


@pytest.mark.parametrize(("body", "header"), SILENT)
def test_what_stays_inside_is_not_asked(body: str, header: str) -> None:
    assert asked(body, header).keys() <= {"arguments", "volume./w"}


SERVERS = (
    "jupyter server", "jupyterhub-singleuser", "python -m jupyterlab", "python -m tensorboard.main",
    "python -m http.server",
    "python -m streamlit", "python -m visdom.server", "openvscode-server", "Xvnc :1", "x11vnc", "tigervncserver :1",
    "rserver", "rstudio-server start", "ttyd bash", "/usr/sbin/sshd -D", "mlflow ui", "mlflow server",
    "streamlit run a.py",
    "code tunnel", "xpra start :1", "jupyter hub", "jupyter voila",
)  # fmt: skip


@pytest.mark.parametrize("call", SERVERS)
def test_every_server_is_known(call: str) -> None:
    assert "service" in asked(call, "-n 1")


def test_a_library_that_sends_jobs_is_one_that_sends_jobs() -> None:
    found = asked("import submitit\nsubmitit.AutoExecutor('x')", first="#!/usr/bin/env python3")
    assert (found["submits"].location.line, "submitit" in found["submits"].text) == (3, True)


def test_the_question_stands_on_the_line_of_what_raises_it() -> None:
    found = asked("echo on\n\npython x.py; jupyter lab\nsqueue")
    assert {key: found[key].location.line for key in ("service", "cluster-state")} == {
        "service": 5,
        "cluster-state": 6,
    }


def test_an_image_cannot_be_accepted_away() -> None:
    assert "image" in asked("true", target=Target(memory_mib=1, accepted=("image",)))


@pytest.mark.parametrize(("body", "header", "key"), FIRES)
def test_the_answer_is_settings_that_settle_it(body: str, header: str, key: str, tmp_path: Path) -> None:
    answer = asked(body, header)[key].answer
    (tmp_path / "s2r-ci.toml").write_text(answer)  # as it stands in the report
    target = resolve(tmp_path, {}, {}).target_for("x.sh")
    assert target.accepted == (key,)


@pytest.mark.parametrize("name", NEED_A_PERSON)
def test_no_example_that_needs_a_person_passes(name: str) -> None:
    script = Script(path=name, data=(EXAMPLES / name).read_bytes())
    key = NEED_A_PERSON[name]
    for target in (Target(), READY) if key else (Target(),):
        done = walk(script, target, RulesConverter())
        open_questions = done.result.questions if done.result else ()
        assert outcome_of(done.findings, bool(open_questions), Level.ERROR) > Outcome.PASSED
        assert not key or key in {question.key for question in open_questions}


@pytest.mark.parametrize("path", sorted(EXAMPLES.iterdir()), ids=lambda path: path.name)
def test_with_every_question_accepted_nothing_in_the_ledger_waits(path: Path) -> None:
    script = Script(path=path.name, data=path.read_bytes())
    for job in read_script(script).jobs:
        request = ConversionRequest(script=script, job=job, target=Target(image="team/x:1"))
        keys = tuple(every_question(plan(request)))
        result = RulesConverter().convert(replace(request, target=replace(request.target, accepted=keys)))
        assert result.questions == ()
        assert not [entry for entry in result.ledger if entry.disposition is Disposition.NEEDS_ANSWER]
        assert not [note for note in result.notes if note.rule.id == "question-open"]


CALLS = "squeue -j 1\nsacct -j 1\nscontrol show node n1\nscancel 2\nsqueue -j 2"


def test_a_question_names_every_command_that_raises_it_once() -> None:
    text = asked(CALLS)["cluster-state"].text
    assert text.startswith("the script calls squeue, sacct, scontrol and scancel, and there is no Slurm")


def test_a_single_command_stands_alone_in_its_question() -> None:
    assert asked("sacct -j 1")["cluster-state"].text.startswith("the script calls sacct, and")


def test_the_ledger_speaks_of_each_command_by_its_own_name() -> None:
    script = Script(path="x.sh", data=f"#!/bin/bash\n#SBATCH -n 1\n{CALLS}\n".encode())
    result = walk(script, READY, RulesConverter()).result
    assert result
    said = [
        (entry.item.name, entry.reason) for entry in result.ledger if entry.reason.startswith("the script calls")
    ]
    assert [name for name, _ in said] == ["squeue", "sacct", "scontrol", "scancel", "squeue"]
    assert all(reason.startswith(f"the script calls {name}, and") for name, reason in said)


@pytest.mark.parametrize(
    ("line", "item", "reason"),
    [
        ("python t.py ${CFG:-a.yaml}", "CFG", "nothing sets it, so the script's own default counts: a.yaml"),
        ('python t.py "${OUT:-runs}/x"', "OUT", "nothing sets it, so the script's own default counts: runs"),
        ("python t.py ${1:-b.yaml}", "$1", "the script is started without arguments"),
    ],
)
def test_a_variable_with_a_default_is_named_by_itself(line: str, item: str, reason: str) -> None:
    script = Script(path="x.sh", data=f"#!/bin/bash\n#SBATCH -n 1\n{line}\n".encode())
    result = walk(script, READY, RulesConverter()).result
    assert result
    assert (item, reason) in [(str(entry.item), entry.reason) for entry in result.ledger]
