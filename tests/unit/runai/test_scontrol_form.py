"""Which scontrol a prelude holds: the short one only where every call asks for the job's own nodes."""

import pytest

from s2r_ci.convert.rules import RulesConverter
from s2r_ci.model import ConversionRequest, Script, Target
from s2r_ci.runai.parts import split
from s2r_ci.slurm.job import read_script
from s2r_ci.verify import verify

SHORT = (
    "scontrol show hostnames",
    "h=$(scontrol show hostnames $SLURM_JOB_NODELIST | head -n 1)",
    'h=$(scontrol show hostname "$SLURM_NODELIST")',
    'h=`scontrol show hostnames "${SLURM_JOB_NODELIST}"`',
    "scontrol show hostnames ${SLURM_JOB_NODELIST}; scontrol show hostnames",
)
WHOLE = (
    'scontrol show hostnames "a[1-3],b07"',
    "scontrol show hostnames $SLURM_JOB_NODELIST\nscontrol show job $SLURM_JOB_ID",
    "scontrol show hostnames $SLURM_JOB_NODELIST,other",
    "scontrol show hostnames $SLURM_JOB_NODELIST_HET_GROUP_0",
    "SLURM_JOB_NODELIST='n[1-2]'; scontrol show hostnames $SLURM_JOB_NODELIST",
    "scontrol show hostnames $LIST",
    "s=scontrol; $s show job; scontrol show hostnames",
)


def _form(body: str) -> str:
    script = Script(path="j.sh", data=f"#!/bin/bash\n#SBATCH -N 2\n#SBATCH --mem=1G\n{body}\nsrun true\n".encode())
    (job,) = read_script(script).jobs
    request = ConversionRequest(script=script, job=job, target=Target(image="a/b:1", working_directory="/w"))
    manifest = RulesConverter().convert(request).manifest
    assert [f.rule.id for f in verify(request, manifest, "j.yaml") if f.rule.id == "prelude-changed"] == []
    master = manifest.body["spec"]["pytorchReplicaSpecs"]["Master"]["template"]["spec"]["containers"][0]
    parts, _ = split(master["args"][0].replace("$$$$", "$$"))
    (name,) = (part.name for part in parts if part.name.startswith("shim scontrol"))
    return str(name)


@pytest.mark.parametrize("body", SHORT)
def test_the_short_form_where_only_own_nodes_are_asked_for(body: str) -> None:
    assert _form(body) == "shim scontrol hostnames"


@pytest.mark.parametrize("body", WHOLE)
def test_the_whole_form_everywhere_else(body: str) -> None:
    assert _form(body) == "shim scontrol"
