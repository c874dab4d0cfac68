"""The parts of which every prelude is made, in the only order in which they may stand.

``join`` writes a prelude from chosen parts, ``split`` takes one apart again. Both go by the same CATALOGUE: what
the writer can write is what the reader knows, to the octet, and what varies (numbers, the job's name) has a narrow
pattern. The decision which parts a script needs is the writer's, and the judge's own; it is not made here.
"""

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, NamedTuple

from s2r_ci.model import NOTHING
from s2r_ci.runai import shims, srun

NUMBER: Final = r"(?:0|[1-9][0-9]{0,9})"
QUOTED: Final = r"'(?:[^']|'\\'')*'"
_SIGNAL: Final = r"[A-Z]{1,8}[0-9]{0,2}|[0-9]{1,2}"


class Chosen(NamedTuple):
    """A part as it stands in one prelude: its name, and what its fields say."""

    name: str
    values: Mapping[str, str] = NOTHING


@dataclass(frozen=True)
class Part:
    """A block of lines. ``fields`` gives the pattern of each ``%field%`` in the text."""

    name: str
    text: str
    fields: Mapping[str, str] = field(default_factory=dict)

    def write(self, values: Mapping[str, str]) -> str:
        """The text with its fields filled in."""
        text = self.text
        for name in self.fields:
            text = text.replace(f"%{name}%", values[name])
        return text

    def read(self, text: str, at: int) -> tuple[int, Mapping[str, str]] | None:
        """Where the part ends that begins at ``at``, and what its fields say there; None where it does not."""
        if not self.fields:
            return (at + len(self.text), NOTHING) if text.startswith(self.text, at) else None
        if not text.startswith(self._beginning, at):
            return None
        found = self._pattern.match(text, at)
        return (found.end(), found.groupdict()) if found else None

    @cached_property
    def _beginning(self) -> str:
        return self.text[: min(self.text.index(f"%{name}%") for name in self.fields)]

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        pattern, seen = re.escape(self.text), set()
        for piece in re.findall(r"%(\w+)%", self.text):
            if piece in self.fields:
                group = f"(?P={piece})" if piece in seen else f"(?P<{piece}>{self.fields[piece]})"
                pattern = pattern.replace(f"%{piece}%", group, 1)
                seen.add(piece)
        return re.compile(pattern)


# --- the texts ---------------------------------------------------------------------------------------------

_HEAD: Final = """\
# s2r-ci: writes the batch script to a file, sets what only the pod knows, and runs it
S2R_DIR=$(mktemp -d "${TMPDIR:-/tmp}/s2r.XXXXXX") || exit 125
"""

_BODIES: Final = {
    "text": 'printf %s "$1" >"$S2R_DIR/slurm_script" || exit 125\nshift\n',
    "base64": 'printf %s "$1" | base64 -d >"$S2R_DIR/slurm_script" || exit 125\nshift\n',
    "mounted": 'cat -- "$0" >"$S2R_DIR/slurm_script" || exit 125\n',
}

_ID: Final = """\
s2r_id=${S2R_WORKLOAD_UID##*-}
case $s2r_id in
  *[!0-9a-f]*) s2r_id=%fallback% ;;
  ??????*) s2r_id=$((0x${s2r_id#"${s2r_id%??????}"} + 1)) ;;
  *) s2r_id=%fallback% ;;
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

_HOSTS_PYTORCH: Final = """\
S2R_NODE=${PET_NODE_RANK:-${RANK:-0}}
case ${MASTER_ADDR:-localhost} in localhost | 127.*) S2R_HOSTS=$S2R_HOST ;; *) S2R_HOSTS=$MASTER_ADDR ;; esac
[ "$S2R_NODE" -gt 0 ] || S2R_HOST=$S2R_HOSTS
s2r_i=0 s2r_base=${S2R_HOSTS%-master-0}
while [ "$s2r_i" -lt %workers% ]; do
  S2R_HOSTS=$S2R_HOSTS,$s2r_base-worker-$s2r_i
  s2r_i=$((s2r_i + 1))
