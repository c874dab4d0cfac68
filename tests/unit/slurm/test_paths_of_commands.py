"""Which words of a command are paths of the host: patterns and inner commands are none."""

import pytest

from s2r_ci.model import ItemKind, Script
from s2r_ci.slurm.body import read_body


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        pytest.param("awk '$3 ~ /gene/' /data/a.gtf", ["/data/a.gtf"], id="a pattern of awk"),
        pytest.param(
            "paste <(awk '/gene/ {print $1}' a.gtf) <(cat /data/b)", ["/data/b"], id="in an inner command"
        ),
        pytest.param("echo $(sed -n '/begin/p' /lab/list)", ["/lab/list"], id="in a substituted one"),
        pytest.param("cut -f1 /data/a.tsv > /scratch/b", ["/data/a.tsv", "/scratch/b"], id="cut has no pattern"),
        pytest.param("grep -f /data/names /data/all", ["/data/names", "/data/all"], id="patterns from a file"),
        pytest.param("grep -v -e '/tmp/' /data/all", ["/data/all"], id="a pattern behind options"),
        pytest.param("sed -i 's#/old/x#/new/y#' /data/conf", ["/data/conf"], id="a substitution"),
    ],
)
def test_a_pattern_is_no_path(text: str, paths: list[str]) -> None:
    _, items, _ = read_body(Script(path="a.sh", data=f"#!/bin/bash\n{text}\n".encode()))
    assert [item.name for item in items if item.kind is ItemKind.PATH] == paths
