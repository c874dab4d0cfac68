"""array-misses-lines fires and stays silent."""

import pytest

from tests.lint.judged import Repository, job, messages

RULE = "array-misses-lines"
AROUND = Repository(list_txt=10)


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(
            job("--array=1-9", body='x=$(sed -n "${SLURM_ARRAY_TASK_ID}p" list.txt)'),
            "list.txt has 10 lines",
            id="too few tasks",
        ),
        pytest.param(
            job("--array=1-12", body='x=$(sed -n "${SLURM_ARRAY_TASK_ID}p" list.txt)'),
            "12 tasks",
            id="too many tasks",
        ),
        pytest.param(
            job("--array=1-12", body='sed -n "${SLURM_ARRAY_TASK_ID}p" < list.txt'),
            "12 tasks",
            id="from standard input",
        ),
    ],
)
def test_it_fires(script: str, says: str) -> None:
    first, *others = messages(RULE, script, around=AROUND)
    assert says in first
    assert all(message != first for message in others)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(job("--array=1-10%4", body='x=$(sed -n "${SLURM_ARRAY_TASK_ID}p" list.txt)'), id="as many"),
        pytest.param(
            job("--array=1-9", body='x=$(sed -n "${SLURM_ARRAY_TASK_ID}p" other.txt)'), id="a file nobody sees"
        ),
        pytest.param(
            job("--array=3-5", body='x=$(sed -n "${SLURM_ARRAY_TASK_ID}p" list.txt)'),
            id="a part of the lines, on purpose",
        ),
        pytest.param(
            job("--array=1-9", body='x=$(sed -n "${SLURM_ARRAY_TASK_ID}p" $LIST)'), id="a name that is computed"
        ),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script, around=AROUND) == []
