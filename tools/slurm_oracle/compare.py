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
accounts for (``explained``).
"""

import argparse
import json
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from tools.slurm_oracle import oracle
from tools.slurm_oracle.dense import dense
from tools.slurm_oracle.differing import Answer, differences, looked_into, read
from tools.slurm_oracle.explained import Difference, explanation
from tools.slurm_oracle.headers import FILES, Made, headers
from tools.slurm_oracle.mutated import mutated
from tools.slurm_oracle.sbatch import Slurm

RELEASES: Final = {"bookworm": "22.05", "trixie": "24.11", "sid": "26.05"}


# --- asking ------------------------------------------------------------------------------------------------


def ask(made: Sequence[Made], answers: Path) -> None:
    """Put every script to each release; the answers go to ``answers``, one file a release."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [write(Path(folder), number, each) for number, each in enumerate(made)]
        for name, release in RELEASES.items():
            slurm = Slurm(name)
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
                if not all(map(explanation, new)):
                    new = looked_into(new, made[number], header, answer)
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
