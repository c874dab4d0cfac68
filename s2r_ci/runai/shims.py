"""The commands of the old cluster, as small POSIX sh programs that a pod can run.

Each is written by the prelude to a folder at the front of PATH, and only where the script calls it. What a shim
cannot do it says on stderr; it never pretends.
"""

from typing import Final

SRUN: Final = r"""#!/bin/sh
# srun inside a pod: starts the ranks that belong to this pod, side by side, and returns the worst status
n='' N='' k='' label='' out='' err='' host='' gpus=$S2R_GPUS_PER_TASK
while [ $# -gt 0 ]; do
  case $1 in
    --) shift; break ;;
    --ntasks=*) n=${1#*=} ;;
    --nodes=*) N=${1#*=} ;;
    --ntasks-per-node=* | --tasks-per-node=*) k=${1#*=} ;;
    --cpus-per-task=*) export SLURM_CPUS_PER_TASK="${1#*=}" ;;
    --gpus-per-task=*) gpus=${1##*[=:]} ;;
    --output=*) out=${1#*=} ;;
    --error=*) err=${1#*=} ;;
    --chdir=*) cd "${1#*=}" || exit 1 ;;
    --nodelist=*) host=${1#*=} ;;
    --export=*)
      s2r_ifs=$IFS; IFS=,; set -f
      for pair in ${1#*=}; do case $pair in *=*) export "${pair?}" ;; esac; done
      IFS=$s2r_ifs; set +f ;;
    --mpi=none | --mpi=list) ;;
    --mpi=*) command -v mpirun >/dev/null && S2R_MPI=1 ;;
    --multi-prog) echo "srun: --multi-prog has no meaning in a pod" >&2; exit 1 ;;
    --label) label=1 ;;
    --*=* | --exact | --exclusive | --overlap | --unbuffered | --verbose | --quiet | --pty | --no-* | --over*) ;;
    --contiguous | --kill-on-bad-exit | --preserve-env | --resv-ports | --propagate | --nice | --x11 | --test-only) ;;
    --spread-job | --use-min-nodes | --disable-status | --interactive | --share | --container-writable) ;;
    --container-readonly | --container-mount-home | --container-remap-root | --container-entrypoint) ;;
    --*) o=$1 v=$2; shift 2; set -- "$o=$v" "$@"; continue ;;
    -n | -N | -c | -o | -e | -D | -w)
      o=$1 v=$2; shift 2
      case $o in
        -n) o=--ntasks ;; -N) o=--nodes ;; -c) o=--cpus-per-task ;; -o) o=--output ;;
        -e) o=--error ;; -D) o=--chdir ;; -w) o=--nodelist ;;
      esac
      set -- "$o=$v" "$@"; continue ;;
    -n* | -N* | -c* | -o* | -e* | -D* | -w*)
      o=${1%"${1#??}"} v=${1#??}; shift; set -- "$o" "$v" "$@"; continue ;;
    -l) label=1 ;;
    -[ABCdGiJLmMpqrStTUWx]) shift ;;
    -*) ;;
    *) break ;;
  esac
  shift
done
[ $# -gt 0 ] || { echo "srun: no program named" >&2; exit 1; }
N=${N%%-*}
case $host in
  "" | *,* | *[[]*) ;;
  *)
    N=${N:-1}
    if [ "$host" != "$S2R_HOST" ] && [ -z "$S2R_MPI" ]; then
      # A step on one other node: its address can be told from here, its work is done there.
      case "$*" in "hostname -"[iI] | "hostname --ip-address" | "hostname --all-ip-addresses")
        getent hosts "$host" | while read -r ip _; do echo "$ip"; done ;;
      esac
      exit 0
    fi ;;
esac
if [ -z "$n" ]; then
  if [ -n "$k" ]; then n=$((${N:-$S2R_NODES} * k)); else n=${N:-$S2R_TASKS}; fi
  [ -n "$N" ] && [ -z "$k" ] && [ "$N" -eq "$S2R_NODES" ] && n=$S2R_TASKS
fi
N=${N:-$S2R_NODES}
[ "$N" -gt "$n" ] && N=$n
k=$(((n + N - 1) / N))
s=0
until mkdir "$S2R_DIR/step.$s" 2>/dev/null; do
  s=$((s + 1))
  [ "$s" -lt 100000 ] || { echo "srun: cannot write to $S2R_DIR" >&2; exit 1; }
done
export SLURM_STEP_ID="$s" SLURM_STEPID="$s" SLURM_NTASKS="$n" SLURM_NPROCS="$n" SLURM_STEP_NUM_TASKS="$n"
export SLURM_NNODES="$N" SLURM_STEP_NUM_NODES="$N" SLURM_JOB_NUM_NODES="$S2R_NODES" SLURM_NODEID="$S2R_NODE"
export SLURM_JOB_NODELIST="$S2R_HOSTS" SLURM_NODELIST="$S2R_HOSTS" SLURMD_NODENAME="$S2R_HOST"
export SLURM_JOB_ID="$S2R_ID" SLURM_JOBID="$S2R_ID" SLURM_JOB_NAME="$S2R_NAME"
if [ "$N" -gt 1 ]; then SLURM_TASKS_PER_NODE="$k(x$N)"; else SLURM_TASKS_PER_NODE=$k; fi
export SLURM_TASKS_PER_NODE SLURM_STEP_TASKS_PER_NODE="$SLURM_TASKS_PER_NODE"
marks() {
  printf '%s\n' "$1" | sed -e "s,%[0-9]*j,$S2R_ID,g" -e "s,%J,$S2R_ID.$s,g" -e "s,%[0-9]*s,$s,g" \
    -e "s,%[0-9]*t,$2,g" -e "s,%[0-9]*n,$S2R_NODE,g" -e "s,%N,$S2R_HOST,g" -e "s,%x,$S2R_NAME,g" \
    -e "s,%A,${SLURM_ARRAY_JOB_ID:-$S2R_ID},g" -e "s,%a,$SLURM_ARRAY_TASK_ID,g"
}
#MPI
rank() {
  export SLURM_PROCID="$1" SLURM_LOCALID="$2"
  if [ -n "$gpus" ]; then
    g=$(($2 * gpus)) v=''
    while [ "$g" -lt $((($2 + 1) * gpus)) ]; do v=$v${v:+,}$g; g=$((g + 1)); done
    export CUDA_VISIBLE_DEVICES="$v"
  fi
  shift 2
  exec "$@"
}
first=$((S2R_NODE * k)) last=$((S2R_NODE * k + k))
[ "$S2R_NODE" -ge "$N" ] && last=$first
[ "$last" -gt "$n" ] && last=$n
if [ "$((last - first))" -eq 1 ] && [ -z "$label$out$err" ]; then
  echo "$$" >"$S2R_DIR/step.$s/pids"
  rank "$first" 0 "$@"
fi
r=$first
exec 3<&0
while [ "$r" -lt "$last" ]; do
  (
    if [ "$r" -gt "$first" ]; then exec </dev/null; else exec <&3; fi
    exec 3<&-
    if [ -n "$out" ]; then o=$(marks "$out" "$r"); exec >>"$o"; [ -n "$err" ] || exec 2>&1; fi
    if [ -n "$err" ]; then e=$(marks "$err" "$r"); exec 2>>"$e"; fi
    if [ -n "$label" ]; then
      { (rank "$r" $((r - first)) "$@"); echo "$?" >"$S2R_DIR/step.$s/$r"; } | sed "s/^/$r: /"
      exit "$(cat "$S2R_DIR/step.$s/$r")"
    fi
    rank "$r" $((r - first)) "$@"
  ) &
  echo "$!" >>"$S2R_DIR/step.$s/pids"
  r=$((r + 1))
done
worst=0
[ -e "$S2R_DIR/step.$s/pids" ] || exit 0
trap 'kill -s TERM $(cat "$S2R_DIR/step.$s/pids") 2>/dev/null' TERM
for p in $(cat "$S2R_DIR/step.$s/pids"); do
  while :; do
    wait "$p"; c=$?
    kill -0 "$p" 2>/dev/null || break
  done
  [ "$c" -gt "$worst" ] && worst=$c
done
exit "$worst"
"""

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
s=0
until mkdir "$S2R_DIR/step.$s" 2>/dev/null; do
  s=$((s + 1))
  [ "$s" -lt 100000 ] || { echo "srun: cannot write to $S2R_DIR" >&2; exit 1; }
