"""Headers of batch scripts made by a seeded grammar: every option, every spelling, and what people get wrong.

The same seed gives the same headers. About two in three are tame (values that Slurm takes), so that what follows
the reading is compared as well; in the others anything may be wrong.
"""

import random
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from s2r_ci.slurm.options import OPTIONS, Option

# fmt: off
_TIMES: Final = ("10", "1:30", "90:30", "2:00:00", "3-0", "1-06", "1-06:30", "1-06:30:15", "00:00:01", "0",
                 "infinite",
                 "UNLIMITED", "100:00:00", "1:99:99", "-1", "07:05", "5-00:00:00")
_BAD_TIMES: Final = ("4h", "1.5", "30:", ":30", "1:2:3:4", "1-2-3", "+5", "", "-5", "99999999999", "1,5",
                     "2h30m", "1-")
_SIZES: Final = ("4G", "512", "1500K", "2T", "4GB", "100m", "+2G", "1024M", "16gb", "3000", "64G")
_BAD_SIZES: Final = ("1.5G", "16Gi", "16GiB", "1P", "1024B", "4,000", "1e3", "-1", "max", "", "0", "4 G", " 4G",
                     "G", "0G")
_COUNTS: Final = ("1", "2", "3", "4", "8", "16", "+4", "0008", " 2")
_BAD_COUNTS: Final = ("0", "-1", "4k", "4.5", "0x10", "4-8", "2;", "", "four", "99999999999", "2147483647")
_NODES: Final = ("1", "2", "3", "2-5", "-4", "1k", "4-4", "2-", " 3", "3 ", "2,4,8", "2-8:2", "1-5:2", "2,",
                 "1-3,6")
_BAD_NODES: Final = ("5-2", "1.5", "4x", "two", "0", "", "-", "1m", "0-3", "2-8:0", ",2", "3:2")
_GPUS: Final = ("1", "2", "4", "a100:2", "h100:1", "a100:1,h100:1", "h100", "8", "v100:4")
_BAD_GPUS: Final = ("gpu:2", "a100=2", "0", "", "a100:", ":2", "2:a100", "1,a100:1", "-1", "two", "1k", "A100:2")
_GRES: Final = ("gpu:1", "gpu:2", "gpu:a100:2", "gpu", "gpu:a100", "lscratch:100", "gpu:1,lscratch:10", "shard:4",
                "gpu:a100:1,gpu:h100:1", "gpu:4,nvme", "mps:50", "none", "lscratch:10G", "gres/gpu:2", "gres:gpu:2")
_BAD_GRES: Final = ("gpu:", "GPU:2", "gpu:2:a100", "gpu=2", "gpu:a100:2(S:0)", "gpu:1, lscratch:2", "gpu:two",
                    "gpu:0",
                    "", "gpu:1,gpu:a100:1", "gpu:1,shard:2", "gpu:-1", "gpu:a100=2", "NONE", "gpu:1,",
                    "lscratch:1k")
_TRES: Final = ("cpu=2", "cpu:4", "cpu=2,gres/gpu=1", "gres/gpu:h100=2", "gres/gpu:1", "gres/lscratch=5")
_BAD_TRES: Final = ("gpu=1", "mem=2G", "cpu=0", "", "gres/gpu", "cpu", "license/matlab=1", "cpu=2,cpu=3",
                    "mem=100,cpu=1")
_ARRAYS: Final = ("0-31", "1,4,9", "0-20:5", "1-100%8", "[3-6]%2", "1-4", "7", "1-3,8-9%2")
_BAD_ARRAYS: Final = ("-1", "5-1", "1:3", "1-10:0", "a", "0x3", "0-9%3,20", "1,,2", "1,", "%4", "%0", "1-4%x", "")
_MAIL: Final = ("END", "BEGIN,END", "ALL", "fail", "NONE", "TIME_LIMIT_80,END", "ARRAY_TASKS,ALL", "INVALID_DEPEND",
                "REQUEUE", "STAGE_OUT,FAIL", "END,NONE", "END,DONE")
_SIGNALS: Final = ("USR1", "USR1@90", "B:USR1@60", "R:TERM@30", "SIGINT@5", "10@60", "B:10", "BUSR1@60",
                   "BR:USR2@30",
                   "RB:HUP", "term@120", "B:TERM@1", "9")
