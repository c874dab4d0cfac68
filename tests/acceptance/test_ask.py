"""``write --ask`` on a real terminal: what is asked, what is kept, what is written then."""

import os
import pty
import select
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from .conftest import Repository, clean

SCRIPT = '#!/bin/bash\n#SBATCH -t 60\n#SBATCH -p gpu\npython train.py "$1" "$RESULTS"\n'


@pytest.fixture
def place(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "repository")
    made.write("a.sh", SCRIPT)
    made.write("b[1].sh", SCRIPT.replace('"$1" ', ""))
    return made


def talk(place: Repository, answers: dict[str, list[str]]) -> tuple[int, str]:
    """Run the command on a terminal of its own; an answer is typed when its question stands there."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "s2r_ci", "write", "--ask"],
        cwd=place.root, env=clean(), stdin=theirs, stdout=theirs, stderr=theirs, close_fds=True,
    )  # fmt: skip
    os.close(theirs)
    said, at = "", 0
    left = {key: list(words) for key, words in answers.items()}
    while True:
        ready, _, _ = select.select([ours], [], [], 60)
        assert ready, said
        try:
            piece = os.read(ours, 65536).decode()
        except OSError:
            break
        if not piece:
            break
        said += piece
        if said.endswith("skips: ") and len(said) > at:
            at = len(said)
            question = said.rpartition(" script")[0].rpartition("\n")[2].partition(" ")[0]
            words = left.get(question, [])
            os.write(ours, ((words.pop(0) if words else "") + "\n").encode())
    os.close(ours)
    return process.wait(60), said


def test_equal_questions_are_asked_once_and_answers_are_kept(place: Repository) -> None:
    place.write("s2r-ci.toml", 'memory = "8G"  # a remark\n')
    code, said = talk(
        place,
        {
            "image": ["team/a b", "team/train:1"],
            "variable.RESULTS": ["/shelf/out"],
            "arguments": ["resnet 'a b'"],
            "working-directory": ["/shelf"],
        },
    )
    assert code == 0, said
    assert said.count("image (2 scripts)") == 1
    assert said.count("container image, such as") >= 1  # the first answer was none, and was asked again
    assert "  image must be" in said
    assert "[1]" not in said.replace("b[1].sh", "")
    assert "the settings answer it: site.partitions.gpu" in said
    text = place.read("s2r-ci.toml")
    assert text.startswith('memory = "8G"  # a remark\n')
    kept = {tuple(answer)[1]: answer for answer in tomllib.loads(text)["answers"]}
    assert kept["image"] == {"scripts": ["a.sh", "b\\[1\\].sh"], "image": "team/train:1"}
    assert kept["arguments"] == {"scripts": ["a.sh"], "arguments": ["resnet", "a b"]}
    assert kept["variables"]["variables"] == {"RESULTS": "/shelf/out"}
    assert "image: team/train:1" in place.read("a.sh.runai.yaml")
    assert "image: team/train:1" in place.read("b[1].sh.runai.yaml")


def test_nothing_answered_is_nothing_kept(place: Repository) -> None:
    code, said = talk(place, {})
    assert code == 0, said
    assert not (place.root / "s2r-ci.toml").exists()


def test_the_answers_go_where_the_settings_are(place: Repository) -> None:
    place.write(
        "pyproject.toml", '[tool.s2r-ci]\nmemory = "8G"\nworking-directory = "/shelf"\n\n[tool.other]\nx = 1\n'
    )
    code, said = talk(place, {"image": ["team/train:1"]})
    assert code == 0, said
    kept = tomllib.loads(place.read("pyproject.toml"))["tool"]
    assert kept["s2r-ci"]["answers"][0]["image"] == "team/train:1"
    assert kept["other"] == {"x": 1}


def test_a_list_in_one_line_cannot_be_added_to_and_stays_as_it_is(place: Repository) -> None:
    text = 'memory = "8G"\nanswers = [{ scripts = "x", gpus = 1 }]\n'
    place.write("s2r-ci.toml", text)
    code, said = talk(place, {"image": ["team/train:1"]})
    assert code == 2
    assert "cannot be added" in said
    assert place.read("s2r-ci.toml") == text


def test_without_a_terminal_nothing_is_asked(place: Repository) -> None:
    done = place.run("write", "--ask", stdin=b"x\n")
    assert done.returncode == 2
    assert "needs a terminal" in done.stderr
