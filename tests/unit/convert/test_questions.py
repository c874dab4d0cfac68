"""Questions: asked where rules cannot know, silent where they can."""

from typing import Any

import pytest

from s2r_ci.convert.questions import questions
from s2r_ci.convert.rules import RulesConverter
from s2r_ci.model import ConversionRequest, Item, ItemKind, Script, Service, Site, Target, Volume
from s2r_ci.runai.distribution import plan
from s2r_ci.slurm.job import read_script
from tests.jobs import ANSWERED, item, job, request, step

SHARED = Site(volumes={"/vols/lab": Volume(claim="lab")})
SITE = Site(
    partitions={"gpu": ("a",)},
    qos={"normal": Service()},
    features={"ib": {"net": "ib"}},
    gpus={"a100": {"x": "y"}},
    gres={"nvme": "example.com/nvme"},
    volumes={"/data": Volume(claim="data")},
)


def asked(
    text: str = "#!/bin/bash\n", target: Target = ANSWERED, site: Site | None = None, **made: Any
) -> list[str]:
    return list(questions(plan(request(job(**made), text, target, site))))


def argument(name: str, value: str = "") -> tuple[Item, ...]:
    return (item(ItemKind.ARGUMENT, name, value),)


def path(name: str) -> tuple[Item, ...]:
    return (item(ItemKind.PATH, name),)


FIRES: list[Any] = [
    pytest.param({"target": Target(memory_mib=1)}, "image", id="no-image"),
    pytest.param({"target": Target(image="a")}, "memory", id="no-memory"),
    pytest.param({"target": Target(image="a"), "memory_per_node_mib": 0}, "memory", id="all-memory"),
    pytest.param({"uses_gpu": True}, "gpus", id="gpus-not-asked"),
    pytest.param({"exclusive": True}, "whole-node", id="whole-node"),
    pytest.param({"exclusive": True, "gpus_per_node": 8}, "whole-node", id="whole node with its GPUs"),
    pytest.param({"exclusive": True, "tasks_per_node": 8, "tasks": 8}, "whole-node", id="overcommitted"),
    pytest.param({"items": argument("$1")}, "arguments", id="argument"),
    pytest.param({"items": argument("RESULTS")}, "variable.RESULTS", id="variable"),
    pytest.param({"export": "ALL,RUN"}, "variable.RUN", id="exported-name"),
    pytest.param({"options": {"partition": "gpu,x"}, "site": SITE}, "partition.x", id="partition"),
    pytest.param({"options": {"qos": "long"}, "site": SITE}, "qos.long", id="qos"),
    pytest.param({"options": {"constraint": "ib&v100"}, "site": SITE}, "constraint.v100", id="constraint"),
    pytest.param({"gpus_per_node": 1, "gpu_model": "h100", "site": SITE}, "gpu-model.h100", id="gpu-model"),
    pytest.param({"gpus_per_node": 4, "gpu_model": "a100,v100", "site": SITE}, "gpu-model.a100,v100", id="models"),
    pytest.param({"other_gres": {"fpga": 1}, "site": SITE}, "gres.fpga", id="gres"),
    pytest.param({"items": path("/scratch/lab/a/b"), "site": SITE}, "volume./scratch/lab", id="path"),
    pytest.param({"options": {"chdir": "/scratch/lab"}, "site": SITE}, "volume./scratch/lab", id="chdir"),
    pytest.param({"target": Target(image="a", memory_mib=1), "text": "#!/bin/bash\npython a.py\n"},
                 "working-directory", id="relative-file"),
    pytest.param({"target": Target(image="a", memory_mib=1), "text": "#!/bin/bash\ncd $SLURM_SUBMIT_DIR\n"},
                 "working-directory", id="submit-dir"),
    pytest.param({"target": Target(image="a", memory_mib=1, body_delivery="mounted")},
                 "working-directory", id="mounted"),
    pytest.param({"nodes": 2, "steps": (step("srun", "bash", "x"),)}, "volume./vols/lab", id="folder of all pods"),
    pytest.param({"nodes": 2, "steps": (step("srun", "bash"),), "target": Target(image="a", memory_mib=1)},
                 "working-directory", id="no folder at all"),
    pytest.param({"nodes": 2, "site": SHARED}, "steps", id="nothing on the other nodes"),
    pytest.param({"gpus_per_node": 16}, "nodes", id="more GPUs than a node has"),
    pytest.param({"tasks": 100, "tasks_per_node": 100, "cpus_per_node": 100}, "nodes", id="more CPUs than one has"),
]  # fmt: skip