_BAD_SIGNALS: Final = ("BUS@10", "USR1@1:00", "@90s", "65536", "RTMIN", "", "B:", "USR1@", "USR1@65536", "64",
                       "X@5")
_MOMENTS: Final = ("2032-01-31T16:00", "2032-01-31", "2032-01-31T16:00:30", "uts1900000000", "now+2hours",
                   "now + 30",
                   "tomorrow", "midnight", "noon", "16:00", "4:30pm", "now+3days", "today", "teatime", "013132",
                   "01/31/32", "31.01.32", "tomorrow-10:00", "now", "now+1week", "12:00am", "2032-01-31 07:00")
_BAD_MOMENTS: Final = ("now+1h", "4pm", "25:00", "1900000000", "soon", "", "2032-13-01", "now+", "0131",
                       "2032-1-31")
_DISTRIBUTIONS: Final = ("block", "cyclic", "block:cyclic", "plane=4", "arbitrary", "*:block", "block:fcyclic,pack",
                         "cyclic,nopack", "block:*:fcyclic", "*", "block:block:cyclic,NoPack")
_SPEEDS: Final = ("low", "medium", "high", "highm1", "2400000", "performance", "low-high:ondemand",
                  "1200000-2400000",
                  "low:userspace", "OnDemand", "high:Performance", "1000-2000:conservative", "userspace",
                  "schedutil")
_BINDS: Final = ("none", "rank", "local", "map_mem:0,1", "mask_mem:0x1,0x2", "sort,local", "prefer,local",
                 "verbose,none",
                 "quiet,rank", "nosort", "v,local", "sort", "no")
_GPU_BINDS: Final = ("closest", "none", "map_gpu:0,1", "mask_gpu:0x1", "per_task:1", "single:2",
                     "verbose,closest", "v,none")
_TEXTS: Final = ("work", "a.b", "x,y", "lab-7", "it_1", "a=b", "two words", "$HOME/x", "~", "%x-%j", "äö", "a#b",
                 "o'clock")
_HOSTS: Final = ("n001", "n[001-004]", "n001,n002", "n[1-2,4],m7", "n1,n2", "n1 n2", "n[010-013]", "n003,n001",
                 "x1y2")
_DEPENDENCIES: Final = ("afterok:1", "after:1+5", "singleton", "afterany:1:2", "afterok:1,afterany:2",
                        "afterok:1?afterany:2",
                        "12", "aftercorr:3_4", "AFTERNOTOK:5")
_EXPORTS: Final = ("ALL", "NONE", "A=1", "ALL,A=1", "A=1,B=2", "NIL", "all", "HOME", "NONE,X=1", "A='x,y'", "",
                   "A=")
_LICENSES: Final = ("matlab:2", "matlab", "matlab:1,ansys:2")
_EXCLUSIVE: Final = ("", "user", "mcs", "topo", "USER", "exclusive", "oversubscribe", "allocation")
_CORES: Final = ("2", "2:4", "2:4:1", "*:2", "2-4:1", "1:*:2", "4:8:2")

# Files that lie beside every script, for the options that name one.
FILES: Final = {"nodes.txt": "n002\nn001\nn[005-006]\n", "env.bin": "A=1\0B=two words\0", "bb.txt": "#BB a\n"}

