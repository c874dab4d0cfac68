"""Headers that taught something, each with the answers of three releases of Slurm.

``generated.jsonl`` was written by ``tools/slurm_oracle/compare.py --freeze``: scripts of ``headers.py`` beside it,
with their environment and command line, up to four for every kind of mistake that an earlier reading made.
``asked.jsonl`` holds questions that were put by hand, to learn the rule behind a difference; ``extremes.jsonl`` those
about numbers past 31, 32 and 63 bits, negative counts, empty lists, and hints that one component hands to the next;
``slips.jsonl`` headers of the examples with slips (``mutated.py``), and what was asked because of such.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from tools.slurm_oracle.differing import differences, read
from tools.slurm_oracle.headers import Made

CASES: dict[str, dict[str, Any]] = {
    f"{name[0]}{row['number']:05}": row
    for name in ("generated", "asked", "extremes", "slips")
    for line in Path(__file__).with_name(f"{name}.jsonl").read_text(encoding="utf-8").split("\n")
    if line
    for row in [json.loads(line)]
}


def made(case: dict[str, Any]) -> Made:
    return Made(case["script"].encode(), case["environ"], case["arguments"])


def test_the_collection_is_whole() -> None:
    rows = sum(
        bool(line)
        for name in ("generated", "asked", "extremes", "slips")
        for line in Path(__file__).with_name(f"{name}.jsonl").read_text(encoding="utf-8").split("\n")
    )
    assert len(CASES) == rows > 4500, "two rows of one file have the same number"
    assert all(set(case["answers"]) == {"22.05", "24.11", "26.05"} for case in CASES.values())


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_generated_header_is_read_as_slurm_reads_it(case: dict[str, Any]) -> None:
    script = made(case)
    for release, answer in case["answers"].items():
        header = read(script, case["number"], release, answer.get("submitted_at"))
        answer = {"messages": [], **answer}
        assert not list(differences(case["number"], header, answer, script.environ)), release


def test_a_wrong_answer_is_noticed() -> None:
    case = next(case for case in CASES.values() if case["answers"]["24.11"]["stage"] == "accepted")
    answer = json.loads(json.dumps({"messages": [], **case["answers"]["24.11"]}))
    header = read(made(case), case["number"], "24.11", answer.get("submitted_at"))
    answer["components"][0]["options"]["nodes"] = "77"
    assert [each.group for each in differences(case["number"], header, answer)] == ["option nodes"]
