"""Answers in the script itself, and what is said of those that are wrong, or that nobody asked for."""

from pathlib import Path
from typing import Any

import pytest

from s2r_ci.model import Script, Target
from s2r_ci.settings.inline import answered, inline_answers
from tests.acceptance.conftest import Repository

BASE = Target(memory_mib=1, variables={"A": "1"}, accepted=("steps",))


def script(*lines: str) -> Script:
    return Script(path="a.sh", data="".join(f"{line}\n" for line in ("#!/bin/bash", *lines, "true")).encode())


GOOD: list[Any] = [
    pytest.param("# s2r: image=team/train:1", {"image": "team/train:1"}, id="image"),
    pytest.param("  #s2r:  memory = 16G", {"memory_mib": 16384}, id="memory"),
    pytest.param("# s2r: gpus=2", {"gpus": 2}, id="gpus"),
    pytest.param("# s2r: arguments=resnet 'a b'", {"arguments": ("resnet", "a b")}, id="arguments"),
    pytest.param("# s2r: variable.RESULTS=/work", {"variables": {"A": "1", "RESULTS": "/work"}}, id="variable"),
    pytest.param("# s2r: working-directory=/work", {"working_directory": "/work"}, id="folder"),
    pytest.param("# s2r: accepted=submits, service", {"accepted": ("service", "steps", "submits")}, id="accepted"),
]


@pytest.mark.parametrize(("line", "values"), GOOD)
def test_an_answer_counts_over_the_settings(line: str, values: dict[str, Any]) -> None:
    made = answered(script(line), BASE)
    assert {name: getattr(made, name) for name in values} == values
    assert not [each.trouble for each in inline_answers(script(line)) if each.trouble]


BAD = [
    pytest.param("# s2r: image=a b", "container image", id="image"),
    pytest.param("# s2r: memory=16", "memory", id="memory-without-unit"),
    pytest.param("# s2r: gpus=two", "whole number", id="gpus"),
    pytest.param("# s2r: arguments='a", "quot", id="open-quote"),
    pytest.param("# s2r: imge=a", "no answer 'imge'", id="unknown-key"),
    pytest.param("# s2r: scripts=a", "no answer", id="scripts"),
]


@pytest.mark.parametrize(("line", "said"), BAD)
def test_what_is_no_answer_changes_nothing_and_says_why(line: str, said: str) -> None:
    assert answered(script(line), BASE) is BASE
    (one,) = inline_answers(script(line))
    assert said in one.trouble
    assert one.line == 2


def test_other_comments_are_no_answers() -> None:
    quiet = script("# s2r: ignore[late-directive] because", "# s2r-ci is image=x", "echo '# s2r: image=a'")
    assert inline_answers(quiet) == ()
    assert answered(quiet, BASE) is BASE


def test_the_last_answer_counts() -> None:
    assert answered(script("# s2r: gpus=1", "# s2r: gpus=2"), BASE).gpus == 2


HEAD = "#!/bin/bash\n#SBATCH --mem=1G\n#SBATCH -t 60\n"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "repository")
    made.write("s2r-ci.toml", 'image = "team/base:1"\nworking-directory = "/work"\n')
    return made


def test_an_answer_closes_its_question_and_the_manifest_stays_current(repository: Repository) -> None:
    repository.write("a.sh", HEAD + '# s2r: image=team/other:2\n# s2r: arguments=x\npython train.py "$1"\n')
    done = repository.run("write")
    assert done.returncode == 0
    assert "0 review" in done.stdout, done.stdout
    assert "image: team/other:2" in repository.read("a.sh.runai.yaml")
    assert repository.run("check").returncode == 0


def test_wrong_and_unasked_answers_are_findings(repository: Repository) -> None:
    repository.write("a.sh", HEAD + "# s2r: memory=much\n# s2r: accepted=submits\npython train.py\n")
    done = repository.run("check", "--allow-missing")
    assert "a.sh:4: error[answer-unusable]" in done.stdout
    assert "a.sh:5: warning[answer-unused]: no question of this script is called submits" in done.stdout


def test_a_glob_without_scripts_is_a_finding_where_all_are_looked_at(repository: Repository) -> None:
    text = repository.read("s2r-ci.toml")
    repository.write("s2r-ci.toml", text + '[[answers]]\nscripts = ["jobs/**", "a.sh"]\ngpus = 1\n')
    repository.write("a.sh", HEAD + "python train.py\n")
    done = repository.run("check", "--allow-missing")
    line = text.count("\n") + 1
    assert f"s2r-ci.toml:{line}: warning[answer-unused]: the glob 'jobs/**' of [[answers]] matches" in done.stdout
    assert "'a.sh' of [[answers]]" not in done.stdout
    assert "answer-unused" not in repository.run("check", "--allow-missing", "a.sh").stdout


def test_an_answer_of_the_settings_that_no_script_asks_for_is_a_finding(repository: Repository) -> None:
    text = repository.read("s2r-ci.toml")
    answer = '[[answers]]\nscripts = "*.sh"\ngpus = 1\narguments = ["x"]\naccepted = ["submits"]\n'
    repository.write("s2r-ci.toml", text + answer + 'variables = {A = "1"}\n')
    repository.write("a.sh", HEAD + "python train.py\n")
    repository.write("b.sh", HEAD + 'python train.py "$1"\n')
    said = repository.run("check", "--allow-missing").stdout
    for key in ("gpus", "submits", "variable.A"):
        assert f"no script of *.sh asks for {key}, which [[answers]] answers" in said
    assert "asks for arguments" not in said
    assert "answer-unused" not in repository.run("check", "--allow-missing", "b.sh").stdout


def test_of_a_script_that_cannot_be_converted_nothing_is_said(repository: Repository) -> None:
    text = repository.read("s2r-ci.toml")
    repository.write("s2r-ci.toml", text + '[[answers]]\nscripts = "*.sh"\narguments = ["x"]\n')
    repository.write("a.sh", HEAD + "#SBATCH hetjob\n#SBATCH -n 2\npython train.py\n")
    assert "answer-unused" not in repository.run("check", "--allow-missing").stdout
