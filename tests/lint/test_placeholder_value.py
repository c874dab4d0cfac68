"""placeholder-value fires and stays silent."""

import pytest

from tests.lint.judged import job, messages

RULE = "placeholder-value"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(job("--mail-user=your_email@uni.test"), "your_email", id="an address"),
        pytest.param(job("--account=<project>"), "<project>", id="angles"),
        pytest.param(job("--mail-user=kim@example.com"), "example.com", id="of a manual"),
        pytest.param(job("--partition=your_partition"), "your_partition", id="a partition"),
        pytest.param(job("-A myaccount"), "myaccount", id="my account"),
        pytest.param(job("--account=XXXX"), "XXXX", id="crosses"),
        pytest.param(job("--partition=PARTITION"), "PARTITION", id="the option's own name"),
        pytest.param(job("--account=GROUP@PARTITION"), "GROUP@PARTITION", id="two words to replace"),
        pytest.param(job("--mail-user=someone@mail.test"), "someone", id="someone"),
        pytest.param(
            job("--mail-user=first.last@uni.test", "--mail-type=END"), "first.last", id="first.last@uni.test"
        ),
        pytest.param(job("--mail-user=uniqname@uni.test", "--mail-type=END"), "uniqname", id="uniqname@uni.test"),
        pytest.param(
            job("--mail-user=useremail@address.com", "--mail-type=END"), "useremail", id="useremail@address.com"
        ),
        pytest.param(job("--mail-user=email@domain.com", "--mail-type=END"), "email", id="email@domain.com"),
    ],
)
def test_it_fires(script: str, says: str) -> None:
    first, *others = messages(RULE, script)
    assert says in first
    assert all(message != first for message in others)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(job("--mail-user=kim@physics.test"), id="an address"),
        pytest.param(job("--account=mycology"), id="a name with my in it"),
        pytest.param(job("--partition=saint-yourie"), id="a name with your in it"),
        pytest.param(job("--chdir=/data/projects/a"), id="the path of a project"),
        pytest.param(job("--account=$MYACCOUNT"), id="a variable has its own rule"),
        pytest.param(job("--partition=GPU"), id="a partition in capitals"),
        pytest.param(job("--account=project"), id="an account of that name"),
        pytest.param(job("--account=phy1234"), id="an ordinary account"),
        pytest.param(job("--mail-user=firsov@uni.test", "--mail-type=END"), id="a name that begins so"),
        pytest.param(job("--mail-user=lastname@uni.test", "--mail-type=END"), id="a name that may be one"),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []
