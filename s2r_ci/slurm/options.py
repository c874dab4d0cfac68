"""The options of sbatch: all that are known in some release, 121 of today and 26 that are gone.

The table was read off the option tables of all release branches from 1.2 to 26.05 and checked against three
running releases. ``since`` and ``until`` are the first and last release whose sbatch knows the name.
"""

from bisect import bisect_left
from functools import cache
from typing import Final, NamedTuple

Release = tuple[int, int]

DEFAULT_RELEASE: Final = "24.11"


class Option(NamedTuple):
    """One option of sbatch."""

    name: str  # long name
    short: str  # letter, or ""
    argument: str  # none, required, optional
    kind: str  # how the value is read: a key of ``values.READERS``
    since: str
    until: str  # "": still there
    env: str  # names of environment variables, separated by blanks
    in_script: str  # yes, ignored, root only, ends sbatch, refused now
    het: str  # each: every component starts afresh; carried: a component keeps the value of the one before
    means: str  # the name under which Slurm keeps the value: ntasks-per-node for tasks-per-node
    plugin: str = ""  # the site plug-in that brings the option; "": sbatch itself


class UnknownOptionError(Exception):
    """No option of this release fits the word; ``candidates`` are several where it is ambiguous."""

    def __init__(self, candidates: tuple[str, ...] = ()) -> None:
        super().__init__(", ".join(candidates))
        self.candidates = candidates


_ALIASES: Final = {"tasks-per-node": "ntasks-per-node"}

