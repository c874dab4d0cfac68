"""script-refused fires and stays silent."""

import pytest

from tests.lint.judged import job, messages

RULE = "script-refused"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param("#!/bin/bash\r\n#SBATCH --mem=1G\r\npython a.py\r\n", "DOS line ends", id="CR LF"),
        pytest.param("\ufeff#!/bin/bash\n#SBATCH --mem=1G\n", "byte order mark", id="byte order mark"),
        pytest.param("#SBATCH --mem=1G\npython a.py\n", "#!", id="no first line"),
        pytest.param(job("--time=24:00:00 (one day)"), "`(one` is no option", id="a remark in parentheses"),
        pytest.param(job("--mem=8G", "--mem-per-cpu=2G"), "exclude each other", id="two kinds of memory"),
        pytest.param(job("--job-name=my run"), "`run` is no option", id="a job name of two words"),
        pytest.param(job("--dependency=afterok:$ID"), "no dependency", id="a variable as dependency"),
    ],
)
def test_it_fires(script: str, says: str) -> None:
    first, *others = messages(RULE, script)
    assert says in first
    assert all(message != first for message in others)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(job("--mem=8G", "--time=1-00:00:00"), id="an ordinary script"),
        pytest.param(job("--time=24:00:00 # (one day)"), id="a remark behind a hash"),
        pytest.param(job('--job-name="my run"'), id="a quoted name"),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []
