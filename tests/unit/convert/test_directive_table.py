"""The directive table: at least one example of each option of sbatch, where it ends, and what the manifest says there.

One row a line in ``directive-table.jsonl``; ``refused`` where sbatch 24.11 takes no such script from a user. What is
done with output files and signals at run time is asked where scripts run, not here.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from s2r_ci.convert import load_converter
from s2r_ci.model import ConversionRequest, ItemKind, Script, Service, Site, Target, Volume
from s2r_ci.runai.backlinks import resolve
from s2r_ci.runai.yaml import read_yaml, write_yaml
from s2r_ci.slurm.job import read_script
from s2r_ci.slurm.options import catalogue
from s2r_ci.validate import validate
from s2r_ci.verify import verify

HERE = Path(__file__).parent
ROWS: list[dict[str, Any]] = [
    json.loads(line) for line in (HERE / "directive-table.jsonl").read_text().splitlines()
]
SITE = Site(
    partitions={"gpu": ("a100", "l40s")},
    accounts={"lab": "team-lab"},
    qos={"high": Service(priority="very-high", preemptibility="non-preemptible")},
    gpus={"a100": {"nvidia.com/gpu.product": "A100"}},
    features={"ib": {"net": "ib"}, "big": {"size": "big"}},
    volumes={"/data": Volume(claim="data")},
    gres={"lscratch": "example.com/lscratch"},
)
TARGET = Target(
    image="team/x:1",
    memory_mib=4096,
    working_directory="/data/run",
    site=SITE,
    shards_per_gpu=4,
    topology="cluster",
    topology_level="example.com/switch",
)
AT_RUN_TIME = {"output", "error", "open-mode", "input"}


def request(row: dict[str, Any]) -> ConversionRequest | None:
    lines = "".join(f"#SBATCH {words}\n" for words in row["header"])
    script = Script(path="a.sh", data=f"#!/bin/bash\n{lines}{row['body']}\n".encode())
    jobs = read_script(script).jobs
    return ConversionRequest(script=script, job=jobs[0], target=TARGET) if jobs else None


def label(row: dict[str, Any]) -> str:
    return " ".join(row["header"])


@pytest.mark.parametrize("row", ROWS, ids=label)
def test_an_option_ends_where_the_table_says(row: dict[str, Any]) -> None:
    asked = request(row)
    if asked is None:
        assert row["ends"] == "refused"
        return
    result = load_converter("rules").convert(asked)
    entry = [e for e in result.ledger if e.item.kind is ItemKind.DIRECTIVE and e.item.name == row["option"]][-1]
    assert (entry.disposition.value, entry.field) == (row["ends"], row.get("field", "")), entry.reason
    assert entry.reason
    if "value" in row:
        node = result.manifest.body
        for step in resolve(entry.field, node):
            node = node[step]
        assert node == row["value"]


@pytest.mark.parametrize("row", [row for row in ROWS if row["ends"] != "refused"], ids=label)
def test_schema_and_judge_have_nothing_against_the_row(row: dict[str, Any]) -> None:
    asked = request(row)
    assert asked
    manifest = read_yaml(write_yaml(load_converter("rules").convert(asked).manifest.body).encode())
    found = [*validate(manifest, "x"), *verify(asked, manifest, "x")]
    assert [f"{finding.rule.id}: {finding.message}" for finding in found] == []


def test_every_option_of_sbatch_has_a_row() -> None:
    rows = {row["option"] for row in ROWS}
    assert {option.means for option in catalogue("24.11").names.values()} - rows - AT_RUN_TIME == set()
