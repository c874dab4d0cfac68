"""Recorded cases: a script, its surroundings, and what real Slurm made of it (see README.md here)."""

import json
import pwd
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from s2r_ci.convert import load_converter
from s2r_ci.model import (
    ConversionRequest,
    ConversionResult,
    JobSpec,
    Script,
    Service,
    Site,
    Target,
    Volume,
)
from s2r_ci.slurm.job import read_script
from tests.behaviour.pods import Pod, pods
from tests.behaviour.simulator import UID, WORK, Ended, Outcome

HERE = Path(__file__).parent
FOLDERS = ("cases", "further")
SUBMITTED = {"ORACLE_VAR": "from-submit-shell"}
"""What the shell of submission hands over in every recorded case."""

_USER = pwd.getpwuid(0).pw_name  # who runs in the pods
TOLD: dict[str, str] = {}
"""Cases that may differ, and which entry of the ledger says so. None does."""

OWN_WORDS = re.compile(r"^(?:srun|slurmstepd|scontrol|module)\S*:? ")
JOB_ID = int(UID[-6:], 16) + 1  # decisions: a decimal number made from the workload's uid


@dataclass(frozen=True)
class Case:
    """A script with its companion and the recorded answer."""

    path: Path
    expected: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The file's name without its ending."""
        return self.path.stem

    @property
    def setup(self) -> Mapping[str, Any]:
        """Files, arguments, cancellation; see README.md."""
        return dict(self.expected["setup"])

    @property
    def slow(self) -> bool:
        """Whether it runs for a minute or more."""
        return bool(self.setup.get("slow"))


def cases() -> Iterator[Case]:
    """All cases of all folders."""
    for folder in FOLDERS:
        for line in (HERE / folder / "expected.jsonl").read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            yield Case(HERE / folder / record["case"], record)


def request_of(case: Case) -> ConversionRequest:
    """What a person at the site would ask for: the shared volume, an image, and what the shell handed over."""
    script = Script(path=case.path.name, data=case.path.read_bytes())
    (job,) = read_script(script).jobs
    return ConversionRequest(script=script, job=job, target=_target(case, job))


def _target(case: Case, job: JobSpec) -> Target:
    handed_over = job.export == "ALL" or "ALL" in job.export.split(",")
    text = case.path.read_text(encoding="utf-8")
    known = {**SUBMITTED, **case.setup.get("env", {})}
    given = {name: value for name, value in known.items() if name in text and (handed_over or name in job.export)}
    return Target(
        image="team/base:1",
        memory_mib=2048,
        working_directory=WORK,
        arguments=tuple(case.setup.get("args", ())),
        variables=given,
        site=Site(volumes={WORK: Volume(claim="work")}, qos={"again": Service(preemptibility="preemptible")}),
    )


def convert(case: Case) -> ConversionResult:
    """The manifest and its ledger."""
    return load_converter("rules").convert(request_of(case))


def prepare(case: Case, work: Path) -> None:
    """The folder as it was before the submission."""
    (work / case.path.name).write_bytes(case.path.read_bytes())
    for name, text in case.setup.get("files", {}).items():
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        (work / name).write_text(text, encoding="utf-8")


class Names:
    """Puts the names in braces into what a run left behind."""

    def __init__(self, every: tuple[Pod, ...], ids: list[str]) -> None:
        nodes = [pod.host for pod in every if pod.role != "Launcher"]
        alone = every[0].role == "main"
        self.hosts = {host: "{NODE0}" if alone else f"{{NODE{number}}}" for number, host in enumerate(nodes)}
        self.nodes, self.ids = nodes, ids

    def __call__(self, text: str) -> str:
        """The text with folder, hosts and numbers named."""
        text = text.replace(WORK, "{WORK}")
        for index, array_id in enumerate(self.ids):
            text = text.replace(str(JOB_ID + 1 + index), f"{{JOBID:{array_id}}}")
        text = text.replace(str(JOB_ID), "{ARRAYJOBID}" if self.ids else "{JOBID}")
        if len(self.nodes) > 1:
            text = text.replace(",".join(self.nodes), "{NODELIST}")
            one = "|".join(map(re.escape, self.nodes))
            text = re.sub(rf"(?<![\w,-])(?:{one})(?:,(?:{one}))+(?![\w,-])", self._part, text)
        for host, name in self.hosts.items():
            text = re.sub(rf"(?<![\w-]){re.escape(host)}(?![\w-])", name, text)
        text = re.sub(r"/tmp/s2r\.\w+/slurm_script", "{SCRIPT}", text)
        return re.sub(r"(\{SCRIPT\}: )(line )?\d+:", r"\1\2{LINE}:", text)

    def _part(self, match: re.Match[str]) -> str:
        return f"{{NODELIST:{','.join(str(self.nodes.index(host)) for host in match[0].split(','))}}}"


