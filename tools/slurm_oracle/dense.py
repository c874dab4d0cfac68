"""Headers that draw their options from one family with hard values: options of a family are what sbatch's arithmetic
puts together, and there the rare mixtures are.

A plain header of ``headers`` speaks of any of 121 options, so two options of one family with odd values meet once in
some thousands. Here they meet in every one. The same seed gives the same headers.
"""

import random
from collections.abc import Iterator
from typing import Final, NamedTuple

from s2r_ci.slurm.options import Option
from tools.slurm_oracle.headers import KNOWN, SWITCHES, VALUES, VARIABLES, Made, Maker


class Family(NamedTuple):
    """Options that have a part in the same rules, and those of them that are drawn twice as often."""

    names: tuple[str, ...]
    often: tuple[str, ...] = ()


# fmt: off
FAMILIES: Final = {
    "gpus": Family(
        ("gpus", "gpus-per-node", "gpus-per-socket", "gpus-per-task", "gres", "tres-per-task", "ntasks-per-gpu",
         "ntasks-per-tres", "cpus-per-gpu", "mem-per-gpu", "nodes", "ntasks", "cpus-per-task", "ntasks-per-node",
         "ntasks-per-socket", "sockets-per-node", "extra-node-info", "gpu-bind", "tres-bind", "gpu-freq", "overcommit",
         "nodelist", "mincpus"),
        ("gpus", "gpus-per-node", "gpus-per-task", "gres", "tres-per-task", "ntasks", "nodes", "cpus-per-gpu"),
    ),
    "tasks": Family(
        ("tres-per-task", "gpus-per-task", "cpus-per-task", "cpus-per-gpu", "ntasks", "nodes", "ntasks-per-node",
         "tasks-per-node", "gres", "gpus", "tres-bind", "gpu-bind", "nodelist", "extra-node-info", "overcommit"),
        ("tres-per-task", "gpus-per-task", "cpus-per-task"),
    ),
    "layout": Family(
        ("nodes", "nodelist", "nodefile", "exclude", "ntasks", "ntasks-per-node", "tasks-per-node", "cpus-per-task",
         "extra-node-info", "sockets-per-node", "cores-per-socket", "threads-per-core", "distribution", "hint",
         "ntasks-per-core", "ntasks-per-socket", "mincpus", "overcommit", "use-min-nodes", "segment", "contiguous",
         "core-spec", "thread-spec", "tres-per-task", "gpus-per-task", "array"),
        ("nodes", "nodelist", "ntasks", "ntasks-per-node", "distribution", "extra-node-info", "hint"),
    ),
    "memory": Family(
        ("mem", "mem-per-cpu", "mem-per-gpu", "tmp", "mem-bind", "gpus", "gres", "cpus-per-gpu", "ntasks", "nodes",
         "overcommit"),
        ("mem", "mem-per-cpu", "mem-per-gpu"),
    ),
    "fields": Family(
        ("exclusive", "oversubscribe", "core-spec", "thread-spec", "requeue", "no-requeue", "nodelist", "nodefile",
         "clusters", "cluster", "signal", "gres-flags", "mail-type", "mail-user", "kill-on-invalid-dep", "switches",
         "get-user-env", "gpu-bind", "tres-bind", "mem-bind", "no-kill", "hint", "spread-job", "wait-all-nodes",
         "cpu-freq", "profile", "acctg-freq", "licenses", "resources", "oom-kill-step", "delay-boot", "propagate",
         "nice", "hold", "priority", "dependency", "array", "reservation", "partition", "qos", "container",
         "container-id", "container-type", "mcs-label", "context", "network", "prefer", "constraint", "power", "extra",
         "cluster-constraint", "open-mode", "bb", "bbf", "comment", "account", "wckey", "batch", "stepmgr",
         "reboot", "contiguous", "segment", "consolidate-segments", "spread-segments", "mem-update", "uid"),
    ),
    "moments": Family(
        ("time", "time-min", "begin", "deadline", "array", "dependency", "test-only", "nice", "delay-boot", "signal",
         "hold", "priority", "switches"),
        ("time", "time-min", "begin", "deadline"),
    ),
    "streams": Family(
        ("output", "error", "input", "chdir", "export", "export-file", "get-user-env", "job-name", "container",
         "open-mode", "external", "ignore-pbs", "comment", "hold"),
        ("export", "chdir", "output"),
    ),
}
# Values that sbatch takes, or all but takes: nothing, none, negative, past 16, 31 and 32 bits, types without a name.
_COUNTS: Final = ("0", "-1", "1", "5", "6", "12", "32767", "32768", "65533", "65534", "65535", "65536", "65538",
                  "131072", "2147483646", "2147483647", "2147483648", "4294967294", "4294967295", "4294967296",
                  "4294967297", "99999999999", "9223372036854775807", "18446744073709551615")
