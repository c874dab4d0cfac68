"""Asks real Slurm about generated headers and compares its answers with this reading's.

::

    python -m tools.slurm_oracle.compare --count 5000 --seed 1        # after tools/slurm_oracle/setup.sh
    python -m tools.slurm_oracle.compare --count 1700 --seed 1 --mutated examples    # headers that people wrote
    python -m tools.slurm_oracle.compare --dense --count 3000         # options of one family, with hard values
    python -m tools.slurm_oracle.compare --answers FOLDER --reuse     # judge answers that were kept, without Slurm
    python -m tools.slurm_oracle.compare --answers FOLDER --reuse --freeze tests/oracle/generated.jsonl --only NUMBERS
    python -m tools.slurm_oracle.compare --made tests/oracle/asked.jsonl --freeze tests/oracle/asked.jsonl

Compared are the stage, the words cut from the lines, the options as Slurm spells them and the request that it
sends. Differences are grouped by what differs; the exit code is 1 while one is left that no entry of ``EXPLAINED``
accounts for.
"""

import argparse
import json
import re
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from s2r_ci.model import Header
from s2r_ci.slurm.header import read_header
from tools.slurm_oracle import oracle
from tools.slurm_oracle.dense import dense
from tools.slurm_oracle.headers import FILES, Made, headers
from tools.slurm_oracle.mutated import mutated

RELEASES: Final = {"bookworm": "22.05", "trixie": "24.11", "sid": "26.05"}
FOLDER: Final = "/home/alice/proj"
_SHELL: Final = frozenset({"ORACLE_VAR", "HOME", "SLURM_SUBMIT_DIR", "SLURM_SUBMIT_HOST", "SLURM_PRIO_PROCESS"})
_RELATIVE: Final = ("begin", "deadline", "begin_time", "end_time")

Answer = dict[str, Any]


class Difference(NamedTuple):
    """One place where this reading says something else than Slurm."""

    group: str
    number: int
    release: str
    ours: Any
    theirs: Any
    holds: str = ""  # the options that the script holds, as `holds NAME=VALUE`


_NODES_FILE: Final = r"holds (nodefile=|nodelist=\S*/)"
# Differences that are none of this reading's: pattern of the group, pattern of what both said, and why.
EXPLAINED: Final[tuple[tuple[str, str, str], ...]] = (
    ("stage .*", "--spread-job", "whether nodes are spread is the site's topology to say"),
    ("stage .*", "opening file|user environment file|--bbf specification", "whether a file exists"),
    ("stage accepted for verify.*", "holds gres=gres[/:](--)?[a-z]+-", "which resources exist is the site's"),
    (
        "stage (accepted|controller) for verify: Invalid (generic|Trackable).*",
        "holds gres=([^ ]*[,/:])?(?!(gpu|mps|shard|nic|nvme|ssd|lscratch|tmp|disk|none)\\b)[-\\w]",
        "which resources exist is the site's",
    ),
    (
        "stage .* for parse.*",
        "(Unrecognized command line parameter|Invalid argument: -).* holds bbf",
        "a fault of sbatch: after --bbf it reads past a #PBS line that ends the file",
    ),
    ("tokens", r"'-'\], .*holds bbf|'-'\]\] holds .*bbf", "the same fault, with a #BSUB line"),
    (
        "stage accepted for .*",
        r"Invalid (--gpu-bind|Trackable).* holds (gpu|tres)-bind=\S*(?i:verbose),ma(p|sk):[^+ ]{0,3}( |$)",
        "up to 24.11 sbatch reads past the end of a list of fewer than four letters, in whatever memory holds there",
    ),
    (
        "request array_inx",
        " het .*holds array=",
        "an array in a heterogeneous job, which no controller takes: sbatch sends a text that it has already freed",
    ),
    (
        "stage verify for parse.*",
        "holds export-file",
        "the oracle's hook loses its folder once --export-file has taken the environment of a component before",
    ),
    (
        "request (req_nodes|exc_nodes|min_nodes|max_nodes|min_cpus|num_tasks|SLURM_NPROCS|SLURM_NTASKS)",
        _NODES_FILE,
        "how many nodes stand in a file of node names, and which",
    ),
    (
        "stage (accepted for (verify|controller)|verify for (accepted|controller)).*",
        f"(-N|nodes|Number of tasks|task count|Too few processes).* {_NODES_FILE}",
        "how many nodes stand in a file of node names, and which",
    ),
    (
        "stage .* for (verify|parse).*",
        "can't be reached|clusters can be reached",
        "which clusters there are is the site's",
    ),
    ("stage accepted for controller.*", "Job dependency problem", "which jobs there were is the site's"),
    ("stage accepted for controller.*", "for external job", "whether jobs may be external is the site's"),
    ("stage .*", "Invalid license", "which licenses exist is the site's"),
    (
        "stage accepted for controller.*",
        "Invalid Trackable.* holds tres-per-task=([^ ]*,)?license/",
        "which licenses are counted as resources is the site's",
    ),
    (
        "stage .*",
        "in your slurm.conf|allowed in slurm.conf|one-task-per-sharing and|not supported|Preemption is",
        "what the site has configured",
    ),
)


