"""memory-without-unit fires and stays silent."""

import pytest

from tests.lint.judged import job, messages

RULE = "memory-without-unit"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(job("--mem=64"), "--mem=64G", id="gigabytes of a node"),
        pytest.param(job("--mem-per-cpu=4"), "--mem-per-cpu=4G", id="gigabytes of a CPU"),
        pytest.param(job("--mem-per-gpu=80"), "--mem-per-gpu=80G", id="gigabytes of a GPU"),
        pytest.param(job("--mem=64000000"), "TiB", id="kilobytes"),
        pytest.param(job("--mem=64 # for the model"), "--mem=64G", id="a remark that names no unit"),
    ],
)
def test_it_fires(script: str, says: str) -> None:
    first, *others = messages(RULE, script)
    assert says in first
    assert all(message != first for message in others)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(job("--mem=64G"), id="with a unit"),
        pytest.param(job("--mem=48000"), id="MiB that look like MiB"),
        pytest.param(job("--mem=512"), id="half a GiB"),
        pytest.param(job("--mem=0"), id="all"),
        pytest.param(job("--mem-per-cpu=100"), id="MiB of a CPU"),
        pytest.param(job(), id="nothing"),
        pytest.param(job("--mem=100 # memory in MB"), id="the author says MB"),
        pytest.param(job("--mem=64 # megabytes for all cores"), id="the author says megabytes"),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []
