"""The texts of which preludes are made, but for those of the stand-ins: POSIX sh, one block a part.

Names begin with ``s2r_``, or ``S2R_`` where the stand-ins read them too, so that none of the script's own is touched.
"""

from typing import Final

HEAD: Final = """\
# s2r-ci: writes the batch script to a file, sets what only the pod knows, and runs it
S2R_DIR=$(mktemp -d "${TMPDIR:-/tmp}/s2r.XXXXXX") || exit 125
"""

HEAD_OF_AGENT: Final = """\
# s2r-ci: one of the other nodes: does what srun asks for here, until the batch script has ended on the first
S2R_DIR=$(mktemp -d "${TMPDIR:-/tmp}/s2r.XXXXXX") || exit 125
"""

BODIES: Final = {
    "text": 'printf %s "$1" >"$S2R_DIR/slurm_script" && chmod 700 "$S2R_DIR/slurm_script" || exit 125\nshift\n',
    "base64": (
        'printf %s "$1" | base64 -d >"$S2R_DIR/slurm_script" && chmod 700 "$S2R_DIR/slurm_script" || exit 125\nshift\n'
    ),
    "mounted": 'cat -- "$0" >"$S2R_DIR/slurm_script" && chmod 700 "$S2R_DIR/slurm_script" || exit 125\n',
}

ID: Final = """\
s2r_id=${S2R_WORKLOAD_UID##*-}
case $s2r_id in
  *[!0-9a-f]* | '' | ? | ?? | ??? | ???? | ?????) s2r_id=%fallback% ;;
  *) s2r_id=$((0x${s2r_id#"${s2r_id%??????}"} + 1)) ;;
esac
"""

ARRAY: Final = """\
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

HOSTS_PYTORCH: Final = """\
S2R_NODE=${PET_NODE_RANK:-${RANK:-0}}
case ${MASTER_ADDR:-localhost} in localhost | 127.*) S2R_HOSTS=$S2R_HOST ;; *) S2R_HOSTS=$MASTER_ADDR ;; esac
[ "$S2R_NODE" -gt 0 ] || S2R_HOST=$S2R_HOSTS
s2r_base=${S2R_HOSTS%-master-0}
for s2r_i in $(seq %workers%); do S2R_HOSTS=$S2R_HOSTS,$s2r_base-worker-$((s2r_i - 1)); done
# Slurm sets none of the operator's names, and programs look at them before they look at Slurm's.
unset RANK WORLD_SIZE MASTER_ADDR MASTER_PORT PET_NNODES PET_NODE_RANK PET_NPROC_PER_NODE PET_MASTER_ADDR \
  PET_MASTER_PORT PET_RDZV_ENDPOINT PET_RDZV_BACKEND
"""

# Where the first pod leaves orders for the others: all pods have to see this folder.
SHARE: Final = """\
export S2R_SHARE="$PWD/.s2r-$S2R_ID"
mkdir -p "$S2R_SHARE" || exit 125
for s2r_i in $(seq %workers%); do
  : >>"$S2R_SHARE/orders.$s2r_i"
  [ "$S2R_NODE" -gt 0 ] || : >"$S2R_SHARE/done.$s2r_i"
done
"""
# What every node does of a step is written once, by the pods of the workers: the first pod takes it from them.
HAND_OVER: Final = """\
chmod 700 "$S2R_DIR/step"
export S2R_DIR S2R_HOST S2R_NODE
cp "$S2R_DIR/step" "$S2R_SHARE/step.$S2R_NODE" && mv "$S2R_SHARE/step.$S2R_NODE" "$S2R_SHARE/step"
"""
AGENT: Final = """\
s2r_n=1 s2r_c=
trap 's2r_c=143; cat "$S2R_DIR"/step.*/pids 2>/dev/null | xargs kill -s TERM 2>/dev/null' TERM
while [ -z "$s2r_c" ]; do
  read -r s2r_v s2r_s s2r_x <<EOF
$(sed -n "${s2r_n}p" "$S2R_SHARE/orders.$S2R_NODE")
EOF
  s2r_f=$S2R_SHARE/$s2r_s.$S2R_NODE s2r_n=$((s2r_n + 1))
  case $s2r_v in
    run)
      (
        S2R_STEP=$s2r_f.order "$S2R_DIR/step" >"$s2r_f.out" 2>"$s2r_f.err" </dev/null
        echo "$s2r_s $?" >>"$S2R_SHARE/done.$S2R_NODE"
      ) & ;;
    kill) xargs kill -s "$s2r_x" <"$S2R_DIR/step.$s2r_s/pids" ;;
    end) s2r_c=0 ;;
    *) s2r_n=$((s2r_n - 1)); sleep 0.2 ;; # nothing new
  esac
done
[ "$s2r_c" -eq 0 ] || wait
trap '' TERM # without these files the first pod ends, and the operator ends this one, which has done its work
rm -f "$S2R_SHARE/step" "$S2R_SHARE/orders.$S2R_NODE" "$S2R_SHARE/done.$S2R_NODE"
exit "$s2r_c"
"""
DISMISS: Final = """\
for s2r_f in "$S2R_SHARE"/orders.*; do echo end >>"$s2r_f"; done
rm -rf "$S2R_SHARE"/[0-9]* "${S2R_SHARE:?}/bin"
s2r_i=0
until rmdir "$S2R_SHARE" 2>/dev/null || [ "$s2r_i" -ge 50 ]; do sleep 0.2; s2r_i=$((s2r_i + 1)); done
"""

HOSTS_MPI: Final = """\
S2R_NODE=0 S2R_HOSTS=
s2r_f=${OMPI_MCA_orte_default_hostfile:-${I_MPI_HYDRA_HOST_FILE:-${HYDRA_HOST_FILE:-/etc/mpi/hostfile}}}
[ ! -r "$s2r_f" ] || while read -r s2r_h _; do
  S2R_HOSTS=$S2R_HOSTS${S2R_HOSTS:+,}${s2r_h%%:*}