def read(made: Made, number: int, release: str, now: float | None) -> Header:
    """Our answer to one script."""
    return read_header(
        made.data, f"h{number:05}.sh", release=release, environ=made.environ, arguments=made.arguments, now=now
    )


def differences(
    number: int, header: Header, answer: Answer, outside: Mapping[str, str] = {}
) -> Iterator[Difference]:
    """Where the two answers part; a stage that differs hides the rest."""

    def differ(group: str, ours: Any, theirs: Any) -> Difference:
        return Difference(group, number, header.slurm, ours, theirs, holds)

    holds = " ".join(f"holds {name}={value}" for part in header.components for name, value in part.options.items())
    holds = f"het {holds}" if len(header.components) > 1 else holds
    stage = "controller" if answer["stage"] == "test-only" else answer["stage"]
    if header.stage != stage:
        apart = differ(
            f"stage {header.stage} for {stage}{_message(answer)}",
            [f.message for f in header.findings if f.level == 3],
            answer["messages"],
        )
        yield apart
        if not explanation(apart):
            return  # where only the site is in the way, words and options are to be the same all the same
    parts, theirs = header.components, answer["components"]
    ours, words = [list(part.tokens) for part in parts], [part.get("tokens", []) for part in theirs]
    if ours != words and not (stage in ("read", "parse", "verify") and _begins(ours, words)):
        yield differ("tokens", ours, words)
        return
    het = len(parts) > 1  # the environment of such a job is one for all components
    for part, other in zip(parts, theirs, strict=stage == "accepted"):
        if "options" not in other or (header.stage != stage and not part.options):
            continue  # each side stops at the component that it refuses
        yield from (
            differ(f"option {name}", a, b) for name, a, b in _unequal(part.options, _told(other.get("options", {})))
        )
        if "request" in other and {stage, header.stage} <= {"accepted", "controller"}:
            yield from (
                differ(f"request {name}", a, b)
                for name, a, b in _fields(part.request, other["request"], het, outside)
            )


def _begins(ours: Sequence[Sequence[str]], theirs: Sequence[Sequence[str]]) -> bool:
    """sbatch stops at the first trouble; this reading goes on, to name all that is wrong."""
    return len(theirs) <= len(ours) and all(
        list(a[: len(b)]) == list(b) for a, b in zip(ours, theirs, strict=False)
    )


def _message(answer: Answer) -> str:
    """What Slurm complained of last, without the value."""
    said = [m for m in answer["messages"] if not m.startswith(("Try", "sbatch: Warning", "Number of tasks"))]
    return (
        ": " + re.sub(r"[`'\"\[(].*|\d+|: .*", "", said[-1].removeprefix("error: ").removeprefix("fatal: "))
        if said
        else ""
    )


def _told(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _inside(value) for name, value in options.items()}


def _inside(value: Any) -> Any:
    return re.sub(f"^{FOLDER}/+", "", value) if isinstance(value, str) else value


