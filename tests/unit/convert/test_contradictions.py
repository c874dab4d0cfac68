"""What a script says twice and a pod can have once is asked, and no item of it counts as exact meanwhile."""

from dataclasses import replace

import pytest

from s2r_ci.convert.rules import RulesConverter
from s2r_ci.model import ConversionRequest, ConversionResult, Disposition, Script, Site, Target
from s2r_ci.slurm.job import read_script

KNOWN = Target(memory_mib=1024, working_directory="/w", site=Site(modules={"cuda": "team/cuda:1", "R": "team/r:4"}))
CUDA = "module load cuda\npython a.py"
TF = "srun --container-image=nvcr.io/nvidia/tf:1.2 python a.py"


def converted(header: str, body: str, target: Target = KNOWN) -> ConversionResult:
    script = Script(path="x.sh", data=f"#!/bin/bash\n#SBATCH {header}\n{body}\n".encode())
    (job,) = read_script(script).jobs
    return RulesConverter().convert(ConversionRequest(script=script, job=job, target=target))


@pytest.mark.parametrize(
    ("header", "body", "key", "items"),
    [
        pytest.param("-n 1", f"{TF}\nsingularity exec docker://ubuntu:22.04 ./b", "images", 2, id="two references"),
        pytest.param("-n 1", f"{TF}\napptainer exec b.sif ./b", "images", 2, id="a reference and a file"),
        pytest.param("--container-image=team/a:1", TF, "images", 2, id="directive and step"),
        pytest.param("-n 1", f"{CUDA}\nmodule load R/4.3\nRscript b.R", "images", 2, id="modules of two images"),
        pytest.param("--gpus-per-node=4 --gres=gpu:2", "./a", "gpus-per-node", 2, id="GPUs"),
        pytest.param("--gpus-per-node=a100:4 --gres=gpu:a100:2", "./a", "gpus-per-node", 2, id="GPUs of a model"),
        pytest.param("--gpus-per-node=4 --gres=gpu", "./a", "gpus-per-node", 2, id="one GPU without its number"),
    ],
)
def test_what_contradicts_is_asked(header: str, body: str, key: str, items: int) -> None:
    made = converted(header, body)
    (question,) = (question for question in made.questions if question.key == key)
    waiting = [entry for entry in made.ledger if entry.reason == question.text]
    assert [entry.disposition for entry in waiting] == [Disposition.NEEDS_ANSWER] * items
    accepted = converted(header, body, replace(KNOWN, accepted=(key,)))
    assert key not in {question.key for question in accepted.questions}


@pytest.mark.parametrize(
    ("header", "body", "target"),
    [
        pytest.param(
            "-n 1", f"{TF}\napptainer exec docker://nvcr.io/nvidia/tf:1.2 ./b", KNOWN, id="one image, twice"
        ),
        pytest.param(
            "-n 1", f"{TF}\nsingularity exec b.sif ./b", replace(KNOWN, image="team/all:1"), id="answered"
        ),
        pytest.param("-n 1", "apptainer exec a.sif ./a\napptainer exec b.sif ./b", KNOWN, id="no image known yet"),
        pytest.param("-n 1", f"{CUDA}\nmodule load cuda/12 gcc", KNOWN, id="modules of one image"),
        pytest.param("-n 1", f"{CUDA}\n{TF}", KNOWN, id="a module around a container"),
        pytest.param("--gpus-per-node=2 --gres=gpu:2", "./a", KNOWN, id="the same number of GPUs"),
        pytest.param("--gpus-per-node=2 --gres=nvme:1", "./a", KNOWN, id="another resource"),
    ],
)
def test_what_agrees_is_not_asked(header: str, body: str, target: Target) -> None:
    assert not {question.key for question in converted(header, body, target).questions} & {
        "images",
        "gpus-per-node",
    }


@pytest.mark.parametrize("name", ["USER", "LOGNAME"])
def test_the_user_of_the_old_cluster_is_asked_for(name: str) -> None:
    """A container sets neither, so that the script would write elsewhere, or end under ``set -u``."""
    body = f"set -u\ncd /w/${name}/run"
    made = converted("-n 1", body)
    (question,) = (question for question in made.questions if question.key == f"variable.{name}")
    assert f'variables = {{ {name} = "..." }}' in question.answer
    (entry,) = (entry for entry in made.ledger if entry.item.name == name)
    assert entry.disposition is Disposition.NEEDS_ANSWER
    answered = converted("-n 1", body, replace(KNOWN, variables={name: "kim"}))
    assert f"variable.{name}" not in {question.key for question in answered.questions}
    own = converted("-n 1", f"{name}=kim\n{body}")
    assert f"variable.{name}" not in {question.key for question in own.questions}
