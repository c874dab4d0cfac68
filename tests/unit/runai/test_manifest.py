"""The manifest as a whole: image, order of keys, the same bytes for the same request."""

import json
from typing import Any

import pytest

from s2r_ci.model import ItemKind, Site, Target
from s2r_ci.runai.distribution import plan
from s2r_ci.runai.manifest import PLACEHOLDER, container_image, image, write
from tests.jobs import item, job, request, step

REFERENCES = [
    pytest.param("docker://team/annotate:2.1", "team/annotate:2.1", id="docker"),
    pytest.param("team/trainer:24.05", "team/trainer:24.05", id="pyxis"),
    pytest.param("host.invalid#team/trainer:1", "host.invalid/team/trainer:1", id="pyxis-host"),
    pytest.param('"team/x"', "team/x", id="quoted"),
    pytest.param("images/segment.sif", "", id="file"),
    pytest.param("/shared/x.sqsh", "", id="absolute"),
    pytest.param("./x", "", id="folder"),
    pytest.param("$CONT", "", id="variable"),
    pytest.param("oras://team/x", "", id="other-scheme"),
    pytest.param("", "", id="none"),
]


@pytest.mark.parametrize(("text", "reference"), REFERENCES)
def test_only_what_a_cluster_can_pull_is_an_image(text: str, reference: str) -> None:
    assert container_image(text) == reference


SITE = Site(modules={"gromacs": "team/gromacs:1"})
MODULE = item(ItemKind.MODULE, "module", "gcc gromacs/2024")
CONTAINER = item(ItemKind.CONTAINER, "apptainer", "docker://team/in-body:1")
IMAGES: list[Any] = [
    pytest.param(Target(image="team/set:1", site=SITE), {}, (CONTAINER, MODULE), "team/set:1", id="settings"),
    pytest.param(Target(site=SITE), {"container-image": "team/d:1"}, (CONTAINER,), "team/d:1", id="directive"),
    pytest.param(Target(site=SITE), {}, (MODULE, CONTAINER), "team/in-body:1", id="script"),
    pytest.param(Target(site=SITE), {}, (MODULE,), "team/gromacs:1", id="module"),
    pytest.param(Target(), {}, (MODULE,), PLACEHOLDER, id="nothing"),
]


@pytest.mark.parametrize(("target", "options", "items", "wanted"), IMAGES)
def test_the_image_comes_from_the_nearest_source(
    target: Target, options: dict[str, str], items: Any, wanted: str
) -> None:
    assert image(request(job(options=options, items=items), target=target))[0] == wanted


def test_the_same_request_gives_the_same_bytes() -> None:
    made = job(array=(1, 2), gpus_per_node=1, steps=(step("srun", "x"),), environment={"B": "1", "A": "2"})
    texts = {json.dumps(write(plan(request(made))).body) for _ in range(3)}
    assert len(texts) == 1


def test_keys_stand_in_the_order_in_which_people_read_them() -> None:
    body = write(plan(request(job()))).body
    pod = body["spec"]["template"]["spec"]
    assert list(body) == ["apiVersion", "kind", "metadata", "spec"]
    assert list(pod) == ["schedulerName", "restartPolicy", "activeDeadlineSeconds", "containers"]
    assert list(pod["containers"][0]) == ["name", "image", "workingDir", "command", "args", "resources"]


def test_a_namespace_stands_only_where_it_is_known() -> None:
    assert write(plan(request(job(), target=Target(namespace="lab")))).body["metadata"]["namespace"] == "lab"
    assert "namespace" not in write(plan(request(job()))).body["metadata"]


def test_a_held_job_is_suspended_and_no_limit_is_no_deadline() -> None:
    spec = write(plan(request(job(hold=True, time_limit_s=0)))).body["spec"]
    assert spec["suspend"] is True
    assert "activeDeadlineSeconds" not in spec["template"]["spec"]