def differences(case: Case, work: Path, manifest: Mapping[str, Any], outcome: Outcome) -> list[str]:
    """Everything in which the workload did not do what Slurm did, as lines of text."""
    every = pods(manifest, UID)
    ids = [str(job["array_task"]) for job in case.expected["jobs"] if "array_task" in job]
    names = Names(every, ids)
    found = [*_ends(case, outcome), *_files(case, work, names, outcome)]
    for one in outcome.ended:
        if one.pod.role == "Worker" and one.log:
            found.append(f"the pod of {one.pod.host} says {one.log!r}")
    return found


def _ends(case: Case, outcome: Outcome) -> Iterator[str]:
    for index, job in enumerate(case.expected["jobs"]):
        ended = outcome.of(index if "array_task" in job else 0)
        status, _, number = job["exit_code"].partition(":")
        wanted: set[object] = {int(status) or (128 + int(number) if int(number) else 0)}
        if job["state"] == "TIMEOUT":
            if ended.reason != "DeadlineExceeded" and ended.code != 124:
                yield f"ended by {ended.reason} with {ended.code}, not by its time limit"
        elif ended.code not in wanted:
            yield f"index {index} ended with {ended.code}, Slurm's job with {job['exit_code']}: {ended.log[-400:]!r}"
        if ended.starts != job["restarts"] + 1:
            yield f"started {ended.starts} times, Slurm's job {job['restarts'] + 1} times"


def _files(case: Case, work: Path, names: Names, outcome: Outcome) -> Iterator[str]:
    given = {case.path.name, *(case.setup.get("files", {}))}
    found: dict[str, str] = {}
    for path in sorted(work.rglob("*")):
        name = str(path.relative_to(work))
        if path.is_file():
            text = path.read_bytes().decode("utf-8", "backslashreplace")
            if name not in given or text != case.setup.get("files", {}).get(name, text):
                found[names(name).replace(f".{_USER}.", ".{USER}.")] = names(_own(text))
    expected = {name.replace(".alice.", ".{USER}."): text for name, text in case.expected["files"].items()}
    compare = case.expected["compare"]
    for index, job in enumerate(case.expected["jobs"]):
        log = str(job["stdout"]).removeprefix("{WORK}/")
        if log.startswith("slurm-") and log not in found:
            found[log] = names(_own(_log(outcome.of(index if "array_task" in job else 0))))
    for name in sorted(expected.keys() | found.keys()):
        if name not in found or name not in expected:
            yield f"file {'missing' if name in expected else 'too many'}: {name} {found.get(name, '')[:200]!r}"
        elif (how := compare.get(name, "exact")) != "any" and _lines(case, expected[name], how) != _lines(
            case, found[name], how
        ):
            yield f"{name}: {found[name]!r}, not {expected[name]!r}"
    yield from _modes(case, work, names)


def _modes(case: Case, work: Path, names: Names) -> Iterator[str]:
    for path in sorted(work.rglob("*")):
        name = names(str(path.relative_to(work))) + ("/" if path.is_dir() else "")
        wanted = case.expected["modes"].get(name)
        said = oct(path.stat().st_mode & 0o777)[2:]
        if wanted is not None and wanted != said:
            yield f"{name} has the rights {said}, not {wanted}"


