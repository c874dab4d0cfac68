"""command-changed fires and stays silent."""

import base64
from typing import Any

import pytest

from s2r_ci.verify.command_changed import check
from tests.verify.good import GONE, SHAPES, TEXT, breaches


@pytest.mark.parametrize("shape", SHAPES)
def test_silent_on_every_good_shape(shape: str) -> None:
    assert breaches(check, shape) == []


@pytest.mark.parametrize(
    ("shape", "changes", "says"),
    [
        pytest.param(
            "job",
            {"spec.template.spec.containers.0.args.2": "#!/bin/sh\necho $$$$ $(date) $$(MODE)\n"},
            {"data": b"#!/bin/sh\necho $$ $(date) $(MODE)\n"},
            id="doubled dollars arrive single",
        ),
        pytest.param(
            "job",
            {
                "spec.template.spec.containers.0.args.0": 'printf %s "$1" | base64 -d >x',
                "spec.template.spec.containers.0.args.2": base64.b64encode(TEXT.encode()).decode(),
            },
            {},
            id="base64",
        ),
        pytest.param(
            "job",
            {
                "spec.template.spec.containers.0.args.0": 'printf %s "$1" | base64 -d >x',
                "spec.template.spec.containers.0.args.2": base64.b64encode(b"#!/bin/sh\n\xff").decode(),
            },
            {"data": b"#!/bin/sh\n\xff"},
            id="no UTF-8",
        ),
        pytest.param(
            "job",
            {"spec.template.spec.containers.0.args": ['cat -- "$0"', "jobs/train.sbatch", "--epochs", "3"]},
            {"target": {"body_delivery": "mounted"}},
            id="mounted",
        ),
    ],
)
def test_silent_when_kept(shape: str, changes: dict[str, Any], says: dict[str, Any]) -> None:
    assert breaches(check, shape, changes, **says) == []


@pytest.mark.parametrize(
    ("shape", "changes", "says"),
    [
        pytest.param("job", {"spec.template.spec.containers.0.args.2": TEXT + " "}, {}, id="an octet more"),
        pytest.param(
            "job", {"spec.template.spec.containers.0.args.2": TEXT.replace("-t 60", "-t 61")}, {}, id="a line gone"
        ),
        pytest.param("job", {"spec.template.spec.containers.0.args.2": GONE}, {}, id="gone"),
        pytest.param(
            "job", {"spec.template.spec.containers.0.args.2": TEXT.replace("\n", "\r\n")}, {}, id="line ends"
        ),
        pytest.param(
            "job", {}, {"data": TEXT.replace("srun", "echo $(MODE); srun").encode()}, id="a kubelet substitution"
        ),
        pytest.param(
            "job",
            {"spec.template.spec.containers.0.args.2": TEXT + "echo $$\n"},
            {"data": (TEXT + "echo $$\n").encode()},
            id="a process number cut",
        ),
        pytest.param(
            "job", {"spec.template.spec.containers.0.command": ["/bin/bash", "-c"]}, {}, id="another shell"
        ),
        pytest.param("job", {"spec.template.spec.containers.0.command": GONE}, {}, id="no command"),
        pytest.param("job", {"spec.template.spec.containers.0.args.4": GONE}, {}, id="an argument gone"),
        pytest.param(
            "job",
            {"spec.template.spec.containers.0.args.3": "3", "spec.template.spec.containers.0.args.4": "--epochs"},
            {},
            id="arguments swapped",
        ),
        pytest.param(
            "job", {"spec.template.spec.containers.0.args.0": "exec true"}, {}, id="not run by the prelude"
        ),
        pytest.param(
            "job", {"spec.template.spec.containers.0.args.0": 'printf %s "$1" | base64 -d'}, {}, id="no base64"
        ),
        pytest.param("job", {"spec.template.spec.containers": []}, {}, id="no container"),
        pytest.param(
            "pytorch",
            {"spec.pytorchReplicaSpecs.Worker.template.spec.containers.0.args.2": "exit 0"},
            {},
            id="one role",
        ),
        pytest.param(
            "job",
            {"spec.template.spec.containers.0.args": ['cat -- "$0"', "jobs/other.sbatch"]},
            {"target": {"body_delivery": "mounted"}},
            id="another file",
        ),
        pytest.param(
            "job",
            {"spec.template.spec.containers.0.args": ['cat -- "$0"', "jobs/train.sbatch"]},
            {"target": {"body_delivery": "mounted"}},
            id="other arguments",
        ),
    ],
)
def test_fires_when_broken(shape: str, changes: dict[str, Any], says: dict[str, Any]) -> None:
    found = breaches(check, shape, changes, **says)
    assert found
    assert {breach.subject for breach in found} == {"command"}


@pytest.mark.parametrize("words", [{"command": ["/bin/sh"]}, {"args": ["-c", "true"]}])
def test_fires_where_a_worker_of_a_launcher_has_a_command(words: dict[str, Any]) -> None:
    place = "spec.mpiReplicaSpecs.Worker.template.spec.containers.0"
    changes = {f"{place}.{key}": value for key, value in words.items()}
    assert len(breaches(check, "mpi", changes)) == 1
