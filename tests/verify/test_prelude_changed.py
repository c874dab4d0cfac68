"""No line of a prelude can be changed, added, taken away or moved without the judge's notice."""

import functools
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from s2r_ci.convert.rules import RulesConverter
from s2r_ci.runai.parts import CATALOGUE, Chosen, join, split
from s2r_ci.verify.breach import Breach
from s2r_ci.verify.facts import Facts, read_facts
from s2r_ci.verify.policy_text import check as policy
from s2r_ci.verify.prelude_changed import check
from tests.golden.test_golden import CASES, request_of
from tests.verify.good import SHAPES, asked, breaches, manifest

MAIN = "spec.template.spec.containers.0"


def told(facts: Facts) -> Facts:
    """Facts that keep nothing of the document itself, so that only the containers count."""
    return replace(facts, body=None)


def with_prelude(facts: Facts, name: str, prelude: str) -> Facts:
    """The same facts with another prelude in the pods of a role, as it arrives in the container."""
    roles = []
    for role in facts.roles:
        main = role.main
        if main is not None and main.carries and role.name == name:
            changed = replace(main, args=(prelude, *main.args[1:]))
            roles.append(replace(role, containers=(changed, *role.containers[1:])))
        else:
            roles.append(role)
    return replace(facts, roles=tuple(roles))


def preludes_of(facts: Facts) -> dict[str, str]:
    """What runs before, or for, the script: the text of each role that has one."""
    return {role.name: role.main.prelude for role in (*facts.carriers, *facts.agents) if role.main}


def good_facts(case: str) -> Facts:
    return read_facts(RulesConverter().convert(request_of(case)).manifest)


@functools.cache
def new_lines() -> dict[tuple[str, str], frozenset[int]]:
    """The lines of each case's prelude that no earlier case has between the same neighbours: those are enough."""
    seen: set[tuple[str, ...]] = set()
    found = {}
    for case in CASES:
        for role, text in preludes_of(good_facts(case)).items():
            lines = text.splitlines(keepends=True)
            around = [(role, *("", *lines, "")[at : at + 3]) for at in range(len(lines))]
            found[case, role] = frozenset(at for at, three in enumerate(around) if three not in seen)
            seen.update(around)
    return found


def mutants(text: str, chosen: frozenset[int]) -> Iterator[tuple[str, str]]:
    lines = text.splitlines(keepends=True)
    for at in sorted(chosen):
        line = lines[at]
        before, after = "".join(lines[:at]), "".join(lines[at + 1 :])
        yield f"{at + 1} deleted", before + after
        yield f"{at + 1} doubled", before + line + line + after
        yield f"{at + 1} longer", before + line.rstrip("\n") + " \n" + after
        yield f"{at + 1} begun", before + "true; " + line + after
        yield f"{at + 1} inserted", before + "true\n" + line + after
        yield f"{at + 1} joined", before + line.rstrip("\n") + after
        if at + 1 < len(lines):
            yield f"{at + 1} swapped", before + lines[at + 1] + line + "".join(lines[at + 2 :])
        for number in re.finditer(r"\d+", line):
            other = line[: number.start()] + str(int(number[0]) + 1) + line[number.end() :]
            yield f"{at + 1} counted", before + other + after


def complaints(case: str, facts: Facts) -> list[Breach]:
    request = request_of(case)
    return [*check(request, facts), *policy(request, facts)]


@pytest.mark.parametrize("case", CASES)
def test_every_change_of_a_line_is_seen(case: str) -> None:
    facts = told(good_facts(case))
    assert complaints(case, facts) == []
    for role, text in preludes_of(facts).items():
        every = [(name, mutant) for name, mutant in mutants(text, new_lines()[case, role]) if mutant != text]
        unseen = [name for name, mutant in every if not complaints(case, with_prelude(facts, role, mutant))]
        assert unseen == [], role


def test_the_preludes_of_the_cases_have_many_lines_of_their_own() -> None:
    assert sum(map(len, new_lines().values())) > 300