def _fields(
    ours: Mapping[str, Any], theirs: Mapping[str, Any], het: bool, outside: Mapping[str, str]
) -> Iterator[tuple[str, Any, Any]]:
    """Of the environment, what sbatch adds: not what stands there already, or comes from the user's shell."""
    if not het:
        known = {*_SHELL, *outside}
        yield from _unequal(*(_variables(each.get("environment", {}), known) for each in (ours, theirs)))
    plain = {name: _inside(value) for name, value in theirs.items() if name != "environment" and value != FOLDER}
    yield from _unequal({k: v for k, v in ours.items() if k != "environment"}, plain)


def _variables(environment: Mapping[str, str], known: set[str]) -> dict[str, str]:
    """The controller's plug-in sees names that are identifiers, and values that are not empty."""
    return {
        name: value for name, value in environment.items() if name not in known and name.isidentifier() and value
    }


def _unequal(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for name in sorted({*ours, *theirs}):
        a, b = ours.get(name), theirs.get(name)
        if a != b and not (name in _RELATIVE and _near(a, b)) and not _same_float(a, b):
            yield name, a, b


def _same_float(ours: Any, theirs: Any) -> bool:
    """The controller's plug-in sees a number as a double, which keeps 53 bits."""
    return isinstance(ours, int) and isinstance(theirs, int) and float(ours) == float(theirs)


def _near(ours: Any, theirs: Any) -> bool:
    """Two moments that differ by the seconds that passed between two calls of the clock."""
    return _seconds(ours) is not None and abs((_seconds(ours) or 0) - (_seconds(theirs) or 0)) <= 3


def _seconds(moment: Any) -> float | None:
    if isinstance(moment, int | float):
        return moment
    try:
        return time.mktime(time.strptime(str(moment), "%Y-%m-%dT%H:%M:%S"))
    except ValueError:
        return None


def explanation(difference: Difference) -> str:
    """Why a difference is none of ours, or nothing."""
    said = f"{difference.release} {difference.ours} {difference.theirs} {difference.holds}"
    for group, message, why in EXPLAINED:
        if re.fullmatch(group, difference.group) and re.search(message, said):
            return why
    return ""


# --- asking ------------------------------------------------------------------------------------------------


def ask(made: Sequence[Made], answers: Path) -> None:
    """Put every script to each release; the answers go to ``answers``, one file a release."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [write(Path(folder), number, each) for number, each in enumerate(made)]
        for name, release in RELEASES.items():
            slurm = oracle.Slurm(name)
            slurm.strict(False)
            began = time.time()
            with (answers / f"{release}.jsonl").open("w", encoding="utf-8") as out:
                for answer in oracle.ask(slurm, paths):
                    out.write(json.dumps(answer) + "\n")
            print(f"{release}: {len(paths)} answers in {time.time() - began:.0f} s", file=sys.stderr, flush=True)


def write(folder: Path, number: int, made: Made) -> str:
    """Put a script, and what is to stand around it, into a folder for ``oracle.ask``; the script's path."""
    path = folder / f"h{number:05}.sh"
    path.write_bytes(made.data)
    setup = {"env": made.environ, "args": made.arguments, "files": FILES}
    Path(f"{path}.setup.json").write_text(json.dumps(setup), encoding="utf-8")
    return str(path)


# --- judging -----------------------------------------------------------------------------------------------


def judge(made: Sequence[Made], answers: Path) -> tuple[list[Difference], Counter[str], list[Any]]:
    """All differences, how many answers there were by stage, and the rows that agree."""
    found: list[Difference] = []
    stages: Counter[str] = Counter()
    agreed = []
    for release in RELEASES.values():
        with (answers / f"{release}.jsonl").open(encoding="utf-8") as lines:
            for number, line in enumerate(lines):
                answer = json.loads(line)
                stages[f"{release} {answer['stage']}"] += 1
                header = read(made[number], number, release, answer.get("submitted_at"))
                new = list(differences(number, header, answer, made[number].environ))
                found += new
                if not new:
                    agreed.append((number, release, answer))
    return found, stages, agreed


def freeze(target: Path, made: Sequence[Made], agreed: Sequence[Any], numbers: Sequence[int]) -> int:
    """Write scripts on which all three releases agree with this reading as cases for a test; how many."""
    answers: defaultdict[int, dict[str, Answer]] = defaultdict(dict)
    for number, release, answer in agreed:
        answers[number][release] = {
            "stage": answer["stage"],
            "components": [{k: v for k, v in part.items() if k != "record"} for part in answer["components"]],
            **({"submitted_at": answer["submitted_at"]} if "submitted_at" in answer else {}),
        }
    rows = []
    for number in numbers:
        if len(answers[number]) == len(RELEASES):
            script = made[number]
            text = script.data.decode("utf-8")
            row = {"number": number, "script": text, "environ": script.environ, "arguments": script.arguments}
            rows.append(json.dumps({**row, "answers": answers[number]}, ensure_ascii=False))
    target.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return len(rows)


def read_cases(path: Path) -> list[Made]:
    """The scripts of a file that ``freeze`` wrote, or that was written by hand: JSON lines."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
    return [Made(row["script"].encode(), row.get("environ", {}), row.get("arguments", [])) for row in rows]


def show(found: Sequence[Difference], made: Sequence[Made], examples: int) -> int:
    """Print the differences, grouped; how many scripts are left without an explanation."""
    groups: defaultdict[str, list[Difference]] = defaultdict(list)
    for each in found:
        why = explanation(each)
        groups[f"explained: {why}" if why else each.group].append(each)
    for group, members in sorted(groups.items(), key=lambda pair: -len(pair[1])):
        by_release = Counter(each.release for each in members)
        print(f"\n## {group}: {len(members)} ({', '.join(f'{k}: {v}' for k, v in sorted(by_release.items()))})")
        for each in members[: 0 if group.startswith("explained") else examples]:
            script = made[each.number]
            text = script.data.decode("utf-8", "replace").rstrip("\n").replace("\n", "\n        ")
            print(f"  {each.number} {each.release} ours {each.ours!r}, Slurm {each.theirs!r}")
            print(f"        {text}")
            if script.environ or script.arguments:
                print(f"        environment {script.environ}, command line {script.arguments}")
    return len({(each.number, each.release) for each in found if not explanation(each)})


def main(argv: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--answers", type=Path, help="keep Slurm's answers in this folder")
    parser.add_argument("--reuse", action="store_true", help="do not ask again")
    parser.add_argument("--examples", type=int, default=2, help="shown of every group")
    parser.add_argument("--freeze", type=Path, help="write cases for the tests into this file")
    parser.add_argument("--only", type=Path, help="the numbers of the scripts to freeze, one a line")
    parser.add_argument("--dense", action="store_true", help="options of one family with hard values")
    parser.add_argument("--made", type=Path, help="ask about the scripts of such a file instead")
    parser.add_argument("--mutated", type=Path, help="take headers of the scripts below this folder, with slips")
    given = parser.parse_args(argv)
    if given.made:
        made = read_cases(given.made)
    elif given.mutated:
        made = list(mutated(given.mutated, given.count, given.seed))
    else:
        made = list((dense if given.dense else headers)(given.count, given.seed))
    with tempfile.TemporaryDirectory() as scratch:
        answers = given.answers or Path(scratch)
        answers.mkdir(parents=True, exist_ok=True)
        if not given.reuse:
            ask(made, answers)
        found, stages, agreed = judge(made, answers)
    for stage, number in sorted(stages.items()):
        print(f"{stage}: {number}")
    if given.freeze:
        numbers = [int(line) for line in given.only.read_text().split()] if given.only else range(len(made))
        print(f"{freeze(given.freeze, made, agreed, numbers)} cases written to {given.freeze}")
    left = show(found, made, given.examples)
    print(f"\n{len(agreed)} of {sum(stages.values())} answers agree, {left} differ without an explanation")
    return int(left > 0)


if __name__ == "__main__":
    sys.exit(main())