_HARD_GPUS: Final = ("0", "-1", "a100:0", "a100:-1", ":2", "=2", "a100=2", "2.5", "1.5:2", "a100:1.5", "a100", "-a",
                     "4k", "1K", "a100:1k", "+2", "a100:+2", "08", "a100:2:1", "a100::2", "a:b:c", ",2", "2,", "1,2",
                     "a100:1,2", "a100:1,a100:2", "a100:2,h100:0", "65536", "65534", "4294967296", "4294967295",
                     "18446744073709551614", "gpu:2", "gpu", "none", "a100,h100", "A100:2,a100:2", "6", "12", "3",
                     " 2", "2 ", "a=b:2", "a100:2=3", "4G", "2x", "4gb", "a100:4x", "1.0", "0x10", "1e3")
_HARD_GRES: Final = ("gpu:0", "gpu:a100:0", "gpu:-1", "gpu:a100:-2", "gpu::2", "gpu:=2", "gpu=a100:2", "gpu:1.5",
                     "gpu:2.5:1", "gpu:4k", "gpu:+2", "gpu:08", "gpu:a:b:2", "gres/gpu", "gres/gpu:a100=2", "gres/",
                     "gres:", "gres/gres/gpu", "gpu,gpu", "gpu:1,gpu:2", "gpu:a100:1,gpu:a100:3", ",gpu", "gpu,,gpu",
                     "shard:0", "shard:2", "mps:100", "shard:a100:2", "nic:1", "craynetwork:0", "gpu:a100:1,shard:1",
                     "shard:1,gpu:a100:1", "lscratch:0", "lscratch:1.5", "lscratch:4x", "lscratch:1T", "none,gpu:1",
                     "gpu:4294967296", "gpu:65536", "gpu:18446744073709551615", "gpu:6", "gpu:12", "gpu:3",
                     "gpu:a100=2", "lscratch", "gpu:1(S:0)", "gpu:a100:2,nic", "gpu:4x", "gpu:12gb")
