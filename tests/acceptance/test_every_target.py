"""One script, written for every target by the command, and what the command makes of it afterwards."""

import json
import subprocess
import sys

import pytest

from s2r_ci.runai.targets import TARGETS

from .conftest import GOOD, Repository, clean

API = 'project-id = "45"\ncluster-id = "71f69d83-ba66-4822-adf5-55ce55efd210"\n'


@pytest.fixture
def place(repository: Repository) -> Repository:
    repository.write("s2r-ci.toml", repository.read("s2r-ci.toml") + API)
    repository.write("train.sh", GOOD)
    return repository


@pytest.mark.parametrize("target", TARGETS)
def test_a_target_is_written_is_current_and_is_valid(place: Repository, target: str) -> None:
    path = "train.sh.runai.sh" if target == "cli" else "train.sh.runai.yaml"
    done = place.run("write", "--target", target)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"#   target:          {target}\n" in place.read(path)
    before = place.tree()
    assert place.run("check", "--target", target).returncode == 0
    assert place.run("check", "--target", target, "--reverify").returncode == 0
    assert place.run("validate", "--target", target, path).returncode == 0
    assert place.run("write", "--target", target).returncode == 0
    assert place.tree() == before


@pytest.mark.parametrize("target", [name for name in TARGETS if name != "cli"])
def test_another_target_makes_the_manifest_stale(place: Repository, target: str) -> None:
    place.run("write", "--target", target)
    other = "kai" if target == "kubernetes" else "kubernetes"
    done = place.run("check", "--target", other)
    assert (done.returncode, "settings-stale" in done.stdout) == (1, True)


def test_the_manifest_of_another_target_is_no_valid_one(place: Repository) -> None:
    place.run("write", "--target", "rest")
    done = place.run("validate", "--target", "v2alpha1", "train.sh.runai.yaml")
    assert done.returncode == 1
    assert "the kinds of target v2alpha1 are TrainingWorkload" in done.stdout


@pytest.mark.parametrize("verb", ["check", "write", "validate"])
def test_a_target_that_the_release_lacks_ends_the_run_before_any_work(place: Repository, verb: str) -> None:
    done = place.run(verb, "--target", "v2alpha1", "--runai-release", "3.0", "train.sh")
    assert done.returncode == 2
    assert "does not exist in Run:ai 3.0" in done.stderr
    assert not (place.root / "train.sh.runai.yaml").exists()


def test_the_legacy_target_warns(place: Repository) -> None:
    done = place.run("write", "--target", "v2alpha1")
    assert "warning[target-legacy]" in done.stdout


def single(place: Repository, *words: str) -> "subprocess.CompletedProcess[str]":
    code = "from s2r_ci.cli.single import command; command()"
    return subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=place.root,
        env=clean(),
        capture_output=True,
        text=True,
        check=False,
    )


def test_raw_prints_the_body_that_the_api_takes_from_script_and_manifest_alike(place: Repository) -> None:
    place.run("write", "--target", "rest")
    from_script = single(place, "--raw", "--target", "rest", "train.sh")
    from_manifest = single(place, "--raw", "train.sh.runai.yaml")
    assert json.loads(from_script.stdout) == json.loads(from_manifest.stdout)
    body = json.loads(from_script.stdout)
    assert (body["projectId"], body["spec"]["compute"]["gpuDevicesRequest"]) == ("45", 2)
    assert body["spec"]["args"].endswith(f"train.sh '{GOOD}'")


def test_raw_prints_a_script_without_its_header(place: Repository) -> None:
    done = single(place, "--raw", "--target", "cli", "train.sh")
    assert done.stdout.startswith("set -eu\nrunai training standard submit train")