done
# Slurm sets none of the operator's names, and programs look at them before they look at Slurm's.
unset RANK WORLD_SIZE MASTER_ADDR MASTER_PORT PET_NNODES PET_NODE_RANK PET_NPROC_PER_NODE PET_MASTER_ADDR \
  PET_MASTER_PORT PET_RDZV_ENDPOINT PET_RDZV_BACKEND
"""

# Where the first pod leaves orders for the others: all pods have to see this folder.
_SHARE: Final = """\
S2R_SHARE=$PWD/.s2r-$S2R_ID s2r_i=1
mkdir -p "$S2R_SHARE" || exit 125
while [ "$s2r_i" -le %workers% ]; do
  : >>"$S2R_SHARE/orders.$s2r_i"
  if [ "$S2R_NODE" -eq 0 ]; then : >"$S2R_SHARE/done.$s2r_i"; fi
  s2r_i=$((s2r_i + 1))
done
export S2R_SHARE
"""
_AGENT: Final = """\
if [ "$S2R_NODE" -gt 0 ]; then # not the first node: does what srun asks for there, until the script has ended
  s2r_n=0 s2r_c=
  trap 's2r_c=143; cat "$S2R_DIR"/step.*/pids 2>/dev/null | xargs kill -s TERM 2>/dev/null' TERM
  while [ -z "$s2r_c" ]; do
    s2r_i=0
    while read -r s2r_v s2r_s s2r_x; do
      s2r_i=$((s2r_i + 1)) s2r_f=$S2R_SHARE/$s2r_s.$S2R_NODE
      [ "$s2r_i" -gt "$s2r_n" ] || continue
      case $s2r_v in
        run)
          (
            S2R_STEP=$s2r_f.order srun -- >"$s2r_f.out" 2>"$s2r_f.err" </dev/null
            echo "$s2r_s $?" >>"$S2R_SHARE/done.$S2R_NODE"
          ) & ;;
        kill) xargs kill -s "$s2r_x" <"$S2R_DIR/step.$s2r_s/pids" ;;
        end) s2r_c=0 ;;
      esac
    done <"$S2R_SHARE/orders.$S2R_NODE"
    s2r_n=$s2r_i
    sleep 0.2
  done
  [ "$s2r_c" -eq 0 ] || wait
  rm -f "$S2R_SHARE/orders.$S2R_NODE" "$S2R_SHARE/done.$S2R_NODE"
  exit "$s2r_c"
fi
"""
_DISMISS: Final = """\
for s2r_f in "$S2R_SHARE"/orders.*; do echo end >>"$s2r_f"; done
rm -f "$S2R_SHARE"/[0-9]*
s2r_i=0
until rmdir "$S2R_SHARE" 2>/dev/null || [ "$s2r_i" -ge 50 ]; do sleep 0.2; s2r_i=$((s2r_i + 1)); done
"""

_HOSTS_MPI: Final = """\
S2R_NODE=0 S2R_HOSTS=
s2r_f=${OMPI_MCA_orte_default_hostfile:-${I_MPI_HYDRA_HOST_FILE:-${HYDRA_HOST_FILE:-/etc/mpi/hostfile}}}
[ ! -r "$s2r_f" ] || while read -r s2r_h _; do
  S2R_HOSTS=$S2R_HOSTS${S2R_HOSTS:+,}${s2r_h%%:*}
