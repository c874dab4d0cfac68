"""The hooks as functions: which words they take, what they leave alone, and what they never do."""

from pathlib import Path

import pytest
import yaml

from s2r_hooks import check, lint, lint_fix, validate, write
from s2r_hooks.words import given_to, names_of

from .conftest import GOOD, HOOKS, ROOT, SETTINGS, git

LISTED = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
BROKEN = GOOD.replace("--mem=32G", "--mem 32 G")
WRITING = {"s2r-write", "s2r-lint-fix"}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    git(tmp_path, "init", "-q")
    (tmp_path / "s2r-ci.toml").write_text(SETTINGS)
    (tmp_path / "train.sh").write_text(GOOD)
    (tmp_path / "notes.md").write_text("Start it with `#SBATCH --gres=gpu:1` in mind.\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("words", "options", "names"),
    [
        pytest.param([], [], [], id="nothing"),
        pytest.param(["--", "a.sh", "b.sh"], [], ["a.sh", "b.sh"], id="names"),
        pytest.param(["--fail-on=note", "--", "a.sh"], ["--fail-on=note"], ["a.sh"], id="an option"),
        pytest.param(
            ["--", "-x.sh", "--", "--fix"], [], ["-x.sh", "--", "--fix"], id="names that look like options"
        ),
        pytest.param(["--fail-on=note", "a.sh"], ["--fail-on=note"], ["a.sh"], id="without the dashes"),
    ],
)
def test_words_are_options_and_names(words: list[str], options: list[str], names: list[str]) -> None:
    assert names_of(words) == (options, names)


def test_no_hook_asks_a_service_unless_told() -> None:
    for options in ([], ["--fail-on=note"], ["--converter=rules"]):
        assert given_to("write", options, ["a.sh"])["api-endpoint"] == ""
    told = given_to("write", ["--converter=service"], ["a.sh"])
    assert told["converter"] == "service"
    assert "api-endpoint" not in told


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        pytest.param("", "2 questions are open: s2r-scan audit lists them", id="none"),
        pytest.param('working-directory = "/workspace"\n', "1 question is open: s2r-scan audit", id="one"),
        pytest.param(SETTINGS, "", id="all"),
    ],
)
def test_the_writing_hook_says_where_questions_are_answered(
    here: Path, capsys: pytest.CaptureFixture[str], answers: str, said: str
) -> None:
    (here / "s2r-ci.toml").write_text(answers)
    assert write.main(["--", "train.sh"]) == 1
    told = capsys.readouterr().err
    assert said in told
    assert ("open: s2r-scan audit" in told) == bool(said)


def test_an_endpoint_and_a_secret_of_the_developer_are_not_used(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("S2R_API_ENDPOINT", "https://service.invalid")
    monkeypatch.setenv("S2R_SHARED_SECRET", "a-made-up-secret-of-a-test-0123456789")
    assert write.main(["--", "train.sh"]) == 1
    assert check.main(["--", "train.sh"]) == 0


@pytest.mark.parametrize("hook", [check, lint, lint_fix, validate, write])
def test_no_names_is_nothing_to_do(hook: object, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert hook.main(["--"]) == 0  # type: ignore[attr-defined]
    assert capsys.readouterr() == ("", "")
    assert not (here / "train.sh.runai.yaml").exists()


def test_write_says_what_it_wrote_and_fails_then_is_silent(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert write.main(["--", "train.sh", "notes.md"]) == 1
    assert "wrote train.sh.runai.yaml: look at it, then git add it" in capsys.readouterr().err
    assert (here / "train.sh.runai.yaml").is_file()
    assert write.main(["--", "train.sh", "notes.md", "train.sh.runai.yaml"]) == 0


def test_check_knows_a_missing_a_current_and_an_edited_manifest(here: Path) -> None:
    assert check.main(["--", "train.sh"]) == 1
    write.main(["--", "train.sh"])
    assert check.main(["--", "train.sh", "notes.md"]) == 0
    manifest = here / "train.sh.runai.yaml"
    manifest.write_text(manifest.read_text().replace('nvidia.com/gpu: "2"', 'nvidia.com/gpu: "1"'))
    assert check.main(["--", "train.sh"]) == 1


def test_a_manifest_that_was_edited_alone_is_checked_with_its_script(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write.main(["--", "train.sh"])
    manifest = here / "train.sh.runai.yaml"
    assert check.main(["--", manifest.name]) == 0
    manifest.write_text(manifest.read_text().replace('nvidia.com/gpu: "2"', 'nvidia.com/gpu: "1"'))
    assert check.main(["--", manifest.name]) == 1
    assert "gpu-count-changed" in capsys.readouterr().out


def test_a_name_that_looks_like_an_option_is_a_name(here: Path) -> None:
    (here / "-x.sh").write_text(BROKEN)
    assert lint.main(["--", "-x.sh"]) == 1


def test_lint_fix_repairs_what_is_certain(here: Path) -> None:
    (here / "job.sh").write_bytes(GOOD.replace("\n", "\r\n").encode())
    assert lint.main(["--", "job.sh"]) == 1
    assert lint_fix.main(["--", "job.sh"]) == 0
    assert (here / "job.sh").read_text() == GOOD
    assert lint.main(["--", "job.sh"]) == 0


def test_validate_looks_at_manifests_only(here: Path) -> None:
    (here / "other.yaml").write_text("kind: [not, ours\n")
    assert validate.main(["--", "train.sh", "other.yaml"]) == 0
    write.main(["--", "train.sh"])
    manifest = here / "train.sh.runai.yaml"
    assert validate.main(["--", manifest.name]) == 0
    elsewhere = here / "under-another-name.yaml"
    elsewhere.write_text(manifest.read_text().replace("kind: Job", "kind: Jobs"))
    assert validate.main(["--", elsewhere.name]) == 1


def test_trouble_in_the_run_is_told_not_thrown(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "s2r-ci.toml").write_text("no-such-setting = 1\n")
    assert check.main(["--", "train.sh"]) == 2
    assert "no-such-setting" in capsys.readouterr().err


@pytest.mark.parametrize("hook", LISTED, ids=lambda hook: hook["id"])
def test_the_list_of_hooks_is_what_is_installed(hook: dict[str, object]) -> None:
    import tomllib

    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert (
        scripts[str(hook["entry"])] == f"s2r_hooks.{str(hook['id']).removeprefix('s2r-').replace('-', '_')}:command"
    )
    assert hook["args"] == ["--"]
    assert bool(hook.get("require_serial")) is (hook["id"] in WRITING)


def test_every_hook_is_listed() -> None:
    assert {hook["id"] for hook in LISTED} == set(HOOKS)