# fmt: off
_ROWS: Final = (
    ("account", "A", "required", "text", "1.2", "", "SBATCH_ACCOUNT", "yes", "carried"),
    ("acctg-freq", "", "required", "acctg-freq", "1.3", "", "SBATCH_ACCTG_FREQ", "yes", "carried"),
    ("array", "a", "required", "array", "2.6", "", "SBATCH_ARRAY_INX", "yes", "carried"),
    ("autocomplete", "", "required", "text", "23.02", "", "", "ends sbatch", "carried"),
    ("batch", "", "required", "text", "1.2", "", "SBATCH_BATCH", "yes", "carried"),
    ("bb", "", "required", "text", "15.08", "", "SBATCH_BURST_BUFFER", "yes", "each"),
    ("bbf", "", "required", "text", "17.02", "", "", "yes", "carried"),
    ("begin", "b", "required", "moment", "1.2", "", "", "yes", "carried"),
    ("blrts-image", "", "required", "text", "1.2", "17.11", "", "refused now", ""),
    ("chdir", "D", "required", "text", "17.11", "", "", "yes", "carried"),
    ("checkpoint", "", "required", "duration", "2.0", "19.05", "", "refused now", ""),
    ("checkpoint-dir", "", "required", "text", "2.0", "18.08", "", "refused now", ""),
    ("cluster", "", "required", "text", "2.2", "", "", "yes", "carried"),
    ("cluster-constraint", "", "required", "text", "17.11", "", "SBATCH_CLUSTER_CONSTRAINT", "yes", "carried"),
    ("clusters", "M", "required", "text", "2.2", "", "SBATCH_CLUSTERS SLURM_CLUSTERS", "yes", "carried"),
    ("cnload-image", "", "required", "text", "1.3", "17.11", "", "refused now", ""),
    ("comment", "", "required", "text", "1.2", "", "", "yes", "carried"),
    ("conn-type", "", "required", "text", "1.2", "17.11", "", "refused now", ""),
    ("consolidate-segments", "", "none", "flag", "25.11", "", "SBATCH_CONSOLIDATE_SEGMENTS", "yes", "each"),
    ("constraint", "C", "required", "text", "1.2", "", "SBATCH_CONSTRAINT", "yes", "each"),
    ("container", "", "required", "text", "21.08", "", "SBATCH_CONTAINER", "yes", "carried"),
    ("container-id", "", "required", "text", "23.02", "", "SBATCH_CONTAINER_ID", "yes", "carried"),
    ("container-type", "", "required", "text", "26.05", "26.05", "SBATCH_CONTAINER_TYPE", "yes", "carried"),
    ("context", "", "required", "text", "21.08", "", "", "yes", "carried"),
    ("contiguous", "", "none", "flag", "1.2", "", "", "yes", "each"),
    ("core-spec", "S", "required", "core-spec", "14.03", "", "SBATCH_CORE_SPEC", "yes", "each"),
    ("cores-per-socket", "", "required", "positive", "1.3", "", "", "yes", "each"),
    ("cpu-freq", "", "required", "cpu-freq", "15.08", "", "SBATCH_CPU_FREQ_REQ", "yes", "each"),
    ("cpu_bind", "", "required", "text", "2.0", "14.03", "", "refused now", ""),
    ("cpus-per-gpu", "", "required", "positive", "18.08", "", "SBATCH_CPUS_PER_GPU", "yes", "each"),
    ("cpus-per-task", "c", "required", "positive", "1.2", "", "", "yes", "each"),
    ("deadline", "", "required", "moment", "16.05", "", "", "yes", "carried"),
    ("delay-boot", "", "required", "delay", "17.02", "", "SBATCH_DELAY_BOOT", "yes", "carried"),
    ("dependency", "d", "required", "text", "1.2", "", "", "yes", "carried"),
    ("distribution", "m", "required", "distribution", "1.2", "", "SBATCH_DISTRIBUTION", "yes", "each"),
    ("error", "e", "required", "stream", "1.2", "", "SBATCH_ERROR", "yes", "carried"),
    ("exclude", "x", "required", "text", "1.2", "", "", "yes", "carried"),
    ("exclusive", "", "optional", "exclusive", "1.2", "", "SBATCH_EXCLUSIVE", "yes", "each"),
    ("export", "", "required", "export", "2.2", "", "SBATCH_EXPORT", "yes", "carried"),
    ("export-file", "", "required", "text", "2.3", "", "", "yes", "carried"),
    ("external", "", "none", "flag", "25.05", "", "", "yes", "each"),
    ("extra", "", "required", "text", "23.02", "", "", "yes", "carried"),
    ("extra-node-info", "B", "required", "extra-node-info", "1.3", "", "", "yes", "each"),
    ("geometry", "g", "required", "text", "1.2", "17.11", "", "refused now", ""),
    ("get-user-env", "", "none", "flag", "1.2", "", "SBATCH_GET_USER_ENV", "yes", "carried"),
    ("gid", "", "required", "text", "1.2", "", "", "root only", "carried"),
    ("gpu-bind", "", "required", "gpu-bind", "18.08", "", "SBATCH_GPU_BIND", "yes", "each"),
    ("gpu-freq", "", "required", "gpu-freq", "18.08", "", "SBATCH_GPU_FREQ", "yes", "each"),
    ("gpus", "G", "required", "gpus", "18.08", "", "SBATCH_GPUS", "yes", "each"),
    ("gpus-per-node", "", "required", "gpus", "18.08", "", "SBATCH_GPUS_PER_NODE", "yes", "each"),
    ("gpus-per-socket", "", "required", "gpus", "18.08", "", "SBATCH_GPUS_PER_SOCKET", "yes", "each"),
    ("gpus-per-task", "", "required", "gpus", "18.08", "", "SBATCH_GPUS_PER_TASK", "yes", "each"),
    ("gres", "", "required", "gres", "2.2", "", "SBATCH_GRES", "yes", "each"),
    ("gres-flags", "", "required", "gres-flags", "16.05", "", "SBATCH_GRES_FLAGS", "yes", "each"),
    ("help", "h", "none", "flag", "1.2", "", "", "ignored", "carried"),
    ("hint", "", "required", "hint", "1.3", "", "SLURM_HINT SBATCH_HINT", "yes", "carried"),
    ("hold", "H", "none", "flag", "1.2", "", "", "yes", "carried"),
    ("ignore-pbs", "", "none", "flag", "2.6", "", "SBATCH_IGNORE_PBS", "yes", "carried"),
    ("immediate", "I", "none", "flag", "1.2", "18.08", "", "refused now", ""),
    ("input", "i", "required", "stream", "1.2", "", "SBATCH_INPUT", "yes", "carried"),
    ("ioload-image", "", "required", "text", "1.3", "17.11", "", "refused now", ""),
    ("job-mem", "", "required", "size", "1.3", "1.3", "SBATCH_MEM_PER_CPU", "refused now", ""),
    ("job-name", "J", "required", "text", "1.2", "", "SBATCH_JOB_NAME", "yes", "carried"),
    ("jobid", "", "required", "text", "1.2", "18.08", "", "refused now", ""),
    ("kill-on-invalid-dep", "", "required", "kill-on-invalid-dep", "15.08", "", "", "yes", "carried"),
    ("licenses", "L", "required", "licenses", "1.3", "", "", "yes", "each"),
    ("linux-image", "", "required", "text", "1.2", "17.11", "", "refused now", ""),
    ("mail-type", "", "required", "mail", "1.2", "", "", "yes", "each"),
    ("mail-user", "", "required", "text", "1.2", "", "", "yes", "each"),
    ("mcs-label", "", "required", "text", "16.05", "", "", "yes", "carried"),
    ("mem", "", "required", "size", "1.2", "", "SBATCH_MEM_PER_NODE", "yes", "carried"),
    ("mem-bind", "", "required", "mem-bind", "17.11", "", "SBATCH_MEM_BIND", "yes", "each"),
    ("mem-per-cpu", "", "required", "size", "1.3", "", "SBATCH_MEM_PER_CPU", "yes", "each"),
    ("mem-per-gpu", "", "required", "size", "18.08", "", "SBATCH_MEM_PER_GPU", "yes", "each"),
    ("mem-update", "", "required", "mem-update", "26.05", "", "", "yes", "carried"),
    ("mem_bind", "", "required", "text", "2.0", "18.08", "SBATCH_MEM_BIND", "refused now", ""),
    ("mincores", "", "required", "positive", "1.2", "18.08", "", "refused now", ""),
    ("mincpus", "", "required", "positive", "1.2", "", "", "yes", "each"),
    ("minsockets", "", "required", "positive", "1.2", "18.08", "", "refused now", ""),
    ("minthreads", "", "required", "positive", "1.2", "18.08", "", "refused now", ""),
    ("mloader-image", "", "required", "text", "1.2", "17.11", "", "refused now", ""),
    ("network", "", "required", "text", "1.2", "", "SBATCH_NETWORK", "yes", "each"),
    ("nice", "", "optional", "nice", "1.2", "", "", "yes", "carried"),
    ("no-kill", "k", "optional", "no-kill", "1.2", "", "SBATCH_NO_KILL", "yes", "carried"),
    ("no-requeue", "", "none", "flag", "1.2", "", "SBATCH_NO_REQUEUE", "yes", "carried"),
    ("no-rotate", "R", "none", "flag", "1.2", "17.11", "", "refused now", ""),
    ("nodefile", "F", "required", "text", "1.2", "", "", "yes", "each"),
    ("nodelist", "w", "required", "text", "1.2", "", "", "yes", "each"),
    ("nodes", "N", "required", "nodes", "1.2", "", "", "yes", "each"),
    ("ntasks", "n", "required", "positive", "1.2", "", "", "yes", "each"),
    ("ntasks-per-core", "", "required", "positive", "1.3", "", "", "yes", "each"),
    ("ntasks-per-gpu", "", "required", "positive", "20.11", "", "", "yes", "each"),
    ("ntasks-per-node", "", "required", "positive", "1.2", "", "", "yes", "each"),
    ("ntasks-per-socket", "", "required", "positive", "1.3", "", "", "yes", "each"),
    ("ntasks-per-tres", "", "required", "positive", "20.11", "", "", "yes", "each"),
    ("oom-kill-step", "", "optional", "oom-kill-step", "24.11", "", "", "yes", "carried"),
    ("open-mode", "", "required", "open", "1.3", "", "SBATCH_OPEN_MODE", "yes", "carried"),
    ("output", "o", "required", "stream", "1.2", "", "SBATCH_OUTPUT", "yes", "carried"),
    ("overcommit", "O", "none", "flag", "1.2", "", "SBATCH_OVERCOMMIT", "yes", "each"),
    ("oversubscribe", "s", "none", "flag", "16.05", "", "", "yes", "each"),
    ("parsable", "", "none", "flag", "14.03", "", "", "yes", "carried"),
    ("partition", "p", "required", "text", "1.2", "", "SBATCH_PARTITION", "yes", "each"),
    ("power", "", "required", "power", "15.08", "23.11", "SBATCH_POWER", "refused now", ""),
    ("prefer", "", "required", "text", "22.05", "", "", "yes", "carried"),
    ("priority", "", "required", "priority", "14.03", "", "", "yes", "carried"),
    ("profile", "", "required", "profile", "2.6", "", "SBATCH_PROFILE", "yes", "carried"),
    ("propagate", "", "optional", "propagate", "1.2", "", "", "yes", "carried"),
    ("qos", "q", "required", "text", "2.1", "", "SBATCH_QOS", "yes", "carried"),
    ("quiet", "Q", "none", "flag", "1.2", "", "", "ignored", "carried"),
    ("ramdisk-image", "", "required", "text", "1.2", "17.11", "", "refused now", ""),
    ("reboot", "", "none", "flag", "1.2", "", "", "yes", "carried"),
    ("requeue", "", "optional", "requeue", "1.2", "", "SBATCH_REQUEUE", "yes", "carried"),
    ("reservation", "", "required", "text", "2.0", "", "SBATCH_RESERVATION", "yes", "carried"),
    ("resources", "", "required", "text", "25.11", "", "", "yes", "each"),
    ("resv-ports", "", "optional", "resv-ports", "24.05", "", "", "yes", "each"),
    ("runtime", "", "required", "text", "26.11", "", "SBATCH_RUNTIME", "yes", "carried"),
    ("segment", "", "required", "segment", "24.05", "", "SBATCH_SEGMENT_SIZE", "yes", "each"),
    ("share", "s", "none", "flag", "1.2", "18.08", "", "refused now", ""),
    ("sicp", "", "optional", "text", "15.08", "15.08", "", "refused now", ""),
    ("signal", "", "required", "signal", "2.1", "", "SBATCH_SIGNAL", "yes", "carried"),
    ("sockets-per-node", "", "required", "positive", "1.3", "", "", "yes", "each"),
    ("spread-job", "", "none", "flag", "17.02", "", "SBATCH_SPREAD_JOB", "yes", "each"),
    ("spread-segments", "", "none", "flag", "25.11", "", "SBATCH_SPREAD_SEGMENTS", "yes", "each"),
    ("stepmgr", "", "none", "flag", "24.05", "", "", "yes", "carried"),
    ("switches", "", "required", "switches", "2.3", "", "SBATCH_REQ_SWITCH SBATCH_WAIT4SWITCH", "yes", "each"),
    ("task-mem", "", "required", "size", "1.3", "1.3", "SBATCH_MEM_PER_CPU", "refused now", ""),
    ("tasks", "n", "required", "positive", "1.2", "18.08", "", "refused now", ""),
    ("tasks-per-node", "", "required", "positive", "1.2", "", "", "yes", "each"),
    ("test-only", "", "none", "flag", "14.03", "", "", "yes", "carried"),
    ("thread-spec", "", "required", "thread-spec", "15.08", "", "SBATCH_THREAD_SPEC", "yes", "each"),
    ("threads-per-core", "", "required", "positive", "1.3", "", "SBATCH_THREADS_PER_CORE", "yes", "each"),
    ("time", "t", "required", "duration", "1.2", "", "SBATCH_TIMELIMIT", "yes", "carried"),
    ("time-min", "", "required", "duration", "2.2", "", "", "yes", "carried"),
    ("tmp", "", "required", "size", "1.2", "", "", "yes", "each"),
    ("tres-bind", "", "required", "text", "23.11", "", "SBATCH_TRES_BIND", "yes", "each"),
    ("tres-per-task", "", "required", "tres", "23.02", "", "SBATCH_TRES_PER_TASK", "yes", "each"),
    ("uid", "", "required", "text", "1.2", "", "", "root only", "carried"),
    ("usage", "", "none", "flag", "1.2", "", "", "ignored", "carried"),
    ("use-min-nodes", "", "none", "flag", "16.05", "", "SBATCH_USE_MIN_NODES", "yes", "each"),
    ("verbose", "v", "none", "flag", "1.2", "", "SBATCH_DEBUG", "ignored", "carried"),
    ("version", "V", "none", "flag", "1.2", "", "", "ignored", "carried"),
    ("wait", "W", "none", "flag", "16.05", "", "SBATCH_WAIT", "yes", "carried"),
    ("wait-all-nodes", "", "required", "wait-all-nodes", "2.2", "", "SBATCH_WAIT_ALL_NODES", "yes", "carried"),
    ("wckey", "", "required", "text", "1.3", "", "SBATCH_WCKEY", "yes", "carried"),
    ("workdir", "D", "required", "text", "1.2", "18.08", "", "refused now", ""),
    ("wrap", "", "required", "text", "1.2", "", "", "ignored", "carried"),
    ("x11", "", "optional", "text", "17.11", "18.08", "", "refused now", ""),
)
# Options that well-known plug-ins add to sbatch: containers and software environments. Plain sbatch refuses them.
_UENV: Final = (("uenv", "required"), ("view", "required"), ("uenv-file", "required"), ("uenv-mount", "required"))
_ENGINE: Final = (("environment", "required"),)
_PYXIS: Final = (
    ("container-image", "required"), ("container-mounts", "required"), ("container-workdir", "required"),
    ("container-name", "required"), ("container-save", "required"), ("container-env", "required"),
    ("container-mount-home", "none"), ("no-container-mount-home", "none"), ("container-remap-root", "none"),
    ("no-container-remap-root", "none"), ("container-entrypoint", "none"), ("no-container-entrypoint", "none"),
    ("container-entrypoint-log", "none"), ("container-writable", "none"), ("container-readonly", "none"),
)
# fmt: on

