"""The life of a manifest: missing, written, current, stale, edited, in conflict, orphaned, foreign."""

import json
from pathlib import Path
from typing import Any

import pytest

from .conftest import GOOD, Repository

MANIFEST = "jobs/train.sh.runai.yaml"


@pytest.fixture
def written(repository: Repository) -> Repository:
    repository.write("jobs/train.sh", GOOD)
    done = repository.run("write")
    assert done.returncode == 0, done.stdout + done.stderr
    return repository


def rules(repository: Repository, *words: str) -> tuple[int, list[str], list[str]]:
    done = repository.run("check", "--format", "json", *words)
    report: dict[str, Any] = json.loads(done.stdout)
    found = [f["rule"] for f in report["findings"] if f["rule"] not in ("question-open", "not-expressible")]
    return done.returncode, found, [v["state"] for v in report["verdicts"]]


def test_a_script_without_a_manifest_is_a_finding(repository: Repository) -> None:
    repository.write("jobs/train.sh", GOOD)
    assert rules(repository) == (1, ["manifest-missing"], ["missing"])
    assert rules(repository, "--allow-missing") == (0, [], ["missing"])


def test_written_is_current_and_stays_byte_for_byte(written: Repository) -> None:
    before = written.tree()
    assert rules(written) == (0, [], ["current"])
    assert written.run("write").returncode == 0
    assert written.tree() == before
    assert GOOD.splitlines()[-1] in written.read(MANIFEST)


def test_the_same_bytes_whatever_the_surroundings(written: Repository) -> None:
    before = written.tree()
    (written.root / MANIFEST).unlink()
    written.run("write", "--jobs", "2", TZ="Asia/Tokyo", LC_ALL="C", PYTHONHASHSEED="7")
    assert written.tree() == before


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        pytest.param(lambda r: r.write("jobs/train.sh", GOOD.replace("12:", "13:")), "manifest-stale", id="script"),
        pytest.param(
            lambda r: r.write("s2r-ci.toml", 'image = "registry.example.com/other:2"\n'),
            "settings-stale",
            id="settings",
        ),
        pytest.param(
            lambda r: r.write(MANIFEST, r.read(MANIFEST).replace("mapping:         1", "mapping:         0")),
            "mapping-stale",
            id="mapping",
        ),
    ],
)
def test_stale_manifests_say_why_and_are_renewed(written: Repository, change: Any, rule: str) -> None:
    change(written)
    code, found, states = rules(written)
    assert (code, found, states) == (1, [rule], ["stale"])
    assert written.run("write").returncode == 0
    assert rules(written) == (0, [], ["current"])


def test_the_command_that_people_copy_is_not_edited_in_silence(written: Repository) -> None:
    text = written.read(MANIFEST)
    line = next(line for line in text.splitlines() if line.startswith("#   submit:"))
    written.write(MANIFEST, text.replace(line, "#   submit:          kubectl apply -f another.yaml"))
    assert rules(written) == (1, ["submit-edited"], ["stale"])
    assert written.run("write").returncode == 0
    assert written.read(MANIFEST) == text


def test_a_new_tool_version_alone_makes_nothing_stale(written: Repository) -> None:
    text = written.read(MANIFEST)
    line = next(line for line in text.splitlines() if line.startswith("#   tool:"))
    written.write(MANIFEST, text.replace(line, line.rpartition(" ")[0] + " 99.0.0"))
    assert rules(written) == (0, [], ["current"])


def test_a_setting_that_changes_no_manifest_makes_nothing_stale(written: Repository) -> None:
    written.write("s2r-ci.toml", written.read("s2r-ci.toml") + 'fail-on = "warning"\n')
    assert rules(written)[2] == ["current"]


def edit(repository: Repository, old: str, new: str) -> None:
    text = repository.read(MANIFEST)
    assert old in text
    repository.write(MANIFEST, text.replace(old, new))


def test_a_hand_edit_that_keeps_every_promise_survives_write(written: Repository) -> None:
    edit(written, "apiVersion: batch/v1", "# reviewed by the platform team\napiVersion: batch/v1")
    before = written.tree()
    assert rules(written) == (0, ["manifest-edited"], ["edited"])
    assert written.run("write").returncode == 0
    assert written.tree() == before


def test_a_hand_edit_that_breaks_a_promise_fails_and_is_not_overwritten(written: Repository) -> None:
    edit(written, 'nvidia.com/gpu: "2"', 'nvidia.com/gpu: "1"')
    before = written.tree()
    code, found, states = rules(written)
    assert (code, states) == (1, ["edited"])
    assert "gpu-count-changed" in found
    assert written.run("write").returncode == 1
    assert written.tree() == before
    assert written.run("write", "--overwrite").returncode == 0
    assert rules(written) == (0, [], ["current"])


