"""``srun`` inside pods, in pieces of POSIX sh: each stands in a prelude only where the script needs it.

The shim counts out ranks and nodes as Slurm does, starts those of its own pod, and has the agent of every other pod
(``runai.parts``) start theirs: an order is a file in the shared folder that holds the environment and the words, the
agent runs ``step`` with ``S2R_STEP`` set, and what its ranks write comes back through files there. ``step`` is what
every node does, in ``srun_step``; signals reach a step by its srun.

Rules: srun(1) of Slurm 24.11, and runs of it (tests/behaviour). What a shim cannot do it says on stderr. How the
options are read is in ``srun_options``. Names begin with ``_``, so that none of the script's own is touched: _n tasks,
_N nodes, _P numbers of the step's nodes; of each node _t tasks, _u CPUs, _g GPUs; _s number of the step; _J number of
a node within the step, _Q its tasks, _F its first rank, _B from one of its ranks to the next, _V its GPUs.
"""

from typing import Final

BEGIN: Final = r"""[ $# -gt 0 ] || fail "no program named"
"""

# Nodes that the step may have: those that --nodelist names, or all from --relative on; else every node.
PLACES: Final = r"""_z=0 _P='' _f=0 IFS=,
for _h in $S2R_HOSTS; do
  case ,$_w, in ,, | *,"$_h",*) [ "$_z" -lt "$_r" ] || _P="$_P $_z" _f=$((_f + 1)) ;; esac
  _z=$((_z + 1))
done
unset IFS
[ -n "$_P" ] || fail "the job has no node ${_w:-$_r}"
[ -z "$_w" ] || _N=${_N:-$_f}
[ "$_r" -eq 0 ] || _most=$_f # --relative counts, as srun says
"""
EVERYWHERE: Final = r"""_P=$(seq -s ' ' 0 "$((S2R_NODES - 1))")
"""

# Which ranks on which nodes. What is not said comes from the environment, as srun itself takes it.
LAYOUT: Final = r"""[ -n "$_n" ] || [ -z "$_k" ] || _n=$((${_N:-$S2R_NODES} * _k))
_n=${_n:-${SLURM_NTASKS:-${_N:-$S2R_NODES}}} _N=${_N:-$S2R_NODES}
[ "$_N" -le "$_n" ] || _N=$_n
[ "$_N" -le "${_most:-$_N}" ] || _N=$_most
[ "$_N" -le "$S2R_NODES" ] || fail "more nodes requested than the job has"
_a=$((_n / _N)) _b=$((_n % _N)) _each=$_a _t=$(((_n + _N - 1) / _N))
[ $((_N - _b)) -eq 1 ] || _each="$_a(x$((_N - _b)))"
case $_b in 0) ;; 1) _each=$((_a + 1)),$_each ;; *) _each="$((_a + 1))(x$_b),$_each" ;; esac
"""
# In a pod of its own a step has one node.
LAYOUT_OF_ONE: Final = r"""_n=${_n:-${_k:-${SLURM_NTASKS:-${_N:-1}}}}
[ "${_N:-1}" -le 1 ] || [ "$_n" -eq 1 ] || fail "more nodes requested than the job has"
_N=1 _t=$_n _each=$_n
"""
AMOUNTS: Final = r"""_u=$S2R_CPUS
[ $((_t * ${_c:-1})) -le "$_u" ] || [ -n "$_O$_overlap" ] || fail "more processors requested than permitted"
[ -z "$_exact" ] || _u=$((_t * ${_c:-1}))
case $_g in -*) _g=$(((-_g + _N - 1) / _N)) ;; '') _g=$S2R_GPU_COUNT ;; esac
[ "$_g" -le "$S2R_GPU_COUNT" ] || fail "more GPUs requested than the job has"
_s=0
until mkdir "$S2R_DIR/step.$_s" 2>/dev/null || [ "$_s" -gt 99999 ]; do _s=$((_s + 1)); done
mkfifo "$S2R_DIR/step.$_s/ends" || fail "cannot write to $S2R_DIR"
"""

# Room for steps that run side by side: as many CPUs as they ask for, the whole node without --exact.
# One line a node: its number, free CPUs, free GPUs ("-" for none).
ROOM: Final = r"""room() { # take, or give back
  until mkdir "$S2R_DIR/lock" 2>/dev/null; do sleep 0.1; done
  [ -e "$S2R_DIR/room" ] || for _h in $_P; do echo "$_h $S2R_CPUS ${S2R_GPUS:--}"; done >"$S2R_DIR/room"
  awk -v do_="$1" -v N="$_N" -v u="$_u" -v g="$_g" -v P=" $_P " -v mine="$S2R_DIR/step.$_s/room" '
    BEGIN { while (do_ == "give" && (getline line < mine) > 0) { split(line, f); c[f[1]] = f[2]; v[f[1]] = f[3] } }
    do_ == "give" && $1 in c { $2 += c[$1]; if (v[$1] != "-") $3 = v[$1] ($3 == "-" ? "" : "," $3) }
    do_ == "take" && index(P, " " $1 " ") && got < N && $2 >= u && (k = $3 == "-" ? 0 : split($3, f, ",")) >= g {
      w = r = ""
      for (j = 1; j <= k; j++) if (j <= g) w = w (j > 1 ? "," : "") f[j]; else r = r (r == "" ? "" : ",") f[j]
      $2 -= u; $3 = (r == "" ? "-" : r); took = took $1 " " u " " (w == "" ? "-" : w) "\n"; got++
    }
    { print }
    END { if (do_ == "take") { if (got < N) exit 1; printf "%s", took > mine } }
  ' "$S2R_DIR/room" >"$S2R_DIR/room.new" && mv "$S2R_DIR/room.new" "$S2R_DIR/room"
  _z=$?; rmdir "$S2R_DIR/lock"; return "$_z"
}
if [ -z "$_overlap" ]; then
  until room take; do sleep 0.2; done
  trap 'room give' EXIT
  _P=$(cut -d ' ' -f 1 "$S2R_DIR/step.$_s/room")
fi
"""

# The same in one pod: a file holds the number of free CPUs, and the free GPUs.
ROOM_OF_ONE: Final = r"""room() ( # take, or give back
  until mkdir "$S2R_DIR/lock" 2>/dev/null; do sleep 0.1; done
  trap 'rmdir "$S2R_DIR/lock"' EXIT
  [ -e "$S2R_DIR/room" ] || echo "$S2R_CPUS $S2R_GPUS" | tr , ' ' >"$S2R_DIR/room"
  read -r _f _v <"$S2R_DIR/room"
  [ "$1" = take ] || { echo "$((_f + _u)) $_v $(cat "$S2R_DIR/step.$_s/room")" >"$S2R_DIR/room"; exit; }
  # shellcheck disable=SC2086
  set -- $_v
  [ "$_f" -ge "$_u" ] && [ $# -ge "$_g" ] || exit 1
  [ "$_g" -eq 0 ] || echo "$*" | cut -d ' ' -f "1-$_g" >"$S2R_DIR/step.$_s/room"
  shift "$_g"
  echo "$((_f - _u)) $*" >"$S2R_DIR/room"
)
: >"$S2R_DIR/step.$_s/room"
[ -n "$_overlap" ] || trap 'room give' EXIT
until [ -n "$_overlap" ] || room take; do sleep 0.2; done
"""

# What all tasks of the step are told.
TOLD: Final = r"""if [ -z "$_m" ]; then _m=block; [ "$_n" -gt "$_N" ] || _m=cyclic; fi
SLURM_UMASK=$(umask)
export SLURM_STEP_ID="$_s" SLURM_STEPID="$_s" SLURM_NTASKS="$_n" SLURM_NPROCS="$_n" SLURM_STEP_NUM_TASKS="$_n"
export SLURM_NNODES="$_N" SLURM_STEP_NUM_NODES="$_N" SLURM_DISTRIBUTION="$_m" SLURM_TASKS_PER_NODE="$_each"
export SLURM_STEP_TASKS_PER_NODE="$_each" SLURM_CPUS_ON_NODE="$_u" SLURM_UMASK TMPDIR="${TMPDIR:-/tmp}"
export SLURM_JOB_ID="$S2R_ID" SLURM_JOBID="$S2R_ID" SLURM_JOB_NODELIST="$S2R_HOSTS" SLURM_NODELIST="$S2R_HOSTS"
"""

# Without ALL a task gets Slurm's own variables and those that are named: no PATH either.
EXPORT: Final = r"""_v=${_export:-${SLURM_EXPORT_ENV:-ALL}}
case ,$_v, in *,ALL,*) ;; *) _drop=,$_v, ;; esac
IFS=,; set -f
for _v in $_export; do case $_v in *=*) export "${_v?}" ;; esac; done
unset IFS; set +f
"""

