"""script-folder-spooled fires and stays silent."""

import pytest

from tests.lint.judged import job, messages

RULE = "script-folder-spooled"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(job(body="cd $(dirname $0)\npython a.py"), "dirname $0", id="the folder of $0"),
        pytest.param(
            job(body='HERE="$( cd -- "$( dirname -- "${BASH_SOURCE[0]}" )" && pwd )"\nsource "$HERE/env.sh"'),
            "BASH_SOURCE[0]",
            id="the folder of BASH_SOURCE",
        ),
        pytest.param(job(body="source ${0%/*}/env.sh"), "${0%/", id="cut from the name"),
        pytest.param(
            job(body="ROOT=$(dirname $(dirname $(realpath $0)))\ncd $ROOT"), "realpath $0", id="the real path"
        ),
        pytest.param(job(body="srun python `dirname $0`/fit.py"), "SLURM_SUBMIT_DIR", id="backticks"),
    ],
)
def test_it_fires(script: str, says: str) -> None:
    first, *others = messages(RULE, script)
    assert says in first
    assert all(message != first for message in others)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(job(body='cd "${SLURM_SUBMIT_DIR:-$(dirname "$0")}"'), id="only where Slurm says nothing"),
        pytest.param(
            job(body='if [ -n "$SLURM_JOB_ID" ]; then\n  cd "$SLURM_SUBMIT_DIR"\nelse\n  cd "$(dirname "$0")"\nfi'),
            id="told from a call by hand",
        ),
        pytest.param(
            job(body='FROM=$(scontrol show job $SLURM_JOB_ID | sed -n "s/ *Command=//p")\ncd $(dirname $FROM)'),
            id="Slurm is asked",
        ),
        pytest.param(job(body='cat "$0"\ncp $0 results/'), id="the script itself is kept"),
        pytest.param(job(body='echo "usage: $(basename $0) FILE"'), id="its name"),
        pytest.param(
            job(body="cat > later.sh <<EOF\ncd $(dirname $0)\nEOF\nbash later.sh"), id="another script is written"
        ),
        pytest.param(job(body='echo "lies in $(dirname $0)"'), id="only told"),
        pytest.param(job(body="awk '{print $0}' a.txt"), id="a line of awk"),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []
