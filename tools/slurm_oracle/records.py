"""What the controller made of a job: a line of ``scontrol show job`` as fields, those that speak of the script."""

import re
from collections.abc import Mapping
from typing import Any

# fields of `scontrol show job` that are kept; a field at its default is left out
RECORD_KEYS = (
    "JobName",
    "Dependency",
    "ArrayTaskId",
    "ArrayTaskThrottle",
    "TimeLimit",
    "TimeMin",
    "Deadline",
    "Requeue",
    "NumNodes",
    "NumTasks",
    "NumCPUs",
    "CPUs/Task",
    "ReqTRES",
    "MinCPUsNode",
    "MinMemoryNode",
    "MinMemoryCPU",
    "MinTmpDiskNode",
    "CoreSpec",
    "NtasksPerTRES",
    "OverSubscribe",
    "Exclusive",
    "Contiguous",
    "Comment",
    "StdErr",
    "StdIn",
    "StdOut",
    "CpusPerTres",
    "MemPerTres",
    "TresPerJob",
    "TresPerNode",
    "TresPerSocket",
    "TresPerTask",
    "TresBind",
    "TresFreq",
    "MailUser",
    "MailType",
    "OOMKillStep",
    "SegmentSize",
    "BurstBuffer",
    "KillOInInvalidDependent",
    "Switches",
    "Nice",
    "Signal",
    "Container",
    "ContainerID",
    "ContainerType",
)
RECORD_DEFAULT = {
    "Contiguous": "0",
    "MinTmpDiskNode": "0",
    "Nice": "0",
    "MinMemoryNode": "0",
    "CPUs/Task": "1",
    "MinCPUsNode": "1",
    "Requeue": "1",
    "StdIn": "/dev/null",
    "OverSubscribe": "OK",
    "Exclusive": "NO",
    "OOMKillStep": "0",
}
OTHER_KEYS = (  # known so that values with blanks are cut at the right place
    "JobId",
    "ArrayJobId",
    "HetJobId",
    "HetJobIdSet",
    "HetJobOffset",
    "UserId",
    "GroupId",
    "MCS_label",
    "Priority",
    "Account",
    "QOS",
    "WCKey",
    "JobState",
    "Reason",
    "Restarts",
    "BatchFlag",
    "Reboot",
    "ExitCode",
    "RunTime",
    "SubmitTime",
    "EligibleTime",
    "AccrueTime",
    "StartTime",
    "EndTime",
    "SuspendTime",
    "SecsPreSuspend",
    "LastSchedEval",
    "Scheduler",
    "Partition",
    "AllocNode:Sid",
    "ReqNodeList",
    "ExcNodeList",
    "NodeList",
    "BatchHost",
    "SchedNodeList",
    "ReqB:S:C:T",
    "TRES",
    "AllocTRES",
    "Socks/Node",
    "NtasksPerN:B:S:C",
    "Features",
    "DelayBoot",
    "Licenses",
    "LicensesAlloc",
    "Network",
    "Command",
    "SubmitLine",
    "WorkDir",
    "Power",
    "Reservation",
    "Prefer",
    "Extra",
    "BatchFeatures",
    "AdminComment",
    "SystemComment",
    "PreemptEligibleTime",
    "PreemptTime",
    "CrontabSpec",
    "StepMgrEnabled",
    "JOB_GRES",
    "Nodes",
    "AssocId",
    "MinMemoryTRES",
    "ResvPorts",
    "GresEnforceBind",
    "GresDisableBind",
    "SpreadJob",
    "UseMinNodes",
    "CpuFreq",
    "OpenMode",
    "SiteFactor",
    "KillOnInvalidDependent",
)


def tidy(rec: dict[str, str], options: Mapping[str, Any]) -> dict[str, str]:
    """The part of a job record that speaks of the script, not of this installation."""
    if "ReqTRES" not in rec and "TRES" in rec:
        rec["ReqTRES"] = rec["TRES"]  # its name up to 22.05
    out = {}
    for k in RECORD_KEYS:
        v = rec.get(k)
        if v is None or v in ("(null)", "N/A", "*", "") or RECORD_DEFAULT.get(k) == v:
            continue
        if k == "TimeLimit" and "time" not in options:
            continue  # the partition's
        if k == "NumNodes" and re.fullmatch(r"\d+-\d+", v):
            v = v.split("-")[0]  # how the upper end is shown depends on version and job state
        if k in ("StdErr", "StdIn", "StdOut"):
            v = re.sub(r"(?<!\d)0*" + rec["JobId"] + r"(?!\d)", "<jobid>", v)
            v = v.replace("4294967294", "<taskid>")
        if k == "ReqTRES":
            own = any(options.get(m, "0?") != "0?" for m in ("mem", "mem-per-cpu", "mem-per-gpu"))
            v = ",".join(
                t for t in v.split(",") if not t.startswith("billing=") and (own or not t.startswith("mem="))
            )
        out[k] = v
    return out


KEY = re.compile(
    r"(?:^| )(" + "|".join(re.escape(k) for k in sorted(RECORD_KEYS + OTHER_KEYS, key=len, reverse=True)) + r")="
)


def parse_record(line: str) -> dict[str, str]:
    """One line of scontrol as fields."""
    out: dict[str, str] = {}
    marks = list(KEY.finditer(line))
    for i, m in enumerate(marks):
        end = marks[i + 1].start() if i + 1 < len(marks) else len(line)
        out.setdefault(m.group(1), line[m.end() : end].strip())
    return out
