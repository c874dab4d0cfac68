"""Whole manifests and ledgers of the examples, as they lie in this folder: every change of the mapping shows."""

from pathlib import Path

import pytest

from s2r_ci.convert import load_converter
from s2r_ci.model import ConversionRequest, ConversionResult, Disposition, Script, Service, Site, Target, Volume
from s2r_ci.runai.backlinks import resolve
from s2r_ci.runai.yaml import read_yaml, write_yaml
from s2r_ci.slurm.job import read_script
from s2r_ci.validate import validate
from s2r_ci.verify import verify

HERE = Path(__file__).parent
EXAMPLES = HERE.parent / "examples" / "slurm"

SITE = Site(
    partitions={
        "gpu": ("a100", "l40s"),
        "gpu-long": ("a100",),
        "compute": ("cpu",),
        "standard": ("cpu",),
        "dgx": ("dgx",),
        "shared": ("cpu",),
    },
    accounts={"project42": "team-flow"},
    qos={"normal": Service(priority="medium-high")},
    gpus={"a100": {"nvidia.com/gpu.product": "NVIDIA-A100-SXM4-80GB"}},
    features={"a100-80gb": {"gpu.memory": "80gb"}, "ib": {"network": "infiniband"}},
    modules={"lammps": "team/lammps:2", "gromacs": "team/gromacs:2024"},
    volumes={"/vols/lab": Volume(claim="lab"), "/scratch/demo": Volume(claim="scratch", sub_path="demo")},
    gres={"tmpdisk": "example.com/tmpdisk"},
)
BARE = Target()
ANSWERED = Target(
    image="team/base:1", memory_mib=65536, working_directory="/vols/lab/run", project="team-lab", gpus=2, site=SITE
)
NO_IMAGE = Target(memory_mib=65536, working_directory="/vols/lab/run", site=SITE)

CASES = {
    "accelerate-multinode": ("accelerate-multinode.sh", ANSWERED),
    "apptainer-docker-ref": ("apptainer-docker-ref.sh", NO_IMAGE),
    "apptainer-sif-unanswered": ("apptainer-sif.sh", BARE),
    "apptainer-sif": ("apptainer-sif.sh", ANSWERED),
    "arguments-unanswered": ("arguments-and-environment.sh", BARE),
    "arguments": (
        "arguments-and-environment.sh",
        Target(
            image="team/base:1",
            memory_mib=8192,
            working_directory="/vols/lab",
            arguments=("resnet", "coco"),
            variables={"RESULTS": "/vols/lab/out"},
            site=SITE,
        ),
    ),
    "array-argument": ("array-argument.sh", ANSWERED),
    "array-file-lines": ("array-file-lines.sh", ANSWERED),
    "background-steps": ("background-steps.sh", ANSWERED),
    "container-image-directive": ("container-image-directive.sh", NO_IMAGE),
    "deepspeed-hostfile": ("deepspeed-hostfile.sh", ANSWERED),
    "exclusive-whole-node": ("exclusive-whole-node.sh", BARE),
    "gpu-by-partition-unanswered": ("gpu-by-partition.sh", BARE),
    "gpu-by-partition": ("gpu-by-partition.sh", ANSWERED),
    "local-scratch-staging": ("local-scratch-staging.sh", ANSWERED),
    "model-r": ("model.R", ANSWERED),
    "mpi-cpu": ("mpi-cpu.sh", ANSWERED),
    "mpi-model-run": ("mpi-model-run.sh", ANSWERED),
    "mpirun-single-node": ("mpirun-single-node.sh", NO_IMAGE),
    "multinode-torchrun": ("multinode-torchrun.sh", ANSWERED),
    "openmp-model-run": ("openmp-model-run.sh", ANSWERED),
    "python-shebang": ("python-shebang.py", ANSWERED),
    "ray-cluster": ("ray-cluster.sh", ANSWERED),
    "requeue-signal": ("requeue-signal.sh", ANSWERED),
    "self-chain": ("self-chain.sh", NO_IMAGE),
    "short-options": ("short-options.sh", ANSWERED),
    "single-gpu-conda": ("single-gpu-conda.sh", ANSWERED),
    "single-gpu-venv": ("single-gpu-venv.sh", ANSWERED),
    "srun-python-ranks": ("srun-python-ranks.sh", ANSWERED),
    "typed-gres-constraint": ("typed-gres-constraint.sh", ANSWERED),
    "typed-gres-constraint-unanswered": ("typed-gres-constraint.sh", BARE),
}


def request_of(case: str) -> ConversionRequest:
    name, target = CASES[case]
    script = Script(path=name, data=(EXAMPLES / name).read_bytes())
    return ConversionRequest(script=script, job=read_script(script).jobs[0], target=target)


def ledger_text(result: ConversionResult) -> str:
    lines = []
    for entry in result.ledger:
        lines.append(f"{entry.location.line:3} {entry.item.kind.value} {entry.item.name} {entry.item.value[:60]}")
        lines.append(f"    {entry.disposition.value}: {entry.field or '-'}: {entry.reason}")
    lines += [f"? {asked.location} {asked.key}: {asked.text} {asked.answer}" for asked in result.questions]
    return "".join(f"{line.rstrip()}\n" for line in lines)


@pytest.mark.parametrize("case", CASES)
def test_an_example_becomes_the_manifest_and_ledger_that_lie_here(case: str, update: bool) -> None:
    result = load_converter("rules").convert(request_of(case))
    written = {"manifest.yaml": write_yaml(result.manifest.body), "ledger.txt": ledger_text(result)}
    folder = HERE / case
    if update:
        folder.mkdir(exist_ok=True)
        for name, text in written.items():
            (folder / name).write_text(text, encoding="utf-8")
    for name, text in written.items():
        assert text == (folder / name).read_text(encoding="utf-8"), f"{case}/{name}"


@pytest.mark.parametrize("case", CASES)
def test_schema_and_judge_have_nothing_against_it(case: str) -> None:
    wanted = request_of(case)
    result = load_converter("rules").convert(wanted)
    manifest = read_yaml(write_yaml(result.manifest.body).encode())
    assert manifest.body == result.manifest.body
    found = [*validate(manifest, "x.yaml"), *verify(wanted, manifest, "x.yaml")]
    assert [f"{finding.rule.id}: {finding.message}" for finding in found] == []


@pytest.mark.parametrize("case", CASES)
def test_every_field_of_the_ledger_is_a_node_of_the_manifest(case: str) -> None:
    result = load_converter("rules").convert(request_of(case))
    every = {entry.field for entry in result.ledger if entry.field}
    assert {field for field in every if not resolve(field, result.manifest.body)} == set()
    exact = [entry for entry in result.ledger if entry.disposition is Disposition.EXACT]
    assert every
    assert exact


def test_no_folder_here_is_without_a_case() -> None:
    assert {path.name for path in HERE.iterdir() if (path / "ledger.txt").exists()} == set(CASES)
