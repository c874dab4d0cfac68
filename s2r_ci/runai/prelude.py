"""The prelude: POSIX sh that gives a batch script the surroundings it had under Slurm, then runs it.

It is called as ``sh -c PRELUDE FILE-NAME BODY ARGUMENTS...``: writes the body to a file of its own, so that the
script's first line chooses the interpreter, sets what only the pod knows, and replaces itself by the script.
Only the parts that a script needs are written. Nothing here is ever put into the script itself.
"""

import re
import zlib
from collections.abc import Iterator
from typing import Final

from s2r_ci.runai import shims
from s2r_ci.runai.distribution import JOB, MPI, PYTORCH, Plan
from s2r_ci.runai.environment import UID, VARIABLES, mentioned, needs_id, variable

_SIGNAL: Final = re.compile(r"(?:([BR]+):)?(?:SIG)?([A-Za-z]+[0-9]*|\d+)(?:@(\d+))?")
_SIGNAL_DEFAULT_S: Final = 60
_KILL_AFTER_S: Final = 30

_BODY: Final = {
    "text": 'printf %s "$1" >"$S2R_DIR/slurm_script" || exit 125\nshift\n',
    "base64": 'printf %s "$1" | base64 -d >"$S2R_DIR/slurm_script" || exit 125\nshift\n',
    "mounted": 'cat -- "$0" >"$S2R_DIR/slurm_script" || exit 125\n',
}

_ID: Final = """\
s2r_id=${{{uid}##*-}}
case $s2r_id in
  *[!0-9a-f]*) s2r_id={fallback} ;;
  ??????*) s2r_id=$((0x${{s2r_id#"${{s2r_id%??????}}"}} + 1)) ;;
  *) s2r_id={fallback} ;;
esac
"""

_ARRAY: Final = """\
s2r_n=${JOB_COMPLETION_INDEX:?is set by an Indexed Job}
IFS=,
for s2r_r in $S2R_ARRAY_IDS; do
  case $s2r_r in *:*) s2r_s=${s2r_r#*:} s2r_r=${s2r_r%:*} ;; *) s2r_s=1 ;; esac
  s2r_c=$(((${s2r_r#*-} - ${s2r_r%-*}) / s2r_s + 1))
  if [ "$s2r_n" -lt "$s2r_c" ]; then
    export SLURM_ARRAY_TASK_ID="$((${s2r_r%-*} + s2r_n * s2r_s))"
    break
  fi
  s2r_n=$((s2r_n - s2r_c))
done
unset IFS
"""

_HOSTS: Final = {
    JOB: "S2R_NODE=0\nS2R_HOSTS=$S2R_HOST\n",
    PYTORCH: """\
S2R_NODE=${{PET_NODE_RANK:-${{RANK:-0}}}}
case ${{MASTER_ADDR:-localhost}} in localhost | 127.*) S2R_HOSTS=$S2R_HOST ;; *) S2R_HOSTS=$MASTER_ADDR ;; esac
[ "$S2R_NODE" -gt 0 ] || S2R_HOST=$S2R_HOSTS
s2r_i=0 s2r_base=${{S2R_HOSTS%-master-0}}
while [ "$s2r_i" -lt {workers} ]; do
  S2R_HOSTS=$S2R_HOSTS,$s2r_base-worker-$s2r_i
  s2r_i=$((s2r_i + 1))
done
""",
    MPI: """\
S2R_NODE=0 S2R_HOSTS=
s2r_f=${OMPI_MCA_orte_default_hostfile:-${I_MPI_HYDRA_HOST_FILE:-${HYDRA_HOST_FILE:-/etc/mpi/hostfile}}}
[ ! -r "$s2r_f" ] || while read -r s2r_h _; do
  S2R_HOSTS=$S2R_HOSTS${S2R_HOSTS:+,}${s2r_h%%:*}
done <"$s2r_f"
""",
}

# mpirun must not look for srun because of SLURM_JOB_ID: these say so to Open MPI 4 and 5, Intel MPI and MPICH.
_MPIRUN: Final = """\
export OMPI_MCA_plm='^slurm' OMPI_MCA_ras='^slurm' PRTE_MCA_plm='^slurm' PRTE_MCA_ras='^slurm'
export HYDRA_BOOTSTRAP={start} I_MPI_HYDRA_BOOTSTRAP={start}
"""