done <"$s2r_f"
"""

# mpirun must not look for srun because of SLURM_JOB_ID: these say so to Open MPI 4 and 5, Intel MPI and MPICH.
_MPIRUN: Final = """\
export OMPI_MCA_plm='^slurm' OMPI_MCA_ras='^slurm' PRTE_MCA_plm='^slurm' PRTE_MCA_ras='^slurm'
export HYDRA_BOOTSTRAP=%start% I_MPI_HYDRA_BOOTSTRAP=%start%
"""

_CONSTANTS: Final = ("CUDA_VISIBLE_DEVICES", "ENVIRONMENT", "GPU_DEVICE_ORDINAL", "ROCR_VISIBLE_DEVICES")
"""Variables that are known when the manifest is written and no SLURM_*: the prelude exports them."""

_COMPUTED: Final = {
    "SLURMD_NODENAME": "$S2R_HOST",
    "SLURM_ARRAY_JOB_ID": "$s2r_id",
    "SLURM_JOBID": "$S2R_ID",
    "SLURM_JOB_END_TIME": "$(($(date +%s) + %limit%))",
    "SLURM_JOB_GID": "$(id -g)",
    "SLURM_JOB_ID": "$S2R_ID",
    "SLURM_JOB_NODELIST": "$S2R_HOSTS",
    "SLURM_JOB_START_TIME": "$(date +%s)",
    "SLURM_JOB_UID": "$(id -u)",
    "SLURM_JOB_USER": "$(id -un 2>/dev/null || id -u)",
    "SLURM_NODELIST": "$S2R_HOSTS",
    "SLURM_SUBMIT_DIR": "$PWD",
    "SLURM_SUBMIT_HOST": "$S2R_HOST",
    "SLURM_TASK_PID": "$$",
    "SLURM_TMPDIR": "${TMPDIR:-/tmp}",
    "SLURM_TOPOLOGY_ADDR": "$S2R_HOST",
    "TMPDIR": "${TMPDIR:-/tmp}",
}

_STEPS: Final = """\
export S2R_NAME=%name% S2R_NODES=%nodes% S2R_CPUS=%cpus% S2R_GPU_COUNT=%gpus% S2R_GPUS=%list%
export S2R_GPUS_PER_TASK=%gpus_per_task% S2R_ID S2R_HOST S2R_HOSTS S2R_NODE
"""

# A file that Slurm writes is written here too where it lies on a volume: its name is text and what only the pod knows.
_NUMBERS: Final = r"\$(?:S2R_ID|s2r_id|SLURM_ARRAY_TASK_ID)"
_WORD: Final = (
    rf"(?:{QUOTED}|\"(?:{_NUMBERS}|\$S2R_HOST|\$\(id -un\)|\$\(printf %0(?:10|[1-9])d \"{_NUMBERS}\"\))\")+"
)

_RUN: Final = """\
%login%"$S2R_DIR/slurm_script" "$@" %stdin%&
s2r_p=$!
"""
_TERM: Final = """\
trap 's2r_i=1; kill -s TERM "$s2r_p" 2>/dev/null' TERM
"""
# Slurm ends script and steps together, and gives the steps the time to end.
_TERM_STEPS: Final = """\
s2r_t=
s2r_end() { s2r_t=1 s2r_i=1; kill -s TERM "$s2r_p"; cat "$S2R_DIR"/step.*/pids | xargs kill -s TERM; }
trap 's2r_end 2>/dev/null' TERM
"""
_WATCH: Final = """\
s2r_w=
s2r_wait() { trap 'kill "$!"; exit' TERM; wait "$!"; }
"""
_AFTER: Final = '(sleep %seconds% & s2r_wait && { THEN; }) >/dev/null 2>&1 &\ns2r_w="$s2r_w $!"\n'
_TO_SHELL: Final = 'kill -s %signal% "$s2r_p"'
_TO_STEPS: Final = 'cat "$S2R_DIR"/step.*/pids | xargs kill -s %signal%'
_STOP: Final = ': >"$S2R_DIR/late"; kill -s TERM "$s2r_p"; sleep %grace% & s2r_wait && kill -s KILL "$s2r_p"'
_AWAIT: Final = """\
s2r_c=
while s2r_i=; do
  { wait "$s2r_p"; } 2>/dev/null
  s2r_x=$?
  [ "$s2r_x" -eq 127 ] && [ -n "$s2r_c" ] || s2r_c=$s2r_x
  [ -n "$s2r_i" ] || break # no signal came between
done
"""
_UNWATCH: Final = 'for s2r_p in $s2r_w; do kill "$s2r_p" 2>/dev/null; done\n'
_LINGER: Final = """\
[ -z "$s2r_t" ] || for s2r_p in $(cat "$S2R_DIR"/step.*/pids 2>/dev/null); do
  while kill -0 "$s2r_p" 2>/dev/null; do sleep 0.2; done
