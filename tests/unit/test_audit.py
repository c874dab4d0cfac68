"""The inventory of a repository: counts by hand, names by the questions that are open."""

import tomllib
from dataclasses import replace
from typing import Any

import pytest

from s2r_ci.audit import summarise
from s2r_ci.convert.rules import RulesConverter
from s2r_ci.model import Candidate, Outcome, Report, Script, ScriptClass, Service, Site, Target, Verdict, Volume
from s2r_ci.pipeline import walk

NOTHING_KNOWN = Target()
MODULES = "module load gcc/12 openmpi\nmodule purge\nmodule use /opt/modules\n"
SITE = Site(
    partitions={"gpu": ("a100",)},
    accounts={"lab": "vision"},
    qos={"long": Service(priority="low")},
    gpus={"a100": {"x": "y"}},
    features={"ib": {"net": "ib"}},
    modules={"gcc": "team/gcc:1", "openmpi": "team/mpi:1"},
    volumes={"/archive": Volume(claim="archive")},
    gres={"nvme": "example.com/nvme"},
)


def verdict(name: str, header: str, body: str = "true", target: Target = NOTHING_KNOWN) -> Verdict:
    lines = "".join(f"#SBATCH {line}\n" for line in header.split("|"))
    done = walk(Script(path=name, data=f"#!/bin/bash\n{lines}{body}\n".encode()), target, RulesConverter())
    questions = done.result.questions if done.result else ()
    outcome = Outcome.FAILED if done.reading.refused else Outcome.REVIEW if questions else Outcome.PASSED
    return Verdict(path=name, outcome=outcome, questions=questions, jobs=done.reading.jobs)


def report(*verdicts: Verdict) -> Report:
    return Report(tool_version="1", verdicts=verdicts)


USES: list[Any] = [
    pytest.param("-p gpu,old", "true", "partitions", {"gpu": 1, "old": 1}, id="partition"),
    pytest.param("-A lab", "true", "accounts", {"lab": 1}, id="account"),
    pytest.param("--qos=long", "true", "qos", {"long": 1}, id="qos"),
    pytest.param("--gres=gpu:a100:2", "true", "gpus", {"a100": 1}, id="GPU model"),
    pytest.param("-C ib", "true", "features", {"ib": 1}, id="constraint"),
    pytest.param("-n 1", MODULES, "modules", {"gcc/12": 1, "openmpi": 1}, id="modules"),
    pytest.param("-n 1", "cat /archive/tapes/2020/x", "volumes", {"/archive/tapes": 1}, id="volume"),
    pytest.param("--gres=nvme:1", "true", "gres", {"nvme": 1}, id="generic resource"),
]


@pytest.mark.parametrize(("header", "body", "table", "names"), USES)
def test_a_name_is_unmapped_until_the_site_map_has_it(
    header: str, body: str, table: str, names: dict[str, int]
) -> None:
    found = summarise(report(verdict("a.sh", header, body)), (), NOTHING_KNOWN).unmapped
    assert found == {table: names}
    known = replace(NOTHING_KNOWN, site=SITE)
    left = summarise(report(verdict("a.sh", header, body, known)), (), known).unmapped
    assert left == ({"partitions": {"old": 1}} if table == "partitions" else {})


@pytest.mark.parametrize(("header", "body", "table", "names"), USES)
def test_the_site_map_is_toml_with_every_name(header: str, body: str, table: str, names: dict[str, int]) -> None:
    text = summarise(report(verdict("a.sh", header, body)), (), NOTHING_KNOWN).site_map
    assert set(tomllib.loads(text)["tool"]["s2r-ci"]["site"][table]) == set(names)
    assert "# 1 script\n" in text


def test_every_name_of_a_question_is_the_name_in_the_site_map() -> None:
    one = verdict("a.sh", "-p gpu|--qos=long", "cat /archive/tapes/2020/x")
    summary = summarise(report(one), (), NOTHING_KNOWN)
    named = {name for names in summary.unmapped.values() for name in names}
    assert named == {q.key.partition(".")[2] for q in one.questions} - {""}


def test_what_is_accepted_is_not_missed() -> None:
    target = Target(accepted=("partition.old",))
    assert summarise(report(verdict("a.sh", "-p old", target=target)), (), target).unmapped == {}


def test_an_account_is_no_question_where_the_settings_name_the_project() -> None:
    target = Target(project="vision")
    assert summarise(report(verdict("a.sh", "-A lab", target=target)), (), target).unmapped == {}


def test_scripts_are_counted_and_not_the_places_in_them() -> None:
    body = "cat /archive/tapes/1\ncat /archive/tapes/2"
    every = [verdict(f"{n}.sh", "-n 1", body) for n in range(3)]
    summary = summarise(report(*every), (), NOTHING_KNOWN)
    assert summary.unmapped == {"volumes": {"/archive/tapes": 3}}
    assert {(key, scripts) for key, _, _, scripts in summary.questions} == {
        ("image", 3),
        ("memory", 3),
        ("volume./archive/tapes", 3),
    }


def test_the_question_that_most_scripts_ask_comes_first() -> None:
    every = [verdict("a.sh", "-p x"), verdict("b.sh", "-p x"), verdict("c.sh", "-p y|--mem=1G")]
    counts = [scripts for _, _, _, scripts in summarise(report(*every), (), NOTHING_KNOWN).questions]
    assert counts == [3, 2, 2, 1]


def test_outcomes_and_other_files_are_counted() -> None:
    ready = Target(image="team/x:1", memory_mib=1024)
    every = [verdict("a.sh", "-n 1", target=ready), verdict("b.sh", "-n 1"), verdict("c.sh", "--no-such-option")]
    others = [Candidate(path=f"{n}.md", script_class=ScriptClass.DOCUMENTATION) for n in range(2)]
    summary = summarise(report(*every), others, NOTHING_KNOWN)
    assert (summary.scripts, summary.by_rule, summary.need_answer, summary.refused) == (3, 1, 1, 1)
    assert summary.others == {"documentation": 2}


def test_resources_add_up_with_every_element_of_an_array() -> None:
    one = verdict("a.sh", "-N 2|--gpus-per-node=4|--ntasks-per-node=4|-c 2|--mem=16G|-t 60", "srun x")
    many = verdict("b.sh", "--array=1-10|-c 3|--mem=1G|--gres=gpu:1|-t 30")
    summary = summarise(report(one, many), (), NOTHING_KNOWN)
    assert summary.resources == {
        "jobs": 11.0,
        "gpus": 8.0 + 10.0,
        "cpus": 16.0 + 30.0,
        "memory_gib": 32.0 + 10.0,
        "gpu_hours": 8.0 + 5.0,
    }


def test_an_empty_repository_has_an_empty_inventory() -> None:
    summary = summarise(report(), (), NOTHING_KNOWN)
    assert (summary.scripts, summary.questions, summary.unmapped, summary.site_map) == (0, (), {}, "")