# option -> values that Slurm takes, and others
VALUES: Final[dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "acctg-freq": (("30", "task=15", "energy=5,network=10"), ("task", "soon", "")),
    "array": (_ARRAYS, _BAD_ARRAYS),
    "begin": (_MOMENTS, _BAD_MOMENTS),
    "deadline": (_MOMENTS, _BAD_MOMENTS),
    "constraint": (("a100", "a100&ib", "[a100|h100]", "ib*2", "gpu"), ("",)),
    "cpu-freq": (_SPEEDS, ("fast", "", "low-", "high-low", "low-high:turbo", "12x")),
    "delay-boot": (("10", "5:00"), ("x", "")),
    "dependency": (_DEPENDENCIES, ("1:2", "afterok", "afterok:x", "afterok:$X", "", "after:1+x")),
    "distribution": (_DISTRIBUTIONS, ("plane", "random", "block:plane=2", "", "block,fast", "plane=0", "BLOCK")),
    "exclude": (_HOSTS, ("",)),
    "exclusive": (_EXCLUSIVE, ("yes", "true", "no")),
    "export": (_EXPORTS, ("A=$HOME", "A", "a b")),
    "extra-node-info": (_CORES, ("a", "", "1:2:3:4", "0:1")),
    "get-user-env": (("", "10", "10L", "S"), ("x",)),
    "gpu-bind": (_GPU_BINDS, ("all", "", "per_task:0", "single", "map_gpu:")),
    "gpu-freq": (("medium", "high,memory=low", "1200"), ("",)),
    "gpus": (_GPUS, _BAD_GPUS), "gpus-per-node": (_GPUS, _BAD_GPUS), "gpus-per-task": (_GPUS, _BAD_GPUS),
    "gpus-per-socket": (_GPUS, _BAD_GPUS),
    "gres": (_GRES, _BAD_GRES),
    "gres-flags": (("disable-binding", "enforce-binding", "one-task-per-sharing", "multiple-tasks-per-sharing"),
                   ("bind", "", "Disable-Binding", "allow-task-sharing")),
    "hint": (("compute_bound", "memory_bound", "multithread", "nomultithread"), ("fast", "", "help",
    "NOMULTITHREAD")),
    "kill-on-invalid-dep": (("yes", "no"), ("YES", "y", "true", "")),
    "licenses": (_LICENSES, ("matlab:x", "", "matlab:1;ansys:1")),
    "mail-type": (_MAIL, ("DONE", "END, FAIL", "", "TIME_LIMIT_70")),
    "mem-bind": (_BINDS, ("all", "", "map_mem:", "local,rank", "mask_mem:zz")),
    "mem-update": (("10%", "100%"), ("x", "", "10")),
    "nice": (("", "10", "0", "+5", "2147483645"), ("-5", "x", "99999999999")),
    "no-kill": (("", "off", "set", "no"), ("yes", "x")),
    "nodelist": (_HOSTS, ("n[1-", "", "n[5-3]", "/no/such/file")),
    "nodes": (_NODES, _BAD_NODES),
    "oom-kill-step": (("", "0", "1"), ("2", "x")),
    "open-mode": (("append", "truncate", "a", "t", "apple", "T"), ("w", "", "x")),
    "priority": (("10", "TOP", "0", "4294967293"), ("-1", "x", "4294967294", "")),
    "profile": (("all", "none", "task", "energy,task", "lustre"), ("cpu", "", "task,cpu")),
    "propagate": (("", "ALL", "NONE", "STACK", "MEMLOCK,CORE", "RLIMIT_STACK"), ("stack", "ALL,x")),
    "requeue": (("", "expedite"), ("no",)),
    "resv-ports": (("",), ("2", "x")),
    "segment": (("2", "4"), ("0", "x", "-1", "")),
    "signal": (_SIGNALS, _BAD_SIGNALS),
    "switches": (("2", "2@30", "1@1:00:00", "3@10:00"), ("0", "x", "2@", "2@x", "")),
    "tres-per-task": (_TRES, _BAD_TRES),
    "tres-bind": (("gres/gpu:closest", "gres/gpu:per_task:1"), ("", "x")),
    "wait-all-nodes": (("0", "1"), ("2", "x", "")),
    "core-spec": (("1", "2", "0"), ("x", "-1")),
    "container-type": (("oci",), ("x", "")),
    "container": (("/srv/bundle", "bundle"), ("",)),
    "uid": (("1000", "alice"), ("0", "nosuch")), "gid": (("1000", "alice"), ("0", "nosuch")),
    "clusters": (("oracle", "a,b"), ("all", "")), "cluster": (("oracle", "a,b"), ("all", "")),
    "cluster-constraint": (("a", "!b", "a,b"), ("", "!")),
    "export-file": (("env.bin", "./env.bin"), ("/no/such", "")),
    "nodefile": (("nodes.txt", "./nodes.txt"), ("/no/such", "")),
    "bbf": (("bb.txt", "./bb.txt"), ("/no/such", "")),
    "autocomplete": (("--par", "--no"), ("", "x")),
    "resources": (("lake", "lake:2", "matlab:1"), ("", "lake:x")),
}
_BY_KIND: Final = {
    "duration": (_TIMES, _BAD_TIMES), "size": (_SIZES, _BAD_SIZES), "positive": (_COUNTS, _BAD_COUNTS),
    "natural": (_COUNTS, _BAD_COUNTS), "thread-spec": (_COUNTS, _BAD_COUNTS),
}
_RARE: Final = frozenset({
    "usage", "help", "version", "verbose", "quiet", "wrap", "parsable", "ignore-pbs", "tasks-per-node",
    "resv-ports",
    "get-user-env", "propagate", "mem-update", "hint", "uid", "gid", "clusters", "cluster", "cluster-constraint",
    "export-file", "nodefile", "bbf", "autocomplete", "wait", "mcs-label", "container", "container-id", "stepmgr",
    "external", "resources", "context", "container-type", "reboot", "runtime", "bb", "test-only", "reservation",
})
_COMMON: Final = (
    "nodes", "ntasks", "cpus-per-task", "mem", "time", "gres", "job-name", "ntasks-per-node", "gpus",
    "gpus-per-node",
    "mem-per-cpu", "partition", "output", "array", "gpus-per-task", "exclusive", "tres-per-task", "ntasks-per-gpu",
)
_SHAPING: Final = (
    "nodes", "ntasks", "cpus-per-task", "ntasks-per-node", "gpus", "gpus-per-node", "gpus-per-task",
    "gpus-per-socket",
    "gres", "tres-per-task", "ntasks-per-gpu", "cpus-per-gpu", "mem-per-gpu", "sockets-per-node",
    "cores-per-socket",
    "threads-per-core", "extra-node-info", "overcommit", "nodelist", "ntasks-per-core", "ntasks-per-socket",
    "mincpus",
    "hint", "distribution", "mem-per-cpu", "mem", "exclusive", "oversubscribe", "ntasks-per-tres", "use-min-nodes",
    "spread-job", "core-spec", "thread-spec", "contiguous", "tasks-per-node",
)
_PBS: Final = (
    "-N pbs", "-l nodes=2:ppn=4", "-l walltime=01:00:00", "-l select=2:ncpus=8:mpiprocs=4:mem=16gb", "-q fast",
    "-A acc",
    "-o out", "-e err", "-j oe", "-m bea", "-M me@x", "-t 1-5", "-J 1-3", "-p 5", "-h", "-V", "-v X=1", "-r n",
    "-k oe",
    "-l nodes=2:ppn=4:gpus=2,walltime=01:00:00,mem=4gb", "-l procs=8", "-l mem=4gb", "-W depend=afterok:1",
    "-S /bin/sh",
    "-l walltime=3600", "-d /tmp", "-w /tmp", "-x", "-l nodes=n1+n2", "-l ncpus=4", "-l pmem=2gb,vmem=4gb", "-m n",
    "-l select=2:ngpus=4", "-Nglued", "-a 16:00", "-c n", "-I", "stray",
)
_BSUB: Final = (
    "-J lsf", "-n 4", "-n 4,8", "-q queue", "-o o", "-e e", "-W 1:30", "-W 10", "-M 4096000", "-x", "-cwd /tmp",
    '-m "n1 n2"', "-R x", "-P p", "-N", "-c /tmp",
)
_NOISE: Final = (
    "", "# a remark", "  # indented remark", "##SBATCH -N 9", "# SBATCH -n 9", " #SBATCH -n 9", "#sbatch -n 9",
    "#SBATCH",
    "#SBATCH   ", "#SBATCH # only a remark", "# it's a remark", "\t# tab", "#SBATCH #-n 9", "#",
)
_TAILS: Final = (" # two", " # it's", "# glued", " #", "  ", "\t", " #SBATCH -n 9", "#x")
_BAD_WORDS: Final = ("please", "-", "--", ";", "=", ":", '""', "N=2", "hetjob", "–nodes=2", "--bogus=1", "-Z",
                     "'open",
                     "--Nodes=2", "--cpu-bind=cores", "-nodes=2", "--pty", "\\", "--", "--=", "-=3", "(remark)")
