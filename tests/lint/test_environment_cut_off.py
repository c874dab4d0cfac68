"""environment-cut-off fires and stays silent."""

import pytest

from tests.lint.judged import job, messages

RULE = "environment-cut-off"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(
            job("--export=NONE", body="python a.py --run $RUN_NAME"), "RUN_NAME", id="nothing comes along"
        ),
        pytest.param(job("--export=MODE", body="python a.py $MODE $RUN_NAME"), "RUN_NAME", id="a list without it"),
    ],
)
def test_it_fires(script: str, says: str) -> None:
    first, *others = messages(RULE, script)
    assert says in first
    assert all(message != first for message in others)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(job("--export=ALL", body="python a.py --run $RUN_NAME"), id="all comes along"),
        pytest.param(job(body="python a.py --run $RUN_NAME"), id="nothing said"),
        pytest.param(job("--export=RUN_NAME=a", body="python a.py --run $RUN_NAME"), id="in the list"),
        pytest.param(job("--export=ALL,A=1", body="python a.py --run $RUN_NAME"), id="all and more"),
        pytest.param(job("--export=NONE", body="RUN_NAME=a\npython a.py --run $RUN_NAME"), id="set in the script"),
        pytest.param(job("--export=NONE", body="python a.py --run ${RUN_NAME:-a}"), id="a default"),
        pytest.param(job("--export=NONE", body="cd $SCRATCH\npython a.py"), id="of the login profile"),
        pytest.param(job("--export=NONE", body="module load tool\n$TOOL_BIN/a"), id="a module may set it"),
        pytest.param(job("--export=NONE", body="python a.py $1"), id="an argument"),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []
