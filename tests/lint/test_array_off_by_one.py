"""array-off-by-one fires and stays silent."""

import pytest

from tests.lint.judged import job, messages

RULE = "array-off-by-one"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(
            job("--array=0-9", body='x=$(sed -n "${SLURM_ARRAY_TASK_ID}p" list.txt)'), "no line 0", id="sed"
        ),
        pytest.param(
            job("--array=0-9", body='x=$(awk "NR==${SLURM_ARRAY_TASK_ID}" list.txt)'), "no line 0", id="awk"
        ),
        pytest.param(
            job("--array=0-9", body="x=$(head -n $SLURM_ARRAY_TASK_ID list.txt | tail -n 1)"),
            "no line 0",
            id="head and tail",
        ),
        pytest.param(
            job("--array=1-3", body="lrs=(0.1 0.2 0.3)\necho ${lrs[$SLURM_ARRAY_TASK_ID]}"),
            "asks for number 3",
            id="past the end",
        ),
        pytest.param(
            job(
                "--array=0-3", body='names=(\n  one\n  "two three"\n  four\n)\necho "${names[SLURM_ARRAY_TASK_ID]}"'
            ),
            "3 elements, 0 to 2",
            id="over several lines",
        ),
        pytest.param(
            job("--array=0-3", body="i=$SLURM_ARRAY_TASK_ID\nlrs=(0.1 0.2)\necho ${lrs[$i]}"),
            "2 elements",
            id="by another name",
        ),
    ],
)
def test_it_fires(script: str, says: str) -> None:
    first, *others = messages(RULE, script)
    assert says in first
    assert all(message != first for message in others)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(job("--array=1-9", body='x=$(sed -n "${SLURM_ARRAY_TASK_ID}p" list.txt)'), id="lines from 1"),
        pytest.param(
            job("--array=0-2", body="lrs=(0.1 0.2 0.3)\necho ${lrs[$SLURM_ARRAY_TASK_ID]}"), id="elements from 0"
        ),
        pytest.param(
            job("--array=0-9", body='n=$((SLURM_ARRAY_TASK_ID + 1))\nx=$(sed -n "${n}p" list.txt)'), id="one added"
        ),
        pytest.param(
            job("--array=1-3", body="lrs=(0.1 0.2 0.3)\necho ${lrs[$((SLURM_ARRAY_TASK_ID - 1))]}"),
            id="one taken away",
        ),
        pytest.param(
            job("--array=1-3", body="lrs=(0.1)\nlrs+=(0.2 0.3 0.4)\necho ${lrs[$SLURM_ARRAY_TASK_ID]}"),
            id="a list that grows",
        ),
        pytest.param(job("--array=1-3", body="f=(*.csv)\necho ${f[$SLURM_ARRAY_TASK_ID]}"), id="a list from files"),
        pytest.param(job(body='sed -n "${SLURM_ARRAY_TASK_ID}p" list.txt'), id="no array"),
        pytest.param(
            job("--array=0-9", body="lrs=(0.1 0.2)\necho ${lrs[$((SLURM_ARRAY_TASK_ID % 2))]}"), id="modulo"
        ),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []
