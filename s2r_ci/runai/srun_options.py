"""How the stand-in of ``srun`` reads its options: POSIX sh, a line or two for each option that a script uses.

The options themselves: srun(1) of Slurm 24.11. A value may stand in the option's word or behind it.
"""

from typing import Final

BEGIN: Final = r"""# srun inside pods: counts out ranks, starts those of this pod, has the other pods start theirs
_n='' _N='' _k='' _l='' _o='' _e='' _i='' _w='' _r=0 _m='' _g='' _K='' _O='' _most='' _overlap='' _mpi='' _multi=''
_c=${SLURM_CPUS_PER_TASK-} _exact=${SLURM_CPUS_PER_TASK:+1} _T=$S2R_GPUS_PER_TASK _export='' _drop='' _others=''
fail() { echo "srun: error: $1" >&2; exit "${2:-1}"; }
"""

NONE: Final = r"""case $1 in --) shift ;; -*) fail "$1 was not foreseen when the manifest was written" ;; esac
"""

WORDS: Final = r"""while [ $# -gt 0 ]; do
  _v=''
  case $1 in
    --) shift; break ;;
    --*=*) _f=${1%%=*} _v=${1#*=} ;;
"""
FLAGS: Final = """\
    --exact | --exclusive | --overlap | --overcommit | --label | --multi-prog | --kill-on-bad-exit) _f=$1 ;;
    --unbuffered | --verbose | --quiet | --pty | --no-* | --oversubscribe | --contiguous | --preserve-env) _f=$1 ;;
    --resv-ports | --propagate | --nice | --x11 | --test-only | --spread-job | --use-min-nodes) _f=$1 ;;
    --interactive | --share | --disable-status | --immediate | --container-[rwme]*) _f=$1 ;;
"""
VALUES: Final = r"""    --* | -[ABCDGJLMNTUWcdeimnopqrStwx]) _f=$1 _v=$2; shift ;;
    -[ABCDGJLMNTUWcdeimnopqrStwx]*) _v=${1#??} _f=${1%"$_v"} ;;
    -*) _f=$1 ;;
    *) break ;;
  esac
  shift
  case $_f in
"""

GROUPS: Final = {
    "ntasks": ("-n | --ntasks", "_n=$_v"),
    "nodes": ("-N | --nodes", "_N=${_v%%-*}"),
    "ntasks-per-node": ("--ntasks-per-node | --tasks-per-node", "_k=$_v"),
    "cpus-per-task": (
        "-c | --cpus-per-task",
        '_c=$_v _exact=1; export SLURM_CPUS_PER_TASK="$_v" SLURM_TRES_PER_TASK="cpu=$_v"',
    ),
    "gpus": ("-G | --gpus", '_g=${_v##*:}; case $_g in *[!0-9]*) _g=1 ;; esac; export SLURM_GPUS="$_g"; _g=-$_g'),
    "gpus-per-task": ("--gpus-per-task", "_T=${_v##*:}"),
    "gpus-per-node": ("--gpus-per-node", "_g=${_v##*:}; case $_g in *[!0-9]*) _g=1 ;; esac"),
    "gres": (
        "--gres",
        "case $_v in none) _g=0 ;; gpu*) _g=${_v##*[:=]}; case $_g in *[!0-9]*) _g=1 ;; esac ;; esac",
    ),
    "output": ("-o | --output", "_o=$_v"),
    "error": ("-e | --error", "_e=$_v"),
    "input": ("-i | --input", "_i=$_v"),
    "export": ("--export", "_export=$_v"),
    "nodelist": ("-w | --nodelist", "_w=$_v"),
    "relative": ("-r | --relative", "_r=$_v"),
    "distribution": ("-m | --distribution", "_m=$_v"),
    "chdir": ("-D | --chdir", 'cd "$_v" || exit 1'),
    "mpi": ("--mpi", "case $_v in none | list) ;; *) _mpi=1 ;; esac"),
    "multi-prog": ("--multi-prog", "_multi=1"),
    "exact": ("--exact | --exclusive", "_exact=1"),
    "overlap": ("--overlap", "_overlap=1"),
    "overcommit": ("-O | --overcommit", "_O=1"),
    "label": ("-l | --label", "_l=1; export SLURM_LABELIO=1"),
    "kill-on-bad-exit": ("-K* | --kill-on-bad-exit", "case ${_v:-${_f#-K}} in 0) ;; *) _K=1 ;; esac"),
}
"""Each option that means something here: how it is spelled, and what it does with its value ``_v``."""

IGNORED: Final = r"(?:-[A-Za-z]|--[a-z0-9_-]+)(?: \| (?:-[A-Za-z]|--[a-z0-9_-]+))*"
"""Pattern of the options that the script uses and that mean nothing in a pod."""

LONG: Final = r"--[a-z0-9_-]+(?: \| --[a-z0-9_-]+)*"
"""Pattern of the options that the script uses without a value."""


def line(name: str) -> str:
    """The lines of one option."""
    spelled, does = GROUPS[name]
    return f"    {spelled}) {does} ;;\n"


END: Final = r"""    *) fail "$_f was not foreseen when the manifest was written" ;;
  esac
done
"""
END_OF_ANY: Final = r"""  esac
done
"""