OPTIONS: Final = tuple(Option(*row, means=_ALIASES.get(row[0], row[0])) for row in _ROWS)
GONE: Final = {option.name: option.until for option in OPTIONS if option.until}
"""Options that went, with the last release that had them."""
PLUGIN_OPTIONS: Final = {
    name: Option(
        name, "", argument, "text" if argument == "required" else "flag", "20.02", "", "", "yes", "each", name, plugin
    )
    for plugin, added in (("pyxis", _PYXIS), ("uenv", _UENV), ("container engine", _ENGINE))
    for name, argument in added
}  # fmt: skip


class Catalogue:
    """The options that sbatch of one release knows."""

    __slots__ = ("_sorted", "letters", "names", "release", "shorts", "variables")

    def __init__(self, release: Release) -> None:
        self.release = release
        known = [_as_of(option, release) for option in OPTIONS if _known(option, release)]
        self.names = {option.name: option for option in known}
        self.shorts = {option.short: option for option in known if option.short}
        self.letters = {
            f"-{o.short}": o for o in known if o.short and o.argument == "required"
        }  # `-n` takes a value
        self.variables = _variables(known)
        self._sorted = sorted(self.names)

    def find(self, word: str) -> Option:
        """The option of an exact name or of a beginning that fits only one option.

        Raises UnknownOptionError. An exact name wins; two names of one and the same option are not ambiguous.
        """
        if option := self.names.get(word):
            return option
        if option := PLUGIN_OPTIONS.get(word):
            return option
        start = bisect_left(self._sorted, word)
        fits = []
        for name in self._sorted[start:]:
            if not name.startswith(word):
                break
            fits.append(self.names[name])
        if not fits or not word:
            raise UnknownOptionError
        if len({option.means for option in fits}) > 1:
            raise UnknownOptionError(tuple(option.name for option in fits))
        return fits[0]


