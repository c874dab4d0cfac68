"""Every script of the collection is read as real Slurm read it: stage, words, options, request."""

import json
from pathlib import Path
from typing import Any

import pytest

from s2r_ci.model import Header
from s2r_ci.slurm.header import read_header

CASES_DIR = Path(__file__).parent / "cases"
FOLDER = "/home/alice/proj"
CASES: list[dict[str, Any]] = [
    json.loads(line) for line in (CASES_DIR / "expected.jsonl").read_text(encoding="utf-8").splitlines()
]
ANSWERS = [(case, ".".join(case["slurm"].split(".")[:2]), case) for case in CASES] + [
    (case, ".".join(release.split(".")[:2]), answer)
    for case in CASES
    for release, answer in case.get("differs_in", {}).items()
]
IDS = [f"{case['case'].removesuffix('.sbatch')}-{release}" for case, release, _ in ANSWERS]


def read(case: dict[str, Any], release: str) -> Header:
    setup = case.get("setup", {})
    return read_header(
        (CASES_DIR / case["case"]).read_bytes(),
        f"scripts/{case['case']}",
        release=release,
        environ=setup.get("env", {}),
        arguments=setup.get("args", []),
    )


def relative(value: Any) -> Any:
    """The folder of submission is not known to a reader of files; it is left out of both."""
    return value.removeprefix(FOLDER + "/") if isinstance(value, str) else value


def comparable(request: dict[str, Any]) -> dict[str, Any]:
    fields = {name: relative(value) for name, value in request.items() if value != FOLDER}
    fields["environment"] = {k: v for k, v in fields["environment"].items() if k != "ORACLE_VAR"}
    return fields


def test_the_collection_is_whole() -> None:
    assert len(CASES) == 84
    assert {case["case"] for case in CASES} == {path.name for path in CASES_DIR.glob("*.sbatch")}


@pytest.mark.parametrize(("case", "release", "answer"), ANSWERS, ids=IDS)
def test_a_script_is_read_as_slurm_reads_it(case: dict[str, Any], release: str, answer: dict[str, Any]) -> None:
    header = read(case, release)
    assert header.stage == answer["stage"]
    assert [list(part.tokens) for part in header.components] == [part["tokens"] for part in answer["components"]]
    for ours, theirs in zip(header.components, answer["components"], strict=True):
        expected = {name: relative(value) for name, value in theirs.get("options", {}).items()}
        assert dict(ours.options) == expected
        if "request" in theirs:
            assert comparable(dict(ours.request)) == comparable(theirs["request"])


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_a_refusal_is_found_and_an_accepted_script_is_not_refused(case: dict[str, Any]) -> None:
    header = read(case, "24.11")
    refusals = [
        f for f in header.findings if f.rule.id in ("script-refused", "unknown-directive", "removed-option")
    ]
    assert bool(refusals) == (case["stage"] != "accepted")


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_every_directive_of_a_script_has_its_line_and_column(case: dict[str, Any]) -> None:
    text = (CASES_DIR / case["case"]).read_bytes().decode("utf-8", "surrogateescape").split("\n")
    for component in read(case, "24.11").components:
        for directive in component.directives:
            if directive.origin in ("script", "pbs", "bsub"):
                place = directive.location
                assert text[place.line - 1][place.column - 1 :].lstrip("'\"").startswith("-")
