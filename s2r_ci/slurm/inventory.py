"""What a single command, word or name means for the ledger: modules, cluster commands, paths, variables.

Tables and functions over words without quotes. Nothing here knows the shell's grammar (that is ``shell``) nor which
program is launched how (that is ``launchers``).
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from s2r_ci.patterns import lazy
from s2r_ci.slurm.launchers import base_name, words_of

SLURM_NAME: Final = lazy(r"\b(?:SLURM|SLURMD|SBATCH)_[A-Z][A-Z0-9_]*")


# --- variables ---------------------------------------------------------------------------------------------

# What a login shell, the shell itself, a module system, conda or Slurm sets in any job. Whatever else a script
# reads without setting it comes from outside; USER and LOGNAME too, which Slurm sets and a container does not.
WELL_KNOWN: Final = words_of(
    "HOME PATH PWD OLDPWD TMPDIR TMP TEMP HOSTNAME HOST LANG LANGUAGE SHELL RANDOM SECONDS LINENO IFS UID "
    "EUID GID PPID OSTYPE HOSTTYPE MACHTYPE BASH BASH_SOURCE BASH_VERSION BASH_VERSINFO BASHPID BASH_REMATCH BASH_ARGV "
    "BASH_LINENO BASH_COMMAND BASH_SUBSHELL FUNCNAME PIPESTATUS REPLY OPTARG OPTIND OPTERR PS1 PS2 PS4 PROMPT_COMMAND "
    "COLUMNS LINES TERM DISPLAY MAIL EDITOR PAGER EPOCHSECONDS EPOCHREALTIME SHLVL GROUPS DIRSTACK SHELLOPTS BASHOPTS "
    "ZSH_VERSION KSH_VERSION argv status XDG_RUNTIME_DIR SSH_CONNECTION ENVIRONMENT MAPFILE COPROC "
    "LD_LIBRARY_PATH LD_PRELOAD LIBRARY_PATH CPATH C_INCLUDE_PATH CPLUS_INCLUDE_PATH MANPATH INFOPATH PKG_CONFIG_PATH "
    "PYTHONPATH R_LIBS R_LIBS_USER PERL5LIB CLASSPATH CMAKE_PREFIX_PATH MODULEPATH LOADEDMODULES MODULESHOME LMOD_CMD "
    "CONDA_PREFIX CONDA_DEFAULT_ENV CONDA_EXE CONDA_SHLVL VIRTUAL_ENV CUDA_VISIBLE_DEVICES GPU_DEVICE_ORDINAL "
    "ROCR_VISIBLE_DEVICES OMP_NUM_THREADS BASH_ENV ENV"
)
SLURM_BEGINNINGS: Final = ("SLURM_", "SLURMD_", "SBATCH_")
_WELL_KNOWN_BEGINNINGS: Final = (*SLURM_BEGINNINGS, "LC_", "OMPI_", "PMI_", "PMIX_", "MV2_", "I_MPI_", "COMP_")


def is_slurm(name: str) -> bool:
    """``SLURM_JOB_ID``, ``SLURMD_NODENAME``, ``SBATCH_ACCOUNT``."""
    return name.startswith(SLURM_BEGINNINGS)


def is_well_known(name: str) -> bool:
    """A variable every job finds set, or that belongs to the shell, a launcher or Slurm."""
    return name in WELL_KNOWN or name.startswith(_WELL_KNOWN_BEGINNINGS)


# --- paths -------------------------------------------------------------------------------------------------

_PATH: Final = lazy(
    r"""(?:(?<![^\s,;=:({\[])|(?<=^-[A-Za-z]))(?:/|~[\w-]{0,64}/|\$HOME/|\$\{HOME\}/)"""
    r"""[\w.$@~{*?%+-][^\s:,;="'()<>|&`\\]*""",
    re.M,
)
_INSIDE: Final = lazy(r":(/[^\s:,;\"']*)|,(?:type=bind,)?(?:target|destination|dst)=(/[^\s:,;\"']*)")
_NOT_HERE: Final = lazy(r"(?:target|destination|dst)=$")
_NOT_A_PLACE: Final = lazy(
    r"/dev/(?:null|zero|u?random|tty|std\w+|fd(?:/.*)?|tcp/.*|udp/.*)"
    r"|/(?:usr/(?:local/)?)?s?bin/(?:bash|sh|zsh|dash|ksh|csh|tcsh|env|python[\d.]*|perl|Rscript|time|nohup|true|false)"
)
_UNWRITTEN: Final = re.compile(r"\$(?![A-Za-z0-9_{])|\{(?![^{}]*\})")  # $?, $$, a brace that is not closed
_REPLACED: Final = lazy(r"\$\{\w+(?:\[[^\]{}]*\])?/[^{}]*\Z")  # before the slash of ${NAME/:/_}
# A word that is one such path and nothing else, and how those that are no place begin.
_ONE_PATH: Final = re.compile(r"/[A-Za-z0-9_.$@~*?%+-][A-Za-z0-9_./$@~*?%+-]*+")
_NO_PLACES: Final = ("/dev/", "/usr/", "/bin/", "/sbin/")
_MOUNTS: Final = words_of("-B --bind -v --volume -V --container-mounts --mount -b -m")
MOUNT_VARIABLES: Final = words_of(
    "APPTAINER_BIND APPTAINER_BINDPATH SINGULARITY_BIND SINGULARITY_BINDPATH PODMANHPC_MOUNTS"
)
PATTERN_FIRST: Final = words_of("sed awk gawk mawk grep egrep fgrep zgrep perl tr expr rg ack rename")
_TALKS: Final = words_of("echo printf logger")


def paths_in(text: str, *, mount: bool = False) -> Iterator[tuple[str, int]]:
    """The absolute paths in a word, each with its place. ``mount``: of ``HOST:CONTAINER`` only HOST.

    >>> [path for path, _ in paths_in("--data=/scratch/x,/data/y")]
    ['/scratch/x', '/data/y']
    >>> [path for path, _ in paths_in("node1:/remote/file")], [path for path, _ in paths_in("docker://a/b")]
    ([], [])
    >>> [path for path, _ in paths_in("/home/$? /mnt/lab/{a,b}/x /scratch/$USER/y")]
    ['/home', '/mnt/lab', '/scratch/$USER/y']
    >>> [path for path, _ in paths_in("${A/:/_}.sif ${B// /_} /data")]
    ['/data']
    """
    for match in _PATH.finditer(text):
        start = match.start()
        if start and text[start - 1] == ":" and (mount or not _list_of_paths(text, start - 1)):
            continue
        if start and "}" in match[0] and _REPLACED.search(text[max(0, start - 256) : start]):
            continue
        path = match[0].rstrip("}") if match[0].count("}") > match[0].count("{") else match[0]
        if _UNWRITTEN.search(path) and not (path := _as_written(path)):
            continue
        if not _NOT_A_PLACE.fullmatch(path):
            yield path, start


def _as_written(path: str) -> str:
    """The folders above a name that the shell makes: ``/mnt`` of ``/mnt/{a,b}``, which is cut at its comma."""
    found = _UNWRITTEN.search(path)
    return path[: found.start()].rpartition("/")[0] if found else path


def host_paths(text: str, *, mount: bool = False) -> Sequence[tuple[str, str, int]]:
    """The host's paths in a word: each as written, where a mount puts it in the container ("" where it says nothing),
    and its place.

    >>> [found[:2] for found in host_paths("/a:/b:ro,/c", mount=True)]
    [('/a', '/b'), ('/c', '')]
    >>> [found[:2] for found in host_paths("type=bind,src=/a,dst=/b", mount=True)]
    [('/a', '/b')]
    """
    if _ONE_PATH.fullmatch(text) and not text.startswith(_NO_PLACES) and not _UNWRITTEN.search(text):
        return ((text, "", 0),)
    if not mount:
        return [(path, "", start) for path, start in paths_in(text)]
    return list(_mounted(text))


def _mounted(text: str) -> Iterator[tuple[str, str, int]]:
    for path, start in paths_in(text, mount=True):
        if not _NOT_HERE.search(text[max(0, start - 16) : start]):
            inside = _INSIDE.match(text, start + len(path))
            yield path, (inside[1] or inside[2]) if inside else "", start


def _list_of_paths(text: str, colon: int) -> bool:
    """``/a:/b`` and ``$PATH:/b`` are lists of paths, ``host:/b`` is a file elsewhere."""
    left = text[max(0, colon - 256) : colon]
    left = left[max(map(left.rfind, " \t\n,;=:")) + 1 :]
    return not left or left[0] in "/$.~{"


_DOCKER_INSIDE: Final = words_of("-w --workdir")
_APPTAINER_INSIDE: Final = words_of("--pwd --cwd")
_WORK_FOLDER: Final = {  # the engines' options that name a folder of the container
    **dict.fromkeys(("docker", "nvidia-docker", "podman", "podman-hpc", "udocker", "shifter", "sarus"), _DOCKER_INSIDE),
    **dict.fromkeys(("apptainer", "singularity"), _APPTAINER_INSIDE),
    "srun": words_of("--container-workdir"),
}  # fmt: skip


def _inside(words: list[str], at: int, option: str) -> bool:
    """Whether the value of this option is a folder inside the container that the command starts."""
    return any(option in _WORK_FOLDER.get(base_name(word), ()) for word in words[:at])


def _first_operand(words: list[str]) -> int:
    """Where the pattern stands; -1 where a file holds it."""
    first = next((at for at, word in enumerate(words) if at and not word.startswith("-")), -1)
    return -1 if first > 0 and words[first - 1] in ("-f", "--file") else first


def path_words(words: list[str]) -> Iterator[tuple[int, bool]]:
    """Which words of a command may hold paths: their numbers, and whether they are mount specifications."""
    name = base_name(words[0])
    pattern = _first_operand(words) if name in PATTERN_FIRST else -1
    quiet = name in _TALKS
    for at, word in enumerate(words):
        if "/" in word and at != pattern and (not quiet or word[0] == "/"):
            option = word.partition("=")[0] if word.startswith("-") else words[at - 1] if at else ""
            if option[:1] != "-":
                yield at, False
            elif not _inside(words, at, option):
                yield at, option in _MOUNTS


# --- modules -----------------------------------------------------------------------------------------------

_LOADS: Final = words_of("load add try-load try-add load-any")
_SWAPS: Final = words_of("swap switch sw")
_UNLOADS: Final = words_of(
    "purge unload rm remove del delete use unuse list avail av spider show display whatis help reset refresh restore r "
    "save s savelist init initadd apropos keyword key overview describe is-loaded is-avail sl source update config"
)


def module_loads(words: list[str]) -> Iterable[tuple[str, str, int]]:
    """What a command loads: kind (module, spack, conda, venv, source), what, and the number of its word.

    Each module of ``module load a b`` comes alone. What loads nothing is given as written: ``purge``, ``use /x``.
    """
    load = _LOADERS.get(base_name(words[0]))
    return load(words) if load else ()


def _module(words: list[str]) -> Iterator[tuple[str, str, int]]:
    places = [
        at for at in range(1, len(words)) if not (words[at].startswith("--") or words[at] in ("-q", "-s", "-f"))
    ]
    verb = words[places[0]] if places else "list"
    if verb in _SWAPS:
        places = [0, *places[-1:]]
    elif verb not in _LOADS:
        if base_name(words[0]) != "ml" or verb in _UNLOADS:
            yield "module", " ".join(words[1:]) or "list", 0
            return
        places.insert(0, 0)
    for at in places[1:]:
        gone = words[at].startswith("-")  # `ml -x` unloads x
        yield "module", f"unload {words[at][1:]}" if gone else words[at], at


def _conda(words: list[str]) -> Iterator[tuple[str, str, int]]:
    if words[1:2] == ["activate"]:
        yield "conda", next((word for word in words[2:] if not word.startswith("-")), "base"), 0
    elif words[1:2] == ["run"]:
        for at in range(2, len(words) - 1):
            if words[at] in ("-n", "--name", "-p", "--prefix"):
                yield "conda", words[at + 1], 0


def _spack(words: list[str]) -> Iterator[tuple[str, str, int]]:
    if words[1:2] == ["load"]:
        yield from (("spack", words[at], at) for at in range(2, len(words)) if not words[at].startswith("-"))
    elif words[1:3] == ["env", "activate"] and len(words) > 3:
        yield "spack", words[-1], len(words) - 1


def _sourced(words: list[str]) -> Iterator[tuple[str, str, int]]:
    if len(words) == 1:
        return
    file = words[1]
    if base_name(file) != "activate":
        yield "source", file, 1
    elif (
        len(words) > 2 or file == "activate"
    ):  # `source activate x`, `source miniconda3/bin/activate x`: conda's old way
        yield "conda", words[2] if len(words) > 2 else "base", 2 if len(words) > 2 else 1
    else:
        yield "venv", file, 1


_LOADERS: Final[dict[str, Callable[[list[str]], Iterator[tuple[str, str, int]]]]] = {
    **dict.fromkeys(("module", "ml"), _module),
    "spack": _spack,
    **dict.fromkeys(("conda", "mamba", "micromamba"), _conda),
    **dict.fromkeys(("source", "."), _sourced),
}


# --- commands ----------------------------------------------------------------------------------------------

_CLUSTER: Final = words_of(
    "sbatch scontrol squeue scancel sacct sinfo salloc sattach sstat sprio sreport sshare sacctmgr sbcast strigger "
    "seff ssh scp sftp pdsh pdcp rpdcp clush parallel-ssh pssh qsub qstat qdel qrsh bsub bjobs bkill"
)
_HEADS: Final[dict[str, re.Pattern[str]]] = {
    "snakemake": lazy(r"--cluster|--slurm|--executor|--profile|--workflow-profile|--drmaa|slurm"),
    "nextflow": lazy(r"-profile|-process\.executor|-c$|-config$|-C$|slurm"),
    "cromwell": lazy(r"-Dconfig\.file|slurm"),
}


def cluster_command(words: list[str]) -> str:
    """The name of a command that talks to the cluster or sends work to it, or "".

    Workflow managers count only where they are told to send their jobs away; the manager alone runs inside the job.
    """
    name = base_name(words[0])
    if name in _CLUSTER:
        return name
    if name == "java" and any("cromwell" in word for word in words):
        name = "cromwell"
    told = _HEADS.get(name)
    return (
        name if told is not None and any(told.match(word) or "slurm" in word.lower() for word in words[1:]) else ""
    )


# Commands whose words say more than what runs.
LOADING: Final = frozenset(_LOADERS)  # ``module_loads``
ASKING: Final = _CLUSTER | _HEADS.keys() | {"java"}  # ``cluster_command``

# What may stand outside every step without anything "happening" there: it prints, prepares, waits or decides.
HARMLESS: Final = words_of(
    "echo printf cd pushd popd set shopt setopt module ml spack "
    "conda mamba micromamba source . export unset test [ [[ true "
    "false : exit return break continue wait sleep date "
    "hostname pwd trap ulimit umask shift read local declare typeset "
    "readonly let type which hash alias unalias getopts eval id whoami uname uptime env printenv nvidia-smi rocm-smi "
    "scontrol squeue sinfo sacct mapfile readarray setenv unsetenv kill jobs lscpu free df times caller disown enable"
)

_GPU_MARKS: Final = (
    (b"nvidia", lazy(rb"nvidia-(?:smi|cuda-mps)")),
    (b"rocm-smi", lazy(rb"rocm-smi")),
    (b"dcgmi", lazy(rb"dcgmi\b")),
    (b"--nv", lazy(rb"--nv(?:ccli)?(?![\w-])")),
    (b"--rocm", lazy(rb"--rocm\b")),
    (b"--gpu", lazy(rb"--gpus?\b")),
    (b"--multi_gpu", lazy(rb"--multi_gpu")),
    (b"--gres", lazy(rb"--gres[= ]gpu")),
    (b"--device", lazy(rb"--device[= ](?:cuda|gpu|nvidia)")),
    (b"_VISIBLE_DEVICES", lazy(rb"_VISIBLE_DEVICES(?!=(?:\"\"|''|\"?-1\"?|NoDevFiles)?(?:[\s;]|$))")),
)


_HEAD: Final = re.compile(rb"(?:#[^\n]*+\n)*")


def gpu_hints(data: bytes) -> Iterator[int]:
    """Where a program part speaks of a GPU as something it uses; lines that are comments do not count."""
    for mark, pattern in _GPU_MARKS:
        if mark in data:
            yield from (match.start() for match in pattern.finditer(data) if not is_commented(data, match.start()))


def uses_gpu(data: bytes) -> bool:
    """Whether a script speaks of a GPU behind the comments that it begins with."""
    head = _HEAD.match(data)
    body = data[head.end() :] if head else data
    return next(gpu_hints(body), None) is not None


def is_commented(data: bytes, at: int) -> bool:
    """Whether the line of this place begins with ``#``."""
    return data[data.rfind(b"\n", 0, at) + 1 : at].lstrip()[:1] == b"#"