def test_an_edit_and_a_new_script_are_a_conflict(written: Repository) -> None:
    edit(written, "apiVersion: batch/v1", "# mine\napiVersion: batch/v1")
    written.write("jobs/train.sh", GOOD.replace("12:", "13:"))
    before = written.tree()
    assert rules(written) == (1, ["manifest-conflict"], ["conflict"])
    assert written.run("write").returncode == 1
    assert written.tree() == before
    assert written.run("write", "--overwrite").returncode == 0
    assert rules(written) == (0, [], ["current"])


def test_a_forged_digest_is_found_by_reverify(written: Repository) -> None:
    from hashlib import sha256

    head, _, rest = written.read(MANIFEST).partition("content sha256:")
    content = rest.split("\n", 1)[1].replace('nvidia.com/gpu: "2"', 'nvidia.com/gpu: "8"')
    digest = sha256(content.encode()).hexdigest()
    written.write(MANIFEST, f"{head}content sha256:  {digest}\n{content}")
    assert rules(written)[0] == 0  # the header is a memory, not a proof
    code, found, _ = rules(written, "--reverify")
    assert code == 1
    assert "gpu-count-changed" in found


def test_a_manifest_whose_script_is_gone(written: Repository) -> None:
    (written.root / "jobs/train.sh").unlink()
    assert rules(written) == (0, ["manifest-orphaned"], [])
    assert rules(written, "--fail-on", "warning")[0] == 1


def test_a_foreign_file_in_the_way_is_left_alone(repository: Repository) -> None:
    repository.write("jobs/train.sh", GOOD)
    repository.write(MANIFEST, "kind: Job\n")
    assert rules(repository) == (1, ["manifest-foreign"], ["foreign"])
    assert repository.run("write").returncode == 1
    assert repository.read(MANIFEST) == "kind: Job\n"
    assert repository.run("write", "--overwrite").returncode == 0
    assert rules(repository) == (0, [], ["current"])


def test_a_script_with_a_secret_gets_no_manifest(repository: Repository) -> None:
    secret = "-".join(["made", "up", "value", "0123456789"])
    repository.write("jobs/train.sh", GOOD + f"export WANDB_API_KEY={secret}\n")
    done = repository.run("write")
    assert done.returncode == 1
    assert "jobs/train.sh:10" in done.stdout
    assert "secret-in-script" in done.stdout
    assert secret not in done.stdout + done.stderr
    assert not (repository.root / MANIFEST).exists()


def test_an_ignored_false_alarm_is_written_with_its_reason(repository: Repository) -> None:
    line = "export WANDB_API_KEY=" + "-".join(["made", "up", "value", "0123456789"])
    repository.write("jobs/train.sh", f"{GOOD}{line}  # s2r: ignore[secret-in-script] a dummy for the tests\n")
    done = repository.run("write")
    assert done.returncode == 0, done.stdout
    assert rules(repository) == (0, ["secret-in-manifest", "secret-in-script"], ["current"])


def test_diff_shows_and_writes_nothing(repository: Repository) -> None:
    repository.write("jobs/train.sh", GOOD)
    before = repository.tree()
    done = repository.run("write", "--diff")
    assert done.returncode == 0
    assert done.stdout.startswith("--- /dev/null\n+++ b/jobs/train.sh.runai.yaml\n")
    assert "+apiVersion: batch/v1" in done.stdout
    assert repository.tree() == before


def test_a_pattern_puts_manifests_elsewhere(repository: Repository) -> None:
    repository.write("jobs/train.sh", GOOD)
    assert repository.run("write", "--manifest-pattern", "runai/{path}.yaml").returncode == 0
    assert (repository.root / "runai/jobs/train.sh.yaml").is_file()


def test_a_read_only_folder_is_incomplete_and_loses_nothing(written: Repository, tmp_path: Path) -> None:
    import os

    if os.geteuid() == 0:
        (written.root / "jobs/new.sh").write_text(GOOD)
        (written.root / "jobs/new.sh.runai.yaml").mkdir()  # root may write anywhere, but not over a folder
    else:
        (written.root / "jobs/new.sh").write_text(GOOD)
        (written.root / "jobs").chmod(0o555)
    done = written.run("write")
    (written.root / "jobs").chmod(0o755)
    assert done.returncode == 3, done.stdout
    assert rules(written)[2][-1] == "current"


def test_the_submit_command_and_every_resource_point_back(written: Repository) -> None:
    text = written.read(MANIFEST)
    assert "runai workload submit --file jobs/train.sh.runai.yaml -p team-a" in text
    for line, what in ((4, "--cpus-per-task=8"), (5, "--gres=gpu:2"), (6, "--mem=32G"), (7, "--time=12:00:00")):
        assert f"# line {line}: {what}" in text or f", line {line}: {what}" in text, what