done
echo "$$" >"$S2R_DIR/step.$s/pids"
export SLURM_STEP_ID="$s" SLURM_STEPID="$s" SLURM_NTASKS=1 SLURM_NPROCS=1 SLURM_STEP_NUM_TASKS=1 SLURM_NNODES=1
export SLURM_STEP_NUM_NODES=1 SLURM_JOB_NUM_NODES=1 SLURM_NODEID=0 SLURM_PROCID=0 SLURM_LOCALID=0
export SLURM_TASKS_PER_NODE=1 SLURM_STEP_TASKS_PER_NODE=1 SLURM_JOB_ID="$S2R_ID" SLURM_JOBID="$S2R_ID"
export SLURM_JOB_NAME="$S2R_NAME" SLURM_JOB_NODELIST="$S2R_HOSTS" SLURM_NODELIST="$S2R_HOSTS"
export SLURMD_NODENAME="$S2R_HOST"
exec "$@"
"""

# An image with mpirun: srun becomes mpirun, whose ranks are told their SLURM names by a line of sh.
SRUN_MPI: Final = r"""if [ -n "$S2R_MPI" ]; then
  # mpirun brings all output together, so the file of the first rank holds that of all.
  if [ -n "$out" ]; then o=$(marks "$out" 0); exec >>"$o"; [ -n "$err" ] || exec 2>&1; fi
  if [ -n "$err" ]; then e=$(marks "$err" 0); exec 2>>"$e"; fi
  export S2R_GPUS_PER_TASK="$gpus"
  case $(mpirun --version 2>&1) in
    *Open*MPI* | *OpenRTE* | *PRRTE*)
      x="-N $k"
      [ "$S2R_NODES" -gt 1 ] || x="$x --oversubscribe"
      [ -z "$label" ] || x="$x --tag-output"
      for v in $(env | sed -n 's/^\([A-Za-z_][A-Za-z0-9_]*\)=.*/\1/p'); do
        case $v in HOSTNAME | PWD | OLDPWD | SHLVL | _ | PATH | LD_LIBRARY_PATH | OMPI_* | PMIX_* | PRTE_*) ;;
          *) x="$x -x $v" ;;
        esac
      done ;;
    *) x="-ppn $k -genvall${label:+ -prepend-rank}" ;;
  esac
  # shellcheck disable=SC2086,SC2016
  exec mpirun -n "$n" $x /bin/sh -c 'r=${OMPI_COMM_WORLD_RANK:-${PMI_RANK:-0}}
    l=${OMPI_COMM_WORLD_LOCAL_RANK:-${MPI_LOCALRANKID:-0}}
    export SLURM_PROCID="$r" SLURM_LOCALID="$l" SLURM_NODEID="$((r / S2R_PER_NODE))"
    if [ -n "$S2R_GPUS_PER_TASK" ]; then
      g=$((l * S2R_GPUS_PER_TASK)) v=""
      while [ "$g" -lt $(((l + 1) * S2R_GPUS_PER_TASK)) ]; do v=$v${v:+,}$g; g=$((g + 1)); done
      export CUDA_VISIBLE_DEVICES="$v"
    fi
    exec "$@"' "$S2R_NAME" "$@"
fi
"""

SCONTROL: Final = r"""#!/bin/sh
# scontrol inside a pod: the host list, and a word about the rest
case $1.$2 in
  show.host*)
    printf '%s\n' "${3:-${SLURM_JOB_NODELIST:-$S2R_HOSTS}}" | tr , '\n' ;;
  show.job*)
    echo "JobId=$S2R_ID JobName=$S2R_NAME JobState=RUNNING NumNodes=$S2R_NODES NodeList=$S2R_HOSTS" ;;
  *)
    echo "scontrol $*: there is no Slurm controller here" >&2
    exit 1 ;;
esac
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