_HARD_TRES: Final = ("cpu", "cpu=", "cpu:", "cpu=0", "cpu=-1", "cpu=1.5", "cpu=2k", "cpu=+3", "cpu:2:3", "CPU=2",
                     "Cpu:3", "cpu=2,cpu=0", "cpu=2=3", "xcpu=2", "cpus=2", "cpu2", "cpu=65534", "cpu=65536",
                     "cpu=4294967296", "cpu=4294967298", "gres/gpu=0", "gres/gpu=-1", "gres/gpu", "gres/gpu:",
                     "gres/gpu=", "gres/gpu:a100", "gres/gpu:a100:2", "gres/gpu:a100=0", "gres/gpu:=2", "gres/gpu::2",
                     "gres/gpu:a100=2,gres/gpu:h100=1", "gres/gpu=1,gres/gpu=2", "gres/gpu=2,cpu=3", "gres/shard=2",
                     "gres/mps:50", "gres/gpu=2,gres/shard=1", "gres/lscratch:5,cpu=2", "gres/ssd=1",
                     "license/matlab=1", "license/matlab", "license/matlab=2,cpu=2", "license/x:1", "Gres/gpu=1",
                     "GRES/GPU=2", "gres/gpu=1k", "gres/gpu=1.5", "gres/gpu:1.5=2", "gres:gpu:2", "gpu:2", "mem=1",
                     "mem:1,cpu=2", "node=1", "bb/x=1", ",cpu=2", "cpu=2,", "cpu=2,,gres/gpu=1", "cpu=2 ", " cpu=2",
                     "cpu =2", "gres/gpu=2,license/matlab=1", "gres/gpu:a=b=2", "xgres/gpu=2", "gres/gpu=65536",
                     "gres/gpu=4294967296", "gres/gpu/x=1", "energy=2", "fs/disk=1", "billing=1", "vmem=3", "a=b",
                     "x", "=", ":", "cpu=1", "cpu=4,gres/gpu:a100=1", "gres/gpu:cpu=2", "gres/cpu=2")
_HARD_NODES: Final = ("0", "0-0", "0-2", "1-1", "2-2", "1-9999999", "3-2", "-0", "1k-2k", "1K", "2m", "2147483647",
                      "2147483648", "4294967296", "4294967297", "2,", "2,4", "4,2", "2-3,6-8", "8-9,1", "2,,4", "1-8:3",
                      "2-2:1", "0-4:2", "1-1:1", "0,0", "5", "6", "7", "12", "10-20", "65536", "+2", "+2-+4", "2 -4",
                      "2- 4", "1-2-3", "-", "--", "1-2k", "0,3")
_HARD_HOSTS: Final = ("", ",", "n1", "n1,n1", "n01,n1", "n[1-2,2-3]", "n[1-2]m[3-4]", "n[1-2", "n1]", "n[]", "n[1-]",
                      "n[-2]", "n[a-b]", "n[5-3]", "n[1-1000]", "n[1-70000]", "n[001-10]", "n[1,3,5-7]", "10.0.0.1",
                      "[1-3]", "n[01-03],n[001-003]", "a-1,a-2", "n1-2", "b2,a1,b1", "n 1", "n1\tn2", "n1;n2",
                      "n[1-3]x", "./nodes.txt", "/no/such/file", "n[1-2][3-4]", "n9,n10,n11", "n099,n100", "N1,n1",
                      "node1.example.org", "^n1", "n{1-3}", "n*", "n1:2", "n1,,n2", ",n1")
_HARD_CORES: Final = ("0", "1", "1:1", "1:1:1", "2:2:2", ":2", "::2", "2:", "2::", "*", "*:*", "*:*:*", "0:0", "2:0",
                      "0-2", "2-1", "65534", "65536", "1:65534", "2:3:4:5", "1:2:", "a:1", "4294967296", "+2:+2", "-1")
_HARD_PLANES: Final = ("plane=1", "plane=2", "plane=3", "plane=8", "plane=65536", "plane=4294967297", "plane=-1",
                       "plane=+2", "plane=2,pack", "plane:2", "plane= 2", "arbitrary:block", "hostfile", "Arbitrary",
                       "arbitrary,pack", "cyclic:cyclic:cyclic", "block:block:block:block", "fcyclic", "*:*", "*:*:*",
                       "*,pack", "pack", "block,pack,nopack", "", "cyclic:", ":block")
_HARD_TIMES: Final = ("0", "1", "59", "60", "0:59", "0:60", "1439", "1440", "1-0", "0-0", "0-0:0:1", "35791394",
                      "35791395", "71582788", "4294967295", "99999999999", "24855-0", "24856-0", "49710-0", "-1", "-0",
                      "-2", "0-1:1", "INFINITE", "UnLimited", "1-24", "0:0:0", "000010", "9223372036854775807", "1:2:3",
                      "1-2:3:4:5", "1-:2", "", " 5", "5 ")
