"""The commands of the old cluster, as small POSIX sh programs that a pod can run.

Each is written by the prelude to a folder at the front of PATH, and only where the script calls it. What a shim
cannot do it says on stderr; it never pretends.
"""

from typing import Final

# What is left of it where the pod is one task and no call of srun asks for anything else.
SRUN_ONE: Final = r"""#!/bin/sh
# srun in a pod of one task: starts the program as rank 0 of its own step
while [ $# -gt 0 ]; do
  case $1 in
    --) shift; break ;;
    --cpus-per-task=*) export SLURM_CPUS_PER_TASK="${1#*=}" ;;
    --cpus-per-task | -c) export SLURM_CPUS_PER_TASK="$2"; shift ;;
    --ntasks=1 | --nodes=1 | -n1 | -N1 | --cpu-bind=* | --cpu_bind=* | --mem-bind=* | --gres=* | --gpus=* | --mem=*) ;;
    --exact | --exclusive | --overlap | --unbuffered | --quiet | --pty | --kill-on-bad-exit | -[uQK]) ;;
    --ntasks | --nodes | -n | -N) [ "$2" = 1 ] || { echo "srun: one task is all there is" >&2; exit 1; }; shift ;;
    -*) echo "srun: $1 was not foreseen when the manifest was written" >&2; exit 1 ;;
    *) break ;;
  esac
  shift
done
[ $# -gt 0 ] || { echo "srun: no program named" >&2; exit 1; }
_s=0
until mkdir "$S2R_DIR/step.$_s" 2>/dev/null; do
  _s=$((_s + 1))
  [ "$_s" -lt 100000 ] || { echo "srun: cannot write to $S2R_DIR" >&2; exit 1; }
done
echo "$$" >"$S2R_DIR/step.$_s/pids"
command -v "$1" >/dev/null || { echo "srun: error: execve(): $1: No such file or directory" >&2; exit 2; }
SLURM_UMASK=$(umask)
export SLURM_STEP_ID="$_s" SLURM_STEPID="$_s" SLURM_NTASKS=1 SLURM_NPROCS=1 SLURM_STEP_NUM_TASKS=1 SLURM_NNODES=1
export SLURM_STEP_NUM_NODES=1 SLURM_NODEID=0 SLURM_PROCID=0 SLURM_LOCALID=0 SLURM_GTIDS=0 SLURM_TASKS_PER_NODE=1
export SLURM_STEP_TASKS_PER_NODE=1 SLURM_DISTRIBUTION=cyclic SLURM_UMASK TMPDIR="${TMPDIR:-/tmp}"
export SLURM_STEP_NODELIST="$S2R_HOSTS" SLURM_JOB_NODELIST="$S2R_HOSTS" SLURM_NODELIST="$S2R_HOSTS"
export SLURM_JOB_ID="$S2R_ID" SLURM_JOBID="$S2R_ID" SLURMD_NODENAME="$S2R_HOST" SLURM_TOPOLOGY_ADDR="$S2R_HOST"
[ "$S2R_GPU_COUNT" -eq 0 ] || export CUDA_VISIBLE_DEVICES="$S2R_GPUS" SLURM_STEP_GPUS="$S2R_GPUS"
exec "$@"
"""

SCONTROL: Final = r"""#!/bin/sh
# scontrol inside a pod: lists of hosts, and a word about the rest
case $1.$2 in
  show.hostnames | show.hostname)
    # n[01-03,7],m has its names one a line; ours are separated by commas already
    printf '%s\n' "${3:-${SLURM_JOB_NODELIST:-$S2R_HOSTS}}" | awk '{
      while ($0 != "") {
        match($0, /^[^,[]*(\[[^]]*\][^,[]*)?/); name = substr($0, 1, RLENGTH); $0 = substr($0, RLENGTH + 2)
        if (split(name, half, /[][]/) < 3) { print name; continue }
        most = split(half[2], range, ",")
        for (k = 1; k <= most; k++) {
          n = split(range[k], end, "-"); last = end[n]
          for (number = end[1] + 0; number <= last + 0; number++)
            printf "%s%0" length(end[1]) "d%s\n", half[1], number, half[3]
        }
      }
    }' ;;
#REQUEUE
  show.hostlist*) printf '%s\n' "$3" ;;
  show.job*) echo "JobId=$S2R_ID JobName=$S2R_NAME JobState=RUNNING NumNodes=$S2R_NODES NodeList=$S2R_HOSTS" ;;
  *) echo "scontrol $*: there is no Slurm controller here" >&2; exit 1 ;;
esac
"""

# Where the script asks for nothing but the names of its own nodes.
HOSTNAMES: Final = r"""#!/bin/sh
# scontrol inside a pod: the names of the job's nodes, one a line
case $1.$2 in
  show.hostnames | show.hostname) printf '%s\n' "${3:-${SLURM_JOB_NODELIST:-$S2R_HOSTS}}" | tr , '\n' ;;
  *) echo "scontrol $*: was not foreseen when the manifest was written" >&2; exit 1 ;;
esac
"""

# Where the job may be started again: the script ends, and with it the pod, by a status that asks for a new one.
REQUEUE: Final = r"""  requeue.*) : >"$S2R_DIR/again"; kill -s TERM "$(cat "$S2R_DIR/script")"; exit 0 ;;
"""

MODULE: Final = r"""#!/bin/sh
# module inside a pod: the software is part of the image
case $1 in
  load | add | switch | swap) shift; echo "module: the image has to hold: $*" >&2 ;;
  [!-]*) [ "${0##*/}" != ml ] || echo "module: the image has to hold: $*" >&2 ;;
esac
"""

APPTAINER: Final = r"""#!/bin/sh
# apptainer and singularity inside a pod: the pod's image stands for the image named, so the program runs as it is
while [ $# -gt 0 ]; do
  case $1 in
    exec | run) v=$1; shift; break ;;
    -*) shift ;;
    *) echo "${0##*/} $*: the pod's image stands for the container; nothing to do" >&2; exit 0 ;;
  esac
done
while [ $# -gt 0 ]; do
  case $1 in
    --env=*) export "${1#*=}" ;;
    --env) export "${2?}"; shift ;;
    --pwd=* | --cwd=*) cd "${1#*=}" || exit 1 ;;
    --pwd | --cwd | -W) cd "$2" || exit 1; shift ;;
    --bind=*) b=${1#*=}; shift; set -- --bind "$b" "$@"; continue ;;
    --bind | -B)
      IFS=,; set -f
      for b in $2; do
        src=${b%%:*} dst=${b#*:} dst=${dst%%:*}
        [ -e "$dst" ] || ln -s "$src" "$dst" || echo "${0##*/}: $src is not bound to $dst" >&2
      done
      unset IFS; set +f; shift ;;
    --*=* | --nv | --rocm | --no-* | --clean* | --contain* | --fakeroot | --writable* | --uts | --ipc | --pid) ;;
    -[eCcfpuiw]) ;;
    -*) shift ;;
    *) break ;;
  esac
  shift
done
shift
[ $# -gt 0 ] || { echo "${0##*/} $v: name the program; the image's run script is unknown here" >&2; exit 1; }
exec "$@"
"""