done <"$s2r_f"
"""

# mpirun must not look for srun because of SLURM_JOB_ID: these say so to Open MPI 4 and 5, Intel MPI and MPICH.
MPIRUN: Final = """\
export OMPI_MCA_plm='^slurm' OMPI_MCA_ras='^slurm' PRTE_MCA_plm='^slurm' PRTE_MCA_ras='^slurm'
export HYDRA_BOOTSTRAP=%start% I_MPI_HYDRA_BOOTSTRAP=%start%
"""

CONSTANTS: Final = ("CUDA_VISIBLE_DEVICES", "ENVIRONMENT", "GPU_DEVICE_ORDINAL", "ROCR_VISIBLE_DEVICES")
"""Variables that are known when the manifest is written and no SLURM_*: the prelude exports them."""

COMPUTED: Final = {
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

STEPS: Final = """\
export S2R_NAME=%name% S2R_NODES=%nodes% S2R_CPUS=%cpus% S2R_GPU_COUNT=%gpus% S2R_GPUS=%list%
export S2R_GPUS_PER_TASK=%gpus_per_task% S2R_ID S2R_HOST S2R_HOSTS S2R_NODE
"""

# Where the stand-ins lie: first on PATH, and with several pods in the folder that all of them see.
BIN: Final = """\
mkdir "$S2R_DIR/bin"
export S2R_DIR PATH="$S2R_DIR/bin:$PATH"
"""
BIN_FOR_ALL: Final = """\
mkdir -p "$S2R_SHARE/bin" && ln -s "$S2R_SHARE/bin" "$S2R_DIR/bin"
export S2R_DIR PATH="$S2R_SHARE/bin:$PATH"
"""

RUN: Final = """\
%login%"$S2R_DIR/slurm_script" "$@" %stdin%&
s2r_p=$!
"""
TERM: Final = """\
trap 's2r_i=1; kill -s TERM "$s2r_p" 2>/dev/null' TERM
"""
# Slurm ends script and steps together, and gives the steps the time to end.
TERM_STEPS: Final = """\
s2r_t=
s2r_end() { s2r_t=1 s2r_i=1; kill -s TERM "$s2r_p"; cat "$S2R_DIR"/step.*/pids | xargs kill -s TERM; }
trap 's2r_end 2>/dev/null' TERM
"""
WATCH: Final = """\
s2r_w=
s2r_wait() { trap 'kill "$!"; exit' TERM; wait "$!"; }
"""
AFTER: Final = '(sleep %seconds% & s2r_wait && { THEN; }) >/dev/null 2>&1 &\ns2r_w="$s2r_w $!"\n'
TO_SHELL: Final = 'kill -s %signal% "$s2r_p"'
TO_STEPS: Final = 'cat "$S2R_DIR"/step.*/pids | xargs kill -s %signal%'
STOP: Final = ': >"$S2R_DIR/late"; kill -s TERM "$s2r_p"; sleep %grace% & s2r_wait && kill -s KILL "$s2r_p"'
AWAIT: Final = """\
s2r_c=
while s2r_i=; do
  { wait "$s2r_p"; } 2>/dev/null
  s2r_x=$?
  [ "$s2r_x" -eq 127 ] && [ -n "$s2r_c" ] || s2r_c=$s2r_x
  [ -n "$s2r_i" ] || break # no signal came between
done
"""
UNWATCH: Final = 'for s2r_p in $s2r_w; do kill "$s2r_p" 2>/dev/null; done\n'
LINGER: Final = """\
[ -z "$s2r_t" ] || for s2r_p in $(cat "$S2R_DIR"/step.*/pids 2>/dev/null); do
  while kill -0 "$s2r_p" 2>/dev/null; do sleep 0.2; done
done
"""
# How often it was started: a file in the working directory that stays as long as the job has not ended.
RESTARTS: Final = """\
S2R_STARTS=$PWD/.s2r-$S2R_ID.starts
if [ -r "$S2R_STARTS" ]; then SLURM_RESTART_COUNT=$(($(wc -l <"$S2R_STARTS"))); export SLURM_RESTART_COUNT; fi
echo >>"$S2R_STARTS"
"""
FORGET: Final = 'case $s2r_c in 137 | 143) ;; *) rm -f "$S2R_STARTS" ;; esac\n'
AGAIN: Final = '[ ! -e "$S2R_DIR/again" ] || s2r_c=143\n'
# 124, not 137 or 143: a job at its time limit is not started again.
LATE: Final = '[ ! -e "$S2R_DIR/late" ] || s2r_c=124\n'
# A login shell resets PATH; functions in the environment survive that.
FUNCTION: Final = r"""'BASH_FUNC_NAME%%=() { "'"$S2R_DIR/bin/NAME"'" "$@"; }'"""
