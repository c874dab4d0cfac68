"""What every node does of a step of ``srun``: the end of the stand-in, or with several pods a file of its own.

It begins where ``runai.srun`` has worked out who runs what, and goes by its names: a rank gets its streams, its
variables and its GPUs, becomes its program, and tells its end by a line in a pipe, so that the first bad end can end
the others. What a script does not ask of its ranks stands in no manifest: see ``FEATURES``.
"""

from typing import Final

# The other pods' beginning of a step: all that the order says.
TAKE: Final = r"""# shellcheck disable=SC2154 # the order says them, or srun before it reads this
fail() { echo "srun: error: $1" >&2; exit "${2:-1}"; }
if [ -n "$S2R_STEP" ]; then
  _h=$S2R_HOST _d=$S2R_DIR _r=$S2R_NODE _others=''
  # shellcheck disable=SC1090
  . "$S2R_STEP"
  export S2R_HOST="$_h" S2R_DIR="$_d" S2R_NODE="$_r"
  umask "$SLURM_UMASK"
  mkdir -p "$S2R_DIR/step.$_s"
  mkfifo "$S2R_DIR/step.$_s/ends"
  cd "$1" || exit 1
  shift
fi
"""

# Names of output files, and files that are there already.
MARKS: Final = r"""marks() { # PATTERN RANK
  printf '%s\n' "$1" | sed -e "s,%[0-9]*j,$S2R_ID,g; s,%J,$S2R_ID.$_s,g; s,%[0-9]*s,$_s,g; s,%[0-9]*t,$2,g" \
    -e "s,%[0-9]*n,$_J,g; s,%N,$S2R_HOST,g; s,%x,$S2R_NAME,g; s,%u,$(id -un),g; s,%%,%,g" \
    -e "s,%A,${SLURM_ARRAY_JOB_ID:-$S2R_ID},g; s,%a,$SLURM_ARRAY_TASK_ID,g"
}
"""

FILES: Final = r"""case $SLURM_OPEN_MODE in a*) ;; *)
  for _p in "$_o" "$_e"; do
    case $_p in
      '') ;; *%[0-9tnN]*) for _r in $(echo "$SLURM_GTIDS" | tr , ' '); do : >"$(marks "$_p" "$_r")"; done ;;
      *) [ -n "$S2R_STEP" ] || : >"$(marks "$_p" 0)" ;;
    esac
  done ;;
esac
"""

TO_FILES: Final = r"""  if [ -n "$_o" ]; then exec >>"$(marks "$_o" "$1")"; [ -n "$_e" ] || exec 2>&1; fi
  if [ -n "$_e" ]; then exec 2>>"$(marks "$_e" "$1")"; fi
"""

INPUT: Final = r"""  case $_i in
    *[!0-9]*) case $_i in all) ;; none) exec 9</dev/null ;; *) exec 9<"$_i" ;; esac ;;
    ?*) [ "$_i" -eq "$1" ] || exec 9</dev/null ;;
  esac
  case $_i in '' | all | "$1") [ -z "$S2R_IN" ] || exec 9<"$S2R_IN" ;; esac
"""

SAME_INPUT: Final = r"""  [ -z "$S2R_IN" ] || exec 9<"$S2R_IN"
"""

LABELS: Final = r"""  _w=$((_n > 10 ? ${#_n} : 1))
  tag() { while IFS= read -r _z || [ -n "$_z" ]; do printf "%${_w}d: %s\n" "$1" "$_z"; done; }
  [ -z "$_l" ] || {
    { { { (program "$@" 3>&- 4>&-); echo "$?" >"$S2R_DIR/step.$_s/$1"; } 2>&3 | tag "$1"; } 3>&1 >&4 |
      tag "$1" >&2; } 4>&1
    exit "$(cat "$S2R_DIR/step.$_s/$1")"
  }
"""

GPUS_PER_TASK: Final = r"""  if [ -n "$_T" ]; then
    _V=$(echo "$_V" | cut -d , -f "$(($2 * _T + 1))-$((($2 + 1) * _T))")
    export SLURMD_TRES_BIND="gres/gpu:per_task:$_T"
  fi
"""