SILENT: list[Any] = [
    pytest.param({}, id="plain"),
    pytest.param({"uses_gpu": True, "gpus_per_node": 1}, id="gpus-asked"),
    pytest.param({"target": Target(image="a", memory_mib=1, gpus=0), "uses_gpu": True}, id="answered-that-none"),
    pytest.param({"exclusive": True, "cpus_per_node": 8}, id="exclusive-with-cpus"),
    pytest.param({"exclusive": True, "options": {"cpus-per-task": "1"}}, id="exclusive-and-one-cpu-is-said"),
    pytest.param({"items": argument("$3", "42")}, id="argument-with-default"),
    pytest.param({"items": argument("$@")}, id="all-arguments"),
    pytest.param({"items": argument("$1"), "target": Target(image="a", memory_mib=1, arguments=("x",))}, id="answered"),
    pytest.param({"items": argument("HOME")}, id="home"),
    pytest.param({"items": argument("LR"), "environment": {"LR": "1"}}, id="exported-value"),
    pytest.param({"export": "NONE"}, id="export-none"),
    pytest.param({"options": {"partition": "gpu", "qos": "normal", "constraint": "ib"}, "site": SITE},
                 id="known-names"),
    pytest.param({"gpus_per_node": 1, "gpu_model": "a100", "site": SITE}, id="known-model"),
    pytest.param({"other_gres": {"nvme": 1}, "site": SITE}, id="known-gres"),
    pytest.param({"items": path("/data/x/y"), "site": SITE}, id="path-on-a-volume"),
    pytest.param({"items": path("/usr/bin/python3"), "site": SITE}, id="path-of-the-image"),
    pytest.param({"options": {"account": "p1", "reservation": "r"}}, id="account"),
    pytest.param({"target": Target(image="a", memory_mib=1), "text": "#!/bin/bash\n# see run.py\nhostname\n"},
                 id="comment"),
    pytest.param({"nodes": 2, "steps": (step("torchrun", "x", within="srun"),), "site": SHARED}, id="all-in-steps"),
]  # fmt: skip


@pytest.mark.parametrize(("case", "key"), FIRES)
def test_a_question_is_asked(case: dict[str, Any], key: str) -> None:
    assert asked(**case) == [key]


@pytest.mark.parametrize("case", SILENT)
def test_no_question_is_asked(case: dict[str, Any]) -> None:
    assert asked(**case) == []


def test_paths_of_one_folder_are_one_question() -> None:
    items = path("/scratch/lab/a") + path("/scratch/lab/b") + path("/scratch/other")
    assert asked(items=items) == ["volume./scratch/lab", "volume./scratch/other"]


def test_an_answer_can_be_typed() -> None:
    found = questions(plan(request(job(options={"partition": "gpu.long"}), target=Target())))
    assert found["image"].answer == 'image = "NAME:TAG"'
    assert found["partition.gpu.long"].answer == 'site.partitions."gpu.long" = ["POOL"]'


@pytest.mark.parametrize(
    ("target", "image"),
    [
        pytest.param(
            Target(default_image="site:1"), "ghcr.io/af/alphafold:2.3.2", id="the script's own, not the default"
        ),
        pytest.param(Target(image="answer:1", default_image="site:1"), "answer:1", id="an answer for the script"),
        pytest.param(Target(), "ghcr.io/af/alphafold:2.3.2", id="no settings"),
    ],
)
def test_an_image_that_the_script_names_gives_way_to_an_answer_only(target: Target, image: str) -> None:
    script = Script(
        path="a.sh", data=b"#!/bin/bash\napptainer exec docker://ghcr.io/af/alphafold:2.3.2 python r.py\n"
    )
    (spec,) = read_script(script).jobs
    made = RulesConverter().convert(ConversionRequest(script=script, job=spec, target=target))
    body = made.manifest.body
    assert body["spec"]["template"]["spec"]["containers"][0]["image"] == image