def parse_release(text: str) -> Release:
    """``24.11`` or ``24.11.5`` as numbers that compare; what is no release counts as the default one."""
    year, _, rest = text.partition(".")
    month = rest.partition(".")[0]
    if year.isdecimal() and month.isdecimal() and len(year) < 5 and len(month) < 3:
        return int(year), int(month)
    return parse_release(DEFAULT_RELEASE)


@cache
def catalogue(release: str) -> Catalogue:
    """The options of a release, made once."""
    return Catalogue(parse_release(release))


def _known(option: Option, release: Release) -> bool:
    if parse_release(option.since) > release:
        return False
    return not option.until or release <= parse_release(option.until)


def _as_of(option: Option, release: Release) -> Option:
    """Options that changed: --requeue and --get-user-env in whether they take a value, --segment has a variable."""
    if option.name == "requeue" and release < (25, 11):
        return option._replace(argument="none", kind="flag")
    if option.name == "segment" and release < (25, 5):
        return option._replace(env="")
    if option.name == "get-user-env" and release < (25, 5):
        return option._replace(argument="optional", kind="get-user-env")
    return option


def _variables(known: list[Option]) -> dict[str, Option]:
    """Environment variable -> option; of two that speak of one option the last wins: the SBATCH_ form for hints, the
    other one for clusters.
    """
    pairs = [(name, option) for option in known for name in option.env.split()]
    return dict(sorted(pairs, key=lambda pair: pair[0].startswith("SBATCH_") != (pair[1].name == "clusters")))