def _log(ended: Ended) -> str:
    return ended.log


def _own(text: str) -> str:
    return "".join(line for line in text.splitlines(keepends=True) if not OWN_WORDS.match(line))


def _lines(case: Case, text: str, how: str) -> list[str]:
    free = case.setup.get("free", [])
    lines = [line for line in text.splitlines() if line.split("=")[0] not in free]
    return sorted(lines) if how == "lines" else lines


# --- environments ------------------------------------------------------------------------------------------

FREE = re.compile(
    r"SLURM_(?:CONF|PRIO_PROCESS|CLUSTER_NAME|SUBMIT_HOST|TASK_PID|LAUNCH_NODE_IPADDR|SRUN_COMM_\w+|STEP_LAUNCHER_PORT|JOB_ACCOUNT"
    r"|JOB_PARTITION|JOB_START_TIME|JOB_END_TIME|JOB_UID|JOB_GID|JOB_USER|TOPOLOGY_\w+)|\w+_DEBUG"
)
"""Values that are the site's, the run's or the daemon's: README.md, point 6."""
COMPARED = re.compile(
    r"SLURMD?_\w+|CUDA_VISIBLE_DEVICES|ROCR_VISIBLE_DEVICES|GPU_DEVICE_ORDINAL|ENVIRONMENT|HOSTNAME"
)


def environment_differences(case: Case, folder: Path, manifest: Mapping[str, Any]) -> list[str]:
    """Variables that a task finds otherwise than under Slurm: all in steps, those that it names in the script."""
    every = pods(manifest, UID)
    ids = [str(job["array_task"]) for job in case.expected["jobs"] if "array_task" in job]
    names = Names(every, ids)
    captured = {path.name.split(".", 1)[1]: path for path in sorted((folder / "capture").iterdir())}
    text = case.path.read_text(encoding="utf-8")
    found = []
    raced: dict[str, list[tuple[str | None, str | None]]] = {name: [] for name in case.setup.get("raced", ())}
    for place, wanted in _recorded(case, ids):
        if place not in captured or not wanted:
            continue
        pairs = (pair.partition("=") for pair in captured[place].read_text("utf-8", "replace").split("\0"))
        seen = {name: names(value) for name, _, value in pairs}
        for name in sorted(seen.keys() | wanted.keys()):
            free = FREE.fullmatch(name) or name in case.setup.get("free", ())
            if not COMPARED.fullmatch(name) or free or (".batch." in place and name not in text):
                continue
            pair = _neutral(seen.get(name)), _neutral(wanted.get(name))
            if name in raced:
                raced[name].append(pair)
            elif pair[0] != pair[1]:
                found.append(f"{place} {name}: {seen.get(name)!r}, not {wanted.get(name)!r}")
    return found + list(_raced(raced))


def _raced(pairs: Mapping[str, list[tuple[str | None, str | None]]]) -> Iterator[str]:
    """Which of two background steps comes first is a race under Slurm too: together they hold the same values."""
    for name, values in pairs.items():
        seen, wanted = Counter(pair[0] for pair in values), Counter(pair[1] for pair in values)
        if not values or seen != wanted:
            yield f"{name} of all steps: {dict(seen)}, not {dict(wanted)}"


def _neutral(value: str | None) -> str | None:
    """Ids of array elements by one name; a recorded ``{ANY}`` stays what it is."""
    return None if value is None else re.sub(r"\{JOBID:\d+\}", "{JOBID}", value)


def _recorded(case: Case, ids: list[str]) -> Iterator[tuple[str, Mapping[str, str]]]:
    first: dict[tuple[str, str], dict[str, str]] = {}
    for row in case.expected["env"]:
        if row.get("again"):
            continue
        index = ids.index(row["array_task"]) if "array_task" in row else 0
        whole = first.setdefault((row.get("array_task", ""), row["step"]), row.get("vars", {}))
        values = {name: value for name, value in whole.items() if name not in row.get("missing", ())}
        yield f"{index}.{row['step']}.{row['rank']}", values | row.get("differs", {})