_HARD_SIZES: Final = ("0", "1", "1K", "1023K", "1024K", "1025K", "0K", "1M", "1024G", "1024T", "1P", "4095T",
                      "8388608T", "17592186044416T", "9223372036854775807", "9223372036854775808",
                      "18446744073709551615", "-1", "-1G", "+1G", "1KB", "1b", "1MB", "1mb ", " 1g", "0T", "00004G",
                      "4294967296", "4294967295", "4294967294", "2147483648")
_HARD_MOMENTS: Final = ("now+1", "now+0", "now-1", "now+1minutes", "now+1 hour", "now+90seconds", "now+1weeks",
                        "midnight+1", "2020-01-01", "2031-12-31T23:59:59", "2032-02-30", "00:00", "24:00", "23:59:60",
                        "fika", "elevenses", "uts0", "uts1", "uts99999999999", "12/31", "1231", "123131-10:00",
                        "2032-01-31-10:00", "10:00-2032-01-31", "tomorrow+1", "today+1hours", "noon-tomorrow",
                        "10:00am", "12:30pm", "0:30am", "13:00pm", "2032-01-31T4:30pm", "now + 1 days", "NOW+1DAYS")
_HARD: Final[dict[str, tuple[str, ...]]] = {
    "gpus": _HARD_GPUS, "gpus-per-node": _HARD_GPUS, "gpus-per-task": _HARD_GPUS, "gpus-per-socket": _HARD_GPUS,
    "gres": _HARD_GRES, "tres-per-task": _HARD_TRES, "nodes": _HARD_NODES, "nodelist": _HARD_HOSTS,
    "exclude": _HARD_HOSTS, "extra-node-info": _HARD_CORES, "distribution": _HARD_PLANES, "time": _HARD_TIMES,
    "time-min": _HARD_TIMES, "delay-boot": _HARD_TIMES, "mem": _HARD_SIZES, "mem-per-cpu": _HARD_SIZES,
    "mem-per-gpu": _HARD_SIZES, "tmp": _HARD_SIZES, "begin": _HARD_MOMENTS, "deadline": _HARD_MOMENTS,
    "array": ("0", "00-03", "1-1", "3-1", "1-10:3", "1-3:5", "1,1,1", "1-5,3-8", "0-7%2%3", "%2", "[1-3]", "1-[3]",
              "[1-3", "1-3]", "4000000", "4000001", "0-9:2%1", "1-4%4294967296", "1,%2,3", "1-2-3", "+1", "1 ", "1-3:"),
    "signal": ("0", "B:0", "R:0", "1@0", "65535", "B:@5", "R@5", "B@5", "BR@5", "B", "KILL", "SIGKILL@60", "sigusr1",
               "USR1 @5", "usr1@", "TERM@65535", "B:R:USR1", "B:USR1@5@6", "CONT", "STOP@10", "-9", "+9", "B:15@030"),
    "tres-bind": ("gres/gpu:closest", "gres/gpu:none", "gres/gpu:verbose,closest", "gres/gpu:map:0,1", "gres/gpu:map:",
                  "gres/gpu:mask:0x1", "gres/gpu:per_task:2", "gres/gpu:single:2", "gres/gpu:closest+gres/shard:none",
                  "gres/lscratch:closest", "gpu:closest", "gres/gpu", "gres/gpu:", "", "+", "gres/gpu:map_gpu:0",
                  "gres/gpu:CLOSEST", "gres/gpu:mask:zz", "gres/gpu:map:0*2"),
    "gpu-bind": ("map_gpu:0", "map:0", "mask:1", "mask_gpu:0x3,0xc", "single:0", "per_task:-1", "per_task:x",
                 "VERBOSE,closest", "verbose,", "closest:2", "none:1", "map_gpu:0*2", "Closest", "q,closest"),
    "mem-bind": ("none,none", "rank,local,none", "map_mem:0,none", "none,map_mem:1", "mask_mem:3,v", "p", "q,v", "v,q",
                 "sort,nosort", "prefer", "map_mem:", "map_mem", "local,", ",local", "LOCAL", "mask_mem:0x,1"),
    "hint": ("compute_bound", "memory_bound", "multithread", "nomultithread", "NoMultiThread", "Compute_Bound", "none"),
    "export": ("ALL", "NONE", "NIL", "nil,A=1", "A", "A,B=1", "A=1,A=2", ",", "A=\"x,y\",B=1", "A='1", "ALL,NONE", "=1",
               "A==", "ALL,", "None", "A=1,ALL", "SLURM_JOB_NAME=x", "HOME=/x", "A=%j"),
    "mail-type": ("ALL,NONE", "NONE,ALL", "none", "BEGIN,BEGIN", "TIME_LIMIT", "TIME_LIMIT_50", "TIME_LIMIT_90",
                  "ARRAY_TASKS", "INVALID_DEPEND,END", "begin, end", ",END", "END,"),
    "switches": ("1@", "1@0", "1@-1", "1@UNLIMITED", "0@5", "2147483648", "1@1-0", "1@x", "+1", "4294967297@1"),
    "nice": ("-1", "-0", "+0", "2147483646", "-2147483646", "5x", "x5", " 5", "--5"),
    "core-spec": ("0", "65534", "65535", "65536", "32768", "32767", "-1", "4294967295", "4294967296"),
    "thread-spec": ("1", "32767", "32768", "32769", "65534", "65535", "65536"),
    "segment": ("1", "2", "3", "4", "5", "65533", "65534", "0", "65536", "-1", ""),
    "chdir": ("/tmp", "tmp", "", "/tmp/", "../x", "~", "a b"),
    "output": ("none", "NONE", "/dev/null", "/abs/o", "rel/o", "%j/%x", "", "x y"),
    "error": ("none", "None", "/abs/e", "rel/e", ""), "input": ("none", "/abs/i", "rel/i", ""),
    "gres-flags": ("disable-binding,one-task-per-sharing", "one-task-per-sharing,multiple-tasks-per-sharing", ",",
                   "disable-binding,enforce-binding", "disable-binding,", "ENFORCE-BINDING", "one-task-per-sharing"),
    "dependency": ("afterok:1,", ",afterok:1", "afterok:1:", "afterok:", "afterok:1+", "after:1+5:2+6", "singleton,1",
                   "Singleton", "afterok:1_*", "afterok:1_2+3", "afterok:1?singleton", "expand:1", "after", "1,2", "0"),
    "licenses": ("matlab:0", "matlab@x:1", "matlab:-1", "matlab,matlab", ",", "matlab|ansys", "matlab:1|ansys:2",
                 "nosuch"),
    "cpu-freq": ("low-low", "1-2", "2-1", "high-highm1", "LOW", "performance:low", "low:performance:x", "1:OnDemand"),
    "acctg-freq": ("task=1,task=2", "Task=5", "xtask=5", "30,task=10", ",", "task=", "energy=-1", "-1", "filesystem=1"),
    "propagate": ("NONE,ALL", "ALL,NONE", "all", ",", "CORE,", "RLIMIT_CORE", "RLIMIT_ALL"),
    "requeue": ("", "expedite", "EXPEDITE"),
    "exclusive": ("", "user", "mcs", "topo", "allocation", "EXCLUSIVE", "oversubscribe"),
    "get-user-env": ("", "0", "5S", "L", "s", "10l"),
    "priority": ("0", "1", "TOP", "top", "2147483648", "4294967293", "5x", "x"),
    "oom-kill-step": ("", "0", "1", "01", "+1"),
    "no-kill": ("", "set", "off", "no", "OFF"),
    "profile": ("none,all", "ALL", "Energy,None", "tasks", "x,task", "network", ","),
    "kill-on-invalid-dep": ("yes", "no", "Yes", "NO"),
    "container-type": ("oci",),
}
# fmt: on
_COUNTED: Final = frozenset({"positive", "natural"})