done
"""
# How often it was started: a file in the working directory that stays as long as the job has not ended.
_RESTARTS: Final = """\
S2R_STARTS=$PWD/.s2r-$S2R_ID.starts
if [ -r "$S2R_STARTS" ]; then SLURM_RESTART_COUNT=$(($(wc -l <"$S2R_STARTS"))); export SLURM_RESTART_COUNT; fi
echo >>"$S2R_STARTS"
"""
_FORGET: Final = 'case $s2r_c in 137 | 143) ;; *) rm -f "$S2R_STARTS" ;; esac\n'
_AGAIN: Final = '[ ! -e "$S2R_DIR/again" ] || s2r_c=143\n'
# 124, not 137 or 143: a job at its time limit is not started again.
_LATE: Final = '[ ! -e "$S2R_DIR/late" ] || s2r_c=124\n'
# A login shell resets PATH; functions in the environment survive that.
_FUNCTION: Final = r"""'BASH_FUNC_NAME%%=() { "'"$S2R_DIR/bin/NAME"'" "$@"; }'"""

SHIMMED: Final = ("srun", "scontrol", "module", "ml", "apptainer", "singularity")
"""Commands of the old cluster that the prelude can stand in for."""

_SHIMS: Final = {
    "scontrol": (
        ("scontrol", shims.SCONTROL.replace("#REQUEUE\n", "")),
        ("scontrol requeue", shims.SCONTROL.replace("#REQUEUE\n", shims.REQUEUE)),
    ),
    "module": (("module", shims.MODULE),),
    "ml": (("ml", shims.MODULE),),
    "apptainer": (("apptainer", shims.APPTAINER),),
    "singularity": (("singularity", shims.APPTAINER),),
}
# The pieces of srun, each slot a choice.
_SRUN: Final = (
    (("srun layout", srun.LAYOUT),),
    (("srun room", srun.ROOM),),
    (("srun told", srun.TOLD),),
    (("srun export", srun.EXPORT),),
    (("srun devices", srun.DEVICES), ("srun devices of room", srun.DEVICES_OF_ROOM)),
    (("srun alone", srun.ALONE), ("srun nodes", srun.NODES), ("srun launcher", srun.LAUNCHER)),
    (("srun marks", srun.MARKS),),
    (("srun mpi", srun.MPI),),
    tuple(
        (f"srun rank{''.join(f' {name}' for name in chosen)}", srun.rank(*chosen))
        for count in range(len(srun.FEATURES) + 1)
        for chosen in itertools.combinations(srun.FEATURES, count)
    ),
    (("srun start", srun.START),),
)


_HERE: Final = "cat >\"$S2R_DIR/bin/NAME\" <<'S2R_END'\n"


def functions(names: Iterable[str]) -> str:
    """The words by which a login shell is told of the shims."""
    return " ".join(_FUNCTION.replace("NAME", name) for name in names)


def _slots() -> Iterator[tuple[Part, ...]]:
    """One slot after the other; of the parts in a slot at most one stands in a prelude."""
    yield (Part("head", _HEAD),)
    yield tuple(Part(f"body {how}", text) for how, text in _BODIES.items())
    yield (Part("executable", 'chmod 700 "$S2R_DIR/slurm_script"\n'),)
    yield (Part("id", _ID, {"fallback": NUMBER}),)
    yield (
        Part("id of the job", "S2R_ID=$s2r_id\n"),
        Part("id of the index", "S2R_ID=$((s2r_id + 1 + JOB_COMPLETION_INDEX))\n"),
    )
    yield (Part("array", _ARRAY),)
    yield (Part("host", "S2R_HOST=$(uname -n)\n"),)
    yield (
        Part("hosts Job", "S2R_NODE=0\nS2R_HOSTS=$S2R_HOST\n"),
        Part("hosts PyTorchJob", _HOSTS_PYTORCH, {"workers": NUMBER}),
        Part("hosts MPIJob", _HOSTS_MPI),
    )
    yield (Part("share", _SHARE, {"workers": NUMBER}),)
    for name in _CONSTANTS:
        yield (Part(f"constant {name}", f"export {name}=%value%\n", {"value": QUOTED}),)
    for name, value in _COMPUTED.items():
        fields = {"limit": NUMBER} if "%limit%" in value else {}
        yield (Part(f"set {name}", f"{name}={value}\n", fields),)
    yield (Part("export", "export %names%\n", {"names": r"(?!OMPI_|HYDRA_|S2R_)[A-Z_]+(?: [A-Z_]+)*(?=\n)"}),)
    yield (Part("mpirun", _MPIRUN, {"start": "ssh|fork"}),)
    numbers = dict.fromkeys(("nodes", "cpus", "gpus"), NUMBER)
    several = f"''|{NUMBER}(?:,{NUMBER})*"
    yield (Part("steps", _STEPS, {"name": QUOTED, **numbers, "list": several, "gpus_per_task": f"''|{NUMBER}"}),)
    yield (Part("bin", 'mkdir "$S2R_DIR/bin"\nexport S2R_DIR PATH="$S2R_DIR/bin:$PATH"\n'),)
    yield (
        Part("shim srun one", f"{_HERE.replace('NAME', 'srun')}{shims.SRUN_ONE}S2R_END\n"),
        Part("shim srun", f"{_HERE.replace('NAME', 'srun')}#!%shell%\n{srun.OPTIONS}", {"shell": "/bin/sh|/bin/bash"}),
    )
    for choice in _SRUN:
        yield tuple(Part(name, text) for name, text in choice)
    yield (Part("srun end", "S2R_END\n"),)
    for name, forms in _SHIMS.items():
        here = _HERE.replace("NAME", name)
        yield tuple(Part(f"shim {form}", f"{here}{text}S2R_END\n") for form, text in forms)
    yield (Part("executables", 'chmod 700 "$S2R_DIR/bin/"*\n'),)
    yield (Part("agent", _AGENT),)
    yield (Part("restarts", _RESTARTS),)
    for name, begin in (("input", "3<"), ("output", ">"), ("output at the end", ">>"), ("error", "2>"), ("error at the end", "2>>")):
        yield (Part(name, f"exec {begin}%file%\n", {"file": _WORD}),)
    yield (Part("error to output", "exec 2>&1\n"),)
    yield from _ends()


def _ends() -> Iterator[tuple[Part, ...]]:
    one = "|".join(re.escape(functions([name])) for name in SHIMMED)
    yield (Part("run", _RUN, {"login": f"(?:env (?:(?:{one}) )+)?", "stdin": "(?:<&3 3<&- )?"}),)
    yield (Part("script", 'echo "$s2r_p" >"$S2R_DIR/script"\n'),)
    yield (Part("term", _TERM), Part("term steps", _TERM_STEPS))
    yield (Part("watch", _WATCH),)
    timed = {"seconds": NUMBER, "signal": _SIGNAL}
    yield (
        Part("warn the script", _AFTER.replace("THEN", _TO_SHELL), timed),
        Part("warn the steps", _AFTER.replace("THEN", _TO_STEPS), timed),
    )
    yield (Part("stop", _AFTER.replace("THEN", _STOP), {"seconds": NUMBER, "grace": NUMBER}),)
    yield (Part("await", _AWAIT),)
    yield (Part("unwatch", _UNWATCH),)
    yield (Part("linger", _LINGER),)
    yield (Part("dismiss", _DISMISS),)
    yield (Part("again", _AGAIN),)
    yield (Part("late", _LATE),)
    yield (Part("forget", _FORGET),)
    yield (Part("leave", 'exit "$s2r_c"\n'),)


CATALOGUE: Final[tuple[tuple[Part, ...], ...]] = tuple(_slots())
COMPUTED: Final = frozenset(_COMPUTED)
"""Variables that only the pod knows and a prelude can set."""

_PARTS: Final[Mapping[str, tuple[int, Part]]] = {
    part.name: (slot, part) for slot, parts in enumerate(CATALOGUE) for part in parts
}


def join(chosen: Iterable[Chosen]) -> str:
    """The prelude made of these parts, in the catalogue's order."""
    every = sorted(((*_PARTS[name], values) for name, values in chosen), key=lambda found: found[0])
    return "".join(part.write(values) for _, part, values in every)


def split(text: str) -> tuple[list[Chosen], int]:
    """The parts of a prelude, and how far they reach: less than its length where it says something else."""
    chosen: list[Chosen] = []
    at = 0
    for slot in CATALOGUE:
        for part in slot:
            found = part.read(text, at)
            if found is not None:
                at, values = found
                chosen.append(Chosen(part.name, values))
                break
    return chosen, at


def quoted(text: str) -> str:
    """The text as one word of a shell."""
    return "'" + text.replace("'", "'\\''") + "'"
