"""Answers are held against the words: what follows from them is silent, anything else has a name."""

from typing import Any

import pytest

from s2r_ci.model import JobSpec, Script
from s2r_ci.slurm.job import read_script
from s2r_ci.wishes.faithful import unsaid


def job(*options: str) -> JobSpec:
    text = "#!/bin/bash\n#SBATCH --nodes=2\n#SBATCH --gres=gpu:1\n#SBATCH --mem=8G\npython x.py\n"
    return read_script(Script(path="x.sh", data=text.encode()), arguments=options).jobs[0]


SAID: list[Any] = [
    pytest.param("use 8 GPUs", {}, {"options": ["--gres=gpu:4"]}, id="plain: of the job"),
    pytest.param("may it have 8 GPUs please", {}, {"options": ["--gres=gpu:4"]}, id="free: of the job"),
    pytest.param("it wants 4 GPUs on each node", {}, {"options": ["--gres=gpu:4"]}, id="free: of a node"),
    pytest.param("I guess 64 GB of ram would do", {}, {"options": ["--mem=64G"]}, id="an amount with its unit"),
    pytest.param("it ends within 3 hours, surely", {}, {"options": ["--time=180"]}, id="a time in other words"),
    pytest.param("let it run in team/train:2 now", {}, {"image": "team/train:2"}, id="an image"),
    pytest.param("do it with SEED being 7", {}, {"variables": {"SEED": "7"}}, id="a variable"),
    pytest.param(
        "please let there be 64 GB of memory",
        {"options": ["--gres=gpu:4"]},
        {"options": ["--gres=gpu:4", "--mem=64G"]},
        id="on top of what held",
    ),
    pytest.param(
        "let /data be there, it is claim sets",
        {},
        {"site": {"volumes": {"/data": {"claim": "sets"}}}, "mounts": ["/data"]},
        id="a mount",
    ),
    pytest.param(
        "may it have 8 GPUs",
        {},
        {"options": ["--gres=gpu:4"], "decisions": {"image": "x"}},
        id="decisions are judged",
    ),
]
UNSAID: list[Any] = [
    pytest.param("may it have 8 GPUs", {}, {"options": ["--gres=gpu:8"]}, "understood", id="twice as many"),
    pytest.param("use 8 GPUs", {}, {"options": ["--gres=gpu:8"]}, "options", id="plain words, other number"),
    pytest.param(
        "may it have 8 GPUs", {}, {"options": ["--gres=gpu:4", "--wrap=id"]}, "options", id="an option more"
    ),
    pytest.param("I guess 64 GB would do", {}, {"options": ["--mem=640G"]}, "memory", id="another amount"),
    pytest.param("let it be quick", {}, {"options": ["--time=5"]}, "minutes", id="a time that is not named"),
    pytest.param("let it run well", {}, {"image": "evil/x:1"}, "a name that nobody wrote", id="an image"),
    pytest.param(
        "may it have 8 GPUs", {"image": "a/b:1"}, {"options": ["--gres=gpu:4"]}, "image", id="one taken away"
    ),
    pytest.param("hello", {}, {}, "nothing was understood", id="nothing"),
    pytest.param(
        "may it have 8 GPUs", {}, {"evil\n": 1, "options": ["--gres=gpu:4"]}, "nobody knows", id="a new name"
    ),
    pytest.param("may it have 8 GPUs", {}, {"options": [{"x": 1}]}, "nothing", id="no option at all"),
    pytest.param("may it have 8 GPUs", {}, {"options": "--gres=gpu:4"}, "nothing", id="no list"),
]


@pytest.mark.parametrize(("words", "before", "after"), SAID)
def test_what_the_words_ask_for_is_silent(words: str, before: dict[str, Any], after: dict[str, Any]) -> None:
    assert unsaid(words, before, after, job(*before.get("options", ()))) == []


@pytest.mark.parametrize(("words", "before", "after", "said"), UNSAID)
def test_anything_else_has_a_name(words: str, before: dict[str, Any], after: dict[str, Any], said: str) -> None:
    found = unsaid(words, before, after, job(*before.get("options", ())))
    assert any(said in each for each in found), found
    assert "evil" not in "".join(found)
