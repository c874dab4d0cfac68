"""The examples run to their end in the simulator: every program is started as often as Slurm would start it.

The programs themselves are stand-ins that leave a line behind; the scripts around them run as they are.
"""

import shutil
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from s2r_ci.convert import load_converter
from s2r_ci.model import ConversionRequest, Script, Target, Volume
from s2r_ci.slurm.job import read_script
from s2r_ci.verify import verify
from tests.behaviour.simulator import STANDINS, WORK, Simulator, namespaces
from tests.golden.test_golden import EXAMPLES, SITE

WAY = namespaces()
pytestmark = pytest.mark.skipif(not WAY, reason="this machine gives nobody namespaces (unshare)")
MOST = 12  # pods of an array that are started
RANK = 'import os\nopen("/mnt/capture/started." + os.environ["RANK"], "w").write("pretrain.py\\n")\n'


@dataclass(frozen=True)
class Example:
    """How often each program is started; what else the script needs."""

    starts: dict[str, int]
    files: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    own: tuple[str, ...] = ()  # programs that lie in the working directory


VENV = {"venv/bin/activate": ""}
PLAYED = {
    "accelerate-multinode.sh": Example({"conda": 1, "accelerate": 2}),
    "apptainer-docker-ref.sh": Example({"annotate": 1}, variables={"SCRATCH": WORK}),
    "arguments-and-environment.sh": Example(
        {"python": 1}, VENV, {"RESULTS": "/mnt/work/out"}, arguments=("resnet", "coco")
    ),
    "array-argument.sh": Example({"Rscript": MOST}),
    "array-bash-index.sh": Example({"python": 12}, VENV),
    "array-file-lines.sh": Example(
        {"bwa": MOST, "samtools": 2 * MOST}, {"logs/.keep": "", "samples.txt": "a\nb\n"}
    ),
    "background-steps.sh": Example({"python": 8}),
    "container-image-directive.sh": Example({"python": 1}),
    "deepspeed-hostfile.sh": Example({"deepspeed": 1}, VENV),
    "directives-too-late.sh": Example({"python": 1}),
    "exclusive-whole-node.sh": Example({"cmake": 2, "numactl": 1}),
    "gpu-by-partition.sh": Example({"python": 1}),
    "local-scratch-staging.sh": Example({"python": 1, "tar": 1, "rsync": 1}, {"data/x": ""}),
    "model.R": Example({"Rscript": 1}),
    "mpirun-single-node.sh": Example({"lmp": 16}),
    "multinode-torchrun.sh": Example(
        {"pretrain.py": 16}, {"env/bin/activate": "", "logs/.keep": "", "pretrain.py": RANK}
    ),
    "notebook-service.sh": Example({"jupyter": 1}, VENV),
    "openmp-model-run.sh": Example({"atmos_model": 1}, own=("atmos_model",)),
    "python-shebang.py": Example({}),
    "requeue-signal.sh": Example({"python": 1}, VENV),
    "self-chain.sh": Example({"gmx_mpi": 4, "sbatch": 1}),
    "short-options.sh": Example({"python": 1}, VENV),
    "single-gpu-conda.sh": Example({"conda": 1, "python": 1}),
    "single-gpu-venv.sh": Example({"python": 1}, VENV),
    "srun-python-ranks.sh": Example({"python": 8}, VENV),
    "typed-gres-constraint.sh": Example({"accelerate": 1}, VENV),
    "workflow-head-job.sh": Example({"conda": 1, "snakemake": 1}),
}


def request_of(name: str, example: Example) -> ConversionRequest:
    script = Script(path=name, data=(EXAMPLES / name).read_bytes())
    target = Target(
        image="team/base:1",
        memory_mib=2048,
        working_directory=WORK,
        gpus=2,
        variables=example.variables,
        arguments=example.arguments,
        site=replace(SITE, volumes={**SITE.volumes, WORK: Volume(claim="work")}),
    )
    return ConversionRequest(script=script, job=read_script(script).jobs[0], target=target)


@pytest.mark.parametrize("name", PLAYED)
def test_an_example_runs_to_its_end(name: str, tmp_path: Path) -> None:
    example = PLAYED[name]
    request = request_of(name, example)
    manifest = load_converter("rules").convert(request).manifest
    assert verify(request, manifest, name) == []
    simulator = Simulator(tmp_path, WAY)
    for program in example.starts:
        shutil.copy(STANDINS / "program", tmp_path / "programs" / program)
    for program in example.own:
        shutil.copy(STANDINS / "program", tmp_path / "work" / program)
    for path, text in example.files.items():
        (tmp_path / "work" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "work" / path).write_text(text)
    outcome = simulator.run(manifest.body, timeout=60, most=MOST)
    failed = [(ended.pod.host, ended.code, ended.log[-500:]) for ended in outcome.ended if ended.code]
    lines = [line for path in (tmp_path / "capture").glob("started.*") for line in path.read_text().splitlines()]
    assert (failed, Counter(line.split()[0] for line in lines)) == ([], Counter(example.starts))


def test_at_least_25_of_the_44_examples_are_played() -> None:
    assert len(list(EXAMPLES.iterdir())) == 44
    assert len(PLAYED) >= 25
