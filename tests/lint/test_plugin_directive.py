"""plugin-directive fires and stays silent."""

import pytest

from tests.lint.judged import job, messages

RULE = "plugin-directive"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(job("--container-image=team/a:1"), "pyxis", id="an image"),
        pytest.param(job("--uenv=prgenv/24.11:v1"), "plug-in uenv", id="a software environment"),
        pytest.param(job("--environment=trainer"), "container engine", id="a container of the engine"),
    ],
)
def test_it_fires(script: str, says: str) -> None:
    first, *others = messages(RULE, script)
    assert says in first
    assert all(message != first for message in others)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(job("--container=/images/a"), id="sbatch's own container"),
        pytest.param(job("--mem=4G"), id="nothing of the kind"),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []
