"""Folders inside a container are no paths of the host; a coprocess runs in the background."""

import pytest

from s2r_ci.model import ItemKind, Script
from s2r_ci.slurm.body import read_body


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        pytest.param("docker run -v /data:/in -w /in a:1 ./go", ["/data"], id="docker"),
        pytest.param("podman run --workdir=/in a:1 ./go", [], id="podman, with an equals sign"),
        pytest.param("srun docker run --workdir /in a:1 ./go", [], id="docker in a step"),
        pytest.param("singularity exec --pwd /app /images/a.sif ./go", ["/images/a.sif"], id="singularity"),
        pytest.param(
            "apptainer exec --workdir /host/tmp a.sif ./go", ["/host/tmp"], id="apptainer's is of the host"
        ),
        pytest.param("srun --container-workdir=/in ./go", [], id="pyxis"),
        pytest.param("prog -w /data/in", ["/data/in"], id="another program's -w"),
        pytest.param("srun --chdir=/data/in ./go", ["/data/in"], id="the folder of a step"),
    ],
)
def test_the_working_folder_of_a_container_is_no_path_of_the_host(text: str, paths: list[str]) -> None:
    _, items, _ = read_body(Script(path="a.sh", data=text.encode()))
    assert [item.name for item in items if item.kind is ItemKind.PATH] == paths


@pytest.mark.parametrize(
    ("text", "background"),
    [
        pytest.param("coproc srun -n1 ./monitor\nsrun ./a", [True, False], id="a coprocess"),
        pytest.param("srun ./coproc x", [False], id="a program of that name"),
    ],
)
def test_a_coprocess_runs_in_the_background(text: str, background: list[bool]) -> None:
    body, _, _ = read_body(Script(path="a.sh", data=text.encode()))
    assert [step.background for step in body.steps] == background