_STARTS: Final = ("#!/bin/sh\n\n", "#!/usr/bin/env python3\n", "#!/bin/bash -l\n", "#! /bin/csh\n", "#!\n")
_BAD_STARTS: Final = ("", "\n#!/bin/bash\n", "\ufeff#!/bin/bash\n", "#!/bin/bash\r\n", " #!/bin/bash\n")
_BODIES: Final = ("echo hello\n", "set -e\n#SBATCH -n 7\n", "srun hostname", "", "X=1\n#PBS -N late\n",
                  "{\n#BSUB -n 3\n}\n")
# fmt: on
KNOWN: Final = {o.name: o for o in OPTIONS if o.in_script != "refused now"}
_GONE: Final = [o for o in OPTIONS if o.in_script == "refused now"]
_NAMES: Final = sorted(set(KNOWN) - _RARE)
# Environment variable -> option; a flag's are switches.
VARIABLES: Final = {name: o.name for o in KNOWN.values() if o.argument != "none" for name in o.env.split()}
SWITCHES: Final = tuple(
    name
    for o in KNOWN.values()
    if o.argument == "none" and o.name != "verbose"  # SBATCH_DEBUG takes away what the oracle reads
    for name in o.env.split()
)


class Made(NamedTuple):
    """A script, and how sbatch is called with it."""

    data: bytes
    environ: dict[str, str]
    arguments: list[str]