def dense(count: int, seed: int) -> Iterator[Made]:
    """So many scripts; the same seed gives the same ones."""
    for number in range(count):
        yield _Dense(random.Random(f"dense {seed}:{number}")).make()


class _Dense(Maker):
    """Three to six options of one family, in components, variables and command line as well."""

    def __init__(self, rng: random.Random) -> None:
        super().__init__(rng)
        self.wild = False  # words are spelled well: what is asked here is what the options say together
        self.hard = rng.choice((0.05, 0.15, 0.3, 0.5))
        family = FAMILIES[rng.choice(("gpus", "gpus", "tasks", "layout", "layout", "memory", "fields", "moments",
                                      "streams", "fields"))]  # fmt: skip
        names = [name for name in (*family.names, *family.often) if name in KNOWN]
        self.names = [rng.choice(names) for _ in range(8)] if rng.random() < 0.3 else names

    def make(self) -> Made:
        """The script, with what stands around it."""
        lines = self.lines()
        if self.chance(0.2):
            for _ in range(self.rng.randint(1, 2)):
                lines += ["#SBATCH hetjob", *self.lines()]
        if self.chance(0.03):
            lines.append("#PBS -l nodes=2:ppn=4:gpus=2,walltime=01:00:00,mem=4gb")
        text = "\n".join(["#!/bin/bash", *lines, "hostname", ""])
        environ = self.environ() if self.chance(0.2) else {}
        return Made(text.encode("utf-8", "surrogateescape"), environ, self.words() if self.chance(0.15) else [])

    def lines(self) -> list[str]:
        """Three to six options, a line each."""
        return [f"#SBATCH {self.said(self.pick())}" for _ in range(self.rng.choice((2, 3, 3, 4, 4, 5, 6)))]

    def pick(self) -> Option:
        """An option of the family."""
        return KNOWN[self.rng.choice(self.names)]

    def value(self, option: Option) -> str:
        """A value, hard in a share of the cases that this header was dealt."""
        if option.argument == "none" and option.name not in ("requeue", "get-user-env"):
            return ""
        hard = _HARD.get(option.name) or (_COUNTS if option.kind in _COUNTED else ())
        if hard and self.chance(self.hard):
            return self.choice(hard)
        if option.name in VALUES and self.chance(0.05):
            return self.choice(VALUES[option.name][1])
        return super().value(option)

    def said(self, option: Option) -> str:
        """The option in its long form, with a value in quotes where it needs them."""
        value = self.value(option)
        if option.argument == "none":
            return f"--{option.name}"
        if option.argument == "optional":
            return f"--{option.name}" + (f"={value}" if value else "")
        quoted = '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        return f"--{option.name}=" + (quoted if set(value) & set(" \t#'\"\\") else value)

    def environ(self) -> dict[str, str]:
        """Variables of options of the family."""
        family = [name for name, option in VARIABLES.items() if option in self.names]
        found = {}
        for name in self.rng.sample(sorted(family), min(len(family), self.rng.randint(1, 2))):
            found[name] = self.of_variable(name)
        switches = [name for name in SWITCHES if any(name in KNOWN[each].env.split() for each in self.names)]
        if switches and self.chance(0.2):
            found[self.rng.choice(switches)] = self.choice(("", "yes", "no", "1", "0"))
        return found

    def words(self) -> list[str]:
        """Options of the family, as words of the command line."""
        words = []
        for _ in range(self.rng.randint(1, 2)):
            option = self.pick()
            if option.in_script == "ignored":
                continue
            value = self.value(option)
            plain = option.argument == "none" or (option.argument == "optional" and not value)
            words.append(f"--{option.name}" if plain else f"--{option.name}={value}")
        return words