DROP: Final = r"""  [ -z "$_drop" ] || for _v in $(env | sed -n 's/^\([A-Za-z_][A-Za-z0-9_]*\)=.*/\1/p'); do
    case $_v in SLURM* | CUDA_V* | ROCR_V* | GPU_D*) continue ;; esac
    case $_drop in *",$_v,"* | *",$_v="*) ;; *) unset "$_v" ;; esac
  done
"""

MULTI: Final = r"""  if [ -n "$_multi" ]; then # a file says who runs what: %t is the rank, %o its number on the line
    set -f
    while read -r _v _f; do
      _j=0
      for _p in $(echo "$_v" | tr , ' '); do
        case $_p in '#'*) break ;; '*') _a=0 _b=$_n ;; *) _a=${_p%-*} _b=${_p#*-} ;; esac
        if [ "$SLURM_PROCID" -ge "$_a" ] && [ "$SLURM_PROCID" -le "$_b" ]; then
          eval "set -- $(echo "$_f" | awk -v t="$SLURM_PROCID" -v o="$((_j + SLURM_PROCID - _a))" -F "'" -v OFS="'" '
            { for (k = 1; k <= NF; k += 2) { gsub(/%t/, t, $k); gsub(/%o/, o, $k) } print }')"
          break 2
        fi
        _j=$((_j + _b - _a + 1))
      done
    done <"$1"
    set +f
  fi
"""

# One rank, from its streams to its program.
STREAMS: Final = r"""#INPUT
  exec <&9 9<&-
#FILES
"""

RANK: Final = r"""rank() { # RANK LOCAL PROGRAM...: becomes the program
#STREAMS
  export SLURM_PROCID="$1" SLURM_LOCALID="$2"
#SHARE
  [ "$S2R_GPU_COUNT" -eq 0 ] || export CUDA_VISIBLE_DEVICES="$_V" ROCR_VISIBLE_DEVICES="$_V" \
    GPU_DEVICE_ORDINAL="$_V" SLURM_STEP_GPUS="$_V" SLURM_GPUS_ON_NODE="$_g"
  shift 2
#MULTI
#DROP
  unset S2R_STEP S2R_IN _J _F _Q _B _V _T _g _u _t _c _s _n _l _o _e _i _K _multi _drop
  command -v "$1" >/dev/null || fail "execve(): $1: No such file or directory" 2
  exec "$@"
}
"""

LABELLED: Final = r"""rank() { # RANK LOCAL PROGRAM...
#STREAMS
#LABELS
  program "$@"
}
"""

# What the tasks of one node are told.
TOLD_HERE: Final = r"""_q=0 _z=''
while [ "$_q" -lt "$_Q" ]; do _z=$_z${_z:+,}$((_F + _q * _B)) _q=$((_q + 1)); done
export SLURM_GTIDS="$_z" SLURM_NODEID="$_J" SLURMD_NODENAME="$S2R_HOST" SLURM_TOPOLOGY_ADDR="$S2R_HOST"
[ "$_u" -ne $((_t * ${_c:-1})) ] || export SLURM_CPUS_ON_NODE=$((_Q * ${_c:-1}))
"""

# The ranks of this pod; then the worst status of all.
START: Final = r"""pass() { # SIGNAL: to every task of the step
  xargs 2>/dev/null kill -s "$1" <"$S2R_DIR/step.$_s/ranks"
  for _h in $_others; do echo "kill $_s $1" >>"$S2R_SHARE/orders.$_h"; done
}
# shellcheck disable=SC2064
for _t in TERM HUP INT USR1 USR2; do trap "pass $_t" "$_t"; done
task() { # RANK LOCAL PROGRAM...: its end becomes a line in the pipe
  (rank "$@" 6>&-) &
  echo "$!" >>"$S2R_DIR/step.$_s/ranks"
  { wait "$!"; } 2>/dev/null
  echo "$1 $?" >&6
}
echo "$$" >"$S2R_DIR/step.$_s/pids" # whoever ends the steps tells srun, which passes it on
exec 6<>"$S2R_DIR/step.$_s/ends" 9<&0
_q=0 _worst=0
while [ "$_q" -lt "$_Q" ]; do
  task "$((_F + _q * _B))" "$_q" "$@" &
  _q=$((_q + 1))
done
for _p in $_others; do _q=$((_q + 1)); done
while [ "$_q" -gt 0 ]; do # a task that dies by a signal ends the step; with -K every failure does
  read -r _p _x <&6 || continue # a signal came between
  _q=$((_q - 1))
  [ "$_x" -eq 0 ] || [ "$_p" = - ] || echo "srun: error: $S2R_HOST: task $_p: Exited with exit code $_x" >&2
  [ "$_x" -le "$_worst" ] || _worst=$_x
  [ "$_x" -eq 0 ] || { [ "$_x" -le 128 ] && [ -z "$_K" ]; } || { sleep 0.3; pass TERM; }
done
exit "$_worst"
"""