def headers(count: int, seed: int) -> Iterator[Made]:
    """So many scripts; the same seed gives the same ones."""
    for number in range(count):
        yield Maker(random.Random(f"{seed}:{number}")).make()


class Maker:
    """Makes one script, from one source of chance."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.wild = rng.random() < 0.3
        self.choice: Callable[[tuple[str, ...]], str] = rng.choice

    def chance(self, share: float) -> bool:
        """Whether something comes to pass that does so in such a share of cases."""
        return self.rng.random() < share

    def make(self) -> Made:
        """The script, with what stands around it."""
        lines = self.lines()
        if self.chance(0.06):
            for _ in range(self.rng.randint(1, 2)):
                lines += [self.choice(("#SBATCH hetjob", "#SBATCH packjob", "#SBATCH HetJob # next"))]
                if self.wild and self.chance(0.3):
                    lines[-1] += " -N 2"
                lines += self.lines()
        if self.chance(0.07):
            lines += ["#PBS " + self.choice(_PBS) for _ in range(self.rng.randint(1, 3))]
        if self.chance(0.025):
            lines += ["#BSUB " + self.choice(_BSUB) for _ in range(self.rng.randint(1, 3))]
        start = "#!/bin/bash\n"
        if self.chance(0.1):
            start = self.choice(_STARTS)
        elif self.wild and self.chance(0.04):
            start = self.choice(_BAD_STARTS)
        text = start + "\n".join(lines) + "\n" + self.choice(_BODIES)
        return Made(text.encode("utf-8", "surrogateescape"), self.environ(), self._arguments())

    def lines(self) -> list[str]:
        """The directive lines of one component, and others between them."""
        lines = []
        for _ in range(self.rng.choice((1, 1, 2, 2, 3, 3, 4, 5, 6, 8))):
            if self.chance(0.15):
                lines.append(self.choice(_NOISE))
            words = " ".join(self._option() for _ in range(self.rng.choice((1, 1, 1, 1, 2, 2, 3))))
            if self.wild and self.chance(0.08):
                words += " " + self.choice(_BAD_WORDS)
            if self.chance(0.08):
                words += self.choice(_TAILS)
            lines.append(f"#SBATCH{self.choice((' ',) * 12 + ('  ', chr(9), ''))}{words}")
        return lines

    def _option(self) -> str:
        if self.wild and self.chance(0.02):
            gone = self.rng.choice(_GONE)
            return self._spelled(gone, "1" if gone.argument != "none" else "")
        option = self.pick()
        return self._spelled(option, self.value(option))

    def pick(self) -> Option:
        """An option to say something of."""
        dice = self.rng.random()
        if dice < 0.3:
            return KNOWN[self.choice(_COMMON)]
        if dice < 0.6:
            return KNOWN[self.choice(_SHAPING)]
        if dice < 0.66:
            return KNOWN[self.rng.choice(sorted(_RARE))]
        return KNOWN[self.rng.choice(_NAMES)]

    def value(self, option: Option) -> str:
        """A value for an option; one that Slurm refuses only in a wild script."""
        if option.argument == "none" and option.name not in ("requeue", "get-user-env"):
            return "yes" if self.wild and self.chance(0.04) else ""
        good, bad = VALUES.get(option.name) or _BY_KIND.get(option.kind, (_TEXTS, ("",)))
        if self.wild and self.chance(0.12):
            return self.choice(bad)
        if option.name == "requeue" and self.chance(0.8):
            return ""
        return self.choice(good)

    def _spelled(self, option: Option, value: str) -> str:
        if option.argument == "none" and not value:
            return self._flag(option)
        if option.argument == "optional" or (option.argument == "none" and value):
            return f"--{self._name(option)}" + (f"={self._quoted(value)}" if value or self.chance(0.1) else "")
        if option.short and self.chance(0.45):
            between = "=" if self.wild and self.chance(0.06) else self.choice((" ", " ", "", "  "))
            value = self._quoted(value)
            flags = self.choice(("",) * 12 + ("H", "O", "Hk"[:1], "s", "HO"))
            return f"-{flags}{option.short}{between}{value}"
        between = (
            self.choice(("=",) * 6 + (" ", " "))
            if not (self.wild and self.chance(0.03))
            else self.choice((" = ", "= ", " ="))
        )
        word = f"--{self._name(option)}{between}"
        if self.chance(0.03) and '"' not in value and "'" not in value:
            return f'"{word}{value}"' if between == "=" else f'"{word.strip()}" {self._quoted(value)}'
        return word + self._quoted(value)

    def _flag(self, option: Option) -> str:
        if option.short and self.chance(0.4):
            return f"-{option.short}"
        return f"--{self._name(option)}"

    def _name(self, option: Option) -> str:
        if self.chance(0.9):
            return option.name
        least = 2 if self.wild else max(len(option.name) - 3, 3)
        return option.name[: self.rng.randint(min(least, len(option.name)), len(option.name))]

    def _quoted(self, value: str) -> str:
        """The value as a word of a directive line: quoted where it has to be, and sometimes where it need not."""
        needs = not value or any(letter in value for letter in " \t#'\"\\")
        if not needs and self.chance(0.9):
            return value
        if needs and self.wild and self.chance(0.1):
            return value
        dice = self.rng.random()
        if dice < 0.6 and '"' not in value:
            return f'"{value}"'
        if dice < 0.8 and "'" not in value:
            return f"'{value}'"
        if dice < 0.9 and value:
            at = self.rng.randint(0, len(value))
            return f'{self._escaped(value[:at])}"{value[at:]}"'
        return self._escaped(value) or '""'

    def _escaped(self, value: str) -> str:
        return "".join("\\" + letter if letter in " #'\"\\" else letter for letter in value)

    def environ(self) -> dict[str, str]:
        """The variables that sbatch is called with."""
        if not self.chance(0.12):
            return {}
        found = {}
        for _ in range(self.rng.randint(1, 3)):
            if self.chance(0.15):
                found[self.choice(SWITCHES)] = self.choice(("", "yes", "no", "1", "0", "YES", "x"))
            else:
                name = self.rng.choice(sorted(VARIABLES))
                found[name] = self.of_variable(name)
        return found

    def of_variable(self, name: str) -> str:
        """The two variables of --switches hold a part of it each."""
        if name == "SBATCH_WAIT4SWITCH" and self.chance(0.8):
            return self.choice(_TIMES)
        if name == "SBATCH_REQ_SWITCH" and self.chance(0.8):
            return self.choice(_COUNTS)
        return self.value(KNOWN[VARIABLES[name]])

    def _arguments(self) -> list[str]:
        if not self.chance(0.12):
            return []
        words = []
        for _ in range(self.rng.randint(1, 3)):
            option = self.pick()
            if option.in_script == "ignored":
                continue  # they take sbatch elsewhere: --wrap has no script, --help none either
            value = self.value(option)
            if option.argument == "none" and not value:
                words.append(f"--{option.name}")
            elif option.argument == "required" and self.chance(0.3):
                words += [f"-{option.short}" if option.short and self.chance(0.5) else f"--{option.name}", value]
            else:
                words.append(f"--{option.name}" + (f"={value}" if value or option.argument == "required" else ""))
        return words