@pytest.mark.parametrize("case", CASES)
def test_every_part_that_is_taken_out_is_missed(case: str) -> None:
    facts = told(good_facts(case))
    for role, text in preludes_of(facts).items():
        parts, _ = split(text)
        for gone in parts:
            left = join(part for part in parts if part is not gone)
            assert complaints(case, with_prelude(facts, role, left)), gone.name


@pytest.mark.parametrize("case", CASES)
def test_every_part_that_is_put_in_is_too_much(case: str) -> None:
    facts = told(good_facts(case))
    for role, text in preludes_of(facts).items():
        parts, _ = split(text)
        here = {part.name for part in parts}
        for slot in CATALOGUE:
            for part in slot if here.isdisjoint(part.name for part in slot) else ():
                more = Chosen(part.name, dict.fromkeys(part.fields, "1"))
                assert complaints(case, with_prelude(facts, role, join([*parts, more]))), part.name


@pytest.mark.parametrize("shape", SHAPES)
def test_silent_on_every_good_shape(shape: str) -> None:
    assert breaches(check, shape) == []


@pytest.mark.parametrize(
    ("says", "part"),
    [
        pytest.param({"resources": {"cpus_per_node": 3}}, "'steps'", id="CPUs"),
        pytest.param({"resources": {"gpus_per_node": 3}}, "'steps'", id="GPUs"),
        pytest.param({"job": {"name": "Train_B"}}, "'steps'", id="name"),
        pytest.param({"options": {"gpus-per-task": "a100:1"}}, "'steps'", id="GPUs of a task"),
        pytest.param({"job": {"time_limit_s": 60, "requeue": True}}, "'stop'", id="limit"),
        pytest.param({"options": {"signal": "B:TERM@30"}}, "'warn the script'", id="signal"),
        pytest.param({"options": {"signal": "TERM@30"}}, "'warn the steps'", id="signal to the steps"),
        pytest.param({"data": b"#!/bin/sh\nsrun --mpi=pmix x\n"}, "'srun mpi'", id="mpi"),
        pytest.param(
            {"data": b"srun x &\n$RUN srun y\n"}, "'srun room of one'", id="steps that may run side by side"
        ),
        pytest.param({"data": b"srun --export=NONE x\n"}, "'srun export'", id="environment of the steps"),
        pytest.param({"options": {"output": "/data/lab/%x-%4j.txt"}}, "'output'", id="output"),
        pytest.param({"options": {"error": "err.txt", "open-mode": "append"}}, "'error at the end'", id="error"),
        pytest.param({"options": {"input": "in.txt"}}, "'input'", id="input"),
        pytest.param({"data": b"echo $TMPDIR\n"}, "'set TMPDIR'", id="a variable"),
        pytest.param({"data": b"echo $CUDA_VISIBLE_DEVICES\n"}, "'constant CUDA_VISIBLE_DEVICES'", id="devices"),
    ],
)
def test_a_script_that_says_something_else_needs_another_prelude(says: dict[str, Any], part: str) -> None:
    shape = "restarted" if "stop" in part else "job"
    assert any(part in breach.message for breach in breaches(check, shape, **says))


def test_the_number_of_the_job_needs_its_variable() -> None:
    names = manifest("job").body["spec"]["template"]["spec"]["containers"][0]["env"]
    (place,) = (index for index, entry in enumerate(names) if entry["name"] == "S2R_WORKLOAD_UID")
    (breach,) = breaches(check, "job", {f"{MAIN}.env.{place}": {"name": "S2R_WORKLOAD_UID", "value": "0000aaaa"}})
    assert breach.subject == "environment"


def test_a_short_srun_where_the_whole_one_belongs_is_seen() -> None:
    facts = read_facts(manifest("job"))
    parts = [Chosen("shim srun one") if p.name == "shim srun" else p for p in split(preludes_of(facts)[""])[0]]
    messages = [breach.message for breach in check(asked("job"), with_prelude(facts, "", join(parts)))]
    assert len(messages) == 2
    assert all("srun" in message for message in messages)
