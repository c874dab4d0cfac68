"""volume-changed fires and stays silent."""

from typing import Any

import pytest

from s2r_ci.model import Item, ItemKind, Location, Volume
from s2r_ci.verify.volume_changed import check
from tests.verify.good import GONE, PATH, SHAPES, breaches

POD = "spec.template.spec"
MOUNTS = f"{POD}.containers.0.volumeMounts"
VOLUMES = f"{POD}.volumes"
DATA = Volume(claim="data")


def used(*paths: str) -> dict[str, Any]:
    items = tuple(
        Item(kind=ItemKind.PATH, name=path, value="", location=Location(path=PATH, line=5)) for path in paths
    )
    return {"inventory": items}


@pytest.mark.parametrize("shape", SHAPES)
def test_silent_on_every_good_shape(shape: str) -> None:
    assert breaches(check, shape) == []


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        pytest.param({f"{VOLUMES}.0.name": "lab", f"{MOUNTS}.0.name": "lab"}, {}, id="another name"),
        pytest.param({f"{MOUNTS}.0.readOnly": False}, {}, id="said to be writable"),
        pytest.param({}, {"job": used("/data/lab/x.csv", "/data")}, id="named by the script"),
        pytest.param({}, {"job": used("/database/x")}, id="a folder whose name begins alike"),
        pytest.param(
            {f"{MOUNTS}.0.mountPath": "/mnt", f"{MOUNTS}.0.subPath": "a", f"{MOUNTS}.0.readOnly": True},
            {"site": {"volumes": {"/data": Volume(claim="data", mount_path="/mnt", sub_path="a", read_only=True)}}},
            id="moved, a part of the claim, read-only",
        ),
        pytest.param(
            {f"{MOUNTS}.1": GONE, f"{VOLUMES}.1": GONE},
            {"resources": {"gpus_per_node": 0}},
            id="no GPUs, no memory",
        ),
        pytest.param(
            {f"{MOUNTS}.0": GONE, f"{VOLUMES}.0": GONE}, {"site": {"volumes": {}}}, id="the site map knows none"
        ),
    ],
)
def test_silent_when_kept(changes: dict[str, Any], says: dict[str, Any]) -> None:
    assert breaches(check, "job", changes, **says) == []


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        pytest.param({f"{MOUNTS}.0": GONE}, {}, id="not mounted"),
        pytest.param({f"{VOLUMES}.0": GONE}, {}, id="no volume behind the mount"),
        *(
            pytest.param(
                {f"{MOUNTS}.0": GONE}, {"job": {"inventory": (), "options": {name: "/data/logs/x"}}}, id=f"--{name}"
            )
            for name in ("output", "error", "input")
        ),
        pytest.param({f"{MOUNTS}.0.mountPath": "/Data"}, {}, id="elsewhere"),
        pytest.param({f"{MOUNTS}.0.name": "dshm"}, {}, id="the neighbour's volume"),
        pytest.param({f"{MOUNTS}.0.readOnly": True}, {}, id="read-only"),
        pytest.param({f"{MOUNTS}.0.subPath": "old"}, {}, id="another part"),
        pytest.param({f"{MOUNTS}.0.subPathExpr": "$(X)"}, {}, id="a part that a variable names"),
        pytest.param({f"{VOLUMES}.0.persistentVolumeClaim.claimName": "scratch"}, {}, id="another claim"),
        pytest.param({f"{VOLUMES}.0.persistentVolumeClaim.readOnly": True}, {}, id="a read-only claim"),
        pytest.param({f"{VOLUMES}.0": {"name": "data", "emptyDir": {}}}, {}, id="an empty folder"),
        pytest.param({f"{MOUNTS}.1": GONE}, {}, id="no shared memory"),
        pytest.param({f"{VOLUMES}.1.emptyDir.medium": GONE}, {}, id="shared memory on disk"),
        pytest.param({f"{VOLUMES}.1.emptyDir.sizeLimit": "64Mi"}, {}, id="little shared memory"),
        pytest.param({f"{MOUNTS}.2": {"name": "data", "mountPath": "/other"}}, {}, id="mounted twice"),
        pytest.param({f"{MOUNTS}.2": {"name": "data", "mountPath": "/data"}}, {}, id="twice in one place"),
        pytest.param({}, {"resources": {"gpus_per_node": 0}}, id="memory for a job without GPUs"),
        pytest.param(
            {},
            {"job": used("/data/x/y"), "site": {"volumes": {"/data": DATA, "/data/x": Volume(claim="x")}}},
            id="the longest folder is missing",
        ),
        pytest.param({}, {"target": {"working_directory": "/elsewhere"}}, id="a volume nobody needs"),
    ],
)  # fmt: skip
def test_fires_when_broken(changes: dict[str, Any], says: dict[str, Any]) -> None:
    found = breaches(check, "job", changes, **says)
    assert found
    assert {breach.subject for breach in found} == {"volumes"}
