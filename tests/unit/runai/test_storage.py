"""Volumes by the site map, and shared memory."""

import pytest

from s2r_ci.model import ItemKind, Site, Target, Volume
from s2r_ci.runai.manifest import working_directory
from s2r_ci.runai.storage import is_local, prefix_of, top_folder, volumes
from tests.jobs import item, job, request

SITE = Site(
    volumes={
        "/scratch": Volume(claim="scratch"),
        "/scratch/lab": Volume(claim="lab", mount_path="/lab", sub_path="a", read_only=True),
        "/home": Volume(claim="scratch", sub_path="home"),
    }
)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/scratch/lab/x", "/scratch/lab"),
        ("/scratch/labour", "/scratch"),
        ("/scratch", "/scratch"),
        ("/scratched", None),
    ],
)
def test_the_longest_prefix_wins_and_ends_at_a_slash(path: str, found: str | None) -> None:
    assert prefix_of(path, SITE.volumes) == found


def test_only_the_volumes_that_a_script_needs_are_mounted_and_a_claim_is_named_once() -> None:
    items = tuple(
        item(ItemKind.PATH, path) for path in ("/scratch/lab/x", "/scratch/y", "/home/me/z", "/etc/hosts")
    )
    sources, mounts = volumes(request(job(items=items), target=Target(site=SITE)))
    assert [source["persistentVolumeClaim"]["claimName"] for source in sources] == ["scratch", "lab"]
    assert mounts == [
        {"name": "volume-1", "mountPath": "/home", "subPath": "home"},
        {"name": "volume-1", "mountPath": "/scratch"},
        {"name": "volume-2", "mountPath": "/lab", "subPath": "a", "readOnly": True},
    ]


def test_a_script_without_paths_gets_none() -> None:
    assert volumes(request(job(), target=Target(site=SITE))) == ([], [])


def test_gpu_jobs_get_shared_memory() -> None:
    sources, mounts = volumes(request(job(gpus_per_node=1), target=Target()))
    assert sources == [{"name": "dshm", "emptyDir": {"medium": "Memory"}}]
    assert mounts == [{"name": "dshm", "mountPath": "/dev/shm"}]


FOLDERS = [
    pytest.param("", "", "", id="unknown"),
    pytest.param("", "/vols/lab", "/vols/lab", id="settings"),
    pytest.param("sub/x", "/vols/lab", "/vols/lab/sub/x", id="relative"),
    pytest.param(".", "/vols/lab", "/vols/lab", id="dot"),
    pytest.param("../other", "/vols/lab", "/vols/other", id="up"),
    pytest.param("sub", "", "", id="relative-to-nothing-known"),
    pytest.param("/data/run", "/vols/lab", "/data/run", id="absolute"),
    pytest.param("/scratch/lab/run", "", "/lab/run", id="on-a-volume-mounted-elsewhere"),
]


@pytest.mark.parametrize(("chdir", "settings", "wanted"), FOLDERS)
def test_the_working_directory(chdir: str, settings: str, wanted: str) -> None:
    made = job(options={"chdir": chdir} if chdir else {})
    assert working_directory(request(made, target=Target(working_directory=settings, site=SITE))) == wanted


def test_paths_of_the_image_are_local_and_others_are_not() -> None:
    assert [is_local(path) for path in ("/tmp/x", "/usr/bin/python3", "/opt", "/data/x", "/tmpx/y")] == [
        True,
        True,
        True,
        False,
        False,
    ]


def test_paths_are_asked_for_by_their_first_two_components() -> None:
    assert [top_folder(path) for path in ("/a/b/c/d", "/a", "/data/x.csv")] == ["/a/b", "/a", "/data"]


def test_homes_and_scratch_of_a_site_are_not_of_the_image_wherever_they_lie() -> None:
    paths = ("/usr/users/ann/x", "/usr/workspace/ann", "/usr/WS1/lab", "/var/scratch/ann", "/usr/people")
    assert not any(map(is_local, paths))
    assert all(map(is_local, ("/usr/userspace/x", "/var/tmp/x", "/usr/local/scratch")))


def test_a_folder_that_is_known_when_the_job_runs_is_in_the_one_above() -> None:
    paths = ("/a/$USER/c", "/a/${USER}", "/a/b/$X", "/a/u$USER/c", "/a/*/c", "/a/run?", "/a/%u/x", "/$A/b")
    assert [top_folder(path) for path in paths] == ["/a", "/a", "/a/b", "/a", "/a", "/a", "/a", "/$A/b"]


@pytest.mark.parametrize("option", ["output", "error", "input"])
def test_a_volume_that_only_a_stream_names_is_mounted(option: str) -> None:
    made = request(job(options={option: "/home/logs/x-%j.log"}), target=Target(image="a", site=SITE))
    _, mounts = volumes(made)
    assert [mount["mountPath"] for mount in mounts] == ["/home"]