_VALUES: Final = {
    "SLURMD_NODENAME": "$S2R_HOST",
    "SLURM_ARRAY_JOB_ID": "$s2r_id",
    "SLURM_JOB_END_TIME": "$(($(date +%s) + {limit}))",
    "SLURM_JOB_GID": "$(id -g)",
    "SLURM_JOB_ID": "$S2R_ID",
    "SLURM_JOBID": "$S2R_ID",
    "SLURM_JOB_NODELIST": "$S2R_HOSTS",
    "SLURM_JOB_START_TIME": "$(date +%s)",
    "SLURM_JOB_UID": "$(id -u)",
    "SLURM_JOB_USER": "$(id -un 2>/dev/null || id -u)",
    "SLURM_NODELIST": "$S2R_HOSTS",
    "SLURM_SUBMIT_DIR": "$PWD",
    "SLURM_SUBMIT_HOST": "$S2R_HOST",
    "SLURM_TASK_PID": "$$",
    "SLURM_TMPDIR": "${{TMPDIR:-/tmp}}",
    "SLURM_TOPOLOGY_ADDR": "$S2R_HOST",
    "TMPDIR": "${{TMPDIR:-/tmp}}",
}

_WATCH: Final = """\
s2r_w=
s2r_wait() {{ trap 'kill "$!"; exit' TERM; wait "$!"; }}
"$S2R_DIR/slurm_script" "$@" &
s2r_p=$!
trap 'kill -s TERM "$s2r_p" 2>/dev/null' TERM
{warning}{limit}while :; do
  wait "$s2r_p"
  s2r_c=$?
  kill -0 "$s2r_p" 2>/dev/null || break
done
for s2r_p in $s2r_w; do kill "$s2r_p" 2>/dev/null; done
{late}exit "$s2r_c"
"""

_PARTS: Final = ("srun", "scontrol", "module", "ml", "apptainer", "singularity")


def prelude(made: Plan, delivery: str) -> str:
    """The shell text; ``delivery`` says how the body comes: text, base64 or mounted."""
    return "".join(_lines(made, delivery))


def _lines(made: Plan, delivery: str) -> Iterator[str]:
    yield "# s2r-ci: writes the batch script to a file, sets what only the pod knows, and runs it\n"
    yield 'S2R_DIR=$(mktemp -d "${TMPDIR:-/tmp}/s2r.XXXXXX") || exit 125\n'
    yield _BODY[delivery]
    yield 'chmod 700 "$S2R_DIR/slurm_script"\n'
    names = _runtime_names(made)
    if needs_id(made):
        yield _ID.format(uid=UID, fallback=zlib.crc32(made.name.encode()) % 0xFFFFFF + 1)
        if made.uses("srun", "scontrol") or {"SLURM_JOB_ID", "SLURM_JOBID"} & set(names):
            yield _job_id(made)
    if made.job.array is not None:
        yield _ARRAY
    steps = made.uses("srun", "scontrol")
    if steps or _needs_host(names):
        yield "S2R_HOST=$(uname -n)\n"
        yield _HOSTS[made.kind].format(workers=made.nodes - 1) if made.kind == PYTORCH else _HOSTS[made.kind]
    yield from _exports(made, names)
    if made.kind == MPI or made.uses("mpirun", "mpiexec"):
        yield _MPIRUN.format(start="ssh" if made.kind == MPI else "fork")
    yield from _shims(made, steps)
    yield _run(made)


def _runtime_names(made: Plan) -> tuple[str, ...]:
    named = list(mentioned(made))
    if made.job.array is not None:
        named = [name for name in named if name != "SLURM_ARRAY_TASK_ID"]
    return tuple(name for name in named if name in VARIABLES and variable(name, made).runtime)


def _needs_host(names: tuple[str, ...]) -> bool:
    return any("$S2R_HOST" in _VALUES[name] for name in names)


def _job_id(made: Plan) -> str:
    if made.job.array is None:
        return "S2R_ID=$s2r_id\n"
    return "S2R_ID=$((s2r_id + 1 + JOB_COMPLETION_INDEX))\n"


def _exports(made: Plan, names: tuple[str, ...]) -> Iterator[str]:
    limit = made.job.time_limit_s or 0
    for name in mentioned(made):
        value = variable(name, made).value
        if value is not None and not name.startswith("SLURM") and name not in made.request.target.variables:
            yield f"export {name}={quoted(value)}\n"
    for name in sorted(names):
        yield f"{name}={_VALUES[name].format(limit=limit)}\n"
    if names:
        yield f"export {' '.join(sorted(names))}\n"