# An image with mpirun: srun becomes mpirun, whose ranks are told their SLURM names by a line of sh.
MPI: Final = r"""if [ -n "$_mpi" ] && command -v mpirun >/dev/null; then
  # mpirun brings all output together, so the file of the first rank holds that of all.
  if [ -n "$_o" ]; then exec >>"$(marks "$_o" 0)"; [ -n "$_e" ] || exec 2>&1; fi
  if [ -n "$_e" ]; then exec 2>>"$(marks "$_e" 0)"; fi
  export S2R_TASKS_PER_NODE="$_t" S2R_GPUS_PER_TASK="$_T"
  case $(mpirun --version 2>&1) in
    *Open*MPI* | *OpenRTE* | *PRRTE*)
      _x="-N $_t"
      [ "$S2R_NODES" -gt 1 ] || _x="$_x --oversubscribe"
      [ -z "$_l" ] || _x="$_x --tag-output"
      for _v in $(env | sed -n 's/^\([A-Za-z_][A-Za-z0-9_]*\)=.*/\1/p'); do
        case $_v in HOSTNAME | PWD | OLDPWD | SHLVL | _ | PATH | LD_LIBRARY_PATH | OMPI_* | PMIX_* | PRTE_*) ;;
          *) _x="$_x -x $_v" ;;
        esac
      done ;;
    *) _x="-ppn $_t -genvall${_l:+ -prepend-rank}" ;;
  esac
  # shellcheck disable=SC2086,SC2016
  exec mpirun -n "$_n" $_x /bin/sh -c 'r=${OMPI_COMM_WORLD_RANK:-${PMI_RANK:-0}}
    l=${OMPI_COMM_WORLD_LOCAL_RANK:-${MPI_LOCALRANKID:-0}}
    export SLURM_PROCID="$r" SLURM_LOCALID="$l" SLURM_NODEID="$((r / S2R_TASKS_PER_NODE))"
    if [ -n "$S2R_GPUS_PER_TASK" ]; then
      g=$((l * S2R_GPUS_PER_TASK)) v=""
      while [ "$g" -lt $(((l + 1) * S2R_GPUS_PER_TASK)) ]; do v=$v${v:+,}$g; g=$((g + 1)); done
      export CUDA_VISIBLE_DEVICES="$v"
    fi
    exec "$@"' "$S2R_NAME" "$@"
fi
"""


FEATURES: Final = ("multi", "drop", "files", "labels", "input", "share")
"""What a script may ask of its ranks, in the order in which the names of the pieces say them."""


def rank(*features: str) -> str:
    """The piece that starts ranks, with those of ``FEATURES`` that are asked for."""
    text = (
        RANK.replace("#STREAMS\n", "").replace("rank()", "program()") + LABELLED if "labels" in features else RANK
    )
    pieces = {"multi": MULTI, "drop": DROP, "files": TO_FILES, "labels": LABELS, "share": GPUS_PER_TASK}
    text = text.replace("#STREAMS\n", STREAMS)
    for name, piece in pieces.items():
        text = text.replace(f"#{name.upper()}\n", piece if name in features else "")
    text = text.replace("#INPUT\n", INPUT if "input" in features else SAME_INPUT)
    return text + TOLD_HERE + (FILES if "files" in features else "")