# GPUs of the step on a node: those that it took, else the first ones of the pod.
DEVICES: Final = r"""devices() { [ "$_g" -eq 0 ] || echo "$S2R_GPUS" | cut -d , -f "1-$_g"; }
"""
DEVICES_OF_ROOM_OF_ONE: Final = """\
devices() { if [ -n "$_overlap" ]; then echo "$S2R_GPUS"; else tr ' ' , <"$S2R_DIR/step.$_s/room"; fi; }
"""
DEVICES_OF_ROOM: Final = r"""devices() {
  [ -n "$_overlap" ] || sed -n "s/^${1:-0} [0-9]* //p" "$S2R_DIR/step.$_s/room" | tr -d -
  [ -z "$_overlap" ] || echo "$S2R_GPUS"
}
"""

# One pod: all ranks are its own.
ALONE: Final = r"""_J=0 _F=0 _Q=$_n _B=1 _V=$(devices) S2R_IN=''
export SLURM_STEP_NODELIST="$S2R_HOST"
[ "$_n" -eq 1 ] || case $_i in '' | all) S2R_IN=$S2R_DIR/step.$_s/in; cat >"$S2R_IN" ;; esac
"""

# The launcher of an MPIJob: mpirun starts all ranks.
LAUNCHER: Final = r"""_mpi=1 _J=0
export SLURM_STEP_NODELIST="$S2R_HOSTS"
"""

# Several pods: the others are given orders, and followed until their status is there. Files are opened anew for
# every look, for only then do file systems of the network look again.
NODES: Final = r"""order() ( # NODE PROGRAM...: follows what the ranks there write until they have ended
  _h=$1 _f=$S2R_SHARE/$_s.$1 _z=''
  shift
  : >"$_f.out"; : >"$_f.err"
  export _J _F _Q _B _V _T _g _u _t _c _s _n _l _o _e _i _K _multi _drop S2R_IN
  {
    export -p
    ${BASH_VERSION:+export -pf}
    echo 'set -- \'
    for _v in "$PWD" "$@"; do printf '%s\n' "$_v" | sed "s/'/'\\\\''/g; 1s/^/'/; \$s/\$/' \\\\/"; done
  } >"$_f.order"
  echo "run $_s" >>"$S2R_SHARE/orders.$_h"
  exec 7<"$_f.out" 8<"$_f.err"
  while [ -z "$_z" ]; do
    sleep 0.2
    _z=$(sed -n "s/^$_s //p" "$S2R_SHARE/done.$_h")
    : <"$_f.out"; cat <&7
    : <"$_f.err"; cat <&8 >&2
  done
  rm -f "$_f".*
  exit "$_z"
)
[ "$S2R_NODE" -eq 0 ] || fail "only the first node of the job starts steps"; _j=0 _d='' _me='0 ' S2R_IN=''
case $_n${_P# }.$_i in
  10.* | *.none | *./* | *.[!0-9a]*) ;;
  *) S2R_IN=$S2R_SHARE/$_s.in; cat >"$S2R_IN" ;;
esac
_P=$(echo "$_P" | xargs | cut -d ' ' -f "1-$_N")
for _h in $_P; do _d=$_d${_d:+,}$(echo "$S2R_HOSTS" | cut -d , -f "$((_h + 1))"); done
export SLURM_STEP_NODELIST="$_d"
for _h in $_P; do
  _J=$_j _F=$_j _B=$_N _Q=$((_a + (_j < _b))) _V=$(devices "$_h") _j=$((_j + 1))
  case $_m in cyclic*) ;; *) _F=$((_J * _a + (_J < _b ? _J : _b))) _B=1 ;; esac
  if [ "$_h" = "$S2R_NODE" ]; then _me="$_Q $_V"; continue; fi
  (order "$_h" "$@"; echo "- $?" >"$S2R_DIR/step.$_s/ends") &
  _others="$_others $_h"
done
_J=0 _F=0 _Q=${_me% *} _V=${_me#* }
until [ -r "$S2R_SHARE/step" ]; do sleep 0.2; done # the other pods bring it
# shellcheck disable=SC1091
. "$S2R_SHARE/step"
"""