def _shims(made: Plan, steps: bool) -> Iterator[str]:
    used = [name for name in _PARTS if made.uses(name)]
    if not used:
        return
    if steps:
        yield _step_values(made)
    yield 'mkdir "$S2R_DIR/bin"\nexport S2R_DIR PATH="$S2R_DIR/bin:$PATH"\n'
    for name in used:
        yield f"cat >\"$S2R_DIR/bin/{name}\" <<'S2R_END'\n{_shim(name, made)}S2R_END\n"
    yield 'chmod 700 "$S2R_DIR/bin/"*\n'


def _shim(name: str, made: Plan) -> str:
    if name == "srun":
        return shims.SRUN.replace("#MPI\n", shims.SRUN_MPI if _mpi_possible(made) else "")
    if name == "scontrol":
        return shims.SCONTROL
    return shims.MODULE if name in ("module", "ml") else shims.APPTAINER


def _mpi_possible(made: Plan) -> bool:
    return made.kind == MPI or (made.kind == JOB and b"--mpi" in made.request.script.data)


def _step_values(made: Plan) -> str:
    per_task = made.job.options.get("gpus-per-task", "").rpartition(":")[2]
    values = {
        "S2R_NAME": quoted(made.job.name),
        "S2R_NODES": str(made.nodes),
        "S2R_TASKS": str(max(made.job.resources.tasks, 1)),
        "S2R_PER_NODE": str(max(made.job.resources.tasks_per_node, 1)),
        "S2R_GPUS_PER_TASK": per_task if per_task.isdigit() else "''",
        "S2R_MPI": "1" if made.kind == MPI else "''",
    }
    words = " ".join(f"{name}={value}" for name, value in values.items())
    return f"export {words}\nexport S2R_ID S2R_HOST S2R_HOSTS S2R_NODE\n"


def _run(made: Plan) -> str:
    signal = signal_of(made)
    wrapped = made.retries and made.kind != MPI and bool(made.job.time_limit_s)
    if signal or wrapped:
        return _watch(made, signal, wrapped)
    if _login_bash(made) and made.uses(*_PARTS):
        return _login(made)
    return 'exec "$S2R_DIR/slurm_script" "$@"\n'


def _login(made: Plan) -> str:
    """A login shell resets PATH; functions in the environment survive that."""
    words = [
        f'\'BASH_FUNC_{name}%%=() {{ "\'"$S2R_DIR/bin/{name}"\'" "$@"; }}\'' for name in _PARTS if made.uses(name)
    ]
    return f'exec env {" ".join(words)} "$S2R_DIR/slurm_script" "$@"\n'


def _login_bash(made: Plan) -> bool:
    words = made.job.body.interpreter.split()
    return (
        bool(words) and words[0].endswith("bash") and any(word in ("-l", "--login", "-il", "-li") for word in words)
    )


def signal_of(made: Plan) -> tuple[str, int, bool] | None:
    """``--signal`` as (name, seconds before the limit, to the batch shell); None without it or without a limit."""
    match = _SIGNAL.fullmatch(made.job.options.get("signal", ""))
    limit = made.job.time_limit_s
    if match is None or not limit:
        return None
    before = int(match[3]) if match[3] else _SIGNAL_DEFAULT_S
    return match[2].upper(), min(before, limit), "B" in (match[1] or "")


def _watch(made: Plan, signal: tuple[str, int, bool] | None, wrapped: bool) -> str:
    limit = made.job.time_limit_s or 0
    warning = ends = late = ""
    if signal is not None:
        name, before, shell = signal
        steps = f'cat "$S2R_DIR"/step.*/pids | xargs kill -s {name}'
        warning = _after(limit - before, f'kill -s {name} "$s2r_p"' if shell else steps)
    if wrapped:
        stop = f'sleep {_KILL_AFTER_S} & s2r_wait && kill -s KILL "$s2r_p"'
        ends = _after(limit, f': >"$S2R_DIR/late"; kill -s TERM "$s2r_p"; {stop}')
        # 124, not 137 or 143: a job at its time limit is not started again.
        late = '[ ! -e "$S2R_DIR/late" ] || s2r_c=124\n'
    return _WATCH.format(warning=warning, limit=ends, late=late)


def _after(seconds: int, then: str) -> str:
    return f'(sleep {seconds} & s2r_wait && {{ {then}; }}) >/dev/null 2>&1 &\ns2r_w="$s2r_w $!"\n'


def quoted(text: str) -> str:
    """The text as one word of a shell."""
    return "'" + text.replace("'", "'\\''") + "'"
